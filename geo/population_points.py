"""A population raster's people to the study's demand points, rescaled to its census on request.

The points replace the residents of the units that the raster covers; everybody else stays as the
study has them. :mod:`geo.population_table` does the same from a list by unit.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs
from geo.errors import StudyError, first_ids
from geo.population import pinned_total
from geo.population_grid import COVERED, GridPeople
from geo.population_held import COLUMNS
from geo.schema import WGS84
from geo.units import EXACT_BASES, ancestors

DEGREE_DIGITS = 6
_SAME, _HALF_A_PERSON = 1e-9, 0.5
_SMALL = 1e-12  # a share of a point's people that is only rounding


def grid_demand(
    grid: GridPeople,
    own: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    *,
    people_basis: str = "modelled",
) -> tuple[gpd.GeoDataFrame, pd.Index]:
    """Return the demand with a raster's residents in place of the study's own.

    Parameters
    ----------
    grid : GridPeople
    own : GeoDataFrame
        The study's own demand.
    units : GeoDataFrame
    people_basis : str
        What the raster rests on: ``modelled`` for WorldPop and its like; ``register`` or
        ``census`` where somebody counted the people of each cell, and its cells are known places.

    Returns
    -------
    demand : GeoDataFrame
        With a column ``people_basis``.
    kept : Index of str
        Units whose people stay the study's own, because the raster covers less than 99 % of them
        or holds nobody there.

    Notes
    -----
    People near a village whose place is known, within the disc that the study's own model takes
    out around it, count for the village (:func:`near_villages`): their place is ``derived``. So it
    is where the people of the cells were counted, since a cell is where they live to within its
    size. Elsewhere a model's cell is a place where they may live: ``modelled``. How many of a unit
    are urban stays as in the study; they are those of the densest points (:func:`with_settings`).
    """
    level = str(grid.facts["level"])
    up = ancestors(units, level)
    points = grid.points.assign(top=grid.points["unit_id"].map(up))
    lived = points.groupby("top")["people"].sum()
    full = grid.covered.index[(grid.covered >= COVERED) & grid.covered.index.isin(lived.index)]
    points = points[points["top"].isin(full)]
    unit = near_villages(points, own, units, level=level)
    known = (unit != points["unit_id"]) | (people_basis in EXACT_BASES)
    points = points.assign(
        unit_id=unit,
        group="resident",
        people_basis=people_basis,
        location_basis=np.where(known, "derived", "modelled"),
    )
    rows = with_settings(points, urban_shares(own, units))
    number = rows.groupby("unit_id").cumcount() + 1
    rows.index = pd.Index(
        [f"g{unit}-{n:05d}" for unit, n in zip(rows["unit_id"], number, strict=True)],
        name=own.index.name,
    )
    at = rows[["lon", "lat"]].round(DEGREE_DIGITS)
    new = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(at["lon"], at["lat"]), crs=WGS84)
    stays = (own["group"] != "resident") | ~_spoken_for(own, units, full, level)
    return _joined(with_people_basis(own, units)[stays], new), grid.covered.index.difference(full)


def _spoken_for(
    own: gpd.GeoDataFrame, units: pd.DataFrame, full: pd.Index, level: str
) -> pd.Series:
    """Tell which rows the raster's units replace: theirs, and those of a unit above any of them."""
    above = set(full)
    for unit in full:
        while pd.notna(unit):
            above.add(unit)
            unit = units["parent_id"].get(unit)
    return own["unit_id"].map(ancestors(units, level)).isin(full) | own["unit_id"].isin(above)


