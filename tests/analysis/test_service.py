"""Service rules: what they say, which one holds, and whom they bring within reach, on paper."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from analysis.coverage import cover, serves_by_distance
from analysis.journey import survey
from analysis.scenario import scenario_of
from analysis.service import ServiceRule, offers_of
from analysis.ways import ways_of
from geo.errors import ScenarioError
from worlds import toy_frames, toy_study

DAY = dt.date(2019, 5, 31)  # r1 and r2 serve; v2 lives 1,111.95 m from r1, v1 beside it


def rules(*texts):
    return tuple(ServiceRule.of(text) for text in texts)


def covered(*texts, frames=None, **options):
    """Return the ids of the demand within reach, as best known."""
    study = toy_study(**(frames or {}))
    found = survey(study, scenario_of(study, as_of=DAY, rules=rules(*texts), **options))
    return found.coverage.covered.index[found.coverage.covered].tolist()


def test_without_rules_the_two_limits_hold():
    assert covered() == ["d1", "d4"]
    assert covered(limit_urban_m=1111.0) == ["d1", "d4"]
    assert covered(limit_urban_m=1112.0) == ["d1", "d2", "d4"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("limit=1112m", ["d1", "d2", "d4"]),
        ("limit=1.2 km", ["d1", "d2", "d4"]),
        ("setting=urban,limit=1112m", ["d1", "d2", "d4"]),
        ("setting=rural,limit=1112m", ["d1", "d4"]),
        ("level=township,limit=1112m", ["d1", "d2", "d4"]),
        ("level=village,limit=1112m", ["d1", "d4"]),
        ("kind=township,limit=1112m", ["d1", "d2", "d4"]),
        ("kind=park,limit=1112m", ["d1", "d4"]),
        ("group=resident,limit=1112m", ["d1", "d2", "d4"]),
        ("group=worker,limit=1112m", ["d1", "d4"]),
        # 1,111.95 m times 1.32 at 4 km/h are 22.02 minutes.
        ("setting=urban,limit=22.1min", ["d1", "d2", "d4"]),
        ("setting=urban,limit=22min", ["d1", "d4"]),
        ("level=township,limit=whole", ["d1", "d2", "d4", "d5"]),
        ("level=village,limit=whole", ["d1", "d4"]),
    ],
)
def test_a_rule_holds_for_those_it_names(rule, expected):
    assert covered(rule) == expected


def test_the_last_rule_that_fits_holds():
    wide, narrow = "level=township,limit=5km", "setting=urban,limit=100m"
    assert covered(wide, narrow) == ["d1", "d4"]
    assert covered(narrow, wide) == ["d1", "d2", "d4"]
    assert covered("level=township,limit=whole", "setting=urban,limit=100m") == ["d1", "d4", "d5"]


def test_a_group_has_its_own_limit():
    demand = toy_frames()["demand"]
    demand.loc["d2", "group"] = "worker"
    frames = {"demand": demand}
    assert covered("group=worker,limit=1200m", frames=frames) == ["d1", "d2", "d4"]
    assert covered("group=worker,setting=rural,limit=1200m", frames=frames) == ["d1", "d4"]


def test_a_room_outside_its_county_covers_nobody_there_by_distance():
    rooms = toy_frames()["rooms"]
    rooms.loc["r2", "located_unit_id"] = "A1"  # a mountain township's room in another county
    assert covered(frames={"rooms": rooms}) == ["d1"]
    # Where township rooms serve all of their township, it serves its own, wherever it stands.
    expected = ["d1", "d2", "d4", "d5"]
    assert covered("level=township,limit=whole", frames={"rooms": rooms}) == expected


def test_a_room_without_a_point_may_serve_its_whole_unit():
    rooms = toy_frames()["rooms"]
    rooms.loc["r2", "geometry"] = None
    assert covered(frames={"rooms": rooms}) == ["d1"]
    expected = ["d1", "d2", "d4", "d5"]
    assert covered("level=township,limit=whole", frames={"rooms": rooms}) == expected


@pytest.mark.parametrize("kind", ["sector", "outpost"])
@pytest.mark.parametrize("rule", ["limit=50km", "limit=240min", "limit=whole"])
def test_trade_rooms_and_outposts_have_no_radius_and_are_counted(kind, rule):
    rooms = toy_frames()["rooms"]
    rooms["kind"] = kind
    frames = {"rooms": rooms}
    assert covered(rule, frames=frames) == []
    study = toy_study(**frames)
    found = survey(study, scenario_of(study, as_of=DAY, rules=rules(rule)))
    assert not serves_by_distance(found.rooms, study.units).any()
    assert found.by_level["county"]["rooms"].to_dict() == {"A": 2, "B": 2}
    assert found.coverage.nearest_room.isna().all()
    assert np.isinf(found.coverage.way_min).all()


def test_classes_are_few_and_rooms_that_offer_the_same_are_one():
    frames = toy_frames()
    base = {"urban": (1000.0, "m"), "rural": (3000.0, "m")}
    plain = offers_of(frames["rooms"], frames["demand"], base=base, rules=())
    assert plain.limit.tolist() == [[3000.0, 1000.0]]  # in the order they are met: d1 is rural
    assert set(plain.rooms) == {0}
    ruled = offers_of(
        frames["rooms"], frames["demand"], base=base, rules=rules("kind=sector,limit=9min")
    )
    assert ruled.rooms.tolist() == [0, 0, 1, 0, 0]
    assert ruled.limit.tolist() == [[3000.0, 1000.0], [9.0, 9.0]]
    assert ruled.unit.tolist() == [["m", "m"], ["min", "min"]]


def test_rules_are_written_in_one_way_whatever_way_they_are_read():
    for text, plain in (
        ("limit = 0.8 km , kind= park", "kind=park,limit=800m"),
        ("limit=15 min", "limit=15min"),
        ("setting=rural,limit=whole", "setting=rural,limit=whole"),
    ):
        rule = ServiceRule.of(text)
        assert str(rule) == plain
        assert ServiceRule.of(str(rule)) == rule
    table = {"limit": "800m", "kind": "park", "source": "GB 50180-2018"}
    assert ServiceRule.of(table) == ServiceRule.of("kind=park,limit=800m")  # whoever says so
    assert ServiceRule.of(table).source == "GB 50180-2018"
    assert ServiceRule.of("limit=1.5km").amount == (1500.0, "m")
    assert ServiceRule.of("limit=7.5min").amount == (7.5, "min")


@pytest.mark.parametrize(
    "bad",
    [
        "kind=park", "limit=", "limit=-5m", "limit=0m", "limit=51km", "limit=241min", "limit=5",
        "limit=5 miles", "limit=nan", "kind=castle,limit=5m", "level=city,limit=5m",
        "group=cats,limit=5m", "setting=sea,limit=5m", "colour=red,limit=5m", "",
    ],
)  # fmt: skip
def test_rules_that_say_nothing_are_refused(bad):
    with pytest.raises(ScenarioError) as caught:
        ServiceRule.of(bad)
    assert caught.value.code == "scenario.rule"
    assert caught.value.facts["remedy"]


def test_a_study_may_bring_its_own_rules():
    study = toy_study()
    standard = {"minutes": 20, "mode": "ebike", "rules": [{"level": "township", "limit": "whole"}]}
    scenario = scenario_of(replace(study, settings={"standard": standard}), as_of=DAY)
    assert scenario.rules == rules("level=township,limit=whole")
    assert (scenario.minutes, scenario.mode, scenario.measure) == (20, "ebike", "straight")
    assert cover(ways_of(study, scenario), study.rooms).certain.sum() == 5
    with pytest.raises(ScenarioError) as caught:
        scenario_of(replace(study, settings={"standard": {"rules": ["limit=far"]}}))
    assert caught.value.code == "scenario.rule"
