"""What serves large sizes, against the plain way and every choice tried."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from analysis.siting import (
    SitingProblem,
    choose,
    covering,
    dominance,
    measure,
    nearby,
    nearest,
    pieces,
    ruled,
    search,
)
from analysis.siting.core import Core, core_of
from analysis.siting.multipliers import Multipliers, share_by_steps
from analysis.siting.parts import cut, part_solver, solve_part
from analysis.siting.plan import broken
from analysis.siting.program import Program
from analysis.siting.run import Run
from analysis.siting.solver import solve
from analysis.siting.tally import ruled_greedy
from benchmarks.instances import distances, make

PATTERNS = st.integers(1, 9).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1)
)


@pytest.fixture(scope="module")
def town():
    """Return a small generated world and its distances."""
    instance = make(500, 520, 60)
    return instance, distances(instance, 3000.0)


def pattern_of(rows):
    return sparse.csr_array(np.array(rows, dtype=np.int8))


@settings(max_examples=150, deadline=None)
@given(PATTERNS, st.integers(0, 99))
def test_lines_inside_others_by_sets_by_product_and_compiled(rows, seed):
    lines = pattern_of(rows)
    classes = np.random.default_rng(seed).integers(0, 2, len(rows))
    sets = [frozenset(np.flatnonzero(row)) for row in rows]
    n = range(len(rows))

    def first(a, b):
        return sets[a] < sets[b] or (sets[a] == sets[b] and b < a)

    inside = [any(first(a, b) and classes[a] == classes[b] for b in n) or not sets[a] for a in n]
    holds = [
        any(sets[b] and (sets[b] < sets[a] or (sets[a] == sets[b] and b < a)) for b in n) for a in n
    ]
    for ceiling in (np.inf, -1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dominance, "COMPILED_FROM", ceiling)
            assert dominance.inside_another(lines, classes).tolist() == inside
            assert dominance.holds_another(lines).tolist() == holds


@settings(max_examples=100, deadline=None)
@given(PATTERNS, st.integers(0, 99), st.integers(0, 5), st.sampled_from([3.0, np.inf]))
def test_compiled_greedy_picks_what_the_plain_one_picks(rows, seed, count, enough):
    cover = pattern_of(rows)
    weight = np.random.default_rng(seed).integers(0, 5, len(rows)).astype(float)
    none = np.full(len(rows), -1)
    core = Core(cover, weight, weight, none, np.arange(cover.shape[1]), [], 0.0, np.zeros(0), 0.0)
    picks = []
    for ceiling in (np.inf, -1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search, "COMPILED_FROM", ceiling)
            picks.append(search.greedy_cover(core, count, enough=enough).tolist())
    assert picks[0] == picks[1]
    assert len(picks[0]) <= count


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("required", [[], [3, 77, 400]])
def test_everybody_part_by_part_needs_as_few_as_the_whole_program(
    town, existing, required, monkeypatch
):
    instance, cost = town
    wants = {"cost": cost, "people": instance.people, "limit": 3000.0, "objective": "cover_all"}
    wants |= {"existing": instance.existing if existing else None, "required": required}
    problem = SitingProblem(**wants)
    whole = choose(problem)
    monkeypatch.setattr(covering, "LARGE", 0)
    apart = choose(problem)
    assert apart.verify(problem)
    assert (apart.value, apart.bound, apart.status) == (whole.value, whole.value, "optimal")


def test_everybody_without_time_is_still_covered_and_bounded(town, monkeypatch):
    instance, cost = town
    wants = {"cost": cost, "people": instance.people, "limit": 3000.0, "objective": "cover_all"}
    problem = SitingProblem(**wants)
    fewest = choose(problem).value
    monkeypatch.setattr(covering, "LARGE", 0)
    plan = choose(problem, time_limit_s=1e-6)
    assert plan.verify(problem)
    assert 0 < plan.bound <= fewest <= plan.value <= 1.5 * fewest


def ruled_town(town, **changes):
    instance, cost = town
    quotas = {("group", str(c)): (1, 5) for c in np.unique(instance.site_county)}
    wants = {"cost": cost, "people": instance.people, "limit": 3000.0, "n_new": 14}
    wants |= {"groups": instance.site_county, "kinds": instance.kinds, "floors": 0.1}
    wants |= {"demand_groups": instance.county, "quotas": quotas | {("kind", "park"): (2, 3)}}
    return SitingProblem(**(wants | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"existing": "rooms", "floors": 0.3},
        {"n_new": None, "budget": 16.0, "site_cost": "dear"},
        {"required": [7, 300], "forbidden": range(40, 90)},
    ],
)
def test_prices_and_narrowing_agree_with_the_whole_program(town, changes, monkeypatch):
    given = {"rooms": town[0].existing, "dear": np.linspace(0.5, 2.0, 520)}
    changes = {k: given[v] if isinstance(v, str) else v for k, v in changes.items()}
    problem = ruled_town(town, **changes)
    whole = choose(problem)
    monkeypatch.setattr(covering, "MIDDLE", 0)
    monkeypatch.setattr(ruled, "FIRST", 0.0)
    narrow = choose(problem)
    assert narrow.verify(problem)
    assert (narrow.value, narrow.bound, narrow.status) == (whole.value, whole.value, "optimal")


def test_greedy_under_rules_keeps_them_all_and_serves_when_time_is_up(town, monkeypatch):
    problem = ruled_town(town)
    sites = ruled_greedy(problem, core_of(problem, problem.pairs))
    best = choose(problem).value
    monkeypatch.setattr(covering, "MIDDLE", 0)
    plan = choose(problem, time_limit_s=1e-6)
    assert plan.verify(problem)
    assert plan.sites.tolist() == sites.tolist()
    assert 0.8 * best <= plan.value <= best <= plan.bound


class Ticks:
    """A clock that moves on by one each time somebody looks at it."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


