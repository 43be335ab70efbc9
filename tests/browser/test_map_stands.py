"""What the reader did to a map survives a rerun, and a rerun changes only what it should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from PIL import Image
from playwright.sync_api import Frame, Page, expect
from shapely.geometry import box

from ui import maps

ROOT = Path(__file__).parents[2]
SCRIPT = """
import geopandas as gpd, pandas as pd, streamlit as st
from shapely.geometry import Point, box
from ui import maps

shade = st.number_input("shade", 0, 1, 0)
look = st.selectbox("look", ["all", "left"])
cells = [box(118.0, 25.0, 118.1, 25.2), box(118.1, 25.0, 118.2, 25.2)]
areas = gpd.GeoDataFrame(index=["left", "right"], geometry=cells, crs=4326)
rooms = gpd.GeoDataFrame(index=["r"], geometry=[Point(118.05, 25.05)], crs=4326)
one = pd.Series(["hub"], index=["r"])
values = pd.Series({"left": shade, "right": 1 - shade})
view = maps.MapView(
    [
        maps.Polygons("flat", "Flat", areas, values=values * 0, palette=None, breaks=[1],
                      group="Colours", shown=False),
        maps.Polygons("areas", "Areas", areas, values=values, breaks=[1], group="Colours"),
        maps.Points("rooms", "Rooms", rooms, symbol=one, basis=one),
    ],
    focus=(118.0, 25.0, 118.1, 25.2) if look == "left" else None,
    places=pd.DataFrame([["Harbour", "right", 118.17, 25.03]],
                        columns=["name", "hint", "lon", "lat"]),
    exclusive=("Colours",),
    lang="en",
    public="public" in st.query_params,
)
click = maps.show(view, key="map", height=500)
st.code(f"{click.layer} {click.feature}" if click else "none")
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page, with the built scripts beside it."""
    folder = tmp_path_factory.mktemp("standing")
    (folder / "static").symlink_to(ROOT / "static")
    (folder / "app.py").write_text(SCRIPT, encoding="utf-8")
    return folder / "app.py"


@pytest.fixture
def drawn(page: Page, serve: Callable[[Path], str], script: Path) -> Page:
    """Open the page and wait for its map."""
    page.goto(serve(script))
    page.frame_locator("iframe[title*=st_folium]").locator("[data-drawn=true]").wait_for()
    return page


def inner(page: Page) -> Frame:
    """Return the frame that holds the map."""
    return next(frame for frame in page.frames if "st_folium" in frame.url)


def ask(page: Page, expression: str) -> Any:
    """Evaluate an expression where the map is."""
    return inner(page).evaluate(expression)


def colour_at(page: Page, lng: float, lat: float) -> list[int]:
    """Return the colour that the areas' canvas has at a place."""
    return list(
        ask(
            page,
            f"""() => {{
              const canvas = document.querySelector('.leaflet-overlay-pane canvas');
              const at = map.latLngToContainerPoint([{lat}, {lng}]);
              const box = canvas.getBoundingClientRect();
              const frame = map.getContainer().getBoundingClientRect();
              const k = canvas.width / box.width;
              const x = (at.x + frame.x - box.x) * k, y = (at.y + frame.y - box.y) * k;
              return [...canvas.getContext('2d').getImageData(x, y, 1, 1).data];
            }}""",
        )
    )


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    """Assert that something holds soon: a canvas is painted with the browser's next frame."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(50)
    assert holds()


def change_shade(page: Page) -> None:
    """Swap the two areas' colours and wait until the map has heard of it."""
    before = ask(page, "map.getContainer().dataset.revision")
    page.get_by_test_id("stNumberInputStepUp").click()
    changed = f"#map_div:not([data-revision='{before}'])"
    page.frame_locator("iframe[title*=st_folium]").locator(changed).wait_for()


def test_new_values_recolour_the_same_areas(drawn: Page, outside: list[str]) -> None:
    eventually(drawn, lambda: colour_at(drawn, 118.05, 25.15) != colour_at(drawn, 118.15, 25.15))
    left, right = colour_at(drawn, 118.05, 25.15), colour_at(drawn, 118.15, 25.15)
    ask(drawn, "window.kept = true")
    change_shade(drawn)
    eventually(drawn, lambda: colour_at(drawn, 118.05, 25.15) == right)
    eventually(drawn, lambda: colour_at(drawn, 118.15, 25.15) == left)
    assert ask(drawn, "window.kept")
    assert outside == []


def test_the_readers_place_and_switches_stay(drawn: Page) -> None:
    ask(drawn, "map.setView([25.05, 118.15], 13, {animate: false})")
    switches = drawn.frame_locator("iframe[title*=st_folium]").locator(".rp-panel input")
    switches.last.click()
    change_shade(drawn)
    assert ask(drawn, "[map.getZoom(), map.getCenter().lat.toFixed(2)]") == [13, "25.05"]
    expect(switches.last).not_to_be_checked()
    assert ask(drawn, "document.querySelectorAll('.leaflet-rp-points-pane path').length") == 0


def test_a_new_focus_moves_the_map(drawn: Page) -> None:
    before = ask(drawn, "map.getCenter().lng")
    drawn.get_by_test_id("stSelectbox").locator("input").click()
    drawn.get_by_role("option", name="left").click()
    inner(drawn).wait_for_function(f"map.getCenter().lng < {before} - 0.03")


