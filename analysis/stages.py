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

STAGED = ("cover", "cover_all")
"""Objectives whose plans can be built in stages: those whose value grows with every room."""


class Stages(NamedTuple):
    """A plan in stages.

    Parameters
    ----------
    table : DataFrame
        Index ``stage`` (from 1): ``n_new`` (rooms built by its end), ``names`` of the rooms it
        adds, ``value`` (weight within reach by its end, existing rooms included), ``added`` over
        the stage before, ``best_of_size`` (the best plan of that size with no order to hold to),
        ``bound`` of that, and ``price``, what the order costs at this stage.
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
        Of objective ``cover`` or ``cover_all``.
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
        For another objective, or fewer than one room a stage.

    Notes
    -----
    See :func:`analysis.siting.outlook.build_out`; the last stage is the proposal itself. The
    stages of a ``cover_all`` plan are compared with the plans that cover most.
    """
    objective, chosen = proposal.problem.objective, proposal.plan.sites
    if objective not in STAGED or per_stage < 1:
        raise ScenarioError(
            "stages.none",
            f"No stages of {per_stage} rooms for the objective {objective}; use one of"
            f" {', '.join(STAGED)} and at least one room a stage.",
            value=objective,
            count=per_stage,
        )
    problem = replace(proposal.problem, objective="cover", n_new=len(chosen))
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
    before = measure.weight_covered(proposal.problem, proposal.plan.sites[:0])
    table = found.drop(columns="sites").rename(columns={"best": "best_of_size"}).reset_index()
    table.insert(1, "names", names.reindex(range(1, len(table) + 1)).to_numpy())
    table.insert(3, "added", table["value"].diff().fillna(table["value"].iloc[0] - before))
    table.index = pd.RangeIndex(1, len(table) + 1, name="stage")
    return table
