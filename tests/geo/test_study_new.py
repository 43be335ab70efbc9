"""A new study: people conserved on every way down, and a second city from the national layer."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely.geometry import box

from analysis.journey import survey
from analysis.scenario import Scenario, Study
from data.boundaries.tianditu import read_counties
from geo.errors import StudyError
from geo.read import read_study
from geo.register import open_register
from geo.register_home import register_target
from geo.study import new_study, spread_people, with_city, with_people


def outlines(*rows: tuple[str, str, str, str | None, object]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows, columns=["unit_id", "name", "level", "parent_id", "geometry"])
    frame = frame.set_index("unit_id").assign(
        population=float("nan"), population_basis=None, boundary_basis="reported"
    )
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def two_counties() -> gpd.GeoDataFrame:
    return outlines(
        ("990101", "甲县", "county", None, box(118.0, 25.0, 118.1, 25.2)),
        ("990102", "乙区", "county", None, box(118.1, 25.0, 118.2, 25.2)),
        ("990101001", "一镇", "township", "990101", box(118.0, 25.0, 118.1, 25.15)),
        ("990101002", "二镇", "township", "990101", box(118.0, 25.15, 118.1, 25.2)),
    )


def people(**given: float) -> pd.DataFrame:
    index = [code.removeprefix("u") for code in given]
    return pd.DataFrame(
        {"population": list(given.values()), "population_basis": "census"}, index=index
    )


def test_the_city_is_made_of_its_counties():
    units = with_city(two_counties(), "试市")
    city = units.loc["990100"]
    assert (city["name"], city["level"], city["boundary_basis"]) == ("试市", "city", "derived")
    assert city.geometry.equals(box(118.0, 25.0, 118.2, 25.2))
    assert units.loc[["990101", "990102"], "parent_id"].tolist() == ["990100", "990100"]
    assert units.index[0] == "990100"


def test_people_go_up_as_sums_and_down_by_area():
    units = with_people(with_city(two_counties(), "试市"), people(u990101=1000, u990102=500))
    assert units.loc["990100", ["population", "population_basis"]].tolist() == [1500, "derived"]
    shared = units.loc[["990101001", "990101002"], "population"]
    assert shared.tolist() == pytest.approx([750, 250], abs=1)
    assert shared.sum() == 1000
    assert set(units.loc[shared.index, "population_basis"]) == {"modelled"}
    assert units.at["990101", "population_basis"] == "census"


def test_a_known_part_leaves_the_rest_to_the_others():
    given = people(u990101=1000, u990101001=900, u990102=500)
    units = with_people(with_city(two_counties(), "试市"), given)
    assert units.at["990101002", "population"] == 100


def test_nobody_is_lost_on_the_way_to_the_points():
    units = with_people(with_city(two_counties(), "试市"), people(u990101=1003, u990102=517))
    demand = spread_people(units)
    assert demand["people"].sum() == 1520
    assert demand.groupby("unit_id")["people"].sum()["990102"] == 517
    assert set(demand.loc[demand["unit_id"] == "990102", "setting"]) == {"urban"}
    assert set(demand.loc[demand["unit_id"] != "990102", "setting"]) == {"rural"}
    assert set(demand["location_basis"]) == {"modelled"}
    shapes = units.geometry.reindex(demand["unit_id"]).to_numpy()
    points = gpd.points_from_xy(demand["lon"], demand["lat"])
    assert shapely.distance(shapes, points).max() < 1e-5


def test_the_study_is_sound_and_empty_of_rooms(tmp_path):
    made = new_study(
        tmp_path / "study",
        name='试"市',
        boundaries=[two_counties()],
        population=people(u990101=1000, u990102=500),
        who="甲",
    )
    assert made.settings["name"] == '试"市'
    assert made.fingerprint == read_study(tmp_path / "study").fingerprint
    assert all(made.frames[layer].empty for layer in ("rooms", "cases", "activities", "sites"))
    with open_register(register_target(tmp_path / "study", made.settings)) as register:
        assert register.last_change() == 1


@pytest.mark.parametrize(
    ("units", "given", "code"),
    [
        (two_counties().iloc[:0], people(u1=1), "study_new.no_units"),
        (two_counties(), None, "study_new.no_people"),
        (
            outlines(
                ("990101", "甲县", "county", None, box(0, 0, 1, 1)),
                ("980101", "乙县", "county", None, box(1, 0, 2, 1)),
            ),
            people(u990101=1),
            "study_new.two_cities",
        ),
    ],
)
def test_what_cannot_be_a_study(tmp_path, units, given, code):
    with pytest.raises(StudyError) as caught:
        new_study(tmp_path / "s", name="试市", boundaries=[units], population=given, who="甲")
    assert caught.value.code == code
    assert not (tmp_path / "s").exists()


def test_a_unit_in_two_files_and_a_folder_in_use(tmp_path):
    given = people(u990101=1000, u990102=500)
    with pytest.raises(StudyError, match="990101") as caught:
        new_study(
            tmp_path / "s",
            name="试市",
            boundaries=[two_counties(), two_counties()],
            population=given,
            who="甲",
        )
    assert caught.value.code == "study_new.unit_twice"
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StudyError) as caught:
        new_study(tmp_path, name="试市", boundaries=[two_counties()], population=given, who="甲")
    assert caught.value.code == "study_new.not_empty"
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_xiamen_from_the_national_county_layer(tmp_path):
    """The figures are made up for the test; the outlines are the layer's own."""
    shapes = read_counties("350200")
    rows = [(code, code, "county", None, shape) for code, shape in shapes.items()]
    given = people(**{f"u{code}": 1000.0 * n for n, code in enumerate(shapes, start=1)})
    tables = new_study(
        tmp_path / "xm", name="厦门市", boundaries=[outlines(*rows)], population=given, who="甲"
    )
    total = sum(1000 * n for n in range(1, len(shapes) + 1))
    assert tables.frames["demand"]["people"].sum() == total
    measured = survey(Study.of(tables), Scenario())
    city = measured.by_level["city"].iloc[0]
    assert (city["people"], city["people_covered"], city["rooms"]) == (total, 0, 0)
    assert len(measured.by_level["county"]) == len(shapes) == 6
