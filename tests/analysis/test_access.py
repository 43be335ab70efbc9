"""Floating catchments: paper answers, PySAL as the oracle, conservation, bad input."""

import numpy as np
import pandas as pd
import pytest
from access import fca
from access import weights as pysal_weights
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from analysis.access import (
    AccessError,
    floating_catchments,
    gaussian_weight,
    step_weight,
    zones,
)
from geo.reach import reach_pairs

STEPS = {1_000: 1.0, 2_000: 0.68, 3_000: 0.22}


def world(seed, n_demand=400, n_rooms=60):
    rng = np.random.default_rng(seed)
    demand = rng.uniform((118, 25), (118.1, 25.1), (n_demand, 2))
    rooms = rng.uniform((118, 25), (118.1, 25.1), (n_rooms, 2))
    rooms[0] = demand[0]  # a stored distance of zero
    people = pd.Series(rng.integers(1, 3_000, n_demand).astype(float)).add_prefix("d")
    supply = pd.Series(rng.uniform(0, 3, n_rooms)).add_prefix("r")
    return reach_pairs(demand, rooms, 3_000), people, supply


def pysal(pairs, people, supply, first, second):
    """Compose PySAL's two catchments by hand, so that the second step may weigh differently."""
    rows = np.repeat(people.index, np.diff(pairs.indptr))
    cost = pd.DataFrame({"origin": rows, "dest": supply.index[pairs.indices], "cost": pairs.data})
    frame = people.to_frame("demand")
    total = fca.weighted_catchment(
        frame, cost, 3_000, "origin", "dest", "cost", loc_index=True, loc_value="demand",
        weight_fn=first,
    )  # fmt: skip
    ratio = (supply.reindex(total.index) / total).to_frame("Rl")
    return fca.weighted_catchment(
        ratio, cost, 3_000, "dest", "origin", "cost", loc_index=True, loc_value="Rl",
        weight_fn=second,
    )  # fmt: skip


def test_answer_on_paper():
    """Room p serves 30 and 10 people, room q only the 10; q is 500 m from them, p 2,500 m."""
    pairs = csr_array(([0.0, 2_500.0, 500.0], [0, 0, 1], [0, 1, 3, 3]), shape=(3, 3))
    people = pd.Series([30.0, 10.0, 99.0], index=["a", "b", "far"])
    supply = pd.Series([1.0, 2.0, 1.0], index=["p", "q", "lonely"])
    plain = floating_catchments(pairs, people, supply, method="2sfca")
    assert plain.people_in_reach.tolist() == [40, 10, 0]
    assert plain.ratio.fillna(-1).tolist() == [1 / 40, 2 / 10, -1]
    assert plain.access.to_dict() == pytest.approx({"a": 1 / 40, "b": 1 / 40 + 2 / 10, "far": 0})
    enhanced = floating_catchments(pairs, people, supply, weight=step_weight(STEPS))
    ratio = 1 / (30 + 0.22 * 10)
    assert enhanced.access.tolist() == pytest.approx([ratio, 0.22 * ratio + 0.2, 0])
    modified = floating_catchments(
        pairs, people, supply, method="m2sfca", weight=step_weight(STEPS)
    )
    assert modified.access.tolist() == pytest.approx([ratio, 0.22**2 * ratio + 0.2, 0])
    assert enhanced.mean(people) == pytest.approx(3 / 139)
    assert pairs.data.tolist() == [0, 2_500, 500]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method", ["2sfca", "e2sfca", "m2sfca"])
@pytest.mark.parametrize("shape", ["steps", "gaussian"])
def test_equal_to_pysal(seed, method, shape):
    pairs, people, supply = world(seed)
    oracle = pysal_weights.step_fn(STEPS) if shape == "steps" else pysal_weights.gaussian(1_000.0)
    ours = step_weight(STEPS) if shape == "steps" else gaussian_weight(1_000.0)
    first = None if method == "2sfca" else oracle
    second = (lambda cost: oracle(cost) ** 2) if method == "m2sfca" else first
    expected = pysal(pairs, people, supply, first, second).reindex(people.index).fillna(0)
    found = floating_catchments(
        pairs, people, supply, method=method, weight=None if method == "2sfca" else ours
    )
    assert found.access.index.equals(people.index)
    np.testing.assert_allclose(found.access, expected, rtol=1e-12, atol=0)


def test_equal_to_pysals_own_two_stage_call():
    pairs, people, supply = world(9)
    rows = np.repeat(people.index, np.diff(pairs.indptr))
    cost = pd.DataFrame({"origin": rows, "dest": supply.index[pairs.indices], "cost": pairs.data})
    expected = fca.two_stage_fca(
        people.to_frame("demand").rename_axis("geoid"),
        supply.to_frame("supply").rename_axis("geoid"),
        cost,
        3_000,
        demand_index=True,
        weight_fn=pysal_weights.step_fn(STEPS),
    )
    found = floating_catchments(pairs, people, supply, weight=step_weight(STEPS)).access
    np.testing.assert_allclose(found[expected.index], expected, rtol=1e-12, atol=0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(50, 5_000), st.randoms())
