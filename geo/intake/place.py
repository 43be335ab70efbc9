"""Where each row is: the unit it names, the point it gives, or the point its unit stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import Floats
from geo.intake.report import Remarks
from geo.intake.values import cleaned
from geo.names import DOUBTFUL, NameIndex, find_units
from geo.schema import UNIT_LEVELS

_M_PER_DEG = 111_195.0
_CODE_LENGTHS = (12, 9, 6)
# Villages with a point of their own give "derived"; a township's seat or middle is "modelled".
POINT_BASIS = {"village": "derived", "township": "modelled"}


@dataclass(frozen=True)
class Places:
    """The study's units, prepared for placing rows.

    Parameters
    ----------
    units : GeoDataFrame
        Index unit_id; ``name``, ``level``, ``parent_id``, and ``lon``/``lat`` where known.
    index : NameIndex
    """

    units: gpd.GeoDataFrame
    index: NameIndex

    def ancestor(self, unit_ids: pd.Series, level: str) -> pd.Series:
        """Return the unit of a level above (or at) each unit; None where there is none.

        Parameters
        ----------
        unit_ids : Series of str or None
        level : {"city", "county", "township", "village"}

        Returns
        -------
        Series of object
        """
        above: dict[str, str | None] = {}
        for unit_id in unit_ids.dropna().unique():
            chain = [unit_id, *self.index.ancestors(unit_id)]
            above[unit_id] = next((u for u in chain if self.index.level(u) == level), None)
        return unit_ids.map(above).astype(object).where(unit_ids.notna(), None)

    def names(self, unit_ids: pd.Series) -> pd.Series:
        """Return the full name of each unit, for messages."""
        told = {u: self.index.full_name(u) or u for u in unit_ids.dropna().unique()}
        return unit_ids.map(told).astype(object).fillna("")

    def points(self, unit_ids: pd.Series) -> tuple[Floats, Floats]:
        """Return the point each unit stands for: its known point, else the middle of its outline.

        Parameters
        ----------
        unit_ids : Series of str or None

        Returns
        -------
        lon, lat : ndarray of float, shape (n,)
            NaN for counties, the city, and units without point or outline.
        """
        wanted = self.units.loc[self.units["level"].isin(list(POINT_BASIS))]
        wanted = wanted.loc[wanted.index.isin(unit_ids.dropna().unique())]
        middle = wanted.geometry.representative_point()
        known_lon, known_lat = known_points(wanted)
        has = known_lon.notna() & known_lat.notna()
        lon, lat = middle.x.mask(has, known_lon), middle.y.mask(has, known_lat)
        keys = unit_ids.to_numpy()
        return (
            lon.reindex(keys).to_numpy(dtype=float),
            lat.reindex(keys).to_numpy(dtype=float),
        )

    def at(self, lon: Floats, lat: Floats) -> NDArray[np.object_]:
        """Return the lowest unit whose outline holds each point; None where none does."""
        found = np.full(len(lon), None, dtype=object)
        for level in UNIT_LEVELS[1:]:
            part = self.units[(self.units["level"] == level) & self.units.geometry.notna()]
            if part.empty:
                continue
            tree = shapely.STRtree(part.geometry.to_numpy())
            rows, hits = tree.query(shapely.points(lon, lat), predicate="intersects")
            first_rows, first = np.unique(rows, return_index=True)
            found[first_rows] = part.index.to_numpy()[hits[first]]
        return found

    def metres_outside(self, lon: Floats, lat: Floats, unit_ids: pd.Series) -> Floats:
        """Return how far each point lies outside its unit's outline (the nearest above with one).

        Parameters
        ----------
        lon, lat : ndarray of float, shape (n,)
        unit_ids : Series of str or None, shape (n,)

        Returns
        -------
        ndarray of float, shape (n,)
            0 inside, NaN without point or outline. Local-plane metres, for a warning only.
        """
        outlines: Mapping[str, object] = dict(
            zip(self.units.index, self.units.geometry, strict=True)
        )
        metres = np.full(len(lon), np.nan)
        known = np.flatnonzero(np.isfinite(lon) & unit_ids.notna().to_numpy())
        codes, distinct = pd.factorize(unit_ids.to_numpy(dtype=object)[known])
        order = np.argsort(codes, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
        for rows in groups if len(order) else ():
            chain = (distinct[codes[rows[0]]], *self.index.ancestors(distinct[codes[rows[0]]]))
            shape = next((outlines[u] for u in chain if outlines[u] is not None), None)
            if shape is None:
                continue
            shapely.prepare(shape)
            inside = shapely.intersects_xy(shape, lon[known[rows]], lat[known[rows]])
            outside = rows[~inside]
            metres[known[rows]] = 0.0
            if len(outside):
                there = known[outside]
                metres[there] = metres_from(shape, lon[there], lat[there])
        return metres


def known_points(units: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the known point of each unit: a village's own, or a township's seat.

    Parameters
    ----------
    units : DataFrame
        ``lon`` and ``lat``, and ``seat_lon`` and ``seat_lat``, where present.

    Returns
    -------
    lon, lat : Series of float, on the index of ``units``
        NaN where no point is known.
    """
    found = []
    for axis in ("lon", "lat"):
        value = pd.Series(np.nan, index=units.index)
        for column in (axis, f"seat_{axis}"):
            if column in units.columns:
                value = value.fillna(pd.to_numeric(units[column], errors="coerce"))
        found.append(value)
    return found[0], found[1]


