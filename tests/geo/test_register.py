"""The register in both stores: what is kept, who changed it, what an undo does, every refusal."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from shapely import LineString, Point

from geo import register_changes as changes
from geo.errors import ConflictError, MissingFileError, RegisterError, StudyFaults
from geo.read import parse_table
from geo.register import LAYERS, create_register, open_register, restore_register
from geo.schema import TABLES, WGS84
from register_worlds import (
    STORES,
    new_register,
    new_target,
    plain,
    plain_register,
    plain_tables,
)
from worlds import toy_frames

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(params=STORES)
def store(request):
    return request.param


@pytest.fixture
def register(store, tmp_path):
    with new_register(store, tmp_path) as made:
        yield made


def version_of(register, table, row_id):
    return int(register.read(table, with_version=True).loc[row_id, "version"])


def edit(register, row_id, who="乙", table="rooms", **changes):
    version = version_of(register, table, row_id)
    return register.edit(table, row_id, changes, version=version, who=who)


def refused(code, kind=RegisterError):
    """Expect the error with this code, all by itself or among gathered faults."""
    return pytest.raises(kind, check=lambda error: code in {part.code for part in error.parts()})


# ------------------------------------------------------------------------------- what is kept


def test_a_register_gives_back_what_it_was_made_of(register):
    assert plain_register(register) == plain_tables(toy_frames())
    for table in LAYERS:
        frame = register.read(table)
        assert frame.index.name == TABLES[table].index
        assert isinstance(frame, gpd.GeoDataFrame) == (TABLES[table].geometry != "none")


def test_a_frame_is_the_very_one_that_a_file_gives(register):
    text = (
        "room_id,name,level,kind,serves_unit_id,located_unit_id,opened,is_open,basis,"
        "location_basis,note,source,lon,lat\n"
        "x1,甲室,village,village,v1,,2020-02-29,true,reported,derived,,,118.123456789,25.1\n"
        "x2,乙室,village,village,v2,v2,,false,simulated,,注,网,,\n"
    )
    frame = parse_table(text.encode(), "rooms.csv", TABLES["rooms"])
    register.apply_import("rooms", frame, who="乙", label="rooms.csv")
    back = register.read("rooms").loc[["x1", "x2"]]
    columns = [name for name in back.columns if name in frame]
    assert_frame_equal(back[columns], frame[columns])
    assert set(back.columns) - set(columns) <= set(TABLES["rooms"].columns)


def test_a_register_opens_again_as_it_was_left(register):
    edit(register, "r1", note="新")
    register.close()
    with open_register(register.name) as again:
        assert again.read("rooms").loc["r1", "note"] == "新"
        assert again.last_change() == register.last_change() == 2


@pytest.mark.parametrize(
    ("column", "given_value", "kept"),
    [
        ("cost", 3, 3.0),
        ("cost", 1e-300, 1e-300),
        ("cost", 0.1 + 0.2, 0.30000000000000004),
        ("cost", float("nan"), None),
        ("note", " ", None),
        ("note", " 两边有空格 ", " 两边有空格 "),
        ("note", "引号'\"; DROP TABLE rooms;--", "引号'\"; DROP TABLE rooms;--"),
        ("note", "𠀀🏠\n二行", "𠀀🏠\n二行"),
        (
            "geometry",
            Point(118.1234567894, 25.0000000006),
            (118.123456789, 25.000000001),
        ),
        ("geometry", (-180, 90), (-180.0, 90.0)),
        ("geometry", Point(), None),
        ("geometry", None, None),
    ],
)
def test_values_are_kept_to_the_last_digit(register, column, given_value, kept):
    edit(register, "s1", table="sites", note="alt", cost=7, geometry=(118, 25))
    edit(register, "s1", table="sites", **{column: given_value})
    assert plain(register.read("sites"))["s1"].get(column) == kept


def test_dates_lists_and_flags_are_kept(register):
    edit(register, "c1", table="cases", received=dt.date(2020, 2, 29), categories=["供水", "环境"])
    case = register.read("cases").loc["c1"]
    assert case["received"] == pd.Timestamp("2020-02-29")
    assert case["categories"] == "供水;环境"
    edit(register, "r1", is_open=np.False_, opened=pd.Timestamp("2021-01-01"))
    room = register.read("rooms").loc["r1"]
    assert room["is_open"] is False or room["is_open"] == np.False_
    assert register.read("rooms")["is_open"].dtype == bool
    edit(register, "r1", opened=None)
    assert register.read("rooms").loc["r1", "opened"] is pd.NaT


def test_columns_of_a_checklist_are_kept_with_their_kind(store, tmp_path):
    rooms = toy_frames()["rooms"].assign(
        desks=[4, None, 0, 2, 1],
        has_sign=[True, False, True, None, None],
        checked=pd.to_datetime(["2026-01-01", None, None, None, None]),
        rules=["有", None, "无", "", "有"],
    )
    with new_register(store, tmp_path, rooms=rooms) as register:
        back = register.read("rooms")
        assert list(back["desks"].dropna()) == [4.0, 0.0, 2.0, 1.0]
        assert list(back["has_sign"]) == [True, False, True, None, None]
        assert back["checked"].iloc[0] == pd.Timestamp("2026-01-01")
        assert list(back["rules"]) == ["有", None, "无", None, "有"]
        edit(register, "r2", desks=9, checked="2026-02-02")
        assert register.read("rooms").loc["r2", "desks"] == 9.0
        assert register.read("rooms").loc["r2", "checked"] == pd.Timestamp("2026-02-02")
        register.apply_import("rooms", rooms[[]].assign(chairs=range(5)), who="丙", label="椅子")
        assert list(register.read("rooms")["chairs"]) == [0, 1, 2, 3, 4]
        assert register.read("rooms").loc["r2", "desks"] == 9.0


def test_empty_layers_keep_their_columns(store, tmp_path):
    empty = {name: frame.iloc[:0] for name, frame in toy_frames().items() if name in LAYERS}
    with new_register(store, tmp_path, **empty) as register:
        for table in LAYERS:
            assert register.read(table).empty
            assert set(TABLES[table].columns) <= set(register.read(table).columns)
        register.add("sites", "s1", {"name": "园", "kind": "park", "unit_id": "A"}, who="乙")
        assert list(register.read("sites").index) == ["s1"]


# ------------------------------------------------------------------------------- editing


def test_an_edit_changes_only_what_it_names(register):
    before = plain_register(register)
    assert edit(register, "r1", name="新名") == 2
    after = plain_register(register)
    assert after["rooms"]["r1"] == {**before["rooms"]["r1"], "name": "新名"}
    after["rooms"]["r1"] = before["rooms"]["r1"]
    assert after == before


def test_an_edit_that_changes_nothing_leaves_no_trace(register):
    name = register.read("rooms").loc["r1", "name"]
    assert edit(register, "r1", name=name) == 1
    assert register.last_change() == 1


def test_an_editor_who_came_late_is_told_who_when_and_what(register):
    edit(register, "r1", who="李", name="李改的", note="有人")
    with pytest.raises(ConflictError) as caught:
        register.edit("rooms", "r1", {"name": "王改的"}, version=1, who="王")
    error = caught.value
    assert error.code == "register.conflict"
    assert error.facts["who"] == "李"
    assert error.facts["before"] == {"name": "甲一镇室", "note": None}
    assert error.facts["after"] == {"name": "李改的", "note": "有人"}
    assert "name “甲一镇室” → “李改的”; note (empty) → “有人”" in str(error)
    when = register.history("rooms", "r1")["when"].iloc[0].tz_convert("Asia/Shanghai")
    assert f"{when:%Y-%m-%d %H:%M} (UTC+8)" in str(error)
    assert register.read("rooms").loc["r1", "name"] == "李改的"
    assert register.last_change() == 2


def test_an_editor_of_a_removed_row_is_told_who_removed_it(register):
    version = version_of(register, "sites", "s1")
    register.remove("sites", "s1", version=version, who="李")
    with pytest.raises(ConflictError, match=r"李.*removed"):
        register.edit("sites", "s1", {"name": "王"}, version=version, who="王")
    with pytest.raises(ConflictError, match="李"):
        register.remove("sites", "s1", version=version, who="王")


def test_a_version_never_stands_for_two_states(register):
    values = {"name": "园", "kind": "park", "unit_id": "A"}
    seen = set()
    version = register.add("sites", "n1", values, who="乙")
    for _ in range(3):
        seen.add(version)
        version = register.edit("sites", "n1", {"note": f"{version}"}, version=version, who="乙")
        seen.add(version)
        register.remove("sites", "n1", version=version, who="乙")
        version = register.add("sites", "n1", values, who="乙")
        assert version not in seen
    assert version_of(register, "sites", "n1") == version


def test_every_edit_is_in_the_history(register):
    edit(register, "r1", who="李", note="一")
    register.add("sites", "s9", {"name": "园", "kind": "park", "unit_id": "A"}, who="王")
    register.remove("sites", "s9", version=1, who="赵")
    history = register.history()
    assert list(history["who"].head(3)) == ["赵", "王", "李"]
    assert list(history["action"].head(3)) == ["remove", "add", "edit"]
    assert history["before"].iloc[2] == {"note": None}
    assert history["after"].iloc[2] == {"note": "一"}
    assert history["before"].iloc[1] is None
    assert history["after"].iloc[0] is None
    assert history["when"].is_monotonic_decreasing
    assert (history["when"] > NOW - dt.timedelta(minutes=10)).all()
    assert len(history) == 3 + sum(len(frame) for frame in plain_tables(toy_frames()).values())
    assert list(register.history("rooms", "r1")["change"]) == [2, 1]
    assert set(register.history("sites")["table"]) == {"sites"}


# ------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "kiosk"}, "schema.choice"),
        ({"kind": None}, "schema.cell_empty"),
        ({"name": " "}, "schema.cell_empty"),
        ({"unit_id": "ZZ"}, "schema.unit_unknown"),
        ({"cost": -1}, "schema.too_small"),
        ({"cost": "viel"}, "register.value"),
        ({"cost": float("inf")}, "register.value"),
        ({"geometry": (181, 25)}, "register.value"),
        ({"geometry": (float("nan"), 25)}, "register.value"),
        ({"geometry": LineString([(0, 0), (1, 1)])}, "register.value"),
        ({"note": "a\x00b"}, "register.value"),
        ({"note": "\ud800"}, "register.value"),
        ({"nmae": "x"}, "register.column_unknown"),
        ({"site_id": "s7"}, "register.id_fixed"),
    ],
)
def test_a_row_that_breaks_the_contract_never_enters(register, changes, code):
    before = plain_register(register)
    with refused(code, (StudyFaults, RegisterError)) as caught:
        edit(register, "s1", table="sites", **changes)
    assert next(iter(changes)) in str(caught.value)
    values = {"name": "园", "kind": "park", "unit_id": "A", **changes}
    with refused(code, (StudyFaults, RegisterError)):
        register.add("sites", "neu", values, who="乙")
    assert plain_register(register) == before
    assert register.last_change() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"received": "31.5.2019"}, "register.value"),
        ({"received": "2019-05-31 12:30"}, "register.value"),
        ({"categories": ["供水;环境"]}, "register.value"),
        ({"categories": ["供水", ""]}, "register.value"),
        ({"status": "lost"}, "schema.choice"),
        ({"room_id": "r99"}, "register.room_unknown"),
        ({"telephone": "1"}, "register.column_unknown"),
        ({"channel": "电话 13800138000"}, "register.value"),
        ({"categories": ["供水", "350521199001011234"]}, "register.value"),
    ],
)
def test_a_case_that_breaks_the_contract_never_enters(register, changes, code):
    with refused(code, (StudyFaults, RegisterError)) as caught:
        edit(register, "c1", table="cases", **changes)
    assert next(iter(changes)) in str(caught.value)
    assert register.last_change() == 1


def test_a_room_that_cases_name_stays(register):
    with refused("register.room_unknown") as caught:
        register.remove("rooms", "r1", version=1, who="乙")
    assert caught.value.facts["table"] == "cases"
    assert caught.value.facts["ids"] == "c1, c2, c3"
    register.remove("rooms", "r5", version=1, who="乙")
    with refused("register.room_unknown"):
        edit(register, "a1", table="activities", room_id="r5")


def test_refusals_that_name_what_is_wrong(register):
    with refused("register.table_unknown"):
        register.read("demand")
    with refused("register.table_unknown"):
        register.edit("demand", "d1", {}, version=1, who="乙")
    with refused("register.row_unknown"):
        register.edit("rooms", "zz", {"note": "x"}, version=1, who="乙")
    with refused("register.who"):
        register.edit("rooms", "r1", {"note": "x"}, version=1, who=" ")
    with refused("register.id_empty"):
        register.add("sites", "  ", {"name": "园", "kind": "park", "unit_id": "A"}, who="乙")
    with refused("register.id_taken", ConflictError):
        register.add("sites", "s1", {"name": "园", "kind": "park", "unit_id": "A"}, who="乙")
    with refused("register.past"):
        register.read("rooms", at="2026-06-30", with_version=True)
    with refused("register.column_refused"):
        cases = register.read("cases").assign(telephone="1", outcome="已解决")
        register.apply_import("cases", cases, who="乙", label="cases.csv")
    assert register.last_change() == 1
    register.apply_import("cases", cases.drop(columns="telephone"), who="乙", label="cases.csv")
    assert set(register.read("cases")["outcome"]) == {"已解决"}


def test_a_register_is_never_written_over(register):
    before = plain_register(register)
    with refused("register.exists"):
        create_register(register.name, toy_frames(), who="乙")
    assert plain_register(register) == before


def test_a_register_with_faults_is_never_made(store, tmp_path):
    target = new_target(store, tmp_path)
    tables = toy_frames()
    tables["rooms"].loc["r1", "kind"] = "kiosk"
    with refused("schema.choice", StudyFaults):
        create_register(target, tables, who="甲")
    del tables["sites"]
    with refused("register.tables"):
        create_register(target, tables, who="甲")
    assert not list(tmp_path.iterdir())
    with create_register(target, toy_frames(), who="甲") as register:
        assert len(register.read("rooms")) == 5


# ------------------------------------------------------------------------------- importing


def other_rooms():
    """r1 renamed, r2 as it is, r3 gone with the rest, n1 new."""
    rooms = toy_frames()["rooms"].loc[["r1", "r2", "r5"]]
    rooms.index = pd.Index(["r1", "r2", "n1"], name="room_id")
    rooms.loc["r1", "name"] = "改名"
    return rooms


def test_a_preview_tells_what_the_import_then_does(register):
    preview = register.preview_import("rooms", other_rooms())
    assert (preview.new, preview.changed, preview.same) == (("n1",), ("r1",), 1)
    assert preview.vanished == ("r3", "r4", "r5")
    assert preview.differences == {"r1": {"name": ("甲一镇室", "改名")}}
    assert register.last_change() == preview.based_on == 1
    change = register.apply_import(
        "rooms", other_rooms(), who="乙", label="rooms.xlsx", based_on=preview.based_on
    )
    history = register.history("rooms")
    assert set(history[history["change"] == change]["row_id"]) == {"n1", "r1"}
    assert set(history[history["change"] == change]["label"]) == {"rooms.xlsx"}
    assert set(register.read("rooms").index) == {"r1", "r2", "r3", "r4", "r5", "n1"}


def test_an_import_can_replace_the_whole_list(register):
    register.apply_import("cases", toy_frames()["cases"].iloc[:0], who="乙", label="空")
    assert len(register.read("cases")) == 5, "an empty list alone removes nothing"
    for table in ("cases", "activities"):
        empty = toy_frames()[table].iloc[:0]
        register.apply_import(table, empty, who="乙", label="空", remove_vanished=True)
    register.apply_import("rooms", other_rooms(), who="乙", label="r", remove_vanished=True)
    assert plain(register.read("rooms")) == plain(other_rooms())


def test_an_import_keeps_what_its_list_does_not_have(register):
    before = plain(register.read("rooms"))
    names = pd.DataFrame({"name": ["只改名"]}, index=["r1"])
    register.apply_import("rooms", names, who="乙", label="names.csv")
    assert plain(register.read("rooms"))["r1"] == {**before["r1"], "name": "只改名"}
    assert register.apply_import("rooms", names, who="乙", label="again") is None


def test_an_import_after_somebody_elses_edit_is_refused(register):
    preview = register.preview_import("rooms", other_rooms())
    edit(register, "s1", table="sites", note="of no concern")
    edit(register, "r2", who="李", note="dazwischen")
    with refused("register.preview_stale", ConflictError) as caught:
        register.apply_import(
            "rooms", other_rooms(), who="乙", label="x", based_on=preview.based_on
        )
    assert (caught.value.facts["who"], caught.value.facts["ids"]) == ("李", "r2")
    assert "n1" not in register.read("rooms").index


@pytest.mark.parametrize(
    ("mend", "code"),
    [
        (lambda f: f.assign(kind="kiosk"), "schema.choice"),
        (lambda f: f.assign(opened="bald"), "schema.date"),
        (lambda f: f.to_crs(3857), "schema.crs"),
        (lambda f: pd.DataFrame(f), "schema.geometry_missing"),
        (lambda f: f.set_index(pd.Index(["a", "a", "b"], name="room_id")), "schema.id_twice"),
        (lambda f: f.set_index(pd.Index(["a", None, "b"], name="room_id")), "schema.id_empty"),
        (lambda f: f.set_index(pd.Index([1, "1", "b"], name="room_id")), "register.id_twice"),
        (lambda f: f.assign(opened=pd.Timestamp("2019-01-01 08:00")), "register.value"),
        (lambda f: f[["name", "geometry"]], "schema.cell_empty"),
    ],
)
def test_an_import_with_one_bad_row_saves_nothing(register, mend, code):
    before = plain_register(register)
    with refused(code, (StudyFaults, RegisterError)):
        register.apply_import("rooms", mend(other_rooms()), who="乙", label="x")
    assert plain_register(register) == before
    assert register.last_change() == 1


def test_numbers_as_ids_become_text(register):
    sites = toy_frames()["sites"].set_index(pd.Index([1, 2, 3, 4], name="site_id"))
    register.apply_import("sites", sites, who="乙", label="x", remove_vanished=True)
    assert list(register.read("sites").index) == ["1", "2", "3", "4"]


# ------------------------------------------------------------------------------- undo, the past


def test_undo_takes_an_import_back_whole(register):
    before = plain_register(register)
    change = register.apply_import("rooms", other_rooms(), who="乙", label="rooms.xlsx")
    assert register.undo(who="丙") == change
    assert plain_register(register) == before
    last = register.history().iloc[0]
    assert (last["action"], last["who"], last["undoes"]) == ("undo", "丙", change)
    assert last["label"] == "rooms.xlsx"


def test_undo_walks_back_and_an_undo_can_be_undone(register):
    states = [plain_register(register)]
    for name in ("一", "二", "三"):
        edit(register, "r1", name=name)
        states.append(plain_register(register))
    for state in reversed(states[:-1]):
        register.undo(who="丙")
        assert plain_register(register) == state
    with refused("register.nothing_to_undo"):
        register.undo(who="丙")
    register.undo(who="丙", change=register.last_change())
    assert plain_register(register) == states[1]
    register.undo(who="丙")
    assert plain_register(register) == states[0]


def test_undo_is_refused_when_rows_were_changed_since(register):
    change = register.apply_import("rooms", other_rooms(), who="乙", label="rooms.xlsx")
    edit(register, "n1", who="李", note="später")
    before = plain_register(register)
    with refused("register.undo_conflict", ConflictError) as caught:
        register.undo(who="丙", change=change)
    facts = caught.value.facts
    assert (facts["ids"], facts["who"], facts["change"]) == ("n1", "李", change + 1)
    assert plain_register(register) == before
    register.undo(who="丙", change=change + 1)
    register.undo(who="丙", change=change)
    assert plain_register(register) == plain_tables(toy_frames())


def test_undo_never_leaves_a_case_without_its_room(register):
    change = register.apply_import("rooms", other_rooms(), who="乙", label="rooms.xlsx")
    edit(register, "c1", table="cases", room_id="n1")
    with refused("register.room_unknown"):
        register.undo(who="丙", change=change)
    assert "n1" in register.read("rooms").index


def test_undo_names_a_change_that_stands(register):
    edit(register, "r1", name="一")
    register.undo(who="丙", change=2)
    for change in (1, 2, 99):
        with refused("register.nothing_to_undo"):
            register.undo(who="丙", change=change)


def test_the_past_is_read_as_it_was(register):
    states = {1: plain_register(register)}
    edit(register, "r1", name="一")
    states[2] = plain_register(register)
    register.remove("sites", "s1", version=1, who="乙")
    states[3] = plain_register(register)
    register.undo(who="丙")
    states[4] = plain_register(register)
    when = register.history().groupby("change")["when"].first()
    for change, state in states.items():
        assert plain_register(register, at=when[change].to_pydatetime()) == state
    assert plain_register(register, at=dt.date.today() + dt.timedelta(days=2)) == states[4]
    assert plain(register.read("rooms", at="9999-01-01")) == states[4]["rooms"]
    with refused("register.too_early"):
        register.read("rooms", at="2019-05-31")
    with refused("register.moment"):
        register.read("rooms", at="letzten Dienstag")


def test_a_clock_set_back_does_not_shuffle_the_history(register, monkeypatch):
    clock = iter(["2100-01-01T05", "2100-01-01T01", "2100-01-01T09"])
    monkeypatch.setattr(changes, "moment_text", lambda _: f"{next(clock)}:00:00.000000Z")
    for name in ("一", "二", "三"):
        edit(register, "r1", name=name)
    assert list(register.history("rooms", "r1")["when"].dt.hour.head(3)) == [9, 5, 5]


# ------------------------------------------------------------------------------- copies


def test_a_backup_holds_everything_and_restores_anew(register, store, tmp_path):
    edit(register, "r1", note="一")
    register.apply_import("rooms", other_rooms().assign(desks=3), who="乙", label="x")
    register.backup(tmp_path / "backup.gpkg")
    for other in STORES:  # a file's backup moves to a server, and a server's to a file
        target = new_target(other, tmp_path / other)
        with restore_register(tmp_path / "backup.gpkg", target) as again:
            assert plain_register(again) == plain_register(register)
            assert_frame_equal(again.history(), register.history())
            assert again.last_change() == register.last_change()
            again.undo(who="丙")
            edit(again, "r1", note="zwei")
            again.add("sites", "s9", {"name": "园", "kind": "park", "unit_id": "A"}, who="乙")
        with refused("register.exists"):
            restore_register(tmp_path / "backup.gpkg", target)
    assert register.read("rooms").loc["r1", "note"] == "一"


def test_a_backup_is_never_written_over(register, tmp_path):
    (tmp_path / "backup.gpkg").write_text("mine")
    with refused("register.exists"):
        register.backup(tmp_path / "backup.gpkg")
    with refused("register.not_written"):
        register.backup(tmp_path / "no" / "folder" / "backup.gpkg")
    assert (tmp_path / "backup.gpkg").read_text() == "mine"


def test_restoring_is_a_change_that_can_be_undone(register, tmp_path):
    register.backup(tmp_path / "backup.gpkg")
    content = (tmp_path / "backup.gpkg").read_bytes()
    edit(register, "r1", note="一")
    register.remove("sites", "s1", version=1, who="乙")
    register.add("sites", "s9", {"name": "园", "kind": "park", "unit_id": "A"}, who="乙")
    later = plain_register(register)
    change = register.restore(tmp_path / "backup.gpkg", who="丙")
    assert plain_register(register) == plain_tables(toy_frames())
    assert register.restore(tmp_path / "backup.gpkg", who="丙") is None
    assert set(register.history().head(3)["label"]) == {"backup.gpkg"}
    assert register.undo(who="丙") == change
    assert plain_register(register) == later
    assert (tmp_path / "backup.gpkg").read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00 and no more", b"text" * 5000])
def test_what_is_no_backup_is_refused(register, tmp_path, content):
    (tmp_path / "bad.gpkg").write_bytes(content)
    with pytest.raises(RegisterError, match=r"bad\.gpkg"):
        register.restore(tmp_path / "bad.gpkg", who="丙")
    with pytest.raises(RegisterError, match=r"bad\.gpkg"):
        open_register(tmp_path / "bad.gpkg")
    with pytest.raises(MissingFileError, match="there is no register here"):
        register.restore(tmp_path / "none.gpkg", who="丙")
    with pytest.raises(MissingFileError, match="there is no register here"):
        open_register(tmp_path / "none.gpkg")


def test_frames_know_their_datum(register):
    for table in ("rooms", "cases", "sites"):
        assert register.read(table).crs.equals(WGS84)
