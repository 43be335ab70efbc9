"""What became of an import's rows, in the reader's language: row report, rows held back, plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pandas as pd

from geo.errors import IntakeError, PlaceNameError
from geo.intake.report import ACCEPTED, HELD, PROBLEM_COLUMN, ROW_COLUMN, TEXTS, WARNED, Intake
from geo.write import table_bytes
from ui.wording import Words

STATES = (ACCEPTED, WARNED, HELD)
ENDINGS = (".xlsx", ".csv")
# Words of the table's own codes that may stand in a remark.
_FAMILIES = ("kind", "level", "basis", "status", "setting", "yes_no")


def report_table(intake: Intake, text: Words) -> pd.DataFrame:
    """Return the row report: every row of the file and what became of it.

    Parameters
    ----------
    intake : Intake
    text : Words

    Returns
    -------
    DataFrame
        Row number, result, column, value, problem and remedy under headings of the language.
    """
    report = intake.report
    problems = _each_once(report["code"], report["message"], _problem, text)
    remedies = _each_once(report["code"], report["remedy"], _remedy, text)
    return pd.DataFrame(
        {
            text("data.row"): report["row"].astype(int),
            text("data.result"): [text(f"data.{state}") for state in report["severity"]],
            text("data.column"): [header_text(c, text) for c in report["column"]],
            text("data.value"): report["value"].fillna("").astype(str),
            text("data.problem"): problems,
            text("data.remedy"): remedies,
        }
    )


def held_back_table(intake: Intake, text: Words) -> pd.DataFrame:
    """Return the rows held back as they stood, with row number and problems in front."""
    held = intake.held_back
    told = report_table(intake, text)
    bad = told[told[text("data.result")] == text("data.held")]
    lines = (
        bad[text("data.column")]
        + text("data.colon")
        + bad[text("data.problem")]
        + text("data.semicolon")
        + bad[text("data.remedy")]
    )
    problems = lines.groupby(bad[text("data.row")]).agg(" | ".join)
    rest = held.drop(columns=[ROW_COLUMN, PROBLEM_COLUMN])
    rows = held[ROW_COLUMN].astype(int)
    front = {text("data.row"): rows, text("data.problem"): rows.map(problems)}
    return pd.concat([pd.DataFrame(front, index=held.index), rest], axis=1)


def report_bytes(intake: Intake, text: Words, *, ending: str, notes: Sequence[str] = ()) -> bytes:
    """Write the row report into the bytes of a file, ``.xlsx`` or ``.csv``."""
    return table_of_reports(report_table(intake, text), text, ending=ending, notes=notes)


def table_of_reports(
    table: pd.DataFrame, text: Words, *, ending: str, notes: Sequence[str] = ()
) -> bytes:
    """Write row reports, of several files perhaps, into the bytes of a file.

    Raises
    ------
    IntakeError
        ``terminal.report_ending`` when the ending is neither ``.xlsx`` nor ``.csv``.
    """
    if ending not in ENDINGS:
        raise IntakeError(
            "terminal.report_ending",
            f"{ending or '(no ending)'}: a report is written as {' or '.join(ENDINGS)}.",
            value=ending,
            choices=", ".join(ENDINGS),
        )
    return table_bytes(table, ending, name=text("data.report"), notes=notes)


def held_back_bytes(intake: Intake, text: Words) -> bytes:
    """Write the rows held back into an XLSX file, to mend and send again."""
    return table_bytes(held_back_table(intake, text), ".xlsx", name=text("data.held_back"))


def counts_text(intake: Intake, text: Words) -> str:
    """Say in one line how many rows were accepted, warned about and held back."""
    return text("data.counts", rows=len(intake.status), **intake.counts)


def notes_lines(intake: Intake, text: Words) -> list[str]:
    """Return what concerns the whole file: refused columns, what was taken for missing ones."""
    lines = []
    for key, value in intake.notes.items():
        kind, _, column = key.partition(" ")
        if kind == "default":
            name = column_name(intake.table, column, text)
            lines.append(text("data.note_default", column=name, value=_word(value, text)))
        elif kind in ("refused", "encoding"):
            lines.append(text(f"data.note_{kind}", value=value))
    return lines


def column_name(table: str, column: str, text: Words) -> str:
    """Return what a target column is called in the reader's language."""
    for key in (f"data.target_{table}_{column}", f"data.target_{column}", f"column.{column}"):
        if text.has(key):
            return text(key)
    return column


def header_text(header: object, text: Words) -> str:
    """Return a column's name for the report: the file's own, or the words for the shape."""
    if not isinstance(header, str):
        return ""
    return text("data.target_geometry") if header == "geometry" else header


def _each_once(
    codes: pd.Series, sentences: pd.Series, say: Callable[[str, str, Words], str], text: Words
) -> list[str]:
    """Translate each distinct remark once, since long lists repeat the same few."""
    pairs = list(zip(codes, sentences, strict=True))
    told = {pair: say(*pair, text) for pair in set(pairs) if isinstance(pair[0], str)}
    return [told.get(pair, "") for pair in pairs]


def _problem(code: str, message: str, text: Words) -> str:
    """Return a remark in the reader's language, with the detail that the English one holds."""
    template = TEXTS[code.rpartition(".")[2]][1]
    pattern = re.escape(template).replace(re.escape("{detail}"), "(.*)")
    found = re.fullmatch(pattern, message, flags=re.DOTALL)
    detail = found.group(1) if found and found.groups() else ""
    return text.explain(IntakeError(code, message, detail=_question(_word(detail, text), text)))


# The questions of :mod:`geo.names`, which a remark holds as its English sentence.
_QUESTIONS = {
    "names.ambiguous": re.compile(
        r"['\"](?P<value>.*)['\"] names (?P<count>\d+) places \((?P<listed>.*)\); write .*",
        re.DOTALL,
    ),
    "names.unknown": re.compile(
        r"No administrative unit is called ['\"](?P<value>.*)['\"]"
        r"(?:; did you mean (?P<listed>.*)\?|; check .*)",
        re.DOTALL,
    ),
}


def _question(detail: str, text: Words) -> str:
    for code, pattern in _QUESTIONS.items():
        found = pattern.fullmatch(detail)
        if found is not None:
            facts = {name: value or "—" for name, value in found.groupdict().items()}
            return text.explain(PlaceNameError(code, detail, **facts))
    return detail


def _remedy(code: str, remedy: str, text: Words) -> str:
    return text.explain(IntakeError(code.replace(".row.", ".remedy."), remedy))


def _word(value: str, text: Words) -> str:
    """Return the word for a coded value, or a list of them; other text stays as it is."""
    parts = [part.strip() for part in value.split(",")]
    words = [
        next((text(f"{f}.{part}") for f in _FAMILIES if text.has(f"{f}.{part}")), part)
        for part in parts
    ]
    return value if words == parts else text("data.comma").join(words)
