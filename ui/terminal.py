"""Commands around the register: ``roomplan import``, ``register …`` and ``study new``.

:mod:`cli` registers them and catches their errors; what they say comes from the wording.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.errors import IntakeError, RegisterError
from geo.intake.apply import apply
from geo.intake.datum import DatumGuess
from geo.intake.judge import judge_datum
from geo.intake.mapping import Mapping
from geo.intake.raw import RawTable, read_file
from geo.intake.report import Intake
from geo.read import Tables, read_settings, read_study
from geo.register import LAYERS, restore_register
from geo.register_export import exchange_frame
from geo.register_home import is_there, register_target
from geo.register_values import COORDINATE_DIGITS
from geo.working_copy import (
    Plan,
    as_now,
    find_register,
    import_rows,
    make_folder,
    open_working,
    plan_import,
    save_mapping,
    saved_mappings,
    suggest,
)
from geo.write import ENDINGS, json_text, table_bytes, write_bytes
from ui import data_report, terminal_outlines, terminal_population, terminal_roads, terminal_study
from ui.data_words import datum_text, history_rows, history_table, plan_lines, verdict_text
from ui.wording import LANGUAGES, Words

WHO = "local"


def add_commands(commands: Any, *, study: Path) -> None:
    """Register the commands of this module with the parser of the command line.

    Parameters
    ----------
    commands : the result of ``ArgumentParser.add_subparsers``
    study : path
        Meant when none is named.
    """
    _import_options(_command(commands, "import", run_import, "bring a list in", study))
    register = commands.add_parser("register", help="the working copy: export, history, backup …")
    actions = register.add_subparsers(dest="action", required=True)
    for name, (run, options_of, text) in _REGISTER.items():
        options_of(_command(actions, name, run, text, study))
    studies = commands.add_parser("study", help="a study of one's own city")
    making = studies.add_subparsers(dest="action", required=True)
    new = _command(making, "new", terminal_study.run_new, "a study from outlines and people", None)
    terminal_study.options_of(new)


def _command(commands: Any, name: str, run: Any, text: str, study: Path | None) -> Any:
    command = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    if study is not None:
        command.add_argument("--study", type=Path, default=study, metavar="DIR")
    command.add_argument("--json", action="store_true", help="write JSON for a machine")
    command.add_argument("--lang", choices=LANGUAGES, default=LANGUAGES[0])
    return command


def _import_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    tables = (*LAYERS, *_BESIDE)
    command.add_argument("--as", dest="table", required=True, choices=tables)
    command.add_argument("--layer", metavar="NAME", help="sheet or layer, where there are several")
    command.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=HEADER",
        help="which column is which, where the headings do not tell; COLUMN= leaves it out",
    )
    command.add_argument(
        "--datum", metavar="D", help="wgs84, gcj02, bd09, cgcs2000 or an EPSG code"
    )
    command.add_argument("--fix-swapped", action="store_true", help="swap lon and lat back")
    command.add_argument("--replace", action="store_true", help="rows not in the list leave")
    command.add_argument("--dry-run", action="store_true", help="report only, save nothing")
    command.add_argument("--report", type=Path, metavar="FILE", help="row report, .xlsx or .csv")
    command.add_argument("--held-back", type=Path, metavar="FILE.xlsx", help="rows to mend")
    terminal_population.add_options(command)
    terminal_roads.add_options(command)
    _who_option(command)


def run_import(options: argparse.Namespace, text: Words) -> None:
    """Read a list, report on every row, and save it as one transaction unless told not to."""
    if options.table in _BESIDE:
        _BESIDE[options.table](options, text)
        return
    tables = read_study(options.study)
    intake, raw, mapping, saved, guess = _read_list(options, text, tables)
    plan, change = _save(options, intake, raw, tables)
    if change is not None:
        save_mapping(options.study, mapping, saved=saved)
    told = _import_summary(intake, plan, guess, change, dry_run=options.dry_run)
    _say(options, told, _import_lines(intake, plan, guess, change, text, dry_run=options.dry_run))


def _read_list(
    options: argparse.Namespace, text: Words, tables: Tables
) -> tuple[Intake, RawTable, Mapping, list[Mapping], DatumGuess | None]:
    """Read the file as rows of the table that is meant; write the reports asked for."""
    raw = _one_table(read_file(options.file), options.layer, options.file)
    current = tables.frames.get(options.table, tables.frames["units"])
    mapping, saved = _mapping(options, raw, current)
    units, rooms = (gpd.GeoDataFrame(tables.frames[name]) for name in ("units", "rooms"))
    guess = judge_datum(raw, mapping, units=units, rooms=rooms)
    fix = options.fix_swapped
    intake = apply(raw, mapping, units=units, datum=options.datum, rooms=rooms, fix_swapped=fix)
    intake = as_now(intake, raw, mapping, current)
    _write_reports(options, intake, text)
    if intake.rows.empty:
        why = data_report.first_reason(intake, text)
        raise IntakeError(
            "terminal.nothing_accepted",
            f"{raw.name}: all {len(intake.status)} row(s) are held back, so nothing was imported. "
            f"{why} --report writes why, row by row.",
            file=raw.name,
            count=len(intake.status),
            detail=why,
        )
    return intake, raw, mapping, saved, guess


def _one_table(raws: list[RawTable], layer: str | None, file: Path) -> RawTable:
    """Return the sheet that is meant; a file with several needs a word about which."""
    names = [raw.layer for raw in raws]
    if layer is None and len(raws) == 1:
        return raws[0]
    if layer in names:
        return raws[names.index(layer)]
    raise IntakeError(
        "terminal.layer",
        f"{file.name}: it holds several sheets or layers ({', '.join(names)}); name one of them "
        "by --layer.",
        file=file.name,
        choices=", ".join(names),
    )


def _mapping(
    options: argparse.Namespace, raw: RawTable, current: pd.DataFrame
) -> tuple[Mapping, list[Mapping]]:
    saved = saved_mappings(options.study)
    found = suggest(raw, table=options.table, current=current, saved=saved)
    columns = dict(found.columns)
    for pair in options.map:
        target, equals, header = pair.partition("=")
        if not equals:
            raise IntakeError(
                "terminal.map",
                f"--map {pair}: write COLUMN=HEADER, for example --map name=名称.",
                value=pair,
            )
        columns.pop(target, None)
        columns = {t: h for t, h in columns.items() if h != header}
        if header:
            columns[target] = header
    return Mapping(options.table, columns, found.values, found.constants), saved


def _write_reports(options: argparse.Namespace, intake: Intake, text: Words) -> None:
    if options.report is not None:
        ending = options.report.suffix.lower()
        notes = [data_report.counts_text(intake, text), *data_report.notes_lines(intake, text)]
        content = data_report.report_bytes(intake, text, ending=ending, notes=notes)
        write_bytes(content, options.report)
    if options.held_back is not None:
        write_bytes(data_report.held_back_bytes(intake, text), options.held_back)


def _save(
    options: argparse.Namespace, intake: Intake, raw: RawTable, tables: Tables
) -> tuple[Plan, int | None]:
    """Return what would change and the number of the change, ``None`` where nothing was saved."""
    plan = plan_import(intake, tables, replaces=options.replace)
    if options.dry_run:
        return plan, None
    open_working(options.study, who=options.who).close()
    target = register_target(options.study, tables.settings)
    change = import_rows(
        target,
        intake.table,
        intake.rows,
        who=options.who,
        label=raw.name,
        units=tables.frames["units"],
        replaces=options.replace,
        based_on=plan.based_on,
    )
    return plan, change


def _import_summary(
    intake: Intake, plan: Plan, guess: DatumGuess | None, change: int | None, *, dry_run: bool
) -> dict[str, Any]:
    found = plan.preview
    return {
        "table": intake.table,
        "rows": len(intake.status),
        **intake.counts,
        "datum": intake.datum,
        "verdict": None if guess is None else guess.verdict,
        "evidence": None if guess is None else guess.evidence,
        "new": len(found.new),
        "changed": len(found.changed),
        "same": len(found.same),
        "vanished": len(found.vanished),
        "removed": {intake.table: len(found.vanished), **plan.leaving} if plan.replaces else {},
        "saved": change is not None,
        "change": change,
        "dry_run": dry_run,
        "remarks": intake.remarks,
    }


def _import_lines(
    intake: Intake,
    plan: Plan,
    guess: DatumGuess | None,
    change: int | None,
    text: Words,
    *,
    dry_run: bool,
) -> list[str]:
    lines = [data_report.counts_text(intake, text), *data_report.notes_lines(intake, text)]
    if intake.datum:
        lines.append(text("data.datum_used", datum=datum_text(intake.datum, text)))
    if guess is not None:
        lines.append(verdict_text(guess, text))
    lines += plan_lines(intake.table, plan, text)
    if dry_run:
        return [*lines, text("terminal.dry_run")]
    key = "terminal.nothing_changed" if change is None else "terminal.saved"
    return [*lines, text(key, change=change)]


def _say(options: argparse.Namespace, answer: Any, lines: list[str]) -> None:
    """Write JSON with ``--json``, else lines for people."""
    sys.stdout.write((json_text(answer) if options.json else "\n".join(lines)) + "\n")


def _register(options: argparse.Namespace) -> Any:
    found = find_register(options.study)
    if found is None:
        raise RegisterError(
            "terminal.no_register",
            f"{options.study}: nothing was edited or imported yet, so there is no register; the "
            "study's own files hold.",
            file=str(options.study),
        )
    return found


def run_export(options: argparse.Namespace, text: Words) -> None:
    """Write one layer into a file that ``import`` reads back."""
    ending = options.out.suffix.lower()
    tables = read_study(options.study)
    frame = tables.frames[options.table]
    if options.at is not None:
        with _register(options) as register:
            frame = register.read(options.table, at=options.at)
    plain = exchange_frame(frame, options.table, ending)
    content = table_bytes(plain, ending, name=options.table, digits=COORDINATE_DIGITS)
    write_bytes(content, options.out)
    answer = {"table": options.table, "rows": len(frame), "file": str(options.out)}
    _say(options, answer, [text("cli.wrote", file=options.out)])


def run_history(options: argparse.Namespace, text: Words) -> None:
    """Tell who changed what and when, newest first."""
    found = find_register(options.study)
    if found is None:
        _say(options, [], [text("data.no_history")])
        return
    with found as register:
        history = register.history(options.table, options.row)
    if options.out is not None:
        table = history_table(history, text)
        content = table_bytes(table, options.out.suffix.lower(), name=text("data.history"))
        write_bytes(content, options.out)
    if options.json:
        sys.stdout.write(json_text(history_rows(history)) + "\n")
    elif options.out is None:
        shown = history_table(history.head(options.last), text)
        sys.stdout.write(shown.to_string(index=False, na_rep="—") + "\n")


def run_undo(options: argparse.Namespace, text: Words) -> None:
    """Take one change back, the newest unless told which."""
    with _register(options) as register:
        undone = register.undo(who=options.who, change=options.change)
        now = register.last_change()
    _say(options, {"undone": undone, "change": now}, [text("data.undone", change=undone)])


def run_backup(options: argparse.Namespace, text: Words) -> None:
    """Copy the register with its whole history into a new file."""
    with _register(options) as register:
        register.backup(options.out)
        change = register.last_change()
    answer = {"file": str(options.out), "change": change}
    _say(options, answer, [text("cli.wrote", file=options.out)])


def run_restore(options: argparse.Namespace, text: Words) -> None:
    """Bring every row back to what a backup holds; a lost register is made anew from it."""
    target = register_target(options.study, read_settings(options.study))
    if not is_there(target):
        make_folder(target)
        with restore_register(options.file, target) as register:
            change = register.last_change()
        _say(
            options, {"made": True, "change": change}, [text("terminal.remade", file=options.file)]
        )
        return
    with _register(options) as register:
        restored = register.restore(options.file, who=options.who)
    key = "terminal.nothing_changed" if restored is None else "terminal.restored"
    _say(options, {"made": False, "change": restored}, [text(key, change=restored)])


def _export_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, required=True, help=", ".join(ENDINGS))
    command.add_argument("--table", choices=LAYERS, default="rooms")
    command.add_argument("--at", metavar="DATE", help="as the register was at the end of that day")


def _history_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--table", choices=LAYERS)
    command.add_argument("--row", metavar="ID", help="only this row")
    command.add_argument("--last", type=int, default=50, help="how many rows to show; default: 50")
    command.add_argument("--out", type=Path, metavar="FILE", help=".xlsx or .csv, all of it")


def _undo_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("change", nargs="?", type=int, metavar="CHANGE")
    _who_option(command)


def _backup_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("out", type=Path, metavar="FILE.gpkg")


def _restore_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE.gpkg")
    _who_option(command)


def _who_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--who", default=WHO, help=f"name for the history; default: {WHO}")


_REGISTER = {
    "export": (run_export, _export_options, "one layer into a file that import reads back"),
    "history": (run_history, _history_options, "who changed what and when"),
    "undo": (run_undo, _undo_options, "take a change back"),
    "backup": (run_backup, _backup_options, "copy the register with its history into a new file"),
    "restore": (run_restore, _restore_options, "bring every row back to what a backup holds"),
}
_REGISTER |= {
    name: (side.run_told, side.told_options, about)
    for name, side, about in (
        ("population", terminal_population, "what population is in force; back to the own"),
        ("outlines", terminal_outlines, "whose outlines are in force; back to the own"),
        ("roads", terminal_roads, "which roads are in force; ways without roads again"),
    )
}
_BESIDE = {
    terminal_population.TABLE: partial(terminal_population.run_import, read_list=_read_list),
    terminal_outlines.TABLE: terminal_outlines.run_import,
    terminal_roads.TABLE: terminal_roads.run_import,
}
