"""``roomplan import --as population`` and ``register population`` on the toy city."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin

from geo.population_held import SETTING
from geo.read import read_study
from planner_lists import csv_bytes, toy_rooms, xlsx_bytes
from terminal_runs import answer, contents, run
from worlds import write_study


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))


@pytest.fixture
def toy(tmp_path):
    return write_study(tmp_path / "toy")


@pytest.fixture
def raster(tmp_path):
    """2 people in each of 20 × 20 cells: 200 in A1 and A2 each, 400 in B1."""
    path = tmp_path / "人口.dat"  # told by its content, not by its name
    options = {"count": 1, "height": 20, "width": 20, "dtype": "float32", "crs": "EPSG:4326"}
    place = from_origin(118.0, 25.2, 0.01, 0.01)
    with rasterio.open(path, "w", driver="GTiff", transform=place, **options) as file:
        file.write(np.full((20, 20), 2, dtype="float32"), 1)
    return path


def people_of(study) -> float:
    return float(read_study(study).frames["demand"]["people"].sum())


def test_a_grid_is_tried_taken_told_and_removed(capsys, toy, raster, tmp_path):
    before, files = read_study(toy), contents(toy)
    take = ("import", raster, "--as", "population", "--study", toy)
    tried = answer(capsys, *take, "--dry-run")
    assert (tried["saved"], tried["people"], tried["kept"]) == (False, 800, [])
    assert read_study(toy).fingerprint == before.fingerprint
    told = answer(capsys, *take, "--source", "某院网格", "--date", "2020", "--who", "张三")
    assert told["grid"]["cells"] == 400
    assert people_of(toy) == pytest.approx(800)
    in_force = answer(capsys, "register", "population", "--study", toy)
    assert (in_force["source"], in_force["date"], in_force["who"]) == ("某院网格", "2020", "张三")
    code, out, _ = run(capsys, "register", "population", "--study", toy)
    assert code == 0
    for words in ("某院网格", "人口.dat", "2020", "张三", "未按普查调整", "模型估算", "800 人"):
        assert words in out
    covered = answer(capsys, "coverage", "--study", toy)
    assert covered["people"] == pytest.approx(800)
    gone = answer(capsys, "register", "population", "--remove", "--study", toy)
    assert (gone["removed"], gone["own"]) == (True, True)
    assert read_study(toy).fingerprint == before.fingerprint
    assert contents(toy) == files


def test_rescaled_to_the_census(capsys, toy, raster, tmp_path):
    report = tmp_path / "by_county.csv"
    take = ("import", raster, "--as", "population", "--study", toy, "--rescale")
    code, out, _ = run(capsys, *take, "--report", report, "--lang", "en")
    assert code == 0
    assert "adds up to only 40%" in out
    assert people_of(toy) == pytest.approx(2000)
    assert read_study(toy).settings[SETTING]["rescaled"] is True
    table = pd.read_csv(report)
    assert table["This file"].tolist() == [400, 400]
    assert table["In force then"].tolist() == [1800, 200]
    assert table["Factor"].tolist() == [4.5, 0.5]


def test_a_counted_grid_of_densities_at_a_spacing(capsys, toy, raster):
    take = ("import", raster, "--as", "population", "--study", toy)
    told = answer(capsys, *take, "--density", "--basis", "register", "--spacing", 5000)
    # 2 people per km² on 20.2 by 22.2 km
    assert told["people"] == pytest.approx(2 * 20.18 * 22.16, rel=2e-3)
    demand = read_study(toy).frames["demand"]
    assert set(demand["location_basis"]) == {"derived"}
    assert len(demand) < 60


def test_a_list_with_rows_held_back(capsys, toy, tmp_path):
    table = pd.DataFrame(
        {"乡镇": ["甲一镇", "无此镇", "乙一镇"], "常住人口": ["3000", "5", "400"], "依据": "登记"}
    )
    path = tmp_path / "人口.xlsx"
    path.write_bytes(xlsx_bytes(人口=table))
    report, held = tmp_path / "r.csv", tmp_path / "h.xlsx"
    take = ("import", path, "--as", "population", "--study", toy)
    told = answer(capsys, *take, "--report", report, "--held-back", held)
    assert (told["accepted"], told["held"], told["people"]) == (2, 1, 3700)
    assert "无此镇" in report.read_text("utf-8-sig")
    assert held.is_file()
    study = read_study(toy)
    units = study.frames["units"]
    assert units.loc["A1", ["population", "population_basis"]].tolist() == [3000, "register"]
    assert study.settings[SETTING]["kind"] == "table"
    # What was settled about the columns is remembered.
    assert "常住人口" in next((tmp_path / "home").rglob("mappings.json")).read_text("utf-8")


def test_groups_of_one_unit_are_no_duplicates(capsys, toy, tmp_path):
    table = pd.DataFrame(
        {
            "乡镇": ["甲一镇", "甲一镇", "甲二镇", "甲二镇"],
            "人口": ["3000", "40", "5", "6"],
            "人群": ["居民", "学生", "学生", "学生"],
        }
    )
    path = tmp_path / "people.csv"
    path.write_bytes(csv_bytes(table))
    told = answer(capsys, "import", path, "--as", "population", "--study", toy)
    assert (told["accepted"], told["held"]) == (2, 2)
    demand = read_study(toy).frames["demand"]
    assert demand.groupby("group")["people"].sum().to_dict() == pytest.approx(
        {"resident": 3500, "student": 40}
    )


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"II*\0 no raster at all", "栅格已损坏"),
        ("乡镇,人口\n无此镇,5\n".encode(), "暂缓"),
    ],
)
def test_what_cannot_be_read_changes_nothing(capsys, toy, tmp_path, content, word):
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    before = read_study(toy).fingerprint
    code, out, err = run(capsys, "import", path, "--as", "population", "--study", toy)
    assert (code, out) == (2, "")
    assert word in err
    assert read_study(toy).fingerprint == before


def test_the_register_and_the_population_stand_side_by_side(capsys, toy, raster, tmp_path):
    """A list of rooms makes the register while the imported people are in force."""
    rooms = tmp_path / "rooms.csv"
    rooms.write_bytes(csv_bytes(toy_rooms()))
    answer(capsys, "import", raster, "--as", "population", "--study", toy)
    answer(capsys, "import", rooms, "--as", "rooms", "--study", toy, "--datum", "wgs84")
    study = read_study(toy)
    assert "二号站" in study.frames["rooms"]["name"].tolist()
    assert people_of(toy) == pytest.approx(800)
    answer(capsys, "register", "population", "--remove", "--study", toy)
    assert people_of(toy) == 2000
    assert "二号站" in read_study(toy).frames["rooms"]["name"].tolist()
