"""Road files to one table of straight pieces: whose ends meet, how long, who may pass, which way.

Read files of one's own here. A file that came by upload is read in a child process, see
:mod:`geo.roads_upload`.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import to_wgs84
from geo.errors import MissingFileError
from geo.pairs import Floats, Ints
from geo.reach import great_circle_m
from geo.roads_classes import FASTEST_KMH, class_codes, directions, permissions, stated_kmh
from geo.roads_errors import RoadsError, RoadWarning

LONGEST_PIECE_M = 200.0
"""Longer pieces are divided, so that no place on a road is more than 100 m from a node."""

_GRID = 1e7  # ends that agree to 1e-7 degrees (1 cm) meet; OpenStreetMap stores no more
_FORMAT = "3"  # part of every fingerprint: raise it when reading changes

_OSM_COLUMNS = ("osm_id", "osmid", "osm_way_id", "@id")

_COLUMNS = {
    "highway": (
        "highway",
        "fclass",
        "road_class",
        "roadclass",
        "class",
        "道路等级",
        "等级",
        "类型",
    ),
    "oneway": ("oneway", "one_way", "单行", "单行线"),
    "maxspeed": ("maxspeed", "speed_kmh", "speed", "限速", "设计速度"),
    "junction": ("junction",),
    "access": ("access",),
    "foot": ("foot",),
    "bicycle": ("bicycle",),
    "motor_vehicle": ("motor_vehicle", "motorcar"),
}


@dataclass(frozen=True, eq=False)
class Roads:
    """A road network as pieces between nodes, before anyone travels on it.

    Parameters
    ----------
    lonlat : float array, shape (n_nodes, 2)
        Degrees WGS-84.
    start, end : int32 array, shape (n_pieces,)
        Nodes of each piece.
    metres : float array, shape (n_pieces,)
        Great-circle length, above 0.
    road_class : int8 array, shape (n_pieces,)
        Position in :data:`geo.roads_classes.ROAD_CLASSES`.
    direction : int8 array, shape (n_pieces,)
        1 only from start to end, -1 only back, 0 both.
    allowed : bool array, shape (n_pieces, 3)
        One column a mode of :data:`geo.roads_classes.MODES`.
    limit_kmh : float array, shape (n_pieces,)
        Stated speed limit, NaN where none.
    rise_m : float array, shape (n_pieces,)
        Height of the end above the start; 0 until :mod:`geo.roads_slope` fills it in.
    warnings : tuple of RoadWarning
    fingerprint : str
        Equal fingerprints mean equal roads.
    is_osm : bool
        Whether the file shows that it came from OpenStreetMap, which must then be named.
    """

    lonlat: Floats
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    metres: Floats
    road_class: npt.NDArray[np.int8]
    direction: npt.NDArray[np.int8]
    allowed: npt.NDArray[np.bool_]
    limit_kmh: Floats
    rise_m: Floats
    warnings: tuple[RoadWarning, ...] = ()
    fingerprint: str = ""
    is_osm: bool = False


def read_roads(
    path: Path,
    *,
    layer: str | None = None,
    class_column: str | None = None,
    datum: str | None = None,
    cache: Path | None = None,
    name: str | None = None,
) -> Roads:
    """Read a road file: lines of any GDAL format allowed here, or OpenStreetMap's ``.osm.pbf``.

    Parameters
    ----------
    path : Path
        GeoPackage, Shapefile, GeoJSON or FlatGeobuf with lines, or ``.pbf``.
    layer : str, optional
        Which layer; the first one by default.
    class_column : str, optional
        The column of road classes; by default the first of the usual names.
    datum : str, optional
        Overrides the file's coordinate system, as :func:`geo.crs.parse_datum` reads it
        (``"gcj02"`` for lines drawn on Amap).
    cache : Path, optional
        A folder that keeps what was read, by fingerprint of the file and the choices above.
    name : str, optional
        What to call the file in messages; its own name by default.

    Returns
    -------
    Roads

    Raises
    ------
    MissingFileError
        No such file.
    RoadsError
        ``roads.damaged``, ``roads.no_lines``, ``roads.no_crs``, ``roads.no_column``,
        ``roads.needs_osmium``.
    IntakeError
        A coordinate system without an exact link to WGS-84.

    Notes
    -----
    OpenStreetMap's data are © OpenStreetMap contributors, ODbL: say so where they are shown.
    """
    name = name or path.name
    try:
        content_key = _hash_of(path)
    except OSError as error:
        text = f"{name}: the road file cannot be read ({error.strerror})."
        raise MissingFileError("roads.missing", text, file=name) from error
    choices = repr((_FORMAT, content_key, path.suffix, layer, class_column, datum))
    fingerprint = hashlib.sha256(choices.encode()).hexdigest()[:16]
    kept = cache / f"roads-{fingerprint}.npz" if cache is not None else None
    if kept is not None and kept.exists():
        return load(kept)
    if path.suffix.lower() == ".pbf":
        from geo.roads_osm import read_pbf  # its library is an extra

        shapes, lines = read_pbf(path, name=name)
        is_osm = True
    else:
        shapes, lines, is_osm = _read_lines(path, layer, class_column, datum, name)
    roads = roads_of_lines(shapes, lines, file=name, fingerprint=fingerprint, is_osm=is_osm)
    if kept is not None:
        save(roads, kept)
    return roads


def roads_of_lines(
    shapes: npt.NDArray[np.object_],
    lines: pd.DataFrame,
    *,
    file: str = "roads",
    fingerprint: str = "",
    is_osm: bool = False,
) -> Roads:
    """Cut lines into pieces between nodes and set aside what nobody can travel.

    Parameters
    ----------
    shapes : object array of LineString or MultiLineString, shape (n,)
        Degrees WGS-84.
    lines : DataFrame, n rows
        Text columns ``highway``, ``oneway``, ``maxspeed``, ``junction``, ``access``, ``foot``,
        ``bicycle``, ``motor_vehicle``; one that is missing is unknown everywhere.
    file : str
        For the messages.
    fingerprint : str
    is_osm : bool
        As in :class:`Roads`.

    Returns
    -------
    Roads

    Raises
    ------
    RoadsError
        ``roads.no_lines`` when nothing is left.

    Notes
    -----
    Lines meet where they share a vertex (to 1e-7 degrees). Lines that cross without one do not:
    that is how bridges are drawn. O(vertices) time and memory.
    """
    kinds, kind = _kinds(lines.reindex(columns=list(_COLUMNS)))
    codes = class_codes(kinds["highway"])
    limit, absurd = stated_kmh(kinds["maxspeed"])
    unknown, closed, odd = (int(of[kind].sum()) for of in (codes == -1, codes == -2, absurd))
    noted = [
        _note("unknown_class", unknown, "line(s) of unknown class count as ordinary roads"),
        _note("absurd_speed", odd, f"speed(s) below 0 or above {FASTEST_KMH:g} km/h set aside"),
        _note("not_roads", closed, "line(s) nobody can travel were left out"),
    ]
    usable = (shapely.get_dimensions(shapes) == 1) & ~shapely.is_empty(shapes)
    noted.append(_note("not_lines", int((~usable).sum()), "row(s) without a line were left out"))
    chosen = np.flatnonzero(usable & (codes != -2)[kind])
    codes = np.where(codes == -1, np.int8(5), codes)  # unclassified
    start, end, lonlat, line, bad = _pieces(shapes[chosen])
    noted.append(_note("not_finite", bad, "vertex(es) without finite degrees were left out"))
    metres = great_circle_m(lonlat[start], lonlat[end]) if len(start) else np.empty(0)
    long = start != end
    noted.append(_note("zero_length", int((~long).sum()), "piece(s) of no length were left out"))
    if not long.any():
        text = f"{file}: no line that can be travelled; give a file of road lines."
        raise RoadsError("roads.no_lines", text, file=file)
    owner = kind[chosen[line[long]]]
    return Roads(
        lonlat=lonlat,
        start=start[long],
        end=end[long],
        metres=metres[long],
        road_class=codes[owner],
        direction=directions(kinds, codes)[owner],
        allowed=permissions(kinds, codes)[owner],
        limit_kmh=limit[owner],
        rise_m=np.zeros(len(owner)),
        warnings=tuple(note for note in noted if note.count),
        fingerprint=fingerprint,
        is_osm=is_osm,
    )


def save(roads: Roads, path: Path) -> None:
    """Write roads to a ``.npz`` file, whole or not at all."""
    notes = [[w.code, str(w.count), str(w)] for w in roads.warnings]
    arrays = {f.name: getattr(roads, f.name) for f in fields(roads)} | {
        "warnings": np.array(notes, dtype=str).reshape(-1, 3)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.stem}-{os.getpid()}.tmp.npz")
    np.savez(half, **arrays)
    half.replace(path)


def load(path: Path) -> Roads:
    """Read what :func:`save` wrote; nothing in the file is ever executed."""
    with np.load(path, allow_pickle=False) as arrays:
        values: dict[str, Any] = {f.name: arrays[f.name] for f in fields(Roads)}
    notes = tuple(RoadWarning.from_row(row) for row in values["warnings"].tolist())
    plain = {"fingerprint": str(values["fingerprint"]), "is_osm": bool(values["is_osm"])}
    roads = Roads(**values | {"warnings": notes} | plain)
    ends = np.concatenate([roads.start, roads.end])
    if not (np.isfinite(roads.lonlat).all() and ends.min() >= 0 < len(roads.lonlat) > ends.max()):
        raise _damaged(path.name, "nodes and pieces do not belong together")
    return roads


def _kinds(lines: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """Return the different rows, which are few, and the one that each row equals."""
    key = np.zeros(len(lines), dtype=np.int64)
    for column in lines:
        codes, values = pd.factorize(lines[column])
        mixed = key * (len(values) + 1) + codes + 1
        key = np.unique(mixed, return_inverse=True)[1]
    _, first, kind = np.unique(key, return_index=True, return_inverse=True)
    return lines.iloc[first].reset_index(drop=True), kind


def _note(kind: str, count: int, text: str) -> RoadWarning:
    return RoadWarning(f"roads.{kind}", f"{count} {text}.", count=count)


def _hash_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_lines(
    path: Path, layer: str | None, class_column: str | None, datum: str | None, name: str
) -> tuple[npt.NDArray[np.object_], pd.DataFrame, bool]:
    """Read lines and the columns that matter, in WGS-84; say whether they are OpenStreetMap's."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        frame = pyogrio.read_dataframe(path, layer=layer)
    except (DataSourceError, DataLayerError) as error:
        raise _damaged(name, str(error)) from error
    if "geometry" not in frame:
        text = f"{name}: the layer has no geometry; give a file of road lines."
        raise RoadsError("roads.no_lines", text, file=name)
    system = datum or (frame.crs.to_wkt() if frame.crs is not None else None)
    if system is None:
        text = (
            f"{name}: the coordinate system is not stated (a .prj is missing); "
            "name it, for example cgcs2000."
        )
        raise RoadsError("roads.no_crs", text, file=name)
    shapes = shapely.force_2d(np.array(frame.geometry, dtype=object))
    xy = shapely.get_coordinates(shapes)
    shapes = shapely.set_coordinates(shapes, np.column_stack(to_wgs84(*xy.T, datum=system)))
    table = pd.DataFrame(frame.drop(columns="geometry"))
    is_osm = not {str(column).strip().lower() for column in table}.isdisjoint(_OSM_COLUMNS)
    return shapes, _known_columns(table, class_column, name), is_osm


