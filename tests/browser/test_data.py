"""The Data page in a real browser: a GBK list in GCJ-02 goes in, is seen, and comes out again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

import cli
from geo.read import read_study
from planner_lists import quanzhou_rooms

ROOT = Path(cli.__file__).parent
LONG = 60_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the app of this test a working copy of its own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROOMPLAN_HOME", str(folder))
        patch.setenv("ROOMPLAN_STUDY", str(ROOT / "data"))
        yield folder


@pytest.fixture(scope="module")
def own_app(
    home: Path, serve: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Start the app beside the shared one, because it edits."""
    folder = tmp_path_factory.mktemp("entry")
    (folder / "static").symlink_to(ROOT / "static")
    (folder / "ui").symlink_to(ROOT / "ui")
    (folder / "app.py").write_text((ROOT / "app.py").read_text("utf-8"), encoding="utf-8")
    return serve(folder / "app.py")


def map_of(page: Page) -> FrameLocator:
    frame = page.frame_locator("iframe").first
    expect(frame.locator("canvas").first).to_be_attached(timeout=LONG)
    return frame


def test_a_list_is_sent_judged_accepted_seen_and_undone(page, own_app, outside, tmp_path):
    content, truth = quanzhou_rooms()
    sent = tmp_path / "联络站.csv"
    sent.write_bytes(content)
    before = read_study(ROOT / "data")
    page.goto(f"{own_app}/data")
    expect(page.get_by_text("演示数据").first).to_be_visible(timeout=LONG)
    page.locator("input[type=file]").set_input_files(sent)
    expect(page.get_by_text("坐标系判断：确定，GCJ-02")).to_be_visible(timeout=LONG)
    dots = map_of(page).locator("[class*=rp-points] path")
    expect(dots.first).to_be_attached(timeout=LONG)
    assert dots.count() == len(truth)
    page.get_by_text("全部替换：").click()
    expect(page.get_by_text("新增 200 条，修改 0 条")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已导入，记为变更 2")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("演示数据：")).to_have_count(0)

    page.get_by_role("link", name="总览").click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("200", timeout=LONG)
    rooms = map_of(page).locator("[class*=rp-points] path")
    expect(rooms).to_have_count(len(truth), timeout=LONG)

    page.get_by_role("link", name=re.compile("^数据$")).click()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("已撤销变更 2")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("演示数据").first).to_be_visible(timeout=LONG)
    assert set(read_study(ROOT / "data").frames["rooms"].index) == set(before.frames["rooms"].index)
    assert outside == []


def test_a_pin_is_put_elsewhere_by_a_click_and_by_dragging(page, own_app, outside):
    page.goto(f"{own_app}/data?part=edit")
    frame = map_of(page)
    expect(frame.locator(".rp-pin")).to_have_count(1, timeout=LONG)
    place = page.get_by_text("位置（WGS-84）")
    first = place.inner_text()
    page.locator("iframe").first.click(position={"x": 120, "y": 260})
    expect(place).not_to_have_text(first, timeout=LONG)
    clicked = place.inner_text()
    page.wait_for_timeout(1000)
    box = frame.locator(".rp-pin").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 50, steps=5)
    page.mouse.up()
    expect(place).not_to_have_text(clicked, timeout=LONG)
    page.get_by_role("button", name="保存位置").click()
    expect(page.get_by_text("已保存 1 个活动室")).to_be_visible(timeout=LONG)
    assert outside == []
