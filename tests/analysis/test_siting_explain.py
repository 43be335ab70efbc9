"""Explanations of a plan on a line of villages whose answers fit on paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.siting import SitingProblem, choose, evaluate
from analysis.siting.explain import benefit, build_order, explain_sites, villages_won
from analysis.siting.outlook import build_out, coverage_curve, stability
from analysis.siting.plan import broken
from geo.errors import InfeasibleError, ProblemError
from siting_oracle import csr
from siting_worlds import OBJECTIVES, problems

LINE = csr([[abs(i - j) * 2 for j in range(5)] for i in range(5)])
PEOPLE = np.array([10, 1, 20, 1, 30])


def line(**changes):
    wants = {"cost": LINE, "people": PEOPLE, "limit": 2.0, "n_new": 2}
    return SitingProblem(**(wants | changes))


def test_each_site_is_explained_alone_in_order_and_by_its_loss():
    problem = line(cases=[1, 2, 3, 4, 5])
    notes = explain_sites(problem, choose(problem))
    assert notes.index.tolist() == [3, 1]
    assert notes["order"].tolist() == [1, 2]
    assert notes["alone"].tolist() == [51, 31]
    assert notes["in_order"].tolist() == [51, 11]
    assert notes["loss"].tolist() == [31, 11]
    assert notes["people"].tolist() == [31, 31]
    assert notes["cases_near"].tolist() == [12, 6]
    assert notes["runner_up"].tolist() == [4, 0]
    assert notes["runner_up_loss"].tolist() == [0, 0]


def test_villages_go_to_their_nearest_new_site_and_only_if_unserved_before():
    problem = line(existing=[0], n_new=1)
    won = villages_won(problem, choose(problem))
    assert {site: rows.tolist() for site, rows in won.items()} == {3: [2, 3, 4]}


def test_distance_saved_counts_only_those_served_before():
    problem = line(existing=[0], n_new=1, required=[1])
    notes = explain_sites(problem, choose(problem))
    assert notes.loc[1, "distance_saved"] == 1 * 2
    assert notes.loc[1, "people"] == 20


@pytest.mark.parametrize("objective", ["cover", "cover_all", "median", "center"])
def test_steps_in_order_add_up_to_the_plan(objective):
    limit = 2.0 if objective.startswith("cover") else None
    problem = line(objective=objective, limit=limit, penalty=99.0)
    plan = choose(problem)
    notes = explain_sites(problem, plan)
    none = plan.sites[:0]
    assert notes["in_order"].sum() == benefit(problem, plan.sites) - benefit(problem, none)
    assert (notes["loss"] <= notes["alone"]).all()
    replaced = notes[notes["runner_up"] >= 0]
    assert (replaced["runner_up_loss"] >= 0).all() or objective == "cover_all"


def test_runner_up_keeps_the_quotas():
    problem = line(n_new=1, kinds=list("abcaa"), quotas={"a": (1, None)})
    notes = explain_sites(problem, choose(problem))
    assert notes.index.tolist() == [3]
    assert notes.loc[3, "runner_up"] == 4


def test_order_is_the_greedy_one():
    assert build_order(line(n_new=3), np.array([0, 3, 4])).tolist() == [3, 0, 4]


def test_curve_rises_to_everybody_and_marks_its_elbow():
    curve = coverage_curve(line(), 3)
    assert curve["value"].tolist() == [0, 51, 62, 62]
    assert curve["added"].tolist() == [0, 51, 11, 0]
    assert curve.index[curve["elbow"]].tolist() == [1]
    falling = coverage_curve(line(objective="median", limit=None, penalty=10.0), 2)
    assert (falling["added"] >= 0).all()
    with pytest.raises(ProblemError) as caught:
        coverage_curve(line(objective="center", limit=None), 2)
    assert caught.value.code == "siting.curve"


def test_stability_is_one_without_spread_and_a_share_with_it():
    still = stability(line(), runs=3, limit_spread=0, weight_spread=0, cost_spread=0)
    assert still.to_dict() == {1: 1.0, 3: 1.0}
    moved = stability(line(n_new=1), runs=10, seed=4)
    assert moved.between(0, 1).all()
    assert moved.sum() == pytest.approx(1)
    again = stability(line(n_new=1), runs=10, seed=4)
    assert moved.to_dict() == again.to_dict()


def test_build_out_nests_and_tells_its_price():
    # The best single site (2) is in no best pair (1, 3).
    cost = csr(
        [[0, 1, 9, 9, 9], [9, 0, 1, 9, 9], [9, 9, 0, 9, 9], [9, 9, 1, 0, 9], [9, 9, 9, 1, 0]]
    )
    problem = SitingProblem(cost=cost, people=[5, 4, 1, 4, 5], limit=1.0, n_new=2)
    table = build_out(problem, [1, 2])
    assert set(table.loc[1, "sites"]) <= set(table.loc[2, "sites"])
    assert table.loc[2, "price"] == 0
    assert (
        table.loc[1, "best"]
        == choose(SitingProblem(cost=cost, people=[5, 4, 1, 4, 5], limit=1.0, n_new=1)).value
    )
    assert table.loc[1, "price"] == table.loc[1, "best"] - table.loc[1, "value"] >= 0
    with pytest.raises(ProblemError) as caught:
        build_out(problem, [2, 1])
    assert caught.value.code == "siting.stages"


def test_given_choice_is_explained_like_a_chosen_one():
    problem = line()
    notes = explain_sites(problem, evaluate(problem, [0, 4]))
    assert notes["in_order"].sum() == 42


def test_a_penalty_above_every_distance_is_what_a_site_saves():
    problem = SitingProblem(
        cost=csr([[0.0, 0.0]]), people=[1.0], n_new=1, objective="median", penalty=2.0
    )
    notes = explain_sites(problem, evaluate(problem, [0]))
    assert notes.loc[0, ["alone", "loss", "runner_up", "runner_up_loss"]].tolist() == [2, 2, 1, 0]


def near(one, other):
    """Return whether two figures agree, infinite ones included."""
    return one == other or one == pytest.approx(other, rel=1e-9, abs=1e-9)


def difference(more, less):
    return 0.0 if near(more, less) else more - less


@given(data=st.data(), objective=st.sampled_from(OBJECTIVES), areas=st.booleans())
@settings(max_examples=200, deadline=None)
def test_explanations_are_what_trying_every_site_one_by_one_gives(data, objective, areas):
    problem = data.draw(problems(objective, areas=areas))
    try:
        sites = choose(problem, time_limit_s=5).sites
    except (InfeasibleError, ProblemError):
        sites = np.flatnonzero(problem.is_candidate)[:3]
    notes = explain_sites(problem, evaluate(problem, sites))
    none, full = benefit(problem, sites[:0]), benefit(problem, sites)
    order, last = notes.index.to_numpy(), none
    for n, (site, row) in enumerate(notes.iterrows()):
        steps = [benefit(problem, np.append(order[:n], one)) for one in order[n:]]
        assert near(steps[0], max(steps))
        assert near(row["in_order"], difference(steps[0], last))
        last = steps[0]
        assert near(row["alone"], difference(benefit(problem, np.array([site])), none))
        without = sites[sites != site]
        assert near(row["loss"], difference(full, benefit(problem, without)))
        worth = {}
        for other in np.setdiff1d(np.flatnonzero(problem.is_candidate), sites):
            instead = np.sort(np.append(without, other))
            # What the choice breaks already, such as the number asked for, no swap can mend.
            codes = {fault.code for fault in broken(problem, instead)} - {"n_new"}
            if not codes and np.isfinite(benefit(problem, instead)):
                worth[other] = benefit(problem, instead)
        best = max(worth.values(), default=-np.inf)
        assert near(row["runner_up_loss"], difference(full, best))
        assert (row["runner_up"] == -1) if not worth else near(worth[row["runner_up"]], best)
