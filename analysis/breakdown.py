"""Coverage by unit, group of people and setting, and what the parts add up to."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.coverage import ANSWERS, Coverage, costs_by_unit, is_context, share
from geo.units import ancestors

PARTS = ("group", "setting")


def coverage_by_group(
    units: gpd.GeoDataFrame, demand: gpd.GeoDataFrame, coverage: Coverage, *, level: str
) -> pd.DataFrame:
    """Sum people and coverage for every group of people and setting in every unit of a level.

    Parameters
    ----------
    units, demand : GeoDataFrame
    coverage : Coverage
        Of the same demand.
    level : {"city", "county", "township"}

    Returns
    -------
    DataFrame
        One row for each unit, ``group`` (resident, student, worker) and ``setting`` (urban, rural)
        that the demand has, in their order: ``unit_id``, ``level``, ``name``, ``people``,
        ``people_certain``, ``people_covered``, ``people_possible`` and their shares;
        ``modelled_share`` of the people on modelled points; ``points``, and how many of them have
        unknown people, ``points_unknown``; ``mean_m``, ``p95_m``, ``mean_min`` and ``p95_min`` to
        the nearest room, over people. People are NaN, unknown, where they are of every point.

    Notes
    -----
    Known people are conserved: the rows of a unit add up to the unit. O(n log n).

    Examples
    --------
    The people of a unit by setting alone::

        by_group.groupby(["unit_id", "setting"])["people"].sum()
    """
    members = units[(units["level"] == level) & ~is_context(units)]
    # Numbers for unit, group and setting, so that no text is sorted or joined.
    unit = members.index.get_indexer(pd.Index(demand["unit_id"].map(ancestors(units, level))))
    found = [pd.factorize(demand[part], sort=True) for part in PARTS]
    shape = (len(members), *(len(names) for _, names in found))
    code = np.ravel_multi_index((unit.clip(0), *(code for code, _ in found)), shape)
    key = pd.Series(code, index=demand.index).where(unit >= 0)
    sums = _sums(demand, coverage, key)
    people = demand["people"].astype(float)
    for name, cost in (("m", coverage.nearest_m), ("min", coverage.way_min)):
        costs = costs_by_unit(people, cost, key)[["mean", "p95"]]
        sums = sums.join(costs.add_suffix(f"_{name}"))
    where, *parts = np.unravel_index(sums.index.to_numpy(dtype=np.intp), shape)
    sums.insert(0, "unit_id", members.index[where])
    sums.insert(1, "level", level)
    sums.insert(2, "name", members["name"].to_numpy()[where])
    for place, (part, at, (_, names)) in enumerate(zip(PARTS, parts, found, strict=True)):
        sums.insert(3 + place, part, names[at].to_numpy())
    return sums.reset_index(drop=True)


def _sums(demand: gpd.GeoDataFrame, coverage: Coverage, key: pd.Series) -> pd.DataFrame:
    people = demand["people"].astype(float)
    known = people.notna()
    columns = {"people": people}
    for answer in ANSWERS:
        columns[f"people_{answer}"] = people.where(getattr(coverage, answer) | ~known, 0.0)
    columns["modelled"] = people.where((demand["location_basis"] == "modelled") | ~known, 0.0)
    table = pd.DataFrame(columns).groupby(key).sum(min_count=1)
    for answer in ANSWERS:
        table[f"share_{answer}"] = share(table[f"people_{answer}"], table["people"])
    table["modelled_share"] = share(table.pop("modelled"), table["people"])
    table["points"] = key.value_counts().reindex(table.index)
    unknown = key[~known].value_counts().reindex(table.index)
    return table.assign(points_unknown=unknown.fillna(0).astype(int))
