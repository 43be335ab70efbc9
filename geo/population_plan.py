"""What importing a population would do, to be looked at first, and the import itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.population import basis_of_sum, residents_of, weakest_basis
from geo.population_grid import GridPeople
from geo.population_held import hold_population
from geo.population_points import compare_people, grid_demand, rescale_to_census
from geo.population_table import table_demand
from geo.read import Tables, read_settings
from geo.schema import WGS84
from geo.units import EXACT_BASES, ancestors

_SUMMED = ("city", "county", "township")
_COMPARED = [
    *("name", "population", "population_basis", "before", "file", "after"),
    *("change", "change_share", "factor"),
]
_SAME = 1e-6


@dataclass(frozen=True)
class PopulationPlan:
    """A population as it would come into force; nothing is saved yet.

    Parameters
    ----------
    demand : GeoDataFrame
        The whole demand table.
    figures : DataFrame
        ``population`` and ``population_basis`` of the units whose figure changes.
    by_county : DataFrame
        :func:`geo.population_points.compare_people` with the study's own, and ``factor``: what
        rescaling multiplied by, 1 without it.
    kept : tuple of str
        Units that a raster does not cover: they keep the study's own people.
    about : mapping
        What it is, for :mod:`geo.population_held`.
    """

    demand: gpd.GeoDataFrame
    figures: pd.DataFrame
    by_county: pd.DataFrame
    kept: tuple[str, ...]
    about: dict[str, Any]


def plan_grid(
    grid: GridPeople, own: Tables, *, rescale: bool, people_basis: str, about: dict[str, Any]
) -> PopulationPlan:
    """Return what a raster would do.

    Parameters
    ----------
    grid : GridPeople
    own : Tables
        Read with ``own_population``.
    rescale : bool
        To the study's census.
    people_basis : str
        As for :func:`geo.population_points.grid_demand`.
    about : mapping
        ``source``, ``file``, ``date`` and the like.

    Raises
    ------
    StudyError
        As :func:`geo.population_points.rescale_to_census`.
    """
    units, before = _frames(own)
    raw, kept = grid_demand(grid, before, units, people_basis=people_basis)
    after = rescale_to_census(raw, units)[0] if rescale else raw
    villages = _villages_of_grid(after, units, kept, str(grid.facts["level"]))
    figures = _figures(before, after, units, villages)
    facts = {"kind": "grid", "rescaled": rescale, "basis": people_basis, **about}
    facts["spacing_m"] = round(float(grid.facts["spacing_m"]), 1)
    return PopulationPlan(
        after, figures, _compared(before, raw, after, units), tuple(map(str, kept)), facts
    )


def plan_table(
    rows: pd.DataFrame, own: Tables, *, rescale: bool, about: dict[str, Any]
) -> PopulationPlan:
    """Return what a list by unit would do.

    Parameters
    ----------
    rows : DataFrame
        As for :func:`geo.population_table.table_demand`.
    own : Tables
        Read with ``own_population``.
    rescale : bool
    about : mapping

    Raises
    ------
    StudyError
        As :func:`geo.population_table.table_demand` and
        :func:`geo.population_points.rescale_to_census`.
    """
    units, before = _frames(own)
    raw = table_demand(rows, before, units)
    after, factors = rescale_to_census(raw, units) if rescale else (raw, pd.Series(dtype=float))
    figures = _figures(before, after, units, _listed(rows, units, factors, rescale=rescale))
    facts = {"kind": "table", "rescaled": rescale, "basis": _basis_of(rows), **about}
    return PopulationPlan(after, figures, _compared(before, raw, after, units), (), facts)


def accept_population(folder: str | Path, plan: PopulationPlan, *, who: str) -> None:
    """Put a planned population in force for a study.

    Parameters
    ----------
    folder : path
    plan : PopulationPlan
    who : str

    Raises
    ------
    RoomplanError
        When it cannot be written.
    """
    hold_population(
        folder,
        read_settings(folder),
        demand=plan.demand,
        units=plan.figures,
        about=plan.about,
        who=who,
    )


def _frames(own: Tables) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    units, demand = own.frames["units"], own.frames["demand"]
    return gpd.GeoDataFrame(units, crs=WGS84), gpd.GeoDataFrame(demand, crs=WGS84)


def _compared(
    before: gpd.GeoDataFrame,
    raw: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
) -> pd.DataFrame:
    table = compare_people(before, after, units, level="county")
    file = compare_people(before, raw, units, level="county")["after"]
    table = table.assign(file=file, factor=table["after"] / file.where(file > 0))
    return table[_COMPARED]


def _figures(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, units: gpd.GeoDataFrame, listed: pd.DataFrame
) -> pd.DataFrame:
    """Return the figures that change: those listed, and sums of units without a count."""
    parts = [listed]
    exact = units["population_basis"].isin(EXACT_BASES)
    for level in _SUMMED:
        table = compare_people(before, after, units, level=level)
        moved = table.index[(table["change"].abs() > _SAME) & ~exact.reindex(table.index)]
        moved = moved.difference(listed.index)
        basis = _weakest(after, units, level).reindex(moved)
        sums = {"population": table.loc[moved, "after"], "population_basis": basis}
        parts.append(pd.DataFrame(sums, index=moved))
    return pd.concat([part for part in parts if len(part)] or [listed])


def _weakest(demand: pd.DataFrame, units: pd.DataFrame, level: str) -> pd.Series:
    """Return what the residents of each unit rest on."""
    lived = demand[(demand["group"] == "resident") & (demand["people"] > 0)]
    return weakest_basis(lived["people_basis"], lived["unit_id"].map(ancestors(units, level)))


def _villages_of_grid(
    after: pd.DataFrame, units: pd.DataFrame, kept: pd.Index, level: str
) -> pd.DataFrame:
    """Return villages of the units that a raster speaks for: their points' people, or unknown."""
    up = ancestors(units, level)
    mine = (units["level"] == "village") & up.notna() & ~up.isin(kept)
    mine &= ~units["population_basis"].isin(EXACT_BASES)
    rows = after[(after["group"] == "resident") & after["unit_id"].isin(units.index[mine])]
    people = rows.groupby("unit_id")["people"].sum().reindex(units.index[mine])
    basis = rows.groupby("unit_id")["people_basis"].first().reindex(people.index)
    return pd.DataFrame({"population": people, "population_basis": basis})


def _listed(
    rows: pd.DataFrame, units: pd.DataFrame, factors: pd.Series, *, rescale: bool
) -> pd.DataFrame:
    """Return the listed residents by unit, villages scaled with their township."""
    figures = residents_of(rows)
    if not rescale:
        return figures
    figures = figures[figures.index.to_series().map(units["level"]) == "village"]
    top = figures.index.to_series().map(units["parent_id"])
    factor = top.map(factors).fillna(1.0).astype(float)
    said = figures["population_basis"]
    basis = said.where(np.isclose(factor, 1.0) | ~said.isin(EXACT_BASES), "derived")
    return figures.assign(population=figures["population"] * factor, population_basis=basis)


def _basis_of(rows: pd.DataFrame) -> str:
    return basis_of_sum(rows.loc[rows["population"].notna(), "population_basis"]) or "derived"
