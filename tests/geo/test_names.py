"""Place names: one unit, or a question; never the wrong one in silence."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import PlaceNameError
from geo.names import DOUBTFUL, NameIndex, clean, find_units

ROWS = [
    ("35", "泉州市", "city", None),
    ("3583", "南安市", "county", "35"),
    ("3524", "安溪县", "county", "35"),
    ("3521", "惠安县", "county", "35"),
    ("3503", "丰泽区", "county", "35"),
    ("3583a", "丰州镇", "township", "3583"),
    ("3583b", "官桥镇", "township", "3583"),
    ("3583c", "省新镇", "township", "3583"),
    ("3583d", "溪美街道", "township", "3583"),
    ("3524a", "官桥镇", "township", "3524"),
    ("3524b", "湖头镇", "township", "3524"),
    ("3521a", "百崎回族乡", "township", "3521"),
    ("3521b", "东园镇", "township", "3521"),
    ("3503a", "城东街道", "township", "3503"),
    ("3583a1", "桃源村委会", "village", "3583a"),
    ("3583a2", "丰州村委会", "village", "3583a"),
    ("3583a3", "丰州社区居委会", "village", "3583a"),
    ("3583c1", "新厅村委会", "village", "3583c"),
    ("3524b1", "湖一村委会", "village", "3524b"),
    ("3524b2", "桃源村委会", "village", "3524b"),
    ("3524a1", "善坛村畲族村委会", "village", "3524a"),
    ("3583d1", "南安村委会", "village", "3521b"),
]
COLUMNS = ["unit_id", "name", "level", "parent_id"]
UNITS = pd.DataFrame(ROWS, columns=COLUMNS).set_index("unit_id")
INDEX = NameIndex(UNITS)


@pytest.mark.parametrize(
    ("text", "unit_id", "how"),
    [
        ("南安丰州", "3583a", "short"),
        ("南安市丰州镇", "3583a", "exact"),
        ("丰州", "3583a", "short"),
        ("福建省泉州市南安市丰州镇", "3583a", "exact"),
        (" 南安市 / 丰州镇 ", "3583a", "exact"),
        ("泉州市", "35", "exact"),
        ("南安市", "3583", "exact"),
        ("南安", "3583", "higher"),
        ("南安官桥", "3583b", "short"),
        ("安溪县官桥镇", "3524a", "exact"),
        ("南安市省新镇", "3583c", "exact"),
        ("南安市省新镇新厅村", "3583c1", "exact"),
        ("丰州镇桃源", "3583a1", "short"),
        ("南安桃源村民委员会", "3583a1", "exact"),
        ("丰州村", "3583a2", "exact"),
        ("丰州社区", "3583a3", "exact"),
        ("丰州镇丰州社区居民委员会", "3583a3", "exact"),
        ("百崎", "3521a", "short"),
        ("百崎乡", "3521a", "short"),
        ("善坛村", "3524a1", "exact"),
        ("溪美街道办事处", "3583d", "exact"),
        ("城东镇", "3503a", "short"),
        ("闽南科技学院(南安市丰州镇)", "3583a", "inside"),
        ("泉州台商投资区东园镇", "3521b", "inside"),
        ("南安市丰洲镇", "3583a", "fuzzy"),
        ("丰州镇某某村3号", "3583a", "part"),
    ],
)
def test_one_unit(text: str, unit_id: str, how: str) -> None:
    match = INDEX.find(text)
    assert (match.unit_id, match.how) == (unit_id, how)
    assert match.level == UNITS.loc[unit_id, "level"]


def test_an_address_keeps_its_rest() -> None:
    match = INDEX.find("南安市丰州镇桃源村12号")
    assert (match.unit_id, match.level, match.rest) == ("3583a1", "village", "12号")
    assert INDEX.find("南安市丰州镇人大代表联系群众活动室").unit_id == "3583a"


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("官桥镇", {"3583b": "南安市官桥镇", "3524a": "安溪县官桥镇"}),
        ("官桥", {"3583b": "南安市官桥镇", "3524a": "安溪县官桥镇"}),
        ("桃源村", {"3583a1": "南安市丰州镇桃源村委会", "3524b2": "安溪县湖头镇桃源村委会"}),
    ],
)
def test_two_units_are_a_question(text: str, candidates: dict[str, str]) -> None:
    with pytest.raises(PlaceNameError, match="names 2 places") as caught:
        INDEX.find(text)
    assert caught.value.code == "names.ambiguous"
    assert caught.value.facts["candidates"] == candidates


@pytest.mark.parametrize(
    "text",
    ["厦门市思明区", "南安路12号", "闽南科技学院", "乡", "镇", "", "  ", "丰", "南安市金海乡"],
)
def test_nothing_found_is_a_question(text: str) -> None:
    with pytest.raises(PlaceNameError) as caught:
        INDEX.find(text)
    assert caught.value.code == "names.unknown"


def test_a_near_miss_that_is_not_alone_offers_candidates() -> None:
    with pytest.raises(PlaceNameError, match="did you mean") as caught:
        INDEX.find("丰洲镇")
    assert caught.value.facts["candidates"] == {"3583a": "南安市丰州镇"}


def test_a_limit_settles_what_is_ambiguous() -> None:
    assert INDEX.find("官桥镇", within="3524").unit_id == "3524a"
    assert INDEX.find("桃源村", within="3583a").unit_id == "3583a1"
    with pytest.raises(PlaceNameError):
        INDEX.find("湖头镇", within="3583")


@pytest.mark.parametrize("unit_id", [row[0] for row in ROWS])
def test_every_unit_is_found_by_its_full_name(unit_id: str) -> None:
    text = INDEX.full_name(unit_id) or "泉州市"
    assert INDEX.find(text).unit_id == unit_id


@given(st.sampled_from([row[0] for row in ROWS[1:]]), st.sampled_from(["12号", "附近", "A座", ""]))
def test_what_follows_a_name_never_changes_the_unit(unit_id: str, rest: str) -> None:
    assert INDEX.find("泉州市" + INDEX.full_name(unit_id) + rest).unit_id == unit_id


@given(st.text(alphabet="南安市丰州镇官桥村社区街道路12号县区乡", max_size=12))
def test_any_text_is_a_unit_or_a_question(text: str) -> None:
    found = find_units(pd.Series([text]), index=INDEX).iloc[0]
    if clean(text):
        assert (found["unit_id"] in UNITS.index) != isinstance(found["question"], str)
    else:
        assert found.isna().all()


def test_a_column_is_read_row_by_row_on_its_own_index() -> None:
    texts = pd.Series(["南安丰州", None, "官桥镇", "官桥镇", "南安市丰洲镇"], index=[7, 3, 9, 1, 4])
    within = pd.Series([None, None, None, "3524", None], index=texts.index)
    found = find_units(texts, index=INDEX, within=within)
    assert found.index.tolist() == [7, 3, 9, 1, 4]
    assert found["unit_id"].tolist() == ["3583a", None, None, "3524a", "3583a"]
    assert found["level"].tolist() == ["township", None, None, "township", "township"]
    assert found.loc[3].isna().all()
    assert "names 2 places" in found.loc[9, "question"]
    assert found.loc[4, "how"] in DOUBTFUL


def test_full_width_and_blanks_are_cleaned() -> None:
    assert clean("南安市　丰州镇１２号") == "南安市丰州镇12号"


def test_a_circle_of_parents_ends() -> None:
    loop = pd.DataFrame(
        [("a", "甲县", "county", "b"), ("b", "乙市", "city", "a")], columns=COLUMNS
    ).set_index("unit_id")
    assert NameIndex(loop).find("甲县").unit_id == "a"
