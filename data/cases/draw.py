"""Drawing simulated cases: where, when, about what and how far they got. All of it seeded.

A case is placed as real lists place it: by its room, by a village name, or by an address known only
to the township. It keeps that precision in `placed_by` and `location_basis`; a place without a
public point leaves it without one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.tables import read_built

SEED = 20190522
CLOSED = ("handled", "fed_back", "filed")
ANSWERED = ("fed_back", "filed")
OPEN = ("collected", "registered", "assigned", "transferred", "overdue", "withdrawn")
OPEN_WEIGHTS = np.array([0.1, 0.2, 0.35, 0.15, 0.15, 0.05])
CHANNELS = ("接待", "走访", "线上")
CHANNEL_WEIGHTS = (0.6, 0.25, 0.15)
TOPICS = (
    "交通/拥堵",
    "交通/停车",
    "交通/公交",
    "交通/道路破损",
    "供水/管网",
    "供水/水质",
    "环境/垃圾",
    "环境/污水",
    "环境/噪声",
    "教育/学位",
    "教育/校园周边",
    "医疗/卫生院",
    "医疗/医保",
    "就业/岗位",
    "就业/欠薪",
    "住房/物业",
    "住房/安置",
    "农业/灌溉",
    "农业/渔业",
    "养老/照料",
    "养老/医养结合",
    "安全/消防",
    "安全/治安",
    "政务/办事流程",
)
SECOND_TOPIC = 0.2
BY_VILLAGE = 0.6
ROOM_WEIGHTS = {"hub": 3.0, "township": 3.0}  # others 1: fewer people come to a village room
MEAN_DAYS_TO_CLOSE = 45.0


@dataclass(frozen=True)
class Series:
    """One batch of simulated cases: how many, from when to when, how many of them closed.

    Parameters
    ----------
    code : str
        Prefix of the ids.
    county : str
    count, closed : int
    first, last : str
        ISO dates of the first and last day a case may come in.
    source : str
        Which published total, or which rate, the batch reproduces.
    closed_as : tuple of str
        The states that count as closed in that total.
    topics : tuple of str
        What the cases are about.
    may_withdraw : bool
        Whether open cases may be withdrawn ones; not where the total tells only done from undone.
    """

    code: str
    county: str
    count: int
    closed: int
    first: str
    last: str
    source: str
    closed_as: tuple[str, ...] = CLOSED
    topics: tuple[str, ...] = TOPICS
    may_withdraw: bool = False


def generator(series: Series) -> np.random.Generator:
    """Return the random numbers of a series: the same ones whatever other series do."""
    return np.random.default_rng([SEED, *series.code.encode()])


def cases_of(
    series: Series, rooms: pd.DataFrame, villages: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the cases of a series, placed over rooms of its county.

    Parameters
    ----------
    series : Series
    rooms : DataFrame
        The rooms that may have taken them, indexed by id.
    villages : DataFrame
        All villages, indexed by id.
    rng : Generator
    """
    return place(_unplaced(series, rng), rooms, villages, rng)


def _unplaced(series: Series, rng: np.random.Generator) -> pd.DataFrame:
    """Return a series with ids, dates, topics, channel and status, sorted by day."""
    days = pd.date_range(series.first, series.last)
    received = days[np.sort(rng.integers(len(days), size=series.count))]
    done = np.zeros(series.count, dtype=bool)
    done[rng.permutation(series.count)[: series.closed]] = True
    closed_as = rng.choice(series.closed_as, size=series.count)
    weights = OPEN_WEIGHTS[: None if series.may_withdraw else -1]
    open_as = rng.choice(OPEN[: len(weights)], size=series.count, p=weights / weights.sum())
    waited = pd.to_timedelta(
        7 + rng.exponential(MEAN_DAYS_TO_CLOSE, series.count).astype(int), unit="D"
    )
    closed = pd.Series(np.minimum(received + waited, days[-1])).dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "case_id": [f"{series.code}-{n:04d}" for n in range(1, series.count + 1)],
            "received": received.strftime("%Y-%m-%d"),
            "categories": topics(series.count, series.topics, rng),
            "channel": rng.choice(CHANNELS, size=series.count, p=CHANNEL_WEIGHTS),
            "status": np.where(done, closed_as, open_as),
            "closed": np.where(done, closed, ""),
            "basis": "simulated",
            "source": series.source,
        }
    )


def topics(count: int, among: tuple[str, ...], rng: np.random.Generator) -> list[str]:
    """Return one topic for most cases and two different ones for some, joined by ``;``."""
    first = rng.integers(len(among), size=count)
    step = rng.integers(1, max(len(among), 2), size=count)
    two = (rng.random(count) < SECOND_TOPIC) & (len(among) > 1)
    return [
        f"{among[a]};{among[(a + b) % len(among)]}" if both else among[a]
        for a, b, both in zip(first, step, two, strict=True)
    ]


def villages_with_people() -> pd.DataFrame:
    """Return the villages with county, people and point, for drawing."""
    people = read_built("population/units.csv").set_index("unit_id")["people"]
    rows = read_built("boundaries/villages.csv").set_index("unit_id")
    rows["people"] = people.reindex(rows.index).astype(float)
    return rows[rows["people"] > 0]


def place(
    frame: pd.DataFrame, rooms: pd.DataFrame, villages: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Give each case a room that was open when it came in and, by room or village name, a place.

    Parameters
    ----------
    frame : DataFrame
        Cases.
    rooms : DataFrame
        The rooms that may have taken them, indexed by id.
    villages : DataFrame
        All villages, indexed by id.
    rng : Generator
    """
    weight = rooms["kind"].map(ROOM_WEIGHTS).fillna(1.0).to_numpy()
    opened = rooms["opened"].to_numpy(dtype=str)
    drawn = rooms.iloc[[_draw(weight * (opened <= day), rng) for day in frame["received"]]]
    by_village = rng.random(len(frame)) < BY_VILLAGE
    rows = []
    for room, named in zip(drawn.itertuples(), by_village, strict=True):
        around = villages[villages["parent_id"] == _township(room, villages)]
        if named and len(around):
            pick = around.iloc[_draw(around["people"].to_numpy(), rng)]
            rows.append(at_village(room.Index, pick))
        else:
            rows.append(at_room(room))
    return pd.concat([frame.reset_index(drop=True), pd.DataFrame(rows)], axis=1)


def _draw(weight: np.ndarray, rng: np.random.Generator) -> int:
    return int(rng.choice(len(weight), p=weight / weight.sum()))


def at_room(room: object, *, placed_by: str = "room", note: str = "") -> dict[str, object]:
    """Return the place of a case that is known by its room."""
    return {
        "room_id": room.Index,
        "unit_id": room.serves_unit_id,
        "placed_by": placed_by,
        "location_basis": room.location_basis,
        "note": note,
        "lon": room.lon,
        "lat": room.lat,
    }


def at_village(room_id: str, village: pd.Series, *, note: str = "") -> dict[str, object]:
    """Return the place of a case that names a village; without a trusted point it has none."""
    return {
        "room_id": room_id,
        "unit_id": village.name,
        "placed_by": "village",
        "location_basis": "register" if village["lon"] else "",
        "note": note,
        "lon": village["lon"],
        "lat": village["lat"],
    }


def _township(room: object, villages: pd.DataFrame) -> str:
    """Return the township a room serves, or nothing for a room of a whole county."""
    if room.serves_unit_id in villages.index:
        return str(villages.at[room.serves_unit_id, "parent_id"])
    return str(room.serves_unit_id)
