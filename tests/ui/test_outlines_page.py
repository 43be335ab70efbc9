"""The boundaries part of the Data page: told beforehand, in force everywhere, taken back."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, box
from streamlit.testing.v1 import AppTest

import cli
import data_pages
from analysis.journey import Survey, survey
from analysis.scenario import Study, scenario_of
from data_pages import said, sound
from geo.outlines import SETTING
from geo.read import read_study
from ui import cached
from ui.data_map import outlines_map
from ui.outlines_words import in_force
from ui.report import notes
from ui.views import overview
from ui.wording import words
from worlds import write_study

page = partial(data_pages.page, part="outlines")
ROOT = Path(cli.__file__).parent
ZH = words("zh")
# A1 without its eastern 60 %, where r1, d1, d2 and s1 stand; A2 as it was and a place unknown.
OFFICIAL = {
    "甲县甲一镇": box(118.0, 25.0, 118.04, 25.1),
    "甲县甲二镇": box(118.0, 25.1, 118.1, 25.2),
    "无名镇": box(118.3, 25.0, 118.4, 25.1),
}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))
    folder = write_study(tmp_path / "toy")
    monkeypatch.setenv("ROOMPLAN_STUDY", str(folder))
    return folder


def file_bytes(shapes=OFFICIAL, *, driver="GPKG", crs="EPSG:4490", codes=None) -> bytes:
    table = {"乡镇名称": list(shapes)} | ({} if codes is None else {"区划代码": codes})
    frame = gpd.GeoDataFrame(table, geometry=list(shapes.values()), crs=crs)
    content = io.BytesIO()
    frame.to_file(content, driver=driver)
    return content.getvalue()


def sent(content: bytes, name: str = "乡镇.gpkg", **link: str) -> AppTest:
    return sound(page(**link).file_uploader[0].upload(name, content).run())


def accepted(test: AppTest) -> AppTest:
    return sound(test.button(key="outlines_accept").click().run())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_study_s_own_are_in_force_at_first(toy, lang):
    test = page(lang=lang)
    assert words(lang)("outlines.own") in said(test)
    assert not [b for b in test.button if b.key == "outlines_remove"]


def test_what_changes_is_told_before_anything_does(toy):
    test = sent(file_bytes())
    assert [m.value for m in test.metric] == ["2", "0", "1"]
    table = test.dataframe[-1].value
    assert table[ZH("outlines.unit")].tolist() == ["甲一镇", "甲二镇"]
    assert table[ZH("outlines.parent")].tolist() == ["甲县", "甲县"]
    assert table[ZH("outlines.shared")].tolist() == [40.0, 100.0]
    before, after = (table[ZH(f"outlines.{side}")] for side in ("before", "after"))
    assert after[0] == pytest.approx(0.4 * before[0], rel=1e-3)
    assert ZH("outlines.replaced", count=2, kept=1) in said(test)
    assert ZH("outlines.kept", names="乙一镇") in said(test)
    assert ZH("outlines.outside", rooms=1, sites=1, demand=2) in said(test)
    assert ZH("outlines.far_off", count=1) in said(test)
    assert SETTING not in cached.load_tables(toy).settings


def test_in_force_for_every_page_and_back_to_the_study_s_own(toy):
    before = cached.load(toy)
    test = sent(file_bytes())
    test.text_input(key="who").set_value("王五").run()
    accepted(test)
    assert ZH("outlines.accepted") in said(test)
    assert "“乡镇.gpkg”中的 2 个，王五" in said(test)
    held = cached.load(toy)
    assert held.fingerprint != before.fingerprint
    assert held.units.geometry["A1"].bounds[2] == pytest.approx(118.04)
    # A second import is added to the first, and the way back leaves both behind.
    again = {"乙县乙一镇": box(118.1, 25.0, 118.2, 25.1)}
    accepted(sent(file_bytes(again), "乙.gpkg"))
    both = cached.load(toy)
    assert both.fingerprint not in (before.fingerprint, held.fingerprint)
    assert both.units.geometry["A1"].bounds[2] == pytest.approx(118.04)
    test = page()
    assert "上一次导入" in test.button(key="outlines_remove").help
    sound(test.button(key="outlines_remove").click().run())
    assert ZH("outlines.removed") in said(test)
    assert ZH("outlines.own") in said(test)
    assert cached.load(toy).fingerprint == before.fingerprint
    assert cached.load(toy).units.geometry.equals(before.units.geometry)


def test_the_comparison_is_with_what_is_in_force(toy):
    accepted(sent(file_bytes()))
    table = sent(file_bytes()).dataframe[-1].value
    assert table[ZH("outlines.shared")].tolist() == [100.0, 100.0]


def test_a_file_that_says_nothing_of_its_coordinates_is_asked_about(toy):
    test = sent(file_bytes(driver="KML", crs="EPSG:4326"), "乡镇.kml")
    ask = next(r for r in test.radio if r.key.startswith("datum"))
    assert ask.value is None
    assert ZH("outlines.datum_unproven") in said(test)
    assert not test.metric
    ask.set_value("gcj02").run()
    assert [m.value for m in sound(test).metric] == ["2", "0", "1"]
    accepted(test)
    moved = cached.load(toy).units.geometry["A1"].bounds[0] - 118.0
    assert 0.003 < -moved < 0.007


def test_a_stated_system_can_be_overruled(toy):
    test = sent(file_bytes())
    ask = next(r for r in test.radio if r.key.startswith("datum"))
    assert "4490" in ask.options[0]
    ask.set_value("gcj02").run()
    assert sound(test).dataframe[-1].value[ZH("outlines.shared")].max() < 95


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"SQLite format 3\0 and no more", "乡镇.gpkg", "乡镇.gpkg"),
        (file_bytes({"远方镇": box(110, 30, 111, 31)}, codes=["990101001"]), "a.gpkg", "没有一个"),
        (file_bytes({"甲一镇": OFFICIAL["甲县甲一镇"], "甲县甲一镇": OFFICIAL["甲县甲二镇"]},
                    codes=["A1", "990101001"]), "a.gpkg", "各有多个边界"),
    ],
)  # fmt: skip
def test_a_bad_file_ends_in_its_own_words(toy, content, name, told):
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test = sound(sound(test.run()).switch_page("ui/pages/data.py").run())
    part = next(r for r in test.radio if r.key.startswith("w_part"))
    test = sound(part.set_value("outlines").run())
    test.file_uploader[0].upload(name, content).run()
    assert any(told in error.value for error in sound(test).error)
    assert not [b for b in test.button if b.key == "outlines_accept"]
    assert SETTING not in read_study(toy).settings


def test_points_are_no_outlines_and_nothing_is_accepted(toy):
    test = sent(file_bytes({"甲县甲一镇": Point(118.05, 25.05)}))
    assert [m.value for m in test.metric] == ["0", "0", "1"]
    assert ZH("data.nothing_to_accept") in said(test)
    assert not [b for b in test.button if b.key == "outlines_accept"]


def test_names_in_the_file_are_never_markup(toy):
    evil = "![x](http://example.org/a.png)"
    shapes = {"甲县甲一镇": OFFICIAL["甲县甲一镇"], evil: OFFICIAL["无名镇"]}
    test = sent(file_bytes(shapes, codes=["A1", "990101001"]))
    assert any(evil in line.value for line in test.text)
    assert not any(evil in part.value for part in [*test.markdown, *test.caption])


def test_outlines_of_a_user_are_not_published(toy):
    (toy / "study.toml").write_text(
        "public_boundaries = true\n" + (toy / "study.toml").read_text("utf-8"), "utf-8"
    )
    assert read_study(toy).settings["public_boundaries"] is True
    accepted(sent(file_bytes()))
    tables = read_study(toy)
    assert tables.settings["public_boundaries"] is False
    units = gpd.GeoDataFrame(tables.frames["units"])
    assert not outlines_map(units.loc[["A1"]], units, ZH).public


def measured(folder: Path) -> Survey:
    study = Study.of(read_study(folder))
    return survey(study, scenario_of(study))


def test_the_approval_number_is_of_the_study_s_own_outlines(toy):
    (toy / "study.toml").write_text(
        'map_approval = "闽S〔2019〕1号"\n' + (toy / "study.toml").read_text("utf-8"), "utf-8"
    )
    told = "闽S〔2019〕1号"
    before = measured(toy)
    assert any(told in line for line in notes(before, ZH, ""))
    assert overview(before, ZH).approval == told
    accepted(sent(file_bytes()))
    after = measured(toy)
    assert not any(told in line for line in notes(after, ZH, ""))
    assert overview(after, ZH).approval == ""
    assert any("乡镇.gpkg" in line for line in notes(after, ZH, ""))


def test_a_unit_without_an_outline_before_has_no_figure(toy):
    shapes = {"甲县甲一镇一村": box(118.0, 25.0, 118.02, 25.02)}
    table = sent(file_bytes(shapes)).dataframe[-1].value
    assert table[ZH("outlines.unit")].tolist() == ["一村"]
    assert pd.isna(table[ZH("outlines.before")][0])


def test_in_force_names_file_count_person_and_day():
    about = {"file": "a.gpkg", "count": 3, "who": "张三", "made": "2026-11-23T10:00:00+00:00"}
    told = in_force(about, ZH)
    for word in ("“a.gpkg”", "3 个", "张三", "2026-11-23 "):
        assert word in told
    assert "T10" not in told


def test_headings_and_errors_of_a_file_are_never_markup(toy):
    evil = "![x](http://example.org/a.png)"
    frame = gpd.GeoDataFrame(
        {f"名称{evil}": [evil], "区划代码": ["990101001"]},
        geometry=[box(110, 30, 111, 31)],
        crs=4490,
    )
    content = io.BytesIO()
    frame.to_file(content, driver="GPKG")
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test = sound(sound(test.run()).switch_page("ui/pages/data.py").run())
    part = next(r for r in test.radio if r.key.startswith("w_part"))
    test = sound(part.set_value("outlines").run())
    test.file_uploader[0].upload("乡镇.gpkg", content.getvalue()).run()
    shown = [e.label for e in sound(test).expander] + said(test).splitlines()
    assert sum("\\[x](http://example.org" in line for line in shown) == 2
    assert not any("![" in line for line in shown)
