"""What a road is called, who may use it, in which direction, and how fast.

The names are OpenStreetMap's; Geofabrik's and the usual Chinese ones are translated. Speeds are
working assumptions and settings, not measurements.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

ROAD_CLASSES = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "track",
    "pedestrian",
    "cycleway",
    "footway",
    "path",
    "steps",
)
MODES = ("walk", "ebike", "drive")

WALK_KMH = 4.0
"""Walking, and the way between a door and the road: 1,000 m in a quarter of an hour, as planning
norms for 15-minute neighbourhoods have it (GB 50180-2018: 800 to 1,000 m)."""

WAY_KMH: Mapping[str, float] = {"walk": WALK_KMH, "ebike": 15.0, "drive": 25.0}
"""Door-to-door speeds of ways whose roads are not known; working assumptions."""

SPEEDS_KMH: Mapping[str, Mapping[str, float]] = {
    "walk": dict.fromkeys(ROAD_CLASSES[1:], WALK_KMH) | {"track": 3.5, "path": 3.5, "steps": 2.0},
    "ebike": dict.fromkeys(ROAD_CLASSES[1:9], 18.0)
    | {"living_street": 12.0, "service": 12.0, "track": 10.0, "cycleway": 18.0, "path": 8.0},
    "drive": {
        "motorway": 90.0,
        "trunk": 60.0,
        "primary": 45.0,
        "secondary": 40.0,
        "tertiary": 30.0,
        "unclassified": 25.0,
        "residential": 20.0,
        "living_street": 10.0,
        "service": 15.0,
        "track": 15.0,
    },
}
"""Door-to-door speeds by mode and class; a class that is missing is closed to the mode. E-bikes
stay below the 25 km/h that China's GB 17761-2018 allows them; expressways are for cars only."""

FASTEST_KMH = 150.0

_ALIASES = {
    "高速公路": "motorway",
    "高速": "motorway",
    "快速路": "trunk",
    "城市快速路": "trunk",
    "国道": "trunk",
    "省道": "primary",
    "主干道": "primary",
    "主干路": "primary",
    "县道": "secondary",
    "次干道": "secondary",
    "次干路": "secondary",
    "乡道": "tertiary",
    "镇道": "tertiary",
    "村道": "unclassified",
    "支路": "residential",
    "街道": "residential",
    "小路": "path",
    "机耕路": "track",
    "人行道": "footway",
    "步行道": "footway",
    "road": "unclassified",
    "unknown": "unclassified",
    "minor": "unclassified",
    "bridleway": "path",
    "trail": "path",
    "crossing": "footway",
    "corridor": "footway",
}
NOT_ROADS = frozenset(
    [
        "construction",
        "proposed",
        "planned",
        "abandoned",
        "disused",
        "razed",
        "raceway",
        "platform",
        "elevator",
        "bus_stop",
        "rest_area",
        "services",
        "escape",
        "no",
    ]
)
"""Values of OpenStreetMap's ``highway`` that nobody can travel along."""

# Geofabrik writes F (forward), T (from end "to" start) and B (both).
_YES = {"yes", "true", "1", "1.0", "f", "是", "单行"}
_BACKWARD = {"-1", "-1.0", "reverse", "t"}
_CLOSED = {"no", "private"}


def class_codes(names: pd.Series) -> npt.NDArray[np.int8]:
    """Return each name's position in :data:`ROAD_CLASSES`; -1 unknown, -2 no road at all.

    Parameters
    ----------
    names : Series of str
        One a line; links count as their road, ``track_grade3`` as ``track``.

    Returns
    -------
    int8 array

    Examples
    --------
    >>> class_codes(pd.Series(["primary_link", "县道", "track_grade2", "proposed", "?"])).tolist()
    [2, 3, 9, -2, -1]
    """
    codes = {name: n for n, name in enumerate(ROAD_CLASSES)}
    codes |= {alias: codes[name] for alias, name in _ALIASES.items()}
    codes |= dict.fromkeys(NOT_ROADS, -2)
    plain = _text(names).str.replace("_link", "").str.replace(r"^track_.*", "track", regex=True)
    return np.asarray(plain.map(codes).fillna(-1), dtype=np.int8)