def _known_columns(table: pd.DataFrame, class_column: str | None, file: str) -> pd.DataFrame:
    """Return the columns that matter under their OpenStreetMap names."""
    has = {str(name).strip().lower(): name for name in table.columns}
    if class_column is not None and class_column.strip().lower() not in has:
        text = f"{file}: there is no column {class_column!r}; it has {', '.join(has)}."
        raise RoadsError("roads.no_column", text, file=file, column=class_column)
    wanted = dict(_COLUMNS)
    if class_column is not None:
        wanted["highway"] = (class_column.strip().lower(),)
    found = {
        name: table[has[first]]
        for name, usual in wanted.items()
        if (first := next((u for u in usual if u in has), None)) is not None
    }
    return pd.DataFrame(found, index=table.index)


def _damaged(file: str, detail: str) -> RoadsError:
    text = f"{file}: the road file is damaged or of another kind ({detail[:200]})."
    return RoadsError("roads.damaged", text, file=file, detail=detail[:200])


def _pieces(
    shapes: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Floats, npt.NDArray[np.intp], int]:
    """Return start and end nodes, node positions, the line of each piece, bad vertices."""
    parts, line = shapely.get_parts(shapes, return_index=True)
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    fine = np.isfinite(coordinates).all(axis=1) & (np.abs(coordinates) <= [180, 90]).all(axis=1)
    coordinates, part = _divided(coordinates[fine], part[fine])
    cell = np.rint((coordinates + np.array([180, 90])) * _GRID).astype(np.int64)
    key = cell[:, 0] * 2**31 + cell[:, 1]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    node: npt.NDArray[np.int32] = inverse.astype(np.int32)
    joined = np.flatnonzero(part[1:] == part[:-1])
    owner = line[part[joined]]
    return node[joined], node[joined + 1], coordinates[first], owner, int((~fine).sum())


def _divided(
    coordinates: Floats, part: npt.NDArray[np.intp]
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Insert vertices so that no piece is longer than :data:`LONGEST_PIECE_M`."""
    if len(coordinates) < 2:
        return coordinates, part
    metres = great_circle_m(coordinates[:-1], coordinates[1:])
    times = np.where(part[1:] == part[:-1], np.ceil(metres / LONGEST_PIECE_M), 1)
    times = np.append(np.maximum(times, 1), 1).astype(np.int64)
    origin = np.repeat(np.arange(len(times)), times)
    step = np.arange(len(origin)) - np.repeat(np.cumsum(times) - times, times)
    share = (step / times[origin])[:, None]
    following = np.minimum(origin + 1, len(times) - 1)
    along = coordinates[origin] * (1 - share) + coordinates[following] * share
    return along, part[origin]
