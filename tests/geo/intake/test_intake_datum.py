"""Which coordinate system: sure only with proof, and never against it."""

from __future__ import annotations

from pathlib import Path

import corpus
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import from_wgs84
from geo.errors import IntakeError
from geo.intake.apply import apply
from geo.intake.datum import CANNOT_TELL, LIKELY, SURE, DatumGuess, detect_datum
from geo.intake.judge import judge_datum
from geo.intake.mapping import suggest_mapping
from geo.intake.raw import RawTable, read_file
from geo.read import read_study

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture(scope="module")
def units() -> gpd.GeoDataFrame:
    frame = read_study(DATA).frames["units"]
    assert isinstance(frame, gpd.GeoDataFrame)
    return frame


def places(units: gpd.GeoDataFrame, count: int, seed: int = 3) -> pd.DataFrame:
    """Return points spread evenly over townships, each with its township's id."""
    rng = np.random.default_rng(seed)
    towns = units[(units["level"] == "township") & units.geometry.notna()]
    rows = []
    while len(rows) < count:
        unit_id = rng.choice(towns.index.to_numpy())
        shape = towns.geometry[unit_id]
        west, south, east, north = shape.bounds
        at = shapely.Point(rng.uniform(west, east), rng.uniform(south, north))
        if shape.contains(at):
            rows.append((unit_id, at.x, at.y))
    return pd.DataFrame(rows, columns=["unit_id", "lon", "lat"])


