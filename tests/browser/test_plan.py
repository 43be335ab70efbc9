"""A planner argues with a plan in a real browser, shares it and takes it away."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

import cli

ROOT = Path(cli.__file__).parent
DAY = "as_of=2019-05-31"
WAIT = 60_000


@pytest.fixture(scope="session")
def sites(serve: Callable[[Path], str]) -> str:
    """Return the address of the Sites page on the bundled study."""
    return f"{serve(ROOT / 'app.py')}/sites?{DAY}"


# Notes every place of the map in the window from now on.
WATCH = """() => {
  window.places = new Set();
  const look = () => {
    const box = document.querySelector("iframe[title*=st_folium]").getBoundingClientRect();
    places.add([box.x, box.y, box.width, box.height].map(Math.round).join(" "));
    requestAnimationFrame(look);
  };
  look();
}"""


def pins(page: Page, count: int) -> FrameLocator:
    """Return the map's frame once it shows so many suggested sites."""
    frame = page.frame_locator("iframe[title*=st_folium]").first
    expect(frame.locator(".rp-pin")).to_have_count(count, timeout=WAIT)
    return frame


def taken(page: Page, name: str) -> bytes:
    """Return the bytes behind a download button, pressed once the page is at rest."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=WAIT)
    with page.expect_download(timeout=WAIT) as download:
        page.get_by_role("button", name=name).first.click()
    return download.value.path().read_bytes()


def asked(page: Page, name: str) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get(name, [])


def test_a_link_opened_elsewhere_shows_the_same_plan(page, chromium: Browser, sites, outside):
    page.goto(f"{sites}&new=4&urban=1500&kinds=village,community&quota=350503:1-2&floor=0.05")
    pins(page, 4)
    page.get_by_role("combobox", name="选择地点").press("ArrowDown")
    page.keyboard.press("Enter")
    drawn = page.frame_locator("iframe[title*=st_folium]").locator("#map_div")
    before = drawn.get_attribute("data-revision")
    page.get_by_role("button", name="不得选", exact=True).click()
    page.wait_for_url(re.compile(r"[?&]ban="), timeout=WAIT)  # not the one in urban=
    expect(drawn).not_to_have_attribute("data-revision", before, timeout=WAIT)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WAIT)
    # What stands under the map follows a moment later.
    banned = asked(page, "ban")[0]
    first = next(got for _ in range(20) if banned.encode() not in (got := taken(page, "下载 CSV")))
    elsewhere = chromium.new_context(accept_downloads=True)
    other = elsewhere.new_page()
    other.goto(page.url)
    pins(other, 4)
    assert taken(other, "下载 CSV") == first
    elsewhere.close()
    assert outside == []


def test_a_click_adds_one_place_and_undo_takes_it_back(page, sites, outside):
    page.goto(f"{sites}&new=2")
    pins(page, 2)
    page.get_by_text("点击地图加入自选地点").last.click()
    box = page.locator("iframe[title*=st_folium]").bounding_box()
    at = (box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.6)
    page.mouse.click(*at)
    page.wait_for_url(re.compile(r"[?&]own="), timeout=WAIT)
    assert asked(page, "own")[0].count("@") == 2
    frame = pins(page, 2)
    # The answer to a later click repeats the place: it must not be added again.
    frame.locator(".rp-pin").first.click(force=True)
    expect(page.get_by_role("button", name="移到此经纬度")).to_be_visible(timeout=WAIT)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WAIT)
    assert asked(page, "own")[0].count("@") == 2
    page.get_by_role("button", name="撤销").click()
    page.wait_for_url(lambda url: "own=" not in url, timeout=WAIT)
    pins(page, 2)
    # Pressed on the very same spot once more, it counts once more.
    page.mouse.click(*at)
    page.wait_for_url(re.compile(r"[?&]own="), timeout=WAIT)
    assert outside == []


# The app whose plans take so long that their progress is shown.
SLOW = """import time
from ui import frame, solving
if not hasattr(solving, "usual"):
    solving.usual = solving.Job._run
    solving.Job._run = lambda job, measured: (time.sleep(1.5), solving.usual(job, measured))
