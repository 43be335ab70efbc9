"""The whole pass, readable aloud: a Study and a Scenario become a Survey, and a Survey a Plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import hstack

from analysis.access import floating_catchments, zones
from analysis.breakdown import coverage_by_group
from analysis.clusters import Clusters, find_clusters
from analysis.coverage import (
    ANSWERS,
    Coverage,
    cover,
    coverage_by_unit,
    open_rooms,
    serves_by_distance,
)
from analysis.gaps import find_gaps, place_points
from analysis.hotspots import scan
from analysis.proposal import Proposal, propose
from analysis.results import case_places, held_by, received_by, results_by_unit
from analysis.scenario import Scenario, Study
from analysis.siting.outlook import coverage_curve, stability
from analysis.villages import village_counts, village_rooms
from analysis.ways import Ways, reached, ways_of
from geo.units import ancestors

WIDEST = 1.25
"""Distances up to this multiple of the limit are needed when limit and distance vary by a tenth."""

LEVELS = ("city", "county", "township")


@dataclass(frozen=True, eq=False)
class Survey:
    """The city as it is on a day: who is within reach, by unit, and where the gaps are.

    Parameters
    ----------
    study : Study
    scenario : Scenario
    rooms : GeoDataFrame
        Open on the day.
    later : GeoDataFrame
        In the register but opening only after the day.
    serving : GeoDataFrame
        The open rooms that serve by distance.
    cases, activities : DataFrame
        Received or held until the day.
    ways : Ways
        The people's, under the scenario's standard.
    coverage : Coverage
    by_level : dict of str to DataFrame
        Coverage and results of every unit of a level: city, county, township.
    """

    study: Study
    scenario: Scenario
    rooms: gpd.GeoDataFrame
    later: gpd.GeoDataFrame
    serving: gpd.GeoDataFrame
    cases: gpd.GeoDataFrame
    activities: pd.DataFrame
    ways: Ways
    coverage: Coverage
    by_level: dict[str, pd.DataFrame]
    _found: dict[str, gpd.GeoDataFrame] = field(default_factory=dict, repr=False)

    @property
    def gaps(self) -> gpd.GeoDataFrame:
        """The ranked gap list of :func:`analysis.gaps.find_gaps`, made when first asked for.

        Half of the pages never ask; copies of the survey under another plan share it, because
        nothing of it depends on new rooms.
        """
        if "gaps" not in self._found:
            self._found["gaps"] = find_gaps(
                self.ways, self.serving, self.cases, self.study.sites, self.coverage
            )
        return self._found["gaps"]


def survey(study: Study, scenario: Scenario) -> Survey:
    """Measure the city on the scenario's day.

    Parameters
    ----------
    study : Study
    scenario : Scenario

    Returns
    -------
    Survey
    """
    units, demand = study.units, study.demand
    rooms = open_rooms(study.rooms, scenario.as_of)
    serving = rooms[serves_by_distance(rooms, units)]
    ways = ways_of(study, scenario)
    coverage = cover(ways, rooms)
    cases = received_by(study.cases, scenario.as_of)
    activities = held_by(study.activities, scenario.as_of)
    by_level = {
        level: coverage_by_unit(units, demand, rooms, coverage, level=level).join(
            results_by_unit(cases, activities, study.rooms, units, level=level)
        )
        for level in LEVELS
    }
    return Survey(
        study=study,
        scenario=scenario,
        rooms=rooms,
        later=study.rooms[study.rooms["is_open"] & ~study.rooms.index.isin(rooms.index)],
        serving=serving,
        cases=cases,
        activities=activities,
        ways=ways,
        coverage=coverage,
        by_level=by_level,
    )


def catchments_of(measured: Survey, *, level: str = "township") -> pd.DataFrame:
    """Return how much room each unit's people have when all who can come share it.

    Parameters
    ----------
    measured : Survey
    level : {"city", "county", "township"}

    Returns
    -------
    DataFrame
        Index ``unit_id``, context units left out: ``name``, ``people``, ``rooms``,
        ``people_per_room``, ``share_certain``, ``share_covered`` and ``share_possible``, and
        ``per_10k_2sfca``, ``per_10k_e2sfca`` and ``per_10k_m2sfca``, rooms for 10,000 people by
        two-step floating catchments, plain, enhanced and modified, the mean over the unit's
        people; NaN where nobody lives.

    Notes
    -----
    Every serving room counts 1. Distances are parts of the limit that holds for the pair, so
    the enhanced method's three zones end at a third, two thirds and the whole of it. Rooms that
    serve a whole unit are in by distance alone.
    """
    demand = measured.study.demand
    pairs = reached(measured.ways, measured.serving).part
    people = demand["people"]
    rooms = pd.Series(1.0, index=measured.serving.index)
    unit = demand["unit_id"].map(ancestors(measured.study.units, level))
    names = ["name", "people", "rooms", "people_per_room", *(f"share_{part}" for part in ANSWERS)]
    table = measured.by_level[level][names].copy()
    lived = table["people"].where(table["people"] > 0)
    for method, weight in (("2sfca", None), ("e2sfca", zones(1.0)), ("m2sfca", zones(1.0))):
        found = floating_catchments(pairs, people, rooms, method=method, weight=weight)
        had = (found.access * people.fillna(0.0)).groupby(unit).sum()
        table[f"per_10k_{method}"] = had.reindex(table.index) / lived * 10_000
    return table


def clusters_of(measured: Survey) -> Clusters:
    """Find the clusters of the survey's cases with the scenario's radius and minimum."""
    scenario = measured.scenario
    return find_clusters(
        measured.cases,
        radius_m=scenario.cluster_radius_m,
        min_cases=int(scenario.cluster_min_cases),
    )


def hotspots_of(measured: Survey, *, simulations: int = 999, seed: int = 1) -> pd.DataFrame:
    """Find circles with more cases than their people lead one to expect, with their p values.

    Parameters
    ----------
    measured : Survey
    simulations, seed : int
        Of the Monte Carlo test; see :func:`analysis.hotspots.scan`.

    Returns
    -------
    DataFrame
        The windows of :func:`analysis.hotspots.scan`; the places are villages with a known point
        and the rest of each township at the mean position of its people. ``name`` is the place
        in the middle.
    """
    demand = measured.study.demand
    people = demand["people"].fillna(0.0)
    total = people.groupby(demand["unit_id"]).sum()
    places = total.index[total > 0]
    lived = people > 0
    points = place_points(demand[lived], people[lived]).reindex(places)
    counted = case_places(measured.cases, measured.study.units, places).value_counts()
    counts = counted.reindex(places).fillna(0).astype(int)
    windows = scan(points, total[places], counts, simulations=simulations, seed=seed)
    return windows.assign(name=windows["centre"].map(measured.study.units["name"]))


def proposal_of(measured: Survey, **options: Any) -> Proposal:
    """Choose the scenario's new rooms on top of the survey's; see :func:`propose` for options."""
    return propose(
        measured.study,
        measured.scenario,
        measured.ways,
        measured.serving,
        measured.coverage,
        **options,
    )


def curve_of(measured: Survey, *, most: int) -> pd.DataFrame:
    """Return people within reach against the number of new rooms, each number solved apart."""
    return coverage_curve(proposal_of(measured).problem, most)


def stability_of(measured: Survey, *, runs: int = 20, seed: int = 1) -> gpd.GeoDataFrame:
    """Return how often each site is picked when limits, people and positions differ a little.

    Parameters
    ----------
    measured : Survey
    runs, seed : int
        See :func:`analysis.siting.outlook.stability`; every factor varies by up to a tenth.

    Returns
    -------
    GeoDataFrame
        Sites picked at least once, the most stable first, with ``picked_share`` (0–1) and
        ``in_plan``, whether the plan itself holds them.

    Notes
    -----
    Distances are taken as parts of the limit that holds for each pair, so that one factor moves
    all limits alike. Who is served because a room serves a whole unit takes no part.
    """
    found = proposal_of(measured)
    rooms = reached(measured.ways, measured.serving, widest=WIDEST).part
    sites = reached(measured.ways, found.placed, widest=WIDEST).part
    pairs = hstack([rooms, sites], format="csr")
    near = np.add.reduceat(np.append(rooms.data <= 1, False), rooms.indptr[:-1]) > 0
    whole = measured.coverage.covered & ~(near & (np.diff(rooms.indptr) > 0))
    people = np.where(whole, 0.0, found.problem.people)
    problem = replace(found.problem, cost=pairs, people=people, limit=1.0)
    picked = stability(problem, runs=runs, seed=seed)
    sites = found.placed.iloc[picked.index.to_numpy() - len(measured.serving)]
    return sites.assign(picked_share=picked.to_numpy(), in_plan=sites.index.isin(found.sites.index))


def groups_of(measured: Survey) -> pd.DataFrame:
    """Return coverage by group and setting of the city, its counties and townships."""
    study = measured.study
    parts = (
        coverage_by_group(study.units, study.demand, measured.coverage, level=level)
        for level in LEVELS
    )
    return pd.concat(parts, ignore_index=True)


def villages_of(measured: Survey) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every village with its own room or none known, and their counts by unit."""
    study, rooms = measured.study, measured.rooms
    villages = village_rooms(study.units, rooms, study.demand, measured.coverage)
    counts = [
        village_counts(villages, study.units, rooms, level=level).assign(level=level)
        for level in LEVELS
    ]
    return villages, pd.concat(counts)
