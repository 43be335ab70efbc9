"""``roomplan study new``: another city's own study from its boundary and population files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geo.errors import IntakeError
from geo.intake.apply import apply
from geo.intake.mapping import suggest_mapping
from geo.intake.raw import read_file
from geo.intake.report import Intake
from geo.schema import TABLES, WGS84
from geo.study import new_study
from geo.write import json_text, write_bytes
from ui import data_report
from ui.wording import Words


def options_of(command: argparse.ArgumentParser) -> None:
    """Add the options of ``study new``."""
    command.add_argument("folder", type=Path, metavar="DIR", help="not there yet, or empty")
    command.add_argument("--name", required=True, help="the city's name")
    command.add_argument(
        "--boundaries",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="outlines with unit codes; again for another level",
    )
    command.add_argument("--population", type=Path, metavar="FILE", help="people by unit")
    command.add_argument("--datum", metavar="D", help="of the outlines, where the files do not say")
    command.add_argument("--report", type=Path, metavar="FILE", help="row report, .xlsx or .csv")
    command.add_argument("--who", default="local", help="name for the history; default: local")


def run_new(options: argparse.Namespace, text: Words) -> None:
    """Read the files, write the study's folder, and say what it holds."""
    known = _no_units()
    intakes: list[Intake] = []
    for file in options.boundaries:
        read = read_of_units(file, "boundaries", known, options.datum)
        known = _together(known, read.rows)
        intakes.append(read)
    outlines = [gpd.GeoDataFrame(read.rows) for read in intakes]
    population = None
    if options.population is not None:
        read = read_of_units(options.population, "population", known, None)
        intakes.append(read)
        population = read.rows
    files = [*options.boundaries, *([] if population is None else [options.population])]
    write_report(options, intakes, files, text)
    tables = new_study(
        options.folder,
        name=options.name,
        boundaries=outlines,
        population=population,
        who=options.who,
    )
    units, demand = tables.frames["units"], tables.frames["demand"]
    facts = {"units": len(units), "points": len(demand), "people": int(demand["people"].sum())}
    held = sum(read.counts["held"] for read in intakes)
    if options.json:
        answer = {"study": str(options.folder), **facts, "held": held}
        sys.stdout.write(json_text(answer) + "\n")
        return
    lines = [data_report.counts_text(read, text) for read in intakes]
    lines.append(text("terminal.study_made", file=options.folder, **facts))
    sys.stdout.write("\n".join(lines) + "\n")


def read_of_units(file: Path, table: str, units: gpd.GeoDataFrame, datum: str | None) -> Intake:
    """Read one file; an outline or a figure that is held back would be missing in silence."""
    raws = read_file(file)
    raw = next((raw for raw in raws if raw.shapes is not None), raws[0])
    mapping = suggest_mapping(raw, table=table)
    read = apply(raw, mapping, units=units, datum=datum)
    if read.rows.empty:
        first = read.remarks.iloc[0]
        raise IntakeError(
            "study_new.nothing_read",
            f"{raw.name}: all {len(read.status)} row(s) are held back, the first because: "
            f"{first['column']}: {first['message']}.",
            file=raw.name,
            count=len(read.status),
            column=first["column"],
            detail=first["message"],
        )
    return read


def _no_units() -> gpd.GeoDataFrame:
    columns = {name: pd.Series(dtype=object) for name in TABLES["units"].columns}
    index = pd.Index([], name="unit_id", dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=[], crs=WGS84)


def _together(known: gpd.GeoDataFrame, fresh: pd.DataFrame) -> gpd.GeoDataFrame:
    rows = pd.concat([known, fresh]) if len(known) else fresh.reindex(columns=known.columns)
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84)


def write_report(
    options: argparse.Namespace, intakes: list[Intake], files: list[Path], text: Words
) -> None:
    """Write the row reports of several files into the file that is asked for, if any."""
    if options.report is None:
        return
    ending = options.report.suffix.lower()
    tables = [data_report.report_table(read, text) for read in intakes]
    told = [
        table.assign(**{text("data.file_name"): file.name})
        for table, file in zip(tables, files, strict=True)
    ]
    content = data_report.table_of_reports(pd.concat(told), text, ending=ending)
    write_bytes(content, options.report)
