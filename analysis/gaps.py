"""The gap list: every place with people out of reach, ranked, with the reason in every row."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.coverage import Coverage, share
from analysis.remedies import TARGET, remedies
from analysis.results import case_places, is_open_case
from analysis.ways import Ways, reached
from geo.schema import WGS84
from geo.units import ancestors

REASONS = ("far", "partly", "no_service")
"""far: nobody there is within reach; partly: some are; no_service: no room serves by distance."""

REMEDIES = ("one", "several", "partly", "off_list")
"""One site on the list brings in nine tenths, several do, all together less, or none anybody."""

GAP_CHANGES = ("new", "open", "closed", "gone")
"""Against an earlier list; gone: the place is no longer in the study, so nobody can tell."""


def find_gaps(
    ways: Ways,
    rooms: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    coverage: Coverage,
) -> gpd.GeoDataFrame:
    """List every place with people out of reach, most people first.

    Parameters
    ----------
    ways : Ways
        The people's, under the scenario's standard. A place is a unit that demand points name: a
        village with a known point, or the rest of a township whose villages have none.
    rooms : GeoDataFrame
        Rooms that serve by distance.
    cases : GeoDataFrame
        Counted at the place their unit belongs to.
    sites : GeoDataFrame
        Candidate sites; those without a point are passed over.
    coverage : Coverage
        Of the same demand and rooms.

    Returns
    -------
    GeoDataFrame
        Index ``gap_id`` (the place's ``unit_id``, so that two months' lists can be compared),
        ordered by ``rank``. ``uncovered_least`` and ``uncovered_most`` bound ``people_uncovered``:
        those surely out of reach, and those not surely within it. ``nearest_m`` is
        the mean over the people out of reach. ``site_id`` is the candidate within the limit of
        most of them, ``site_people`` how many, and None where there is none; what else it would
        take is in the columns of :func:`analysis.remedies.remedies` and, as one of
        :data:`REMEDIES`, in ``remedy``. ``location_basis`` is ``modelled`` where the place's
        people are spread; the point is the mean position of the people out of reach; ``is_rest``
        where the place is what is left of a township beside its known villages.

    Notes
    -----
    O(p log p) for p points plus the pairs between uncovered points and sites.
    """
    units, demand = ways.units, ways.demand
    people = demand["people"].fillna(0.0)
    out = people.where(~coverage.covered, 0.0)
    open_points = out > 0
    columns = {
        "people": people,
        "people_uncovered": out,
        "uncovered_least": people.where(~coverage.possible, 0.0),
        "uncovered_most": people.where(~coverage.certain, 0.0),
    }
    table = pd.DataFrame(columns).groupby(demand["unit_id"]).sum()
    table = table[table["people_uncovered"] > 0]
    table["share_uncovered"] = share(table["people_uncovered"], table["people"])
    table = table.join(_nearest_room(demand[open_points], coverage, out[open_points]))
    table = table.join(_cases_at(cases, units, table.index))
    table = table.join(_what_it_takes(ways, out, sites))
    table["reason"] = _reasons(table)
    table["remedy"] = _remedies(table)
    table = table.join(_where(units, table.index))
    table["is_rest"] = is_rest(table.index, units, demand)
    table["location_basis"] = _weakest_basis(demand).reindex(table.index)
    table["nearest_room_name"] = table["nearest_room"].map(rooms["name"])
    table["nearest_room_basis"] = table["nearest_room"].map(rooms["basis"])
    for which in ("site", "near_site"):
        for column in ("name", "kind", "location_basis"):
            name = column.replace("location_", "")
            table[f"{which}_{name}"] = table[f"{which}_id"].map(sites[column])
    table = table.rename_axis("gap_id").sort_index()
    table = table.sort_values("people_uncovered", ascending=False, kind="stable")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    middle = place_points(demand[open_points], out[open_points]).reindex(table.index)
    return gpd.GeoDataFrame(table, geometry=middle, crs=WGS84)


def compare_gaps(
    old: pd.DataFrame, new: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Say of every gap of two lists whether it is new, still open, closed, or its place gone.

    Parameters
    ----------
    old : DataFrame
        The earlier list: index ``gap_id``, columns ``name`` and ``people_uncovered``.
    new : GeoDataFrame
        The present one, as :func:`find_gaps` gives it, further columns allowed.
    units : GeoDataFrame

    Returns
    -------
    GeoDataFrame
        ``new`` with ``change``, one of :data:`GAP_CHANGES`, and ``people_before``, 0 where the
        place was in no list; then the rows of ``old`` that are no more, in their order. A closed
        gap has 0 people out of reach, of one whose place is gone they are unknown. Other columns
        of these rows are unknown.
    """
    now = new.assign(
        change=np.where(new.index.isin(old.index), "open", "new"),
        people_before=old["people_uncovered"].reindex(new.index, fill_value=0.0),
    )
    past = old[~old.index.isin(new.index)]
    there = past.index.isin(units.index)
    rows = _where(units, past.index).assign(
        name=past["name"],
        people_before=past["people_uncovered"],
        people_uncovered=np.where(there, 0.0, np.nan),
        change=np.where(there, "closed", "gone"),
    )
    both = pd.concat([pd.DataFrame(now), rows.rename_axis("gap_id")])
    return gpd.GeoDataFrame(both, geometry="geometry", crs=WGS84)


