"""The command line: what it answers, writes and refuses, on the toy city and on Quanzhou."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

import cli
from terminal_runs import answer, run
from worlds import toy_frames, write_study

ROOT = Path(cli.__file__).parent
DAY = ["--as-of", "2019-05-31"]


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("toy"))


def test_toy_coverage(capsys, toy):
    got = answer(capsys, "coverage", "--study", toy, *DAY)
    assert (got["rooms"], got["counties"], got["townships"]) == (4, 2, 3)
    assert (got["people"], got["people_covered"]) == (2000, 1100)
    assert (got["people_certain"], got["people_possible"]) == (1000, 1200)
    assert [row["people_possible"] for row in got["by_township"]] == [1000, 0, 200]
    assert [row["name"] for row in got["rooms_later"]] == ["三村室"]
    assert got["rooms_later"][0]["opened"] == "2024-01-01"


def test_several_standards_in_one_table(capsys, toy, tmp_path):
    path = tmp_path / "standards.csv"
    given = ["coverage", "--study", toy, *DAY, "--standards"]
    rows = answer(capsys, *given)["standards"]
    city = {row["standard"]: row for row in rows if row["unit_id"] == "C"}
    covered = {name: row["people_covered"] for name, row in city.items()}
    walks = dict.fromkeys(("walk_5", "walk_10", "walk_15"), 1100)
    assert covered == {"own": 1100, **walks, "own_township": 1700}
    assert run(capsys, *given, "--out", path)[0] == 0
    table = pd.read_csv(path)
    assert table["服务标准"].unique().tolist()[:2] == ["当前标准", "步行 5 分钟"]
    assert len(table) == len(rows) == 15


def test_one_limit_for_all(capsys, toy):
    got = answer(capsys, "coverage", "--study", toy, *DAY, "--limit", 3000)
    assert got["people_covered"] == 1600


def test_toy_sites(capsys, toy):
    one = answer(capsys, "site", "--study", toy, *DAY, "--new", 1)
    assert (one["before"], one["value"], one["bound"], one["gap"]) == (1100, 1600, 1600, 0)
    assert [row["site_id"] for row in one["sites"]] == ["s1"]
    two = answer(capsys, "site", "--study", toy, *DAY, "--new", 2, "--kinds", "campus,village")
    assert [row["site_id"] for row in two["sites"]] == ["s2", "s4"]
    assert [row["people_in_order"] for row in two["sites"]] == [300, 100]
    assert two["gained_modelled_share"] == pytest.approx(0.25)


def test_toy_sites_in_stages_and_of_a_size(capsys, toy):
    got = answer(capsys, "site", "--study", toy, *DAY, "--new", 3, "--stages", 2)
    assert [(row["stage"], row["n_new"], row["price"]) for row in got["stages"]] == [
        (1, 2, 0),
        (2, 3, 0),
    ]
    assert {row["site_id"]: row["stage"] for row in got["sites"]} == {"s1": 1, "s2": 1, "s4": 2}
    got = answer(capsys, "site", "--study", toy, *DAY, "--new", 1, "--capacity", 200)
    assert (got["value"], got["gained"]) == (1300, 200)


@pytest.mark.parametrize(
    ("options", "sites"),
    [
        (["--require", "s4"], ["s4"]),
        (["--forbid", "s1,s4"], ["s2"]),
        (["--quota", "campus=1-"], ["s2"]),
        (["--quota", "B=1-1", "--quota", "village=0-2"], ["s4"]),
        (["--objective", "median"], ["s2"]),
        (["--objective", "cover_all", "--share", 0.8], ["s1"]),
        (
            ["--budget", 1, "--cost", "village=1", "--cost", "campus=2", "--cost", "community=3"],
            ["s4"],
        ),
    ],
)
def test_demands_on_a_plan(capsys, toy, options, sites):
    got = answer(capsys, "site", "--study", toy, *DAY, "--new", 1, *options)
    assert [row["site_id"] for row in got["sites"]] == sites


def test_sites_without_a_point_are_listed_and_never_chosen(capsys, toy):
    got = answer(capsys, "site", "--study", toy, *DAY, "--new", 3)
    assert got["unplaced"] == ["乙园区"]
    code, _, err = run(capsys, "site", "--study", toy, "--kinds", "park", "--new", 1)
    assert code == 3
    assert "Traceback" not in err
    assert err.strip()


def test_toy_clusters(capsys, toy):
    got = answer(capsys, "cases", "--study", toy, *DAY, "--radius", 100, "--min-cases", 3)
    assert [row["n"] for row in got["clusters"]] == [3]
    assert got["unlocated"] == 1
    assert "geometry" not in got["clusters"][0]


def test_small_counts_of_cases_leave_no_file(capsys, toy, tmp_path):
    path = tmp_path / "gaps.csv"
    assert run(capsys, "gaps", "--study", toy, *DAY, "--out", path)[0] == 0
    table = pd.read_csv(path, dtype=str)
    assert table["未办结（件）"].tolist() == ["<3", "0", "0"]
    assert table["民情（件）"].tolist() == ["3", "0", "0"]
    got = answer(capsys, "gaps", "--study", toy, *DAY)
    assert [row["cases_open"] for row in got["gaps"]] == [None, 0, 0]


def test_the_gap_list_as_a_spreadsheet(capsys, toy, tmp_path):
    path = tmp_path / "gaps.xlsx"
    assert run(capsys, "gaps", "--study", toy, *DAY, "--out", path)[0] == 0
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert heads[:5] == ["序号", "县（市、区）", "乡镇（街道）", "名称", "范围外人口"]
    assert {"点位依据", "最近活动室依据", "原因"} <= set(heads)
    reasons = [row[heads.index("原因")].value for row in sheet.iter_rows(min_row=2)]
    assert "甲一镇室" in reasons[0]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    notes = [cell.value for cell in book.worksheets[1]["A"]]
    assert any("2019-05-31" in line for line in notes)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".geojson", ".gpkg"])
def test_gaps_since_an_earlier_list(capsys, toy, tmp_path, ending, lang):
    path = tmp_path / f"march{ending}"
    narrow = ["--limit", 100, "--lang", lang, "--out", path]
    assert run(capsys, "gaps", "--study", toy, *DAY, *narrow)[0] == 0
    got = answer(capsys, "gaps", "--study", toy, *DAY, "--limit", 3000, "--since", path)
    counts = {"new": 0, "open": 2, "closed": 1, "gone": 0}
    assert got["since"] == {"file": path.name, **counts}
    rows = {row["gap_id"]: row for row in got["gaps"]}
    assert {key: row["change"] for key, row in rows.items()} == {
        **{"v3": "open", "B1": "open", "v2": "closed"},
    }
    assert rows["v2"]["people_before"] == 500
    code, out, err = run(capsys, "gaps", "--study", toy, *DAY, "--since", path, "--limit", 3000)
    assert code == 0
    assert "已解决 1 处" in err
    assert "已解决" in out


def test_ids_that_a_spreadsheet_program_rounded_are_refused(capsys, toy, tmp_path):
    path = tmp_path / "old.csv"
    path.write_text("缺口编号,名称\n3.50502E+11,一村\n", encoding="utf-8")
    code, out, err = run(capsys, "gaps", "--study", toy, "--since", path)
    assert (code, out) == (2, "")
    assert "3.50502E+11" in err


@pytest.mark.parametrize("command", ["coverage", "compare", "site", "gaps"])
@pytest.mark.parametrize("ending", [".geojson", ".gpkg"])
def test_lists_open_as_maps(capsys, toy, tmp_path, command, ending):
    path = tmp_path / f"list{ending}"
    extra = ["--new", 2] if command == "site" else []
    assert run(capsys, command, "--study", toy, *DAY, *extra, "--out", path)[0] == 0
    back = gpd.read_file(path)
    assert len(back) > 0
    assert back.geometry.notna().any()
    assert back.crs.equals("EPSG:4326")


def test_an_evil_name_is_text_in_every_format(capsys, tmp_path):
    frames = toy_frames()
    frames["units"].loc["v2", "name"] = '=HYPERLINK("http://x")<img src=x onerror=alert(1)>'
    folder = write_study(tmp_path / "study", frames)
    for ending in (".csv", ".xlsx"):
        path = tmp_path / f"gaps{ending}"
        assert run(capsys, "gaps", "--study", folder, *DAY, "--out", path)[0] == 0
    assert "'=HYPERLINK" in (tmp_path / "gaps.csv").read_text("utf-8-sig")
    cells = openpyxl.load_workbook(tmp_path / "gaps.xlsx").worksheets[0]["D"]
    assert [c.data_type for c in cells] == ["s"] * len(cells)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["coverage", "--as-of", "31.5.2019"], 2, "2019-05-31"),
        (["coverage", "--study", "/nowhere"], 2, "study.toml"),
        (["coverage", "--limit", "0"], 2, "limit_urban_m"),
        (["coverage", "--limit", "nan"], 2, "limit_urban_m"),
        (["site", "--new", "0"], 2, "n_new"),
        (["site", "--new", "many"], 2, "--new"),
        (["site", "--kinds", "castle"], 2, "castle"),
        (["site", "--quota", "campus"], 2, "campus=1-3"),
        (["site", "--cost", "village=dear"], 2, "village=20"),
        (["site", "--require", "s9"], 2, "s9"),
        (["site", "--new", "1", "--quota", "campus=2-"], 3, "2"),
        (["site", "--new", "1", "--stages", "-1"], 2, "-1"),
        (["gaps", "--out", "gaps.pdf"], 2, ".xlsx"),
        (["gaps", "--out", "/nowhere/gaps.csv"], 2, "/nowhere"),
        (["gaps", "--since", "/nowhere/old.csv"], 2, "old.csv"),
        (["gaps", "--since", str(ROOT / "data/rooms/rooms.csv")], 2, "rooms.csv"),
        (["map"], 2, ".html"),
        (["fly"], 2, "fly"),
        ([], 2, "command"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_bad_use_is_one_paragraph_and_a_code(capsys, toy, arguments, code, says, lang):
    given = [*arguments]
    if given and "--study" not in given and given[0] in cli.COMMANDS:
        given += ["--study", str(toy)]
    if given and given[0] in cli.COMMANDS:
        given += ["--lang", lang]
    got, out, err = run(capsys, *given)
    assert (got, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_bad_study_names_file_column_count_and_ids(capsys, tmp_path):
    folder = write_study(tmp_path)
    path = folder / "rooms.csv"
    path.write_text(path.read_text("utf-8").replace("\nr2,", "\nr1,"), encoding="utf-8")
    for lang in ("zh", "en"):
        code, out, err = run(capsys, "gaps", "--study", folder, "--lang", lang)
        assert (code, out) == (2, "")
        for word in ("rooms.csv", "room_id", "r1", "1"):
            assert word in err


@pytest.fixture(scope="module")
def quanzhou():
    command = [sys.executable, str(ROOT / "cli.py"), "coverage", "--json"]
    run = subprocess.run([*command, *DAY], capture_output=True, check=True, cwd="/")
    return json.loads(run.stdout)


def test_the_figures_of_the_report(quanzhou):
    assert quanzhou["rooms"] == 559
    assert quanzhou["counties"] == 11
    assert quanzhou["townships"] == 164
    assert quanzhou["people"] == 8_782_285
    by_name = {row["name"]: row for row in quanzhou["by_county"]}
    assert by_name["南安市"]["rooms"] == 76
    assert by_name["丰泽区"]["rooms"] == 25
    assert len(quanzhou["rooms_later"]) == 5


def test_counties_and_townships_add_up_to_the_city(quanzhou):
    for level in ("by_county", "by_township"):
        for column in ("people", "people_covered", "people_uncovered"):
            total = sum(row[column] for row in quanzhou[level])
            assert total == pytest.approx(quanzhou["city"][column], abs=1e-6)
    assert sum(row["rooms"] for row in quanzhou["by_county"]) == quanzhou["rooms"]


def test_each_figure_says_how_much_is_modelled(quanzhou):
    for row in [*quanzhou["by_county"], quanzhou["city"]]:
        assert 0 <= row["modelled_share"] <= 1
        assert 0 <= row["covered_modelled_share"] <= 1
        known = ("rooms_reported", "rooms_derived", "rooms_simulated", "rooms_register")
        assert sum(row[name] for name in known) == row["rooms"]


def test_later_rooms_are_named_when_no_day_is_given(capsys):
    got = answer(capsys, "coverage")
    assert got["rooms"] == 564
    assert len(got["rooms_since"]["rooms"]) == 5
    assert all(row["name"] for row in got["rooms_since"]["rooms"])


def test_fifteen_proven_sites(capsys):
    got = answer(capsys, "site", "--new", 15, "--limit", 3000)
    assert len(got["sites"]) == 15
    assert got["gap"] == 0
    assert got["bound"] == pytest.approx(got["value"])
    assert got["value"] == pytest.approx(got["before"] + got["gained"])
    gained = sum(row["people_in_order"] for row in got["sites"])
    assert gained == pytest.approx(got["gained"])


def test_the_map_is_one_page_that_asks_for_nothing(capsys, tmp_path):
    path = tmp_path / "map.html"
    assert run(capsys, "map", "--out", path)[0] == 0
    page = path.read_text("utf-8")
    assert "default-src 'none'" in page
    assert "泉州" in page


def test_a_spreadsheet_of_the_whole_city(capsys, tmp_path):
    path = tmp_path / "gaps.xlsx"
    assert run(capsys, "gaps", "--out", path)[0] == 0
    table = pd.read_excel(path, sheet_name=0, engine="openpyxl")
    assert table["序号"].tolist() == list(range(1, len(table) + 1))
    assert table["原因"].str.len().min() > 10
    assert not (table.select_dtypes("str") == "nan").any(axis=None)


def test_rules_and_minutes_change_what_is_within_reach(capsys):
    def covered(*arguments):
        assert cli.main(["coverage", "--json", "--as-of", "2019-05-31", *arguments]) == 0
        answer = json.loads(capsys.readouterr().out)
        return answer["people_covered"], answer

    own, _ = covered()
    walked, said = covered("--minutes", "15")
    assert walked < own
    assert (said["minutes"], said["mode"]) == (15, "walk")
    assert walked < covered("--minutes", "15", "--mode", "ebike")[0]
    assert covered("--measure", "way")[0] < own
    whole, said = covered("--rule", "level=township,limit=whole")
    assert whole == said["people"]
    assert said["rules"] == ["level=township,limit=whole"]
    assert cli.main(["coverage", "--rule", "kind=castle,limit=1m"]) == 2
    assert "kind=castle" in capsys.readouterr().err


@pytest.mark.parametrize("view", ["groups", "villages", "audit", "catchments", "standards"])
def test_further_views_of_coverage(view, capsys, tmp_path):
    out = tmp_path / "view.csv"
    assert cli.main(["coverage", f"--{view}", "--json", "--out", str(out)]) == 0
    rows = json.loads(capsys.readouterr().out)[view]
    assert len(rows) == len(pd.read_csv(out, encoding="utf-8-sig")) > 10


def test_the_gap_list_can_be_cut_down(capsys):
    def gaps(*arguments):
        assert cli.main(["gaps", "--json", *arguments]) == 0
        return json.loads(capsys.readouterr().out)["gaps"]

    every = gaps()
    named = gaps("--county", "\u5fb7\u5316\u53bf")
    assert 0 < len(named) < len(every)
    assert {row["county_id"] for row in named} == {"350526"}
    assert gaps("--county", "350526") == named
    assert {row["location_basis"] for row in gaps("--basis", "modelled")} == {"modelled"}
    assert cli.main(["gaps", "--township", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
