"""The rooms that are counted in public but named nowhere, placed by a stated rule and a seed.

The rule (docs/decisions/012): 南安市 and 丰泽区 follow their published breakdown. Each other county
gets one health-sector room, one campus room where a campus is listed, one park room where a park is
listed; 德化县's remote townships keep a room in the county seat; what is left of the city's total
goes to villages and communities, by population, drawn among those with a trusted point. So every
simulated room stands on a public point or on none.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from data.tables import county_ids, read_built, read_facts
from geo.population import apportion
from geo.reach import great_circle_m

SEED = 20190531
NANAN, FENGZE, DEHUA, YONGCHUN = "350583", "350503", "350526", "350525"
DEHUA_SEAT = "350526101"  # 龙浔镇
REMOTE_M = 20_000
PUBLISHED_VILLAGES = {NANAN: {"village": 40, "community": 4}, FENGZE: {"community": 16}}
MARK = "（模拟）"
RULE_NOTE = "模拟:公开报道只有总数,名称与位置由固定种子按规则抽取"
SECTOR_NOTE = "模拟:仿南安市医疗卫生行业活动室;仅知所在县,不落点"
OUTPOST_NOTE = (
    "模拟:报道称德化县设立乡镇驻城关活动室,未列乡镇名和数目;此处取驻地距城关20公里以上的乡镇"
)
AREA_NOTE = "模拟:报道称永春县统一推进片区村级活动室,未列名;此处按代码顺序分片(见serves_also)"


def simulated_rooms(known: pd.DataFrame, *, total: int) -> pd.DataFrame:
    """Return the simulated rooms that bring the known ones to the published total.

    Parameters
    ----------
    known : DataFrame
        Reported and derived rooms within the count.
    total : int
        Rooms of the whole city at the count.
    """
    counties = county_ids(read_facts("townships"))
    others = [code for code in sorted(counties.values()) if code not in PUBLISHED_VILLAGES]
    special = [*_sector_rooms(others), *_campus_rooms(others), *_park_rooms(others)]
    special += _dehua_outposts()
    places = read_built("boundaries/villages.csv").query("lon != ''")
    places = places.assign(
        county=places["unit_id"].str[:6],
        kind=places["committee"].where(places["committee"] == "village", "community"),
    )
    left = total - len(known) - len(special)
    left -= sum(sum(kinds.values()) for kinds in PUBLISHED_VILLAGES.values())
    quota = _village_quota(others, places, left)
    chosen = [_draw(places, code, kinds) for code, kinds in PUBLISHED_VILLAGES.items()]
    chosen += [_draw(places, code, {None: count}) for code, count in quota.items()]
    picked = pd.concat(chosen)
    areas = _areas(picked[picked["county"] == YONGCHUN])
    villages = [_village_room(row, areas) for row in picked.itertuples()]
    return pd.DataFrame(special + villages)


def _village_quota(others: list[str], places: pd.DataFrame, rooms: int) -> dict[str, int]:
    """Share rooms out by population; a county cannot get more than it has located villages."""
    people = read_built("population/units.csv").set_index("unit_id").loc[others, "people"]
    room_for = places["county"].value_counts().reindex(others).to_numpy()
    weights = people.astype(float).to_numpy()
    quota = np.zeros(len(others), dtype=np.int64)
    while quota.sum() < rooms:
        open_for = quota < room_for
        more = apportion(np.where(open_for, weights, 0), int(rooms - quota.sum()))
        quota = np.minimum(quota + more, room_for)
    return dict(zip(others, quota.tolist(), strict=True))


def _draw(places: pd.DataFrame, county: str, kinds: dict[str | None, int]) -> pd.DataFrame:
    """Draw located villages of one county without repetition; kind None means any."""
    rng = np.random.default_rng([SEED, int(county)])
    inside = places[places["county"] == county].sort_values("unit_id")
    picks = []
    for kind, count in kinds.items():
        pool = inside if kind is None else inside[inside["kind"] == kind]
        picks.append(pool.iloc[np.sort(rng.permutation(len(pool))[:count])])
    return pd.concat(picks)


def _village_room(row: object, areas: dict[str, list[str]]) -> dict[str, object]:
    township = _township_names()[row.parent_id]
    area = row.county == YONGCHUN
    return {
        **_row(f"v{row.unit_id}", f"{township}{row.name}活动室", "village", row.unit_id),
        "kind": "area" if area else row.kind,
        "serves_also": ";".join(areas.get(row.unit_id, [])),
        "location_basis": "simulated",
        "note": AREA_NOTE if area else RULE_NOTE,
        "lon": row.lon,
        "lat": row.lat,
    }


def _areas(hosts: pd.DataFrame) -> dict[str, list[str]]:
    """Give each village of a township with area rooms to one of them, in the order of codes.

    A village goes to the host before it in the list, those before the first host to the first.
    """
    villages = read_built("boundaries/villages.csv").set_index("unit_id")["parent_id"].sort_index()
    areas: dict[str, list[str]] = {}
    for township, inside in hosts.groupby("parent_id"):
        stands = np.array(sorted(inside["unit_id"]))
        for village in villages.index[villages == township].difference(stands):
            host = stands[max(np.searchsorted(stands, village) - 1, 0)]
            areas.setdefault(host, []).append(village)
    return areas


def _sector_rooms(counties: list[str]) -> list[dict[str, object]]:
    names = {code: name for name, code in county_ids(read_facts("townships")).items()}
    return [
        {
            **_row(f"s{code}", f"{names[code]}医疗卫生行业活动室", "village", code),
            "kind": "sector",
            "location_basis": "",
            "note": SECTOR_NOTE,
        }
        for code in counties
    ]


def _campus_rooms(counties: list[str]) -> list[dict[str, object]]:
    return [
        {
            **_row(f"c{code}", f"{site.name}活动室", "village", site.unit_id),
            "kind": "campus",
            "location_basis": "simulated",
            "note": RULE_NOTE,
            "lon": site.lon,
            "lat": site.lat,
        }
        for code, site in _one_site_each(counties, "campus")
    ]


def _park_rooms(counties: list[str]) -> list[dict[str, object]]:
    return [
        {
            **_row(f"p{code}", f"{site.name}活动室", "village", site.unit_id),
            "kind": "park",
            "location_basis": "simulated" if site.lon else "",
            "note": RULE_NOTE if site.lon else f"{RULE_NOTE};园区无公开坐标,不落点",
            "lon": site.lon,
            "lat": site.lat,
        }
        for code, site in _one_site_each(counties, "park")
    ]


def _one_site_each(counties: list[str], kind: str) -> list[tuple[str, object]]:
    """Return one listed site of a kind for each county that has any, drawn with the seed."""
    sites = read_built("sites/sites.csv").query("kind == @kind and ~note.str.contains('同一园区')")
    found = []
    for code in counties:
        inside = sites[sites["unit_id"].str.startswith(code)]
        if len(inside):
            rng = np.random.default_rng([SEED, int(code), len(kind)])
            found.append((code, next(inside.iloc[[rng.integers(len(inside))]].itertuples())))
    return found


def _dehua_outposts() -> list[dict[str, object]]:
    townships = read_facts("townships").query("county_code == @DEHUA").set_index("code_mca")
    seats = townships[["seat_lon", "seat_lat"]].astype(float)
    far = great_circle_m(seats.loc[[DEHUA_SEAT]].to_numpy(), seats.to_numpy())
    return [
        {
            **_row(f"o{code}", f"德化县{townships.at[code, 'name']}驻城关活动室", "township", code),
            "kind": "outpost",
            "located_unit_id": DEHUA_SEAT,
            "location_basis": "simulated",
            "note": OUTPOST_NOTE,
            "lon": townships.at[DEHUA_SEAT, "seat_lon"],
            "lat": townships.at[DEHUA_SEAT, "seat_lat"],
        }
        for code in townships.index[far >= REMOTE_M]
    ]


@lru_cache(maxsize=1)
def _township_names() -> dict[str, str]:
    rows = read_facts("townships")
    return dict(zip(rows["code_mca"], rows["name"], strict=True))


def _row(room_id: str, name: str, level: str, unit: str) -> dict[str, object]:
    return {
        "room_id": room_id,
        "name": name + MARK,
        "level": level,
        "serves_unit_id": unit,
        "located_unit_id": unit,
        "opened": "",
        "is_open": "true",
        "basis": "simulated",
        "source": "docs/decisions/012",
    }
