"""What became of every row: accepted, accepted with a warning, or held back, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

ACCEPTED, WARNED, HELD = "accepted", "warning", "held"
PROBLEM_COLUMN = "问题 problem"
ROW_COLUMN = "行号 row"
REMARK_COLUMNS = ("row", "severity", "column", "value", "code", "detail", "message", "remedy")

# code: (severity, what is wrong, what to do). {value} is what stands in the cell, {detail} the one
# fact more that some codes need: a number, a name, a code word or several joined by ", ".
# The same codes stand in Chinese in ui/wording/errors_zh/intake.toml as row.… and remedy.….
TEXTS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "cell_empty": (HELD, "a value is needed here", "fill the cell"),
        "number": (HELD, "not a number", "write digits, or leave the cell empty if unknown"),
        "too_small": (HELD, "below {detail}", "correct the number"),
        "date": (HELD, "not a date", "write 2019-05-31"),
        "choice": (HELD, "not one of {detail}", "use one of these words, or map the word"),
        "bool": (HELD, "neither yes nor no", "write 是 or 否"),
        "id_twice": (HELD, "the id stands in more than one row", "give each row its own id"),
        "same_twice": (HELD, "the same entry stands in an earlier row", "delete one of the two"),
        "unit_unknown": (HELD, "no unit has this code", "correct the code, or give the name"),
        "code_differs": (HELD, "the code and the name differ ({detail})", "correct one of them"),
        "place_unknown": (
            HELD,
            "no unit is called {value}; similar ones: {detail}",
            "write county and township in full",
        ),
        "place_ambiguous": (
            HELD,
            "{value} names several units ({detail})",
            "write the county or township too",
        ),
        "no_place": (HELD, "nothing says which unit the row belongs to", "name the township"),
        "wrong_level": (
            HELD,
            "a township room, but only {detail} is named",
            "name the unit itself, not one above it",
        ),
        "room_unknown": (HELD, "no such room in the register", "import the room first"),
        "coordinate": (HELD, "not a coordinate", "write degrees such as 118.60000"),
        "half_point": (HELD, "only one of longitude and latitude is there", "fill or empty both"),
        "swapped": (HELD, "longitude and latitude are swapped", "let the import swap them back"),
        "far_away": (HELD, "{detail} km from the study area", "check digits and datum"),
        "shape_broken": (HELD, "the shape cannot be read", "draw it again"),
        "shape_missing": (HELD, "there is no shape", "add one, or remove the row"),
        "shape_kind": (HELD, "the shape is a {detail}", "give points for points, areas for areas"),
        "outline_crosses": (HELD, "the outline crosses itself ({detail})", "repair the polygon"),
        "total_row": (HELD, "a total, not an entry", "delete the row"),
        "person_number": (HELD, "a telephone or identity number", "remove it; it is not admitted"),
        "date_coarse": (WARNED, "no day given; the first is taken", "add the day if it is known"),
        "place_doubtful": (WARNED, "understood as {detail}", "check, and write the name in full"),
        "by_own_name": (
            WARNED,
            "the unit was read from the name: {detail}",
            "add a township column",
        ),
        "placed_by_name": (WARNED, "no coordinates; placed at {detail}", "add coordinates"),
        "no_point": (
            WARNED,
            "known only to {detail}; not on the map",
            "add coordinates or a village",
        ),
        "outside_unit": (
            WARNED,
            "the point lies {detail} km outside the unit named",
            "check the point",
        ),
        "outside_study": (
            WARNED,
            "the point lies {detail} km outside the study",
            "check the point",
        ),
        "default": (WARNED, "empty; {detail} is taken", "fill the cell"),
    }
)


@dataclass(frozen=True)
class Intake:
    """An import, ready to be looked at and accepted; nothing is saved yet.

    Parameters
    ----------
    table : str
        What it is imported as.
    rows : DataFrame
        The rows that can go in, in the shape of the table (a GeoDataFrame in EPSG:4326 unless the
        table has no geometry).
    held_back : DataFrame of str
        The other rows as they stood in the file, with :data:`ROW_COLUMN` and
        :data:`PROBLEM_COLUMN` in front: to download, mend and send again.
    remarks : DataFrame
        Columns :data:`REMARK_COLUMNS`; one line for each remark on a cell.
    status : Series of str
        For each row number of the file: accepted, warning or held.
    datum : str
        The coordinate system that was read; empty without coordinates.
    notes : mapping of str to str
        What concerns the whole file: refused columns, constants taken, encoding.
    """

    table: str
    rows: pd.DataFrame
    held_back: pd.DataFrame
    remarks: pd.DataFrame
    status: pd.Series
    datum: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def warnings(self) -> pd.DataFrame:
        """Return the remarks on rows that were accepted all the same."""
        held = self.status.index[self.status == HELD]
        return self.remarks[~self.remarks["row"].isin(held)]

    @property
    def report(self) -> pd.DataFrame:
        """Return the row report: every row of the file with what became of it.

        Returns
        -------
        DataFrame
            Columns as :data:`REMARK_COLUMNS`; rows without a remark appear once, empty but for
            row and severity ``accepted``.
        """
        quiet = self.status.index[self.status == ACCEPTED]
        plain = pd.DataFrame({"row": quiet, "severity": ACCEPTED})
        both = pd.concat([plain, self.remarks]).reindex(columns=list(REMARK_COLUMNS))
        return both.sort_values("row", kind="stable", ignore_index=True)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many rows were accepted, accepted with a warning, and held back."""
        found = self.status.value_counts()
        return {kind: int(found.get(kind, 0)) for kind in (ACCEPTED, WARNED, HELD)}


