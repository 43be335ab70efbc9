"""The roads of a study: kept beside its register, read once, and every search on them remembered.

A search does not depend on who asks next: a narrower limit or fewer rooms cost no search, and an
edit of one room costs that of one room.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
import zipfile
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csc_array, csr_array

from geo.pairs import Floats, Pairs
from geo.register_home import remove_side_file, side_file, side_stamp, write_side_file
from geo.roads_errors import RoadsError

if TYPE_CHECKING:  # a study without roads opens without the libraries of graphs
    from geo.roads import Network, Progress
    from geo.roads_files import Roads

ABOUT_FILE = "roads.json"
_REMEMBERED = 24
_MOST_COLUMNS = 20_000
_FACTS = ("file", "name", "fingerprint", "attribution", "warnings")

Column: TypeAlias = tuple[float, npt.NDArray[np.int32], Floats]
"""Whom one room reaches: up to which limit, which demand rows, at what cost."""


@dataclass(frozen=True, eq=False)
class KeptRoads:
    """The roads that a study has, opened when the first way is asked for.

    Parameters
    ----------
    path : Path
        What :func:`geo.roads_files.save` wrote.
    about : dict
        ``name`` of the file they came from, ``imported`` (a date), ``who``, ``fingerprint``,
        ``attribution`` and what :func:`facts_of` says.
    """

    path: Path
    about: dict[str, Any]
    _found: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    _networks: dict[tuple[str, str], Network] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints mean equal roads."""
        return str(self.about["fingerprint"])

    def roads(self) -> Roads:
        """Read the roads as pieces.

        Raises
        ------
        RoadsError
            ``roads.kept_damaged`` when somebody took the file away or changed it.
        """
        from geo.roads_files import load

        try:
            return load(self.path)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise _damaged(self.path, error) from error

    def network(self, mode: str, cost: str) -> Network:
        """Return the graph of one mode; see :func:`geo.roads.build_network`."""
        from geo.roads import build_network

        with self._lock:
            if (mode, cost) not in self._networks:
                self._networks[mode, cost] = build_network(self.roads(), mode, cost=cost)
            return self._networks[mode, cost]

    def off_road(self, points: Floats, *, mode: str, cost: str) -> npt.NDArray[np.bool_]:
        """Tell which points are further than a door may be from any road of a mode."""
        from geo.roads import snap

        def far() -> npt.NDArray[np.bool_]:
            return np.asarray(snap(self.network(mode, cost), points)[0] < 0)

        found: npt.NDArray[np.bool_] = self._once(("off", mode, cost, _hash(points)), far)
        return found

    def nearest(self, demand: Floats, rooms: Floats, *, mode: str, cost: str) -> pd.DataFrame:
        """Return the room that each row reaches soonest; see :func:`geo.roads.nearest_by_road`."""
        from geo.roads import nearest_by_road

        key = ("nearest", mode, cost, _hash(demand), _hash(rooms))
        search = partial(nearest_by_road, self.network(mode, cost), demand, rooms)
        found: pd.DataFrame = self._once(key, search)
        return found

    def pairs(
        self,
        demand: Floats,
        rooms: Floats,
        limit: float,
        *,
        mode: str,
        cost: str,
        progress: Progress | None = None,
    ) -> Pairs:
        """Return the cost of every pair within a limit; see :func:`geo.roads.road_pairs`.

        Notes
        -----
        Columns are remembered by the room's place: only rooms that no one asked about before, or
        only up to a narrower limit, are searched from.
        """
        held: dict[bytes, Column]
        with self._lock:
            held = self._once(("pairs", mode, cost, _hash(demand)), dict)
            names = [place.tobytes() for place in np.ascontiguousarray(rooms, dtype=np.float64)]
            fresh = {
                name: at
                for at, name in enumerate(names)
                if name not in held or held[name][0] < limit
            }
            if fresh:
                chosen = rooms[list(fresh.values())]
                held |= zip(
                    fresh, self._columns(demand, chosen, limit, mode, cost, progress), strict=True
                )
            columns = [held[name] for name in names]
            asked = set(names)
            for old in [name for name in held if name not in asked][:-_MOST_COLUMNS]:
                del held[old]
        return _matrix(columns, limit, (len(demand), len(rooms)))

    def _columns(
        self,
        demand: Floats,
        rooms: Floats,
        limit: float,
        mode: str,
        cost: str,
        progress: Progress | None,
    ) -> list[Column]:
        from geo.roads import road_pairs

        network = self.network(mode, cost)
        found = csc_array(road_pairs(network, demand, rooms, limit, progress=progress))
        ends = zip(found.indptr[:-1], found.indptr[1:], strict=True)
        # Copies, so that one column that stays does not hold all the others.
        return [(limit, found.indices[a:b].copy(), found.data[a:b].copy()) for a, b in ends]

    def _once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was found before for a key; the keys asked for last are remembered."""
        with self._lock:
            found = self._found.pop(key) if key in self._found else make()
            self._found[key] = found
            for old in list(self._found)[:-_REMEMBERED]:
                del self._found[old]
            return found


def find_roads(folder: str | Path, settings: Mapping[str, Any]) -> KeptRoads | None:
    """Return a study's roads, ``None`` where it has none.

    Parameters
    ----------
    folder : path
    settings : mapping
        The content of the study's ``study.toml``.

    Raises
    ------
    RoadsError
        ``roads.kept_damaged`` when what is kept about them cannot be read.
    """
    place = side_file(folder, settings, ABOUT_FILE)
    if not place.is_file():
        return None
    try:
        about = json.loads(place.read_text("utf-8"))
        missing = set(_FACTS) - set(about)
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(place, error) from error
    if missing:
        raise _damaged(place, f"without {', '.join(sorted(missing))}")
    return KeptRoads(place.with_name(Path(str(about["file"])).name), about)


def roads_stamp(folder: str | Path, settings: Mapping[str, Any]) -> str:
    """Return what changes whenever a study gets other roads; empty where it has none."""
    return side_stamp(folder, settings, ABOUT_FILE)


def keep_roads(
    folder: str | Path,
    settings: Mapping[str, Any],
    roads: Roads,
    *,
    name: str,
    attribution: str = "",
    who: str = "",
) -> KeptRoads:
    """Make roads those of a study, in place of the ones it had.

    Parameters
    ----------
    folder : path
        The study's; its own files are not changed.
    settings : mapping
        The content of its ``study.toml``.
    roads : Roads
    name : str
        Of the file they came from.
    attribution : str
        Who must be named where they are shown.
    who : str
        Who brought them in.

    Returns
    -------
    KeptRoads

    Raises
    ------
    RoadsError
        When nobody can walk on them: see :func:`walkable`. Then the study keeps the roads it had.

    Notes
    -----
    The new file is whole before the study points to it, and the old one leaves last: a crash in
    between leaves the study with one or the other.
    """
    from geo.roads_files import save

    network = walkable(roads)
    place = side_file(folder, settings, ABOUT_FILE)
    file = f"roads-{roads.fingerprint}.npz"
    save(roads, place.with_name(file))
    about = {
        "file": file,
        "name": name,
        "imported": dt.date.today().isoformat(),
        "who": who,
        "fingerprint": roads.fingerprint,
        "attribution": attribution,
        **facts_of(roads, network),
    }
    former = _named_file(place)
    content = json.dumps(about, ensure_ascii=False, indent=1).encode()
    write_side_file(folder, settings, ABOUT_FILE, content)
    if former is not None and former.name != file:
        former.unlink(missing_ok=True)
    return KeptRoads(place.with_name(file), about, _networks={("walk", "metres"): network})


def walkable(roads: Roads) -> Network:
    """Return the graph of walkers in metres; see :func:`geo.roads.build_network` for its faults."""
    from geo.roads import build_network

    return build_network(roads, "walk", cost="metres")


def facts_of(roads: Roads, network: Network) -> dict[str, Any]:
    """Say of roads how many and how long they are, and what was set aside.

    Parameters
    ----------
    roads : Roads
    network : Network
        Of :func:`walkable`.

    Returns
    -------
    dict
        ``pieces``, ``kilometres``, ``connected_share`` of the length that walkers can use,
        ``has_heights``, ``is_osm`` and ``warnings``, a list of (code, count, sentence).
    """
    return {
        "pieces": len(roads.start),
        "kilometres": round(float(roads.metres.sum()) / 1000, 1),
        "connected_share": round(network.kept_share, 4),
        "has_heights": bool(roads.rise_m.any()),
        "is_osm": roads.is_osm,
        "warnings": [[note.code, note.count, str(note)] for note in network.warnings],
    }


def near_roads(
    network: Network, rooms: gpd.GeoDataFrame, demand: gpd.GeoDataFrame
) -> dict[str, float]:
    """Return which share of rooms and people stands near enough to a road to set out on it.

    Parameters
    ----------
    network : Network
    rooms, demand : GeoDataFrame

    Returns
    -------
    dict
        ``rooms``, of those that have a point, and ``people``; NaN where there are none.
    """
    placed = rooms[~(rooms.geometry.isna() | rooms.geometry.is_empty)]
    people = demand["people"].fillna(0.0).to_numpy()
    return {
        "rooms": _share(_on_road(network, placed), np.ones(len(placed))),
        "people": _share(_on_road(network, demand), people),
    }


def drop_roads(folder: str | Path, settings: Mapping[str, Any]) -> bool:
    """Take a study's roads away; return whether it had any."""
    former = _named_file(side_file(folder, settings, ABOUT_FILE))
    had = remove_side_file(folder, settings, ABOUT_FILE)
    if former is not None:
        former.unlink(missing_ok=True)
    return had


