"""Two plans side by side: which sites each has alone, and who wins by county."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.coverage import is_context
from analysis.proposal import Proposal
from analysis.scenario import Study
from geo.units import ancestors

WINS = {1.0: "second", 0.0: "same", -1.0: "first"}


class Rivals(NamedTuple):
    """How a second plan differs from a first.

    Parameters
    ----------
    only_first, only_second, both : GeoDataFrame
        Chosen sites by ``site_id``.
    by_county : DataFrame
        Index ``unit_id``: ``name``, ``people``, people within reach under each plan
        (``first``, ``second``), ``gained`` and ``lost`` by the second, ``difference``, and
        ``wins``: ``first``, ``second`` or ``same``, by whole people.
    by_township : DataFrame
        The same by township.
    """

    only_first: gpd.GeoDataFrame
    only_second: gpd.GeoDataFrame
    both: gpd.GeoDataFrame
    by_county: pd.DataFrame
    by_township: pd.DataFrame


def compare(study: Study, first: Proposal, second: Proposal) -> Rivals:
    """Compare two proposals for the same study.

    Parameters
    ----------
    study : Study
    first, second : Proposal

    Returns
    -------
    Rivals
        ``gained`` counts people only the second reaches, ``lost`` those only the first reaches;
        their difference is that of the plans.
    """
    same = first.sites.index.intersection(second.sites.index)
    return Rivals(
        only_first=first.sites.drop(same),
        only_second=second.sites.drop(same),
        both=first.sites.loc[same],
        by_county=_by_unit(study, first.covered, second.covered, "county"),
        by_township=_by_unit(study, first.covered, second.covered, "township"),
    )


def _by_unit(study: Study, one: pd.Series, two: pd.Series, level: str) -> pd.DataFrame:
    people = study.demand["people"].fillna(0.0)
    unit = study.demand["unit_id"].map(ancestors(study.units, level))
    parts = {
        "people": people,
        "first": people.where(one, 0.0),
        "second": people.where(two, 0.0),
        "gained": people.where(two & ~one, 0.0),
        "lost": people.where(one & ~two, 0.0),
    }
    units = study.units
    members = units.index[(units["level"] == level) & ~is_context(units)]
    table = pd.DataFrame(parts).groupby(unit).sum().reindex(members).fillna(0.0)
    table["difference"] = table["second"] - table["first"]
    table["wins"] = np.sign(table["difference"].round()).map(WINS)
    table.insert(0, "name", units["name"].reindex(table.index))
    return table.rename_axis("unit_id")
