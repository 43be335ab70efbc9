"""How long the way to a room takes on roads: one graph a mode, nearest room and cost matrix.

People travel to the room, so searches run from the rooms against the traffic. Between a door and
the road, and where no road comes closer than the room itself, they walk in a straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components, dijkstra

from geo.pairs import Floats, Ints, Pairs, cheapest, nearest_in, within
from geo.reach import SiteIndex, checked_lonlat, reach_pairs
from geo.roads_classes import MODES, ROAD_CLASSES, WALK_KMH, edge_kmh
from geo.roads_errors import RoadsError, RoadWarning
from geo.roads_files import Roads
from geo.roads_slope import walking_factor

SNAP_LIMIT_M = 500.0
"""Furthest straight way between a door and the road."""

LEAST_KEPT = 0.25
"""Share of road length that must hang together; less means that lines do not meet."""

_CHUNK = 128  # rooms between two words of progress

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Network:
    """The roads one mode can use, as a graph whose every node reaches every other.

    Parameters
    ----------
    mode : {"walk", "ebike", "drive"}
    cost : {"minutes", "metres"}
        The unit of everything computed on it.
    lonlat : float array, shape (n_nodes, 2)
        Degrees WGS-84.
    against : csr_array, shape (n_nodes, n_nodes)
        Cost of each edge at [to, from]: the graph with all traffic reversed.
    straight_cost : float
        Cost of one metre between door and road.
    kept_share : float
        Share of the length open to the mode that the graph holds; the rest is cut off from it.
    index : SiteIndex
        Of the nodes.
    warnings : tuple of RoadWarning
    fingerprint : str
    """

    mode: str
    cost: str
    lonlat: Floats
    against: Pairs
    straight_cost: float
    kept_share: float
    index: SiteIndex
    warnings: tuple[RoadWarning, ...]
    fingerprint: str


def build_network(
    roads: Roads,
    mode: str = "walk",
    *,
    cost: str = "minutes",
    speeds_kmh: Mapping[str, float] | None = None,
) -> Network:
    """Turn roads into the graph of one mode.

    Parameters
    ----------
    roads : Roads
    mode : {"walk", "ebike", "drive"}
        Feet ignore one-way signs and feel slopes; e-bikes and cars obey signs and ignore slopes.
    cost : {"minutes", "metres"}
        Metres are of way, whatever the speed.
    speeds_kmh : mapping of str to float, optional
        Speeds by road class that replace :data:`geo.roads_classes.SPEEDS_KMH`.

    Returns
    -------
    Network

    Raises
    ------
    RoadsError
        ``roads.mode``, ``roads.cost``, ``roads.speed`` for settings; ``roads.closed`` when no road
        is open to the mode; ``roads.disconnected`` when less than :data:`LEAST_KEPT` of the length
        hangs together, which is how lines that do not meet show.

    Notes
    -----
    Of parallel edges the cheapest counts. Only the largest strongly connected component stays:
    from any of its nodes every room is reached, and back. O(edges log edges) time.
    """
    _check_settings(mode, cost, speeds_kmh)
    open_ = roads.allowed[:, MODES.index(mode)]
    if not open_.any():
        text = f"none of {len(open_)} road pieces is open to mode {mode!r}; check the road classes."
        raise RoadsError("roads.closed", text, mode=mode, count=len(open_))
    start, end, metres = roads.start[open_], roads.end[open_], roads.metres[open_]
    prices = [metres, metres]
    if cost == "minutes":
        kmh = edge_kmh(mode, roads.road_class[open_], roads.limit_kmh[open_], speeds_kmh)
        slope = roads.rise_m[open_] / metres if mode == "walk" else np.zeros(len(metres))
        prices = [metres * 0.06 / (kmh * walking_factor(s)) for s in (slope, -slope)]
    way = roads.direction[open_] if mode != "walk" else np.zeros(len(start), dtype=np.int8)
    forth, back = way >= 0, way <= 0
    # [to, from]: a piece that leads from start to end is an edge from end to start here.
    row = np.concatenate([end[forth], start[back]])
    column = np.concatenate([start[forth], end[back]])
    price = np.concatenate([prices[0][forth], prices[1][back]])
    n = len(roads.lonlat)
    graph = cheapest(row, column, price, (n, n))
    kept, share = _largest_component(graph, start, end, metres)
    warnings = roads.warnings
    if share < 1:
        lost = len(np.unique(np.concatenate([start, end]))) - len(kept)
        text = f"{lost} node(s), {1 - share:.1%} of the length, are cut off and were left out."
        warnings = (*warnings, RoadWarning("roads.cut_off", text, count=lost))
    if share < LEAST_KEPT:
        text = (
            f"only {share:.0%} of the road length hangs together; let lines share a vertex where "
            "roads meet (split them at junctions)."
        )
        raise RoadsError("roads.disconnected", text, share=f"{share:.0%}")
    lonlat = roads.lonlat[kept]
    return Network(
        mode=mode,
        cost=cost,
        lonlat=lonlat,
        against=csr_array(graph[kept][:, kept]),
        straight_cost=0.06 / WALK_KMH if cost == "minutes" else 1.0,
        kept_share=share,
        index=SiteIndex(lonlat),
        warnings=warnings,
        fingerprint=f"{roads.fingerprint}-{mode}-{cost}-{sorted((speeds_kmh or {}).items())}",
    )


def snap(
    network: Network, lonlat: npt.ArrayLike, *, limit_m: float = SNAP_LIMIT_M
) -> tuple[Ints, Floats]:
    """Return the nearest node of each point, and how far it is.

    Parameters
    ----------
    network : Network
    lonlat : array-like, shape (n, 2)
        Degrees WGS-84.
    limit_m : float
        Inclusive.

    Returns
    -------
    node : int64 array, shape (n,)
        -1 beyond the limit.
    metres : float array, shape (n,)
        Great-circle distance to the nearest node, also beyond the limit.
    """
    points = checked_lonlat(lonlat, "points")
    node, metres = network.index.nearest(points)
    return np.where(metres <= limit_m, node, -1), metres


def nearest_by_road(
    network: Network,
    demand_lonlat: npt.ArrayLike,
    room_lonlat: npt.ArrayLike,
    *,
    limit: float = np.inf,
    snap_limit_m: float = SNAP_LIMIT_M,
) -> pd.DataFrame:
    """Return the room that each demand row reaches soonest.

    Parameters
    ----------
    network : Network
    demand_lonlat, room_lonlat : array-like, shape (n, 2)
        Degrees WGS-84.
    limit : float
        Costs above it are not looked for, inclusive, in the unit of ``network.cost``.
    snap_limit_m : float
        Furthest straight way between a door and the road.

    Returns
    -------
    DataFrame
        ``position`` of the room (-1 for none), ``cost`` (inf for none), ``snap_m`` from the demand
        to the road, ``road_cost`` of the quickest way by road (inf for none) and ``on_road``,
        False where a straight walk is better or there is no way.

    Raises
    ------
    ReachError
        Coordinates that are not finite degrees.

    Notes
    -----
    One Dijkstra search from all rooms together over the reversed graph, each room an extra node
    that is as far from the road as its door: O(edges log nodes), whatever the number of rooms.
    Who stands nearer to a room than either stands to any road walks straight.

    References
    ----------
    Dijkstra, E. (1959) A note on two problems in connexion with graphs. Numerische Mathematik 1,
    269-271. doi:10.1007/BF01386390
    """
    demand = checked_lonlat(demand_lonlat, "demand")
    rooms = checked_lonlat(room_lonlat, "rooms")
    node, snap_m = snap(network, demand, limit_m=snap_limit_m)
    position = np.full(len(demand), -1, dtype=np.int64)
    cost = np.full(len(demand), np.inf)
    on_road = np.zeros(len(demand), dtype=bool)
    road_cost = cost
    if len(rooms) and len(demand):
        room_node, room_snap = snap(network, rooms, limit_m=snap_limit_m)
        sources = len(network.lonlat) + np.arange(len(rooms))
        along, _, source = dijkstra(
            _with_rooms(network, room_node, room_snap),
            indices=sources,
            min_only=True,
            limit=limit,
            return_predecessors=True,
        )
        total = along[node] + snap_m * network.straight_cost
        on_road = (node >= 0) & (total <= limit) & np.isfinite(total)
        cost = road_cost = np.where(on_road, total, np.inf)
        position = np.where(on_road, source[node] - len(network.lonlat), -1)
        walk = _straight(network, demand, rooms, snap_m, room_snap, snap_limit_m, limit)
        walk_position, walk_cost = nearest_in(walk)
        better = walk_cost < cost
        position, cost = np.where(better, walk_position, position), np.minimum(walk_cost, cost)
        on_road &= ~better
    table = {"position": position, "cost": cost, "snap_m": snap_m}
    return pd.DataFrame(table | {"road_cost": road_cost, "on_road": on_road})


def road_pairs(
    network: Network,
    demand_lonlat: npt.ArrayLike,
    room_lonlat: npt.ArrayLike,
    limit: float,
    *,
    snap_limit_m: float = SNAP_LIMIT_M,
    progress: Progress | None = None,
) -> Pairs:
    """Return the cost of every pair within the limit.

    Parameters
    ----------
    network : Network
    demand_lonlat, room_lonlat : array-like, shape (n, 2)
        Degrees WGS-84.
    limit : float
        Inclusive, in the unit of ``network.cost``.
    snap_limit_m : float
        Furthest straight way between a door and the road.
    progress : callable, optional
        Called with rooms done and rooms in all.

    Returns
    -------
    csr_array, shape (n_demand, n_rooms)
        Zeros are stored; what is not stored is out of reach.

    Notes
    -----
    One Dijkstra search a room, each within the limit only, so that the work does not grow with
    the network beyond it (:mod:`geo.roads_kernels`). An edit of one room needs one column, see
    :meth:`geo.roads_kept.KeptRoads.pairs`.
    """
    demand = checked_lonlat(demand_lonlat, "demand")
    rooms = checked_lonlat(room_lonlat, "rooms")
    shape = (len(demand), len(rooms))
    if not len(rooms) or not len(demand):
        return csr_array(shape, dtype=np.float64)
    from geo.roads_kernels import searched  # its compiler loads only where there are roads

    node, snap_m = snap(network, demand, limit_m=snap_limit_m)
    room_node, room_snap = snap(network, rooms, limit_m=snap_limit_m)
    homes = _homes(node, snap_m * network.straight_cost, len(network.lonlat))
    walk = csc_array(_straight(network, demand, rooms, snap_m, room_snap, snap_limit_m, limit))
    first, rows, costs = [np.zeros(1, dtype=np.int64)], [], []
    for start in range(0, len(rooms), _CHUNK):
        chunk = slice(start, min(start + _CHUNK, len(rooms)))
        walks = walk.indptr[chunk.start : chunk.stop + 1].astype(np.int64), walk.indices, walk.data
        doors = room_node[chunk], room_snap[chunk] * network.straight_cost
        ends, row, cost = searched(network.against, doors, homes, walks, limit)
        first.append(ends[1:] + first[-1][-1])
        rows.append(row)
        costs.append(cost)
        if progress is not None:
            progress(chunk.stop, len(rooms))
    columns = (np.concatenate(costs), np.concatenate(rows), np.concatenate(first))
    return csr_array(csc_array(columns, shape=shape))


def _homes(node: Ints, own: Floats, n_nodes: int) -> tuple[Ints, npt.NDArray[np.int32], Floats]:
    """Return the demand rows at each node and what each adds, as CSR by node."""
    snapped = np.flatnonzero(node >= 0)
    order = snapped[np.argsort(node[snapped], kind="stable")]
    count = np.bincount(node[snapped], minlength=n_nodes)
    return np.concatenate([[0], np.cumsum(count)]), order.astype(np.int32), own[order]


def _check_settings(mode: str, cost: str, speeds_kmh: Mapping[str, float] | None) -> None:
    if mode not in MODES:
        text = f"{mode!r} is no mode; take one of {', '.join(MODES)}."
        raise RoadsError("roads.mode", text, value=mode, choices=", ".join(MODES))
    if cost not in ("minutes", "metres"):
        text = f"{cost!r} is no cost; take minutes or metres."
        raise RoadsError("roads.cost", text, value=cost)
    for name, kmh in (speeds_kmh or {}).items():
        if name not in ROAD_CLASSES or not 0 < kmh <= 150:
            text = f"speed {kmh} km/h for {name!r}: name a road class, and 0 to 150 km/h."
            raise RoadsError("roads.speed", text, value=kmh, road_class=name)


def _largest_component(
    graph: Pairs, start: npt.NDArray[np.int32], end: npt.NDArray[np.int32], metres: Floats
) -> tuple[Ints, float]:
    """Return the nodes of the strong component with most length, and its share of the length."""
    n, label = connected_components(graph, directed=True, connection="strong")
    inside = label[start] == label[end]
    length = np.bincount(label[start[inside]], metres[inside], minlength=n)
    kept = np.flatnonzero(label == int(length.argmax()))
    return kept, float(length.max() / metres.sum())


def _with_rooms(network: Network, room_node: Ints, room_snap: Floats) -> Pairs:
    """Return the reversed graph with one more node a room, linked to the road at its door."""
    reached = room_node >= 0
    n, extra = len(network.lonlat), len(room_node)
    doors = csr_array(
        (
            room_snap[reached] * network.straight_cost,
            room_node[reached].astype(np.int32),
            np.concatenate([[0], np.cumsum(reached)]).astype(np.int32),
        ),
        shape=(extra, n + extra),
    )
    roads = network.against
    wide = csr_array((roads.data, roads.indices, roads.indptr), shape=(n, n + extra))
    return csr_array(vstack([wide, doors], format="csr"))


def _straight(
    network: Network,
    demand: Floats,
    rooms: Floats,
    snap_m: Floats,
    room_snap: Floats,
    snap_limit_m: float,
    limit: float,
) -> Pairs:
    """Return the pairs that are nearer to each other than one of them is to the road."""
    furthest = np.minimum(np.maximum(snap_m, room_snap.max()), snap_limit_m)
    pairs = reach_pairs(demand, rooms, furthest)
    row = np.repeat(np.arange(len(demand)), np.diff(pairs.indptr))
    near = pairs.data <= np.maximum(snap_m[row], room_snap[pairs.indices])
    value = pairs.data[near] * network.straight_cost
    indptr = np.concatenate([[0], np.cumsum(near)])[pairs.indptr].astype(pairs.indptr.dtype)
    return within(csr_array((value, pairs.indices[near], indptr), shape=pairs.shape), limit)
