"""``roomplan import --as boundaries`` and ``roomplan register outlines``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import geopandas as gpd

from geo.outlines import SETTING, OutlinePlan, hold_outlines, plan_outlines, remove_outlines
from geo.read import read_settings, read_study
from geo.write import json_text
from ui import data_report
from ui.outlines_words import changes, in_force, lines_of
from ui.terminal_study import read_of_units, write_report
from ui.wording import Words

TABLE = "boundaries"
CHANGED_MOST = 10


def run_import(options: argparse.Namespace, text: Words) -> None:
    """Read outlines, say which units they change and how much, and put them in force."""
    tables = read_study(options.study)
    units = gpd.GeoDataFrame(tables.frames["units"])
    intake = read_of_units(options.file, TABLE, units, options.datum)
    write_report(options, [intake], [options.file], text)
    plan = plan_outlines(gpd.GeoDataFrame(intake.rows), tables.frames)
    file = options.file.name
    if not options.dry_run:
        settings = read_settings(options.study)
        hold_outlines(options.study, settings, plan, file=file, who=options.who)
    lines = [data_report.counts_text(intake, text), *_plan_lines(plan, units, text)]
    lines.append(text("terminal.dry_run" if options.dry_run else "outlines.saved"))
    answer: dict[str, Any] = {
        "table": TABLE,
        "file": file,
        **intake.counts,
        "replaced": len(plan.outlines),
        "unknown": list(plan.unknown),
        "kept": list(plan.kept),
        "outside": plan.outside,
        "by_unit": plan.by_unit,
        "saved": not options.dry_run,
        "remarks": intake.remarks,
    }
    sys.stdout.write(json_text(answer) + "\n" if options.json else "\n".join([*lines, ""]))


def _plan_lines(plan: OutlinePlan, units: gpd.GeoDataFrame, text: Words) -> list[str]:
    shown = changes(plan, units, text).head(CHANGED_MOST)
    return [shown.to_string(index=False, na_rep="—"), *lines_of(plan, units, text)]


def told_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``register outlines``."""
    command.add_argument(
        "--remove", action="store_true", help="return to the outlines of the study's own files"
    )


def run_told(options: argparse.Namespace, text: Words) -> None:
    """Say whose outlines are in force; with ``--remove`` return to the study's own."""
    settings = read_settings(options.study)
    removed = remove_outlines(options.study, settings) if options.remove else False
    about = read_study(options.study).settings.get(SETTING)
    lines = [text("outlines.removed")] if removed else []
    lines.append(in_force(about, text))
    answer = {"removed": removed, "own": about is None, **(about or {})}
    sys.stdout.write((json_text(answer) if options.json else "\n".join(lines)) + "\n")
