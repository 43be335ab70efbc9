"""Arguing with a plan on the Sites page: undo, no plan, own choice, stages, links, reports."""

from __future__ import annotations

import base64
import datetime as dt
import threading
import zlib
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from streamlit.testing.v1 import AppTest

import cli
from analysis.journey import proposal_of, survey
from analysis.proposal import Proposal
from analysis.scenario import scenario_of
from analysis.siting.plan import Method
from analysis.siting.run import Progress
from analysis.stages import stages_of
from geo.errors import InfeasibleError
from ui import cached, solving, state
from ui.plan_report import plan_report
from ui.plan_words import blame
from ui.wording import words
from worlds import toy_frames, toy_study, write_study

ROOT = Path(cli.__file__).parent
DAY = dt.date(2019, 5, 31)
ZH = words("zh")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    folder = write_study(tmp_path / "toy")
    monkeypatch.setenv("ROOMPLAN_STUDY", str(folder))
    return folder


def page(*, opened: str = "", **link: str) -> AppTest:
    test = AppTest.from_file(str(ROOT / "ui" / "pages" / "sites.py"), default_timeout=60)
    for key, value in {"as_of": DAY.isoformat(), **link}.items():
        test.query_params[key] = value
    if opened:
        test.session_state[opened] = True
    return test.run()


def press(test: AppTest, key: str) -> AppTest:
    return test.button(key=key).click().run()


def plan_of(test: AppTest) -> list[str]:
    tables = [found.value for found in test.dataframe]
    return next(table["候选点编号"].tolist() for table in tables if "依次新增覆盖人数" in table)


def measured_of(**wanted):
    study = toy_study()
    return survey(study, scenario_of(study, as_of=DAY, **wanted))


def test_wishes_are_undone_and_redone(toy):
    test = page(new="1")
    assert test.button(key="wishes_undo").disabled
    test.multiselect(key="w_pin").set_value(["s4"]).run()
    test.number_input(key="w_new").set_value(2).run()
    assert plan_of(test) == ["s1", "s4"]
    press(test, "wishes_undo")
    assert plan_of(test) == ["s4"]
    press(test, "wishes_undo")
    assert plan_of(test) == ["s1"]
    assert "pin" not in test.query_params
    press(test, "wishes_redo")
    assert plan_of(test) == ["s4"]
    # A new wish cuts off what could have been redone.
    test.multiselect(key="w_pin").set_value(["s2"]).run()
    assert test.button(key="wishes_redo").disabled


def test_an_own_place_and_quotas_are_undone_too(toy):
    test = page(new="1", own="x@118.15@25.15", quota="campus:1-")
    test.number_input(key="w_new").set_value(2).run()
    assert set(plan_of(test)) == {"x", "s2"}
    press(test, "remove_x")
    assert "x" not in plan_of(test)
    press(test, "wishes_undo")
    assert set(plan_of(test)) == {"x", "s2"}
    assert test.query_params["quota"] == "campus:1-"


def test_no_plan_names_the_demand_and_leaves_the_page_usable(toy):
    test = page(new="1")
    test.multiselect(key="w_pin").set_value(["s1", "s2"]).run()
    assert not test.exception
    assert "新增数量" in test.error[0].value
    assert "2" in test.error[0].value
    assert ZH("sites.pick") in [box.label for box in test.selectbox]
    press(test, "wishes_undo")
    assert not test.error
    assert plan_of(test) == ["s1"]


def test_missing_costs_are_said_and_can_be_taken_back(toy):
    test = page(new="1")
    test.number_input(key="w_budget").set_value(5.0).run()
    assert not test.exception
    assert "费用" in test.error[0].value
    assert not press(test, "wishes_undo").error


def test_a_county_is_blamed_by_its_name():
    with pytest.raises(InfeasibleError) as caught:
        proposal_of(measured_of(n_new=1, floor_share=0.8))
    said = blame(caught.value, toy_study(), ZH)
    assert "甲县的覆盖率底线" in said
    assert "1,440" in said
    assert "甲县" in blame(caught.value, toy_study(), words("en"))


