"""Published instances in their own formats: tiny ones made here, the real ones where given.

Set ``ROOMPLAN_SITING_INSTANCES`` to a folder with OR-Library and SJC files (see
``siting_files``) to hold the engine to their known optima; without it the tiny ones alone run.
"""

import os
from pathlib import Path

import pytest

from analysis.siting import SitingProblem, choose
from siting_files import read_index, read_optima, read_pmed, read_sjc

# A ring of six: 1-2-3-4-5-6-1, one step each; the edge 1-4 stands twice, the last one counts.
RING = "6 8 2\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n5 6 1\n6 1 1\n1 4 9\n1 4 7\n"
# A path 1-2-3-4 of lengths 1, 4, 9: best to open 2 and 4, so that 1 walks one step and 3 four.
PATH = "4 3 2\n1 2 1\n2 3 4\n3 4 9\n"
LINE = "0 0 5\n0 100 1\n0 200 5\n0 900 4\n"


@pytest.fixture
def folders(tmp_path):
    """Return the folder of tiny instances, and the one given from outside where there is one."""
    (tmp_path / "pmed1.txt").write_text(RING, "ascii")
    (tmp_path / "pmed2.txt").write_text(PATH, "ascii")
    (tmp_path / "pmedopt.txt").write_text("Data file  Optimum\npmed1 4\npmed2 5\n", "ascii")
    (tmp_path / "pcenteropt.txt").write_text("pmed1 1\n\npmed2 4\n", "ascii")
    (tmp_path / "sjc4.txt").write_text(LINE, "ascii")
    numbered = "".join(f"{n} {row}\n" for n, row in enumerate(LINE.splitlines(), start=1))
    (tmp_path / "sjc4numbered.txt").write_text(numbered, "ascii")
    (tmp_path / "sjc.csv").write_text(
        "file,p,limit,optimum\nsjc4.txt,1,100,11\nsjc4numbered.txt,2,100,15\n", "ascii"
    )
    outside = os.environ.get("ROOMPLAN_SITING_INSTANCES")
    return [tmp_path, *([Path(outside)] if outside else [])]


def test_reader_takes_the_last_of_a_repeated_edge_and_walks_the_graph(folders):
    cost, p = read_pmed(folders[0] / "pmed1.txt")
    assert p == 2
    assert cost[0].tolist() == [0, 1, 2, 3, 2, 1]


def test_files_in_their_published_forms_are_read_to_the_number(folders):
    assert read_optima(folders[0] / "pmedopt.txt") == {"pmed1": 4.0, "pmed2": 5.0}
    assert read_optima(folders[0] / "pcenteropt.txt") == {"pmed1": 1.0, "pmed2": 4.0}
    cost, people = read_sjc(folders[0] / "sjc4.txt")
    assert cost[0].tolist() == [0, 100, 200, 900]
    assert people.tolist() == [5, 1, 5, 4]
    numbered, same = read_sjc(folders[0] / "sjc4numbered.txt")
    assert (numbered == cost).all()
    assert (same == people).all()


@pytest.mark.parametrize(
    ("objective", "optima"), [("median", "pmedopt.txt"), ("center", "pcenteropt.txt")]
)
def test_graph_instances_reach_their_known_optimum(folders, objective, optima):
    solved = 0
    for folder in folders:
        known = read_optima(folder / optima) if (folder / optima).exists() else {}
        for name, optimum in known.items():
            cost, p = read_pmed(folder / f"{name}.txt")
            problem = SitingProblem(cost=cost, people=[1] * len(cost), n_new=p, objective=objective)
            plan = choose(problem, time_limit_s=120)
            assert plan.verify(problem)
            assert plan.bound <= optimum + 1e-6
            assert plan.value == pytest.approx(optimum), name
            solved += 1
    assert solved >= 2


def test_covering_instances_reach_their_known_optimum(folders):
    for folder in folders:
        index = folder / "sjc.csv"
        for row in read_index(index) if index.exists() else []:
            cost, people = read_sjc(folder / row["file"])
            problem = SitingProblem(
                cost=cost, people=people, limit=float(row["limit"]), n_new=int(row["p"])
            )
            plan = choose(problem, time_limit_s=120)
            assert plan.verify(problem)
            assert plan.value == pytest.approx(float(row["optimum"])), row
