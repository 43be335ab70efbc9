"""The row report in the reader's language, made of codes and facts."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.intake.apply import apply
from geo.intake.mapping import IMPORTS, Mapping, suggest_mapping, words_for
from geo.intake.raw import RawTable
from geo.intake.report import TEXTS, Intake, Remarks, held_back_rows
from ui.data_report import column_name, held_back_table, report_table
from ui.wording import words

ZH, EN = words("zh"), words("en")
UNITS = gpd.GeoDataFrame(
    {
        "name": ["泉州市", "南安市", "安溪县", "官桥镇", "官桥镇", "丰州镇"],
        "level": ["city", "county", "county", "township", "township", "township"],
        "parent_id": [None, "3505", "3505", "350583", "350524", "350583"],
    },
    index=pd.Index(["3505", "350583", "350524", "350583102", "350524102", "350583101"]),
    geometry=[
        shapely.box(118, 24, 119, 25),
        shapely.box(118, 24, 118.5, 25),
        shapely.box(118.5, 24, 119, 25),
        shapely.box(118, 24, 118.2, 24.5),
        shapely.box(118.5, 24, 118.7, 24.5),
        shapely.box(118.2, 24, 118.5, 24.5),
    ],
    crs="EPSG:4326",
)


def intake_of(remarks: Remarks, frame: pd.DataFrame) -> Intake:
    told = remarks.frame()
    held = held_back_rows(frame, told, remarks.held)
    return Intake("rooms", pd.DataFrame(), held, told, remarks.status())


@pytest.mark.parametrize("code", list(TEXTS))
def test_each_remark_is_said_from_its_code_and_facts(code: str) -> None:
    frame = pd.DataFrame({"某列": ["甲镇（值）"]}, index=[7])
    remarks = Remarks(frame.index)
    yes = pd.Series(True, index=frame.index)
    remarks.add(yes, code, column="某列", values=frame["某列"], detail="乙, {丙}")
    row = report_table(intake_of(remarks, frame), ZH).iloc[0]
    template = TEXTS[code][1]
    assert ("乙, {丙}" in row["问题"]) == ("{detail}" in template)
    assert ("甲镇（值）" in row["问题"]) == ("{value}" in template)
    assert not re.search("[A-Za-z]{3}", row["问题"] + row["处理办法"])
    told = template.format(value="甲镇（值）", detail="乙, {丙}")
    assert report_table(intake_of(remarks, frame), EN).iloc[0]["Problem"] == told


def test_a_list_is_reported_in_chinese_with_its_facts() -> None:
    frame = pd.DataFrame(
        {
            "名称": ["甲", "乙", "丙", "丁"],
            "县": ["", "南安市", "安溪县", "南安市"],
            "乡镇": ["官桥镇", "无此镇", "官桥镇", ""],
            "类型": ["乡镇", "乡镇", "茶馆", "乡镇"],
        },
        index=[2, 3, 4, 5],
        dtype="str",
    )
    mapping = Mapping("rooms", {"name": "名称", "county": "县", "township": "乡镇", "kind": "类型"})
    intake = apply(RawTable("a.csv", "", frame), mapping, units=UNITS)
    told = report_table(intake, ZH)
    problems = told.groupby("行号")["问题"].agg("｜".join)
    assert problems[2] == "“官桥镇”对应多个行政区划（安溪县官桥镇、南安市官桥镇）"
    assert problems[3].startswith("没有名为“无此镇”的行政区划，名称相近的有：")
    assert problems[4].startswith("不是以下之一：代表之家、乡镇（街道）、")
    assert "是乡镇（街道）活动室，却只写到 南安市" in problems[5]
    mended = held_back_table(intake, ZH)
    assert mended["行号"].tolist() == [2, 3, 4, 5]
    assert mended["问题"].iloc[0].startswith("乡镇：“官桥镇”对应多个")


@pytest.mark.parametrize("table", list(IMPORTS))
def test_columns_as_the_screen_calls_them_find_their_column(table):
    """A list made after the words of the Data page comes in without a question."""
    names = {target: column_name(table, target, ZH) for target in words_for(table)}
    frame = pd.DataFrame({name: ["1"] for name in names.values()}).astype("str")
    raw = RawTable(name="a.csv", layer="", frame=frame)
    assert suggest_mapping(raw, table=table).columns == names
