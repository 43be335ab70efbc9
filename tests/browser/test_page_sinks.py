"""No name of a study or an upload can run, or ask anybody anything, on any page of the app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from worlds import toy_frames, write_study

ROOT = Path(__file__).parents[2]
LONG = 60_000
ELSEWHERE = "http://203.0.113.9/"  # an address for documentation: nobody is there
NAME = f"![a]({ELSEWHERE}a.png)<img src={ELSEWHERE}b onerror=window.hit=1>${{window.hit=1}}"
PAGES = {
    "overview": ("", "?pick=rooms_township:r1", "?pick=county:A"),
    "districts": ("", "?measure=share_covered&unit=A"),
    "cases": ("?radius=100&min_cases=3&cluster=1",),
    "sites": ("?new=1",),
    "gaps": ("",),
    "data": ("?part=edit", "?part=history", "?part=outlines"),
}


@pytest.fixture(scope="module")
def hostile_study(
    tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]
) -> Iterator[str]:
    """Serve the app on the toy city, in which everything that has a name has a hostile one."""
    frames = toy_frames()
    for frame in frames.values():
        for column in {"name", "note", "source", "categories", "themes", "channel"} & set(frame):
            frame[column] = [f"{n}{NAME}" for n in range(len(frame))]
    folder = tmp_path_factory.mktemp("entry")
    for name in ("static", "ui", "data"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "app.py").write_text((ROOT / "app.py").read_text("utf-8"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROOMPLAN_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("ROOMPLAN_STUDY", str(write_study(folder / "study", frames)))
        yield serve(folder / "app.py")


def settled(page: Page) -> None:
    """Wait until the page has drawn all it has, and see that it is no program error."""
    expect(page.get_by_test_id("stSidebar")).to_be_attached(timeout=LONG)
    page.wait_for_timeout(1000)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=LONG)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def unfold(page: Page) -> None:
    """Open everything that is closed."""
    closed = "[data-testid=stMain] details:not([open]) > summary"
    page.eval_on_selector_all(closed, "all => all.forEach(one => one.click())")


def nothing_ran(page: Page, outside: list[str]) -> None:
    """Assert that no name became a picture, a script or a request."""
    page.wait_for_timeout(300)
    for frame in page.frames:
        assert frame.evaluate("window.hit") is None
        assert frame.locator(f"img[src^='{ELSEWHERE}']").count() == 0
    assert outside == []


@pytest.mark.parametrize(
    "address", [f"{name}{link}" for name, links in PAGES.items() for link in links]
)
def test_no_name_of_a_study_does_anything_on_any_page(
    page: Page, outside: list[str], hostile_study: str, address: str
) -> None:
    page.goto(f"{hostile_study}/{address.removeprefix('overview')}")
    settled(page)
    unfold(page)
    settled(page)
    main = page.get_by_test_id("stMain")
    for choice in main.get_by_test_id("stSelectbox").locator("input:visible").all():
        choice.click()
        page.keyboard.press("Escape")
    for icon in main.locator("[data-testid=stTooltipIcon]:visible").all():
        icon.hover(force=True)
        page.wait_for_timeout(600)  # so long it takes a tooltip to open
    nothing_ran(page, outside)


def test_nothing_of_an_upload_does_anything(
    page: Page, outside: list[str], hostile_study: str, tmp_path: Path
) -> None:
    sent = tmp_path / "![a](x)<img src=x onerror=window.hit=1>.csv"
    heads = f"活动室名称,乡镇,级别,{NAME}\n"
    sent.write_text(heads + f"{NAME},{NAME},{NAME},=1+1\n" * 2, encoding="utf-8")
    page.goto(f"{hostile_study}/data")
    settled(page)
    page.locator("input[type=file]").set_input_files(sent)
    expect(page.get_by_text("逐行检查")).to_be_visible(timeout=LONG)
    unfold(page)
    settled(page)
    nothing_ran(page, outside)
    (tmp_path / "![a](x).geojson").write_text("{}", encoding="utf-8")
    page.locator("input[type=file]").set_input_files(tmp_path / "![a](x).geojson")
    expect(page.get_by_test_id("stAlert").filter(has_text="geojson")).to_be_visible(timeout=LONG)
    nothing_ran(page, outside)