def metres_from(shape: object, lon: Floats, lat: Floats) -> Floats:
    """Return the distance of points to a shape in the local plane around them."""
    squeeze = float(np.cos(np.radians(np.median(lat)))) if len(lat) else 1.0

    def flat(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(xy * [squeeze * _M_PER_DEG, _M_PER_DEG])

    points = shapely.transform(shapely.points(lon, lat), flat)
    return np.asarray(shapely.distance(shapely.transform(shape, flat), points), dtype=float)


def places_of(units: gpd.GeoDataFrame) -> Places:
    """Prepare a study's units for placing rows.

    Parameters
    ----------
    units : GeoDataFrame

    Returns
    -------
    Places
    """
    return Places(units, NameIndex(units))


def named_units(
    frame: pd.DataFrame, columns: Mapping[str, str], places: Places, remarks: Remarks
) -> pd.Series:
    """Return the unit each row names in its code, county, township, village and address columns.

    Parameters
    ----------
    frame : DataFrame of str
    columns : mapping of str to str
        Target to the file's column: ``code``, ``county``, ``township``, ``village``, ``address``.
    places : Places
    remarks : Remarks
        Told about codes and names that fit no unit, or not surely one.

    Returns
    -------
    Series of str or None

    Notes
    -----
    Each name is looked for inside the one before it. A village that nobody knows leaves the row at
    its township, with a warning; any other name that fits nothing holds it back. A code is read
    beside the names, because the civil-affairs and statistics offices give different townships the
    same code: where ``code_nbs`` is known it is tried too, and the name decides.
    """
    found = pd.Series(None, index=frame.index, dtype=object)
    for target in ("county", "township", "village"):
        if target in columns:
            found = _narrowed(frame[columns[target]], columns[target], found, places, remarks)
    if "address" in columns:
        found = _by_address(frame[columns["address"]], columns["address"], found, places, remarks)
    if "code" in columns:
        found = _by_code(frame[columns["code"]], columns["code"], found, places, remarks)
    return found.where(found.notna(), None)


def _by_code(
    column: pd.Series, header: str, named: pd.Series, places: Places, remarks: Remarks
) -> pd.Series:
    """Return the unit of each code; names settle which office's code it is."""
    texts = cleaned(column)
    own = {unit_id: unit_id for unit_id in places.units.index}
    other = own
    if "code_nbs" in places.units.columns:
        nbs = places.units["code_nbs"].dropna().astype(str)
        other = dict(zip(nbs, nbs.index, strict=True))
    first = texts.map(lambda text: _code(text, own), na_action="ignore").astype(object)
    second = texts.map(lambda text: _code(text, other), na_action="ignore").astype(object)
    first = first.where(first.notna(), second)
    remarks.add(texts.notna() & first.isna(), "unit_unknown", column=header, values=texts)
    agree = _related(first, named, places)
    use_second = ~agree & second.notna() & _related(second, named, places)
    chosen = first.where(~use_second, second)
    clash = chosen.notna() & named.notna() & ~agree & ~use_second
    both = places.names(first[clash]) + " / " + places.names(named[clash])
    remarks.add(clash, "code_differs", column=header, values=texts, detail=both)
    unsettled = named.isna() & first.notna() & second.notna() & (first != second)
    names = places.names(first[unsettled])
    remarks.add(unsettled, "place_doubtful", column=header, values=texts, detail=names)
    deeper = named.map(places.index.depth, na_action="ignore") > chosen.map(
        places.index.depth, na_action="ignore"
    )
    return chosen.where(chosen.notna() & ~deeper.fillna(False).astype(bool), named)


def _related(first: pd.Series, second: pd.Series, places: Places) -> pd.Series:
    """Tell where one unit is the other or lies in it; true where either is unknown."""

    def related(a: object, b: object) -> bool:
        if pd.isna(a) or pd.isna(b):  # type: ignore[call-overload]
            return True
        return a == b or a in places.index.ancestors(str(b)) or b in places.index.ancestors(str(a))

    pairs = {pair: related(*pair) for pair in set(zip(first, second, strict=True))}
    return pd.Series([pairs[p] for p in zip(first, second, strict=True)], index=first.index)


def _narrowed(
    column: pd.Series, header: str, within: pd.Series, places: Places, remarks: Remarks
) -> pd.Series:
    texts = cleaned(column)
    answer = find_units(texts, index=places.index, within=within)
    asked = answer["question"].notna()
    lost = asked & False
    lost[asked] = within[asked].map(places.index.level, na_action="ignore") == "township"
    doubtful = answer["how"].isin(DOUBTFUL) | lost
    names = places.names(answer["unit_id"].where(~lost, within)[doubtful])
    remarks.add(doubtful, "place_doubtful", column=header, values=texts, detail=names)
    bad = answer["question"].notna() & ~lost
    remark_questions(bad, answer, header, texts, remarks)
    return answer["unit_id"].where(answer["unit_id"].notna(), within)


def _by_address(
    column: pd.Series, header: str, within: pd.Series, places: Places, remarks: Remarks
) -> pd.Series:
    """Deepen what the other columns say by the address; alone it must name a unit itself."""
    texts = cleaned(column)
    answer = find_units(texts, index=places.index, within=within)
    alone = within.isna() & texts.notna()
    bad = alone & answer["question"].notna()
    remark_questions(bad, answer, header, texts, remarks)
    doubtful = alone & answer["how"].isin(DOUBTFUL)
    names = places.names(answer["unit_id"][doubtful])
    remarks.add(doubtful, "place_doubtful", column=header, values=texts, detail=names)
    usable = answer["unit_id"].notna() & (alone | ~answer["how"].isin(DOUBTFUL))
    return answer["unit_id"].where(usable, within)


def remark_questions(
    rows: pd.Series, answer: pd.DataFrame, header: str, texts: pd.Series, remarks: Remarks
) -> None:
    """Hold back rows whose name is no unit's or several units', with the names to choose from.

    Parameters
    ----------
    rows : Series of bool
    answer : DataFrame
        From :func:`geo.names.find_units`.
    header : str
    texts : Series of str or None
        What was looked up.
    remarks : Remarks
    """
    for code in ("unknown", "ambiguous"):
        asked = rows & (answer["asked"] == f"names.{code}")
        remarks.add(asked, f"place_{code}", column=header, values=texts, detail=answer["listed"])


def _code(text: str, codes: Mapping[str, str]) -> str | None:
    """Return the unit of a code, also when zeros fill it up to 9 or 12 digits."""
    digits = text.strip()
    if digits in codes:
        return codes[digits]
    for length in _CODE_LENGTHS:
        if len(digits) > length and digits[:length] in codes and not digits[length:].strip("0"):
            return codes[digits[:length]]
    return None
