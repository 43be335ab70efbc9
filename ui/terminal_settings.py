"""The settings of a scenario on the command line: their options, and what was typed read."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import geopandas as gpd

from analysis.scenario import MEASURES, MODES, OBJECTIVES, Scenario
from analysis.service import ServiceRule
from geo.errors import RoomplanError
from geo.schema import SITE_KINDS
from geo.write import ENDINGS
from ui.wording import LANGUAGES

SCENARIO = {item.name: item for item in fields(Scenario)}
NUMBERS: Mapping[str, tuple[tuple[str, str, type], ...]] = {
    "cases": (
        ("--radius", "cluster_radius_m", float),
        ("--min-cases", "cluster_min_cases", int),
    ),
    "site": (
        ("--new", "n_new", int),
        ("--time-limit", "time_limit_s", float),
        ("--share", "target_share", float),
        ("--floor", "floor_share", float),
        ("--case-weight", "case_weight", float),
        ("--budget", "budget", float),
        ("--capacity", "room_capacity", float),
        ("--area-join", "area_join_m", float),
    ),
    "report": (("--new", "n_new", int),),
}
"""Number settings of the commands: option, field, type."""


class UsageError(RoomplanError, ValueError):
    """The command line was not understood."""


def common_options(command: argparse.ArgumentParser, *, study: Path) -> None:
    """Add what every command of the journey takes: study, day, standard, output, language."""
    command.add_argument("--study", type=Path, default=study, metavar="DIR")
    command.add_argument("--as-of", dest="as_of", metavar="DATE")
    command.add_argument("--limit", type=float, metavar="M", help="one limit for all, in metres")
    _number(command, "--minutes", "minutes", float)
    command.add_argument(
        "--measure", choices=MEASURES, help="metres of the straight line, or of the way"
    )
    command.add_argument("--mode", choices=MODES, help="how people come, for minutes and roads")
    command.add_argument(
        "--rule",
        dest="rules",
        action="append",
        metavar="RULE",
        help="a limit for some: kind=park,group=worker,limit=800m, or level=township,limit=whole",
    )
    command.add_argument("--out", type=Path, metavar="FILE", help=f"{', '.join(ENDINGS)}")
    command.add_argument("--json", action="store_true", help="write JSON for a machine")
    command.add_argument("--lang", choices=LANGUAGES, default=LANGUAGES[0])


def number_options(command: argparse.ArgumentParser, name: str) -> None:
    """Add a command's number settings, with the help that the scenario has for them."""
    for option, field, kind in NUMBERS.get(name, ()):
        _number(command, option, field, kind)


def site_options(command: argparse.ArgumentParser) -> None:
    """Add what a planner may demand of a plan."""
    command.add_argument("--kinds", help=f"comma-separated, of {', '.join(SITE_KINDS)}")
    command.add_argument("--objective", choices=OBJECTIVES)
    command.add_argument("--stages", type=int, metavar="N", help="order the rooms, N a stage")
    command.add_argument("--require", dest="required", metavar="ID,…")
    command.add_argument("--forbid", dest="forbidden", metavar="ID,…")
    for option, dest, form in (
        ("quota", "quotas", "LABEL=MIN-MAX"),
        ("cost", "kind_costs", "KIND=N"),
    ):
        command.add_argument(f"--{option}", dest=dest, action="append", metavar=form)


FILTERS = {
    "county": ("county_id", "county"),
    "township": ("township_id", "township"),
    "basis": ("location_basis",),
}
"""What a gap list can be cut down to, and the columns that may hold it."""


def filter_options(command: argparse.ArgumentParser) -> None:
    """Add what the gap list can be cut down to."""
    for name in FILTERS:
        command.add_argument(f"--{name}", metavar="ID|NAME" if name != "basis" else "BASIS")


def filtered(gaps: gpd.GeoDataFrame, options: argparse.Namespace) -> gpd.GeoDataFrame:
    """Return the gaps of the county, township and basis that were asked for.

    Raises
    ------
    UsageError
        When no gap at all has the value: a name mistyped would look like good news.
    """
    for name, columns in FILTERS.items():
        wanted = getattr(options, name)
        if wanted is None:
            continue
        kept = gaps[gaps[[*columns]].eq(wanted).any(axis=1)]
        if kept.empty:
            text = f"--{name} {wanted}: no gap has it; give an id or a full name from the list."
            raise UsageError("cli.filter", text, option=f"--{name}", value=wanted)
        gaps = kept
    return gaps


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a scenario that were typed.

    Raises
    ------
    UsageError
        A date, quota or cost that cannot be read.
    ScenarioError
        A rule that cannot be read.
    """
    given = {name: getattr(options, name, None) for name in SCENARIO}
    settings = {name: value for name, value in given.items() if value is not None}
    for name in ("kinds", "required", "forbidden"):
        if isinstance(settings.get(name), str):
            settings[name] = tuple(filter(None, settings[name].split(",")))
    for name, read in _LISTS.items():
        if name in settings:
            settings[name] = tuple(read(text) for text in settings[name])
    if "as_of" in settings:
        settings["as_of"] = _date(settings["as_of"])
    if options.limit is not None:
        settings |= {"limit_urban_m": options.limit, "limit_rural_m": options.limit}
        settings.setdefault("minutes", 0.0)
    return settings


def _number(command: argparse.ArgumentParser, option: str, field: str, kind: type) -> None:
    metadata = SCENARIO[field].metadata
    default = f"Default: the study's or {SCENARIO[field].default:g} {metadata['unit']}".strip()
    command.add_argument(option, dest=field, type=kind, help=f"{metadata['help']} {default}")


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as problem:
        raise UsageError(
            "cli.date", f"{text!r} is not a date; write 2019-05-31.", value=text
        ) from problem


def _quota(text: str) -> tuple[str, int | None, int | None]:
    found = re.fullmatch(r"([^=]+)=(\d*)-(\d*)", text)
    if found is None:
        raise UsageError(
            "cli.quota", f"{text!r} is no quota; write campus=1-3, or 350582=2-.", value=text
        )
    label, least, most = found.groups()
    return label, int(least) if least else None, int(most) if most else None


def _cost(text: str) -> tuple[str, float]:
    found = re.fullmatch(r"([^=]+)=(\d+(?:\.\d+)?)", text)
    if found is None or found[1] not in SITE_KINDS:
        kinds = ", ".join(SITE_KINDS)
        told = f"{text!r} is no cost; write village=20, with one of {kinds}."
        raise UsageError("cli.cost", told, value=text, kinds=kinds)
    return found[1], float(found[2])


_LISTS: dict[str, Callable[[str], Any]] = {
    "quotas": _quota,
    "kind_costs": _cost,
    "rules": ServiceRule.of,
}
