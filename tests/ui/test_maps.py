"""The map's descriptions, its escapes, and what changes from one rerun to the next."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import streamlit_folium
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Template
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from ui import maps
from ui.escape import esc, script_json
from ui.layers import pack
from ui.layers.classes import colour_areas, nice_breaks
from ui.layers.specs import spec_of
from ui.layers.style import RAMPS, steps
from ui.wording import words

ROOT = Path(__file__).parents[2]
ZH = words("zh")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.text("{%#}\\\"'$`_"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def grid() -> gpd.GeoDataFrame:
    """Return four squares of 0.1° that share their sides."""
    corners = [(118.0, 25.0, 118.1, 25.1), (118.0, 25.1, 118.1, 25.2)]
    corners += [(118.1, 25.0, 118.2, 25.1), (118.1, 25.1, 118.2, 25.2)]
    cells = [box(*corner) for corner in corners]
    return gpd.GeoDataFrame(index=list("abcd"), geometry=cells, crs=4326)


def some_points(n: int = 3) -> gpd.GeoDataFrame:
    """Return points in a row, their ids p0, p1 …"""
    spots = [Point(118.01 + 0.01 * i, 25.05) for i in range(n)]
    return gpd.GeoDataFrame(index=[f"p{i}" for i in range(n)], geometry=spots, crs=4326)


def rooms(**changes: Any) -> maps.Points:
    """Return a layer of three rooms: a reported hub, a derived and a simulated township room."""
    points = some_points()
    given: dict[str, Any] = {
        "symbol": pd.Series(["hub", "township", "township"], index=points.index),
        "basis": pd.Series(["reported", "derived", "simulated"], index=points.index),
    }
    return maps.Points("rooms", "Rooms", points, **{**given, **changes})


# --- escapes -----------------------------------------------------------------------------------


@given(JSON)
def test_script_json_is_the_same_value(value: Any) -> None:
    assert json.loads(str(script_json(value))) == value


@given(JSON)
def test_script_json_cannot_end_a_script_or_open_a_template(value: Any) -> None:
    text = str(script_json(value))
    assert not set(text) & set("<>&'`$_\u2028\u2029")
    assert Template(text, keep_trailing_newline=True).render() == text


@given(st.text() | st.text("{%#}<>&\"'$`"))
def test_esc_survives_a_template_and_means_the_same(text: str) -> None:
    import html

    escaped = esc(text)
    assert not set(escaped) & set("<>\"'$`{")
    assert html.unescape(escaped) == html.unescape(html.escape(text))


def test_nan_is_refused_in_a_script() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json(float("nan"))


# --- geometry ----------------------------------------------------------------------------------


def unpack(polygons: list[list[list[int]]]) -> MultiPolygon:
    """Return what the browser makes of packed polygons."""
    shapes = []
    for rings in polygons:
        corners = [np.cumsum(np.reshape(ring, (-1, 2)), axis=0) / pack.SCALE for ring in rings]
        shapes.append(Polygon(corners[0], corners[1:]))
    return MultiPolygon(shapes)


def test_packed_areas_are_the_areas() -> None:
    holed = box(118.0, 25.0, 118.3, 25.3).difference(box(118.1, 25.1, 118.2, 25.2))
    island = MultiPolygon([box(118.5, 25.0, 118.6, 25.1), box(118.7, 25.0, 118.8, 25.1)])
    shapes = gpd.GeoDataFrame(index=["h", "i"], geometry=[holed, island], crs=4326)
    _, packed = pack.pack_areas(shapes)
    assert packed["ids"] == ["h", "i"]
    for drawn, shape in zip(packed["shapes"], shapes.geometry, strict=True):
        assert unpack(drawn).symmetric_difference(shape).area < 1e-9


def test_neighbours_keep_their_common_side() -> None:
    # A zigzag of 20 m, drawn to 60 m: half of its corners go, on both sides the same ones.
    side = [(118.1 + 0.0002 * (i % 2), 25.0 + i * 0.001) for i in range(101)]
    left = Polygon([(118.0, 25.0), *side, (118.0, 25.1)])
    right = Polygon([(118.2, 25.0), *side, (118.2, 25.1)])
    drawn = pack.simplify(np.array([left, right]))
    assert shapely.get_num_coordinates(drawn).sum() < 103
    assert shapely.union_all(drawn).area == pytest.approx(sum(g.area for g in drawn))


def test_overlapping_areas_are_simplified_one_by_one() -> None:
    pair = np.array([box(118.0, 25.0, 118.2, 25.2), box(118.1, 25.1, 118.3, 25.3)])
    assert shapely.equals(pack.simplify(pair), pair).all()


def test_an_absent_shape_keeps_its_place() -> None:
    shapes = grid()
    shapes.loc["b", "geometry"] = None
    shapes.loc["c", "geometry"] = Polygon()
    _, packed = pack.pack_areas(shapes)
    assert [len(polygons) for polygons in packed["shapes"]] == [1, 0, 0, 1]


def test_a_name_stands_in_its_area() -> None:
    crescent = Point(118, 25).buffer(0.3).difference(Point(118.1, 25).buffer(0.28))
    (spot,) = pack.anchors(np.array([crescent]))
    assert crescent.contains(spot)


def test_the_key_of_areas_follows_ids_and_geometry() -> None:
    key, _ = pack.pack_areas(grid())
    renamed = grid().rename(index={"a": "z"})
    moved = grid()
    moved.loc["a", "geometry"] = box(118.0, 25.0, 118.1, 25.05)
    assert pack.pack_areas(grid())[0] == key
    assert key not in {pack.pack_areas(renamed)[0], pack.pack_areas(moved)[0]}


@given(st.lists(st.tuples(st.floats(117, 119), st.floats(24, 26)), min_size=1, max_size=40))
def test_packed_dots_are_within_three_metres(spots: list[tuple[float, float]]) -> None:
    import base64

    points = gpd.GeoDataFrame(geometry=[Point(s) for s in spots], crs=4326)
    packed, (west, south, east, north) = pack.pack_dots(points)
    whole = np.frombuffer(base64.b64decode(packed), "<u2").reshape(-1, 2)
    drawn = whole / 65_535 * [east - west, north - south] + [west, south]
    assert np.abs(drawn - np.array(spots)).max() < 3 / 100_000


# --- classes and legends -----------------------------------------------------------------------


def coloured(values: list[Any], **options: Any) -> dict[str, Any]:
    """Return the classes of the four squares."""
    shapes = grid()
    series = pd.Series(values, index=shapes.index)
    return colour_areas(maps.Polygons("k", "K", shapes, values=series, **options), unknown="?")


def test_a_value_on_a_limit_falls_into_the_upper_class() -> None:
    drawn = coloured([0.0, 0.2, 0.5, np.nan], breaks=[0.2, 0.6], fmt="{:.0%}")
    assert drawn["codes"] == "011-"
    assert [row["text"] for row in drawn["rows"]] == ["< 20%", "20% – 60%", "≥ 60%", "?"]
    assert drawn["rows"][-1]["hatch"]


def test_zero_is_a_value_and_a_missing_row_is_unknown() -> None:
    shapes = grid()
    layer = maps.Polygons("k", "K", shapes, values=pd.Series({"a": 0.0}), breaks=[1.0])
    assert colour_areas(layer, unknown="?")["codes"] == "0---"


def test_words_take_their_colour_from_the_palette_in_its_order() -> None:
    drawn = coloured(["no", "yes", "no", "other"], palette={"yes": "#111111", "no": "#222222"})
    assert drawn["codes"] == "101-"
    assert [row["text"] for row in drawn["rows"]] == ["yes", "no", "?"]


@pytest.mark.parametrize(
    ("values", "said"),
    [([1.0] * 4, ["100%"]), ([0.711, 0.714] * 2, ["71%"]), ([np.nan] * 4, ["?"])],
)
def test_one_class_says_what_it_is(values: list[float], said: list[str]) -> None:
    drawn = coloured(values, fmt="{:.0%}")
    assert [row["text"] for row in drawn["rows"]] == said
    assert len(drawn["colours"]) == len(set(drawn["codes"]) - {"-"})


def test_outlines_have_neither_codes_nor_legend() -> None:
    spec = spec_of(maps.Polygons("k", "K", grid(), dashed=True), ZH)
    assert spec["codes"] is None
    assert spec["legend"]["rows"] == []
    assert spec["mark"]["dashed"]
    assert not spec["clickable"]


@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), max_size=30))
def test_limits_rise_and_leave_no_class_empty_at_the_ends(values: list[float]) -> None:
    series = pd.Series(values, dtype=float)
    limits = nice_breaks(series)
    assert limits == sorted(set(limits))
    assert len(limits) <= 4
    if limits:
        assert (series < limits[0]).any()
        assert (series >= limits[-1]).any()


def test_infinite_values_do_not_break_the_limits() -> None:
    assert coloured([1.0, 2.0, 3.0, np.inf], breaks=None)["codes"][-1] != "-"


@pytest.mark.parametrize("ramp", RAMPS)
@pytest.mark.parametrize("n", range(1, 10))
def test_a_ramp_grows_darker_and_repeats_no_colour(ramp: str, n: int) -> None:
    colours = steps(ramp, n)
    light = [sum(w * int(c[i : i + 2], 16) for w, i in zip((3, 6, 1), (1, 3, 5), strict=True))
             for c in colours]  # fmt: skip
    assert len(set(colours)) == n
    assert light == sorted(light, reverse=True)


# --- points ------------------------------------------------------------------------------------


def test_a_room_shows_its_kind_and_what_it_rests_on() -> None:
    spec = spec_of(rooms(), ZH)
    assert [spec["kinds"][int(code)] for code in spec["symbols"]] == ["hub", "township", "township"]
    assert spec["bases"] == "fho"
    assert [row["text"] for row in spec["legend"]["rows"]] == [
        ZH.choice("kind", "hub"),
        ZH.choice("kind", "township"),
    ]
    assert spec["fillings"] == ["f", "h", "o"]


def test_a_legend_lists_only_what_the_map_shows() -> None:
    points = some_points()
    reported = pd.Series("reported", index=points.index)
    spec = spec_of(rooms(basis=reported), ZH)
    assert spec["fillings"] == ["f"]
    assert [row["kind"] for row in spec["legend"]["rows"]] == ["hub", "township"]


def test_a_room_without_a_point_is_left_out_and_the_others_keep_their_own_values() -> None:
    points = some_points()
    points.loc["p1", "geometry"] = None
    given = rooms()
    tips = pd.Series({"p0": "first", "p2": "third"})
    layer = maps.Points(
        "rooms", "Rooms", points, symbol=given.symbol, basis=given.basis, tooltip=tips
    )
    spec = spec_of(layer, ZH)
    assert spec["ids"] == ["p0", "p2"]
    assert spec["tips"] == ["first", "third"]
    assert spec["bases"] == "fo"
    assert spec["xy"] == [11801000, 2505000, 11803000, 2505000]


def test_an_unknown_basis_is_never_drawn_as_reported() -> None:
    points = some_points()
    spec = spec_of(rooms(basis=pd.Series([None, "hearsay", None], index=points.index)), ZH)
    assert spec["bases"] == "ooo"


def test_a_room_without_a_radius_reaches_nobody() -> None:
    points = some_points()
    radius = pd.Series({"p0": 1000.0, "p1": np.nan, "p2": np.inf})
    spec = spec_of(maps.Reach("reach", "Reach", points, radius_m=radius), ZH)
    assert spec["ids"] == ["p0"]
    assert spec["metres"] == [1000.0]


def test_a_cluster_in_one_place_has_a_count_and_no_outline() -> None:
    shapes = [Point(118, 25), LineString([(118, 25), (118.1, 25)]), box(118, 25, 118.1, 25.1)]
    hulls = gpd.GeoDataFrame(index=list("pls"), geometry=shapes, crs=4326)
    spec = spec_of(maps.Hulls("h", "H", hulls, count=pd.Series([3, 4, 5], index=hulls.index)), ZH)
    assert [len(polygons) for polygons in spec["shapes"]] == [0, 0, 1]
    assert spec["anchors"][1] == [11805000, 2500000]
    assert spec["counts"] == [3, 4, 5]


def test_dots_without_a_category_of_the_palette_are_grey() -> None:
    points = some_points()
    layer = maps.Dots(
        *("d", "D", points),
        category=pd.Series(["water", None, "roads"], index=points.index),
        palette={"water": "#0000ff"},
    )
    spec = spec_of(layer, ZH)
    assert spec["codes"] == "011"
    assert len(spec["colours"]) == 2


def test_the_area_of_a_dot_grows_with_its_weight() -> None:
    points = some_points()
    size = pd.Series([100.0, 25.0, 0.0], index=points.index)
    assert spec_of(maps.Dots("d", "D", points, size=size), ZH)["radii"] == [7.0, 3.5, 0.8]


def test_empty_layers_are_drawn_as_nothing() -> None:
    none = some_points(0)
    empty = pd.Series([], dtype=str)
    layers = [
        maps.Points("r", "R", none, symbol=empty, basis=empty),
        maps.Dots("d", "D", none),
        maps.Pins("p", "P", none),
        maps.Polygons("a", "A", grid().iloc[:0]),
    ]
    assert all(spec_of(layer, ZH)["name"] for layer in layers)
    assert "roomplan.settle" in maps.folium_map(maps.MapView(layers)).get_root().render()


# --- the whole map -----------------------------------------------------------------------------


def test_no_map_names_another_server() -> None:
    page = maps.folium_map(maps.MapView([maps.Polygons("a", "A", grid()), rooms()]))
    assert "://" not in page.get_root().render()


def test_a_map_shows_all_areas_unless_told_otherwise() -> None:
    layer = maps.Polygons("a", "A", grid())
    assert settled(maps.MapView([layer, rooms()]))["focus"] == [118.0, 25.0, 118.2, 25.2]
    assert settled(maps.MapView([layer], focus=(1, 2, 3, 4)))["focus"] == [1, 2, 3, 4]
    assert settled(maps.MapView([rooms()]))["focus"] == [118.01, 25.05, 118.03, 25.05]
    assert settled(maps.MapView([]))["focus"] is None


def settled(view: maps.MapView) -> dict[str, Any]:
    """Return what the last call of a map is told."""
    script = maps.folium_map(view).get_root().render()
    start = script.rindex("roomplan.settle(")
    text = script[script.index(", ", start) + 2 : script.index(");", start)]
    return dict(json.loads(text))


class Screen:
    """Stand in for streamlit-folium: keep what it was given and answer as a browser would."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, fig: Any, **options: Any) -> Any:
        fig.get_root().render()
        script = streamlit_folium._get_map_string(fig)
        self.calls.append((script, options))
        return self.answer


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Screen:
    """Draw on a stand-in, with a bundle of one line."""
    (tmp_path / "bundle.js").write_text("var L;")
    monkeypatch.setattr(maps.assets, "STATIC", tmp_path)
    found = Screen()
    monkeypatch.setattr(streamlit_folium, "st_folium", found)
    return found


