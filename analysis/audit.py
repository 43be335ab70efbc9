"""Full coverage of counties and townships, and the checklist a room is held against.

Full coverage asks for a room of each county's and township's own level, wherever that room stands.
Trade rooms and outposts, which have no radius, count too, and are told apart: a unit that no other
room serves has a "special" one. What the register does not hold is "none known", never "missing":
a township set up after the register was written has no row for that reason alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.coverage import NO_RADIUS_KINDS, is_context
from geo.errors import StudyError, first_ids
from geo.read import FALSE, TRUE
from geo.units import ancestors

AUDITED = ("county", "township")
BASES_BEST_FIRST = ("reported", "register", "census", "derived", "modelled", "simulated")
HAS, SPECIAL, NONE_KNOWN = "has", "special", "none_known"
SAID = {**dict.fromkeys([*TRUE, "1.0", "有"], 1.0), **dict.fromkeys([*FALSE, "0.0", "无"], 0.0)}
"""What a checklist's cell may say, in small letters."""


def full_coverage(units: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame) -> pd.DataFrame:
    """Tell for each county and township whether a room of its own level serves it.

    Parameters
    ----------
    units, rooms : GeoDataFrame
        The tables; rooms as of the day asked for. Closed rooms and context units do not count.

    Returns
    -------
    DataFrame
        Index ``unit_id``, counties first: ``name``, ``level``, ``parent_id``; ``status`` "has",
        "special" where only a trade room or an outpost serves the unit, or "none_known";
        ``rooms`` of its own level, ``special_rooms`` (trade rooms and outposts) beside them;
        ``room_id`` the best known of the first, or else of the second, with its ``kind`` and the
        ``basis`` on which it is known (reported before register before derived before simulated),
        NA where none is; ``stands_elsewhere`` True where that room stands in another unit of the
        level, NA where its place is unknown; ``lower_rooms`` of any lower level in the unit;
        ``note`` of the unit.

    Notes
    -----
    "Own level" is the room's ``level`` equal to the unit's, and ``serves_unit_id`` the unit: a
    township's room kept in the county seat counts for the township. Trade rooms and outposts count
    whatever their level, for the unit they serve. Linear in the rows.

    Examples
    --------
    >>> columns = {"name": ["A"], "level": ["county"], "parent_id": [None]}
    >>> units = pd.DataFrame(columns, index=["1"])
    >>> names = ["level", "serves_unit_id", "located_unit_id", "is_open", "basis"]
    >>> full_coverage(units, pd.DataFrame(columns=names))["status"].tolist()
    ['none_known']
    """
    members = units[units["level"].isin(AUDITED) & ~is_context(units)]
    table = members[["name", "level", "parent_id"]].copy()
    table["note"] = members.get("note")
    own = _own_rooms(units, rooms[rooms["is_open"].astype(bool)])
    for name, kept in (("rooms", ~own["special"]), ("special_rooms", own["special"])):
        counts = own.loc[kept, "serves_unit_id"].value_counts()
        table[name] = counts.reindex(table.index).fillna(0).astype(int)
    table["status"] = np.select(
        [table["rooms"] > 0, table["special_rooms"] > 0], [HAS, SPECIAL], default=NONE_KNOWN
    )
    best = own[~own["serves_unit_id"].duplicated()].set_index("serves_unit_id")
    for column in ("room_id", "kind", "basis", "stands_elsewhere"):
        table[column] = best[column].reindex(table.index)
    table["lower_rooms"] = _lower_rooms(units, rooms, table)
    order = ["name", "level", "parent_id", "status", "rooms", "special_rooms", "room_id", "kind"]
    order += ["basis", "stands_elsewhere", "lower_rooms", "note"]
    rank = table["level"].map({level: n for n, level in enumerate(AUDITED)})
    return table[order].loc[rank.sort_values(kind="stable").index].rename_axis("unit_id")


