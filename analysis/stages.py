"""A plan built in stages: which rooms come first, and what holding to an order costs."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.proposal import Proposal
from analysis.siting import measure
from analysis.siting.outlook import build_out
from geo.errors import ScenarioError

DISTANCES = {"median": "mean_m", "center": "worst_m"}
"""Objectives of distance, and the column that holds it."""


class Stages(NamedTuple):
    """A plan in stages.

    Parameters
    ----------
    table : DataFrame
        Index ``stage`` (from 1): ``n_new`` (rooms built by its end), ``names`` of the rooms it
        adds, ``value`` (weight within reach by its end, existing rooms included), ``added`` over
        the stage before, ``best_of_size`` (the best plan of that size with no order to hold to),
        ``bound`` of that, and ``price``, what the order costs at this stage. For an objective of
        distance, in metres, ``mean_m`` or ``worst_m`` in place of ``value``, ``shorter_m`` (inf
        where nobody was served before), ``best_of_size_m``, ``bound_m`` and ``price_m``.
    sites : GeoDataFrame
        The plan's sites with ``stage``, in the order of building.
    """

    table: pd.DataFrame
    sites: gpd.GeoDataFrame


def stage_numbers(total: int, per_stage: int) -> list[int]:
    """Return how many rooms stand at the end of each stage; the last stage takes the rest.

    Examples
    --------
    >>> stage_numbers(7, 3)
    [3, 6, 7]
    """
    return [*range(per_stage, total, per_stage), total]


def stages_of(proposal: Proposal, *, per_stage: int, time_limit_s: float = 30.0) -> Stages:
    """Order a proposal's rooms into stages of which every prefix is good.

    Parameters
    ----------
    proposal : Proposal
    per_stage : int
        Rooms a stage, at least 1.
    time_limit_s : float
        For all stages together.

    Returns
    -------
    Stages

    Raises
    ------
    ScenarioError
        For fewer than one room a stage.

    Notes
    -----
    See :func:`analysis.siting.outlook.build_out`; the last stage is the proposal itself. The
    stages of a ``cover_all`` plan are compared with the plans that cover most.
    """
    chosen = proposal.plan.sites
    if per_stage < 1:
        raise ScenarioError(
            "stages.none",
            f"No stages of {per_stage} rooms; build at least one a stage.",
            count=per_stage,
        )
    wanted = "cover" if proposal.problem.objective == "cover_all" else proposal.problem.objective
    problem = replace(proposal.problem, objective=wanted, n_new=len(chosen))
    numbers = stage_numbers(len(chosen), per_stage)
    found = build_out(problem, numbers, last=chosen, time_limit_s=time_limit_s)
    stage = pd.Series(0, index=proposal.sites.index)
    first = len(problem.existing)
    ids = proposal.placed.index
    for number, sites in zip(range(len(found), 0, -1), found["sites"][::-1], strict=True):
        stage[ids[np.asarray(sites, dtype=int) - first]] = number
    sites = proposal.sites.assign(stage=stage)
    # A stable sort keeps the order that helps most within each stage.
    return Stages(_table(proposal, found, sites), sites.sort_values("stage", kind="stable"))


def _table(proposal: Proposal, found: pd.DataFrame, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    names = sites.groupby("stage")["name"].agg("、".join)
    table = found.drop(columns="sites").rename(columns={"best": "best_of_size"}).reset_index()
    table.insert(1, "names", names.reindex(range(1, len(table) + 1)).to_numpy())
    table.index = pd.RangeIndex(1, len(table) + 1, name="stage")
    problem, none = proposal.problem, proposal.plan.sites[:0]
    distance = DISTANCES.get(problem.objective)
    if distance is None:
        before = measure.weight_covered(problem, none)
        table.insert(3, "added", table["value"].diff().fillna(table["value"].iloc[0] - before))
        return table
    before = measure.value_of(problem, none)
    longer = table["value"].diff().fillna(table["value"].iloc[0] - before)
    table.insert(3, "shorter", 0.0 - longer)
    figures = ["value", "shorter", "best_of_size", "bound", "price"]
    total = float(problem.weight.sum())
    if distance == "mean_m" and total > 0:
        table[figures] /= total
    return table.rename(columns={name: f"{name}_m" for name in figures} | {"value": distance})
