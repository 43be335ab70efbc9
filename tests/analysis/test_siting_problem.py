"""What a siting problem refuses, and what it says when nothing can satisfy it."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from analysis.siting import SitingProblem, choose
from geo.errors import InfeasibleError, ProblemError
from siting_oracle import csr

COST = csr([[0, 3, None], [3, 0, None], [None, 2, 1]])
PEOPLE = [10, 20, 30]


def problem(**changes):
    """Return the paper problem with changes."""
    return SitingProblem(**({"cost": COST, "people": PEOPLE, "limit": 2.0, "n_new": 1} | changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"people": [1, np.nan, 3]}, "siting.amounts"),
        ({"people": [1, -1, 3]}, "siting.amounts"),
        ({"people": [1, np.inf, 3]}, "siting.amounts"),
        ({"people": [1, 2]}, "siting.length"),
        ({"people": ["many", 2, 3]}, "siting.not_numbers"),
        ({"cost": csr([[0, -3, 1]]), "people": [1]}, "siting.cost_negative"),
        ({"cost": np.array([[0, np.nan]]), "people": [1]}, "siting.cost_nan"),
        ({"cost": np.array([["far", "near"]]), "people": [1]}, "siting.not_numbers"),
        ({"cost": [[1, 2], [3]], "people": [1, 1]}, "siting.not_numbers"),
        ({"cost": np.ones((1, 2), dtype=complex), "people": [1]}, "siting.not_numbers"),
        ({"cost": sparse.eye_array(3, dtype=complex)}, "siting.not_numbers"),
        ({"cost": np.ma.masked_greater([[0.0, 5.0]], 4), "people": [1]}, "siting.cost_nan"),
        ({"people": pd.date_range("2020", periods=3)}, "siting.not_numbers"),
        ({"people": np.ma.masked_greater([1, 2, 9], 4)}, "siting.amounts"),
        ({"people": pd.Series([1, None, 3], dtype="Int64")}, "siting.amounts"),
        ({"people": None}, "siting.length"),
        ({"limit": 10**400}, "siting.number"),
        ({"cost": np.zeros((0, 3)), "people": []}, "siting.empty"),
        ({"cost": np.zeros((3, 0))}, "siting.empty"),
        ({"cost": np.zeros(3)}, "siting.cost_shape"),
        ({"limit": 0}, "siting.not_positive"),
        ({"limit": -1}, "siting.not_positive"),
        ({"limit": None}, "siting.number"),
        ({"limit": "far"}, "siting.number"),
        ({"n_new": None}, "siting.number"),
        ({"n_new": -1}, "siting.count"),
        ({"n_new": 1.5}, "siting.count"),
        ({"objective": "most"}, "siting.objective"),
        ({"existing": [3]}, "siting.position_range"),
        ({"existing": [-1]}, "siting.position_range"),
        ({"forbidden": [True, False]}, "siting.length"),
        ({"required": [0.5]}, "siting.positions"),
        ({"kinds": ["a", "b"]}, "siting.length"),
        ({"kinds": ["a", "b", "b"], "quotas": {"c": (0, 1)}}, "siting.quota_label"),
        (
            {"kinds": list("aab"), "groups": list("abb"), "quotas": {"a": (0, 1)}},
            "siting.quota_ambiguous",
        ),
        ({"kinds": ["a", "b", "b"], "quotas": {"a": 3}}, "siting.quota_bounds"),
        ({"kinds": ["a", "b", "b"], "quotas": {"a": "12"}}, "siting.quota_bounds"),
        ({"kinds": ["a", "b", "b"], "quotas": [("a", 0, 1)]}, "siting.quota_bounds"),
        ({"kinds": ["a", "b", "b"], "quotas": (("a", 0, 1),)}, "siting.quota_bounds"),
        ({"demand_groups": list("xxy"), "floors": (0.5,)}, "siting.number"),
        ({"adjacency": "next door"}, "siting.not_numbers"),
        ({"adjacency": np.eye(3), "home": [0, 1, -2]}, "siting.positions"),
        ({"floors": 0.5}, "siting.floor_groups"),
        ({"demand_groups": list("xxy"), "floors": {"z": 0.5}}, "siting.floor"),
        ({"demand_groups": list("xxy"), "floors": {"x": 1.5}}, "siting.floor"),
        ({"share": 0, "objective": "cover_all"}, "siting.not_positive"),
        ({"share": 1.2, "objective": "cover_all"}, "siting.share"),
        ({"case_weight": 2}, "siting.cases_missing"),
        ({"budget": -1}, "siting.negative"),
        ({"site_cost": [1, 2, np.nan]}, "siting.amounts"),
        ({"capacity": [1, 2]}, "siting.length"),
        ({"adjacency": np.eye(2)}, "siting.length"),
        ({"adjacency": np.eye(3), "home": [0, 1]}, "siting.positions"),
    ],
)
def test_malformed_problem_is_refused(changes, code):
    with pytest.raises(ProblemError) as caught:
        problem(**changes)
    assert caught.value.code == code
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"time_limit_s": -1}, "siting.negative"),
        ({"time_limit_s": np.nan}, "siting.number"),
        ({"time_limit_s": None}, "siting.number"),
        ({"time_limit_s": "long"}, "siting.number"),
        ({"seed": -1}, "siting.count"),
        ({"seed": 0.5}, "siting.count"),
        ({"seed": None}, "siting.number"),
    ],
)
def test_malformed_option_is_refused(options, code):
    with pytest.raises(ProblemError) as caught:
        choose(problem(), **options)
    assert caught.value.code == code


@pytest.mark.parametrize("seconds", [0, 0.01, np.inf, "5"])
def test_any_other_time_allowed_brings_a_plan(seconds):
    plan = choose(problem(), time_limit_s=seconds)
    assert plan.verify(problem())
    assert (plan.value, plan.bound >= 50) == (50, True)


def test_share_and_numbers_written_as_text_are_numbers():
    asked = problem(share="0.5", limit="2", n_new="1", objective="cover_all")
    assert (asked.share, asked.limit, asked.n_new) == (0.5, 2.0, 1)
    assert choose(asked).value == 1


def test_pair_given_twice_is_refused():
    twice = sparse.csr_array(
        (np.array([1.0, 2.0]), np.array([0, 0]), np.array([0, 2])), shape=(1, 2)
    )
    with pytest.raises(ProblemError) as caught:
        problem(cost=twice, people=[1])
    assert caught.value.code == "siting.cost_twice"


@pytest.mark.parametrize(
    ("changes", "code", "excess"),
    [
        ({"n_new": 4}, "siting.rule", 1),
        ({"n_new": 3, "existing": [0]}, "siting.rule", 1),
        ({"n_new": 1, "required": [0, 1]}, "siting.required_beyond", 1),
        ({"kinds": list("aab"), "quotas": {"a": (2, 1)}}, "siting.rule", 1),
        ({"kinds": list("aab"), "quotas": {"b": (2, None)}, "n_new": 3}, "siting.rule", 1),
        ({"kinds": list("aab"), "quotas": {"a": (1, 2), "b": (1, 1)}}, "siting.too_few", 1),
        (
            {"kinds": list("aab"), "quotas": {"a": (0, 0), "b": (0, 1)}, "n_new": 2},
            "siting.too_few",
            1,
        ),
        (
            {"kinds": list("aab"), "quotas": {"b": (0, 0)}, "required": [2]},
            "siting.required_beyond",
            1,
        ),
        ({"budget": 1.5, "site_cost": [1, 2, 3], "required": [1]}, "siting.required_beyond", 0.5),
        ({"demand_groups": list("xyy"), "floors": 1.0, "n_new": 1}, "siting.too_many", 1),
        ({"demand_groups": list("xyy"), "floors": 1.0, "forbidden": [0]}, "siting.floor_reach", 10),
        ({"objective": "cover_all", "forbidden": [0]}, "siting.share_reach", 10),
        ({"objective": "cover_all", "n_new": 1}, "siting.too_many", 1),
        (
            {"objective": "median", "limit": None, "n_new": 1, "forbidden": [1]},
            "siting.too_many",
            1,
        ),
        (
            {"objective": "center", "limit": None, "n_new": 1, "forbidden": [1]},
            "siting.too_many",
            1,
        ),
    ],
)
def test_infeasible_problem_names_the_demand_and_the_amount(changes, code, excess):
    with pytest.raises(InfeasibleError) as caught:
        choose(problem(**changes))
    assert caught.value.code == code
    assert caught.value.exit_code == 3
    assert caught.value.facts["excess"] == pytest.approx(excess)


def test_site_required_and_forbidden_is_infeasible():
    with pytest.raises(InfeasibleError) as caught:
        choose(problem(required=[1], forbidden=[1]))
    assert caught.value.code == "siting.required_forbidden"
    assert caught.value.facts["ids"] == "1"


@pytest.mark.parametrize("objective", ["median", "center"])
def test_demand_out_of_reach_is_named_unless_a_penalty_is_stated(objective):
    cost = csr([[1, 2], [None, None]])
    wants = {"cost": cost, "people": [5, 7], "n_new": 1, "objective": objective}
    with pytest.raises(InfeasibleError) as caught:
        choose(SitingProblem(**wants))
    assert caught.value.code == "siting.unreachable"
    assert (caught.value.facts["count"], caught.value.facts["people"]) == (1, 7)
    plan = choose(SitingProblem(**wants, penalty=10.0))
    assert plan.verify(SitingProblem(**wants, penalty=10.0))
    assert plan.value == (5 * 1 + 7 * 10 if objective == "median" else 10)


def test_every_error_code_has_a_chinese_sentence_with_known_facts():
    root = Path(__file__).parents[2]
    words = tomllib.loads((root / "ui/wording/errors_zh/siting.toml").read_text("utf-8"))
    source = "".join(p.read_text("utf-8") for p in (root / "analysis/siting").glob("*.py"))
    codes = {part.split('"')[0] for part in source.split('"siting.')[1:]}
    assert {f"siting.{code}" for code in codes} == set(words)