def directions(lines: pd.DataFrame, codes: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return 1 for one-way along the line, -1 for one-way against it, 0 for both.

    Parameters
    ----------
    lines : DataFrame
        ``oneway`` and ``junction`` as text, where known.
    codes : int8 array
        Of :func:`class_codes`; expressways and roundabouts are one-way unless they say no.

    Returns
    -------
    int8 array
    """
    said = _text(lines["oneway"])
    implied = (codes == 0) | _text(lines["junction"]).isin(["roundabout", "circular"]).to_numpy()
    way = np.where(said.isin(_YES) | ((said == "") & implied), 1, 0)
    return np.where(said.isin(_BACKWARD), -1, way).astype(np.int8)


def permissions(lines: pd.DataFrame, codes: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Return who may use each line.

    Parameters
    ----------
    lines : DataFrame
        ``access``, ``foot``, ``bicycle``, ``motor_vehicle`` as text, where known.
    codes : int8 array

    Returns
    -------
    bool array, shape (n_lines, 3)
        One column a mode of :data:`MODES`. What a line says of one mode wins over ``access``.
    """
    closed = _text(lines["access"]).isin(_CLOSED).to_numpy()
    allowed = np.empty((len(lines), len(MODES)), dtype=bool)
    for n, (mode, column) in enumerate(
        zip(MODES, ("foot", "bicycle", "motor_vehicle"), strict=True)
    ):
        said = _text(lines[column])
        usual = np.array([name in SPEEDS_KMH[mode] for name in ROAD_CLASSES])[codes] & ~closed
        opened = said.isin(["yes", "designated", "permissive"]).to_numpy()
        if mode == "drive":
            opened = opened & usual  # a pedestrian street stays one, whatever delivery vans may do
        allowed[:, n] = (usual | opened) & ~said.isin(_CLOSED).to_numpy()
    return allowed


def stated_kmh(values: pd.Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return stated speed limits, and which of them are absurd.

    Parameters
    ----------
    values : Series
        Numbers or text such as ``50`` or ``30 mph``.

    Returns
    -------
    kmh : float array
        NaN where nothing usable is stated; 0 means unknown in Geofabrik's files.
    absurd : bool array
        Speeds below 0 or above :data:`FASTEST_KMH`, which are set aside.
    """
    text = _text(values)
    number = pd.to_numeric(text.str.extract(r"^(-?\d+(?:\.\d+)?)")[0], errors="coerce")
    kmh = number.to_numpy(dtype=np.float64) * np.where(text.str.contains("mph"), 1.609344, 1.0)
    absurd = (kmh < 0) | (kmh > FASTEST_KMH)
    return np.where(absurd | (kmh == 0), np.nan, kmh), absurd


def edge_kmh(
    mode: str,
    codes: npt.NDArray[np.int8],
    limit_kmh: npt.NDArray[np.float64],
    speeds: Mapping[str, float] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the speed of a mode on each edge; a stated limit holds drivers back.

    Parameters
    ----------
    mode : {"walk", "ebike", "drive"}
    codes : int8 array
        Of :func:`class_codes`, all known.
    limit_kmh : float array
        Stated limits, NaN where none.
    speeds : mapping of str to float, optional
        By class; replaces :data:`SPEEDS_KMH` where given.

    Returns
    -------
    float array
        Km/h; walking speed where the mode is let in to a class that is usually closed to it.
    """
    table = {**SPEEDS_KMH[mode], **(speeds or {})}
    kmh = np.array([table.get(name, WALK_KMH) for name in ROAD_CLASSES])[codes]
    return np.fmin(kmh, limit_kmh) if mode == "drive" else kmh


def _text(values: pd.Series) -> pd.Series:
    return values.astype("str").fillna("").str.strip().str.lower()