def near_villages(
    points: pd.DataFrame, own: gpd.GeoDataFrame, units: gpd.GeoDataFrame, *, level: str
) -> pd.Series:
    """Return the unit of each point, a village instead of its township where one is near.

    Parameters
    ----------
    points : DataFrame
        ``unit_id``, ``lon``, ``lat``.
    own : GeoDataFrame
        Own demand: rows of villages tell where these are.
    units : GeoDataFrame
    level : str
        Level of the units that points name; below it only villages are looked for.

    Returns
    -------
    Series of str
        On the index of ``points``.

    Notes
    -----
    A village reaches as far as a disc of its fair share of the township's area,
    :math:`\\sqrt{A / (n \\pi)}` with n villages, as in :func:`geo.demand.area_left`; of several
    the nearest. O(points × villages of a township).
    """
    answer = points["unit_id"].astype(object).copy()
    known = own["location_basis"].isin(EXACT_BASES)  # a spread point is no village's place
    known &= own["unit_id"].map(units["level"]) == "village"
    places = own[known].drop_duplicates("unit_id")
    if places.empty or level != "township":
        return answer
    crs = metric_crs(units)
    at = gpd.GeoSeries(shapely.points(points["lon"], points["lat"]), points.index, crs=WGS84)
    xy = shapely.get_coordinates(at.to_crs(crs).to_numpy())
    place_xy = shapely.get_coordinates(places.geometry.to_crs(crs).to_numpy())
    parent = places["unit_id"].map(units["parent_id"]).to_numpy()
    area = units.geometry.to_crs(crs).area
    parts = units.loc[units["level"] == "village", "parent_id"].value_counts()
    for township, rows in points.groupby("unit_id").indices.items():
        here = np.flatnonzero(parent == township)
        if not len(here):
            continue
        metres = np.linalg.norm(xy[rows][:, None] - place_xy[here][None], axis=2)
        nearest = metres.argmin(axis=1)
        radius = np.sqrt(area[township] / parts[township] / np.pi)
        close = metres[np.arange(len(rows)), nearest] <= radius
        names = places["unit_id"].to_numpy(dtype=object)[here[nearest[close]]]
        answer.iloc[rows[close]] = names
    return answer


def urban_shares(own: gpd.GeoDataFrame, units: pd.DataFrame) -> pd.Series:
    """Return the share of each unit's residents who are urban in the study's own demand.

    Parameters
    ----------
    own : GeoDataFrame
    units : DataFrame

    Returns
    -------
    Series of float
        On every unit, 0–1. A unit without residents of its own takes the share of the unit above.
    """
    lived = own[(own["group"] == "resident") & (own["people"] > 0)]
    people = lived["people"].astype(float)
    urban = people.where(lived["setting"] == "urban", 0.0)
    share = urban.groupby(lived["unit_id"]).sum() / people.groupby(lived["unit_id"]).sum()
    share = share.reindex(units.index)
    for level in ("township", "county", "city"):
        up = lived["unit_id"].map(ancestors(units, level))
        above = urban.groupby(up).sum() / people.groupby(up).sum()
        share = share.fillna(ancestors(units, level).map(above))
    return share.fillna(0.0)


def with_settings(points: pd.DataFrame, urban: pd.Series) -> pd.DataFrame:
    """Call the densest points of each unit urban, as many people as its share asks for.

    Parameters
    ----------
    points : DataFrame
        ``unit_id``, ``people``, ``cells`` and whatever else.
    urban : Series of float
        By unit, 0–1.

    Returns
    -------
    DataFrame
        With ``setting``; the point at which the share is reached stands twice, so that the
        people of each setting are exact.
    """
    dense = (points["people"] / points["cells"]).to_numpy()
    codes = pd.factorize(points["unit_id"], sort=True)[0]
    rows = points.iloc[np.lexsort((np.arange(len(points)), -dense, codes))]
    people = rows.groupby("unit_id")["people"]
    before = people.cumsum() - rows["people"]
    wanted = people.transform("sum") * rows["unit_id"].map(urban).astype(float)
    part = np.clip(wanted - before, 0.0, rows["people"])
    part = part.where(part > _SMALL * rows["people"], 0.0)
    part = part.where(part < rows["people"] * (1 - _SMALL), rows["people"])
    rest = rows["people"] - part
    both = [rows.assign(setting="urban", people=part), rows.assign(setting="rural", people=rest)]
    found = pd.concat(both)
    return found[found["people"] > 0].sort_index(kind="stable")