def test_only_one_of_an_exclusive_group_is_shown(drawn: Page) -> None:
    switches = drawn.frame_locator("iframe[title*=st_folium]").locator(".rp-panel [type=radio]")
    expect(switches).to_have_count(2)
    expect(switches.first).to_be_checked()
    switches.last.click()
    expect(switches.first).not_to_be_checked()
    eventually(drawn, lambda: colour_at(drawn, 118.05, 25.15) == colour_at(drawn, 118.15, 25.15))


@pytest.mark.parametrize(
    ("place", "answer"), [((118.15, 25.15), "areas right"), ((118.05, 25.05), "rooms r")]
)
def test_a_click_tells_what_is_there(drawn: Page, place: tuple[float, float], answer: str) -> None:
    x, y = ask(
        drawn,
        f"(() => {{ const p = map.latLngToContainerPoint([{place[1]}, {place[0]}]);"
        " return [p.x, p.y]; })()",
    )
    drawn.frame_locator("iframe[title*=st_folium]").locator("#map_div").click(
        position={"x": x, "y": y}
    )
    expect(drawn.get_by_test_id("stCode")).to_contain_text(answer)


def click_off(page: Page, lng: float, lat: float, pixels: int) -> None:
    """Click some pixels to the right of a place."""
    x, y = ask(page, f"Object.values(map.latLngToContainerPoint([{lat}, {lng}]))")
    area = page.frame_locator("iframe[title*=st_folium]").locator("#map_div")
    area.click(position={"x": x + pixels, "y": y})


@pytest.mark.parametrize(("pixels", "answer"), [(11, "rooms r"), (20, "areas left")])
def test_a_click_beside_a_symbol_means_the_symbol(drawn: Page, pixels: int, answer: str) -> None:
    ask(drawn, "map.setView([25.05, 118.05], 13, {animate: false})")
    click_off(drawn, 118.05, 25.05, pixels)
    expect(drawn.get_by_test_id("stCode")).to_contain_text(answer)


def test_a_click_is_told_once(drawn: Page) -> None:
    ask(
        drawn,
        "(() => { const send = Streamlit.setComponentValue; window.told = [];"
        " Streamlit.setComponentValue = (value) => { told.push(value); send(value); }; })()",
    )
    click_off(drawn, 118.15, 25.15, 0)
    expect(drawn.get_by_test_id("stCode")).to_contain_text("areas right")
    drawn.wait_for_timeout(600)
    assert ask(drawn, "told.length") == 1


def test_the_map_is_taken_away_as_a_picture(drawn: Page, outside: list[str]) -> None:
    """The symbol stands in the picture where it stands on the screen, the list of layers beside."""
    frame = drawn.frame_locator("iframe[title*=st_folium]")
    x, y = ask(drawn, "Object.values(map.latLngToContainerPoint([25.05, 118.05]))")
    with drawn.expect_download() as download:
        frame.locator(".rp-button").last.click()
    picture = Image.open(download.value.path()).convert("RGB")
    size = ask(drawn, "[map.getSize().x * 2, map.getSize().y * 2]")
    assert list(picture.size) == size
    assert picture.getpixel((round(2 * x), round(2 * y))) in {(255, 255, 255), (140, 28, 43)}
    panel = picture.crop((size[0] - 440, 24, size[0] - 40, 60))
    assert len(set(panel.get_flattened_data())) > 10
    expect(frame.locator(".rp-search")).to_be_visible()
    assert outside == []


def test_search_goes_to_the_place(drawn: Page) -> None:
    box = drawn.frame_locator("iframe[title*=st_folium]").locator(".rp-search input")
    box.fill("arb")
    box.press("ArrowDown")
    box.press("Enter")
    inner(drawn).wait_for_function("Math.abs(map.getCenter().lng - 118.17) < 0.001")
    box.fill("nowhere")
    found = drawn.frame_locator("iframe[title*=st_folium]").locator(".rp-search li")
    expect(found).to_have_text("Nothing found")


@pytest.mark.parametrize(("query", "files"), [("", 0), ("?public=1", 2)])
def test_only_a_public_map_fetches_files(
    page: Page, serve: Callable[[Path], str], script: Path, query: str, files: int
) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(serve(script) + query)
    page.frame_locator("iframe[title*=st_folium]").locator("[data-drawn=true]").wait_for()
    assert len({url for url in fetched if url.endswith(".json") and "/app/" in url}) == files


def test_a_file_from_disk_asks_for_nothing(page: Page, tmp_path: Path) -> None:
    areas = gpd.GeoDataFrame(index=["a"], geometry=[box(118, 25, 118.1, 25.1)], crs=4326)
    file = tmp_path / "map.html"
    view = maps.MapView([maps.Polygons("a", "A", areas)], note="note", approval="GS 1")
    file.write_text(maps.standalone_html(view), encoding="utf-8")
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(file.as_uri())
    page.locator("[data-drawn=true]").wait_for()
    assert fetched == [file.as_uri()]
    expect(page.locator(".leaflet-control-scale-line")).to_be_visible()
    expect(page.locator(".rp-north svg")).to_be_visible()
    expect(page.locator(".rp-note")).to_have_text("noteGS 1")