@dataclass(frozen=True)
class Preview:
    """What accepting an import would do to a table.

    Parameters
    ----------
    new, changed, vanished, same : tuple of str
        Ids. Vanished are ids of the current table that the import does not have.
    cells : DataFrame
        Columns ``id``, ``column``, ``before``, ``after``: every cell that would change.
    """

    new: tuple[str, ...]
    changed: tuple[str, ...]
    vanished: tuple[str, ...]
    same: tuple[str, ...]
    cells: pd.DataFrame


class Remarks:
    """Collects remarks on cells while an import is read.

    Parameters
    ----------
    index : Index
        The row numbers of the file.
    """

    def __init__(self, index: pd.Index) -> None:
        self._parts: list[pd.DataFrame] = []
        self.held = pd.Series(False, index=index)
        self.warned = pd.Series(False, index=index)

    def add(
        self,
        where: pd.Series,
        code: str,
        *,
        column: str,
        values: pd.Series | None = None,
        detail: pd.Series | str = "",
    ) -> None:
        """Remark on every row where a mask is true.

        Parameters
        ----------
        where : Series of bool
            On (part of) the file's row numbers.
        code : str
            A key of :data:`TEXTS`.
        column : str
            The file's column, as it is called there.
        values : Series, optional
            What stands in the cells.
        detail : Series or str
            What fills ``{detail}``.
        """
        rows = where.index[where.to_numpy(dtype=bool)]
        if rows.empty:
            return
        severity, _, remedy = TEXTS[code]
        told: pd.Series | str = detail
        if isinstance(detail, pd.Series):
            told = detail.reindex(rows).fillna("").astype(str)
        part = pd.DataFrame(
            {
                "row": rows,
                "severity": severity,
                "column": column,
                "value": "" if values is None else values.reindex(rows).fillna("").astype(str),
                "code": f"intake.row.{code}",
                "detail": told,
                "remedy": remedy,
            }
        )
        part["message"] = _sentences(part, TEXTS[code][1])
        self._parts.append(part)
        (self.held if severity == HELD else self.warned).loc[rows] = True

    def frame(self) -> pd.DataFrame:
        """Return all remarks, by row."""
        if not self._parts:
            return pd.DataFrame(columns=list(REMARK_COLUMNS))
        both = pd.concat(self._parts, ignore_index=True)
        return both.sort_values("row", kind="stable", ignore_index=True)

    def status(self) -> pd.Series:
        """Return accepted, warning or held for each row."""
        status = pd.Series(ACCEPTED, index=self.held.index, dtype=object)
        status[self.warned] = WARNED
        status[self.held] = HELD
        return status


