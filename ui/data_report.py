"""What became of an import's rows, in the reader's language: row report, rows held back, plan."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geo.errors import IntakeError
from geo.intake.report import ACCEPTED, HELD, PROBLEM_COLUMN, ROW_COLUMN, WARNED, Intake
from geo.write import table_bytes
from ui.wording import Words

STATES = (ACCEPTED, WARNED, HELD)
ENDINGS = (".xlsx", ".csv")
# Words of the table's own codes that may stand in a remark.
_FAMILIES = ("kind", "level", "basis", "status", "setting", "yes_no")
# Remarks whose detail is code words of a table.
_CODED = ("intake.row.choice", "intake.row.default")
# Remarks that say the cell's value again.
_QUOTING = ("intake.row.place_unknown", "intake.row.place_ambiguous")


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
    problems, remedies = _told_once(report, text)
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


def first_reason(intake: Intake, text: Words) -> str:
    """Say why the first row that is held back is; nothing where none is."""
    told = report_table(intake, text)
    held = told[told[text("data.result")] == text("data.held")]
    names = ("row", "column", "value", "problem")
    facts = [{name: row[text(f"data.{name}")] for name in names} for _, row in held[:1].iterrows()]
    return "".join(text("data.first_reason", **fact) for fact in facts)


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


def _told_once(report: pd.DataFrame, text: Words) -> tuple[list[str], list[str]]:
    """Return problem and remedy of each row; each distinct remark is put into words once."""
    facts = report[["code", "message", "detail", "value"]].fillna("")
    facts["value"] = facts["value"].where(facts["code"].isin(_QUOTING), "")
    keys = list(facts.itertuples(index=False, name=None))
    told = {key: _problem(*key, text) for key in set(keys)}
    remedies = dict(zip(report["code"].fillna(""), report["remedy"].fillna(""), strict=True))
    done = {code: _remedy(code, remedy, text) for code, remedy in remedies.items()}
    return [told[key] for key in keys], [done[key[0]] for key in keys]


def _problem(code: str, message: str, detail: str, value: str, text: Words) -> str:
    """Return a remark in the reader's language, from its code and facts."""
    if not code:
        return ""
    shown = _word(detail, text) if code in _CODED else detail
    return text.explain(IntakeError(code, message, detail=shown, value=value))


def _remedy(code: str, remedy: str, text: Words) -> str:
    if not code:
        return ""
    return text.explain(IntakeError(code.replace(".row.", ".remedy."), remedy))


def _word(value: str, text: Words) -> str:
    """Return the word for a coded value, or a list of them; other text stays as it is."""
    parts = [part.strip() for part in value.split(",")]
    words = [
        next((text(f"{f}.{part}") for f in _FAMILIES if text.has(f"{f}.{part}")), part)
        for part in parts
    ]
    return value if words == parts else text("data.comma").join(words)