def with_people_basis(demand: gpd.GeoDataFrame, units: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the demand with what each row's people rest on, by its unit where it does not say."""
    by_unit = demand["unit_id"].map(units["population_basis"]).astype(object)
    said = demand.get("people_basis", pd.Series(None, index=demand.index, dtype=object))
    basis = said.where(said.notna(), by_unit.where(demand["people"].notna(), None))
    return demand.assign(people_basis=basis.where(basis.notna(), None))


def rescale_to_census(
    demand: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Scale the residents so that counties, and townships with a count, meet their census.

    Parameters
    ----------
    demand : GeoDataFrame
    units : GeoDataFrame
        Those whose ``population_basis`` is exact (reported, census, register) have a count.

    Returns
    -------
    demand : GeoDataFrame
        Every point of a township times the same factor; a count that was scaled is ``derived``.
    factors : Series of float
        By township, or by county for rows that name none.

    Raises
    ------
    StudyError
        ``population.nobody`` when a county has a count and nobody to scale;
        ``population.pinned_total`` when the counts of townships do not fit their county's.

    Notes
    -----
    Townships with a count are held at it, the others share the rest in proportion: what
    :func:`geo.population.rake` does with one column, in one step and exactly. Counties without a
    count stay as they are.
    """
    residents = demand["group"] == "resident"
    key = _keys(demand, units)
    sums = demand.loc[residents, "people"].groupby(key[residents]).sum()
    exact = units["population_basis"].isin(EXACT_BASES) & units["population"].notna()
    counted = units.index[exact & (units["level"] == "county")]
    county = pd.Series(sums.index, index=sums.index).map(ancestors(units, "county"))
    factors = pd.Series(1.0, index=sums.index)
    for unit in counted:
        total = float(units.at[unit, "population"])
        part = sums[county == unit]
        if part.sum() <= 0 and total > 0:
            raise StudyError(
                "population.nobody",
                f"{units.at[unit, 'name']} ({unit}) has {total:,.0f} people by the census and "
                "nobody here; without rescaling it can stay so.",
                value=f"{total:,.0f}",
                ids=first_ids([f"{units.at[unit, 'name']} {unit}"]),
            )
        known = units["population"].where(exact).reindex(part.index)
        factors[part.index] = _factors(part, known.where(part.index != unit), total)
    factor = key.map(factors).where(residents, 1.0).astype(float)
    basis = demand["people_basis"]
    moved = (factor - 1).abs() > _SAME
    basis = basis.where(~(moved & basis.isin(EXACT_BASES)), "derived")
    return demand.assign(people=demand["people"] * factor, people_basis=basis), factors


def _factors(part: pd.Series, known: pd.Series, total: float) -> pd.Series:
    """Return what each unit of a county is multiplied by; ``known`` is NaN without a count."""
    held = known.notna() & (part > 0)
    free = float(part[~held].sum())
    rest = total - float(known[held].sum())
    if rest < -_HALF_A_PERSON or (free <= 0 and rest > _HALF_A_PERSON):
        raise pinned_total(int(known[held].sum()), int(total))
    share = max(0.0, rest) / free if free > 0 else 1.0
    return (known / part).where(held, share)


def _keys(demand: pd.DataFrame, units: pd.DataFrame) -> pd.Series:
    """Return each row's township, or the unit it names where that stands higher."""
    township = demand["unit_id"].map(ancestors(units, "township"))
    return township.where(township.notna(), demand["unit_id"]).astype(object)


def compare_people(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, units: gpd.GeoDataFrame, *, level: str
) -> pd.DataFrame:
    """Return residents of each unit before and after, beside its own figure.

    Parameters
    ----------
    before, after : GeoDataFrame
        Demand tables.
    units : GeoDataFrame
        The study's own.
    level : {"city", "county", "township"}

    Returns
    -------
    DataFrame
        Index unit_id, context left out: ``name``, ``population``, ``population_basis``,
        ``before``, ``after``, ``change``, and ``change_share`` of ``before``.
    """
    context = units.get("is_context", pd.Series(False, index=units.index)).fillna(False)
    rows = units.loc[(units["level"] == level) & ~context.astype(bool)]
    table = pd.DataFrame(rows[["name", "population", "population_basis"]])
    for name, demand in (("before", before), ("after", after)):
        lived = demand[demand["group"] == "resident"]
        up = lived["unit_id"].map(ancestors(units, level))
        table[name] = lived["people"].groupby(up).sum().reindex(table.index).fillna(0.0)
    table["change"] = table["after"] - table["before"]
    table["change_share"] = table["change"] / table["before"].where(table["before"] > 0)
    return table


def _joined(kept: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    both = pd.concat([kept[COLUMNS], new[COLUMNS]])
    return gpd.GeoDataFrame(both, geometry="geometry", crs=WGS84)