def test_laws(seed, sigma, random):
    pairs, people, supply = world(seed, 60, 12)
    found = floating_catchments(pairs, people, supply, weight=gaussian_weight(sigma))
    reached = supply[found.people_in_reach > 0].sum()
    assert (found.access * people).sum() == pytest.approx(reached, rel=1e-9)
    rows = random.sample(range(60), 60)
    columns = random.sample(range(12), 12)
    shuffled = floating_catchments(
        csr_array(pairs[rows][:, columns]),
        people.iloc[rows],
        supply.iloc[columns],
        weight=gaussian_weight(sigma),
    )
    pd.testing.assert_series_equal(shuffled.access[people.index], found.access, rtol=1e-9)
    doubled = floating_catchments(pairs, people, supply * 2, weight=gaussian_weight(sigma))
    pd.testing.assert_series_equal(doubled.access, found.access * 2, rtol=1e-12)


def test_a_shorter_limit_is_the_same_as_fewer_pairs():
    pairs, people, supply = world(4)
    short = csr_array(
        (np.where(pairs.data <= 1_500, pairs.data, np.inf), pairs.indices, pairs.indptr),
        shape=pairs.shape,
    )
    limited = floating_catchments(pairs, people, supply, method="2sfca", limit=1_500)
    again = floating_catchments(short, people, supply, method="2sfca", limit=1e9)
    pd.testing.assert_series_equal(limited.access, again.access)
    rows = np.where(np.arange(len(people)) % 2, 1_500.0, 0.0)
    some = floating_catchments(pairs, people, supply, method="2sfca", limit=rows)
    assert (some.access.iloc[2::2] == 0).all()
    assert some.access.iloc[0] > 0


def test_unknown_people_share_nothing_and_are_counted():
    pairs = csr_array(([1.0, 1.0], [0, 0], [0, 1, 2]), shape=(2, 1))
    people = pd.Series([np.nan, 10.0])
    found = floating_catchments(pairs, people, pd.Series([1.0]), method="2sfca")
    assert found.access.tolist() == [0.1, 0.1]
    assert found.people_unknown == 1
    assert found.mean(people) == pytest.approx(0.1)


def test_a_room_reached_by_nobody_has_no_ratio():
    pairs = csr_array(([1.0], [0], [0, 1]), shape=(1, 1))
    found = floating_catchments(pairs, pd.Series([0.0]), pd.Series([1.0]), method="2sfca")
    assert found.access.tolist() == [0]
    assert found.ratio.isna().all()
    assert np.isnan(found.mean(pd.Series([0.0])))


def test_no_demand_and_no_rooms():
    empty = pd.Series([], dtype=float)
    found = floating_catchments(csr_array((0, 2)), empty, pd.Series([1.0, 1.0]), method="2sfca")
    assert len(found.access) == 0
    found = floating_catchments(csr_array((2, 0)), pd.Series([1.0, 1.0]), empty, method="2sfca")
    assert found.access.tolist() == [0, 0]


def test_three_equal_zones():
    assert zones(3_000)(np.array([0, 1_000, 1_001, 2_001, 3_001])).tolist() == [
        1, 1, 0.68, 0.22, 0,
    ]  # fmt: skip


ONE = pd.Series([1.0])


@pytest.mark.parametrize(
    ("call", "code", "facts"),
    [
        ({"method": "3sfca"}, "access.method", {"value": "3sfca"}),
        ({"method": "e2sfca"}, "access.weight_use", {"value": "e2sfca"}),
        ({"weight": gaussian_weight(1)}, "access.weight_use", {"value": "2sfca"}),
        ({"people": pd.Series([1.0, 1.0])}, "access.shape", {"count": 2, "rooms": 1}),
        ({"people": pd.Series([-1.0], index=["x"])}, "access.values", {"ids": "x"}),
        ({"people": pd.Series([np.inf])}, "access.values", {"column": "people"}),
        ({"supply": pd.Series([np.nan])}, "access.values", {"column": "supply", "count": 1}),
        ({"method": "e2sfca", "weight": lambda cost: -cost}, "access.weight", {}),
        ({"method": "e2sfca", "weight": lambda cost: 1.0}, "access.weight", {}),
    ],
)
def test_bad_input_is_named(call, code, facts):
    arguments = {"people": ONE, "supply": ONE, "method": "2sfca"} | call
    pairs = csr_array(([5.0], [0], [0, 1]), shape=(1, 1))
    with pytest.raises(AccessError) as caught:
        floating_catchments(pairs, arguments.pop("people"), arguments.pop("supply"), **arguments)
    assert caught.value.code == code
    assert facts.items() <= caught.value.facts.items()


@pytest.mark.parametrize("steps", [{}, {-1: 1}, {5: 1.5}, {5: np.nan}])
def test_bad_steps(steps):
    with pytest.raises(AccessError) as caught:
        step_weight(steps)
    assert caught.value.code == "access.steps"


@pytest.mark.parametrize("sigma", [0, -5, np.nan, np.inf])
def test_bad_sigma(sigma):
    with pytest.raises(AccessError) as caught:
        gaussian_weight(sigma)
    assert caught.value.code == "access.sigma"
