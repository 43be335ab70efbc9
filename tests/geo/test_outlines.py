"""A planner's own outlines: found by code or name, in force beside the register, taken back."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from geo.errors import RoomplanError, StudyError
from geo.outlines import (
    SETTING,
    hold_outlines,
    outlines_file,
    outlines_stamp,
    plan_outlines,
    read_outlines,
    remove_outlines,
)
from geo.read import read_settings, read_study
from worlds import toy_frames, write_study

# 甲一镇 is 118.0–118.1 by 25.0–25.1 in the toy city; here its western half, without the rooms.
WEST = box(118.0, 25.0, 118.04, 25.1)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))
    return write_study(tmp_path / "toy")


def layer(*rows: tuple[str, str, object]) -> gpd.GeoDataFrame:
    codes, names, shapes = zip(*rows, strict=True)
    index = pd.Index(codes, name="unit_id", dtype=object)
    data = {"name": names, "boundary_basis": "reported"}
    return gpd.GeoDataFrame(data, index=index, geometry=list(shapes), crs="EPSG:4326")


def coded() -> dict[str, pd.DataFrame]:
    """Return the toy tables in which the statistics office calls 甲一镇 A9 and 甲二镇 A1."""
    frames = toy_frames()
    frames["units"]["code_nbs"] = [None, None, None, None, "A9", "A1", None, None, None, None]
    return frames


@pytest.mark.parametrize(
    ("code", "name", "unit"),
    [
        ("A1", "甲一镇", "A1"),
        ("A1", "甲县甲一镇", "A1"),
        ("A9", "甲一镇", "A1"),  # the other office's code
        ("A1", "甲二镇", "A2"),  # both offices know A1; the name tells whose it is
        ("999", "甲县甲一镇", "A1"),  # a code that nobody knows, a name that is certain
        ("A1", "别处镇", None),  # a code whose name is another's is no proof
        ("999", "无名镇", None),
    ],
)
def test_a_row_is_the_unit_of_its_code_and_name(code, name, unit):
    rows = layer((code, name, WEST), ("B1", "乙一镇", box(118.1, 25.0, 118.2, 25.2)))
    plan = plan_outlines(rows, coded())
    assert [u for u in plan.outlines.index if u != "B1"] == ([] if unit is None else [unit])
    assert plan.unknown == (() if unit else (f"{code} {name}",))


def test_the_plan_says_how_much_changes_and_who_is_left_outside():
    plan = plan_outlines(layer(("A1", "甲一镇", WEST)), toy_frames())
    facts = plan.by_unit.loc["A1"]
    assert facts["shared"] == pytest.approx(0.4, abs=1e-4)
    assert facts["after_km2"] / facts["before_km2"] == pytest.approx(0.4, abs=1e-4)
    assert plan.kept == ("A2", "B1")
    # r1 stands in A1 at 118.05, and so do d1, d2 and s1, whose villages are parts of A1.
    assert plan.outside == {"rooms": 1, "sites": 1, "demand": 2}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("9", "无名镇", WEST)], "outlines.none"),
        ([("A1", "甲一镇", WEST), ("9", "甲县甲一镇", WEST)], "outlines.twice"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(rows, code):
    with pytest.raises(StudyError) as caught:
        plan_outlines(layer(*rows), toy_frames())
    assert caught.value.code == code


def test_outlines_are_in_force_until_they_are_removed(toy):
    before, settings = read_study(toy), read_settings(toy)
    own = {p: p.read_bytes() for p in toy.iterdir() if p.is_file()}
    plan = plan_outlines(layer(("A1", "甲一镇", WEST)), before.frames)
    assert outlines_stamp(toy, settings) == ""
    hold_outlines(toy, settings, plan, file="镇.gpkg", who="林静")
    assert outlines_stamp(toy, settings)
    after = read_study(toy)
    units = after.frames["units"]
    assert units.geometry["A1"].equals(WEST)
    assert units["boundary_basis"]["A1"] == "reported"
    rest = units.index.drop("A1")
    assert units.geometry[rest].geom_equals(before.frames["units"].geometry[rest]).tolist() == (
        units.geometry[rest].notna().tolist()
    )
    assert after.fingerprint != before.fingerprint
    about = after.settings[SETTING]
    assert (about["file"], about["who"], about["count"]) == ("镇.gpkg", "林静", 1)
    assert {p: p.read_bytes() for p in own} == own
    assert remove_outlines(toy, settings)
    assert not remove_outlines(toy, settings)
    back = read_study(toy)
    assert back.fingerprint == before.fingerprint
    assert SETTING not in back.settings


def test_a_second_file_adds_to_the_first(toy):
    settings, tables = read_settings(toy), read_study(toy).frames
    east = box(118.1, 25.0, 118.15, 25.2)
    for row in (("A1", "甲一镇", WEST), ("B1", "乙一镇", east), ("A1", "甲一镇", WEST.buffer(0))):
        hold_outlines(toy, settings, plan_outlines(layer(row), tables), file="a", who="甲")
    held = read_outlines(toy, settings)
    assert held is not None
    assert sorted(held.outlines.index) == ["A1", "B1"]
    assert read_study(toy).frames["units"].geometry["B1"].equals(east)


def test_where_nothing_can_be_written_it_is_said(toy, monkeypatch):
    plan = plan_outlines(layer(("A1", "甲一镇", WEST)), toy_frames())
    monkeypatch.setenv("ROOMPLAN_HOME", str(toy / "study.toml"))
    with pytest.raises(RoomplanError) as caught:
        hold_outlines(toy, read_settings(toy), plan, file="a", who="甲")
    assert caught.value.code == "write.folder"
    assert outlines_stamp(toy, read_settings(toy)) == ""


@pytest.mark.parametrize("content", [b"", b"{}", b'{"features": [], "about": {}}', b"[1]"])
def test_a_damaged_file_says_so(toy, content):
    path = outlines_file(toy, read_settings(toy))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        read_study(toy)
    assert caught.value.code == "outlines.damaged"
