"""Texts to values, and headers to columns."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import IntakeError
from geo.intake import values
from geo.intake.mapping import Mapping, suggest_mapping
from geo.intake.personal import holds_person_number, personal_columns
from geo.intake.raw import RawTable
from geo.intake.synonyms import IMPORTS, words_for
from geo.schema import TABLES


def series(*cells: object) -> pd.Series:
    return pd.Series(list(cells), dtype=object)


@pytest.mark.parametrize(
    "blank", ["", " ", "—", "-", "/", "无", "N/A", "null", "未知", "　", "暂无"]
)
def test_every_way_to_write_unknown(blank: str) -> None:
    assert values.cleaned(series(blank)).tolist() == [None]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234", 1234),
        ("１２", 12),
        ("约300人", 300),
        ("3.5", 3.5),
        ("1e3", 1000),
        (" 7 ", 7),
        ("-2", -2),
    ],
)
def test_numbers(text: str, number: float) -> None:
    read, bad = values.numbers(series(text, None))
    assert read.tolist()[0] == number
    assert np.isnan(read.tolist()[1])
    assert bad.tolist() == [False, False]


@pytest.mark.parametrize("text", ["三", "1-2", "inf", "nan", "1.2.3", "０x１０"])
def test_no_numbers(text: str) -> None:
    read, bad = values.numbers(series(text, "5"))
    assert bad.tolist() == [True, False]
    assert np.isnan(read[0])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_plain_numbers_survive_exactly(numbers: list[float]) -> None:
    read, bad = values.numbers(series(*map(repr, numbers)))
    assert read.tolist() == numbers
    assert not bad.any()


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("118.6", 118.6),
        ("118°36'", 118.6),
        ("118°36′00″", 118.6),
        ("东经118度36分", 118.6),
        ("24°54'N", 24.9),
        ("24°54'S", -24.9),
    ],
)
def test_degrees(text: str, degrees: float) -> None:
    read, bad = values.degrees(series(text))
    assert read[0] == pytest.approx(degrees, abs=1e-12)
    assert not bad[0]


@pytest.mark.parametrize(
    ("text", "date", "coarse"),
    [
        ("2019-05-21", "2019-05-21", False),
        ("2019/5/21", "2019-05-21", False),
        ("2019.5.21", "2019-05-21", False),
        ("2019年5月21日", "2019-05-21", False),
        ("2019年5月21日 上午", "2019-05-21", False),
        ("20190521", "2019-05-21", False),
        ("2019-05-21 08:30:00", "2019-05-21", False),
        ("43606", "2019-05-21", False),
        ("43606.5", "2019-05-21", False),
        ("2019年5月", "2019-05-01", True),
        ("2019-05", "2019-05-01", True),
        ("2019年", "2019-01-01", True),
        ("2019", "2019-01-01", True),
        ("２０１９年５月", "2019-05-01", True),
    ],
)
def test_dates(text: str, date: str, coarse: bool) -> None:
    when, bad, unsure = values.dates(series(text))
    assert (when[0], bad[0], unsure[0]) == (pd.Timestamp(date), False, coarse)


@pytest.mark.parametrize(
    "text", ["去年", "2019-13-01", "2019-02-30", "5月21日", "3", "99999", "21/5/2019"]
)
def test_no_dates(text: str) -> None:
    when, bad, _ = values.dates(series(text))
    assert when.isna()[0]
    assert bad[0]


@given(
    st.dates(
        min_value=pd.Timestamp("1950-01-01").date(), max_value=pd.Timestamp("2100-01-01").date()
    )
)
def test_spreadsheet_serials_are_days_since_1899(day: object) -> None:
    serial = (pd.Timestamp(day) - pd.Timestamp("1899-12-30")).days  # type: ignore[arg-type]
    when, _, _ = values.dates(series(str(serial)))
    assert when[0] == pd.Timestamp(day)  # type: ignore[arg-type]


def test_choices_and_their_own_words() -> None:
    spec = TABLES["rooms"].columns["kind"]
    read, bad = values.choices(
        series("社区", "hub", "代表之家", "茶馆", None),
        column="kind",
        spec=spec,
        own={"茶馆": "sector"},
    )
    assert read.tolist() == ["community", "hub", "hub", "sector", None]
    assert not bad.any()
    read, bad = values.choices(series("茶馆", "PARK"), column="kind", spec=spec, own={})
    assert bad.tolist() == [True, False]


def test_yes_and_no() -> None:
    spec = TABLES["rooms"].columns["is_open"]
    read, bad = values.choices(
        series("是", "否", "Y", "停用", "也许", "true", "0"), column="is_open", spec=spec, own={}
    )
    assert read.tolist()[:4] == [True, False, True, False]
    assert bad.tolist() == [False] * 4 + [True, False, False]


def test_every_word_translates_to_something_the_schema_knows() -> None:
    from geo.intake.synonyms import VALUES

    allowed = {
        "kind": TABLES["rooms"].columns["kind"].choices,
        "level": IMPORTS["boundaries"].columns["level"].choices,
        "status": TABLES["cases"].columns["status"].choices,
        "basis": TABLES["rooms"].columns["basis"].choices,
        "bool": ("true", "false"),
        "group": TABLES["demand"].columns["group"].choices,
        "setting": TABLES["demand"].columns["setting"].choices,
    }
    for column, words in VALUES.items():
        assert set(words.values()) <= set(allowed[column])


def raw_of(*headers: str, refused: tuple[str, ...] = ()) -> RawTable:
    frame = pd.DataFrame({header: ["甲"] for header in headers}).astype("str")
    return RawTable(name="a.csv", layer="", frame=frame, refused=refused)


@pytest.mark.parametrize(
    ("table", "header", "target"),
    [
        ("rooms", "活动室名称", "name"),
        ("rooms", "联络站名称", "name"),
        ("rooms", "县(市、区)", "county"),
        ("rooms", "所属乡镇（街道）", "township"),
        ("rooms", "行政村/社区", "village"),
        ("rooms", "经度（高德）", "lon"),
        ("rooms", "LNG", "lon"),
        ("rooms", "纬度", "lat"),
        ("rooms", "经纬度", "lonlat"),
        ("rooms", "建成时间", "opened"),
        ("rooms", "开放日期", "opened"),
        ("rooms", "点位依据", "location_basis"),
        ("rooms", "是否启用", "is_open"),
        ("rooms", "Room ID", "room_id"),
        ("cases", "受理日期", "received"),
        ("cases", "办理状态", "status"),
        ("cases", "意见类别", "categories"),
        ("activities", "活动主题", "themes"),
        ("sites", "候选点名称", "name"),
        ("population", "常住人口（人）", "population"),
        ("boundaries", "行政区划代码", "unit_id"),
    ],
)
def test_headers_find_their_column(table: str, header: str, target: str) -> None:
    assert suggest_mapping(raw_of(header, "完全无关"), table=table).columns == {target: header}


@pytest.mark.parametrize("header", ["fid", "OBJECTID", "ogc_fid", "gid"])
@pytest.mark.parametrize("table", list(IMPORTS))
def test_a_running_number_of_a_gis_program_is_no_id(table: str, header: str) -> None:
    assert suggest_mapping(raw_of(header), table=table).columns == {}


def test_exact_words_win_and_no_header_is_used_twice() -> None:
    raw = raw_of("名称", "乡镇名称", "县", "乡镇", "经度", "纬度")
    columns = suggest_mapping(raw, table="rooms").columns
    assert columns["name"] == "名称"
    assert columns["township"] == "乡镇"
    assert len(set(columns.values())) == len(columns)


@pytest.mark.parametrize("table", list(IMPORTS))
def test_a_table_as_we_write_it_maps_onto_itself(table: str) -> None:
    spec = IMPORTS[table]
    headers = [spec.index, *spec.columns]
    columns = suggest_mapping(raw_of(*headers), table=table).columns
    assert columns == {header: header for header in headers}


def test_saved_mappings_return_for_the_same_columns() -> None:
    raw = raw_of("站名", "镇", "x1", "y1")
    mine = Mapping(
        "rooms", {"name": "站名", "lon": "x1", "lat": "y1"}, {"kind": {"茶馆": "sector"}}
    )
    back = Mapping.from_dict(json.loads(json.dumps(mine.to_dict())))
    assert back == mine
    assert suggest_mapping(raw, table="rooms", saved=[back]) == mine
    assert suggest_mapping(raw_of("站名"), table="rooms", saved=[back]) != mine
    assert suggest_mapping(raw, table="sites", saved=[back]) != mine


@pytest.mark.parametrize(
    "saved",
    [{}, {"table": "rooms", "columns": 3}, {"table": "rooms", "values": {"a": 1}, "columns": []}],
)
def test_damaged_mappings_are_errors(saved: dict[str, object]) -> None:
    if saved.get("columns") == []:
        assert Mapping.from_dict(saved).columns == {}
        return
    with pytest.raises(IntakeError) as caught:
        Mapping.from_dict(saved)
    assert caught.value.code == "intake.mapping_saved"


def test_an_unknown_table_cannot_be_imported() -> None:
    with pytest.raises(IntakeError, match="rooms, cases") as caught:
        suggest_mapping(raw_of("a"), table="demand")
    assert caught.value.code == "intake.table"


@pytest.mark.parametrize(
    "header",
    [
        "姓名",
        "联系人",
        "联系电话",
        "手机号",
        "身份证号",
        "家庭住址",
        "phone",
        "Contact",
        "Full name",
        "群众",
    ],
)
def test_headers_about_persons(header: str) -> None:
    assert personal_columns(pd.DataFrame({header: ["x"], "名称": ["甲"]})) == (header,)


@pytest.mark.parametrize(
    "header", ["名称", "活动室名称", "地址", "代表人数", "参加人数", "name", "备注", "telescope"]
)
def test_headers_not_about_persons(header: str) -> None:
    assert personal_columns(pd.DataFrame({header: ["x"]})) == ()


def test_numbers_of_persons_in_texts() -> None:
    cells = series(
        "电13800138000",
        "+86 138 0013 8000",
        "350583199001011234",
        "35058319900101123X",
        "350583110201",
        "118.123456789012",
        "2019052112",
        None,
    )
    assert holds_person_number(cells).tolist() == [
        True,
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_the_words_of_every_table_are_distinct_for_each_column() -> None:
    for table in IMPORTS:
        for words in words_for(table).values():
            assert len(set(words)) == len(words)
