"""What we write ourselves comes back exactly, letter by letter."""

from __future__ import annotations

import io
import threading

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from geo.intake.excel import read_excel
from geo.intake.sandbox import Limits
from geo.intake.text import read_text
from geo.read import parse_table
from geo.schema import Column, Table
from geo.write import GUARDED, guard, table_bytes, unguard

SPEC = Table("room_id", {"note": Column("text", unknown=True)}, geometry="none")
# What XML and text files cannot hold at all: the zero byte, lone surrogates, two non-characters.
CHARACTERS = st.characters(
    codec="utf-8", exclude_characters="\x00\ufffe\uffff", exclude_categories=["Cs"]
)
# Plain letters, and often what parts, quotes, guards or escapes.
PIECES = st.sampled_from([*GUARDED, "'", '"', ",", ";", "，", "|", "\n", "\r\n", "_x0041_", "丰州"])
TEXTS = st.lists(PIECES | st.text(CHARACTERS, max_size=3), max_size=6).map("".join)
SLOW = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def table_of(texts: list[str]) -> pd.DataFrame:
    ids = [f"r{place}" for place in range(len(texts))]
    return pd.DataFrame({"room_id": ids, "note": texts, "more": texts[::-1]})


@given(TEXTS)
@example("'=1")
@example("''")
def test_a_guard_is_taken_away_again(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(GUARDED)


@SLOW
@given(st.lists(TEXTS, min_size=1, max_size=25))
@example(["=1+1", "'=1+1", "''=1", "'", "-5", "'甲"])
@example(["甲，乙，丙，丁"])
def test_a_csv_of_ours_comes_back_as_it_was(texts: list[str]) -> None:
    frame = table_of(texts)
    rows = read_text(table_bytes(frame, ".csv"), name="a.csv", limits=Limits()).rows
    assert rows.to_pydict() == frame.to_dict("list")


@SLOW
@given(st.lists(TEXTS, min_size=1, max_size=10))
@example(["=1+1", "'=1+1", "''=1", " x ", "_x0041_", "a\r\nb", "\x01"])
def test_a_workbook_of_ours_comes_back_as_it_was(texts: list[str]) -> None:
    frame = table_of(texts)
    rows = read_excel(table_bytes(frame, ".xlsx"), name="a.xlsx", limits=Limits())[0].rows
    assert rows.to_pydict() == frame.to_dict("list")


@SLOW
@given(st.lists(TEXTS, min_size=1, max_size=10))
@example(["=1+1", "'=1+1", "''=1", "'甲"])
def test_a_study_file_of_ours_comes_back_as_it_was(texts: list[str]) -> None:
    frame = table_of(texts)
    read = parse_table(table_bytes(frame, ".csv"), "rooms.csv", SPEC)
    assert read["note"].tolist() == [text or None for text in texts]


def test_headings_are_guarded_and_come_back_too() -> None:
    frame = pd.DataFrame({"room_id": ["r1"], "=1+1": ["a"], "'=1": ["b"]})
    content = table_bytes(frame, ".csv")
    grid = read_text(content, name="a.csv", limits=Limits())
    assert grid.rows.column_names == ["room_id", "=1+1", "'=1"]
    assert list(parse_table(content, "a.csv", SPEC).columns) == ["=1+1", "'=1"]


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (",", "编号,内容\n1,路灯不亮，水管漏，路不平\n"),
        (";", "a;b\n1,5;2,5\n3,5;4,5\n"),
        ("\t", "名称\t备注\n甲\t1,2,3\n乙\t4,5,6\n"),
        ("，", "名称，备注\n甲，a;b\n乙，c;d;e\n"),
    ],
)
def test_a_comma_in_a_sentence_parts_no_cells(mark: str, text: str) -> None:
    grid = read_text(text.encode(), name="a.csv", limits=Limits())
    head, *rows = [line.split(mark) for line in text.split("\n")[:-1]]
    assert grid.rows.column_names == head
    assert [list(row.values()) for row in grid.rows.to_pylist()] == rows


def test_a_csv_with_odd_quotes_is_unguarded_too() -> None:
    text = "\r\n".join(["名称,备注", "'=甲,a", "乙"])
    grid = read_text(text.encode(), name="a.csv", limits=Limits())
    assert grid.rows.to_pydict() == {"名称": ["=甲", "乙"], "备注": ["a", ""]}


def test_our_writer_and_a_plain_reader_agree_on_what_a_spreadsheet_sees() -> None:
    """The guard is in the file: a spreadsheet program shows text, and runs nothing."""
    content = table_bytes(table_of(["=1+1", "plain"]), ".csv")
    assert pd.read_csv(io.BytesIO(content))["note"].tolist() == ["'=1+1", "plain"]


def test_without_threads_the_slower_reader_reads_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Arrow aborts the process where it gets no thread; Python raises, and is asked first."""
    content = table_bytes(table_of(["甲", "'=1", "a,b", 'q"q', "x\r\ny"]), ".csv")
    usual = read_text(content, name="a.csv", limits=Limits())

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    monkeypatch.setattr("pyarrow.csv.read_csv", None)
    slow = read_text(content, name="a.csv", limits=Limits())
    assert slow.rows.to_pydict() == usual.rows.to_pydict()
    assert slow.about == usual.about