@pytest.mark.parametrize("ticks", [1, 3, 6, 10, 25, 60, 200])
@pytest.mark.parametrize("name", ["free", "ruled", "share", "everyone", "median", "local"])
def test_wherever_the_clock_stops_it_a_way_brings_a_plan_and_its_bound(
    town, name, ticks, monkeypatch
):
    for module, limit in ((covering, "LARGE"), (covering, "MIDDLE"), (nearest, "SMALL")):
        monkeypatch.setattr(module, limit, 0)
    monkeypatch.setattr(nearest, "LARGE", 0 if name == "local" else 10**9)
    far = {"n_new": 12, "objective": "median", "penalty": 3000.0}
    way, changes = {
        "free": (covering.cover_most, {"quotas": None, "floors": None}),
        "ruled": (covering.cover_most, {}),
        "share": (covering.cover_share, {"objective": "cover_all", "n_new": None, "share": 0.7}),
        "everyone": (covering.cover_share, {"objective": "cover_all", "n_new": None}),
        "median": (nearest.find_median, far),
        "local": (nearest.find_median, far),
    }[name]
    if name != "ruled":
        changes = changes | {"quotas": None, "floors": None}
    problem = ruled_town(town, **changes)
    found = way(problem, Run(time_limit_s=float(ticks), clock=Ticks()))
    value = measure.value_of(problem, found.sites)
    best = way(problem, Run())
    least, most = sorted([best.bound, measure.value_of(problem, best.sites)])
    slack = 1e-6 * most
    if problem.maximise:
        assert value <= most + slack
        assert found.bound >= least - slack
    else:
        assert value >= least - slack
        assert found.bound <= most + slack
    assert np.isfinite(found.bound)
    assert not broken(problem, found.sites)


