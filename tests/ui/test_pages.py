"""Every page as its reader meets it: no exception, the right figures, both languages."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from docx import Document
from streamlit.testing.v1 import AppTest
from streamlit.web.server.app_discovery import discover_asgi_app

import cli
from analysis.journey import survey
from analysis.scenario import Scenario
from geo.errors import StudyError
from ui import cached, views, warm
from ui.names import in_language
from ui.word import word_report
from ui.wording import words
from worlds import toy_frames, toy_study, write_study

ROOT = Path(cli.__file__).parent
ZH = words("zh")
PAGES = ("overview", "districts", "cases", "sites", "gaps")
DAY = dt.date(2019, 5, 31)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    folder = write_study(tmp_path / "toy")
    monkeypatch.setenv("ROOMPLAN_STUDY", str(folder))
    return folder


def page(name: str, **link: str) -> AppTest:
    test = AppTest.from_file(str(ROOT / "ui" / "pages" / f"{name}.py"), default_timeout=60)
    for key, value in {"as_of": DAY.isoformat(), **link}.items():
        test.query_params[key] = value
    return test.run()


def texts(test: AppTest) -> str:
    parts = [*test.markdown, *test.caption, *test.success, *test.warning, *test.info, *test.text]
    return "\n".join(str(part.value) for part in parts)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_runs_on_quanzhou(name, lang):
    test = page(name, lang=lang)
    assert not test.exception
    assert not test.error
    assert any("380" in warning.value for warning in test.warning)
    assert words(lang)("app.as_of") in [widget.label for widget in test.date_input]


def test_the_entry_shows_the_overview_of_559_rooms():
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.query_params["as_of"] = DAY.isoformat()
    test.run()
    assert not test.exception
    assert test.metric[0].value == "559"


def test_each_township_with_a_room_counts_once_in_what_that_rests_on():
    test = page("overview")
    served = next(m.value for m in test.metric if m.label == ZH("overview.townships"))
    basis = test.caption[[m.label for m in test.metric].index(ZH("overview.townships"))].value
    assert sum(int(n) for n in re.findall(r"\d+", basis)) == int(served.split("/")[0])


def test_overview_of_the_toy_city(toy):
    test = page("overview")
    values = [metric.value for metric in test.metric]
    assert values == ["4", "55.0%", "2 / 3", "1 / 4"]
    assert "● 已报道 3 ◐ 推导 1" in texts(test)
    assert "确定 50.0%，可能 60.0%" in texts(test)
    assert "三村室" in texts(test)


@pytest.mark.parametrize(
    ("pick", "says"), [("rooms_township:r1", "甲一镇室"), ("township:A1", "甲一镇")]
)
def test_the_card_of_what_is_picked(toy, pick, says):
    shown = page("overview", pick=pick)
    assert says in [text.value for text in shown.text]
    assert not page("overview", pick="rooms_township:gone").exception


def test_a_card_is_never_read_as_markup():
    def script():
        from ui import widgets

        widgets.card("<b>room</b>", {"<i>fact": "<img src=x onerror=alert(1)>"})

    test = AppTest.from_function(script).run()
    assert test.text[0].value == "<b>room</b>"
    shown = test.get("html")[0].proto.body
    assert "<img" not in shown
    assert "<i>" not in shown
    assert "&lt;img" in shown


def test_english_names_where_the_study_has_them():
    test = page("overview", lang="en", pick="county:350583")
    assert "Nan'an" in [text.value for text in test.text]
    assert "Nan'an Fengzhou" in test.selectbox[0].options
    assert "南安市" not in test.selectbox[0].options


def has_chinese(values: pd.Series) -> bool:
    return bool(values.dropna().astype(str).str.contains("[\u4e00-\u9fff]", regex=True).any())


@pytest.mark.parametrize("name", ["districts", "gaps"])
def test_places_of_the_lists_are_in_english_for_an_english_reader(name):
    test = page(name, lang="en", unit="350583")
    text = words("en")
    listed = [table.value for table in test.dataframe]
    for column in ("column.county", "column.township"):
        assert not any(
            has_chinese(table[text(column)]) for table in listed if text(column) in table
        )
    said = {"districts": "Jinjiang", "gaps": "Chendai (other villages)"}[name]
    assert any((table[text("column.name")] == said).any() for table in listed)
    choices = [option for box in [*test.selectbox, *test.multiselect] for option in box.options]
    assert {"Jinjiang"} <= set(choices)
    assert "晋江市" not in choices


def test_a_name_with_two_english_names_is_told_by_its_id_or_stays():
    units = toy_frames()["units"]
    units = units.assign(name_en=pd.Series({"A": "Jia", "A1": "One", "B1": "Two"}))
    units.loc[["A1", "B1"], "name"] = "同名镇"
    study, text = toy_study(units=units), words("en")
    ids = pd.DataFrame({"name": ["同名镇", "同名镇"]}, index=pd.Index(["B1", "A1"], name="unit_id"))
    assert in_language(ids, study, text)["name"].tolist() == ["Two", "One"]
    loose = pd.DataFrame({"township": ["同名镇", "甲县", "?"]})
    assert in_language(loose, study, text)["township"].tolist() == ["同名镇", "Jia", "?"]
    assert in_language(loose, study, words("zh")) is loose


def checklist_table(test: AppTest) -> pd.DataFrame:
    return next(t.value for t in test.dataframe if words("zh")("column.met") in t.value)


def test_a_register_without_checklist_columns_is_not_looked_at_and_told_what_to_load(toy):
    test = page("districts")
    assert any("has_sign 有牌子" in info.value for info in test.info)
    assert any("他县公开清单" in caption.value for caption in test.caption)
    shown = checklist_table(test)
    assert len(shown) == 15
    assert shown[words("zh")("column.unknown")].tolist() == [4] * 15


def test_the_checklist_counts_the_rooms_of_the_place_or_of_one_item(tmp_path, monkeypatch):
    rooms = toy_frames()["rooms"].assign(has_sign=["是", "否", None, None, None])
    folder = write_study(tmp_path / "looked", {**toy_frames(), "rooms": rooms})
    monkeypatch.setenv("ROOMPLAN_STUDY", str(folder))
    counts = [words("zh")(f"column.{name}") for name in ("met", "unmet", "unknown")]
    test = page("districts", unit="A")
    assert not any("has_sign" in info.value for info in test.info)
    sign = checklist_table(test).set_index(words("zh")("column.item")).loc["has_sign"]
    assert sign[counts].tolist() == [1, 0, 1]
    by_place = checklist_table(page("districts", item="has_sign"))
    assert by_place[words("zh")("column.name")].tolist() == ["玩具市", "甲县", "乙县"]
    assert by_place[counts].to_numpy().tolist() == [[1, 1, 2], [1, 0, 1], [0, 1, 1]]


def test_a_study_s_own_checklist_replaces_the_template(toy):
    own = 'basis = "own"\nhaves = [{key = "has_lamp", zh = "有灯", en = "Lamp"}]\n'
    (toy / "checklist.toml").write_text(own, encoding="utf-8")
    assert checklist_table(page("districts"))[words("zh")("column.item")].tolist() == ["has_lamp"]
    (toy / "checklist.toml").write_text("haves = [", encoding="utf-8")
    with pytest.raises(StudyError, match=r"checklist\.toml"):
        cached.checklist(toy)


def test_cases_say_their_share_its_chance_and_the_silence():
    test = page("cases", as_of="2026-11-23")
    assert [metric.value for metric in test.metric] == ["3,684", "28.4%", "58.8%"]
    assert "1,033 / 3,631 件；偶然波动范围 27.0%–29.9%" in texts(test)
    assert "2019-06 至 2024-06（61 个月）、2025-01 至 2026-11（23 个月）" in texts(test)
    table = test.dataframe[0].value
    assert table[words("zh")("column.township")].notna().all()
    assert {"鲤城区", "安溪县"} <= set(table[words("zh")("column.county")])


def test_a_rule_wrongly_typed_is_told_in_the_reader_s_words(toy):
    test = page("overview")
    box = next(
        field for field in test.text_input if field.label == words("zh")("service.rule_limit")
    )
    box.set_value("八百米")
    button = next(b for b in test.button if b.label == words("zh")("service.add"))
    button.click().run()
    assert [error.value for error in test.error] == [
        words("zh")("service.limit_wrong", value="八百米")
    ]
    assert "rules" not in test.query_params


def test_the_server_begins_on_the_first_survey(monkeypatch):
    begun = threading.Event()
    monkeypatch.setattr(warm, "up", lambda folder: begun.set())

    async def serve() -> bool:
        async with warm.early(None):
            return await asyncio.to_thread(begun.wait, 60)

    assert discover_asgi_app(ROOT / "app.py").import_string == "app:app"
    with ThreadPoolExecutor(1) as pool:  # beside the loop that a browser's test leaves running
        assert pool.submit(lambda: asyncio.run(serve())).result()


def test_a_limit_changes_the_figures_and_the_link(toy):
    test = page("overview")
    test.number_input(key="w_urban").set_value(3000.0).run()
    assert test.metric[1].value == "80.0%"
    assert test.query_params["urban"] == "3000"


@pytest.mark.parametrize(
    "link", [{"urban": "-5"}, {"rural": "nan"}, {"as_of": "x"}, {"kinds": "?"}]
)
def test_a_broken_link_falls_back(toy, link):
    for name in PAGES:
        assert not page(name, new="1", **link).exception


def test_sites_of_the_toy_city_are_proven(toy):
    test = page("sites", new="1")
    assert "1,600" in test.success[0].value
    assert words("zh")("proven.cover")[:6] in test.success[0].value


def plan_of(test: AppTest) -> list[str]:
    tables = [found.value for found in test.dataframe]
    return next(table["候选点编号"].tolist() for table in tables if "依次新增覆盖人数" in table)


@pytest.mark.parametrize(
    ("link", "sites"),
    [
        ({"new": "1"}, ["s1"]),
        ({"new": "1", "pin": "s4"}, ["s4"]),
        ({"new": "1", "ban": "s1"}, ["s2"]),
        ({"new": "1", "quota": "campus:1-"}, ["s2"]),
        ({"new": "1", "quota": "B:1-1"}, ["s4"]),
        ({"new": "1", "goal": "median"}, ["s2"]),
        ({"goal": "cover_all", "share": "0.8"}, ["s1"]),
        ({"new": "1", "own": "x@118.15@25.15"}, ["x"]),
        ({"new": "3", "budget": "1", "costs": "village:1;campus:2;community:3"}, ["s4"]),
        ({"new": "2", "floor": "0.8"}, ["s1", "s4"]),
        ({"new": "1", "own": "x@y@z", "quota": "::", "costs": ";:a", "pin": "none"}, ["s1"]),
    ],
)
def test_a_link_carries_every_demand(toy, link, sites):
    test = page("sites", **link)
    assert not test.exception
    assert plan_of(test) == sites


def test_pin_rule_out_and_release_with_the_keyboard(toy):
    test = page("sites", new="1")
    test.multiselect(key="w_pin").set_value(["s2"]).run()
    assert plan_of(test) == ["s2"]
    assert test.query_params["pin"] == "s2"
    test.multiselect(key="w_pin").set_value([]).run()
    assert plan_of(test) == ["s1"]
    assert "pin" not in test.query_params


def test_plans_are_kept_and_compared(toy):
    test = page("sites", new="2")
    test.text_input(key="scenario_name").set_value("第一案").run()
    next(b for b in test.button if b.label == words("zh")("scenarios.keep")).click().run()
    test.multiselect(key="w_pin").set_value(["s4"]).run()
    test.selectbox(key="scenario_other").set_value("第一案").run()
    assert not test.exception
    values = {metric.label: metric.value for metric in test.metric}
    assert values[words("zh")("scenarios.gained")] == "100"
    assert values[words("zh")("scenarios.lost")] == "300"


def test_curve_and_stability(toy):
    test = page("sites", new="1")
    test.toggle(key="site_curve").set_value(True).run()
    test.toggle(key="site_stable").set_value(True).run()
    assert not test.exception
    picked = next(t.value for t in test.dataframe if "被选中比例（%）" in t.value)
    assert picked["名称"].iloc[0] == "二社区"
    assert 50 < picked["被选中比例（%）"].iloc[0] <= 100


def test_the_page_and_the_command_line_choose_the_same_sites(capsys):
    link = {"urban": "3000", "rural": "3000"}
    tables = [found.value for found in page("sites", **link).dataframe]
    shown = next(table for table in tables if "候选点编号" in table)
    cli.main(["site", "--new", "15", "--limit", "3000", "--json", "--as-of", DAY.isoformat()])
    answer = json.loads(capsys.readouterr().out)
    assert shown["候选点编号"].tolist() == [row["site_id"] for row in answer["sites"]]
    expected = [round(row["people_in_order"]) for row in answer["sites"]]
    assert shown["依次新增覆盖人数"].tolist() == expected


def test_the_page_and_the_command_line_list_the_same_gaps(capsys):
    shown = page("gaps").dataframe[0].value
    cli.main(["gaps", "--json", "--as-of", DAY.isoformat()])
    rows = json.loads(capsys.readouterr().out)["gaps"]
    assert shown["缺口编号"].tolist() == [row["gap_id"] for row in rows]
    assert shown["原因"].tolist() == [row["reason"] for row in rows]


def test_gap_filters(toy):
    assert page("gaps").dataframe[0].value["缺口编号"].tolist() == ["v2", "v3", "B1"]
    assert page("gaps", county_id="B").dataframe[0].value["缺口编号"].tolist() == ["B1"]
    assert page("gaps", least="200").dataframe[0].value["缺口编号"].tolist() == ["v2", "v3"]
    partly = page("gaps", reason_code="partly").dataframe[0].value
    assert partly["缺口编号"].tolist() == ["B1"]
    villages = page("gaps", level="village").dataframe[0].value
    assert villages["缺口编号"].tolist() == ["v2", "v3"]
    for column, value, listed in (
        ("township_id", "A2,B1", ["v3", "B1"]),
        ("location_basis", "modelled", ["B1"]),
        ("site_kind", "campus", ["v3"]),
        ("remedy_code", "one", ["v2", "v3", "B1"]),
        ("township_id", "nowhere", ["v2", "v3", "B1"]),
    ):
        shown = page("gaps", **{column: value}).dataframe[0].value
        assert shown["缺口编号"].tolist() == listed, column


def test_a_gap_has_a_card_that_says_what_it_would_take(toy):
    test = page("gaps", county_id="B")
    assert "3. 乙县 乙一镇" in [text.value for text in test.text]
    said = test.get("html")[0].proto.body
    assert "100 人（50%），至少 0，至多 200" in said
    assert "在“乙村”（村，登记）设 1 处，可使其中 100 人（100%）" in said
    assert not page("gaps", least="100000").exception


def test_no_site_on_the_list_is_said_with_the_nearest_and_how_many_rooms_would_do(toy):
    path = toy / "sites.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("s2")), "utf-8")
    shown = page("gaps").dataframe[0].value.set_index("缺口编号")
    assert shown.loc["v3", ["可设点", "可设点依据"]].isna().all()
    assert shown.loc["v3", "最近候选点"] == "二社区"
    assert shown.loc["v3", "设在居民处则需（处）"] == 1
    assert "须另列候选点" in shown.loc["v3", "如何解决"]
    path.write_text(lines[0], "utf-8")
    shown = page("gaps").dataframe[0].value
    assert shown["如何解决"].str.startswith("名单内没有带坐标的候选点").all()


def test_districts_stand_counties_whose_people_are_unknown(toy):
    path = toy / "demand.csv"
    rows = pd.read_csv(path, dtype=str)
    rows.loc[rows["unit_id"] == "B1", "people"] = None
    rows.to_csv(path, index=False)
    test = page("districts", measure="share_handled")
    assert not test.exception
    assert not test.error
    assert "1 个县（市、区）人口未知" in texts(test)
    rows["people"] = None
    rows.to_csv(path, index=False)
    test = page("districts")
    assert not test.exception
    assert not test.error
    assert "2 个县（市、区）人口未知" in texts(test)


def test_coverage_by_group_of_the_county_that_is_picked(toy):
    tables = [found.value for found in page("districts", unit="A").dataframe]
    shown = next(table for table in tables if "人群" in table)
    assert shown[["名称", "人群", "城乡", "人口"]].to_numpy().tolist() == [
        ["甲县", "居民", "乡村", 1300],
        ["甲县", "居民", "城镇", 500],
    ]
    assert not page("districts", unit="nowhere").exception


def test_villages_without_a_room_and_the_audit(toy):
    test = page("districts", unit="A")
    assert "甲县共 3 个村（社区），其中 3 个（100%）未见本村活动室登记" in texts(test)
    assert "1 个未见本级活动室登记，2 个仅有行业或驻外室" in texts(test)
    tables = [found.value for found in test.dataframe]
    audit = next(table for table in tables if "行业、驻外室（个）" in table)
    assert audit["状态"].tolist() == [
        "未见登记",
        "仅有行业或驻外室",
        "仅有行业或驻外室",
        "有",
        "有",
    ]
    counts = next(table for table in tables if "村名单未知的乡镇" in table)
    assert counts["名称"].tolist() == ["甲县", "甲一镇", "甲二镇"]
    assert counts["未见登记"].tolist() == [3, 2, 1]
    tables = [found.value for found in page("districts", unit="B").dataframe]
    counts = next(table for table in tables if "村名单未知的乡镇" in table)
    assert counts["未见登记"].isna().all()  # no village of county B is in the study


def test_registered_rooms_are_counted_with_the_others(tmp_path, monkeypatch):
    frames = toy_frames()
    frames["rooms"]["basis"] = "register"
    monkeypatch.setenv("ROOMPLAN_STUDY", str(write_study(tmp_path / "own", frames)))
    for name in ("overview", "districts"):
        test = page(name)
        assert "● 登记 4" in texts(test)
        assert words("zh")("districts.basis_simulated") not in texts(test)
    measured = survey(toy_study(rooms=frames["rooms"]), Scenario(as_of=DAY))
    said = [part.text for part in Document(io.BytesIO(word_report(measured, None, ZH))).paragraphs]
    assert any("共有活动室 4 个（● 登记 4）" in line for line in said)


def test_the_headline_says_the_standard_that_is_set(toy):
    whole = "level=township,limit=whole"
    for link, standard in (
        ({}, "服务半径：城镇 1000 米，乡村 3000 米（直线距离）。"),
        ({"standard": "walk_15"}, "路上最多 15 分钟（步行）。"),
        ({"standard": "walk_5", "rules": whole}, "乡镇（街道）级室：服务整个辖区，不论远近"),
    ):
        test = page("overview", **link)
        people = test.metric[1]
        assert people.label == "服务范围内人口"
        assert standard in people.proto.help
        assert "直线" not in people.proto.help or not link


def test_the_map_says_what_is_not_official_and_names_what_is_not_counted():
    units = toy_frames()["units"].assign(is_context=False)
    units.loc["B", "is_context"] = True
    official = units.assign(boundary_basis="reported")
    for lang, name in (("zh", "乙县"), ("en", "B")):
        text = words(lang)
        context = text("app.context", names=name)
        for rows, said in ((official, context), (units, text("app.approximate"))):
            measured = survey(toy_study(units=rows.assign(name_en=rows.index)), Scenario(as_of=DAY))
            shown = views.overview(measured, text)
            assert shown.note.startswith(said)
            assert shown.note.endswith(context)
            dashed = {layer.key: layer.dashed for layer in shown.layers if hasattr(layer, "dashed")}
            assert dashed["township"] == dashed["density"] == (rows is units)


def test_no_gap_at_all_is_said_and_no_empty_list_is_offered(toy):
    test = page("gaps", rules="limit=whole;setting=rural,limit=50km;setting=urban,limit=50km")
    assert words("zh")("gaps.nobody") in [info.value for info in test.info]
    assert not test.dataframe
    filtered = page("gaps", least="100000")
    assert words("zh")("gaps.none_left") in [info.value for info in filtered.info]


def test_the_banner_names_only_what_is_made_up(tmp_path, monkeypatch):
    frames = toy_frames()
    for name in ("rooms", "cases"):
        frames[name]["basis"] = "register"
    count = len(frames["activities"])
    monkeypatch.setenv("ROOMPLAN_STUDY", str(write_study(tmp_path / "one", frames)))
    (banner,) = page("overview", lang="en").warning
    assert banner.value.startswith(f"**Demonstration data**: {count} activities are simulated. ")


def test_an_earlier_gap_list_is_compared_on_the_page(toy):
    test = page("gaps")
    old = "缺口编号,名称,半径外人口\nv2,二社区,700\nv1,一村,60\n".encode()
    test.file_uploader[0].set_value(("march.csv", old, "text/csv")).run()
    assert not test.exception
    shown = test.dataframe[0].value
    assert shown["缺口编号"].tolist() == ["v2", "v3", "B1", "v1"]
    assert shown["变化"].tolist() == ["仍未解决", "新增", "新增", "已解决"]
    assert "新增 2 处，仍未解决 1 处，已解决 1 处" in texts(test)
    test.multiselect(key="w_change").set_value(["closed"]).run()
    assert test.dataframe[0].value["缺口编号"].tolist() == ["v1"]
    assert not test.exception


def test_standards_side_by_side(toy):
    tables = [found.value for found in page("districts").dataframe]
    shown = next(table for table in tables if "服务标准" in table)
    assert shown["覆盖率（%）"][shown["级别"] == "市"].tolist() == [55, 55, 55, 55, 85]


def test_shared_rooms_by_township(toy):
    tables = [found.value for found in page("districts").dataframe]
    shown = next(table for table in tables if "每万人可及（2SFCA）" in table)
    assert shown["名称"].tolist() == ["甲二镇", "甲一镇", "乙一镇"]
    assert shown["每万人可及（2SFCA）"].tolist() == [0, 6.67, 50]


def test_clusters_of_the_toy_city(toy):
    test = page("cases", radius="100", min_cases="3")
    assert test.dataframe[0].value["件数"].tolist() == [3]
    assert not page("cases", min_cases="100").exception


def test_an_infeasible_wish_is_said_in_words_on_the_page(toy):
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.query_params["lang"] = "en"
    test.run()
    assert not test.exception
    broken = toy / "rooms.csv"
    broken.write_text(broken.read_text("utf-8").replace("\nr2,", "\nr1,"), encoding="utf-8")
    test.run()
    assert not test.exception
    assert "rooms.csv" in test.error[0].value


def test_an_edited_study_is_read_again(toy):
    """A stale cache would go on showing the first study."""
    assert page("overview").metric[0].value == "4"
    path = toy / "rooms.csv"
    path.write_text(path.read_text("utf-8").replace("2024-01-01", "2018-01-01"), encoding="utf-8")
    assert page("overview").metric[0].value == "5"


def test_two_studies_never_share_an_answer(tmp_path, monkeypatch):
    frames = toy_frames()
    frames["demand"]["people"] = frames["demand"]["people"] * 2
    for folder, share in (("one", "500"), ("two", "1,000")):
        tables = None if folder == "one" else frames
        path = write_study(tmp_path / folder, tables)
        monkeypatch.setenv("ROOMPLAN_STUDY", str(path))
        shown = page("gaps").dataframe[0].value
        assert f"{shown['范围外人口'].iloc[0]:,}" == share


def test_both_languages_have_every_text():
    zh, en = words("zh"), words("en")
    assert zh._texts.keys() == en._texts.keys()
    import string

    for key, text in zh._texts.items():
        names = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        other = {field for _, field, _, _ in string.Formatter().parse(en._texts[key]) if field}
        assert names == other, key
