"""Excel workbooks through calamine (child side)."""

from __future__ import annotations

import datetime as dt
import io

import python_calamine as calamine

from geo.errors import IntakeError
from geo.intake.archive import damaged, encrypted
from geo.intake.grid import Grid, grid_of_rows
from geo.intake.sandbox import Limits

_MAX_MERGED = 200_000
_EXACT_INT = 1e15


def read_excel(content: bytes, *, name: str, limits: Limits) -> list[Grid]:
    """Read every visible sheet that holds a list.

    Parameters
    ----------
    content : bytes
    name : str
    limits : Limits

    Returns
    -------
    list of Grid
        Sheets without a row below their header are left out.

    Raises
    ------
    IntakeError
        ``intake.damaged``, ``intake.encrypted`` or ``intake.empty``.

    Notes
    -----
    A cell merged over several rows counts for each of them. Whole numbers lose their ``.0``, dates
    become ``2019-05-31``. A sheet with a cell far outside asks for more memory than there is, and
    the child dies of it; that is meant.
    """
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible
            and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        grids = [_sheet(book, sheet, name, limits) for sheet in shown]
    except calamine.PasswordError as problem:
        raise encrypted(name) from problem
    except (calamine.CalamineError, OSError) as problem:
        raise damaged(name, f"the workbook cannot be read ({problem})") from problem
    filled = [grid for grid in grids if grid is not None]
    if not filled:
        raise IntakeError(
            "intake.empty", f"{name}: there is no row below the header; nothing to read.", file=name
        )
    return filled


def _sheet(
    book: calamine.CalamineWorkbook, sheet_name: str, name: str, limits: Limits
) -> Grid | None:
    sheet = book.get_sheet_by_name(sheet_name)
    cells = sheet.to_python(skip_empty_area=False)
    _fill_merged(cells, sheet.merged_cell_ranges or [])
    rows = [[_text(cell) for cell in row] for row in cells]
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if len(rows) < 2:
        return None
    return grid_of_rows(
        rows,
        name=name,
        max_rows=limits.rows,
        max_columns=limits.columns,
        format="xlsx",
        layer=sheet_name,
    )


def _fill_merged(
    cells: list[list[object]], ranges: list[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """Copy a merged cell's value down its first column, within the sheet."""
    for (top, left), (bottom, _) in ranges[:_MAX_MERGED]:
        if top < len(cells) and left < len(cells[top]):
            for row in cells[top + 1 : bottom + 1]:
                row[left] = cells[top][left]


def _text(cell: object) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < _EXACT_INT
        return str(int(cell)) if whole else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    return "" if cell is None else str(cell)
