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


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(" ", "\t  ").replace("\n", " \n   "),
        lambda text: "\n " + text + "\x1a",
    ],
)
def test_spacing_line_ends_and_a_missing_ending_of_a_graph_do_not_matter(folders, form):
    whole, _ = read_pmed(folders[0] / "pmed1.txt")
    (folders[0] / "pmed7").write_bytes(form(RING).encode("ascii"))
    cost, p = read_pmed(folders[0] / "pmed7.txt")
    assert p == 2
    assert (cost == whole).all()


def test_graph_cut_short_is_refused(folders):
    (folders[0] / "pmed7.txt").write_text(RING[:-4], "ascii")
    with pytest.raises(ValueError, match="8 edges and holds 7"):
        read_pmed(folders[0] / "pmed7.txt")


@pytest.mark.parametrize(
    "text",
    [
        "Data file    Optimal solution value\r\n----\r\npmed1    5819\r\npmed2    4093\r\n",
        "pmed1.txt 100 5 5819\nPMED2.TXT 100 10 4093.0",
        "\ufefffile,optimum\npmed1,5819\npmed2;4093\nsum 9912\n",
    ],
)
def test_optima_are_read_under_any_heading(tmp_path, text):
    (tmp_path / "opt").write_bytes(text.encode("utf-8"))
    assert read_optima(tmp_path / "opt") == {"pmed1": 5819.0, "pmed2": 4093.0}


@pytest.mark.parametrize(
    "text",
    [
        "x y demand\r\n" + LINE.replace("\n", "\r\n"),
        LINE.replace(" ", ", "),
        LINE.replace(" ", ","),
        "4\n" + LINE.replace(" ", ",0;"),
        LINE.replace(" ", "  \t ") + "\x1a",
    ],
)
def test_covering_points_are_read_in_any_layout(tmp_path, text):
    (tmp_path / "points").write_bytes(text.encode("ascii"))
    cost, people = read_sjc(tmp_path / "points")
    assert cost[0].tolist() == [0, 100, 200, 900]
    assert people.tolist() == [5, 1, 5, 4]


@pytest.mark.parametrize(
    "points", ["0 0\n0 100\n0 200\n0 900\n", "1 0 0\n2 0 100\n3 0 200\n4 0 900"]
)
@pytest.mark.parametrize(
    "demand", ["5\n1\n5\n4\n", "4\r\n5\r\n1\r\n5\r\n4\r\n", "1 5\n2 1\n3 5\n4 4", "5 1 5 4"]
)
def test_demand_in_a_file_of_its_own_is_read(tmp_path, points, demand):
    (tmp_path / "points").write_bytes(points.encode("ascii"))
    (tmp_path / "demand").write_bytes(demand.encode("ascii"))
    cost, people = read_sjc(tmp_path / "points", tmp_path / "demand")
    assert cost[0].tolist() == [0, 100, 200, 900]
    assert people.tolist() == [5, 1, 5, 4]
    (tmp_path / "demand").write_text("5\n1\n", "ascii")
    with pytest.raises(ValueError, match="2 numbers for 4 points"):
        read_sjc(tmp_path / "points", tmp_path / "demand")


def test_points_without_demand_are_refused(tmp_path):
    (tmp_path / "points").write_text("0 0\n0 100\n", "ascii")
    with pytest.raises(ValueError, match="no demand"):
        read_sjc(tmp_path / "points")


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
            demand = folder / row["demand"] if row.get("demand") else None
            cost, people = read_sjc(folder / row["file"], demand)
            problem = SitingProblem(
                cost=cost, people=people, limit=float(row["limit"]), n_new=int(row["p"])
            )
            plan = choose(problem, time_limit_s=120)
            assert plan.verify(problem)
            assert plan.value == pytest.approx(float(row["optimum"])), row
