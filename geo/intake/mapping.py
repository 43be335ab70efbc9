"""Which column of a file is which column of a table: suggested, corrected by people, saved."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import fuzz

from geo.errors import IntakeError
from geo.intake.raw import RawTable
from geo.intake.synonyms import IMPORTS, words_for

_GOOD = 85.0
_CONTAINS = 88.0
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
    for score, _, target, header in sorted(scored, key=lambda s: (-s[0], -s[1])):
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


def _plain(header: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", header)).lower()
