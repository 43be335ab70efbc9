"""A population in words: what is in force, what a raster held, what changes by county."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.errors import first_ids
from geo.population_plan import PopulationPlan
from ui.tables import mark, percent, whole
from ui.wording import Words

# A raster whose sum is outside this share of the study's own people is asked about.
LIKELY = (0.5, 2.0)


def in_force(about: Mapping[str, Any] | None, text: Words) -> str:
    """Say in one sentence what population is in force.

    Parameters
    ----------
    about : mapping or None
        ``settings[geo.population_held.SETTING]``; None for the study's own.
    text : Words
    """
    if not about:
        return text("population.own")
    parts = [
        text(f"population.{about['kind']}", source=about["source"], file=about["file"]),
        text("population.rescaled" if about["rescaled"] else "population.as_is"),
        mark(about["basis"], text),
        text("population.total", points=whole(about["points"]), people=whole(about["people"])),
        text("population.made", who=about["who"], made=str(about["made"])[:10]),
    ]
    if about.get("date"):
        parts.insert(1, text("population.date", date=about["date"]))
    return text("data.semicolon").join(parts)


def grid_lines(
    facts: Mapping[str, Any], plan: PopulationPlan, names: Mapping[str, str], text: Words
) -> list[str]:
    """Say what was read from a raster, what was left out, and what looks wrong.

    Parameters
    ----------
    facts : mapping
        Of :class:`geo.population_grid.GridPeople`.
    plan : PopulationPlan
    names : mapping of str to str
        What units are called.
    text : Words
    """
    counts = {key: whole(facts[key]) for key in ("cells", "no_value", "not_finite", "negative")}
    lines = [
        text("population.cells", cell=whole(facts["cell_m"]), **counts),
        text(
            "population.squares", spacing=whole(facts["spacing_m"]), people=whole(facts["people"])
        ),
    ]
    if facts["outside_cells"]:
        outside = {"people": whole(facts["outside_people"]), "count": whole(facts["outside_cells"])}
        lines.append(text("population.outside", **outside))
    if plan.kept:
        shown = first_ids([names.get(unit, unit) for unit in plan.kept])
        lines.append(text("population.kept", count=len(plan.kept), names=shown))
    return [*lines, *doubts(plan, text)]


def doubts(plan: PopulationPlan, text: Words) -> list[str]:
    """Say when the file's people are far from the study's own."""
    share = plan.by_county["file"].sum() / plan.by_county["before"].sum()
    if LIKELY[0] <= share <= LIKELY[1]:
        return []
    return [text("population.far_off", share=percent(share, 0 if share > 0.01 else 2))]


def county_table(plan: PopulationPlan, text: Words) -> pd.DataFrame:
    """Return what changes by county, as people read it.

    Returns
    -------
    DataFrame
        Numbers stay numbers; unknown is NaN.
    """
    table = plan.by_county
    return pd.DataFrame(
        {
            text("population.county"): table["name"],
            text("population.census"): _whole(table["population"]),
            text("population.basis"): [mark(basis, text) for basis in table["population_basis"]],
            text("population.before"): _whole(table["before"]),
            text("population.file"): _whole(table["file"]),
            text("population.factor"): table["factor"].round(3),
            text("population.after"): _whole(table["after"]),
            text("population.change"): _whole(table["change"]),
        }
    ).reset_index(drop=True)


def _whole(people: pd.Series) -> pd.Series:
    return people.round().astype("Int64")
