"""``roomplan import --as population`` and ``roomplan register population``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import geopandas as gpd

from geo.errors import first_ids
from geo.intake.raw import safe_name
from geo.population_grid import SPACING_M
from geo.population_held import SETTING, remove_population
from geo.population_plan import PopulationPlan, accept_population, plan_grid, plan_table
from geo.population_upload import is_grid, read_uploaded_grid
from geo.read import Tables, read_settings, read_study
from geo.schema import BASES
from geo.working_copy import save_mapping
from geo.write import json_text, table_bytes, write_bytes
from ui import data_report
from ui.population_words import county_table, doubts, grid_lines, in_force
from ui.wording import Words

TABLE = "population"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``import --as population``."""
    group = command.add_argument_group("with --as population: a GeoTIFF grid, or a list by unit")
    group.add_argument(
        "--rescale", action="store_true", help="to the study's census, county by county"
    )
    group.add_argument("--density", action="store_true", help="the grid holds people per km²")
    group.add_argument(
        "--basis",
        choices=BASES,
        default="modelled",
        help="what the grid rests on; census or register where the people of each cell were "
        "counted. Default: modelled",
    )
    group.add_argument(
        "--spacing",
        type=float,
        default=SPACING_M,
        metavar="M",
        help=f"cells of one unit within a square of this side become one point; "
        f"default: {SPACING_M:g}",
    )
    group.add_argument(
        "--nearest",
        type=float,
        default=0.0,
        metavar="M",
        help="cells this far outside every outline count for the nearest unit; only for a grid "
        "that was cut to the study. Default: 0",
    )
    group.add_argument("--source", metavar="TEXT", help="what screens call it; default: the file")
    group.add_argument("--date", default="", metavar="TEXT", help="of the figures, such as 2020")


def run_import(
    options: argparse.Namespace, text: Words, *, read_list: Callable[..., tuple[Any, ...]]
) -> None:
    """Read a grid or a list, say what changes by county, and put it in force unless told not to."""
    own = read_study(options.study, own_population=True)
    name = safe_name(str(options.file))
    about = {"source": options.source or name, "file": name, "date": options.date}
    answer: dict[str, Any] = {"table": TABLE, "file": name}
    remember: Callable[[], None] | None = None
    if is_grid(options.file):
        plan, facts, lines = _grid(options, own, about, text)
        answer["grid"] = facts
    else:
        intake, _, mapping, saved, _ = read_list(options, text, own)
        plan = plan_table(intake.rows, own, rescale=options.rescale, about=about)
        lines = [data_report.counts_text(intake, text), *data_report.notes_lines(intake, text)]
        lines += doubts(plan, text)
        answer |= {"rows": len(intake.status), **intake.counts, "remarks": intake.remarks}
        remember = partial(save_mapping, options.study, mapping, saved=saved)
    if not options.dry_run:
        accept_population(options.study, plan, who=options.who)
        if remember is not None:
            remember()
    lines.append(text("terminal.dry_run" if options.dry_run else "population.saved"))
    answer |= _summary(plan, dry_run=options.dry_run)
    shown = county_table(plan, text).to_string(index=False, na_rep="—")
    sys.stdout.write(json_text(answer) + "\n" if options.json else "\n".join([shown, *lines, ""]))


def _grid(
    options: argparse.Namespace, own: Tables, about: dict[str, Any], text: Words
) -> tuple[PopulationPlan, dict[str, Any], list[str]]:
    units = own.frames["units"]
    grid = read_uploaded_grid(
        options.file,
        gpd.GeoDataFrame(units),
        density=options.density,
        nearest_m=options.nearest,
        spacing_m=options.spacing,
    )
    plan = plan_grid(grid, own, rescale=options.rescale, people_basis=options.basis, about=about)
    if options.report is not None:
        ending = options.report.suffix.lower()
        write_bytes(table_bytes(county_table(plan, text), ending, name=TABLE), options.report)
    return plan, grid.facts, grid_lines(grid.facts, plan, units["name"].to_dict(), text)


def _summary(plan: PopulationPlan, *, dry_run: bool) -> dict[str, Any]:
    return {
        **plan.about,
        "points": len(plan.demand),
        "people": plan.demand["people"].sum(),
        "by_county": plan.by_county,
        "kept": list(plan.kept),
        "kept_first": first_ids(plan.kept),
        "dry_run": dry_run,
        "saved": not dry_run,
    }


def told_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``register population``."""
    command.add_argument(
        "--remove", action="store_true", help="return to the population of the study's own files"
    )


def run_told(options: argparse.Namespace, text: Words) -> None:
    """Say what population is in force; with ``--remove`` return to the study's own."""
    settings = read_settings(options.study)
    removed = remove_population(options.study, settings) if options.remove else False
    about = read_study(options.study).settings.get(SETTING)
    answer = {"removed": removed, "own": about is None, **(about or {})}
    lines = [text("population.removed")] if removed else []
    lines.append(in_force(about, text))
    sys.stdout.write((json_text(answer) if options.json else "\n".join(lines)) + "\n")
