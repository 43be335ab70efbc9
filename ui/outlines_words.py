"""Outlines in words: whose are in force, what others would change unit by unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.errors import first_ids
from geo.outlines import OutlinePlan
from ui.wording import Words

# Below this share most of a unit lies elsewhere than before, which wants a look.
LITTLE_SHARED = 0.5
# More names than these tell nobody anything.
KEPT_NAMED = 12


def in_force(about: Mapping[str, Any] | None, text: Words) -> str:
    """Say in one sentence whose outlines are in force.

    Parameters
    ----------
    about : mapping or None
        ``settings[geo.outlines.SETTING]``; None for the study's own.
    text : Words
    """
    if not about:
        return text("outlines.own")
    return text("outlines.in_force", **{**about, "made": str(about["made"])[:10]})


def changes(plan: OutlinePlan, units: gpd.GeoDataFrame, text: Words) -> pd.DataFrame:
    """Return what changes by unit as people read it, those that change most first.

    Returns
    -------
    DataFrame
        Square kilometres and percent as numbers, NaN without an outline before; the level only
        where there are several.
    """
    table = plan.by_unit.sort_values("shared", na_position="first", kind="stable")
    shown = pd.DataFrame({text("outlines.unit"): table["name"]})
    if table["level"].nunique() > 1:
        shown[text("column.level")] = [text.choice("level", level) for level in table["level"]]
    parents = units["parent_id"].reindex(table.index).map(units["name"])
    return shown.assign(
        **{
            text("outlines.parent"): parents.fillna(""),
            text("outlines.before"): table["before_km2"].round(2),
            text("outlines.after"): table["after_km2"].round(2),
            text("outlines.shared"): (100 * table["shared"]).round(1),
        }
    ).reset_index(drop=True)


def lines_of(plan: OutlinePlan, units: gpd.GeoDataFrame, text: Words) -> list[str]:
    """Say what is taken over, what is left out, what keeps its outline, what is left outside.

    Returns
    -------
    list of str
        Names of rows come from the file: write them as text, never as markup.
    """
    lines = [text("outlines.replaced", count=len(plan.outlines), kept=len(plan.kept))]
    if 0 < len(plan.kept) <= KEPT_NAMED:
        names = text("data.comma").join(units.loc[list(plan.kept), "name"])
        lines.append(text("outlines.kept", names=names))
    if plan.unknown:
        names = first_ids(plan.unknown)
        lines.append(text("outlines.unknown", count=len(plan.unknown), names=names))
    lines.append(text("outlines.outside", **plan.outside))
    far = int((plan.by_unit["shared"] < LITTLE_SHARED).sum())
    if far:
        lines.append(text("outlines.far_off", count=far))
    return lines