def area_view(values: list[float], **options: Any) -> maps.MapView:
    """Return a map of the four squares with values."""
    shapes = options.pop("shapes", grid())
    series = pd.Series(values, index=shapes.index)
    return maps.MapView([maps.Polygons("a", "A", shapes, values=series, breaks=[0.5])], **options)


def test_new_values_are_applied_to_the_standing_map(screen: Screen) -> None:
    maps.show(area_view([0, 0, 0, 0]), key="m")
    maps.show(area_view([1, 0, np.nan, 0]), key="m")
    (first, one), (second, two) = screen.calls
    assert first == second
    assert one["key"] == two["key"]


def test_new_areas_are_a_new_map(screen: Screen) -> None:
    moved = grid()
    moved.loc["a", "geometry"] = box(118.0, 25.0, 118.1, 25.05)
    maps.show(area_view([0, 0, 0, 0]), key="m")
    maps.show(area_view([0, 0, 0, 0], shapes=moved), key="m")
    assert screen.calls[0][1]["key"] != screen.calls[1][1]["key"]


def test_only_public_areas_become_files(screen: Screen) -> None:
    maps.show(area_view([0, 0, 0, 0]), key="m")
    assert [f.name for f in maps.assets.STATIC.iterdir()] == ["bundle.js"]
    maps.show(area_view([0, 0, 0, 0], public=True), key="m")
    (file,) = maps.assets.STATIC.glob("areas-*.json")
    assert json.loads(file.read_text())["ids"] == list("abcd")
    assert file.name.replace("_", "") in screen.calls[1][0]


