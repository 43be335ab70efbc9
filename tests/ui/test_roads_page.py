"""Roads through both doors: a file in, what it holds in words, in force everywhere, and away."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import LineString, Point
from streamlit.testing.v1 import AppTest

import cli
import data_pages
from analysis.journey import survey
from analysis.scenario import Study, scenario_of
from data_pages import said, sound
from geo.read import read_settings, read_study
from geo.roads_kept import drop_roads
from geo.working_copy import open_working
from ui import cached
from ui.roads_words import OSM
from ui.wording import words
from worlds import A, write_study

page = partial(data_pages.page, part="roads")
ROOT = Path(cli.__file__).parent
ZH, EN = words("zh"), words("en")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))
    folder = write_study(tmp_path / "toy")
    monkeypatch.setenv("ROOMPLAN_STUDY", str(folder))
    return folder


def lines(*extra, crs="EPSG:4326", **columns) -> gpd.GeoDataFrame:
    """Return one road through county A, with d1, d2 and r1 on it, and what else is asked for."""
    shapes = [LineString([(A, 25.04), (A, 25.05), (A, 25.06)]), *extra]
    table = {"highway": ["residential"] * len(shapes), **columns}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=crs)


def file_of(tmp_path, frame, name="道路.geojson") -> Path:
    frame.to_file(tmp_path / name)
    return tmp_path / name


def run(capsys, *arguments) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_in_force_and_away_by_the_command_line(toy, tmp_path, capsys):
    before = read_study(toy)
    path = file_of(tmp_path, lines())
    code, out, _ = run(capsys, "import", path, "--as", "roads", "--study", toy, "--dry-run")
    assert code == 0
    assert "2 千米道路（12 段）" in out
    # Of the four rooms that have a point r1 stands on the road, and d1 and d2 of the people.
    assert "25.0% 的活动室、75.0% 的人口" in out
    assert read_study(toy).roads is None
    code, out, _ = run(
        capsys, "import", path, "--as", "roads", "--study", toy, "--who", "王芳",
        "--attribution", "市测绘院", "--json",
    )  # fmt: skip
    told = json.loads(out)
    assert (told["kilometres"], told["pieces"], told["connected_share"]) == (2.2, 12, 1.0)
    assert (told["saved"], told["attribution"]) == (True, "市测绘院")
    after = read_study(toy)
    assert after.roads is not None
    assert after.fingerprint != before.fingerprint
    _, out, _ = run(capsys, "register", "roads", "--study", toy)
    assert "现用道路：“道路.geojson”" in out
    assert "王芳" in out
    assert "市测绘院" in out
    _, out, _ = run(capsys, "register", "roads", "--study", toy, "--remove", "--lang", "en")
    assert EN("roads.removed") in out
    assert EN("roads.own") in out
    assert read_study(toy).fingerprint == before.fingerprint
    assert not list((tmp_path / "home").rglob("roads*"))


def test_what_comes_from_openstreetmap_names_it_wherever_it_counts(toy, tmp_path, capsys):
    path = file_of(tmp_path, lines(osm_id=["1"]), "roads.gpkg")
    _, out, _ = run(capsys, "import", path, "--as", "roads", "--study", toy)
    assert OSM in out
    assert cli.main(["gaps", "--study", str(toy), "--out", str(tmp_path / "gaps.xlsx")]) == 0
    sheets = pd.read_excel(
        tmp_path / "gaps.xlsx", sheet_name=None, header=None, engine="calamine"
    ).values()
    told = "\n".join(str(cell) for sheet in sheets for cell in sheet.to_numpy().ravel())
    assert "现用道路：“roads.gpkg”；2 千米道路（12 段）" in told
    assert OSM in told


def test_heights_slow_the_walk(toy, tmp_path, capsys):
    slope = np.tile(np.linspace(0, 1000, 40, dtype="float32")[:, None], (1, 3))
    place = {"crs": "EPSG:4326", "transform": from_origin(A - 0.015, 25.07, 0.01, 0.001)}
    shape = {"height": 40, "width": 3, "count": 1, "dtype": "float32"}
    with rasterio.open(tmp_path / "dem.tif", "w", driver="GTiff", **shape, **place) as target:
        target.write(slope, 1)
    path, minutes = file_of(tmp_path, lines()), []
    for more in ((), ("--heights", tmp_path / "dem.tif")):
        run(capsys, "import", path, "--as", "roads", "--study", toy, *more)
        study = Study.of(read_study(toy))
        minutes.append(survey(study, scenario_of(study)).coverage.way_min["d2"])
    assert minutes[0] == pytest.approx(1.11195 / 4 * 60, rel=1e-3)  # 16.7 minutes on the level
    assert minutes[1] > 1.5 * minutes[0]  # 285 m up in 1.1 km
    _, out, _ = run(capsys, "register", "roads", "--study", toy)
    assert ZH("roads.heights_used") in out


FAR = lines().translate(10)
APART = [LineString([(A, 25 + n / 100), (A + 0.001, 25 + n / 100)]) for n in range(8)]


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (gpd.GeoDataFrame(geometry=[Point(A, 25.05)], crs=4326), (), "没有可通行的线"),
        (gpd.GeoDataFrame(geometry=APART, crs=4326), (), "彼此连通"),
        (gpd.GeoDataFrame(geometry=FAR, crs=4326), (), "可能不是本市的道路"),
        (lines(crs=None), (), "未注明坐标系"),
        (lines().assign(highway="motorway"), (), "没有一段对出行方式"),
        (lines(), ("--class-column", "等级"), "没有名为“等级”的列"),
        (lines(), ("--datum", "mars"), "mars"),
        (lines(), ("--heights", "gpkg"), "不是 TIFF"),
    ],
)
def test_broken_files_are_refused_in_chinese_and_change_nothing(
    toy, tmp_path, capsys, frame, options, said
):
    path = file_of(tmp_path, frame, "roads.gpkg")
    options = [path if option == "gpkg" else option for option in options]
    code, out, err = run(capsys, "import", path, "--as", "roads", "--study", toy, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert read_study(toy).roads is None


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"\0\0\0\x0d\n\tOSMHeader and no more"])
def test_files_of_other_kinds_are_refused(toy, tmp_path, capsys, content):
    (tmp_path / "roads.pbf").write_bytes(content)
    path = tmp_path / "roads.pbf"
    code, _, err = run(capsys, "import", path, "--as", "roads", "--study", toy)
    assert code == 2
    assert "roads.pbf" in err
    code, _, err = run(capsys, "import", tmp_path / "none", "--as", "roads", "--study", toy)
    assert code == 2


def odd_lines():
    """Return the road with one line of every kind that is set aside or guessed."""
    here = [(A, 25.05), (A, 25.051)]
    odd = [
        ("primary", "900", LineString([(A, 25.05), (A, 25.05)])),
        ("primary", "-4", LineString(here)),
        ("proposed", None, LineString(here)),
        ("月球路", None, LineString([(A, 25.06), (A + 0.001, 25.06)])),
        ("residential", None, LineString([(A + 0.02, 25.05), (A + 0.02, 25.051)])),
        ("residential", None, None),
    ]
    names, speeds, shapes = zip(*odd, strict=True)
    return lines(*shapes, maxspeed=["50", *speeds]).assign(highway=["residential", *names])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_set_aside_is_counted_in_words(toy, tmp_path, capsys, lang):
    path = file_of(tmp_path, odd_lines(), "roads.gpkg")
    arguments = ("import", path, "--as", "roads", "--study", toy, "--lang", lang)
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    for line in {
        "zh": ["1 条线的道路等级未知", "2 个车速", "1 条线不能通行", "1 行没有线", "1 段长度为零",
               "2 个节点与主路网不连通"],
        "en": ["1 line(s) of unknown class", "2 speed(s)", "1 line(s) nobody", "1 row(s) without",
               "1 piece(s) of no length", "2 node(s)"],
    }[lang]:  # fmt: skip
        assert line in out
    code, out, _ = run(capsys, *arguments, "--json")
    assert {note["code"] for note in json.loads(out)["warnings"]} == {
        f"roads.{kind}"
        for kind in (
            "unknown_class", "absurd_speed", "not_roads", "not_lines", "zero_length", "cut_off",
        )
    }  # fmt: skip


def uploader(test: AppTest):
    return next(box for box in test.file_uploader if "heights" not in box.key)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_at_first_there_are_none(toy, lang):
    assert words(lang)("roads.own") in said(page(lang=lang))


def test_from_upload_to_in_force_and_away(toy, tmp_path):
    content = file_of(tmp_path, odd_lines(), "roads.gpkg").read_bytes()
    test = sound(uploader(page()).upload("我的道路.gpkg", content).run())
    assert "我的道路.gpkg：" in said(test)
    assert "75.0% 的人口" in said(test)
    assert "1 段长度为零" in said(test)
    test.text_input(key=next(t.key for t in test.text_input if "attribution" in t.key)).set_value(
        "市测绘院"
    )
    test = sound(test.button(key="roads_accept").click().run())
    assert ZH("roads.accepted") in said(test)
    assert "现用道路：“我的道路.gpkg”" in said(test)
    assert "市测绘院" in said(test)
    assert cached.load(toy).roads is not None
    test = sound(test.button(key="roads_remove").click().run())
    assert ZH("roads.removed") in said(test)
    assert cached.load(toy).roads is None


def test_a_broken_upload_is_named_on_the_page(toy):
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test = sound(test.run())
    test = sound(test.switch_page("ui/pages/data.py").run())
    part = next(r for r in test.radio if r.key.startswith("w_part"))
    test = sound(part.set_value("roads").run())
    test = sound(uploader(test).upload("路.gpkg", b"SQLite format 3\0 and no more").run())
    assert any("路.gpkg：道路文件已损坏或格式不符" in error.value for error in test.error)


def test_caches_see_roads_come_and_go(toy, tmp_path, capsys):
    """The roads lie outside the study's folder, and nothing in it changes."""
    scenario = scenario_of(cached.load(toy), measure="way", limit_urban_m=1200.0)
    none = cached.survey(cached.load(toy), scenario)
    run(capsys, "import", file_of(tmp_path, lines()), "--as", "roads", "--study", toy)
    some = cached.survey(cached.load(toy), scenario)
    assert (none.coverage.covered["d2"], some.coverage.covered["d2"]) == (False, True)
    assert some.coverage.certain["d2"]
    longer = lines(LineString([(A, 25.06), (A, 25.07)]))
    run(capsys, "import", file_of(tmp_path, longer), "--as", "roads", "--study", toy)
    assert cached.load(toy).fingerprint != some.study.fingerprint
    drop_roads(toy, read_settings(toy))
    assert not cached.survey(cached.load(toy), scenario).coverage.covered["d2"]


