"""The blocks of the compiled scan leave no window out: every map's maximum against plain numpy."""

import numpy as np
import pytest

from analysis.scan_kernels import best_windows, highest_ratios


def world(seed: int, n: int, ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return neighbours from near to far, where a circle closes, window lengths and shares."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 6, (n, 2)).astype(float) if ties else rng.uniform(0, 1, (n, 2))
    people = rng.lognormal(0, 1.5, n) * (rng.random(n) > 0.1)
    share = people / people.sum()
    apart = np.linalg.norm(at[:, None] - at[None], axis=2)
    order = np.argsort(apart, axis=1, kind="stable")
    far = np.take_along_axis(apart, order, axis=1)
    closes = np.append(np.diff(far, axis=1) > 1e-9, np.ones((n, 1), dtype=bool), axis=1)
    length = (np.cumsum(share[order], axis=1) <= 0.5).sum(axis=1)
    return order.astype(np.int32), closes, length, share


def table(total: int) -> np.ndarray:
    count = np.arange(total + 1.0)
    own = count * np.log(np.maximum(count, 1))
    return own + own[::-1]


def ratios(world_: tuple, counts: np.ndarray) -> np.ndarray:
    """Return the ratio of every window of one map, 0 where it is none, shape (n, n)."""
    order, closes, length, share = world_
    total = counts.sum()
    c, e = np.cumsum(counts[order], axis=1), np.cumsum(share[order], axis=1) * total
    hot = closes & (np.arange(order.shape[1]) < length[:, None]) & (c > e)
    found = np.zeros(c.shape)
    c, e = c[hot], e[hot]
    rest = total - c
    found[hot] = c * np.log(c / e) + rest * np.log(np.maximum(rest, 1) / (total - e))
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("total", [3, 60, 5_000, 200_000])
def test_the_highest_ratio_of_every_map(seed: int, ties: bool, total: int) -> None:
    made = world(seed, 90, ties)
    maps = np.random.default_rng(seed).multinomial(total, made[3], size=40)
    counts = np.ascontiguousarray(maps.T, dtype=np.int32)
    expected = [ratios(made, row).max() for row in maps]
    np.testing.assert_allclose(highest_ratios(*made, table(total), counts), expected, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ties", [False, True])
def test_the_best_window_of_every_centre_beside_what_is_taken(seed: int, ties: bool) -> None:
    made = world(seed, 70, ties)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(900, made[3]).astype(np.int32)
    taken = rng.random(70) < 0.05
    top, last = best_windows(*made, table(900), counts, taken)
    free = np.cumsum(taken[made[0]], axis=1) == 0
    expected = np.where(free, ratios(made, counts), 0)
    np.testing.assert_allclose(top, expected.max(axis=1), atol=1e-9)
    some = top > 0
    np.testing.assert_array_equal(last[~some], -1)
    chosen = expected[np.arange(70), last]
    np.testing.assert_allclose(chosen[some], top[some], atol=1e-9)
