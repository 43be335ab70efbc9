"""What rooms did: cases and activities counted by unit."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import pandas as pd

from analysis.coverage import is_context, share
from geo.schema import CLOSED_STATES
from geo.units import ancestors

NOT_COUNTED = ("withdrawn",)
"""States that take a case out of the count of what awaits an answer."""
SILENT_MONTHS = 3


def received_by(cases: gpd.GeoDataFrame, as_of: dt.date) -> gpd.GeoDataFrame:
    """Return the cases received until a date; an unknown date counts as before."""
    return cases[~(pd.to_datetime(cases["received"]) > pd.Timestamp(as_of))]


def held_by(activities: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return the activities held until a date; an unknown date counts as before."""
    return activities[~(pd.to_datetime(activities["date"]) > pd.Timestamp(as_of))]


def is_open_case(cases: gpd.GeoDataFrame) -> pd.Series:
    """Tell which cases still await an answer: neither handled, fed back, filed nor withdrawn."""
    return ~cases["status"].isin([*CLOSED_STATES, *NOT_COUNTED])


def main_categories(categories: pd.Series) -> pd.Series:
    """Return the first level of each case's first category: ``交通`` of ``交通/拥堵;环境``.

    Parameters
    ----------
    categories : Series of str
        Several values joined by ``;``, levels by ``/``; empty text where unknown.
    """
    first = categories.fillna("").astype(str).str.split(";").str[0]
    return first.str.split("/").str[0]


def case_places(cases: gpd.GeoDataFrame, units: gpd.GeoDataFrame, places: pd.Index) -> pd.Series:
    """Return the place each case belongs to: its village if that is one, else its township.

    Parameters
    ----------
    cases, units : GeoDataFrame
    places : Index of str
        The units that demand points name.

    Returns
    -------
    Series of str
        On the cases' index; NaN where the case names no unit so fine.
    """
    own = cases["unit_id"]
    township = own.map(ancestors(units, "township"))
    return own.where(own.isin(places), township)


def case_units(
    cases: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame, units: gpd.GeoDataFrame, *, level: str
) -> pd.Series:
    """Return the unit of a level each case belongs to.

    Parameters
    ----------
    cases, rooms, units : GeoDataFrame
    level : {"city", "county", "township"}

    Returns
    -------
    Series of str
        On the cases' index: from the unit the case names, else from the unit its room serves;
        NaN where neither is known that finely.
    """
    up = ancestors(units, level)
    own = cases["unit_id"].map(up)
    return own.where(own.notna(), cases["room_id"].map(rooms["serves_unit_id"]).map(up))


def results_by_unit(
    cases: gpd.GeoDataFrame,
    activities: pd.DataFrame,
    rooms: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    *,
    level: str,
) -> pd.DataFrame:
    """Count cases, resolved and unresolved ones, and activities for every unit of a level.

    Parameters
    ----------
    cases, rooms, units : GeoDataFrame
    activities : DataFrame
    level : {"city", "county", "township"}

    Returns
    -------
    DataFrame
        Index ``unit_id`` (context units left out); ``cases``, ``cases_handled``, ``cases_open``,
        ``cases_simulated``, ``activities``, ``activities_simulated`` as counts and
        ``share_handled`` of the cases that were not withdrawn.
    """
    unit = case_units(cases, rooms, units, level=level)
    held = activities["room_id"].map(rooms["serves_unit_id"]).map(ancestors(units, level))
    handled = cases["status"].isin(CLOSED_STATES)
    members = units.index[(units["level"] == level) & ~is_context(units)]
    counts = {
        "cases": unit,
        "cases_handled": unit[handled],
        "cases_open": unit[is_open_case(cases)],
        "cases_simulated": unit[cases["basis"] == "simulated"],
        "activities": held,
        "activities_simulated": held[activities["basis"] == "simulated"],
    }
    table = pd.DataFrame({name: rows.value_counts() for name, rows in counts.items()})
    table = table.reindex(members).fillna(0).astype(int)
    answerable = table["cases_handled"] + table["cases_open"]
    table["share_handled"] = share(table["cases_handled"], answerable)
    table.index.name = "unit_id"
    return table


def cases_by_month(received: pd.Series, as_of: dt.date) -> pd.Series:
    """Count the cases of every month from the first dated one until a day, months without any too.

    Parameters
    ----------
    received : Series of datetime
    as_of : date

    Returns
    -------
    Series of int
        Index ``month`` (periods without a break); empty where no case is dated.
    """
    months = pd.to_datetime(received).dropna().dt.to_period("M")
    if months.empty:
        return pd.Series(dtype="int64", index=pd.PeriodIndex([], freq="M", name="month"))
    last = max(pd.Period(as_of, "M"), months.max())
    every = pd.period_range(months.min(), last, freq="M", name="month")
    return months.value_counts().reindex(every, fill_value=0)


def silences(counts: pd.Series, *, least: int = SILENT_MONTHS) -> pd.DataFrame:
    """Return the runs of months without any case, of which nobody can tell what they mean.

    Parameters
    ----------
    counts : Series of int
        From :func:`cases_by_month`.
    least : int
        Shorter runs are left out: where few cases come, a month without one is nothing special.

    Returns
    -------
    DataFrame
        Columns ``first``, ``last`` (periods) and ``months``, in their order.

    Examples
    --------
    >>> months = pd.period_range("2020-01", periods=6, freq="M")
    >>> silences(pd.Series([3, 0, 0, 0, 1, 0], index=months))["months"].tolist()
    [3]
    """
    none = counts == 0
    run = (none != none.shift()).cumsum()[none]
    month = counts.index.to_series()[none]
    found = (
        month.groupby(run).agg(["min", "max", "size"]).set_axis(["first", "last", "months"], axis=1)
    )
    return found[found["months"] >= least].reset_index(drop=True)
