"""The population part of the Data page: a grid and a list, accepted, seen by caches, removed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from streamlit.testing.v1 import AppTest

import cli
import data_pages
from data_pages import said, sound
from geo.population_held import SETTING
from geo.read import read_study
from planner_lists import csv_bytes
from ui import cached
from ui.population_words import in_force
from ui.wording import words
from worlds import write_study

page = partial(data_pages.page, part="population")
ROOT = Path(cli.__file__).parent
ZH = words("zh")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))
    folder = write_study(tmp_path / "toy")
    monkeypatch.setenv("ROOMPLAN_STUDY", str(folder))
    return folder


def grid_bytes(people: float = 2.0) -> bytes:
    options = {"count": 1, "height": 20, "width": 20, "dtype": "float32", "crs": "EPSG:4326"}
    place = from_origin(118.0, 25.2, 0.01, 0.01)
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", transform=place, **options) as file:
            file.write(np.full((20, 20), people, dtype="float32"), 1)
        return memory.read()


def sent(test: AppTest, name: str, content: bytes) -> AppTest:
    return sound(test.file_uploader[0].upload(name, content).run())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_study_s_own_is_in_force_at_first(toy, lang):
    assert words(lang)("population.own") in said(page(lang=lang))


def test_a_grid_from_upload_to_in_force_and_back(toy):
    before = cached.load_tables(toy)
    test = sent(page(), "人口.tif", grid_bytes())
    table = test.dataframe[0].value
    assert table[ZH("population.file")].tolist() == [400, 400]
    assert table[ZH("population.after")].tolist() == [1800, 200]
    assert "40%" in said(test)
    test.checkbox(key="people_rescale").uncheck().run()
    assert sound(test).dataframe[0].value[ZH("population.after")].tolist() == [400, 400]
    test.text_input(key="people_source").set_value("某院").run()
    sound(test.button(key="population_accept").click().run())
    assert ZH("population.accepted") in said(test)
    assert "某院" in said(test)
    held = cached.load_tables(toy)
    assert held.fingerprint != before.fingerprint
    assert held.frames["demand"]["people"].sum() == pytest.approx(800)
    assert held.settings[SETTING]["source"] == "某院"
    sound(test.button(key="population_remove").click().run())
    assert ZH("population.removed") in said(test)
    assert ZH("population.own") in said(test)
    assert cached.load_tables(toy).fingerprint == before.fingerprint


def test_a_second_population_is_compared_with_the_study_s_own(toy):
    for people in (2.0, 3.0):
        test = sent(page(), "人口.tif", grid_bytes(people))
        test.checkbox(key="people_rescale").uncheck().run()
        table = sound(test).dataframe[0].value
        assert table[ZH("population.before")].tolist() == [1800, 200]
        sound(test.button(key="population_accept").click().run())
    assert read_study(toy).frames["demand"]["people"].sum() == pytest.approx(1200)


def test_a_list_with_its_row_report(toy):
    table = pd.DataFrame({"乡镇": ["甲一镇", "无此镇"], "人口": ["3000", "5"]})
    test = sent(page(), "人口.csv", csv_bytes(table))
    assert [m.value for m in test.metric] == ["1", "0", "1"]
    test.checkbox(key="people_rescale").uncheck().run()
    sound(test.button(key="population_accept").click().run())
    assert read_study(toy).frames["demand"]["people"].sum() == 3500


def test_a_file_that_is_no_raster_is_refused_in_words(toy):
    test = page()
    test.file_uploader[0].upload("人口.tif", b"II*\0 nothing").run()
    # The frame around the pages says it in words; here the page stands alone.
    assert len(test.exception) == 1
    assert not [b for b in test.button if b.key == "population_accept"]
    assert SETTING not in read_study(toy).settings


def test_in_force_says_all_that_is_known():
    about = {
        "kind": "grid", "source": "WorldPop", "file": "a.tif", "date": "2020", "rescaled": True,
        "basis": "modelled", "points": 1234, "people": 5678.4, "made": "2026-11-23T10:00:00",
        "who": "张三",
    }  # fmt: skip
    told = in_force(about, ZH)
    for word in ("WorldPop", "a.tif", "2020", "已按普查调整", "模型估算", "1,234", "5,678", "张三"):
        assert word in told