def test_caller_hears_every_stage_and_no_more_than_ten_times_a_second():
    heard, clock = [], Ticks()
    run = Run(progress=heard.append, clock=lambda: clock() / 100)
    for stage in ("reduce", "bound", "exact"):
        for _ in range(50):
            assert run.tell(stage)
    assert heard[0].stage == "reduce"
    assert {h.stage for h in heard} == {"reduce", "bound", "exact"}
    gaps = [b.seconds - a.seconds for a, b in itertools.pairwise(heard) if a.stage == b.stage]
    assert all(0.09 < gap < 0.3 for gap in gaps)
    assert gaps


def small_core(rows, seed):
    """Return a core of at most seven columns, each row with one at least, and whole weights."""
    cover = pattern_of([row[:7] for row in rows if any(row[:7])] or [[True]])
    weight = np.random.default_rng(seed).integers(1, 9, cover.shape[0]).astype(float)
    none = np.full(len(weight), -1)
    columns = np.arange(cover.shape[1])
    return Core(cover, weight, weight, none, columns, [], 0.0, np.zeros(0), 0.0)


def choices(core):
    """Yield every choice of columns, and which rows it covers."""
    for opened in itertools.product([0.0, 1.0], repeat=len(core.columns)):
        yield np.array(opened), core.cover @ np.array(opened) > 0


@settings(max_examples=150, deadline=None)
@given(
    PATTERNS, st.integers(0, 99), st.floats(0.01, 1.5), st.floats(0.05, 1.0), st.floats(0.0, 0.3)
)
def test_pieces_bound_every_choice_whatever_the_rows_pay(rows, seed, spread, width, room):
    core = small_core(rows, seed)
    rng = np.random.default_rng(seed)
    steps = Multipliers(rng.random(len(core.weight)) * spread, float(rng.random()), 0.0)
    paid = np.minimum(steps.pays, steps.rate * core.weight)
    over = core.cover.T @ paid - 1.0
    base = paid.sum() - steps.rate * core.weight.sum() - np.maximum(over, 0).sum()
    least = min(x.sum() - steps.rate * core.weight[hit].sum() for x, hit in choices(core))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "LIKELY", -width)
        patch.setattr(pieces, "ROOM", room)
        patch.setattr(pieces, "MORE_ROOM", (2 * room,))
        cutting = pieces.pieces_of(core, steps, over)
        lifts, _ = pieces.first_lifts(core, cutting, Run())
        more = pieces.more_lift(core, cutting, lifts, np.inf, Run())
    assert lifts.sum() <= more + 1e-9
    assert base + more <= least + 1e-6


@settings(max_examples=60, deadline=None)
@given(PATTERNS, st.integers(0, 99))
def test_a_part_with_split_costs_is_solved_to_the_least(rows, seed):
    core = small_core(rows, seed)
    cost = np.random.default_rng(seed).random(len(core.columns)) * 6
    opened, least = solve_part(
        part_solver(Run(), "exact"), core.cover.astype(float), core.weight, cost, Run()
    )
    values = [x @ cost - core.weight[hit].sum() for x, hit in choices(core)]
    assert least == pytest.approx(min(values), abs=1e-5)
    assert opened @ cost - core.weight[core.cover @ opened > 0].sum() == pytest.approx(least)
    assert least <= min(values) + 1e-9
    stopped, below = solve_part(
        part_solver(Run(), "exact"), core.cover.astype(float), core.weight, cost, Run(0.0)
    )
    assert not stopped.any()
    assert below <= min(values) + 1e-9