def test_without_candidate_sites_own_places_still_work(tmp_path, monkeypatch):
    frames = toy_frames()
    frames["sites"] = frames["sites"].assign(geometry=None)
    folder = write_study(tmp_path / "bare", frames)
    monkeypatch.setenv("ROOMPLAN_STUDY", str(folder))
    test = page(new="1")
    assert not test.exception
    assert "候选点表" in test.warning[-1].value
    assert plan_of(page(new="1", own="自选1@118.05@25.06")) == ["自选1"]


def test_a_place_is_picked_from_the_list_and_acted_upon(toy):
    test = page(new="1")
    test.selectbox(key="site_of_None").set_value("s2").run()
    assert "玩具学院" in [text.value for text in test.text]
    press(test, "site_pin")
    assert plan_of(test) == ["s2"]


def test_the_own_choice_is_scored_beside_the_best(toy):
    test = page(opened="open_mine", new="1", pin="s4")
    said = next(m.value for m in test.markdown if "您的 1 处选择" in m.value)
    assert "1,200" in said
    assert "不超过 1,600 人" in said
    assert "20.0%" in said
    assert not [w for w in test.warning if "不满足" in w.value]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"new": "2"}, "选了 1 处，要求 2 处"),
        ({"new": "2", "quota": "community:1-"}, "有 0 处，名额为 1 至 ∞ 处"),
        ({"new": "3", "floor": "0.9"}, "“甲县”服务范围内 1,000 人，未到 1,800 人的 90%"),
    ],
)
def test_what_the_own_choice_breaks_is_said(toy, asked, said):
    test = page(opened="open_mine", pin="s4", **asked)
    assert not test.exception
    [warned] = [w.value for w in test.warning if "不满足" in w.value]
    assert said in warned


def test_a_link_carries_capacity_and_area_rooms(toy):
    assert "1,300" in page(new="1", capacity="200").success[0].value
    test = page(new="2", join="500")
    assert not test.exception
    assert test.number_input(key="w_join").value == 500


def test_stages_on_the_page(toy):
    test = page(new="3", per_stage="1")
    assert not test.exception
    table = next(t.value for t in test.dataframe if "累计新增（个）" in t.value)
    assert table["本期新增"].tolist() == ["二社区", "玩具学院", "乙村"]
    assert ZH("stages.no_price") in [caption.value for caption in test.caption]


@pytest.mark.parametrize(("goal", "column"), [("median", "mean_m"), ("center", "worst_m")])
def test_stages_of_distances_on_the_page(toy, goal, column):
    test = page(new="2", goal=goal, per_stage="1")
    assert not test.exception
    table = next(t.value for t in test.dataframe if ZH("column.price_m") in t.value)
    assert table[ZH(f"column.{column}")].is_monotonic_decreasing
    assert ZH("stages.no_price") in [caption.value for caption in test.caption]


def test_distances_of_another_kind_than_the_standard_are_said(toy):
    def said(**link):
        test = page(new="1", **link)
        assert not test.exception
        return ZH("sites.straight_only") in [caption.value for caption in test.caption]

    assert not said(goal="median")
    assert said(goal="median", standard="walk_15")
    assert said(goal="center", standard="walk_15")
    assert not said(goal="cover", standard="walk_15")


def test_a_kept_plan_is_set_again_and_two_kept_are_compared(toy):
    test = page(new="2", pin="s4", quota="village:-1")
    test.text_input(key="scenario_name").set_value("甲").run()
    keep = next(b for b in test.button if b.label == ZH("scenarios.keep"))
    keep.click().run()
    test.multiselect(key="w_pin").set_value([]).run()
    test.text_input(key="scenario_name").set_value("乙").run()
    next(b for b in test.button if b.label == ZH("scenarios.keep")).click().run()
    test.number_input(key="w_new").set_value(1).run()
    test.selectbox(key="scenario_other").set_value("甲").run()
    test.selectbox(key="scenario_second").set_value("乙").run()
    assert not test.exception
    values = {metric.label: metric.value for metric in test.metric}
    assert values[ZH("scenarios.gained")] == "300"
    assert values[ZH("scenarios.lost")] == "100"
    assert any("甲" in label for label in values)
    press(test, "scenario_load")
    assert plan_of(test) == ["s1", "s4"]
    assert test.query_params["quota"] == "village:-1"