def refuse_elsewhere(near: Mapping[str, float], name: str) -> None:
    """Refuse roads that nobody and no room of the study stands near.

    Parameters
    ----------
    near : mapping
        Of :func:`near_roads`.
    name : str
        Of the file, for the message.

    Raises
    ------
    RoadsError
        ``roads.elsewhere``.
    """
    if not any(share > 0 for share in near.values()):
        text = (
            f"{name}: no room and nobody of the study stands within 500 m of these roads; they "
            "are of another city, or their coordinate system is not the one stated."
        )
        raise RoadsError("roads.elsewhere", text, file=name)


def _on_road(network: Network, places: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    from geo.roads import snap

    lonlat = np.column_stack([places.geometry.x, places.geometry.y]).astype(float)
    return np.asarray(snap(network, lonlat)[0] >= 0)


def _share(chosen: npt.NDArray[np.bool_], weight: Floats) -> float:
    return float(weight[chosen].sum() / weight.sum()) if weight.sum() > 0 else float("nan")


def _matrix(columns: list[Column], limit: float, shape: tuple[int, int]) -> Pairs:
    """Put columns beside each other, up to a limit."""
    if not columns:
        return csr_array(shape, dtype=np.float64)
    first = np.concatenate([[0], np.cumsum([len(column[1]) for column in columns])])
    cost = np.concatenate([column[2] for column in columns])
    row = np.concatenate([column[1] for column in columns])
    near = cost <= limit
    first = np.concatenate([[0], np.cumsum(near)])[first]
    return csr_array(csc_array((cost[near], row[near], first), shape=shape))


def _named_file(place: Path) -> Path | None:
    """Return the roads that a record names; a study's folder may hold other people's files too."""
    try:
        name = Path(str(json.loads(place.read_text("utf-8"))["file"])).name
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return place.with_name(name) if name.startswith("roads-") and name.endswith(".npz") else None


def _damaged(place: Path, why: object) -> RoadsError:
    text = (
        f"{place.name}: the study's roads are gone or damaged ({why}); take them away "
        "(roomplan register roads --remove), then bring the road file in again."
    )
    return RoadsError("roads.kept_damaged", text, file=place.name, detail=str(why))


def _hash(points: Floats) -> str:
    return hashlib.blake2b(np.ascontiguousarray(points).tobytes(), digest_size=16).hexdigest()
