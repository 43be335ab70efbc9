"""``roomplan import``, ``register …`` and ``study new`` on the toy city and on Quanzhou."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from shapely.geometry import box

import cli
from geo.errors import ConflictError
from geo.read import read_settings, read_study
from geo.register import LAYERS, open_register
from geo.register_home import register_target, study_home
from geo.working_copy import import_rows, open_working
from planner_lists import csv_bytes, quanzhou_rooms, toy_rooms, xlsx_bytes
from postgres import shared_cluster
from terminal_runs import answer, contents, run
from worlds import toy_frames, write_study

ROOT = Path(cli.__file__).parent


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def toy(tmp_path):
    return write_study(tmp_path / "toy")


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "站点.csv"
    path.write_bytes(csv_bytes(toy_rooms()))
    return path


def test_200_rooms_in_gcj02_replace_the_demonstration_and_can_be_taken_back(capsys, tmp_path):
    content, truth = quanzhou_rooms()
    path = tmp_path / "rooms.csv"
    path.write_bytes(content)
    before, files = read_study(ROOT / "data"), contents(ROOT / "data")
    got = answer(capsys, "import", path, "--as", "rooms", "--replace")
    assert (got["datum"], got["verdict"]) == ("gcj02", "sure")
    assert (got["new"], got["vanished"], got["held"], got["change"]) == (200, 564, 0, 2)
    assert got["removed"] == {
        "rooms": 564,
        "cases": len(before.frames["cases"]),
        "activities": len(before.frames["activities"]),
    }
    after = read_study(ROOT / "data")
    rooms = after.frames["rooms"].set_index("name")
    east = (rooms.geometry.x - truth["lon"]) * 111_195 * np.cos(np.radians(25))
    north = (rooms.geometry.y - truth["lat"]) * 111_195
    assert np.hypot(east, north).max() < 1.0
    assert not after.frames["rooms"]["basis"].eq("simulated").any()
    assert answer(capsys, "coverage")["demonstration"] is False
    assert after.fingerprint != before.fingerprint
    assert answer(capsys, "register", "undo") == {"undone": 2, "change": 3}
    restored = read_study(ROOT / "data").frames
    for layer in LAYERS:
        assert set(restored[layer].index) == set(before.frames[layer].index)
    assert contents(ROOT / "data") == files


def test_the_first_edit_changes_no_figure(capsys, toy):
    files = answer(capsys, "coverage", "--study", toy)
    open_working(toy, who="甲").close()
    register = answer(capsys, "coverage", "--study", toy)
    assert register.pop("fingerprint") != files.pop("fingerprint")
    assert register == files


def test_a_dry_run_saves_nothing(capsys, toy, listed, home):
    got = answer(capsys, "import", listed, "--study", toy, "--as", "rooms", "--datum", "wgs84",
                 "--dry-run")  # fmt: skip
    assert (got["new"], got["vanished"], got["saved"], got["dry_run"]) == (3, 5, False, True)
    assert got["removed"] == {}
    assert not home.exists()
    assert run(capsys, "register", "history", "--study", toy)[1].startswith("还没有")


def test_merging_keeps_what_the_list_does_not_hold(capsys, toy, listed):
    answer(capsys, "import", listed, "--study", toy, "--as", "rooms", "--datum", "wgs84")
    frames = read_study(toy).frames
    assert len(frames["rooms"]) == 8
    assert len(frames["cases"]) == 5


def test_what_cannot_be_told_is_asked(capsys, toy, listed, home):
    code, out, err = run(capsys, "import", listed, "--study", toy, "--as", "rooms")
    assert (code, out) == (2, "")
    assert "坐标系" in err
    assert "判断：无法判断" in err
    assert "The rows" not in err
    assert not home.exists()


def test_the_report_names_row_column_value_and_remedy(capsys, toy, tmp_path):
    path = tmp_path / "rooms.csv"
    path.write_bytes(csv_bytes(toy_rooms(乡镇=["甲一镇", "无此镇", "乙一镇"])))
    report, mend = tmp_path / "report.xlsx", tmp_path / "mend.xlsx"
    got = answer(capsys, "import", path, "--study", toy, "--as", "rooms", "--datum", "wgs84",
                 "--report", report, "--held-back", mend)  # fmt: skip
    assert (got["accepted"] + got["warning"], got["held"], got["new"]) == (2, 1, 2)
    rows = list(openpyxl.load_workbook(report).worksheets[0].values)
    assert rows[0] == ("行号", "结果", "列", "内容", "问题", "处理办法")
    bad = next(row for row in rows if row[1] == "暂缓")
    assert bad[:4] == (3, "暂缓", "乡镇", "无此镇")
    assert bad[4].startswith("没有名为“无此镇”的行政区划")
    held = list(openpyxl.load_workbook(mend).worksheets[0].values)
    assert held[0][:2] == ("行号", "问题")
    assert held[1][2:4] == ("二号站", "无此镇")
    assert len(held) == 2


def test_mended_rows_come_in_from_the_file_of_rows_held_back(capsys, toy, tmp_path):
    path, mend = tmp_path / "rooms.csv", tmp_path / "mend.xlsx"
    path.write_bytes(csv_bytes(toy_rooms(乡镇=["甲一镇", "无此镇", "乙一镇"])))
    common = ("--study", toy, "--as", "rooms", "--datum", "wgs84")
    answer(capsys, "import", path, *common, "--held-back", mend)
    table = pd.read_excel(io.BytesIO(mend.read_bytes()), engine="openpyxl")
    table["乡镇"] = "甲二镇"
    mend.write_bytes(xlsx_bytes(rows=table))
    got = answer(capsys, "import", mend, *common)
    assert (got["held"], got["new"]) == (0, 1)


def test_a_list_held_back_whole_is_an_error(capsys, toy, tmp_path, home):
    path, report = tmp_path / "rooms.csv", tmp_path / "report.csv"
    path.write_bytes(csv_bytes(toy_rooms(乡镇="无此镇")))
    code, out, err = run(capsys, "import", path, "--study", toy, "--as", "rooms", "--datum",
                         "wgs84", "--report", report, "--lang", "en")  # fmt: skip
    assert (code, out) == (2, "")
    assert "all 3 row(s) are held back" in err
    assert " Row 2, " in err
    assert report.read_text("utf-8-sig").count("held back") == 3
    assert not home.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--report", "x.pdf"), "a report is written as"),
        (("--map", "name"), "--map name"),
        (("--map", "name=没有"), "没有"),
        (("--layer", "x"), "--layer"),
    ],
)
def test_what_the_command_does_not_understand(capsys, toy, listed, words, code):
    got, out, err = run(capsys, "import", listed, "--study", toy, "--as", "rooms", "--datum",
                        "wgs84", *words, "--lang", "en")  # fmt: skip
    assert (got, out) == (2, "")
    assert code in err


def test_sheets_are_asked_for_and_mappings_are_kept(capsys, toy, tmp_path):
    table = toy_rooms().rename(columns={"名称": "甲", "乡镇": "乙", "类型": "丙"})
    path = tmp_path / "book.xlsx"
    path.write_bytes(xlsx_bytes(one=table, two=table.tail(1)))
    common = ("import", path, "--study", toy, "--as", "rooms", "--datum", "wgs84")
    code, _, err = run(capsys, *common, "--lang", "en")
    assert code == 2
    assert "one, two" in err
    named = ("--map", "name=甲", "--map", "township=乙", "--map", "kind=丙")
    assert answer(capsys, *common, "--layer", "two", *named)["new"] == 1
    assert answer(capsys, *common, "--layer", "one")["new"] == 2


@pytest.mark.parametrize(
    "file",
    ["rooms.csv", "rooms.xlsx", "rooms.geojson", "rooms.gpkg", "cases.csv", "cases.xlsx",
     "activities.csv", "activities.xlsx", "sites.csv", "sites.xlsx", "sites.geojson", "sites.gpkg"],
)  # fmt: skip
def test_what_was_exported_comes_back_the_same(capsys, toy, tmp_path, file):
    path, table = tmp_path / file, file.partition(".")[0]
    open_working(toy, who="甲").close()
    before = read_study(toy).frames
    answer(capsys, "register", "export", "--study", toy, "--table", table, "--out", path)
    datum = () if table == "activities" else ("--datum", "wgs84")
    got = answer(capsys, "import", path, "--study", toy, "--as", table, *datum, "--replace")
    assert (got["new"], got["changed"], got["vanished"], got["held"]) == (0, 0, 0, 0)
    assert (got["saved"], got["same"]) == (False, len(before[table]))
    after = read_study(toy).frames
    assert_frame_equal(pd.DataFrame(after[table]), pd.DataFrame(before[table]))


def test_points_of_cases_never_leave(capsys, toy, tmp_path):
    code, _, err = run(capsys, "register", "export", "--study", toy, "--table", "cases", "--out",
                       tmp_path / "cases.gpkg")  # fmt: skip
    assert (code, "没有图形" in err) == (2, True)
    answer(capsys, "register", "export", "--study", toy, "--table", "cases", "--out",
           tmp_path / "cases.csv")  # fmt: skip
    heading = (tmp_path / "cases.csv").read_text("utf-8-sig").splitlines()[0]
    assert not {"lon", "lat", "geometry"} & set(heading.split(","))
    open_working(toy, who="甲").close()
    made = answer(capsys, "register", "history", "--study", toy, "--table", "cases")
    assert len(made) == 5
    assert not any("geometry" in row["after"] for row in made)


def test_own_columns_of_a_study_survive_the_round_trip(capsys, tmp_path):
    frames = toy_frames()
    frames["rooms"]["serves_also"] = ["v1;v2", None, None, None, None]
    frames["rooms"]["desks"] = [4.0, 2.0, np.nan, 1.0, 3.0]
    toy = write_study(tmp_path / "own", frames)
    path = tmp_path / "rooms.csv"
    answer(capsys, "register", "export", "--study", toy, "--out", path)
    text = path.read_text("utf-8-sig").replace("甲一镇室", "新名室")
    path.write_text(text, encoding="utf-8")
    answer(capsys, "import", path, "--study", toy, "--as", "rooms", "--datum", "wgs84")
    room = read_study(toy).frames["rooms"].loc["r1"]
    assert (room["name"], room["serves_also"], room["desks"]) == ("新名室", "v1;v2", "4.0")


def test_history_of_one_row(capsys, toy):
    with open_working(toy, who="甲") as register:
        register.edit("rooms", "r1", {"name": "改名"}, version=1, who="乙")
    (edited, made) = answer(capsys, "register", "history", "--study", toy, "--row", "r1")
    assert (edited["who"], edited["action"]) == ("乙", "edit")
    assert (edited["before"], edited["after"]) == ({"name": "甲一镇室"}, {"name": "改名"})
    assert made["action"] == "create"
    shown = run(capsys, "register", "history", "--study", toy, "--last", 1)[1]
    assert "名称 甲一镇室" in shown
    assert "名称 改名" in shown


def test_a_lost_register_comes_back_from_its_backup(capsys, toy, tmp_path):
    with open_working(toy, who="甲") as register:
        register.edit("rooms", "r1", {"name": "改名"}, version=1, who="乙")
    copy = tmp_path / "copy.gpkg"
    answer(capsys, "register", "backup", copy, "--study", toy)
    target = Path(register_target(toy, read_settings(toy)))
    with open_working(toy, who="甲") as register:
        register.edit("rooms", "r1", {"name": "又改"}, version=2, who="乙")
    assert answer(capsys, "register", "restore", copy, "--study", toy)["made"] is False
    assert read_study(toy).frames["rooms"].at["r1", "name"] == "改名"
    target.unlink()
    assert answer(capsys, "register", "restore", copy, "--study", toy)["made"] is True
    assert read_study(toy).frames["rooms"].at["r1", "name"] == "改名"
    assert len(answer(capsys, "register", "history", "--study", toy, "--row", "r1")) == 2


@pytest.mark.parametrize("action", [("undo",), ("backup", "x.gpkg")])
def test_without_a_register_there_is_nothing_to_undo(capsys, toy, action):
    code, out, err = run(capsys, "register", *action, "--study", toy)
    assert (code, out) == (2, "")
    assert "还没有名册" in err


def test_an_import_older_than_an_edit_is_refused(toy):
    open_working(toy, who="甲").close()
    tables = read_study(toy)
    with open_working(toy, who="乙") as register:
        register.edit("rooms", "r1", {"name": "改名"}, version=1, who="乙")
    with pytest.raises(ConflictError, match="乙"):
        import_rows(
            tables.register,
            "rooms",
            tables.frames["rooms"],
            who="甲",
            label="old.csv",
            units=tables.frames["units"],
            based_on=tables.change,
        )
    assert read_study(toy).frames["rooms"].at["r1", "name"] == "改名"


def test_real_cases_keep_their_rooms(capsys, toy, listed):
    with open_working(toy, who="甲") as register:
        register.edit("cases", "c1", {"basis": "reported"}, version=1, who="甲")
    code, out, err = run(capsys, "import", listed, "--study", toy, "--as", "rooms", "--datum",
                         "wgs84", "--replace")  # fmt: skip
    assert (code, out) == (2, "")
    assert "r1" in err
    assert len(read_study(toy).frames["rooms"]) == 5


def test_new_units_become_known_to_the_register(capsys, toy, tmp_path):
    open_working(toy, who="甲").close()
    path = toy / "units.geojson"
    units = json.loads(path.read_text("utf-8"))
    fresh = {**units["features"][-1]["properties"], "unit_id": "v9", "name": "九村"}
    units["features"].append({"type": "Feature", "properties": fresh, "geometry": None})
    path.write_text(json.dumps(units), encoding="utf-8")
    table = toy_rooms().head(1).assign(乡镇="甲二镇", 村="九村", 类型="村")
    sent = tmp_path / "rooms.csv"
    sent.write_bytes(csv_bytes(table))
    answer(capsys, "import", sent, "--study", toy, "--as", "rooms", "--datum", "wgs84")
    assert "v9" in set(read_study(toy).frames["rooms"]["serves_unit_id"])


def test_where_a_register_lives(toy, tmp_path, monkeypatch, home):
    assert register_target(toy, {}) == str(study_home(toy) / "register.gpkg")
    assert study_home(toy).parent == home
    assert study_home(toy) != study_home(tmp_path / "other" / "toy")
    inside = register_target(toy, {"register": "own.gpkg"})
    assert inside == str(toy / "own.gpkg")
    with pytest.raises(ValueError, match="outside"):
        register_target(toy, {"register": "../own.gpkg"})
    monkeypatch.setenv("ROOMPLAN_REGISTER", "postgresql://me@server/rooms")
    assert register_target(toy, {"register": "own.gpkg"}) == "postgresql://me@server/rooms"
    monkeypatch.setenv("ROOMPLAN_REGISTER", str(tmp_path / "shared.gpkg"))
    open_working(toy, who="甲").close()
    assert read_study(toy).register == str(tmp_path / "shared.gpkg")


def test_a_damaged_register_is_said_in_words(capsys, toy):
    open_working(toy, who="甲").close()
    target = Path(register_target(toy, read_settings(toy)))
    with open_register(str(target)) as register:
        register.last_change()
    target.write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    for beside in target.parent.glob("register.gpkg-*"):
        beside.unlink()
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(target).execute("PRAGMA integrity_check").fetchall()
    code, out, err = run(capsys, "coverage", "--study", toy)
    assert (code, out) == (2, "")
    assert "register.gpkg" in err


def test_a_second_city_from_its_files(capsys, tmp_path):
    shapes = [box(117.9, 24.4, 118.1, 24.6), box(118.1, 24.4, 118.3, 24.6)]
    codes, names = ["990201", "990202"], ["东县", "西区"]
    frame = gpd.GeoDataFrame({"区划代码": codes, "名称": names}, geometry=shapes, crs=4490)
    frame.to_file(tmp_path / "counties.gpkg")
    (tmp_path / "people.csv").write_bytes(
        csv_bytes(pd.DataFrame({"名称": names, "人口": [30_000, 20_000]}))
    )
    made = answer(capsys, "study", "new", tmp_path / "second", "--name", "第二市", "--boundaries",
                  tmp_path / "counties.gpkg", "--population", tmp_path / "people.csv")  # fmt: skip
    assert (made["units"], made["people"], made["held"]) == (3, 50_000, 0)
    rooms = pd.DataFrame(
        {"名称": ["东室"], "县": ["东县"], "类型": ["hub"], "经度": [118.0], "纬度": [24.5]}
    )
    (tmp_path / "rooms.csv").write_bytes(csv_bytes(rooms))
    study = ("--study", tmp_path / "second")
    answer(capsys, "import", tmp_path / "rooms.csv", *study, "--as", "rooms", "--datum", "wgs84")
    got = answer(capsys, "coverage", *study)
    assert (got["rooms"], got["people"], got["demonstration"]) == (1, 50_000, False)
    assert 0 < got["people_covered"] < 50_000
    code, _, err = run(capsys, "study", "new", tmp_path / "second", "--name", "x", "--boundaries",
                       tmp_path / "counties.gpkg", "--lang", "en")  # fmt: skip
    assert (code, "folder of its own" in err) == (2, True)


def test_official_outlines_take_the_place_of_approximate_ones(capsys, toy, tmp_path):
    frame = gpd.GeoDataFrame(
        {"乡镇名称": ["甲县甲一镇", "无名镇"]},
        geometry=[box(118.0, 25.0, 118.04, 25.1), box(118.3, 25.0, 118.4, 25.1)],
        crs=4490,
    )
    frame.to_file(tmp_path / "乡镇.gpkg")
    named = ("import", tmp_path / "乡镇.gpkg", "--study", toy, "--as", "boundaries")
    report = ("--report", tmp_path / "report.csv")
    looked = answer(capsys, *named, "--dry-run", *report)
    assert (looked["accepted"], looked["held"], looked["saved"]) == (1, 1, False)
    assert "编号" not in looked["remarks"][0]["message"]
    assert (tmp_path / "report.csv").exists()
    assert answer(capsys, "register", "outlines", "--study", toy)["own"] is True
    done = answer(capsys, *named)
    assert (done["replaced"], done["kept"], done["unknown"]) == (1, ["A2", "B1"], [])
    assert done["outside"]["rooms"] == 1
    _, told, _ = run(capsys, "register", "outlines", "--study", toy)
    assert "乡镇.gpkg" in told
    assert read_study(toy).frames["units"].geometry["A1"].bounds[2] == pytest.approx(118.04)
    assert answer(capsys, "register", "outlines", "--study", toy, "--remove")["removed"] is True
    assert read_study(toy).frames["units"].geometry["A1"].bounds[2] == pytest.approx(118.1)


def test_a_server_by_its_address_in_the_environment(capsys, toy, listed, monkeypatch, home):
    monkeypatch.setenv("ROOMPLAN_REGISTER", shared_cluster().new_database())
    common = ("--study", toy, "--as", "rooms", "--datum", "wgs84")
    assert len(read_study(toy).frames["rooms"]) == 5
    assert answer(capsys, "import", listed, *common, "--replace")["change"] == 2
    assert len(read_study(toy).frames["rooms"]) == 3
    assert answer(capsys, "register", "undo", "--study", toy)["undone"] == 2
    assert len(read_study(toy).frames["rooms"]) == 5
    assert not list(home.rglob("register.gpkg"))
