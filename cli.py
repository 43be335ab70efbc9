"""The journey without a screen: ``roomplan coverage``, ``compare``, ``cases``, ``site`` …"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from analysis.journey import (
    Survey,
    catchments_of,
    clusters_of,
    groups_of,
    proposal_of,
    survey,
    villages_of,
)
from analysis.scenario import Study, scenario_of
from analysis.stages import stages_of
from analysis.standards import compare_standards
from geo.errors import RoomplanError
from geo.read import read_study
from geo.write import json_text, write_bytes
from ui import maps, report, report_since, views, word
from ui.tables import present
from ui.terminal import add_commands
from ui.terminal_settings import (
    UsageError,
    common_options,
    filter_options,
    filtered,
    number_options,
    settings_of,
    site_options,
)
from ui.wording import LANGUAGES, Words, words

BUNDLED_STUDY = Path(__file__).parent / "data"


class Parser(argparse.ArgumentParser):
    """An argument parser that reports like every other error: one paragraph, exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        text = f"{self.prog}: {message}. Try {self.prog} --help."
        raise UsageError("cli.usage", text, detail=text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        As typed after ``roomplan``; by default those of the process.

    Returns
    -------
    int
        0; 2 for bad input or use; 3 when there is no feasible answer.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    lang = _language(given)
    try:
        options = _parser().parse_args(given)
        options.run(options, words(options.lang))
    except RoomplanError as error:
        sys.stderr.write(f"{words(lang).explain(error)}\n")
        return error.exit_code
    return 0


def _language(given: Sequence[str]) -> str:
    """Return the language asked for, readable even where the rest is not."""
    for place, option in enumerate(given):
        if option == "--lang" and place + 1 < len(given):
            return given[place + 1]
        if option.startswith("--lang="):
            return option.removeprefix("--lang=")
    return LANGUAGES[0]


def _parser() -> Parser:
    parser = Parser(prog="roomplan", description=words("zh")("cli.about"))
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)
    for name, (run, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        common_options(command, study=BUNDLED_STUDY)
        number_options(command, name)
        if name == "site":
            site_options(command)
        if name == "coverage":
            further = command.add_mutually_exclusive_group()
            for view, (_, _, about) in COVERAGE_VIEWS.items():
                further.add_argument(f"--{view}", action="store_true", help=about)
        if name == "gaps":
            about = "an earlier gap list as it was exported: which gaps are closed, new, still open"
            command.add_argument("--since", type=Path, metavar="FILE", help=about)
            filter_options(command)
        if name == "serve":
            command.add_argument("--port", type=int, default=8501, help="default: 8501")
    add_commands(commands, study=BUNDLED_STUDY)
    return parser


def _survey(options: argparse.Namespace) -> Survey:
    study = Study.of(read_study(options.study))
    return survey(study, scenario_of(study, **settings_of(options)))


def _put(
    options: argparse.Namespace,
    text: Words,
    measured: Survey,
    kind: str,
    table: pd.DataFrame,
    summary: Callable[[], Any],
) -> None:
    """Write the table to ``--out``; show JSON with ``--json``, else a readable table."""
    if options.out is not None:
        content = report.export(kind, table, measured, text, ending=options.out.suffix.lower())
        write_bytes(content, options.out)
        sys.stderr.write(text("cli.wrote", file=options.out) + "\n")
    if options.json:
        sys.stdout.write(json_text(summary()) + "\n")
    elif options.out is None:
        least = report.suppress_below(measured)
        shown = present(table, report.COLUMNS[kind], text, suppress_below=least)
        sys.stdout.write(shown.to_string(index=False, na_rep="—") + "\n")


def _head(measured: Survey) -> dict[str, Any]:
    study, scenario = measured.study, measured.scenario
    return {
        "study": study.name,
        "fingerprint": study.fingerprint,
        "demonstration": study.is_demonstration,
        "as_of": pd.Timestamp(scenario.as_of),
        "limit_urban_m": scenario.limit_urban_m,
        "limit_rural_m": scenario.limit_rural_m,
        **{name: getattr(scenario, name) for name in ("minutes", "measure", "mode")},
        "rules": [str(rule) for rule in scenario.rules],
        "roads": study.roads.fingerprint if study.roads else None,
        "population": study.settings.get("population"),
    }


def _named(rooms: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(rooms)[["name", "kind", "serves_unit_id", "opened", "basis"]]


def _viewed(options: argparse.Namespace, text: Words, measured: Survey, view: str) -> None:
    """Write one of the further views of coverage."""
    kind, listed, _ = COVERAGE_VIEWS[view]
    table = listed(measured)
    plain = pd.DataFrame(table).drop(columns="geometry", errors="ignore")
    if view == "standards":
        plain = plain.set_index("standard")
    _put(options, text, measured, kind, table, lambda: {**_head(measured), view: plain})


def _coverage(options: argparse.Namespace, text: Words) -> None:
    measured = _survey(options)
    asked = [view for view in COVERAGE_VIEWS if getattr(options, view)]
    if asked:
        _viewed(options, text, measured, asked[0])
        return
    table = report.units_list(measured, ("city", "county", "township"))

    def summary() -> dict[str, Any]:
        rooms = measured.rooms
        baseline = measured.study.settings.get("reported_as_of")
        since = rooms["opened"] > pd.Timestamp(baseline) if baseline else rooms["opened"].notna()
        levels = {level: measured.by_level[level] for level in ("county", "township")}
        city = measured.by_level["city"].reset_index().iloc[0].to_dict()
        return {
            **_head(measured),
            "rooms": len(rooms),
            "rooms_by_basis": rooms["basis"].value_counts().to_dict(),
            "counties": len(levels["county"]),
            "townships": len(levels["township"]),
            "people": city["people"],
            "people_covered": city["people_covered"],
            "share_covered": city["share_covered"],
            "people_certain": city["people_certain"],
            "share_certain": city["share_certain"],
            "people_possible": city["people_possible"],
            "share_possible": city["share_possible"],
            "modelled_share": city["modelled_share"],
            "covered_modelled_share": city["covered_modelled_share"],
            "rooms_since": {"after": baseline, "rooms": _named(rooms[since])},
            "rooms_later": _named(measured.later),
            "city": city,
            "by_county": levels["county"],
            "by_township": levels["township"],
        }

    _put(options, text, measured, "units", table, summary)


def _compare(options: argparse.Namespace, text: Words) -> None:
    measured = _survey(options)
    table = report.compare_list(measured)
    answer = {**_head(measured), "counties": table}
    _put(options, text, measured, "compare", table, lambda: answer)


def _cases(options: argparse.Namespace, text: Words) -> None:
    measured = _survey(options)
    found = clusters_of(measured)
    table = report.clusters_list(found, measured)
    _put(
        options,
        text,
        measured,
        "clusters",
        table,
        lambda: {
            **_head(measured),
            "radius_m": found.radius_m,
            "min_cases": found.min_cases,
            "cases": len(measured.cases),
            "alone": found.alone,
            "unlocated": found.unlocated,
            "clusters": report.suppressed(table, measured),
        },
    )


def _site(options: argparse.Namespace, text: Words) -> None:
    measured = _survey(options)
    proposal = proposal_of(measured)
    stages = stages_of(proposal, per_stage=options.stages) if options.stages else None
    table = report.sites_list(proposal, stages)

    def summary() -> dict[str, Any]:
        plan = proposal.plan
        return {
            **_head(measured),
            "objective": plan.objective,
            "n_new": measured.scenario.n_new,
            "value": plan.value,
            "bound": plan.bound,
            "gap": plan.gap,
            "method": plan.method,
            "status": plan.status,
            "seconds": plan.seconds,
            "before": proposal.before,
            "after": proposal.after,
            "after_certain": proposal.after_certain,
            "after_possible": proposal.after_possible,
            "gained": proposal.gained,
            "gained_modelled_share": proposal.gained_modelled_share,
            "candidates": proposal.candidates,
            "unplaced": list(proposal.unplaced["name"]),
            "sites": table.assign(lon=table.geometry.x, lat=table.geometry.y),
            **({} if stages is None else {"stages": stages.table.reset_index()}),
        }

    _put(options, text, measured, "sites", table, summary)


def _map(options: argparse.Namespace, text: Words) -> None:
    if options.out is None or options.out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(
            "cli.map_out", "roomplan map writes a web page: give --out with a name in .html."
        )
    measured = _survey(options)
    title = report.notes(measured, text, text("pages.overview"))[0]
    page = maps.standalone_html(views.overview(measured, text), title=title)
    write_bytes(page.encode(), options.out)
    sys.stderr.write(text("cli.wrote", file=options.out) + "\n")
    if options.json:
        sys.stdout.write(json_text({**_head(measured), "file": str(options.out)}) + "\n")


def _report(options: argparse.Namespace, text: Words) -> None:
    if options.out is None or options.out.suffix.lower() != ".docx":
        raise UsageError(
            "cli.report_out", "roomplan report writes a Word document: give --out with .docx."
        )
    measured = _survey(options)
    write_bytes(word.word_report(measured, proposal_of(measured), text), options.out)
    sys.stderr.write(text("cli.wrote", file=options.out) + "\n")
    if options.json:
        sys.stdout.write(json_text({**_head(measured), "file": str(options.out)}) + "\n")


def _serve(options: argparse.Namespace, _text: Words) -> None:
    """Start the app on this computer, its first survey computed before the first reader comes."""
    os.environ["ROOMPLAN_STUDY"] = str(options.study.resolve())
    app = Path(__file__).parent / "app.py"
    os.chdir(app.parent)
    from streamlit.web import bootstrap

    from ui import warm

    flags = {"server.port": options.port}
    bootstrap.load_config_options(flags)
    warm.up(options.study)
    bootstrap.run(str(app), False, [], flags)


def _gaps(options: argparse.Namespace, text: Words) -> None:
    measured = _survey(options)
    table = filtered(report.gaps_list(measured, text), options)
    since: dict[str, Any] = {}
    if options.since is not None:
        table = report_since.gaps_since(table, report_since.read_gaps(options.since), measured)
        since = {"since": {"file": options.since.name, **report_since.changes(table)}}
        sys.stderr.write("" if options.json else report_since.changes_text(table, text) + "\n")
    _put(
        options,
        text,
        measured,
        "gaps",
        table,
        lambda: {**_head(measured), **since, "gaps": report.suppressed(table, measured)},
    )


COVERAGE_VIEWS: dict[str, tuple[str, Callable[[Survey], pd.DataFrame], str]] = {
    "standards": (
        "standards",
        lambda measured: report.standards_list(
            compare_standards(measured.study, measured.scenario), measured
        ),
        "compare the limits with walks of 5, 10 and 15 minutes, by county",
    ),
    "groups": (
        "groups",
        lambda measured: report.groups_list(groups_of(measured), measured),
        "people within reach by group and setting, for every unit",
    ),
    "villages": (
        "villages",
        lambda measured: report.villages_list(villages_of(measured)[0], measured),
        "every village, and whether it has a room of its own",
    ),
    "audit": ("audit", report.audit_list, "counties and townships with and without their room"),
    "catchments": (
        "catchments",
        lambda measured: report.catchments_list(catchments_of(measured), measured),
        "rooms for 10,000 people when all who can come share them, by township",
    ),
}
COMMANDS: dict[str, tuple[Callable[[argparse.Namespace, Words], None], str]] = {
    "coverage": (_coverage, "people within reach of a room, by city, county and township"),
    "compare": (_compare, "counties side by side: building, activity, results"),
    "cases": (_cases, "clusters of cases"),
    "site": (_site, "where new rooms should go, with a proven bound"),
    "gaps": (_gaps, "the ranked gap list with a reason in every row"),
    "map": (_map, "one web page with the map, that opens from disk without a network"),
    "report": (_report, "a Word document: figures, counties, suggested rooms, gaps"),
    "serve": (_serve, "the app on this computer"),
}

if __name__ == "__main__":
    sys.exit(main())
