"""The register in words: coordinate systems and their evidence, plans, history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.intake.datum import DatumGuess
from geo.register_export import POINTS_STAY
from geo.register_history import local_text
from geo.working_copy import Plan
from ui.data_report import column_name
from ui.tables import percent, whole
from ui.wording import Words

DATUMS = ("wgs84", "gcj02", "bd09", "cgcs2000")


def datum_text(datum: str, text: Words) -> str:
    """Return what a coordinate system is called."""
    key = f"data.datum_{datum}"
    return text(key) if text.has(key) else datum.upper()


def verdict_text(guess: DatumGuess, text: Words) -> str:
    """Say what the rows prove about their coordinate system, with the figures behind it."""
    word = text(f"data.verdict_{guess.verdict.replace(' ', '_')}")
    head = text(
        "data.verdict",
        verdict=word,
        datum=datum_text(guess.datum, text) if guess.datum else text("data.datum_none"),
    )
    return head + text("data.sentence_gap").join(evidence_lines(guess, text))


def evidence_lines(guess: DatumGuess, text: Words) -> list[str]:
    """Return one sentence a coordinate system: how well the rows fit it."""
    lines = []
    for datum, row in guess.evidence.iterrows():
        told = []
        if row["rows_named"]:
            share, rows = percent(row["in_named_unit"], 0), whole(row["rows_named"])
            told.append(text("data.evidence_inside", share=share, rows=rows))
        if row["rows_with_point"]:
            told.append(text("data.evidence_point", metres=whole(row["median_m"])))
        if row["rows_known"]:
            rows, metres = whole(row["rows_known"]), whole(row["median_room_m"])
            told.append(text("data.evidence_room", metres=metres, rows=rows))
        if told:
            name = datum_text(str(datum), text)
            facts = text("data.comma").join(told)
            lines.append(text("data.evidence", datum=name, facts=facts))
    return lines


def plan_lines(table: str, plan: Plan, text: Words) -> list[str]:
    """Say what accepting an import would do to the register."""
    found = plan.preview
    lines = [
        text(
            "data.plan",
            new=len(found.new),
            changed=len(found.changed),
            same=len(found.same),
            table=text(f"data.table_{table}"),
        )
    ]
    if found.vanished:
        key = "data.plan_vanished" if plan.replaces else "data.plan_kept"
        lines.append(text(key, count=len(found.vanished)))
    for layer, count in plan.leaving.items():
        lines.append(text("data.plan_leaving", count=count, table=text(f"data.table_{layer}")))
    return lines


def cells_table(plan: Plan, table: str, text: Words, names: Mapping[str, str]) -> pd.DataFrame:
    """Return every cell that an import would change, before and after."""
    cells = plan.preview.cells
    return pd.DataFrame(
        {
            text("data.id"): cells["id"],
            text("column.name"): [names.get(row_id, "") for row_id in cells["id"]],
            text("data.column"): [column_name(table, c, text) for c in cells["column"]],
            text("data.before"): [value_text(v, text) for v in cells["before"]],
            text("data.after"): [value_text(v, text) for v in cells["after"]],
        }
    )


def history_table(history: pd.DataFrame, text: Words) -> pd.DataFrame:
    """Return the history as people read it, one line a row changed."""
    return pd.DataFrame(
        {
            text("data.change"): history["change"],
            text("data.when"): history["when"].map(local_text),
            text("data.who"): history["who"],
            text("data.action"): [
                action_text(row.action, row.label, row.undoes, text) for row in history.itertuples()
            ],
            text("data.table"): [text(f"data.table_{table}") for table in history["table"]],
            text("data.id"): history["row_id"],
            text("data.before"): _values_text(history, "before", text),
            text("data.after"): _values_text(history, "after", text),
        }
    )


def action_text(action: str, label: Any, undoes: Any, text: Words) -> str:
    """Return what was done, with the file imported or the change taken back."""
    word = text(f"data.action_{action}")
    if action == "undo" and not pd.isna(undoes):
        return f"{word} {undoes}"
    return word if not isinstance(label, str) else f"{word}{text('data.colon')}{label}"


def _values_text(history: pd.DataFrame, side: str, text: Words) -> list[str]:
    return [
        row_text(table, values, text)
        for table, values in zip(history["table"], history[side], strict=True)
    ]


def row_text(table: str, values: Mapping[str, Any] | None, text: Words) -> str:
    """Return some columns of a row in one line; no row is a dash."""
    if values is None:
        return "—"
    told = _leaving(table, values)
    known = {c: v for c, v in told.items() if v is not None} or told
    return text("data.semicolon").join(
        f"{column_name(table, c, text)} {value_text(v, text)}" for c, v in known.items()
    )


def _leaving(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be shown and written of a row: points of cases stay in the register."""
    return {c: v for c, v in values.items() if c != "geometry" or table not in POINTS_STAY}


def value_text(value: Any, text: Words) -> str:
    """Return one value as people read it: unknown is a dash, a point its degrees."""
    if isinstance(value, bool):
        return text("yes_no.true" if value else "yes_no.false")
    if isinstance(value, tuple | list) and len(value) == 2:
        return f"{value[0]:.6f}, {value[1]:.6f}"
    if value is None or pd.isna(value):
        return "—"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        return f"{value:g}"
    for family in ("kind", "level", "basis", "status", "group", "setting"):
        if text.has(f"{family}.{value}"):
            return text(f"{family}.{value}")
    return str(value)


def history_rows(history: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the history for a machine: values of before and after under their columns."""
    plain = history.astype(object).where(history.notna(), None)
    rows = plain.to_dict("records")
    for row in rows:
        for side in ("before", "after"):
            row[side] = None if row[side] is None else _leaving(row["table"], row[side])
    return rows