def place_points(demand: gpd.GeoDataFrame, people: pd.Series) -> gpd.GeoSeries:
    """Return the mean position of each place's people; exact enough inside one township."""
    unit = demand["unit_id"]
    total = people.groupby(unit).sum()
    x = (demand.geometry.x * people).groupby(unit).sum() / total
    y = (demand.geometry.y * people).groupby(unit).sum() / total
    return gpd.GeoSeries(gpd.points_from_xy(x, y), index=total.index, crs=WGS84)


def is_rest(places: pd.Index, units: gpd.GeoDataFrame, demand: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which places are what is left of a township beside its known villages."""
    known = demand["unit_id"].drop_duplicates()
    parents = units["parent_id"].reindex(known[known.map(units["level"]) == "village"])
    return places.isin(parents)


def _nearest_room(demand: gpd.GeoDataFrame, coverage: Coverage, people: pd.Series) -> pd.DataFrame:
    """Return mean distance and the room that is nearest to most of the people out of reach."""
    metres = coverage.nearest_m[demand.index]
    unit = demand["unit_id"]
    mean = (metres * people).groupby(unit).sum() / people.groupby(unit).sum()
    votes = people.groupby([unit, coverage.nearest_room[demand.index]]).sum().sort_index()
    return pd.DataFrame({"nearest_m": mean}).join(_winner(votes, "nearest_room"))


def _winner(votes: pd.Series, name: str) -> pd.Series:
    """Return, for each first key, the second key with the largest vote (ties: the first id)."""
    ranked = votes.rename("votes").rename_axis(["unit_id", name]).reset_index()
    ranked = ranked.sort_values(["votes", name], ascending=[False, True], kind="stable")
    return ranked.drop_duplicates("unit_id").set_index("unit_id")[name]


def _cases_at(cases: gpd.GeoDataFrame, units: gpd.GeoDataFrame, places: pd.Index) -> pd.DataFrame:
    place = case_places(cases, units, places)
    counts = {
        "cases": place.value_counts(),
        "cases_open": place[is_open_case(cases)].value_counts(),
    }
    return pd.DataFrame(counts).reindex(places).fillna(0).astype(int)


def _reasons(table: pd.DataFrame) -> np.ndarray:
    return np.select(
        [table["nearest_room"].isna(), table["share_uncovered"] < 1.0 - 1e-12],
        ["no_service", "partly"],
        default="far",
    )


def _what_it_takes(ways: Ways, out: pd.Series, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    placed = sites[~(sites.geometry.isna() | sites.geometry.is_empty)]
    rows = np.flatnonzero(out > 0)
    demand = ways.demand.iloc[rows]
    within = reached(ways, placed, rows=rows).part
    # A room at everybody's own point; one that serves its whole village serves that point at least.
    free = pd.DataFrame({"kind": "village"}, index=demand.index)
    limit = pd.Series(ways.limit_m(free, rows), index=demand.index).fillna(0.0)
    return remedies(demand, out.iloc[rows], placed, limit, listed=within)


def _remedies(table: pd.DataFrame) -> np.ndarray:
    enough = table["rooms_people"] >= TARGET * table["people_uncovered"] * (1 - 1e-9)
    return np.select(
        [table["site_id"].isna(), enough & (table["rooms_enough"] == 1), enough],
        ["off_list", "one", "several"],
        default="partly",
    )


def _where(units: gpd.GeoDataFrame, places: pd.Index) -> pd.DataFrame:
    name, level = units["name"], units["level"]
    ids = pd.Series(places, index=places)
    township = ids.map(ancestors(units, "township"))
    county = ids.map(ancestors(units, "county"))
    return pd.DataFrame(
        {
            "name": ids.map(name),
            "level": ids.map(level),
            "township_id": township,
            "township": township.map(name),
            "county_id": county,
            "county": county.map(name),
        }
    )


def _weakest_basis(demand: gpd.GeoDataFrame) -> pd.Series:
    """Return ``modelled`` for places where any point is modelled, else the basis of the first."""
    basis = demand["location_basis"].groupby(demand["unit_id"])
    modelled = (demand["location_basis"] == "modelled").groupby(demand["unit_id"]).any()
    return basis.first().mask(modelled, "modelled")
