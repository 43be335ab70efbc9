"""What the study says about ways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.standards import detours_at
from geo.detours import DETOURS, TravelError
from worlds import toy_study


def with_travel(**travel):
    study = toy_study()
    return replace(study, settings={**study.settings, "travel": travel})


def test_a_study_that_says_nothing_lies_in_the_plain():
    study = toy_study()
    table = detours_at(study)
    assert list(table.index) == list(study.demand.index)
    assert set(table["high"]) == {DETOURS["plain"].high}


def test_the_closest_unit_has_the_last_word():
    study = with_travel(terrain="hills", units={"A": "mountains", "A2": [1, 1.5, 3]})
    assert detours_at(study)["high"].tolist() == [2.6, 2.6, 3, 2, 2]
    assert detours_at(study)["best"].tolist() == [1.6, 1.6, 1.5, 1.44, 1.44]


@pytest.mark.parametrize("terrain", ["castle", [1, 2], [1, 2, "3"], [True, 1, 1], 1.3])
def test_what_is_no_terrain_is_refused(terrain):
    with pytest.raises(TravelError) as caught:
        detours_at(with_travel(units={"A": terrain}))
    assert caught.value.code == "travel.terrain"
    assert "plain, hills, mountains" in str(caught.value)


def test_a_terrain_of_no_unit_is_refused():
    with pytest.raises(TravelError) as caught:
        detours_at(with_travel(units={"Z": "hills"}))
    assert caught.value.code == "travel.unknown_unit"
