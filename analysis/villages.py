"""Which villages and communities have a room of their own, and where nobody can tell.

A village has a room when an open one serves it by name, be it an area room that serves several.
What the register does not hold is "none known", never "missing"; a room of which only the
township is known could be any of its villages', and a township whose villages are not in the
study has an unknown number without a room, not none.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.audit import BASES_BEST_FIRST, HAS, NONE_KNOWN
from analysis.coverage import ANSWERS, NO_RADIUS_KINDS, Coverage, is_context, share
from geo.units import ancestors

OWN_KINDS = ("village", "community", "area")
"""Rooms that are some village's own, whether or not it is known whose."""


def village_rooms(
    units: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame, demand: gpd.GeoDataFrame, coverage: Coverage
) -> pd.DataFrame:
    """Tell of each village whether an open room serves it by name, and on what basis.

    Parameters
    ----------
    units : GeoDataFrame
    rooms : GeoDataFrame
        Open on the day. ``serves_also``, where there is such a column, names further units that a
        room serves, joined by ``;``.
    demand : GeoDataFrame
    coverage : Coverage
        Of the same demand.

    Returns
    -------
    DataFrame
        Index ``unit_id``, the villages in their order, context left out: ``name``,
        ``township_id``, ``county_id``, ``people`` with ``population_basis`` from the units;
        ``status`` "has" or "none_known", ``rooms``, the best known ``room_id`` and its ``basis``;
        ``share_certain``, ``share_covered`` and ``share_possible`` of the people who stand at the
        village's own point, NaN where it has none: whose people are spread over a township,
        nobody can tell.

    Notes
    -----
    Trade rooms and outposts are no village's. Linear in the rows.
    """
    members = units[(units["level"] == "village") & ~is_context(units)]
    table = pd.DataFrame(members[["name", "population_basis"]])
    table["people"] = members["population"].astype(float)
    for level in ("township", "county"):
        table[f"{level}_id"] = ancestors(units, level).reindex(table.index)
    serving = _named(rooms)
    serving = serving[table.index.get_indexer(pd.Index(serving["unit_id"])) >= 0]
    best = serving.drop_duplicates("unit_id").set_index("unit_id")
    counts = serving["unit_id"].value_counts()
    table["rooms"] = counts.reindex(table.index).fillna(0).astype(int)
    table["status"] = np.where(table["rooms"] > 0, HAS, NONE_KNOWN)
    for column in ("room_id", "basis"):
        table[column] = best[column].reindex(table.index)
    people = demand["people"].astype(float)
    lived = people.groupby(demand["unit_id"]).sum()
    for answer in ANSWERS:
        there = people.where(getattr(coverage, answer), 0.0).groupby(demand["unit_id"]).sum()
        table[f"share_{answer}"] = share(there, lived).reindex(table.index)
    return table.rename_axis("unit_id")


def village_counts(
    villages: pd.DataFrame, units: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame, *, level: str
) -> pd.DataFrame:
    """Count villages with and without a room of their own for every unit of a level.

    Parameters
    ----------
    villages : DataFrame
        From :func:`village_rooms`.
    units, rooms : GeoDataFrame
        The same.
    level : {"city", "county", "township"}

    Returns
    -------
    DataFrame
        Index ``unit_id``, context left out: ``name``; ``villages`` in the study, ``has`` and
        ``none_known``, ``has_<basis>`` for each basis, ``people_none_known`` known to live in the
        latter; NaN where no village of the unit is in the study. ``townships_unknown`` have none
        in it. ``rooms_unnamed``: rooms of some village there of which it is not known whose, so
        that ``none_known_least`` could be without a room.
    """
    members = units[(units["level"] == level) & ~is_context(units)]
    table = pd.DataFrame(members[["name"]])
    up = ancestors(units, level)
    without = villages["status"] == NONE_KNOWN
    flags = {"villages": np.ones(len(villages)), HAS: ~without, NONE_KNOWN: without}
    flags |= {f"has_{basis}": villages["basis"] == basis for basis in BASES_BEST_FIRST}
    rows = pd.DataFrame(flags, index=villages.index).astype(np.float64)
    rows["people_none_known"] = villages["people"].where(without, 0.0)
    # A unit without a village in the study has no row here, and stays unknown.
    sums = rows.groupby(up.reindex(villages.index)).sum(min_count=1)
    table = table.join(sums)
    townships = units.index[(units["level"] == "township") & ~is_context(units)].to_series()
    unknown = townships[~townships.isin(villages["township_id"].unique())]
    table["townships_unknown"] = _counted(unknown.map(up), table.index)
    table["rooms_unnamed"] = _counted(_unnamed(rooms, villages).map(up), table.index)
    table["none_known_least"] = (table[NONE_KNOWN] - table["rooms_unnamed"]).clip(lower=0)
    return table.rename_axis("unit_id")


def _named(rooms: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return one row for every room and unit that it serves by name, the best known first."""
    own = rooms[~rooms["kind"].isin(NO_RADIUS_KINDS)]
    also = own["serves_also"] if "serves_also" in own else pd.Series(None, index=own.index)
    units = pd.concat([own["serves_unit_id"], also.dropna().astype(str).str.split(";").explode()])
    ids = units.index.astype(str)
    table = pd.DataFrame({"unit_id": units.str.strip().to_numpy(), "room_id": ids})
    table["basis"] = own["basis"].reindex(units.index).to_numpy()
    table["rank"] = table["basis"].map({basis: n for n, basis in enumerate(BASES_BEST_FIRST)})
    return table.sort_values(["rank", "room_id"]).drop_duplicates(["unit_id", "room_id"])


def _unnamed(rooms: gpd.GeoDataFrame, villages: pd.DataFrame) -> pd.Series:
    """Return the unit that each room of an unknown village is known to serve."""
    own = rooms.loc[rooms["kind"].isin(OWN_KINDS), "serves_unit_id"]
    return own[villages.index.get_indexer(pd.Index(own)) < 0]


def _counted(unit: pd.Series, index: pd.Index) -> pd.Series:
    return unit.value_counts().reindex(index).fillna(0).astype(int)
