"""Which column of a file is which column of a table: suggested, corrected by people, saved."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from rapidfuzz import fuzz

from geo.errors import IntakeError
from geo.intake.raw import RawTable
from geo.intake.synonyms import IMPORTS, words_for
from geo.intake.values import choices, cleaned, dates, numbers
from geo.schema import Table

_GOOD = 85.0
_CONTAINS = 88.0
_EQUAL = 97.0
_CUT_BYTES = 10
# Numbers that GIS programs give rows anew each time they write a file: no ids.
_RUNNING = frozenset({"fid", "objectid", "ogcfid", "gid", "oid"})
_SAMPLE = 100
_NUMBERED = re.compile(r"(_\d| \(\d+\))$")
_NOISE = re.compile(r"[\s_\-()（）【】\[\]:：*#/、.]|\(.*?\)|（.*?）")


@dataclass(frozen=True)
class Mapping:
    """One decision on how to read a file; saved with the study for the next upload.

    Parameters
    ----------
    table : str
        A key of :data:`geo.intake.synonyms.IMPORTS`.
    columns : mapping of str to str
        Target column to the file's column.
    values : mapping of str to mapping of str to str, optional
        Target column to what the file writes to what the table writes, beyond the usual words.
    constants : mapping of str to str, optional
        Target column to one value for every row that says nothing.
    """

    table: str
    columns: AbstractMapping[str, str]
    values: AbstractMapping[str, AbstractMapping[str, str]] = field(default_factory=dict)
    constants: AbstractMapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the mapping as plain dictionaries, for JSON or TOML."""
        return {
            "table": self.table,
            "columns": dict(self.columns),
            "values": {column: dict(words) for column, words in self.values.items()},
            "constants": dict(self.constants),
        }

    @classmethod
    def from_dict(cls, saved: AbstractMapping[str, Any]) -> Mapping:
        """Return the mapping saved by :meth:`to_dict`.

        Parameters
        ----------
        saved : mapping

        Returns
        -------
        Mapping

        Raises
        ------
        IntakeError
            ``intake.mapping_saved`` when it is not what :meth:`to_dict` wrote.
        """
        try:
            parts = {key: dict(saved.get(key, {})) for key in ("columns", "values", "constants")}
            return cls(table=str(saved["table"]), **parts)
        except (KeyError, TypeError, ValueError) as problem:
            raise IntakeError(
                "intake.mapping_saved",
                "The saved column mapping is damaged; map the columns again.",
            ) from problem


def suggest_mapping(raw: RawTable, *, table: str, saved: Sequence[Mapping] = ()) -> Mapping:
    """Suggest which column is which, from the headers.

    Parameters
    ----------
    raw : RawTable
    table : str
        What the file is imported as.
    saved : sequence of Mapping
        Earlier decisions; the latest whose columns are all in this file is taken as it is.

    Returns
    -------
    Mapping
        Columns that nothing fits are left out; people add them on the screen.

    Raises
    ------
    IntakeError
        ``intake.table`` when no such table can be imported.

    Notes
    -----
    A header equal to a known word wins over one that contains it, that over one merely similar.
    A Shapefile cuts headings at ten bytes: one that begins known words of a single column that is
    still free, and whose values could be that column's, is that column.
    Cost: headers × words.
    """
    if table not in IMPORTS:
        raise IntakeError(
            "intake.table",
            f"{table!r} cannot be imported; choose one of {', '.join(IMPORTS)}.",
            value=table,
            choices=", ".join(IMPORTS),
        )
    headers = [str(column) for column in raw.frame.columns]
    for earlier in reversed(saved):
        if earlier.table == table and set(earlier.columns.values()) <= set(headers):
            return earlier
    scored = [
        (_score(header, words, target), -place, target, header)
        for place, header in enumerate(headers)
        for target, words in words_for(table).items()
    ]
    columns: dict[str, str] = {}
    cut = _cut_headings(raw, table) if raw.file_format == "shp" else {}
    for score, _, target, header in sorted(scored, key=lambda s: (-s[0], -s[1])):
        if cut and score < _EQUAL:
            columns |= _settled(cut, columns, raw, table)
            cut = {}
        if score >= _GOOD and target not in columns and header not in columns.values():
            columns[target] = header
    order = [target for target in words_for(table) if target in columns]
    return Mapping(table, {target: columns[target] for target in order})