def test_an_edit_of_a_room_keeps_what_was_searched(toy, tmp_path, capsys):
    run(capsys, "import", file_of(tmp_path, lines()), "--as", "roads", "--study", toy)
    before = cached.load(toy)
    with open_working(toy, who="王芳") as register:
        moved = {"geometry": Point(A, 25.055)}
        register.edit("rooms", "r1", moved, version=1, who="王芳")
    after = cached.load(toy)
    assert after.fingerprint != before.fingerprint
    assert after.rooms.geometry["r1"].y == 25.055
    assert after.roads is before.roads
    longer = lines(LineString([(A, 25.06), (A, 25.07)]))
    run(capsys, "import", file_of(tmp_path, longer), "--as", "roads", "--study", toy)
    assert cached.load(toy).roads is not before.roads


def test_roads_that_were_damaged_afterwards_are_an_error_with_a_way_out(toy, tmp_path, capsys):
    run(capsys, "import", file_of(tmp_path, lines()), "--as", "roads", "--study", toy)
    stored = next((tmp_path / "home").rglob("roads-*.npz"))
    stored.write_bytes(b"not what it was")
    code, _, err = run(capsys, "coverage", "--study", toy)
    assert code == 2
    assert "register roads --remove" in err
    next((tmp_path / "home").rglob("roads.json")).write_text("{")
    code, _, err = run(capsys, "coverage", "--study", toy)
    assert code == 2
    assert "register roads --remove" in err
    code, out, _ = run(capsys, "register", "roads", "--study", toy, "--remove")
    assert code == 0
    assert ZH("roads.own") in out
