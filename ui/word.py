"""The report as a Word document: figures, counties, gaps and suggested rooms."""

from __future__ import annotations

import io
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from analysis.journey import Survey
from analysis.proposal import Proposal
from ui import report
from ui.tables import kilometres, percent, present, whole
from ui.wording import Words

FONTS = {"zh": "SimSun", "en": "Times New Roman"}
COLUMNS: dict[str, tuple[str, ...]] = {
    "compare": (
        "name", "people", "rooms", "rooms_simulated", "rooms_per_10k", "share_covered",
        "modelled_share", "cases_per_10k", "share_handled",
    ),
    "gaps": (
        "rank", "county", "name", "people_uncovered", "location_basis", "nearest_m", "reason",
        "remedy",
    ),
    "sites": ("rank", "name", "kind", "county", "township", "people_in_order", "location_basis"),
}  # fmt: skip
MOST_GAPS = 60
WIDTH_CM = 25.7


def word_report(measured: Survey, proposal: Proposal | None, text: Words) -> bytes:
    """Write the report into the bytes of a .docx file.

    Parameters
    ----------
    measured : Survey
    proposal : Proposal, optional
        Adds the suggested rooms and what is proven of them.
    text : Words

    Returns
    -------
    bytes

    Notes
    -----
    The gap list is cut after 60 rows, and says so; the spreadsheet holds all of them.
    """
    document = _empty(text.lang)
    lines = report.notes(measured, text, text("report.title"))
    document.add_heading(lines[0], level=0)
    for line in lines[1:]:
        document.add_paragraph(line, style="List Bullet")
    document.add_heading(text("report.figures"), level=1)
    document.add_paragraph(_summary(measured, text))
    document.add_heading(text("districts.table"), level=1)
    _table(document, "compare", report.compare_list(measured), measured, text)
    if proposal is not None:
        document.add_heading(text("sites.table"), level=1)
        document.add_paragraph(proven(proposal, text).replace("**", ""))
        _table(document, "sites", report.sites_list(proposal), measured, text)
    gaps = report.gaps_list(measured, text)
    document.add_heading(text("gaps.sheet"), level=1)
    if len(gaps) > MOST_GAPS:
        document.add_paragraph(text("report.cut", shown=MOST_GAPS, count=len(gaps)))
    _table(document, "gaps", gaps.head(MOST_GAPS), measured, text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def proven(proposal: Proposal, text: Words) -> str:
    """Say what a plan achieves and what is proven of it, in words."""
    plan = proposal.plan
    key = plan.objective if plan.gap == 0 else f"{plan.objective}_open"
    people = float(np.asarray(proposal.problem.people).sum())
    return text(
        f"proven.{key}",
        count=len(proposal.sites),
        before=whole(proposal.before),
        after=whole(proposal.after),
        gained=whole(proposal.gained),
        value=whole(plan.value),
        bound=whole(plan.bound),
        gap=percent(plan.gap, 3),
        share=percent(proposal.problem.share, 0),
        mean_km=kilometres(plan.value / people if people else float("nan")),
        mean_bound_km=kilometres(plan.bound / people if people else float("nan")),
        worst_km=kilometres(plan.value),
        worst_bound_km=kilometres(plan.bound),
    )


def _summary(measured: Survey, text: Words) -> str:
    city = measured.by_level["city"].iloc[0]
    by_basis = measured.rooms["basis"].value_counts()
    return text(
        "report.summary",
        rooms=whole(len(measured.rooms)),
        **{b: int(by_basis.get(b, 0)) for b in ("reported", "derived", "simulated")},
        covered=whole(city["people_covered"]),
        people=whole(city["people"]),
        share=percent(city["share_covered"]),
        modelled=percent(city["covered_modelled_share"], 0),
        gaps=whole(len(measured.gaps)),
    )


def _empty(lang: str) -> Any:
    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = Cm(2)
    for name in ("Normal", "Title", "Heading 1", "List Bullet"):
        style = document.styles[name]
        style.font.name = FONTS["en"]
        # Word keeps a font of its own for Chinese characters.
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), FONTS["zh"])
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
    document.styles["Normal"].font.size = Pt(10)
    return document


def _table(document: Any, kind: str, frame: pd.DataFrame, measured: Survey, text: Words) -> None:
    least = report.suppress_below(measured)
    shown = present(frame, COLUMNS[kind], text, suppress_below=least)
    table = document.add_table(rows=1, cols=len(shown.columns), style="Light Grid Accent 1")
    _fill(table.rows[0], list(shown.columns))
    _repeat_heading(table.rows[0])
    table.autofit = False
    for row in shown.itertuples(index=False, name=None):
        _fill(table.add_row(), ["—" if pd.isna(v) else _cell(v) for v in row])
    for column, width in zip(table.columns, _widths(shown), strict=True):
        for cell in column.cells:
            cell.width = Cm(width)


def _cell(value: Any) -> str:
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        return f"{float(value):,.2f}".rstrip("0").rstrip(".")
    return str(value)


def _widths(shown: pd.DataFrame) -> list[float]:
    """Return centimetres a column: long texts get room, numbers stay narrow."""
    longest = [
        max([len(str(heading)) / 2, *(len(_cell(v)) for v in values)])
        for heading, values in shown.items()
    ]
    room = [min(max(length, 4), 30) for length in longest]
    return [WIDTH_CM * part / sum(room) for part in room]


def _fill(row: Any, values: Sequence[str]) -> None:
    for cell, value in zip(row.cells, values, strict=True):
        cell.text = value
        for run in cell.paragraphs[0].runs:
            run.font.size = Pt(8.5)


def _repeat_heading(row: Any) -> None:
    row._tr.get_or_add_trPr().append(row._tr.makeelement(qn("w:tblHeader"), {}))
