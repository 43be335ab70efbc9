"""The Data page as a planner meets it: upload to accepted change, edits, conflicts, history."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import cli
from data_pages import page, said, sound
from geo.read import read_study
from geo.working_copy import find_register, open_working
from planner_lists import csv_bytes, quanzhou_rooms, toy_rooms
from ui.data_edit import differences, editable, typed_place
from ui.data_words import action_text, row_text, value_text
from ui.wording import words
from worlds import toy_frames, write_study

ROOT = Path(cli.__file__).parent
ZH = words("zh")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))


@pytest.fixture
def toy(tmp_path, monkeypatch):
    folder = write_study(tmp_path / "toy")
    monkeypatch.setenv("ROOMPLAN_STUDY", str(folder))
    return folder


def sent(test: AppTest, content: bytes, name: str = "站点.csv") -> AppTest:
    return sound(test.file_uploader[0].upload(name, content).run())


def radio(test: AppTest, start: str):
    return next(r for r in test.radio if r.key.startswith(start))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("part", ["upload", "edit", "history"])
def test_every_part_runs_on_quanzhou(part, lang):
    test = page(part=part, lang=lang)
    assert not test.error
    assert any("380" in warning.value for warning in test.warning)


def test_a_gbk_list_in_gcj02_is_recognised_on_the_page():
    content, _ = quanzhou_rooms()
    test = sent(page(), content)
    assert "确定，GCJ-02" in test.success[0].value
    assert "200 行中有 100% 落在所写的区划内" in test.success[0].value
    assert radio(test, "datum").value == "gcj02"
    assert [m.value for m in test.metric] == ["200", "0", "0"]


def test_from_upload_to_accepted_change_and_back(toy):
    test = page()
    test.text_input(key="who").set_value("王五").run()
    sent(test, csv_bytes(toy_rooms()))
    assert radio(test, "datum").value is None
    assert ZH("data.datum_ask") in said(test)
    radio(test, "datum").set_value("wgs84").run()
    assert [m.value for m in sound(test).metric] == ["3", "0", "0"]
    assert not [b for b in test.button if b.key == "accept"]
    radio(test, "mode").set_value("replace").run()
    assert ZH("data.plan_vanished", count=5) in said(test)
    assert find_register(toy) is None
    sound(test.button(key="accept").click().run())
    assert ZH("data.accepted_as", change=2) in said(test)
    assert not test.warning
    tables = read_study(toy)
    assert sorted(tables.frames["rooms"]["name"]) == ["一号站", "三号站", "二号站"]
    assert tables.frames["cases"].empty
    with open_working(toy, who="x") as register:
        assert register.history().iloc[0][["who", "label"]].tolist() == ["王五", "站点.csv"]
    sound(test.button(key="undo_import").click().run())
    assert ZH("data.undone", change=2) in said(test)
    assert len(read_study(toy).frames["rooms"]) == 5
    assert test.warning


def test_columns_are_corrected_once_and_remembered(toy):
    table = toy_rooms().rename(columns={"名称": "甲", "乡镇": "乙"})
    test = sent(page(), csv_bytes(table))
    assert [m.value for m in test.metric] != ["3", "0", "0"]
    for target, head in (("name", "甲"), ("township", "乙")):
        box = next(s for s in test.selectbox if s.key.endswith(f"_{target}"))
        box.set_value(head).run()
    radio(test, "datum").set_value("wgs84").run()
    assert [m.value for m in sound(test).metric] == ["3", "0", "0"]
    radio(test, "mode").set_value("merge").run()
    test.button(key="accept").click().run()
    again = sent(page(), csv_bytes(table))
    assert next(s for s in again.selectbox if s.key.endswith("_name")).value == "甲"


def test_rows_held_back_say_why_and_can_be_taken_away(toy):
    test = sent(page(), csv_bytes(toy_rooms(乡镇=["甲一镇", "无此镇", "乙一镇"])))
    radio(test, "datum").set_value("wgs84").run()
    assert [m.value for m in sound(test).metric] == ["2", "0", "1"]
    report = test.dataframe[-1].value
    assert report["行号"].tolist() == [3]
    assert report["处理办法"].tolist() == ["写全县（市、区）和乡镇（街道）"]
    assert any("1" in b.label for b in test.download_button if b.key == "download_held")


def test_a_datum_against_the_evidence_is_warned_about():
    content, _ = quanzhou_rooms()
    test = sent(page(), content)
    radio(test, "datum").set_value("bd09").run()
    assert ZH("data.datum_against", datum=ZH("data.datum_gcj02")) in said(test)


def test_swapped_coordinates_are_offered_as_a_fix(toy):
    table = toy_rooms().rename(columns={"经度": "纬度", "纬度": "经度"})
    test = sent(page(), csv_bytes(table))
    radio(test, "datum").set_value("wgs84").run()
    assert [m.value for m in sound(test).metric] == ["0", "0", "3"]
    test.checkbox[0].check().run()
    assert [m.value for m in sound(test).metric] == ["3", "0", "0"]


def test_a_file_that_is_none_ends_in_its_own_words(toy):
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.switch_page("ui/pages/data.py").run()
    test.file_uploader[0].upload("rooms.xlsx", b"not a workbook").run()
    assert not test.exception
    assert "rooms.xlsx" in test.error[0].value


def test_a_pin_put_elsewhere_is_saved_with_its_basis(toy):
    test = page(part="edit", room="r1")
    test.session_state["held_put_r1"] = (118.06, 25.06)
    sound(test.run())
    sound(test.button(key="save_place").click().run())
    assert ZH("data.saved_rows", count=1) in said(test)
    room = read_study(toy).frames["rooms"].loc["r1"]
    assert (room.geometry.x, room.geometry.y) == (118.06, 25.06)
    assert room["location_basis"] == "register"


def test_an_edit_that_comes_second_is_told_who_came_first(toy):
    test = page(part="edit", room="r1")
    with open_working(toy, who="李四") as register:
        register.edit("rooms", "r1", {"name": "李四改的"}, version=1, who="李四")
    test.session_state["held_put_r1"] = (118.06, 25.06)
    sound(test.run())
    assert ZH("data.newer") in said(test)
    sound(test.button(key="save_place").click().run())
    assert "李四" in test.error[0].value
    assert "李四改的" in test.error[0].value
    room = read_study(toy).frames["rooms"].loc["r1"]
    assert (room["name"], room.geometry.x) == ("李四改的", 118.05)


def test_a_room_is_closed_opened_added_and_not_removed_under_its_cases(toy):
    test = page(part="edit", room="r1")
    sound(test.button(key="close").click().run())
    assert not read_study(toy).frames["rooms"].at["r1", "is_open"]
    sound(test.button(key="close").click().run())
    assert read_study(toy).frames["rooms"].at["r1", "is_open"]
    sound(test.button(key="remove").click().run())
    assert "r1" in test.error[0].value
    name = next(t for t in test.text_input if t.label == ZH("data.target_name"))
    name.set_value("新站")
    place = next(t for t in test.text_input if t.label == ZH("data.typed_optional"))
    place.set_value("118.07\uff0c25.07")
    next(b for b in test.button if b.label == ZH("data.add_room")).click()
    sound(test.run())
    rooms = read_study(toy).frames["rooms"].set_index("name")
    added = rooms.loc["新站"]
    assert (added["basis"], added.geometry.x, added.geometry.y) == ("register", 118.07, 25.07)


def test_the_history_shows_before_and_after_and_undoes(toy):
    with open_working(toy, who="李四") as register:
        register.edit("rooms", "r1", {"name": "改名"}, version=1, who="李四")
    test = page(part="history", row="r1")
    changes, details = test.dataframe[0].value, test.dataframe[1].value
    assert changes["操作人"].tolist() == ["李四", "李四"]
    assert details[["原值", "新值"]].iloc[0].tolist() == ["名称 甲一镇室", "名称 改名"]
    sound(test.button(key="undo").click().run())
    assert ZH("data.undone", change=2) in said(test)
    assert read_study(toy).frames["rooms"].at["r1", "name"] == "甲一镇室"


def test_a_day_before_the_register_is_said_to_be_unknown(toy):
    open_working(toy, who="甲").close()
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.query_params["part"] = "history"
    test.query_params["day"] = "2019-05-31"
    test.switch_page("ui/pages/data.py").run()
    assert not test.exception
    assert "2019-05-31" in test.error[0].value
    assert len(page(part="history").dataframe[-1].value) == 5


def test_only_what_was_edited_is_a_difference():
    frames = toy_frames()
    before = editable(frames["rooms"], frames["units"], ZH)
    assert differences(before, before.copy(), ZH) == {}
    after = before.copy()
    after.loc["r1", ["name", "kind", "is_open"]] = ["改名", ZH("kind.campus"), False]
    after.loc["r2", "opened"] = dt.date(2020, 1, 2)
    assert differences(before, after, ZH) == {
        "r1": {"name": "改名", "kind": "campus", "is_open": False},
        "r2": {"opened": dt.date(2020, 1, 2)},
    }


@pytest.mark.parametrize("typed", ["", "118.5", "118.5 95", "a, b", "1, 2, 3"])
def test_what_is_no_place(typed):
    assert typed_place(typed, "wgs84") is None


def test_a_typed_place_is_moved_out_of_its_datum():
    lon, lat = typed_place("118.5, 24.9", "gcj02") or (0, 0)
    assert 300 < 111_195 * abs(lon - 118.5) < 700
    assert 100 < 111_195 * abs(lat - 24.9) < 500


def test_values_in_words():
    assert value_text(None, ZH) == value_text(float("nan"), ZH) == "—"
    assert value_text(True, ZH) == "是"
    assert value_text(pd.Timestamp("2020-01-02"), ZH) == "2020-01-02"
    assert value_text((118.5, 25.0), ZH) == "118.500000, 25.000000"
    assert row_text("rooms", None, ZH) == "—"
    moved = {"geometry": (118.5, 25.0), "status": "handled"}
    assert row_text("rooms", moved, ZH) == "位置 118.500000, 25.000000；办理状态 已办理"
    assert row_text("cases", moved, ZH) == "办理状态 已办理"
    assert action_text("undo", "a.csv", 7, ZH) == "撤销变更 7"
