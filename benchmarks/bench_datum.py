"""GCJ-02 and BD-09 back to WGS-84: largest error and points per second, against eviltransform.

Run ``python -m benchmarks.bench_datum [points]``. Points lie all over China. The peer (PyPI
``eviltransform``, where installed) works point by point; its usual inverse is one step, its exact
one iterates. Its clock runs on a hundredth of the points and is scaled.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from geo.crs import from_wgs84, to_wgs84

M_PER_DEG = 111_195.0


def metres(lon: np.ndarray, lat: np.ndarray, lon_2: np.ndarray, lat_2: np.ndarray) -> float:
    """Return the largest distance between pairs of points that lie close together."""
    return float(np.hypot((lon - lon_2) * np.cos(np.radians(lat)), lat - lat_2).max() * M_PER_DEG)


def peer(lon: np.ndarray, lat: np.ndarray) -> None:
    """Print the error and speed of eviltransform on a part of the points, if it is there."""
    try:
        import eviltransform
    except ImportError:
        print("eviltransform is not installed: no peer")
        return
    part = slice(0, max(1, len(lon) // 100))
    x, y = from_wgs84(lon[part], lat[part], datum="gcj02")
    for name in ("gcj2wgs", "gcj2wgs_exact"):
        call = getattr(eviltransform, name)
        start = time.perf_counter()
        back = np.array([call(b, a) for a, b in zip(x.tolist(), y.tolist(), strict=True)])
        seconds = time.perf_counter() - start
        error = metres(lon[part], lat[part], back[:, 1], back[:, 0])
        print(f"peer {name:14} {len(x) / seconds:12,.0f} points/s, largest error {error:.6f} m")


def main() -> None:
    """Print the error and the speed of both inverses, and the peer's."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(73.5, 135.0, count), rng.uniform(3.5, 53.5, count)
    for datum in ("gcj02", "bd09"):
        x, y = from_wgs84(lon, lat, datum=datum)
        start = time.perf_counter()
        back = to_wgs84(x, y, datum=datum)
        seconds = time.perf_counter() - start
        error = metres(lon, lat, *back)
        print(f"ours {datum:14} {count / seconds:12,.0f} points/s, largest error {error:.1e} m")
    peer(lon, lat)


if __name__ == "__main__":
    main()