def check_mapping(raw: RawTable, mapping: Mapping) -> None:
    """Refuse a mapping that names columns that are not there.

    Parameters
    ----------
    raw : RawTable
    mapping : Mapping

    Raises
    ------
    IntakeError
        ``intake.personal_column`` for a column that was refused, ``intake.column_missing`` and
        ``intake.target`` for unknown names, ``intake.table`` for an unknown table.
    """
    if mapping.table not in IMPORTS:
        suggest_mapping(raw, table=mapping.table)
    known = words_for(mapping.table)
    for target, header in mapping.columns.items():
        if header in raw.refused:
            raise IntakeError(
                "intake.personal_column",
                f"{raw.name}: column {header!r} holds names or numbers of persons and is refused.",
                file=raw.name,
                column=header,
            )
        if header not in raw.frame.columns:
            has = ", ".join(map(str, raw.frame.columns))
            raise IntakeError(
                "intake.column_missing",
                f"{raw.name}: there is no column {header!r}; it has {has}.",
                file=raw.name,
                column=header,
                has=has,
            )
        if target not in known:
            raise IntakeError(
                "intake.target",
                f"The table {mapping.table!r} has no column {target!r}; it has {', '.join(known)}.",
                table=mapping.table,
                column=target,
                has=", ".join(known),
            )


def _score(header: str, words: Sequence[str], target: str) -> float:
    told = _plain(header)
    if told in _RUNNING:
        return 0.0
    best = 100.0 if told == _plain(target) else 0.0
    for rank, word in enumerate(words):
        plain = _plain(word)
        if told == plain:
            best = max(best, 99.0 - 0.1 * rank)
        elif len(plain) >= 2 and plain in told:
            best = max(best, _CONTAINS + len(plain) / 10 - 0.1 * rank)
        elif len(told) >= 4:
            best = max(best, fuzz.ratio(told, plain) * 0.98)
    return best


def _cut_headings(raw: RawTable, table: str) -> dict[str, tuple[str, ...]]:
    """Return the targets whose words begin with each heading that the format may have cut."""
    found = {}
    for header in map(str, raw.frame.columns):
        stem = _NUMBERED.sub("", header)
        room = _CUT_BYTES - (2 if stem != header and not header.endswith(")") else 0)
        wide = 3 if raw.encoding.lower().replace("-", "") == "utf8" else 2
        size = len(stem.encode(raw.encoding or "utf-8", "replace"))
        if size + (1 if stem.isascii() else wide) <= room or len(_plain(stem)) < 2:
            continue
        found[header] = tuple(
            target
            for target, words in words_for(table).items()
            if any(_plain(word).startswith(_plain(stem)) for word in (target, *words))
        )
    return found


def _settled(
    cut: AbstractMapping[str, tuple[str, ...]],
    taken: AbstractMapping[str, str],
    raw: RawTable,
    table: str,
) -> dict[str, str]:
    """Return the cut headings that can only be one of the columns still free."""
    spec = IMPORTS[table]
    wanted: dict[str, set[str]] = {}
    for header, targets in cut.items():
        if header in taken.values():
            continue
        fitting = {t: _fit(raw.frame[header], t, spec) for t in set(targets) - set(taken)}
        best = max(fitting.values(), default=0)
        free = {target for target, fit in fitting.items() if fit == best and fit}
        # An id is made where it is missing; any other column is not.
        wanted[header] = free - {spec.index} or free
    answer: dict[str, str] = {}
    for header, free in wanted.items():
        rivals = [other for name, other in wanted.items() if name != header and other & free]
        if len(free) == 1 and not rivals:
            answer[next(iter(free))] = header
    return answer


def _fit(cells: pd.Series, target: str, spec: Table) -> int:
    """Return 0 where values cannot be this column's, 1 where they may, 2 where they are codes."""
    texts = cleaned(cells).dropna().head(_SAMPLE)
    column = spec.columns.get(target)
    if texts.empty or column is None or column.kind in ("text", "list"):
        return 1
    if column.kind == "unit":
        return 2 if texts.str.fullmatch(r"\d{6,12}").all() else 0
    if column.kind == "number":
        bad = numbers(texts)[1]
    elif column.kind == "date":
        bad = dates(texts)[1]
    else:
        bad = choices(texts, column=target, spec=column, own={})[1]
    return 0 if bad.any() else 1


def _plain(header: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", header)).lower()
