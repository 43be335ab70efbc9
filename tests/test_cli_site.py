"""Bad siting problems on the command line: 2 for what is malformed, 3 for what has no answer."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import cli
from worlds import toy_frames, write_study

DAY = ["--as-of", "2019-05-31"]
BUDGET = ["--cost", "village=1", "--cost", "campus=2", "--cost", "community=3"]


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("toy"))


def site(capsys, study, *arguments: object) -> tuple[int, str, str]:
    """Run ``roomplan site`` and return its code, output and message."""
    code = cli.main(["site", "--study", str(study), *DAY, *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def refused(capsys, study, code, says, *arguments: object) -> None:
    """Hold a run to one readable message, no output and its exit code."""
    got, out, err = site(capsys, study, *arguments, "--lang", "en")
    assert (got, out) == (code, ""), err
    assert says in err
    assert "Traceback" not in err
    chinese = site(capsys, study, *arguments, "--lang", "zh")
    assert (chinese[0], chinese[1]) == (code, "")
    assert chinese[2].strip()
    assert chinese[2] != err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--new", 1, "--limit", 0], 2, "limit"),
        (["--new", 1, "--limit", -5], 2, "limit"),
        (["--new", 1, "--limit", "inf"], 2, "limit"),
        (["--new", 4], 3, "number of new sites"),
        (["--new", 3, "--forbid", "s1"], 3, "number of new sites"),
        (["--new", 1, "--quota", "campus=2-1"], 3, "quota of kind campus"),
        (["--new", 1, "--quota", "village=2-"], 3, "quota of kind village"),
        (["--new", 1, "--quota", "village=1-", "--quota", "campus=1-"], 3, "off by 1"),
        (["--new", 2, "--quota", "A=0-0"], 3, "off by 1"),
        (["--new", 1, "--require", "s1", "--forbid", "s1"], 3, "(s1)"),
        (["--new", 1, "--require", "s1,s2"], 3, "required"),
        (["--new", 1, "--require", "s1", "--budget", 2, *BUDGET], 3, "budget"),
        (["--new", 1, "--budget", 1], 2, "cost"),
        (["--new", 1, "--quota", "hill=1-"], 2, "hill"),
        (["--new", 1, "--cost", "nowhere=3"], 2, "campus"),
    ],
)
def test_demands_that_are_malformed_or_impossible(capsys, toy, arguments, code, says):
    refused(capsys, toy, code, says, *arguments)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("demand", "people", -1.0),
        ("demand", "people", np.inf),
        ("sites", "cost", -2.0),
        ("sites", "cost", np.inf),
    ],
)
def test_numbers_no_study_may_hold(capsys, tmp_path, table, column, value):
    frames = toy_frames()
    frames[table] = frames[table].copy()
    frames[table].loc[frames[table].index[0], column] = value
    refused(capsys, write_study(tmp_path / "study", frames), 2, column, "--new", 1)


@pytest.mark.parametrize(
    ("table", "code", "says"), [("demand", 2, "demand"), ("sites", 3, "kinds")]
)
def test_duplicate_ids_and_empty_tables(capsys, tmp_path, table, code, says):
    frames = toy_frames()
    twice = pd.concat([frames[table], frames[table].iloc[:1]])
    study = write_study(tmp_path / "twice", frames | {table: twice})
    refused(capsys, study, 2, str(twice.index[0]), "--new", 1)
    study = write_study(tmp_path / "empty", frames | {table: frames[table].iloc[:0]})
    refused(capsys, study, code, says, "--new", 1)


def test_unknown_people_count_none_and_are_told(capsys, tmp_path):
    frames = toy_frames()
    frames["demand"] = frames["demand"].copy()
    frames["demand"].loc["d2", "people"] = np.nan
    study = write_study(tmp_path / "study", frames)
    code, out, _ = site(capsys, study, "--new", 3, "--json")
    got = json.loads(out)
    assert code == 0
    assert got["value"] == 1500
