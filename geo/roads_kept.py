"""The roads of a study: kept beside its register, read once, and every search on them remembered.

A search does not depend on limits, so that a change of standard costs no search; an edit of one
room costs one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geo.errors import MissingFileError
from geo.pairs import Floats, Pairs
from geo.register_home import side_file
from geo.write import write_bytes

if TYPE_CHECKING:  # a study without roads opens without the libraries of graphs
    from geo.roads import Network, Progress
    from geo.roads_files import Roads

ABOUT_FILE = "roads.json"
_REMEMBERED = 12


@dataclass(frozen=True, eq=False)
class KeptRoads:
    """The roads that a study has, opened when the first way is asked for.

    Parameters
    ----------
    path : Path
        What :func:`geo.roads_files.save` wrote.
    about : dict
        ``name`` of the file they came from, ``imported`` (a date), ``fingerprint``, ``pieces``,
        ``attribution`` and ``warnings``, a list of (code, count).
    """

    path: Path
    about: dict[str, Any]
    _found: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints mean equal roads."""
        return str(self.about["fingerprint"])

    @cached_property
    def roads(self) -> Roads:
        """The roads as pieces.

        Raises
        ------
        MissingFileError
            When somebody took the file away.
        """
        from geo.roads_files import load

        try:
            return load(self.path)
        except OSError as error:
            text = f"{self.path.name}: the study's roads are gone; bring the road file in again."
            raise MissingFileError("roads.missing", text, file=self.path.name) from error

    def network(self, mode: str, cost: str) -> Network:
        """Return the graph of one mode; see :func:`geo.roads.build_network`."""
        from geo.roads import build_network

        make = partial(build_network, self.roads, mode, cost=cost)
        network: Network = self._once(("network", mode, cost), make)
        return network

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
        """Return the cost of every pair within a limit; see :func:`geo.roads.road_pairs`."""
        from geo.roads import road_pairs

        key = ("pairs", mode, cost, limit, _hash(demand), _hash(rooms))
        network = self.network(mode, cost)
        search = partial(road_pairs, network, demand, rooms, limit, progress=progress)
        found: Pairs = self._once(key, search)
        return found

    def _once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was found before for a key, the latest dozen being remembered."""
        if key in self._found:
            return self._found[key]
        found = make()
        self._found[key] = found
        for old in list(self._found)[:-_REMEMBERED]:
            self._found.pop(old, None)
        return found


def find_roads(folder: str | Path, settings: Mapping[str, Any]) -> KeptRoads | None:
    """Return a study's roads, ``None`` where it has none.

    Parameters
    ----------
    folder : path
    settings : mapping
        The content of the study's ``study.toml``.
    """
    place = side_file(folder, settings, ABOUT_FILE)
    if not place.is_file():
        return None
    about = json.loads(place.read_text("utf-8"))
    return KeptRoads(place.with_name(str(about["file"])), about)


def keep_roads(
    folder: str | Path,
    settings: Mapping[str, Any],
    roads: Roads,
    *,
    name: str,
    attribution: str = "",
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

    Returns
    -------
    KeptRoads

    Notes
    -----
    The new file is whole before the study points to it, and the old one leaves last: a crash in
    between leaves the study with one or the other.
    """
    from geo.roads_files import save

    place = side_file(folder, settings, ABOUT_FILE)
    file = f"roads-{roads.fingerprint}.npz"
    save(roads, place.with_name(file))
    about = {
        "file": file,
        "name": name,
        "imported": dt.date.today().isoformat(),
        "fingerprint": roads.fingerprint,
        "pieces": len(roads.start),
        "kilometres": round(float(roads.metres.sum()) / 1000, 1),
        "attribution": attribution,
        "warnings": [[warning.code, warning.count] for warning in roads.warnings],
    }
    write_bytes(json.dumps(about, ensure_ascii=False, indent=1).encode(), place)
    _sweep(place, keep=file)
    return KeptRoads(place.with_name(file), about)


def drop_roads(folder: str | Path, settings: Mapping[str, Any]) -> bool:
    """Take a study's roads away; return whether it had any."""
    place = side_file(folder, settings, ABOUT_FILE)
    had = place.is_file()
    place.unlink(missing_ok=True)
    _sweep(place, keep="")
    return had


def _sweep(place: Path, *, keep: str) -> None:
    for old in place.parent.glob("roads-*.npz"):
        if old.name != keep:
            old.unlink(missing_ok=True)


def _hash(points: Floats) -> str:
    return hashlib.blake2b(np.ascontiguousarray(points).tobytes(), digest_size=16).hexdigest()