def test_a_click_tells_layer_and_id(screen: Screen) -> None:
    assert maps.show(area_view([0, 0, 0, 0]), key="m") is None
    properties = {"layer": "a", "feature": "b", "count": 3}
    screen.answer = {"last_active_drawing": {"properties": properties}}
    assert maps.show(area_view([0, 0, 0, 0]), key="m") == maps.Click("a", "b", 3)


def test_a_click_is_told_before_the_page_runs_again(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[maps.Click] = []
    maps.show(area_view([0, 0, 0, 0]), key="m", on_click=told.append)
    options = screen.calls[0][1]
    properties = {"layer": "a", "feature": "b", "count": 3}
    sent = {options["key"]: {"last_active_drawing": {"properties": properties}}}
    monkeypatch.setattr("ui.state.sent", sent.get)
    options["on_change"]()
    assert told == [maps.Click("a", "b", 3)]


@pytest.mark.parametrize(
    "answer", [None, {}, {"last_active_drawing": None}, {"last_active_drawing": {"properties": {}}}]
)
def test_anything_else_is_no_click(screen: Screen, answer: Any) -> None:
    screen.answer = answer
    assert maps.show(area_view([0, 0, 0, 0]), key="m") is None


def test_writing_a_map_does_not_start_streamlit() -> None:
    code = "import sys, ui.maps; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
