"""Two plans side by side: which sites each has alone, and who wins by county."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from analysis.coverage import is_context
from analysis.proposal import Proposal
from analysis.scenario import Study
from geo.units import ancestors


class Rivals(NamedTuple):
    """How a second plan differs from a first.

    Parameters
    ----------
    only_first, only_second, both : GeoDataFrame
        Chosen sites by ``site_id``.
    by_county : DataFrame
        Index ``unit_id``: ``name``, ``people``, people within reach under each plan
        (``first``, ``second``), ``gained`` and ``lost`` by the second, and ``difference``.
    """

    only_first: gpd.GeoDataFrame
    only_second: gpd.GeoDataFrame
    both: gpd.GeoDataFrame
    by_county: pd.DataFrame


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
    people = study.demand["people"].fillna(0.0)
    county = study.demand["unit_id"].map(ancestors(study.units, "county"))
    one, two = first.covered, second.covered
    parts = {
        "people": people,
        "first": people.where(one, 0.0),
        "second": people.where(two, 0.0),
        "gained": people.where(two & ~one, 0.0),
        "lost": people.where(one & ~two, 0.0),
    }
    units = study.units
    members = units.index[(units["level"] == "county") & ~is_context(units)]
    table = pd.DataFrame(parts).groupby(county).sum().reindex(members).fillna(0.0)
    table["difference"] = table["second"] - table["first"]
    table.insert(0, "name", units["name"].reindex(table.index))
    same = first.sites.index.intersection(second.sites.index)
    return Rivals(
        only_first=first.sites.drop(same),
        only_second=second.sites.drop(same),
        both=first.sites.loc[same],
        by_county=table.rename_axis("unit_id"),
    )
