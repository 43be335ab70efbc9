"""``roomplan import --as roads`` and ``roomplan register roads``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd

from geo.intake.raw import safe_name
from geo.read import Tables, read_settings, read_study
from geo.roads_kept import (
    drop_roads,
    facts_of,
    find_roads,
    keep_roads,
    near_roads,
    refuse_elsewhere,
    walkable,
)
from geo.roads_upload import read_uploaded_roads
from geo.write import json_text
from ui.roads_words import attribution_of, in_force, length, lines_of
from ui.wording import Words

TABLE = "roads"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``import --as roads``."""
    group = command.add_argument_group(
        "with --as roads: lines in .osm.pbf, GeoPackage, zipped Shapefile, GeoJSON or FlatGeobuf"
    )
    group.add_argument("--class-column", metavar="C", help="which column holds the road class")
    group.add_argument(
        "--heights", type=Path, metavar="DEM.tif", help="slopes from a GeoTIFF of heights"
    )
    group.add_argument(
        "--attribution",
        metavar="TEXT",
        help="who must be named where the roads are shown; default: OpenStreetMap for its own",
    )


def run_import(options: argparse.Namespace, text: Words) -> None:
    """Read roads, say what they hold and who stands near them, and put them in force."""
    tables = read_study(options.study)
    name = safe_name(str(options.file))
    roads = read_uploaded_roads(
        options.file,
        layer=options.layer,
        class_column=options.class_column,
        datum=options.datum,
        heights=options.heights,
    )
    network = walkable(roads)
    facts, near = facts_of(roads, network), near_roads(network, *_places(tables))
    refuse_elsewhere(near, name)
    attribution = attribution_of(options.attribution, roads.is_osm)
    if not options.dry_run:
        keep_roads(
            options.study,
            read_settings(options.study),
            roads,
            name=options.source or name,
            attribution=attribution,
            who=options.who,
        )
    said = [f"{name}{text('data.colon')}{length(facts, text)}", *lines_of(facts, near, text)]
    said += [text("roads.attribution_is", name=attribution)] if attribution else []
    said.append(text("terminal.dry_run" if options.dry_run else "roads.saved"))
    answer = {
        "table": TABLE,
        "file": name,
        "attribution": attribution,
        **_plain(facts),
        "near": near,
    }
    answer |= {"dry_run": options.dry_run, "saved": not options.dry_run}
    sys.stdout.write((json_text(answer) if options.json else "\n".join(said)) + "\n")


def told_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``register roads``."""
    command.add_argument("--remove", action="store_true", help="reckon ways without roads again")


def run_told(options: argparse.Namespace, text: Words) -> None:
    """Say which roads are in force; with ``--remove`` take them away."""
    settings = read_settings(options.study)
    removed = drop_roads(options.study, settings) if options.remove else False
    kept = find_roads(options.study, settings)
    lines = [text("roads.removed")] if removed else []
    lines.append(in_force(None if kept is None else kept.about, text))
    answer: dict[str, Any] = {"removed": removed, "in_force": kept is not None}
    if kept is not None:
        tables = read_study(options.study)
        near = near_roads(kept.network("walk", "metres"), *_places(tables))
        lines += lines_of(kept.about, near, text)
        answer |= {**_plain(kept.about), "near": near}
    sys.stdout.write((json_text(answer) if options.json else "\n".join(lines)) + "\n")


def _places(tables: Tables) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    rooms, demand = (gpd.GeoDataFrame(tables.frames[name]) for name in ("rooms", "demand"))
    return rooms, demand


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts with warnings as a machine reads them."""
    warnings = [dict(zip(("code", "count", "text"), row, strict=True)) for row in facts["warnings"]]
    return {**facts, "warnings": warnings}
