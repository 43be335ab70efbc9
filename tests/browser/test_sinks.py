"""No value from data can run in the map: one test a place where it is shown, in a real browser.

Every text of the map is hostile at once; each test brings one place into view, finds the text
there letter by letter, and sees that nothing of it ran.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect
from shapely.geometry import Point, box

from ui import maps

ROOT = Path(__file__).parents[2]
HOSTILE = {
    "img": "<img src=x onerror=window.hit=1>",
    "literal": "${window.hit=1}",
    "backtick": "`+(window.hit=1)+`",
    "script": "</script><script>window.hit=1</script>",
    "quote": "'\"-(window.hit=1)-\"'><svg onload=window.hit=1>",
    "jinja": "{{ cycler.__init__.__globals__ }}{% for a in b %}{# {{{ #}",
    "folium": "{{ 'x' }}{{ 7*7 }}_div_map_div2 alert(coords); drawnItems",
}


def hostile_view(text: str) -> maps.MapView:
    """Return a map on which every word is ``text``: area left, room, cluster and pin apart."""
    areas = gpd.GeoDataFrame(index=[text], geometry=[box(118.0, 24.0, 119.0, 25.0)], crs=4326)

    def points(x: float, y: float) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(index=[text], geometry=[Point(x, y)], crs=4326)

    said = pd.Series([text], index=[text])
    hull = gpd.GeoDataFrame(index=[text], geometry=[box(118.7, 24.4, 118.8, 24.5)], crs=4326)
    palette = {text: "#1f5f8b"}
    layers = [
        maps.Polygons(
            *("areas", text, areas),
            values=said,
            palette=palette,
            unit=text,
            tooltip=said,
            labels=said,
            group=text,
        ),
        maps.Dots("dots", text, points(118.5, 24.1), category=said, palette=palette, group=text),
        maps.Points(
            *("rooms", text, points(118.5, 24.8)),
            symbol=pd.Series(["hub"], index=[text]),
            basis=pd.Series(["simulated"], index=[text]),
            tooltip=said,
        ),
        maps.Hulls("hulls", text, hull, count=pd.Series([3], index=[text]), tooltip=said),
        maps.Pins("pins", text, points(118.3, 24.7), label=said, tooltip=said),
    ]
    places = pd.DataFrame({"name": [text], "hint": [text], "lon": [118.5], "lat": [24.5]})
    return maps.MapView(layers, places=places, note=text, approval=text)


@pytest.fixture(scope="module", params=HOSTILE.values(), ids=HOSTILE)
def text(request: pytest.FixtureRequest) -> str:
    """Return one hostile text."""
    return str(request.param)


@pytest.fixture(scope="module")
def drawn(chromium: Browser, text: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open the hostile map from disk, without the file's own content policy to help."""
    file = tmp_path_factory.mktemp("map") / "map.html"
    file.write_text(maps.standalone_html(hostile_view(text), title=text), encoding="utf-8")
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.locator("[data-drawn=true]").wait_for()
    yield page
    context.close()


def shows(place: Locator, text: str) -> None:
    """Assert that a place holds the text itself, and that no markup came of it."""
    expect(place).to_have_text(text, use_inner_text=False)
    assert place.locator("img, svg, script").count() == 0


def harmless(page: Page) -> None:
    """Assert that nothing of a text has run, now or a moment later."""
    page.wait_for_timeout(100)
    assert page.evaluate("window.hit") is None


def hover(page: Page, what: Locator) -> Locator:
    """Move the mouse onto something and return the tooltip."""
    page.mouse.move(5, 895)
    what.hover(force=True)
    return page.locator(".rp-tip b")


def test_area_tooltip(drawn: Page, text: str) -> None:
    # Leaflet's canvas looks at the mouse every 32 ms only: move, wait, move again.
    for x, y in ((5, 895), (419, 700), (420, 700)):
        drawn.mouse.move(x, y)
        drawn.wait_for_timeout(80)
    shows(drawn.locator(".rp-tip b"), text)
    harmless(drawn)


@pytest.mark.parametrize(
    "what", [".leaflet-rp-points-pane path", ".rp-count", ".rp-pin"], ids=["room", "hull", "pin"]
)
def test_point_tooltip(drawn: Page, text: str, what: str) -> None:
    shows(hover(drawn, drawn.locator(what).first), text)
    harmless(drawn)


def test_pin_label(drawn: Page, text: str) -> None:
    shows(drawn.locator(".rp-pin span"), text)
    harmless(drawn)


def test_area_name(drawn: Page, text: str) -> None:
    shows(drawn.locator(".rp-name"), text)
    harmless(drawn)


def test_layer_and_group_names(drawn: Page, text: str) -> None:
    names = drawn.locator(".rp-layer-name")
    expect(names).to_have_count(5)
    for name in names.all():
        shows(name, text)
    shows(drawn.locator(".rp-panel fieldset legend"), text)
    harmless(drawn)


def test_legend(drawn: Page, text: str) -> None:
    shows(drawn.locator(".rp-unit"), text)
    rows = drawn.locator(".rp-row span:last-child").all_text_contents()
    assert rows.count(text) == 2
    harmless(drawn)


def test_switching_a_layer(drawn: Page, text: str) -> None:
    drawn.locator(".rp-panel input").nth(1).click()
    drawn.locator(".rp-panel input").nth(1).click()
    expect(drawn.locator(".rp-layer-name")).to_have_count(5)
    harmless(drawn)


def test_search(drawn: Page, text: str) -> None:
    box = drawn.locator(".rp-search input")
    box.fill(text[:12])
    found = drawn.locator(".rp-search li").first
    shows(found.locator("b"), text)
    shows(found.locator("span"), text)
    box.press("Enter")
    expect(box).to_have_value(text)
    harmless(drawn)


def test_note_and_title(drawn: Page, text: str) -> None:
    assert drawn.locator(".rp-note span").all_text_contents() == [text, text]
    assert drawn.title() == " ".join(text.split())
    harmless(drawn)


@pytest.fixture(scope="module")
def hostile_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a page that draws each hostile map through streamlit-folium, chosen by the address."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "static").symlink_to(ROOT / "static")
    script = folder / "app.py"
    script.write_text(
        "import importlib.util, streamlit as st\n"
        f"spec = importlib.util.spec_from_file_location('sinks', {str(Path(__file__))!r})\n"
        "sinks = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(sinks)\n"
        "text = sinks.HOSTILE[st.query_params['text']]\n"
        "click = sinks.maps.show(sinks.hostile_view(text), key='map')\n"
        "st.code(repr(click) if click is None else f'{click.layer} {click.feature}')\n",
        encoding="utf-8",
    )
    return script


@pytest.mark.parametrize("kind", HOSTILE)
def test_streamlit_map_and_click(
    page: Page, outside: list[str], serve: Callable[[Path], str], hostile_app: Path, kind: str
) -> None:
    text = HOSTILE[kind]
    page.goto(f"{serve(hostile_app)}/?text={kind}")
    frame: FrameLocator = page.frame_locator("iframe[title*=st_folium]")
    frame.locator("[data-drawn=true]").wait_for()
    shows(frame.locator(".rp-layer-name").first, text)
    room = frame.locator(".leaflet-rp-points-pane path").first
    room.hover(force=True)
    shows(frame.locator(".rp-tip b"), text)
    room.click(force=True)
    expect(page.locator("[data-testid=stCode] code")).to_have_text(f"rooms {text}")
    inner = next(frame for frame in page.frames if "st_folium" in frame.url)
    assert inner.evaluate("window.hit") is None
    assert page.evaluate("window.hit") is None
    assert outside == []
