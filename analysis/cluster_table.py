"""What is in each cluster of cases: place, outline, subjects, what is unresolved, the trend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.reach import EARTH_RADIUS_M, unit_vectors
from geo.schema import CLOSED_STATES, WGS84

TOP_CATEGORIES = 3
USED_COLUMNS = ("received", "categories", "status", "basis", "location_basis")
KNOWN_PLACES = ("reported", "census", "register")
_Z95 = 1.959963984540054
_COLUMN_BITS = 32


@dataclass(frozen=True, eq=False)
class Located:
    """Cases that have a point, each with its cluster.

    Parameters
    ----------
    cases : DataFrame
        The rows, in any order.
    lonlat : ndarray, shape (n, 2)
        Their points, degrees.
    labels : ndarray of int, shape (n,)
        0 … k − 1, or −1 for none.
    """

    cases: pd.DataFrame
    lonlat: np.ndarray
    labels: np.ndarray

    def inside(self) -> Located:
        """Return only the cases that belong to a cluster."""
        keep = self.labels >= 0
        if keep.all():
            return self
        return Located(self.cases.iloc[np.flatnonzero(keep)], self.lonlat[keep], self.labels[keep])


def cell_keys(lonlat: np.ndarray, cell_m: float) -> np.ndarray:
    """Return the cell each point lies in, as one integer (n,).

    Cells are about ``cell_m`` on a side everywhere: rows of equal latitude, each cut into columns
    at its own middle parallel.
    """
    row, column = _cells(lonlat, cell_m)
    return (row << _COLUMN_BITS) + column


def _cells(lonlat: np.ndarray, cell_m: float) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = np.radians(lonlat).T
    row = np.floor(lat * EARTH_RADIUS_M / cell_m).astype(np.int64)
    column = np.floor(lon * _parallel_m(row, cell_m) / cell_m).astype(np.int64)
    return row, column


def _parallel_m(row: np.ndarray, cell_m: float) -> np.ndarray:
    """Return the radius of the parallel through the middle of each row, metres."""
    lat = np.clip((row + 0.5) * cell_m / EARTH_RADIUS_M, -np.pi / 2, np.pi / 2)
    return EARTH_RADIUS_M * np.maximum(np.cos(lat), 1e-6)


def cluster_table(located: Located, *, cell_m: float, small_n: int) -> gpd.GeoDataFrame:
    """Describe each cluster in one row.

    Parameters
    ----------
    located : Located
        The cases that have a point and their labels.
    cell_m : float
        Side of the cells that make the outline, metres.
    small_n : int
        Clusters of fewer cases are flagged.

    Returns
    -------
    GeoDataFrame
        Index ``cluster``. ``geometry`` is the outline, EPSG:4326: the convex hull of the cells
        that hold cases, so that no corner of it is a case's own point. Columns:

        ``cases`` count; ``small_n`` bool; ``lon``, ``lat`` mean place, degrees;
        ``main_categories`` up to three, commonest first, joined by ``;`` (a case may have
        several), and ``main_count`` of the first; ``unresolved_share`` 0–1 of the cases whose
        status is known and not withdrawn, with its 95 % Wilson interval ``unresolved_low``,
        ``unresolved_high`` and the number behind it ``with_status``; ``first``, ``last`` received;
        ``earlier``, ``recent`` counts up to and after the middle one of all dated cases;
        ``trend`` = recent share of the cluster − recent share of all cases, −1 to 1, and
        ``trend_word`` rising, steady, falling or unknown; ``known_place_share`` of cases whose
        ``location_basis`` is reported, census or register; ``simulated_share`` of cases whose
        ``basis`` is simulated. NaN wherever the column is absent or empty.

    Notes
    -----
    Cost is linear in the cases: counts by label, no loop over cases. A trend is measured against
    all cases, so that a list which ends early, or a year in which more was written down, makes no
    cluster fall or rise. It is called rising or falling only where the Wilson interval of the
    recent share leaves out that of all cases and at least ``small_n`` cases are dated; that
    describes these cases, it tests nothing.

    References
    ----------
    Wilson 1927, Probable inference, JASA 22, doi:10.1080/01621459.1927.10502953.
    """
    inside = located.inside()
    count = int(inside.labels.max()) + 1 if len(inside.labels) else 0
    sizes = np.bincount(inside.labels, minlength=count)
    columns: dict[str, object] = {"cases": sizes, "small_n": sizes < small_n}
    columns.update(_centres(inside, count))
    columns.update(_categories(inside, count))
    columns.update(_unresolved(inside, count))
    columns.update(_trend(located, count, small_n))
    columns.update(_bases(inside, count))
    outline = _outlines(inside, count, cell_m)
    index = pd.RangeIndex(count, name="cluster")
    return gpd.GeoDataFrame(columns, index=index, geometry=outline, crs=WGS84)


def _centres(inside: Located, count: int) -> dict[str, np.ndarray]:
    at = unit_vectors(inside.lonlat)
    x, y, z = (np.bincount(inside.labels, at[:, i], minlength=count) for i in range(3))
    lat = np.degrees(np.arctan2(z, np.hypot(x, y)))
    return {"lon": np.degrees(np.arctan2(y, x)), "lat": lat}


def _outlines(inside: Located, count: int, cell_m: float) -> np.ndarray:
    row, column = _cells(inside.lonlat, cell_m)
    key = (row << _COLUMN_BITS) + column
    kept = pd.DataFrame({"label": inside.labels, "key": key}).drop_duplicates().index.to_numpy()
    kept = kept[np.argsort(inside.labels[kept], kind="stable")]
    row, column, label = row[kept], column[kept], inside.labels[kept]
    corner_row = np.concatenate([row, row, row + 1, row + 1])
    corner_column = np.concatenate([column, column + 1, column, column + 1])
    width = np.tile(_parallel_m(row, cell_m), 4)
    lon = np.degrees(corner_column * cell_m / width)
    lat = np.degrees(corner_row * cell_m / EARTH_RADIUS_M)
    order = np.argsort(np.tile(label, 4), kind="stable")
    corners = np.column_stack([lon, lat])[order]
    parts = shapely.linestrings(corners, indices=np.tile(label, 4)[order]) if count else []
    return np.asarray(shapely.convex_hull(parts), dtype=object)


def _categories(inside: Located, count: int) -> dict[str, object]:
    empty = {"main_categories": pd.array([None] * count, dtype="str"), "main_count": np.nan}
    if "categories" not in inside.cases or count == 0:
        return empty
    codes, texts = pd.factorize(inside.cases["categories"])
    kinds = pd.Series(texts, dtype="str").str.split(";").explode().str.strip()
    kinds = kinds[kinds.notna() & (kinds != "")]
    if kinds.empty:
        return empty
    known = codes >= 0
    pairs = pd.DataFrame({"label": inside.labels[known], "text": codes[known]}).value_counts()
    by_text = pairs.rename("cases").reset_index()
    named = by_text.merge(kinds.rename("kind"), left_on="text", right_index=True)
    counts = named.groupby(["label", "kind"])["cases"].sum().reset_index()
    counts = counts.sort_values(["label", "cases", "kind"], ascending=[True, False, True])
    top = counts.groupby("label").head(TOP_CATEGORIES).groupby("label")
    labels = pd.RangeIndex(count)
    return {
        "main_categories": top["kind"].agg(";".join).reindex(labels).to_numpy(),
        "main_count": top["cases"].first().reindex(labels).to_numpy(dtype=float),
    }


def _unresolved(inside: Located, count: int) -> dict[str, np.ndarray]:
    status = inside.cases.get("status", pd.Series(None, index=inside.cases.index, dtype="str"))
    counted = (status.notna() & (status != "withdrawn")).to_numpy(dtype=bool)
    is_open = counted & ~status.isin(CLOSED_STATES).to_numpy(dtype=bool)
    total = np.bincount(inside.labels[counted], minlength=count)
    unresolved = np.bincount(inside.labels[is_open], minlength=count)
    low, high = wilson(unresolved, total)
    share = _share(unresolved, total)
    names = ("unresolved_share", "unresolved_low", "unresolved_high", "with_status")
    return dict(zip(names, (share, low, high, total), strict=True))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def wilson(part: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % Wilson interval of the shares ``part / whole``; NaN where whole is 0.

    Examples
    --------
    >>> low, high = wilson(np.array([0, 5]), np.array([10, 10]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.237], [0.278, 0.763])
    """
    n = np.where(whole > 0, whole, np.nan).astype(float)
    share = part / n
    middle = (share + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 / (1 + _Z95**2 / n) * np.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def _received(cases: pd.DataFrame) -> np.ndarray:
    """Return the day each case came in as days since 1970, NaN where unknown."""
    if "received" not in cases:
        return np.full(len(cases), np.nan)
    given = cases["received"]
    if not pd.api.types.is_datetime64_any_dtype(given.dtype):
        given = pd.to_datetime(given, errors="coerce", format="ISO8601")
    day = given.to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(day), np.nan, day.astype(np.int64))


