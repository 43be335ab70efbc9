"""The report as a Word document: figures, counties, gaps and suggested rooms."""

from __future__ import annotations

import io
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import pandas as pd
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.stages import Stages
from ui import report, still
from ui.plan_views import sites as sites_view
from ui.plan_words import demands, not_proven, proven, reasons, sure
from ui.tables import bases, percent, present, whole
from ui.wording import Words

FONTS = {"zh": "SimSun", "en": "Times New Roman"}
COLUMNS: dict[str, tuple[str, ...]] = {
    "compare": (
        "name", "people", "rooms", "rooms_simulated", "rooms_per_10k", "share_covered",
        "share_certain", "share_possible", "modelled_share", "cases_per_10k", "share_handled",
    ),
    "gaps": (
        "rank", "county", "name", "people_uncovered", "location_basis", "nearest_m", "reason",
        "remedy",
    ),
    "sites": ("rank", "name", "kind", "county", "township", "people_in_order", "location_basis"),
    "stages": (
        "stage", "n_new", "names", "value", "added", "best_of_size", "price",
        "mean_m", "worst_m", "shorter_m", "best_of_size_m", "price_m",
    ),
}  # fmt: skip
MOST_GAPS = 60
WIDTH_CM = 25.7
MAP_CM = 14.5


def word_report(
    measured: Survey, proposal: Proposal | None, text: Words, *, stages: Stages | None = None
) -> bytes:
    """Write the report into the bytes of a .docx file.

    Parameters
    ----------
    measured : Survey
    proposal : Proposal, optional
        Adds the suggested rooms, their map, and what is proven of them.
    text : Words
    stages : Stages, optional
        Adds the stages they are built in.

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
        _plan(document, measured, proposal, stages, text)
    gaps = report.gaps_list(measured, text)
    document.add_heading(text("gaps.sheet"), level=1)
    if len(gaps) > MOST_GAPS:
        document.add_paragraph(text("report.cut", shown=MOST_GAPS, count=len(gaps)))
    _table(document, "gaps", gaps.head(MOST_GAPS), measured, text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _plan(
    document: Any, measured: Survey, proposal: Proposal, stages: Stages | None, text: Words
) -> None:
    """Add what was asked, the map, the sites, why, and how sure it is."""
    document.add_heading(text("sites.table"), level=1)
    document.add_paragraph(proven(proposal, text).replace("**", ""))
    _list(document, text("plan.demands"), demands(measured, proposal, text))
    drawn = still.picture(sites_view(measured, proposal, text))
    document.add_heading(text("plan.map"), level=2)
    document.add_picture(io.BytesIO(still.png(drawn)), height=Cm(MAP_CM))
    _legend(document, drawn)
    _table(document, "sites", report.sites_list(proposal), measured, text)
    if stages is not None:
        document.add_heading(text("stages.title"), level=2)
        _table(document, "stages", stages.table, measured, text)
    _list(document, text("plan.why"), reasons(proposal, text))
    _list(document, text("plan.sure"), [sure(measured, proposal, text)])
    _list(document, text("plan.not_sure"), not_proven(text))


def _list(document: Any, heading: str, lines: Sequence[str]) -> None:
    document.add_heading(heading, level=2)
    for line in lines:
        document.add_paragraph(line, style="List Bullet")


def _legend(document: Any, drawn: still.Picture) -> None:
    """Add one line a layer: coloured squares, each with its word."""
    for name, rows in drawn.legend:
        line = document.add_paragraph(f"{name}  ")
        for colour, word in rows:
            square = line.add_run("■ ")
            square.font.color.rgb = RGBColor.from_string(colour.removeprefix("#").upper())
            line.add_run(f"{word}  ")


def _summary(measured: Survey, text: Words) -> str:
    city = measured.by_level["city"].iloc[0]
    return text(
        "report.summary",
        rooms=whole(len(measured.rooms)),
        bases=bases(measured.rooms["basis"], text),
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
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "List Bullet"):
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
