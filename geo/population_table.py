"""People by township or village, from a list, in place of the study's own figures.

A unit's people stay where the study has its points: a village's at the village, a township's
others spread over what is left. Only how many they are changes.
"""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs
from geo.demand import demand_points
from geo.errors import StudyError, first_ids
from geo.intake.place import known_points
from geo.population import basis_of_sum
from geo.population_held import COLUMNS
from geo.population_points import DEGREE_DIGITS, urban_shares, with_people_basis
from geo.schema import UNIT_LEVELS, WGS84

KM2_PER_POINT, LEAST_POINTS, MOST_POINTS = 1.5, 24, 80
_REST = "rest of "  # before a township: its points of villages whose place nobody knows
_HALF_A_PERSON = 0.5


def table_demand(
    rows: pd.DataFrame, own: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the demand with the people of a list in place of the study's own.

    Parameters
    ----------
    rows : DataFrame
        Index ``unit_id``; ``population`` (NaN is unknown and changes nothing),
        ``population_basis``, and perhaps ``group`` and ``setting``: empty is residents, and both
        settings as the study divides them.
    own : GeoDataFrame
        The study's own demand.
    units : GeoDataFrame

    Returns
    -------
    GeoDataFrame
        With a column ``people_basis``. Units that the list does not name stay as they are.

    Raises
    ------
    StudyError
        ``population.parts_exceed`` when parts of a unit have more people than the unit,
        ``population.no_place`` when people have neither points nor an outline,
        ``population.mixed_settings`` when a group has rows with and without a setting.

    Notes
    -----
    Where a unit and parts of it are listed, what the parts leave goes to its other points. A
    listed village without a known place changes the points of its township that stand for all
    such villages, by the difference to its own former figure. O(rows + points).
    """
    known = rows[rows["population"].notna()]
    demand = with_people_basis(own, units)[COLUMNS]
    for group, setting, part in _slices(known):
        mine = demand["group"] == group
        if setting is not None:
            mine &= demand["setting"] == setting
        changed = _replaced(demand[mine], part, units, own, group, setting)
        demand = pd.concat([demand[~mine], changed])
    return gpd.GeoDataFrame(demand, geometry="geometry", crs=WGS84)


def _slices(rows: pd.DataFrame) -> Iterator[tuple[str, str | None, pd.DataFrame]]:
    """Yield group, setting and rows of each part of the list that is read by itself."""
    empty = pd.Series(None, index=rows.index, dtype=object)
    group = rows.get("group", empty).astype(object)
    group = group.where(group.notna(), "resident")
    setting = rows.get("setting", empty)
    for name in sorted(group.unique()):
        mine = group == name
        said = setting[mine].dropna()
        if len(said) not in (0, int(mine.sum())):
            silent = rows.index[mine & setting.isna()]
            raise StudyError(
                "population.mixed_settings",
                f"{len(silent)} row(s) of {name!r} ({first_ids(silent)}) say neither urban nor "
                "rural, others do; say it in every row or in none.",
                count=len(silent),
                ids=first_ids(silent),
                value=name,
            )
        for chosen in sorted(said.unique()) or [None]:
            yield str(name), chosen, rows[mine & ((setting == chosen) | (chosen is None))]


def _replaced(
    mine: gpd.GeoDataFrame,
    given: pd.DataFrame,
    units: gpd.GeoDataFrame,
    own: gpd.GeoDataFrame,
    group: str,
    setting: str | None,
) -> pd.DataFrame:
    """Return the rows of one group, those of listed units with their new people."""
    listed = [str(unit) for unit in given.index]
    above = {unit: _nearest_above(unit, units, set(listed)) for unit in listed}
    _check_parts(given["population"], above, units)
    nowhere = [unit for unit in listed if _has_no_place(unit, mine, units)]
    placed = given.drop(index=nowhere)
    figures: dict[str, float] = dict(
        zip(map(str, placed.index), placed["population"].astype(float), strict=True)
    )
    people = dict(figures)
    owner = _owners(mine["unit_id"], units, set(figures))
    basis = dict(zip(map(str, placed.index), placed["population_basis"], strict=True))
    for unit, figure in figures.items():
        over = _nearest_above(unit, units, set(figures))
        if over is not None:
            people[over] -= figure
    for township, villages in _by_parent([u for u in nowhere if above[u] is None], units):
        rest = mine["unit_id"] == township
        former = float(mine.loc[rest, "people"].sum())
        old, new = units.loc[villages, "population"].sum(), given.loc[villages, "population"].sum()
        name = _REST + township
        people[name] = max(0.0, former - float(old)) + float(new)
        # The people who stay on these points count too: a census of some is none of all.
        lived = mine.loc[rest & (mine["people"] > 0), "people_basis"] if people[name] > new else []
        basis[name] = str(basis_of_sum([*lived, *given.loc[villages, "population_basis"]]))
        owner[rest] = name
    scaled = _scaled(mine, owner, people, basis)
    fresh = [unit for unit, total in people.items() if total > 0 and not (owner == unit).any()]
    shares = urban_shares(own, units) if fresh and setting is None else pd.Series(dtype=float)
    parts = [scaled]
    for name in fresh:
        unit = name.removeprefix(_REST)
        word = setting or ("urban" if shares[unit] >= 0.5 else "rural")
        parts.append(_new_points(unit, people[name], basis[name], units, group, word))
    return pd.concat(parts)


def _nearest_above(unit: str, units: pd.DataFrame, listed: set[str]) -> str | None:
    parent = units.at[unit, "parent_id"]
    while isinstance(parent, str):
        if parent in listed:
            return parent
        parent = units.at[parent, "parent_id"]
    return None


def _check_parts(people: pd.Series, above: dict[str, str | None], units: pd.DataFrame) -> None:
    left = people.astype(float).copy()
    for unit, over in above.items():
        if over is not None:
            left[over] -= people[unit]
    short = [str(unit) for unit in left.index[left < -_HALF_A_PERSON]]
    if len(short):
        names = first_ids([f"{units.at[u, 'name']!s} {u}" for u in short])
        raise StudyError(
            "population.parts_exceed",
            f"{len(short)} unit(s) ({names}) have fewer people than their parts together; correct "
            "the figures or leave one level out.",
            count=len(short),
            ids=names,
        )


def _has_no_place(unit: str, mine: pd.DataFrame, units: gpd.GeoDataFrame) -> bool:
    """Tell a village without points, known place and outline."""
    if units.at[unit, "level"] != "village" or (mine["unit_id"] == unit).any():
        return False
    lon, _ = known_points(units.loc[[unit]])
    shape = units.geometry[unit]
    return bool(lon.isna().all()) and (shape is None or shape.is_empty)


def _by_parent(villages: list[str], units: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    parents = units.loc[villages, "parent_id"]
    for township, rows in parents.groupby(parents):
        yield str(township), list(rows.index)


def _owners(unit_ids: pd.Series, units: pd.DataFrame, listed: set[str]) -> pd.Series:
    """Return the listed unit nearest above (or at) each row's; None where there is none."""
    owner = pd.Series(None, index=unit_ids.index, dtype=object)
    current = unit_ids.astype(object)
    for _ in UNIT_LEVELS:
        fits = owner.isna() & current.isin(listed)
        owner[fits] = current[fits]
        current = current.map(units["parent_id"])
    return owner


def _scaled(
    mine: gpd.GeoDataFrame, owner: pd.Series, people: dict[str, float], basis: dict[str, str]
) -> pd.DataFrame:
    """Give the rows of each owner its people, as they were shared before, evenly if unknown."""
    listed = owner.isin(people)
    code = owner[listed]
    former = mine.loc[listed, "people"].astype(float)
    known = former.groupby(code).transform("sum")
    even = 1.0 / code.groupby(code).transform("size")
    share = (former / known.where(known > 0)).where(known > 0, even)
    changed = mine[listed].assign(
        people=share * code.map(people).astype(float), people_basis=code.map(basis)
    )
    return pd.concat([mine[~listed], changed])


def _new_points(
    unit: str, total: float, basis: str, units: gpd.GeoDataFrame, group: str, setting: str
) -> pd.DataFrame:
    """Return points for people whose unit has none: the village's, else spread over its outline."""
    row = units.loc[[unit]]
    lon, lat = known_points(row)
    at_village = units.at[unit, "level"] == "village" and bool(lon.notna().all())
    shape = row.geometry.iloc[0]
    if at_village:
        at = gpd.GeoSeries(shapely.points(lon, lat), crs=WGS84)
        share = np.ones(1)
    elif shape is None or shape.is_empty:
        name = f"{units.at[unit, 'name']} {unit}"
        text = f"{name}: {total:,.0f} people and no outline to place them in; add the outline."
        raise StudyError("population.no_place", text, ids=name, value=f"{total:,.0f}")
    else:
        crs = metric_crs(units)
        area = row.geometry.to_crs(crs).iloc[0]
        spread = demand_points(
            area,
            pd.Series({setting: MOST_POINTS}),  # only the places are wanted
            km2_per_point=KM2_PER_POINT,
            least=LEAST_POINTS,
            most=MOST_POINTS,
        )
        at = gpd.GeoSeries(shapely.points(spread["x"], spread["y"]), crs=crs).to_crs(WGS84)
        share = np.full(len(spread), 1.0 / len(spread))
    ids = [f"p{unit}-{group[0]}{setting[0]}-{n:03d}" for n in range(1, len(at) + 1)]
    points = shapely.set_precision(at.to_numpy(), 10.0**-DEGREE_DIGITS)
    return gpd.GeoDataFrame(
        {
            "unit_id": unit,
            "people": share * total,
            "people_basis": basis,
            "group": group,
            "setting": setting,
            "location_basis": "register" if at_village else "modelled",
        },
        index=pd.Index(ids, name="demand_id"),
        geometry=points,
        crs=WGS84,
    )
