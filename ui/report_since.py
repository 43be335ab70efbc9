"""An earlier gap list, read back from the file it was exported to, and what changed since."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pandas as pd

from analysis.gaps import GAP_CHANGES, compare_gaps
from analysis.journey import Survey
from geo.errors import IntakeError
from geo.intake.raw import RawTable, read_file, safe_name
from ui.tables import whole
from ui.wording import LANGUAGES, Words, words

_ROUNDED = re.compile(r"\d+([.]\d+)?[eE][+]\d+")
# What Chinese lists said before limits in minutes and whole units: those files are still around.
_FORMER = {"半径外人口": "people_uncovered"}
_WANTED = ("gap_id", "name", "people_uncovered")


def read_gaps(source: Path | bytes, *, name: str = "") -> pd.DataFrame:
    """Read the gap list of another month.

    Parameters
    ----------
    source : path or bytes
        A file that this program exported: spreadsheet or map, in either language.
    name : str
        What the file is called; needed with bytes.

    Returns
    -------
    DataFrame
        Index ``gap_id``; ``name`` and ``people_uncovered``, NaN where the file does not tell.

    Raises
    ------
    IntakeError
        A file that cannot be read, that has no column of gap ids, or whose ids a spreadsheet
        program has rounded.
    """
    shown = safe_name(name or str(source))
    tables = read_file(source, name=name or None)
    found = [part for part in map(_columns, tables) if "gap_id" in part]
    if not found:
        raise IntakeError(
            "since.no_ids",
            f"{shown}: no column {words('zh')('column.gap_id')!r} or"
            f" {words('en')('column.gap_id')!r}; give a gap list that was downloaded here.",
            file=shown,
        )
    old = found[0].reindex(columns=list(_WANTED)).dropna(subset="gap_id")
    rounded = old["gap_id"].map(lambda text: bool(_ROUNDED.fullmatch(str(text))))
    if rounded.any():
        raise IntakeError(
            "since.rounded",
            f"{shown}: a spreadsheet program has rounded {int(rounded.sum())} gap id(s), such as"
            f" {old['gap_id'][rounded].iloc[0]}; give the file as it was downloaded.",
            file=shown,
            count=int(rounded.sum()),
            value=old["gap_id"][rounded].iloc[0],
        )
    people = old["people_uncovered"].astype(object).astype(str).str.replace(",", "")
    old["people_uncovered"] = pd.to_numeric(people, errors="coerce")
    return old.drop_duplicates("gap_id").set_index("gap_id")


def gaps_since(gaps: gpd.GeoDataFrame, old: pd.DataFrame, measured: Survey) -> gpd.GeoDataFrame:
    """Return the gap list with what changed in every row; gaps that are no more come last.

    Parameters
    ----------
    gaps : GeoDataFrame
        From :func:`ui.report.gaps_list`.
    old : DataFrame
        From :func:`read_gaps`.
    measured : Survey
    """
    table = compare_gaps(old, gaps, measured.study.units)
    table["location_basis"] = table["location_basis"].fillna("")
    for column in ("rank", "cases", "cases_open"):
        table[column] = table[column].astype("Int64")
    return table


def changes(table: pd.DataFrame) -> dict[str, int]:
    """Return how many gaps there are of each change, in their order."""
    counts = table["change"].value_counts()
    return {name: int(counts.get(name, 0)) for name in GAP_CHANGES}


def changes_text(table: pd.DataFrame, text: Words) -> str:
    """Say in one line how many gaps are new, still open, closed and gone."""
    return text("gaps.since_count", **{k: whole(v) for k, v in changes(table).items()})


def _columns(raw: RawTable) -> pd.DataFrame:
    """Return the columns that a gap list has, by whichever heading they stand under."""
    headings = {name: name for name in _WANTED} | _FORMER
    for lang in LANGUAGES:
        headings |= {words(lang)(f"column.{name}"): name for name in _WANTED}
    known = {column: headings[column] for column in raw.frame if column in headings}
    return raw.frame[list(known)].rename(columns=known)
