"""Simulated activities of rooms, reproducing the totals that were published for four of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.population import apportion

SEED = 20190523
COLUMNS = [
    "activity_id",
    "room_id",
    "date",
    "themes",
    "deputies",
    "attendance",
    "livelihood",
    "basis",
    "source",
]
SHENHU, UNIVERSITY, MARKET = "t350582112", "r03", "r18"
SHENHU_ACTIVITIES = 61
# Printed counts overlap: 103 labels on 61 activities. The 104th is the design's "others".
SHENHU_LABELS = {"党委决策": 23, "乡村振兴": 17, "代表意见建议": 38, "联系选民": 25, "其他": 1}
SHENHU_LIVELIHOOD = 25
FENGZE_DEEDS, FENGZE_REPORTS, FENGZE_DEPUTIES, FENGZE_VOTERS = 159, 17, 252, 1862
UNIVERSITY_PEOPLE, UNIVERSITY_ACTIVITIES = 124, 24
MARKET_PEOPLE = 84
UNIVERSITY_THEMES = ("大学生三创", "乡村振兴", "科技扶贫", "校企合作")
MARKET_THEMES = ("消防安全", "交通出行", "环境卫生")
THEMES = ("联系选民", "代表意见建议", "政策宣传", "民生实事", "学习培训", "代表述职")
# A working assumption: no county but 丰泽区 published how often its rooms meet.
MEAN_ACTIVITIES = {"township": 6.0, "hub": 6.0}
MEAN_OTHERS = 2.0
OTHERS_FROM, OTHERS_UNTIL = "2018-01-01", "2019-05-21"


def all_activities(rooms: pd.DataFrame, *, count_day: str) -> pd.DataFrame:
    """Return the activities of every room, indexed by nothing, sorted by id.

    Parameters
    ----------
    rooms : DataFrame
        The register, indexed by room id.
    count_day : str
        The day of the published counts; only rooms open by then meet, but for the market room.
    """
    open_rooms = rooms[rooms["opened"] <= count_day]
    fengze = open_rooms.index[open_rooms["serves_unit_id"].str.startswith("350503")]
    told = {SHENHU, UNIVERSITY, *fengze}
    others = open_rooms[~open_rooms.index.isin(told)]
    parts = [_shenhu(), _fengze(fengze.to_numpy()), _university(), _market(), _others(others)]
    frame = pd.concat(parts, ignore_index=True)
    for column in ("deputies", "attendance"):
        frame[column] = frame[column].astype("Int64")
    return frame.assign(basis="simulated")[COLUMNS].sort_values("activity_id")


def spread_labels(counts: dict[str, int], rows: int, rng: np.random.Generator) -> list[list[str]]:
    """Give every row at least one label, no label twice in a row, each label its count.

    Needs ``sum(counts) >= rows`` and no count above ``rows``.
    """
    bag = [label for label, count in counts.items() for _ in range(count)]
    order = rng.permutation(len(bag))
    labels: list[list[str]] = [[bag[n]] for n in order[:rows]]
    for n in order[rows:]:
        free = [row for row in labels if bag[n] not in row]
        free[int(np.argmin([len(row) for row in free]))].append(bag[n])
    return labels


def _shenhu() -> pd.DataFrame:
    rng = np.random.default_rng([SEED, 1])
    themes = spread_labels(SHENHU_LABELS, SHENHU_ACTIVITIES, rng)
    livelihood = np.zeros(SHENHU_ACTIVITIES, dtype=bool)
    livelihood[rng.permutation(SHENHU_ACTIVITIES)[:SHENHU_LIVELIHOOD]] = True
    days = pd.date_range(end="2019-05-17", periods=SHENHU_ACTIVITIES, freq="7D")
    return pd.DataFrame(
        {
            "activity_id": [f"sh-{n:03d}" for n in range(1, SHENHU_ACTIVITIES + 1)],
            "room_id": SHENHU,
            "date": days.strftime("%Y-%m-%d"),
            "themes": [";".join(row) for row in themes],
            "livelihood": np.where(livelihood, "true", "false"),
            "source": "深沪镇活动61次,主题23/17/38/25次(重叠),民生实事25项;日期按一周一活动",
        }
    )


def _fengze(rooms: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng([SEED, 2])
    count = FENGZE_DEEDS + FENGZE_REPORTS
    themes = np.repeat(["为民办实事", "代表述职"], [FENGZE_DEEDS, FENGZE_REPORTS])
    days = pd.date_range("2016-01-01", "2019-04-17")
    return pd.DataFrame(
        {
            "activity_id": [f"fz-{n:03d}" for n in range(1, count + 1)],
            "room_id": rng.choice(rooms, size=count),
            "date": days[rng.integers(len(days), size=count)].strftime("%Y-%m-%d"),
            "themes": themes,
            "deputies": apportion(np.ones(count), FENGZE_DEPUTIES),
            "attendance": rng.multinomial(FENGZE_VOTERS, np.full(count, 1 / count)),
            "source": "丰泽区2016年以来联系代表252人次、联系选民1862人次、述职17人、办实事159件",
        }
    )


def _university() -> pd.DataFrame:
    rng = np.random.default_rng([SEED, 3])
    days = pd.date_range(end="2019-05-15", periods=UNIVERSITY_ACTIVITIES, freq="15D")
    return pd.DataFrame(
        {
            "activity_id": [f"mk-{n:03d}" for n in range(1, UNIVERSITY_ACTIVITIES + 1)],
            "room_id": UNIVERSITY,
            "date": days.strftime("%Y-%m-%d"),
            "themes": rng.choice(UNIVERSITY_THEMES, size=UNIVERSITY_ACTIVITIES),
            "attendance": _even(UNIVERSITY_PEOPLE, UNIVERSITY_ACTIVITIES, rng),
            "source": "闽南科技学院一年多来接待124人次;次数为假定(半月一次)",
        }
    )


def _market() -> pd.DataFrame:
    rng = np.random.default_rng([SEED, 4])
    days = pd.date_range("2024-07-04", "2024-12-26", freq="7D")  # Thursdays, as reported
    return pd.DataFrame(
        {
            "activity_id": [f"dh-{n:03d}" for n in range(1, len(days) + 1)],
            "room_id": MARKET,
            "date": days.strftime("%Y-%m-%d"),
            "themes": rng.choice(MARKET_THEMES, size=len(days)),
            "attendance": _even(MARKET_PEOPLE, len(days), rng),
            "source": "德辉商圈每周四值班,接访84人次;时段取2024年下半年为假定",
        }
    )


def _others(rooms: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng([SEED, 5])
    mean = rooms["kind"].map(MEAN_ACTIVITIES).fillna(MEAN_OTHERS)
    held = np.repeat(rooms.index.to_numpy(), rng.poisson(mean))
    first = rooms["opened"].where(rooms["opened"] > OTHERS_FROM, OTHERS_FROM).loc[held]
    first_day = pd.to_datetime(first).to_numpy()
    span_days = (np.datetime64(OTHERS_UNTIL) - first_day) / np.timedelta64(1, "D")
    after_days = (rng.random(len(held)) * (span_days + 1)).astype(int)
    days = pd.DatetimeIndex(first_day + after_days.astype("timedelta64[D]"))
    return pd.DataFrame(
        {
            "activity_id": [f"x-{n:04d}" for n in range(1, len(held) + 1)],
            "room_id": held,
            "date": days.strftime("%Y-%m-%d"),
            "themes": rng.choice(THEMES, size=len(held)),
            "source": "无公布数:镇级和县级平均6次、其他平均2次为假定",
        }
    )


def _even(total: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    return rng.multinomial(total, np.full(rows, 1 / rows))