frame.run()
"""


def test_the_map_stays_where_it_is_while_a_long_plan_is_made(page, serve, outside, tmp_path):
    script = tmp_path / "slow.py"
    script.write_text(SLOW, "utf-8")
    (tmp_path / "ui").mkdir()
    for beside in ("static", "ui/pages"):
        (tmp_path / beside).symlink_to(ROOT / beside)
    page.goto(f"{serve(script)}/sites?{DAY}&new=2")
    pins(page, 2)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WAIT)
    page.evaluate(WATCH)
    page.get_by_text("点击地图加入自选地点").last.click()
    box = page.get_by_role("spinbutton", name="新增活动室数量")
    box.fill("6")
    box.press("Enter")
    expect(page.get_by_text("正在求解")).to_be_visible(timeout=WAIT)
    stop = page.locator("[data-testid=stStatusWidget] button")
    assert stop.evaluate("e => getComputedStyle(e, '::after').content") == '"停止"'
    pins(page, 6)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WAIT)
    assert len(page.evaluate("[...places]")) == 1
    assert outside == []


def test_no_plan_is_explained_and_undone(page, sites, outside):
    page.goto(f"{sites}&new=2")
    pins(page, 2)
    box = page.get_by_role("spinbutton", name="新增活动室数量")
    box.fill("500")
    box.press("Enter")
    pins(page, 500)
    inner = page.locator("iframe[title*=st_folium]").element_handle().content_frame()
    inner.evaluate("window.kept = true")
    page.get_by_text("与方案商量").click()
    page.get_by_role("tab", name="底线与权重").click()
    floor = page.get_by_role("spinbutton", name="每县覆盖率底线")
    floor.fill("0.9")
    floor.press("Enter")
    expect(page.get_by_text("照现在的要求没有可行方案")).to_be_visible(timeout=WAIT)
    # The map that stood still stands: it was not loaded anew.
    assert inner.evaluate("window.kept")
    expect(page.get_by_text("覆盖率下限要求").first).to_be_visible()
    pins(page, 0)
    page.get_by_role("button", name="撤销").click()
    pins(page, 500)
    assert outside == []


def test_the_plan_is_taken_away_in_every_form(page, sites, outside, tmp_path):
    page.goto(f"{sites}&new=3&per_stage=2")
    pins(page, 3)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WAIT)
    book = openpyxl.load_workbook(io.BytesIO(taken(page, "下载 XLSX")))
    assert [cell.value for cell in book.worksheets[0][1]][:3] == ["序号", "期次", "名称"]
    assert book.worksheets[0].max_row == 4
    found = json.loads(taken(page, "下载 GEOJSON"))
    assert [f["geometry"]["type"] for f in found["features"]] == ["Point"] * 3
    (tmp_path / "plan.gpkg").write_bytes(taken(page, "下载 GPKG"))
    with sqlite3.connect(tmp_path / "plan.gpkg") as package:
        assert package.execute("select count(*) from sites").fetchone() == (3,)
    page.get_by_text("生成 Word 报告").click()
    with zipfile.ZipFile(io.BytesIO(taken(page, "下载 Word 报告"))) as document:
        assert any(name.startswith("word/media/") for name in document.namelist())
    page.get_by_text("生成方案报告").click()
    for name, shows in (("下载方案报告 HTML", "svg circle"), ("下载互动地图 HTML", ".rp-pin")):
        file = tmp_path / "plan.html"
        file.write_bytes(taken(page, name))
        opened = page.context.new_page()
        fetched: list[str] = []
        opened.on("request", lambda request, fetched=fetched: fetched.append(request.url))
        opened.goto(file.as_uri())
        expect(opened.locator(shows).first).to_be_attached(timeout=WAIT)
        assert fetched == [file.as_uri()]
        opened.close()
    assert outside == []
