"""What a row of rooms, cases or activities says about its level, kind, room and units."""

from __future__ import annotations

import pandas as pd

from geo.intake.mapping import Mapping
from geo.intake.place import Places, remark_questions
from geo.intake.report import Remarks
from geo.intake.values import cleaned, each_distinct
from geo.names import find_units

_LEVEL_OF_KIND = {"hub": "county", "township": "township", "outpost": "county"}
_KIND_OF_LEVEL = {"county": "hub", "township": "township", "village": "village"}
# The first word found in a room's name tells its kind.
_KIND_WORDS = (
    ("代表之家", "hub"),
    ("片区", "area"),
    ("社区", "community"),
    ("小区", "compound"),
    ("学院", "campus"),
    ("大学", "campus"),
    ("园区", "park"),
    ("基地", "park"),
    ("行业", "sector"),
    ("村", "village"),
    ("镇", "township"),
    ("乡", "township"),
    ("街道", "township"),
)


def fill_room_kind(typed: pd.DataFrame, mapping: Mapping, remarks: Remarks) -> None:
    """Fill level from kind, kind from level, and both from the name, in place, with a remark.

    Parameters
    ----------
    typed : DataFrame
        ``name`` and, where mapped, ``kind`` and ``level``.
    mapping : Mapping
    remarks : Remarks
    """
    nothing = pd.Series(None, index=typed.index, dtype=object)
    kind, level = typed.get("kind", nothing), typed.get("level", nothing)
    told_kind, told_level = kind.notna(), level.notna()
    name = typed.get("name", nothing).fillna("")
    silent = name[~told_kind & ~told_level]
    by_name = silent.map(lambda text: next((k for word, k in _KIND_WORDS if word in text), None))
    by_level = level.map(_KIND_OF_LEVEL).where(told_level, by_name.reindex(kind.index))
    kind = kind.where(told_kind, by_level)
    by_kind = each_distinct(kind, lambda k: _LEVEL_OF_KIND.get(k, "village"))
    level = level.where(told_level, by_kind)
    typed["kind"] = kind.astype(object).where(kind.notna(), None)
    typed["level"] = level.astype(object).where(level.notna(), None)
    for target, told in (("kind", told_kind), ("level", told_level)):
        guessed = ~told & typed[target].notna() & ~remarks.held & ~(told_kind | told_level)
        header = mapping.columns.get(target, target)
        remarks.add(guessed, "default", column=header, detail=typed[target].fillna(""))


def served_units(
    frame: pd.DataFrame, typed: pd.DataFrame, mapping: Mapping, places: Places, remarks: Remarks
) -> pd.Series:
    """Return the unit each room serves: as stated, else the unit of its level around it.

    Parameters
    ----------
    frame : DataFrame of str
    typed : DataFrame
        ``located_unit_id``, ``level``.
    mapping : Mapping
        Uses ``serves_unit_id`` (codes) and ``serves`` (names).
    places : Places
    remarks : Remarks
        Told about township rooms known only to a county.

    Returns
    -------
    Series of str or None
    """
    located, level = typed["located_unit_id"], typed["level"]
    served = pd.Series(None, index=frame.index, dtype=object)
    for wanted in ("county", "township"):
        rows = (level == wanted) & located.notna()
        served = served.where(~rows, places.ancestor(located, wanted))
    villages = level == "village"
    served = served.where(~villages, located)
    short = (level == "township") & located.notna() & served.isna()
    header = mapping.columns.get("township", "township")
    if "serves" in mapping.columns:
        texts = cleaned(frame[mapping.columns["serves"]])
        answer = find_units(texts, index=places.index)
        bad = answer["question"].notna()
        column = mapping.columns["serves"]
        remark_questions(bad, answer, column, texts, remarks)
        served = answer["unit_id"].where(answer["unit_id"].notna(), served)
    if "serves_unit_id" in mapping.columns:
        column = mapping.columns["serves_unit_id"]
        codes = cleaned(frame[column])
        known = codes.isin(places.units.index)
        remarks.add(codes.notna() & ~known, "unit_unknown", column=column, values=codes)
        served = codes.where(known, served)
    short &= served.isna()
    remarks.add(short, "wrong_level", column=header, detail=places.names(located[short]))
    return served.astype(object).where(served.notna(), None)


def rooms_named(
    frame: pd.DataFrame, mapping: Mapping, rooms: pd.DataFrame | None, remarks: Remarks
) -> pd.Series:
    """Return the room_id of the room each row names by id or by its full name.

    Parameters
    ----------
    frame : DataFrame of str
    mapping : Mapping
    rooms : DataFrame or None
        The register; None takes ids as they stand.
    remarks : Remarks
        Told about rooms that are not in the register, or stand there twice.

    Returns
    -------
    Series of str or None
    """
    header = mapping.columns.get("room_id")
    if header is None:
        return pd.Series(None, index=frame.index, dtype=object)
    texts = cleaned(frame[header])
    if rooms is None:
        return texts
    single = rooms[~rooms["name"].duplicated(keep=False)]
    by_name = dict(zip(single["name"], single.index, strict=True))
    found = texts.where(texts.isin(rooms.index), texts.map(by_name))
    remarks.add(texts.notna() & found.isna(), "room_unknown", column=header, values=texts)
    return found.astype(object).where(found.notna(), None)


def known_points(typed: pd.DataFrame, rooms: pd.DataFrame | None) -> pd.Series | None:
    """Return the register's own point of each row's room, where it rests on more than a model.

    Parameters
    ----------
    typed : DataFrame
        ``name``.
    rooms : GeoDataFrame or None

    Returns
    -------
    GeoSeries or None
        On the index of ``typed``.
    """
    if rooms is None or rooms.empty or "name" not in typed:
        return None
    sound = rooms[rooms["location_basis"].isin(["reported", "register", "census"])]
    sound = sound[sound.geometry.notna() & ~sound["name"].duplicated(keep=False)]
    if sound.empty:
        return None
    by_name = dict(zip(sound["name"], sound.index, strict=True))
    points = sound.geometry.reindex(typed["name"].map(by_name).to_numpy())
    points.index = typed.index
    return points
