"""CSV and TSV of unknown encoding and delimiter (child side)."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from geo.errors import IntakeError
from geo.intake.archive import damaged
from geo.intake.grid import Grid, check_size, find_header, grid_of_rows, unique_names
from geo.intake.sandbox import Limits
from geo.write import GUARDED, unguard

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DELIMITERS = ",\t;|，"
_SAMPLE = 20
_LONGEST_CELL = 100_000
_GUARDED = "^'('*[" + "".join(map(re.escape, GUARDED)) + "])"


def decode(content: bytes, *, name: str) -> tuple[str, str]:
    """Return a text and its encoding: a BOM's, else strict UTF-8, else GB18030.

    Guessing libraries take sparse Chinese text for Big5, so there is no guessing here.

    Parameters
    ----------
    content : bytes
    name : str

    Returns
    -------
    text, encoding : str

    Raises
    ------
    IntakeError
        ``intake.binary`` when it is no text, ``intake.encoding`` when no encoding fits.

    Examples
    --------
    >>> decode("丰州镇".encode("gb18030"), name="a.csv")
    ('丰州镇', 'gb18030')
    """
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return _strictly(content[len(bom) :], encoding, name), encoding
    if b"\x00" in content:
        raise IntakeError(
            "intake.binary",
            f"{name}: this is no text but binary data; save the table as XLSX or CSV.",
            file=name,
        )
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _strictly(content, "gb18030", name), "gb18030"


def _strictly(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise IntakeError(
            "intake.encoding",
            f"{name}: line {line} is neither UTF-8 nor GB18030 (byte {problem.start}); save the "
            "file as “CSV UTF-8”.",
            file=name,
            row=line,
            value=problem.start,
        ) from problem


def read_text(content: bytes, *, name: str, limits: Limits) -> Grid:
    """Read a delimited text.

    Parameters
    ----------
    content : bytes
    name : str
    limits : Limits

    Returns
    -------
    Grid

    Raises
    ------
    IntakeError
        As :func:`decode`; ``intake.csv`` with the line where quotes or lengths go wrong.

    Notes
    -----
    Regular text goes through Arrow's reader; rows of unequal length or odd quotes go through the
    slower reader of the standard library, which can say where. The apostrophe that our own CSV
    puts before what a spreadsheet program would run as a formula is taken away again.
    """
    fast = _has_threads()
    text, encoding = decode(content, name=name)
    del content
    delimiter = _delimiter(text)
    sample = _sample(text, delimiter, strict=True)
    about = {"format": "csv", "layer": "", "encoding": encoding}
    if fast and len(delimiter.encode()) == 1 and text.count('"') % 2 == 0 and sample:
        table = _arrow(text, delimiter, len(sample[0]))
        if table is not None:
            return _sliced(table, sample, name=name, limits=limits, about=about)
    rows = _slowly(text, delimiter, name, limits)
    return grid_of_rows(rows, name=name, max_rows=limits.rows, max_columns=limits.columns, **about)


def _sliced(
    table: pa.Table,
    sample: Sequence[Sequence[str]],
    *,
    name: str,
    limits: Limits,
    about: dict[str, str],
) -> Grid:
    top = find_header(sample)
    check_size(
        table.num_rows - top - 1,
        table.num_columns,
        name=name,
        max_rows=limits.rows,
        max_columns=limits.columns,
    )
    names = unique_names(unguard(cell) for cell in sample[top])
    rows = [_unguarded(column) for column in table.slice(top + 1).columns]
    return Grid(pa.table(rows, names=names), {"first_row": top + 2, **about})


def _unguarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pc.replace_substring_regex(column, pattern=_GUARDED, replacement=r"\1")


def _has_threads() -> bool:
    """Tell whether Arrow can read, and let it start its thread while there is memory.

    Where the system refuses a thread (too many processes, no address space left), Arrow ends the
    whole process; Python only raises.
    """
    try:
        thread = threading.Thread(target=bool)
        thread.start()
        thread.join()
    except RuntimeError:
        return False
    return _arrow("x\n", ",", 1) is not None


def _arrow(text: str, delimiter: str, width: int) -> pa.Table | None:
    """Read with Arrow, or return None where a row has another length than the first."""
    names = [f"f{place}" for place in range(width)]
    try:
        return pa_csv.read_csv(
            pa.BufferReader(text.encode("utf-8")),
            read_options=pa_csv.ReadOptions(
                column_names=names, block_size=1 << 22, use_threads=False
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None


def _slowly(text: str, delimiter: str, name: str, limits: Limits) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in _reader(text, delimiter):
            rows.append([unguard(cell) for cell in row])
            if len(rows) > limits.rows + _SAMPLE:
                break
    except csv.Error as problem:
        raise damaged(
            name, f"row {len(rows) + 1} cannot be read ({problem}); look for a lone quotation mark"
        ) from problem
    return rows


def _reader(text: str, delimiter: str, *, strict: bool = True) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)


def _sample(text: str, delimiter: str, *, strict: bool) -> list[list[str]]:
    try:
        reader = _reader(text, delimiter, strict=strict)
        return [row for row, _ in zip(reader, range(_SAMPLE), strict=False)]
    except csv.Error:
        return []


def _delimiter(text: str) -> str:
    """Return the delimiter that parts most rows into equally many cells; a comma if none.

    Commas are found in sentences too, but not as many in each row.
    """

    def evenness(delimiter: str) -> tuple[float, int]:
        rows = [row for row in _sample(text, delimiter, strict=False) if any(row)]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        width, count = max(widths.items(), key=lambda w: (w[1], w[0]), default=(1, 0))
        return count / max(1, len(rows)), width

    return max(_DELIMITERS, key=evenness)