def test_a_long_link_is_packed_and_opens_the_same_plan(toy):
    own = ";".join(f"自选{n}@118.{n:05d}@25.05" for n in range(1, 41))
    test = page(new="40", own=own)
    test.number_input(key="w_new").set_value(41).run()
    press(test, "remove_自选40")
    packed = test.query_params["own"]
    packed = packed[0] if isinstance(packed, list) else packed
    assert packed.startswith(state.PACKED)
    assert len(packed) < len(own) / 2
    assert set(plan_of(page(new="41", own=packed))) == set(plan_of(test))


@pytest.mark.parametrize(
    "packed",
    [
        "~!!",
        "~" + base64.urlsafe_b64encode(b"no zlib").decode(),
        "~" + base64.urlsafe_b64encode(zlib.compress(b"a" * 10_000_000)).decode(),
        "~" + base64.urlsafe_b64encode(zlib.compress("自选".encode()))[:8].decode(),
    ],
)
def test_a_broken_or_swollen_packed_value_falls_back(toy, packed):
    test = page(new="1", own=packed, ban=packed)
    assert not test.exception
    assert plan_of(test) == ["s1"]


def test_a_link_too_long_for_some_programs_is_said(toy, monkeypatch):
    monkeypatch.setattr("ui.scenarios.MOST_LINK", 20)
    assert any("链接" in warning.value for warning in page(new="2").warning)


def test_a_stopped_plan_is_shown_but_not_kept_for_others(monkeypatch):
    started = threading.Event()
    measured = measured_of(n_new=2)
    real = cached.journey.proposal_of

    def slow(measured, *, progress=None, **options) -> Proposal:
        started.set()
        while progress is not None and progress(Progress("exact", 1500.0, 1900.0, 1.0)):
            pass
        found = real(measured, **options)
        return replace(found, plan=replace(found.plan, status="cancelled"))

    monkeypatch.setattr("ui.cached.journey.proposal_of", slow)
    cached.proposal.clear()
    job = solving.Job(measured)
    assert started.wait(20)
    assert not job.done.is_set()
    job.stop()
    assert job.done.wait(20)
    assert job.answer().plan.status == "cancelled"
    monkeypatch.setattr("ui.cached.journey.proposal_of", real)
    assert cached.proposal(measured).plan.status == "optimal"


def test_what_keeps_a_plan_from_being_made_is_raised_where_it_is_asked_for():
    job = solving.Job(measured_of(n_new=1, required=("s1", "s2")))
    assert job.done.wait(20)
    with pytest.raises(InfeasibleError):
        job.answer()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_printed_page_says_everything_and_asks_nobody(lang):
    frames = toy_frames()
    frames["sites"].loc["s1", "name"] = "<script>alert(1)</script>"
    study = toy_study(**frames)
    scenario = scenario_of(study, as_of=DAY, n_new=2, required=("s1",), quotas=(("A", 1, None),))
    measured = survey(study, scenario)
    proposal = proposal_of(measured)
    text = words(lang)
    html = plan_report(measured, proposal, text, stages=stages_of(proposal, per_stage=1))
    for key in ("result", "demands", "map", "sites", "why", "sure", "not_sure", "assumptions"):
        assert text(f"plan.{key}") in html
    assert text("stages.title") in html
    assert text("plan.not_served") in html
    assert study.is_demonstration
    assert html.count(text("notes.demonstration")) == 2
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "1,900" in html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_way_to_a_plan_has_its_words(language):
    for method in get_args(Method):
        assert words(language).has(f"sites.method_{method.replace(' ', '_')}"), method