def _sentences(part: pd.DataFrame, template: str) -> pd.Series | str:
    """Fill a template, each distinct pair of value and detail once."""
    used = [name for name in ("value", "detail") if f"{{{name}}}" in template]
    if not used:
        return template
    facts = part[used].drop_duplicates()
    rows = facts.itertuples(index=False, name=None)
    facts["message"] = [template.format(**dict(zip(used, row, strict=True))) for row in rows]
    return part[used].merge(facts, on=used, how="left")["message"].set_axis(part.index)


def held_back_rows(original: pd.DataFrame, remarks: pd.DataFrame, held: pd.Series) -> pd.DataFrame:
    """Return the rows held back as they stood, each with its problems in words.

    Parameters
    ----------
    original : DataFrame of str
        The file's rows on their row numbers.
    remarks : DataFrame
        See :data:`REMARK_COLUMNS`.
    held : Series of bool
        On the same index as ``original``.

    Returns
    -------
    DataFrame of str
    """
    rows = original[held.to_numpy()]
    bad = remarks[remarks["severity"] == HELD]
    words = bad["column"] + ": " + bad["message"] + "; " + bad["remedy"]
    problems = words.groupby(bad["row"]).agg(" | ".join)
    front = pd.DataFrame(
        {ROW_COLUMN: rows.index.astype(str), PROBLEM_COLUMN: problems.reindex(rows.index)},
        index=rows.index,
    )
    return pd.concat([front, rows], axis=1)


def preview(intake: Intake, current: pd.DataFrame) -> Preview:
    """Compare an import with the table as it stands.

    Parameters
    ----------
    intake : Intake
    current : DataFrame
        The table, ids in its index.

    Returns
    -------
    Preview

    Notes
    -----
    Only columns that the import has are compared; points count as moved beyond 0.1 m (1e-6
    degrees). Cost O(cells).
    """
    rows = intake.rows
    both = rows.index.intersection(current.index)
    parts = [
        _changed_cells(rows.loc[both, column], current.loc[both, column], column)
        for column in rows.columns
        if column in current.columns
    ]
    cells = pd.concat(parts, ignore_index=True) if parts else _no_cells()
    changed = pd.Index(cells["id"].unique())
    return Preview(
        new=tuple(rows.index.difference(current.index)),
        changed=tuple(changed),
        vanished=tuple(current.index.difference(rows.index)),
        same=tuple(both.difference(changed)),
        cells=cells.sort_values("id", kind="stable", ignore_index=True),
    )


def _no_cells() -> pd.DataFrame:
    return pd.DataFrame(columns=["id", "column", "before", "after"])


def _changed_cells(after: pd.Series, before: pd.Series, column: str) -> pd.DataFrame:
    if isinstance(after, gpd.GeoSeries):
        same = gpd.GeoSeries(after).geom_equals_exact(gpd.GeoSeries(before), 1e-6).to_numpy()
    else:
        same = (before.astype(object) == after.astype(object)).to_numpy(dtype=bool)
    moved = ~(same | (before.isna() & after.isna()).to_numpy())
    old, new = before[moved], after[moved]
    if isinstance(after, gpd.GeoSeries):
        old, new = _written(old), _written(new)
    return pd.DataFrame(
        {
            "id": after.index[moved],
            "column": column,
            "before": old.astype(object).to_numpy(),
            "after": new.astype(object).to_numpy(),
        }
    )


def _written(shapes: pd.Series) -> pd.Series:
    words = [s if s is None else s.wkt if s.geom_type == "Point" else s.geom_type for s in shapes]
    return pd.Series(words, index=shapes.index, dtype=object)