def _own_rooms(units: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return open rooms that are a unit's own, special ones last, else the best known first."""
    level = rooms["serves_unit_id"].map(units["level"])
    kind = rooms["kind"] if "kind" in rooms else pd.Series(pd.NA, index=rooms.index, dtype="str")
    special = kind.isin(NO_RADIUS_KINDS)
    own = pd.DataFrame(rooms.loc[((rooms["level"] == level) | special) & level.isin(AUDITED)])
    own = own.assign(kind=kind, special=special, level=level)
    own = own.assign(room_id=own.index.astype("str")).rename_axis(None)
    located = pd.Series(pd.NA, index=own.index, dtype="object")
    for name in AUDITED:
        up = ancestors(units, name)
        located = located.where(own["level"] != name, own["located_unit_id"].map(up))
    elsewhere = (located != own["serves_unit_id"]).astype("boolean").mask(located.isna())
    rank = own["basis"].map({basis: n for n, basis in enumerate(BASES_BEST_FIRST)})
    own = own.assign(stands_elsewhere=elsewhere, rank=rank)
    return own.sort_values(["special", "rank", "room_id"], kind="stable")


def _lower_rooms(
    units: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame, table: pd.DataFrame
) -> pd.Series:
    """Count open rooms below each unit's own level that serve it or a unit inside it."""
    is_open = rooms[rooms["is_open"].astype(bool)]
    lower = pd.Series(0, index=table.index)
    for name, below in (("county", ("township", "village")), ("township", ("village",))):
        inside = is_open.loc[is_open["level"].isin(below), "serves_unit_id"]
        counts = inside.map(ancestors(units, name)).value_counts()
        lower = lower.add(counts.reindex(table.index[table["level"] == name]), fill_value=0)
    return lower.reindex(table.index).astype(int)


def coverage_counts(audit: pd.DataFrame) -> pd.DataFrame:
    """Count audited units by level and by what their status rests on.

    Parameters
    ----------
    audit : DataFrame
        From :func:`full_coverage`.

    Returns
    -------
    DataFrame
        Index ``level``: ``units``, ``has``, ``special``, ``none_known`` and one column
        ``has_<basis>`` for each basis; the parts add up to the whole.
    """
    rows = audit.groupby("level")
    table = pd.DataFrame({"units": rows.size()})
    for status in (HAS, SPECIAL, NONE_KNOWN):
        table[status] = audit["level"][audit["status"] == status].value_counts()
    having = audit[audit["status"] == HAS]
    for basis in BASES_BEST_FIRST:
        table[f"has_{basis}"] = having["level"][having["basis"] == basis].value_counts()
    order = [level for level in AUDITED if level in table.index]
    return table.loc[order].fillna(0).astype(int)


@dataclass(frozen=True)
class Checklist:
    """What a room should have and do: keys are columns of the rooms table.

    Parameters
    ----------
    haves, systems : mapping of str to (str, str)
        Key to Chinese and English name.
    basis : str
        "template" while the items are another place's, else whose list it is.
    note : tuple of str
        What to know about the list, Chinese and English.
    """

    haves: Mapping[str, tuple[str, str]]
    systems: Mapping[str, tuple[str, str]]
    basis: str = "template"
    note: tuple[str, str] = ("", "")

    @property
    def items(self) -> dict[str, tuple[str, str]]:
        """All items, haves first."""
        return {**self.haves, **self.systems}


def checklist_of(settings: Mapping[str, Any]) -> Checklist:
    """Read a checklist from the content of its configuration file.

    Parameters
    ----------
    settings : mapping
        ``haves`` and ``systems``, each a list of ``{key, zh, en}``; ``basis``, ``note_zh``,
        ``note_en``.

    Returns
    -------
    Checklist

    Raises
    ------
    StudyError
        ``audit.checklist_item`` (an item without key or names), ``audit.checklist_twice`` or
        ``audit.checklist_empty``.
    """
    parts: dict[str, dict[str, tuple[str, str]]] = {"haves": {}, "systems": {}}
    seen: set[str] = set()
    for part, items in parts.items():
        for number, item in enumerate(settings.get(part, ()), start=1):
            words = [str(item.get(name, "")).strip() for name in ("key", "zh", "en")]
            if not all(words):
                raise StudyError(
                    "audit.checklist_item",
                    f"Checklist, {part} number {number}: give key, zh and en.",
                    part=part,
                    row=number,
                )
            if words[0] in seen:
                raise StudyError(
                    "audit.checklist_twice",
                    f"Checklist: the key {words[0]!r} stands twice; keys are unique.",
                    column=words[0],
                )
            seen.add(words[0])
            items[words[0]] = (words[1], words[2])
    if not seen:
        raise StudyError("audit.checklist_empty", "The checklist has no item; add at least one.")
    note = (str(settings.get("note_zh", "")), str(settings.get("note_en", "")))
    return Checklist(**parts, basis=str(settings.get("basis", "template")), note=note)


def checklist_scores(rooms: pd.DataFrame, checklist: Checklist) -> pd.DataFrame:
    """Count for each room what it has and does, what not, and what nobody has looked at.

    Parameters
    ----------
    rooms : DataFrame
        Checklist columns where there are any: true, false or empty, or one of the words of
        :data:`SAID`. A missing column is unknown.
    checklist : Checklist

    Returns
    -------
    DataFrame
        On the rooms' index, for ``haves`` and for ``systems``: ``<part>_met``, ``<part>_unmet``,
        ``<part>_unknown`` counts, ``<part>_share`` met of the known (NaN where none is), and
        ``<part>_low``, ``<part>_high``: the share if every unknown item were unmet, or met.

    Raises
    ------
    StudyError
        ``audit.checklist_value``: a cell that is neither true, false nor empty.
    """
    table = pd.DataFrame(index=rooms.index)
    for part, items in (("haves", checklist.haves), ("systems", checklist.systems)):
        values = _values(rooms, items)
        met, unmet = (values == 1).sum(axis=1), (values == 0).sum(axis=1)
        known, whole = met + unmet, max(len(items), 1)
        table[f"{part}_met"] = met
        table[f"{part}_unmet"] = unmet
        table[f"{part}_unknown"] = len(items) - known
        table[f"{part}_share"] = met / known.where(known > 0)
        table[f"{part}_low"] = met / whole
        table[f"{part}_high"] = 1 - unmet / whole
    return table


def checklist_items(rooms: pd.DataFrame, checklist: Checklist) -> pd.DataFrame:
    """Count for each item how many rooms meet it, do not, or have not been looked at.

    Parameters
    ----------
    rooms : DataFrame
    checklist : Checklist

    Returns
    -------
    DataFrame
        Index ``item``: ``part``, ``name_zh``, ``name_en``, ``met``, ``unmet``, ``unknown`` rooms
        and ``share`` met of the known.

    Raises
    ------
    StudyError
        As :func:`checklist_scores`.
    """
    values = _values(rooms, checklist.items)
    met, unmet = (values == 1).sum(), (values == 0).sum()
    known = met + unmet
    names = checklist.items.values()
    return pd.DataFrame(
        {
            "part": ["haves"] * len(checklist.haves) + ["systems"] * len(checklist.systems),
            "name_zh": [zh for zh, _ in names],
            "name_en": [en for _, en in names],
            "met": met,
            "unmet": unmet,
            "unknown": len(rooms) - known,
            "share": met / known.where(known > 0),
        }
    ).rename_axis("item")


def checklist_by_unit(
    units: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame, checklist: Checklist, *, level: str
) -> pd.DataFrame:
    """Count for each unit of a level and each item the rooms that meet it, do not, or are unknown.

    Parameters
    ----------
    units, rooms : GeoDataFrame
        The tables; rooms as of the day asked for. Closed rooms and context units do not count.
    checklist : Checklist
    level : {"city", "county", "township"}
        A room counts for the unit it serves or whose part it serves, wherever it stands.

    Returns
    -------
    DataFrame
        One row a unit and item: ``unit_id``, ``name``, ``level``, ``item`` and the columns of
        :func:`checklist_items`; units in their order, items in the checklist's.

    Raises
    ------
    StudyError
        As :func:`checklist_scores`.
    """
    members = units[(units["level"] == level) & ~is_context(units)]
    standing = rooms[rooms["is_open"].astype(bool)]
    place = standing["serves_unit_id"].map(ancestors(units, level))
    nobody = checklist_items(standing.iloc[:0], checklist).assign(unit_id="", name="", level="")
    parts = [nobody.reset_index().iloc[:0]]
    parts += [
        checklist_items(standing[place == unit_id], checklist)
        .assign(unit_id=unit_id, name=name, level=level)
        .reset_index()
        for unit_id, name in members["name"].items()
    ]
    return pd.concat(parts, ignore_index=True)


def _values(rooms: pd.DataFrame, items: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Return 1, 0 or NaN for each room and item."""
    table = pd.DataFrame(np.nan, index=rooms.index, columns=list(items))
    for key in items:
        if key not in rooms:
            continue
        given = rooms[key]
        text = given.astype("object").astype(str).str.strip().str.lower()
        empty = given.isna() | (text == "")
        found = text.map(SAID).astype(float).mask(empty)
        bad = given.index[~empty & found.isna()]
        if len(bad):
            raise StudyError(
                "audit.checklist_value",
                f"Column {key!r}, {len(bad)} room(s) ({first_ids(bad)}): write true or false.",
                column=key,
                count=len(bad),
                ids=first_ids(bad),
            )
        table[key] = found
    return table
