"""What every reader hands back: a grid of texts with a header, as an Arrow table.

All values are text, so that no reader decides what ``006`` or ``2019.5`` means; the mapping does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from geo.errors import IntakeError

GEOMETRY = "__geometry__"
_HEADER_SEARCH = 20
_TITLE_SHARE = 0.6


@dataclass(frozen=True)
class Grid:
    """One table as read.

    Parameters
    ----------
    rows : pyarrow.Table
        Text columns under unique names, and WKB under :data:`GEOMETRY` where there are shapes.
    about : dict
        ``layer``, ``format``, ``first_row`` (number of the first row as the user counts), and,
        where known, ``encoding``, ``crs`` and ``notes`` (codes of what deserves a look).
    """

    rows: pa.Table
    about: dict[str, Any] = field(default_factory=dict)


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Return the position of the header: the first row about as wide as the widest.

    A list often starts with a title in one cell and a line saying who filled it in.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first rows of the grid.

    Returns
    -------
    int

    Examples
    --------
    >>> find_header([["活动室一览表", "", ""], ["名称", "乡镇", "经度"], ["甲", "乙", "118.6"]])
    1
    """
    widths = [sum(1 for cell in row if cell.strip()) for row in rows[:_HEADER_SEARCH]]
    widest = max(widths, default=0)
    for place, width in enumerate(widths):
        if width and width >= _TITLE_SHARE * widest:
            return place + 1 if _is_second_half(rows, place) else place
    return 0


def _is_second_half(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Tell whether a header goes on below: cells merged over both rows say the same twice."""
    if place + 2 >= len(rows):
        return False
    pairs = list(zip(rows[place], rows[place + 1], strict=False))
    same = sum(1 for above, below in pairs if above.strip() and above == below)
    filled = all(below.strip() for above, below in pairs if above.strip())
    return filled and same > 0 and any(below and not above for above, below in pairs)


def unique_names(header: Iterable[str]) -> list[str]:
    """Return column names without blanks at the ends, none empty and none twice.

    Parameters
    ----------
    header : iterable of str

    Returns
    -------
    list of str

    Examples
    --------
    >>> unique_names(["名称 ", "", "名称"])
    ['名称', 'column 2', '名称 (2)']
    """
    names: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(header, start=1):
        name = " ".join(cell.split()) or f"column {place}"
        number, wanted = 2, name
        while name in taken or name == GEOMETRY:
            name, number = f"{wanted} ({number})", number + 1
        taken.add(name)
        names.append(name)
    return names


def grid_of_rows(
    rows: Sequence[Sequence[str]], *, name: str, max_rows: int, max_columns: int, **about: Any
) -> Grid:
    """Make a grid of rows of equal or unequal width, the header among the first of them.

    Parameters
    ----------
    rows : sequence of sequence of str
        Everything read, title and header included.
    name : str
        The file, for messages.
    max_rows, max_columns : int
        More are refused.
    **about
        What else to say about the table.

    Returns
    -------
    Grid

    Raises
    ------
    IntakeError
        ``intake.empty``, ``intake.rows`` or ``intake.columns``.
    """
    top = find_header(rows)
    width = max((len(row) for row in rows), default=0)
    check_size(len(rows) - top - 1, width, name=name, max_rows=max_rows, max_columns=max_columns)
    header = list(rows[top]) + [""] * (width - len(rows[top]))
    body = rows[top + 1 :]
    columns = {}
    for place, column in enumerate(unique_names(header)):
        values = [row[place] if place < len(row) else "" for row in body]
        if any(values) or not column.startswith("column "):
            columns[column] = pa.array(values, pa.string())
    return Grid(pa.table(columns), {"first_row": top + 2, **about})


def check_size(rows: int, columns: int, *, name: str, max_rows: int, max_columns: int) -> None:
    """Refuse a table without rows, or with more rows or columns than allowed.

    Parameters
    ----------
    rows, columns : int
    name : str
        The file, for the message.
    max_rows, max_columns : int

    Raises
    ------
    IntakeError
    """
    if rows <= 0 or columns == 0:
        raise IntakeError(
            "intake.empty", f"{name}: there is no row below the header; nothing to read.", file=name
        )
    if rows > max_rows:
        raise IntakeError(
            "intake.rows",
            f"{name}: {rows} rows are more than the {max_rows} allowed; split the file.",
            file=name,
            count=rows,
            limit=max_rows,
        )
    if columns > max_columns:
        raise IntakeError(
            "intake.columns",
            f"{name}: {columns} columns are more than the {max_columns} allowed; delete the "
            "columns that are not needed.",
            file=name,
            count=columns,
            limit=max_columns,
        )