@settings(max_examples=60, deadline=None)
@given(PATTERNS, st.integers(0, 99))
def test_cutting_a_pattern_is_indexing_it(rows, seed):
    pattern = pattern_of(rows)
    rng = np.random.default_rng(seed)
    some, columns = (np.flatnonzero(rng.random(n) < 0.6) for n in pattern.shape)
    if len(columns):
        mine = cut(pattern, some, columns).toarray()
        assert (mine == pattern.toarray()[np.ix_(some, columns)]).all()


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_steps_come_up_to_the_linear_program_and_never_beyond(town, share):
    instance, cost = town
    problem = SitingProblem(
        cost=cost, people=instance.people, limit=3000.0, objective="cover_all", share=share
    )
    core = core_of(problem, problem.pairs)
    needed = share * core.weight.sum()
    program = Program()
    x = program.add_columns(len(core.columns), cost=1.0)
    left = program.add_columns(len(core.weight))
    hits, cols = core.cover.nonzero()
    each = np.arange(len(left))
    program.add_rows(
        len(left), [(hits, x[cols], np.ones(len(hits))), (each, left, np.ones(len(left)))], low=1.0
    )
    program.add_rows(
        1, [(np.zeros(len(left), dtype=int), left, core.weight)], high=core.weight.sum() - needed
    )
    best = solve(program, Run(), linear=True).value
    steps = share_by_steps(core, needed, Run())
    assert 0.997 * best <= steps.bound <= best + 1e-6


@pytest.mark.parametrize("start", ["none", "all", "some"])
def test_choosing_anew_nearby_never_costs_more(town, start):
    instance, cost = town
    problem = SitingProblem(
        cost=cost, people=instance.people, limit=3000.0, objective="cover_all", share=0.9
    )
    core = core_of(problem, problem.pairs)
    steps = share_by_steps(core, 0.9 * core.weight.sum(), Run())
    over = core.cover.T @ np.minimum(steps.pays, steps.rate * core.weight) - 1.0
    count = len(core.columns)
    opened = np.random.default_rng(0).random(count) < {"none": 0, "all": 1, "some": 0.3}[start]

    def worth(columns):
        hit = np.isin(core.cover.indices, columns)
        rows = np.repeat(np.arange(len(core.weight)), np.diff(core.cover.indptr))[hit]
        return len(columns) - steps.rate * core.weight[np.unique(rows)].sum()

    values = [worth(np.flatnonzero(opened))]
    for seconds in (0.0, np.inf):
        values.append(worth(nearby.better_nearby(core, opened, over, steps, Run(seconds))))
    assert values[0] == pytest.approx(values[1])
    assert values[2] < values[1]
    assert steps.bound - steps.rate * 0.9 * core.weight.sum() <= values[2] + 1e-6


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.9, 0.95, 0.99])
def test_a_share_in_pieces_is_next_to_the_fewest(town, share, monkeypatch):
    instance, cost = town
    problem = SitingProblem(
        cost=cost, people=instance.people, limit=3000.0, objective="cover_all", share=share
    )
    fewest = choose(problem).value
    monkeypatch.setattr(covering, "LARGE", 0)
    plan, again = choose(problem), choose(problem)
    assert plan.verify(problem)
    assert plan.sites.tolist() == again.sites.tolist()
    assert fewest - 1 <= plan.bound <= fewest <= plan.value <= fewest + 1


@pytest.mark.parametrize(("room", "lift"), [(0.05, 0.05), (0.15, 0.15), (0.2, 0.2), (0.4, 0.2)])
def test_a_column_left_out_of_a_piece_caps_what_the_piece_adds(room, lift, monkeypatch):
    """Three rows that any two of three columns cover; a fourth column takes one of them along.

    Its rows pay 0.8 of it, so it opens for 0.2 more than the linear program has, and no choice
    of the three does for less than 0.5 more.
    """
    cover = pattern_of([[1, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
    none, ones = np.full(4, -1), np.ones(4)
    core = Core(cover, ones, ones, none, np.arange(4), [], 0.0, np.zeros(0), 0.0)
    steps = Multipliers(np.array([0.5, 0.5, 0.5, 0.3]), 5.0, 1.8)
    over = cover.T @ steps.pays - 1.0
    monkeypatch.setattr(pieces, "ROOM", room + 1e-9)
    lifts, _ = pieces.first_lifts(core, pieces.pieces_of(core, steps, over), Run())
    assert lifts.sum() == pytest.approx(lift, abs=1e-5)
