"""The whole journey in a real browser that can reach nothing but this computer."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from playwright.sync_api import FrameLocator, Page, expect

import cli
from geo.read import read_study

ROOT = Path(cli.__file__).parent
DAY = "as_of=2019-05-31"


@pytest.fixture(scope="session")
def app(serve: Callable[[Path], str]) -> str:
    """Return the address of the app on the bundled study."""
    return serve(ROOT / "app.py")


def drawn_map(page: Page) -> FrameLocator:
    """Return the map's frame once areas are painted on its canvas."""
    page.locator("iframe").first.wait_for(timeout=60_000)
    frame = page.frame_locator("iframe").first
    expect(frame.locator("canvas").first).to_be_attached(timeout=60_000)
    painted = """() => [...document.querySelectorAll("canvas")].some((canvas) => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, at) => at % 4 === 3 && value > 0);
    })"""
    handle = page.locator("iframe").first.element_handle().content_frame()
    handle.wait_for_function(painted, timeout=60_000)
    return frame


def _on_top(page: Page) -> int:
    """Return the number of a room that neither another symbol nor a panel covers."""
    frame = page.locator("iframe").first.element_handle().content_frame()
    return frame.evaluate(
        """() => [...document.querySelectorAll("[class*=rp-points] path")].findIndex((path) => {
            const {x, y, width, height} = path.getBoundingClientRect();
            return document.elementFromPoint(x + width / 2, y + height / 2) === path;
        })"""
    )


def test_a_planner_sees_the_map_clicks_a_room_and_reads_its_card(page, app, outside):
    page.goto(f"{app}/?{DAY}")
    frame = drawn_map(page)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("559")
    expect(page.get_by_text("演示数据").first).to_be_visible()
    rooms = frame.locator("[class*=rp-points] path")
    expect(rooms.first).to_be_attached(timeout=60_000)
    assert rooms.count() > 400
    rooms.nth(_on_top(page)).click()
    page.wait_for_url("**pick=*", timeout=30_000)
    layer, _, feature = parse_qs(urlsplit(page.url).query)["pick"][0].partition(":")
    assert layer.startswith("rooms_")
    name = read_study(ROOT / "data").frames["rooms"].loc[feature, "name"]
    expect(page.get_by_test_id("stText").filter(has_text=name).first).to_be_visible()
    assert outside == []


def test_a_siting_is_run_and_proven(page, app, outside):
    page.goto(f"{app}/sites?{DAY}&new=3")
    frame = drawn_map(page)
    expect(page.get_by_text("已证明最优")).to_be_visible(timeout=60_000)
    expect(frame.locator(".rp-pin")).to_have_count(3)
    box = page.get_by_role("spinbutton", name="新增活动室数量")
    box.fill("5")
    box.press("Enter")
    expect(frame.locator(".rp-pin")).to_have_count(5, timeout=60_000)
    page.wait_for_url("**new=5*")
    assert outside == []


def test_the_gap_list_is_taken_away_twice(page, app, outside):
    page.goto(f"{app}/gaps?{DAY}")
    drawn_map(page)
    for _ in range(2):
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("button", name="下载 XLSX").click()
        book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
        sheet = book.worksheets[0]
        assert sheet.max_row > 100
        assert [cell.value for cell in sheet[1]][:2] == ["序号", "县（市、区）"]
    assert outside == []


@pytest.mark.parametrize("name", ["districts", "cases"])
def test_the_other_maps_draw_too(page, app, outside, name):
    page.goto(f"{app}/{name}?{DAY}")
    drawn_map(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert outside == []


def test_settings_go_along_to_the_next_page(page, app, outside):
    page.goto(f"{app}/?{DAY}&urban=1700")
    drawn_map(page)
    page.get_by_role("link", name="区县比较").click()
    page.wait_for_url("**/districts?**", timeout=30_000)
    expect(page.locator("input[type=number]").first).to_have_value("1700", timeout=30_000)
    assert parse_qs(urlsplit(page.url).query) == {"as_of": ["2019-05-31"], "urban": ["1700"]}
    assert outside == []


def test_english_by_a_switch(page, app, outside):
    page.goto(f"{app}/?{DAY}")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_text("Demonstration data").first).to_be_visible(timeout=30_000)
    assert "lang=en" in page.url
    assert outside == []


def test_a_dragged_pin_moves_the_site(page, app, outside):
    page.goto(f"{app}/sites?{DAY}&new=1")
    frame = drawn_map(page)
    pin = frame.locator(".rp-pin").first
    expect(pin).to_be_visible(timeout=60_000)
    box = pin.bounding_box()
    page.mouse.move(box["x"] + 14, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] - 60, box["y"] - 60, steps=8)
    page.mouse.up()
    page.wait_for_url(lambda url: "own=" in url and "ban=" in url, timeout=60_000)
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["own"][0].startswith("自选1@118.")
    expect(page.get_by_text("自选1").first).to_be_attached(timeout=30_000)
    assert outside == []