def _trend(located: Located, count: int, small_n: int) -> Mapping[str, object]:
    day = _received(located.cases)
    dated = ~np.isnan(day)
    middle = np.median(day[dated]) if dated.any() else np.nan
    usual = float((day[dated] > middle).mean()) if dated.any() else np.nan
    known = dated & (located.labels >= 0)
    own, label = day[known], located.labels[known]
    earlier = np.bincount(label[own <= middle], minlength=count)
    recent = np.bincount(label[own > middle], minlength=count)
    low, high = wilson(recent, earlier + recent)
    words = np.select([low > usual, high < usual], ["rising", "falling"], default="steady")
    words = np.where(earlier + recent < max(small_n, 1), "unknown", words)
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, label, own)
    np.maximum.at(last, label, own)
    return {
        "first": pd.to_datetime(np.where(np.isinf(first), np.nan, first), unit="D"),
        "last": pd.to_datetime(np.where(np.isinf(last), np.nan, last), unit="D"),
        "earlier": earlier,
        "recent": recent,
        "trend": _share(recent, recent + earlier) - usual,
        "trend_word": words,
    }


def _bases(inside: Located, count: int) -> dict[str, np.ndarray]:
    return {
        "known_place_share": _share_of(inside, "location_basis", KNOWN_PLACES, count),
        "simulated_share": _share_of(inside, "basis", ("simulated",), count),
    }


def _share_of(inside: Located, column: str, kinds: tuple[str, ...], count: int) -> np.ndarray:
    """Return the share of each cluster's cases whose ``column`` is one of ``kinds``."""
    if column not in inside.cases:
        return np.full(count, np.nan)
    values = inside.cases[column]
    known = values.notna().to_numpy(dtype=bool)
    hit = values.isin(kinds).to_numpy(dtype=bool)
    total = np.bincount(inside.labels[known], minlength=count)
    return _share(np.bincount(inside.labels[hit], minlength=count), total)
