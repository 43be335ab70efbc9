"""The dated demonstration register of rooms: rooms/rooms.csv.

    python -m data.rooms.build_rooms

Reported rooms come from public reports. One room for each county and for each of the 163 townships
of 2019 follows from the reported full coverage and is `derived`. The rest of the published totals
(559, 南安市 76, 丰泽区 25) is `simulated` by the rule in docs/decisions/012, seeded, and says so.
"""

from __future__ import annotations

import pandas as pd

from data.rooms.simulate import simulated_rooms
from data.tables import county_ids, read_facts, township_ids, write_csv

COLUMNS = [
    "room_id",
    "name",
    "level",
    "kind",
    "serves_unit_id",
    "serves_also",
    "located_unit_id",
    "opened",
    "is_open",
    "basis",
    "location_basis",
    "note",
    "source",
    "lon",
    "lat",
]
CITY_ROOMS = 559
KINDS = {
    "县级代表之家": ("county", "hub"),
    "乡镇街道活动室": ("township", "township"),
    "高校": ("village", "campus"),
    "住宅小区": ("village", "compound"),
    "产业基地/园区": ("village", "park"),
    "行业": ("village", "sector"),
    "商圈(报道分类外)": ("village", "sector"),
    "驻外(报道分类外)": ("county", "outpost"),
}
# No date was printed; the city's count of May 2019 does not hold it, so the day after the count is
# the earliest it can have opened.
AFTER_COUNT = {"德化县“德心赢商”代表履职工作室": "2019-06-01"}
REPORT = "中国网2019-05-22报道:全市559个,实现县乡两级全覆盖"
MONTH_NOTE = "仅知开放年月,按当月1日登记"
AFTER_NOTE = "开放日期未载明;不在2019年5月的559个之内,按最早可能日期登记"
SEAT_NOTE = "仅知所在乡镇,点位为乡镇驻地"
COUNTY_NOTE = "仅知所在县(市、区),不落点"
ABROAD_NOTE = "位于县域外(厦门惠安商会馆),不落点;服务惠安县,不按距离计覆盖"
NAME_NOTE = "报道转载时校名有误,据泉州晚报更正;两个校区未载明是哪个,不落点"
HUB_NOTE = "由“县级全覆盖”推定;地址未公开,不落点"
TOWNSHIP_NOTE = "由“乡级全覆盖”推定;点位为乡镇驻地"
NEW_TOWNSHIP = "350503009"  # 临海街道, set up after 2019: whether it has a room is not known


def reported_rooms(townships: pd.DataFrame) -> pd.DataFrame:
    """Return the 20 rooms that public reports name, as far as the reports place them."""
    facts = read_facts("rooms_reported")
    return pd.DataFrame([_reported(row, n, townships) for n, row in enumerate(facts.itertuples())])


def derived_rooms(townships: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """Return the county and township rooms that full coverage implies and no report names."""
    hubs = [_hub(code, name) for name, code in sorted(county_ids(townships).items())]
    rooms = [_township_room(row) for row in townships.itertuples() if row.code_mca != NEW_TOWNSHIP]
    frame = pd.DataFrame(hubs + rooms)
    return frame[~frame["room_id"].isin(known)]


def build() -> None:
    """Write rooms/rooms.csv."""
    townships = read_facts("townships")
    reported = reported_rooms(townships)
    known = pd.concat([reported, derived_rooms(townships, reported["room_id"])])
    in_count = known[known["opened"] <= "2019-05-31"]  # an unknown opening counts as open by then
    simulated = simulated_rooms(in_count, total=CITY_ROOMS)
    frame = pd.concat([known, simulated]).fillna("")
    write_csv(frame[COLUMNS].sort_values("room_id"), "rooms/rooms.csv")


def _reported(row: object, number: int, townships: pd.DataFrame) -> dict[str, object]:
    level, kind = KINDS[row.kind]
    county = county_ids(townships)[row.county]
    township = township_ids(townships).get((row.county, row.township), "")
    seat = townships.set_index("code_mca").loc[township] if township else None
    opened = AFTER_COUNT.get(row.name_zh, row.opened[:10])
    figures = row.figures.split(";报道转载时")[0]
    notes = [figures, _place_note(kind, township, row.village_or_site)]
    if row.name_zh in AFTER_COUNT:
        notes.append(AFTER_NOTE)
    elif opened and len(row.opened) != len("2024-06-22"):
        opened = f"{opened[:7]}-01"
        notes.append(MONTH_NOTE)
    ids = {"hub": f"h{county}", "township": f"t{township}"}
    return {
        "room_id": ids.get(kind, f"r{number + 1:02d}"),
        "name": row.name_zh,
        "level": level,
        "kind": kind,
        "serves_unit_id": township if kind == "township" else county,
        "located_unit_id": "" if kind == "outpost" else township or county,
        "opened": opened,
        "is_open": "true",
        "basis": "reported",
        "location_basis": "derived" if township else "",
        "note": ";".join(filter(None, notes)),
        "source": row.source_url,
        "lon": seat["seat_lon"] if township else "",
        "lat": seat["seat_lat"] if township else "",
    }


def _place_note(kind: str, township: str, site: str) -> str:
    if kind == "outpost":
        return ABROAD_NOTE
    if kind == "campus":
        return NAME_NOTE
    named = f"地点:{site};" if site else ""
    return named + (SEAT_NOTE if township else COUNTY_NOTE)


def _hub(code: str, name: str) -> dict[str, object]:
    return {
        "room_id": f"h{code}",
        "name": f"{name}{'区' if name.endswith('区') else '县'}级人大代表联系群众活动室",
        "level": "county",
        "kind": "hub",
        "serves_unit_id": code,
        "located_unit_id": code,
        "opened": "",
        "is_open": "true",
        "basis": "derived",
        "location_basis": "",
        "note": HUB_NOTE,
        "source": REPORT,
    }


def _township_room(row: object) -> dict[str, object]:
    return {
        "room_id": f"t{row.code_mca}",
        "name": f"{row.county}{row.name}人大代表联系群众活动室",
        "level": "township",
        "kind": "township",
        "serves_unit_id": row.code_mca,
        "located_unit_id": row.code_mca,
        "opened": "",
        "is_open": "true",
        "basis": "derived",
        "location_basis": "derived",
        "note": TOWNSHIP_NOTE,
        "source": REPORT,
        "lon": row.seat_lon,
        "lat": row.seat_lat,
    }


if __name__ == "__main__":
    build()
