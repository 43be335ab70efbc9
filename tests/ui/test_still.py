"""Still maps: the right places in the right colours, north up, the scale bar true."""

from __future__ import annotations

import io

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from shapely import Point, Polygon, box

from geo.reach import great_circle_m
from ui import still
from ui.layers.model import MapView, Pins, Points, Polygons


def view(**options) -> MapView:
    areas = gpd.GeoDataFrame(
        {"name": ["北", "<南>"]},
        index=["n", "s"],
        geometry=[box(118, 25.1, 118.2, 25.2), box(118, 25, 118.2, 25.1)],
        crs=4326,
    )
    points = gpd.GeoDataFrame(
        index=["p", "q"], geometry=[Point(118.05, 25.15), Point(118.15, 25.05)], crs=4326
    )
    layers = [
        Polygons(
            *("a", "areas"),
            shapes=areas,
            values=pd.Series(["x", "y"], index=areas.index),
            palette={"x": "#ff0000", "y": "#0000ff"},
            labels=areas["name"],
            line="strong",
            **options,
        ),
        Points(
            *("r", "rooms"),
            points=points.loc[["p"]],
            symbol=pd.Series("village", index=["p"]),
            basis=pd.Series("reported", index=["p"]),
        ),
        Pins(
            "pins",
            "pins",
            points=points.loc[["q"]],
            label=pd.Series("1", index=["q"]),
        ),
        Pins("off", "off", points=points, shown=False),
    ]
    return MapView(layers)


def test_north_is_up_and_colours_are_theirs():
    drawn = still.picture(view())
    image = Image.open(io.BytesIO(still.png(drawn))).convert("RGB")
    assert image.size == (still.WIDTH * 2, drawn.height * 2)
    middle = image.width // 2
    assert image.getpixel((middle // 2, 200)) == (255, 0, 0)
    assert image.getpixel((middle // 2, image.height - 200)) == (0, 0, 255)


def test_only_what_is_shown_is_drawn_pins_on_top():
    drawn = still.picture(view())
    dots = [shape for shape in drawn.shapes if isinstance(shape, still.Dot)]
    assert [dot.label for dot in dots] == ["", "1"]
    assert drawn.shapes[-1].label == "1"
    assert [name for name, _ in drawn.legend] == ["areas", "rooms", "pins"]


def test_the_scale_bar_is_true():
    drawn = still.picture(view())
    dots = [shape for shape in drawn.shapes if isinstance(shape, still.Dot)]
    pixels = np.hypot(dots[0].x - dots[1].x, dots[0].y - dots[1].y)
    metres = float(great_circle_m([[118.05, 25.15]], [[118.15, 25.05]])[0])
    assert pixels / drawn.km_pixels == pytest.approx(metres / 1000, rel=0.005)
    assert drawn.km * drawn.km_pixels < still.WIDTH / 5


def test_names_are_text_in_svg():
    text = still.svg(still.picture(view()))
    assert "&lt;南&gt;" in text
    assert "<南>" not in text
    assert text.count("<circle") == 2


def test_an_unknown_area_is_grey_and_a_hole_stays_open():
    ring = Polygon(
        box(118, 25, 118.2, 25.2).exterior.coords,
        [box(118.05, 25.05, 118.15, 25.15).exterior.coords],
    )
    areas = gpd.GeoDataFrame(index=["a"], geometry=[ring], crs=4326)
    layer = Polygons("a", "a", shapes=areas, values=pd.Series([float("nan")], index=["a"]))
    drawn = still.picture(MapView([layer]))
    assert drawn.shapes[0].fill == still.MISSING
    assert (len(drawn.shapes[0].rings), len(drawn.shapes[0].holes)) == (1, 1)
    assert "evenodd" in still.svg(drawn)
    image = Image.open(io.BytesIO(still.png(drawn))).convert("RGB")
    assert image.getpixel((image.width // 2, int(drawn.height - 30))) == (255, 255, 255)
