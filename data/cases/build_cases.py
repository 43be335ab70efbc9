"""Simulated cases and activities that reproduce the published totals: cases.csv, activities.csv.

    python -m data.cases.build_cases

No public list of cases exists. Every row is `simulated`; `source` tells which published total (or,
for the other counties, which rate) the batch reproduces. docs/decisions/013 states the rules.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.cases import draw
from data.cases.activities import all_activities
from data.cases.draw import ANSWERED, Series
from data.tables import county_ids, read_built, read_facts, write_csv

COLUMNS = [
    "case_id",
    "received",
    "room_id",
    "unit_id",
    "categories",
    "channel",
    "status",
    "closed",
    "satisfaction",
    "outcome",
    "basis",
    "location_basis",
    "placed_by",
    "note",
    "source",
    "lon",
    "lat",
]
COUNT_DAY = "2019-05-31"
# Solved or answered of all opinions, from the two counties that published both.
CLOSED_SHARE = (130 + 205) / (136 + 339)
QUANGANG, FENGZE = "350505", "350503"
UNIVERSITY_ROOM, MARKET_ROOM = "r03", "r18"
SHANYAO, QIANHUANG, TULING = "t350505001", "t350505105", "t350505106"
QG_2018 = Series(
    "qg18",
    QUANGANG,
    136,
    130,
    "2018-01-01",
    "2019-05-21",
    "泉港区2018年以来136条,解决落实130条,形成闭会期间建议7条",
)
QG_2019 = Series(
    "qg19",
    QUANGANG,
    126,
    round(126 * CLOSED_SHARE),
    "2019-01-01",
    "2019-05-21",
    "泉港区2019年走访代表59人、群众99人收集126条;办结数未公布,按两区公布的平均办结率",
)
FZ = Series(
    "fz",
    FENGZE,
    339,
    205,
    "2016-01-01",
    "2019-04-17",
    "丰泽区2016年以来339件,办理反馈205件",
    closed_as=ANSWERED,
)
UNIVERSITY = Series(
    "mk",
    "350583",
    61,
    round(61 * CLOSED_SHARE),
    "2018-04-01",
    "2019-05-20",
    "闽南科技学院活动室一年多来61条;办结数未公布,按两区公布的平均办结率",
    topics=("教育/大学生三创", "农业/乡村振兴", "农业/科技扶贫", "教育/校企合作"),
)
MARKET = Series(
    "dh",
    "350581",
    56,
    round(56 * CLOSED_SHARE),
    "2024-07-01",
    "2024-12-31",
    "石狮德辉商圈工作室56条;时段与办结数未公布,时段取2024年下半年",
    topics=("安全/消防", "交通/出行", "环境/卫生"),
)
RATE_SOURCE = "无公布总数:按泉港区每万人3.84条、两区平均办结率模拟"
SUGGESTIONS, SUGGESTION = 7, "闭会期间建议"
TRAFFIC_CASES, ROAD_VILLAGES, JOB_SEEKERS = 20, 14, 25
KINDERGARTEN_NOTE = "泉港区实验幼儿园周边;坐标未公开,以山腰街道驻地代;条数为假定"
WATER_NOTE = "报道未列324国道沿线14个村居名;抽取时有可信坐标的村优先"
JOBS_NOTE = "报道:帮助25名征迁群众就业;每人一条为假定"


def quangang_2018(rooms: pd.DataFrame, villages: pd.DataFrame) -> pd.DataFrame:
    """Return 136 opinions, 130 of them solved and 7 made suggestions, the three stories inside.

    What the stories tell was solved, so their rows are taken from the solved ones.
    """
    rng = draw.generator(QG_2018)
    frame = draw.cases_of(QG_2018, _of_county(rooms, QUANGANG), villages, rng)
    stories = pd.DataFrame([*_traffic(rooms), *_water(villages, rng), *_jobs(rooms)])
    solved = frame.index[frame["closed"] != ""]
    told = rng.permutation(solved)[: len(stories)]
    for column in stories:
        frame.loc[told, column] = stories[column].to_numpy()
    frame["outcome"] = ""
    frame.loc[rng.permutation(len(frame))[:SUGGESTIONS], "outcome"] = SUGGESTION
    return frame


def other_counties(rooms: pd.DataFrame, villages: pd.DataFrame) -> list[pd.DataFrame]:
    """Return cases of the counties without a published total, at 泉港区's published rate."""
    people = read_built("population/units.csv").set_index("unit_id")["people"]
    rate = QG_2018.count / int(people[QUANGANG])
    frames = []
    for code in sorted(county_ids(read_facts("townships")).values()):
        if code in (QUANGANG, FENGZE):
            continue
        count = round(rate * int(people[code]))
        series = Series(
            f"c{code}",
            code,
            count,
            round(count * CLOSED_SHARE),
            QG_2018.first,
            QG_2018.last,
            RATE_SOURCE,
            may_withdraw=True,
        )
        inside = _of_county(rooms, code).drop(UNIVERSITY_ROOM, errors="ignore")
        frames.append(draw.cases_of(series, inside, villages, draw.generator(series)))
    return frames


def build() -> None:
    """Write cases/cases.csv and cases/activities.csv."""
    every = read_built("rooms/rooms.csv").set_index("room_id")
    rooms = every[every["opened"] <= COUNT_DAY]
    villages = draw.villages_with_people()
    batches = [quangang_2018(rooms, villages)]
    for series, taken_by in (
        (QG_2019, _of_county(rooms, QUANGANG)),
        (FZ, _of_county(rooms, FENGZE)),
        (UNIVERSITY, every.loc[[UNIVERSITY_ROOM]]),
        (MARKET, every.loc[[MARKET_ROOM]]),
    ):
        batches.append(draw.cases_of(series, taken_by, villages, draw.generator(series)))
    batches[1]["channel"] = "走访"
    frame = pd.concat([*batches, *other_counties(rooms, villages)]).fillna("")
    write_csv(frame.assign(satisfaction="")[COLUMNS], "cases/cases.csv")
    write_csv(all_activities(every, count_day=COUNT_DAY), "cases/activities.csv")


def _of_county(rooms: pd.DataFrame, code: str) -> pd.DataFrame:
    return rooms[rooms["serves_unit_id"].str.startswith(code)]


def _traffic(rooms: pd.DataFrame) -> list[dict[str, object]]:
    room = next(rooms.loc[[SHANYAO]].itertuples())
    row = draw.at_room(room, placed_by="address", note=KINDERGARTEN_NOTE)
    return [{**row, "categories": "交通/拥堵;教育/校园周边"}] * TRAFFIC_CASES


def _water(villages: pd.DataFrame, rng: np.random.Generator) -> list[dict[str, object]]:
    inside = villages[villages["parent_id"] == TULING.removeprefix("t")]
    shuffled = inside.iloc[rng.permutation(len(inside))]
    located = shuffled["lon"] != ""
    chosen = pd.concat([shuffled[located], shuffled[~located]]).iloc[:ROAD_VILLAGES]
    return [
        {**draw.at_village(TULING, row, note=WATER_NOTE), "categories": "供水/管网"}
        for _, row in chosen.iterrows()
    ]


def _jobs(rooms: pd.DataFrame) -> list[dict[str, object]]:
    room = next(rooms.loc[[QIANHUANG]].itertuples())
    return [{**draw.at_room(room, note=JOBS_NOTE), "categories": "就业/征迁群众"}] * JOB_SEEKERS


if __name__ == "__main__":
    build()
