"""Reach: paper answers, brute force, laws, and every bad input to its error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyproj import Geod
from scipy.sparse import csr_array

from geo import reach
from geo.pairs import cheapest, nearest_in, within

DEGREE_M = np.pi / 180 * reach.EARTH_RADIUS_M


def haversine(a, b):
    a, b = np.radians(a)[:, None], np.radians(b)[None]
    half = np.sin((a - b) / 2) ** 2
    h = half[..., 1] + np.cos(a[..., 1]) * np.cos(b[..., 1]) * half[..., 0]
    return 2 * reach.EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1)))


def dense(pairs):
    table = np.full(pairs.shape, np.inf)
    table[np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr)), pairs.indices] = pairs.data
    return table


def same(a, b):
    return (
        np.array_equal(a.indptr, b.indptr)
        and np.array_equal(a.indices, b.indices)
        and np.array_equal(a.data, b.data)
    )


@pytest.fixture(params=["tree", "compiled"])
def search(request, monkeypatch):
    monkeypatch.setattr(reach, "COMPILED_FROM", 0 if request.param == "compiled" else 10**9)
    return request.param


WORLDS = {
    "quanzhou": (117.5, 119.0, 24.5, 26.0),
    "globe": (-180, 180, -90, 90),
    "antimeridian": (179.9, 180.1, 10.0, 10.2),
    "south": (-70.2, -70.0, -53.2, -53.0),
    "pole": (-180, 180, 89.9, 90.0),
}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("limit_m", [0, 900, 5_000, 150_000, 3e6, np.inf])
def test_pairs_equal_brute_force(search, world, limit_m):
    rng = np.random.default_rng(7)
    west, east, south, north = WORLDS[world]
    points = rng.uniform((west, south), (east, north), size=(500, 2))
    demand, sites = points[:300], points[250:]
    pairs = reach.reach_pairs(demand, sites, limit_m)
    truth = haversine(demand, sites)
    assert np.array_equal(np.isfinite(dense(pairs)), truth <= limit_m)
    near = truth < 1.9e7  # haversine itself loses digits at the antipode
    stored = np.isfinite(dense(pairs)) & near
    assert np.abs(dense(pairs) - truth)[stored].max(initial=0) < 1e-6
    assert pairs.has_canonical_format
    assert pairs.shape == (300, 250)


def test_both_searches_give_the_same_bits(monkeypatch):
    rng = np.random.default_rng(3)
    demand, sites = rng.uniform((118, 24), (119, 25), (2, 900, 2))
    limit = rng.choice([0.0, 500.0, 3_000.0, 20_000.0], 900)
    results = []
    for threshold in (0, 10**9):
        monkeypatch.setattr(reach, "COMPILED_FROM", threshold)
        results.append(reach.reach_pairs(demand, sites, limit))
    assert same(*results)
    assert (dense(results[0]) <= limit[:, None]).sum() == results[0].nnz


def test_both_searches_sort_long_rows(monkeypatch):
    """Rows of 300 entries take another way through the compiled sort than rows of 20."""
    rng = np.random.default_rng(8)
    demand, sites = rng.uniform((118, 25), (118.02, 25.02), (2, 300, 2))
    results = []
    for threshold in (0, 10**9):
        monkeypatch.setattr(reach, "COMPILED_FROM", threshold)
        results.append(reach.reach_pairs(demand, sites, 5_000))
    assert same(*results)
    assert results[0].nnz == 300 * 300


def test_distances_agree_with_pyproj_on_the_sphere():
    geod = Geod(a=reach.EARTH_RADIUS_M, b=reach.EARTH_RADIUS_M)
    rng = np.random.default_rng(1)
    a = rng.uniform((-180, -90), (180, 90), (400, 2))
    b = a + rng.normal(0, 10.0 ** rng.uniform(-9, 1, (400, 1)), (400, 2))
    b[:, 1] = np.clip(b[:, 1], -90, 90)
    expected = geod.inv(*a.T, *b.T)[2]
    assert np.abs(reach.great_circle_m(a, b) - expected).max() < 1e-6


def test_one_degree_of_the_equator_and_of_a_meridian():
    pairs = reach.reach_pairs([[0, 0]], [[1, 0], [0, 1], [-1, 0]], 200_000)
    assert dense(pairs)[0] == pytest.approx([DEGREE_M] * 3, abs=1e-6)


@pytest.mark.parametrize("offset", [0, 0.01, 0.5])
def test_limit_is_inclusive_to_the_last_bit(search, offset):
    sites = np.array([[118.5 + offset, 24.9 + offset / 3]])
    metres = reach.reach_pairs([[118.5, 24.9]], sites, np.inf).data[0]
    assert reach.reach_pairs([[118.5, 24.9]], sites, metres).nnz == 1
    below = np.nextafter(metres, -1)
    if below >= 0:
        assert reach.reach_pairs([[118.5, 24.9]], sites, below).nnz == 0


def test_limit_zero_means_the_same_position(search):
    pairs = reach.reach_pairs([[118, 25], [180, 10]], [[118, 25], [118, 25.00001], [-180, 10]], 0)
    assert dense(pairs).tolist() == [[0, np.inf, np.inf], [np.inf, np.inf, 0]]


def test_a_pole_has_every_longitude(search):
    pairs = reach.reach_pairs([[0, 90], [77, -90]], [[123, 90], [-45, -90]], 1)
    assert dense(pairs).tolist() == [[0, np.inf], [np.inf, 0]]


def test_half_the_circumference_reaches_the_antipode():
    pairs = reach.reach_pairs([[0, 0]], [[180, 0], [179, 1]], reach.HALF_CIRCUMFERENCE_M)
    assert pairs.nnz == 2


def test_one_limit_for_each_row(search):
    sites = [[118.0, 25.0], [118.0, 25.01], [118.0, 25.02]]
    pairs = reach.reach_pairs([[118.0, 25.0]] * 3, sites, [0, 1_112, 3_000])
    assert np.diff(pairs.indptr).tolist() == [1, 2, 3]


@pytest.mark.parametrize(("n_demand", "n_sites"), [(0, 0), (0, 3), (3, 0)])
def test_empty_tables_keep_their_shape(n_demand, n_sites):
    pairs = reach.reach_pairs([[0, 0]] * n_demand, [[0, 0]] * n_sites, 1_000)
    assert pairs.shape == (n_demand, n_sites)
    assert pairs.nnz == 0
    position, metres = reach.nearest([[0, 0]] * n_demand, [[0, 0]] * n_sites)
    assert position.tolist() == [-1] * n_demand
    assert metres.tolist() == [np.inf] * n_demand
    assert np.array_equal(nearest_in(pairs)[1], metres)


@pytest.mark.parametrize("world", WORLDS)
def test_nearest_equals_brute_force(world):
    rng = np.random.default_rng(5)
    west, east, south, north = WORLDS[world]
    points = rng.uniform((west, south), (east, north), size=(500, 2))
    position, metres = reach.nearest(points[:300], points[250:])
    truth = haversine(points[:300], points[250:])
    assert np.array_equal(position, truth.argmin(axis=1))
    assert np.abs(metres - truth.min(axis=1)).max() < 1e-6
    assert (metres[250:] == 0).all()


def test_nearest_names_the_first_of_several_at_one_place():
    sites = [[118, 26], [118, 25.5], [118, 25], [118, 25.5], [118, 25]]
    assert reach.nearest([[118, 25], [118, 25.4]], sites)[0].tolist() == [2, 1]


def test_nearest_names_the_first_of_many_at_one_place():
    rng = np.random.default_rng(6)
    places = rng.uniform((118, 25), (119, 26), (40, 2))
    sites = places[rng.integers(40, size=400)]
    first = [np.flatnonzero((sites == place).all(axis=1)) for place in places]
    there = [k for k in range(40) if len(first[k])]
    position = reach.nearest(places[there], sites)[0]
    assert position.tolist() == [first[k][0] for k in there]


def test_nearest_in_reads_zero_absent_and_equal_costs():
    pairs = csr_array(([7.0, 0.0, 4.0, 4.0, 9.0], [0, 2, 1, 3, 0], [0, 2, 2, 4, 5]), shape=(4, 4))
    position, cost = nearest_in(pairs)
    assert position.tolist() == [2, -1, 1, 0]
    assert cost.tolist() == [0, np.inf, 4, 9]


def test_cheapest_keeps_the_least_of_repeated_pairs():
    row, column = np.array([1, 0, 1, 1]), np.array([0, 2, 0, 1])
    matrix = cheapest(row, column, np.array([4.0, 0.0, 3.0, 9.0]), (3, 3))
    inf = np.inf
    assert dense(matrix).tolist() == [[inf, inf, 0], [3, 9, inf], [inf, inf, inf]]
    assert matrix.has_canonical_format


def test_within_cuts_an_existing_matrix():
    pairs = csr_array(([5.0, 0.0, 3.0], [0, 1, 0], [0, 2, 3]), shape=(2, 2))
    assert dense(within(pairs, 3)).tolist() == [[np.inf, 0], [3, np.inf]]
    assert dense(within(pairs, [5, 2])).tolist() == [[5, 0], [np.inf, np.inf]]
    assert within(pairs, 5) is pairs


LONLAT = hnp.arrays(
    float,
    st.tuples(st.integers(1, 25), st.just(2)),
    elements=st.floats(-1, 1, width=32),
).map(lambda unit: np.array([118.0, 25.0]) + unit * 0.05)


@settings(max_examples=60, deadline=None)
@given(LONLAT, LONLAT, st.floats(0, 8_000), st.floats(0, 8_000), st.randoms())
def test_laws(demand, sites, one, other, random):
    low, high = sorted((one, other))
    near, far = reach.reach_pairs(demand, sites, low), reach.reach_pairs(demand, sites, high)
    assert same(near, within(far, low))
    assert np.array_equal(dense(reach.reach_pairs(sites, demand, high)), dense(far).T)
    rows = random.sample(range(len(demand)), len(demand))
    columns = random.sample(range(len(sites)), len(sites))
    shuffled = reach.reach_pairs(demand[rows], sites[columns], high)
    assert np.array_equal(dense(shuffled), dense(far)[np.ix_(rows, columns)])
    twice = reach.reach_pairs(demand, np.vstack([sites, sites]), high)
    assert np.array_equal(dense(twice), np.hstack([dense(far)] * 2))
    metres = reach.nearest(demand, sites)[1]
    everything = nearest_in(reach.reach_pairs(demand, sites, np.inf))[1]
    assert np.abs(metres - everything).max() < 1e-6


@settings(max_examples=40, deadline=None)
@given(LONLAT, LONLAT, st.floats(-179, 179))
def test_turning_the_globe_changes_no_distance(demand, sites, turn):
    before = dense(reach.reach_pairs(demand, sites, np.inf))
    turned = [
        (points + np.array([turn + 180, 0])) % [360, 400] - [180, 0] for points in (demand, sites)
    ]
    assert np.abs(dense(reach.reach_pairs(*turned, np.inf)) - before).max() < 1e-5


def test_compiled_search_turns_over_the_antimeridian_without_doubles(monkeypatch):
    monkeypatch.setattr(reach, "COMPILED_FROM", 0)
    rng = np.random.default_rng(2)
    demand, sites = rng.uniform((-1, 60), (1, 61), (2, 500, 2))
    here = reach.reach_pairs(demand, sites, 20_000)
    for points in (demand, sites):
        points[:, 0] += np.where(points[:, 0] < 0, 180, -180)
    there = reach.reach_pairs(demand, sites, 20_000)
    assert np.array_equal(here.indptr, there.indptr)
    assert np.array_equal(here.indices, there.indices)
    assert np.abs(here.data - there.data).max() < 1e-6


@pytest.mark.parametrize(
    ("demand", "sites", "limit_m", "code", "facts"),
    [
        (
            [[0, 0], [np.nan, 1], [2, np.inf]],
            [[0, 0]],
            1,
            "reach.not_finite",
            {"table": "demand", "count": 2, "ids": "1, 2"},
        ),
        ([[0, 0]], [[25, 118]], 1, "reach.not_degrees", {"table": "sites", "count": 1}),
        ([[400_000, 25]], [[0, 0]], 1, "reach.not_degrees", {"table": "demand", "ids": "0"}),
        ([0, 0, 1], [[0, 0]], 1, "reach.shape", {"value": "(3,)"}),
        ([[0, 0]], [[0, 0]], -1, "reach.limit", {"value": -1.0, "count": 1}),
        ([[0, 0]], [[0, 0]], np.nan, "reach.limit", {"count": 1}),
        ([[0, 0]] * 2, [[0, 0]], [5, np.nan], "reach.limit", {"count": 1}),
        ([[0, 0]] * 2, [[0, 0]], [5, 5, 5], "reach.limit_shape", {"value": 3, "count": 2}),
    ],
)
def test_bad_input_is_named(demand, sites, limit_m, code, facts):
    with pytest.raises(reach.ReachError) as caught:
        reach.reach_pairs(demand, sites, limit_m)
    assert caught.value.code == code
    assert facts.items() <= caught.value.facts.items()


def test_the_input_is_left_as_it_was():
    demand = np.array([[180.0, 0.0]])
    reach.reach_pairs(demand, demand, 5)
    reach.nearest(demand, demand)
    assert demand.tolist() == [[180.0, 0.0]]