def guess(units: gpd.GeoDataFrame, rows: pd.DataFrame, datum: str, **options: object) -> DatumGuess:
    x, y = from_wgs84(rows["lon"], rows["lat"], datum=datum)
    return detect_datum(pd.Series(x), pd.Series(y), units=units, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_two_hundred_rows_with_townships_are_sure(
    units: gpd.GeoDataFrame, datum: str, seed: int
) -> None:
    rows = places(units, 200, seed)
    found = guess(units, rows, datum, stated=rows["unit_id"])
    assert (found.verdict, found.datum) == (SURE, datum)
    assert found.evidence.loc[datum, "in_named_unit"] == 1.0
    assert found.evidence["rows_named"].tolist() == [200] * 3
    assert not found.swapped.any()


@pytest.mark.parametrize("datum", ["epsg:4548", "epsg:4549", "epsg:4527", "epsg:4528", "epsg:4498"])
def test_gauss_krueger_is_likely_but_not_proved(units: gpd.GeoDataFrame, datum: str) -> None:
    rows = places(units, 60)
    found = guess(units, rows, datum, stated=rows["unit_id"])
    assert (found.verdict, found.datum) == (LIKELY, datum)


def test_known_rooms_prove_gauss_krueger(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 60)
    known = gpd.GeoSeries(gpd.points_from_xy(rows["lon"], rows["lat"]), crs="EPSG:4326")
    found = guess(units, rows, "epsg:4548", stated=rows["unit_id"], known=known)
    assert (found.verdict, found.datum) == (SURE, "epsg:4548")


def test_northing_first_is_seen(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 60)
    x, y = from_wgs84(rows["lon"], rows["lat"], datum="epsg:4549")
    found = detect_datum(pd.Series(y), pd.Series(x), units=units, stated=rows["unit_id"])
    assert found.datum == "epsg:4549"
    assert found.swapped.all()


def test_without_names_and_known_rooms_nobody_can_tell(units: gpd.GeoDataFrame) -> None:
    found = guess(units, places(units, 200), "gcj02")
    assert found.verdict == CANNOT_TELL
    assert len(found.evidence) == 3


def test_few_rows_are_not_enough(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 4)
    assert guess(units, rows, "gcj02", stated=rows["unit_id"]).verdict == CANNOT_TELL


def test_wrong_names_prove_nothing(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 200)
    shuffled = rows["unit_id"].sample(frac=1, random_state=1).reset_index(drop=True)
    assert guess(units, rows, "gcj02", stated=shuffled).verdict == CANNOT_TELL


def test_three_known_rooms_are_proof(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 12)
    known = gpd.GeoSeries(gpd.points_from_xy(rows["lon"], rows["lat"]), crs="EPSG:4326")
    found = guess(units, rows, "bd09", known=known.iloc[:3])
    assert (found.verdict, found.datum) == (SURE, "bd09")
    assert found.evidence.loc["bd09", "median_room_m"] < 0.01
    assert found.evidence.loc["wgs84", "median_room_m"] > 500


def test_two_known_rooms_are_not(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 12)
    known = gpd.GeoSeries(gpd.points_from_xy(rows["lon"], rows["lat"]), crs="EPSG:4326")
    assert guess(units, rows, "bd09", known=known.iloc[:2]).verdict != SURE


def test_contradicting_evidence_is_not_resolved_in_silence(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 200)
    x, y = from_wgs84(rows["lon"], rows["lat"], datum="gcj02")
    # The register holds the same points as if they were WGS-84 already.
    known = gpd.GeoSeries(gpd.points_from_xy(x, y), crs="EPSG:4326")
    found = guess(units, rows, "gcj02", stated=rows["unit_id"], known=known)
    assert found.verdict == CANNOT_TELL
    assert "disagree" in found.reason


def test_swapped_rows_are_found_and_do_not_spoil_the_test(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 200)
    x, y = from_wgs84(rows["lon"], rows["lat"], datum="gcj02")
    x[:9], y[:9] = y[:9].copy(), x[:9].copy()
    found = detect_datum(pd.Series(x), pd.Series(y), units=units, stated=rows["unit_id"])
    assert (found.verdict, found.datum) == (SURE, "gcj02")
    assert found.swapped.sum() == 9


def test_points_elsewhere_fit_nothing(units: gpd.GeoDataFrame) -> None:
    far = pd.DataFrame({"lon": [2.35] * 5, "lat": [48.85] * 5})
    found = guess(units, far, "wgs84")
    assert (found.verdict, found.datum) == (CANNOT_TELL, None)


def gbk_list(units: gpd.GeoDataFrame, rows: pd.DataFrame, datum: str) -> bytes:
    """Return the list a county would send: GBK, township names, no datum stated."""
    x, y = from_wgs84(rows["lon"], rows["lat"], datum=datum)
    town = units.loc[rows["unit_id"]]
    county = units.loc[town["parent_id"], "name"].to_numpy()
    frame = pd.DataFrame(
        {
            "活动室名称": [f"人大代表联系群众活动室{n}" for n in range(len(rows))],
            "类型": "社区",
            "县(市、区)": county,
            "乡镇(街道)": town["name"].to_numpy(),
            "经度": np.round(x, 6),
            "纬度": np.round(y, 6),
        }
    )
    return frame.to_csv(index=False).encode("gbk")


def test_a_gbk_list_in_gcj02_lands_within_a_metre(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 200)
    raw = read_file(gbk_list(units, rows, "gcj02"), name="名单.csv")[0]
    intake = apply(raw, suggest_mapping(raw, table="rooms"), units=units)
    assert (intake.datum, raw.encoding) == ("gcj02", "gb18030")
    assert intake.counts["held"] == 0
    east = (intake.rows.geometry.x.to_numpy() - rows["lon"]) * np.cos(np.radians(rows["lat"]))
    north = intake.rows.geometry.y.to_numpy() - rows["lat"]
    assert (np.hypot(east, north) * 111_195).max() < 1.0
    assert intake.rows["located_unit_id"].tolist() == rows["unit_id"].tolist()


def test_the_screen_can_ask_before_applying(units: gpd.GeoDataFrame) -> None:
    raw = read_file(gbk_list(units, places(units, 200), "bd09"), name="名单.csv")[0]
    mapping = suggest_mapping(raw, table="rooms")
    found = judge_datum(raw, mapping, units=units)
    assert found is not None
    assert (found.verdict, found.datum) == (SURE, "bd09")
    without = RawTable(name=raw.name, layer="", frame=raw.frame.drop(columns=["经度", "纬度"]))
    assert judge_datum(without, suggest_mapping(without, table="rooms"), units=units) is None


def test_rooms_of_the_register_prove_a_datum(units: gpd.GeoDataFrame) -> None:
    rows = places(units, 6)
    raw = read_file(gbk_list(units, rows, "gcj02"), name="名单.csv")[0]
    mapping = suggest_mapping(raw, table="rooms")
    rooms = apply(raw, mapping, units=units, datum="gcj02").rows
    assert apply(raw, mapping, units=units, rooms=rooms).datum == "gcj02"
    modelled = rooms.assign(location_basis="modelled")
    with pytest.raises(IntakeError):
        apply(raw, mapping, units=units, rooms=modelled)


def test_what_cannot_be_proved_is_asked(units: gpd.GeoDataFrame) -> None:
    raw = read_file(gbk_list(units, places(units, 3), "gcj02"), name="名单.csv")[0]
    with pytest.raises(IntakeError, match="which coordinate system") as caught:
        apply(raw, suggest_mapping(raw, table="rooms"), units=units)
    assert caught.value.code == "intake.datum_needed"
    assert caught.value.facts["verdict"] == CANNOT_TELL
    assert corpus.chinese(caught.value)


def test_a_file_that_says_wgs84_but_proves_gcj02_is_asked_about(units: gpd.GeoDataFrame) -> None:
    read = read_file(gbk_list(units, places(units, 200), "gcj02"), name="名单.csv")[0]
    raw = RawTable(name=read.name, layer="", frame=read.frame, stated_crs="EPSG:4326")
    mapping = suggest_mapping(raw, table="rooms")
    with pytest.raises(IntakeError) as caught:
        apply(raw, mapping, units=units)
    assert caught.value.code == "intake.datum_differs"
    assert corpus.chinese(caught.value)
    assert apply(raw, mapping, units=units, datum="gcj02").datum == "gcj02"
