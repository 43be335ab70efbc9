"""The Word report: Chinese fonts, every section, evil names as plain text."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from docx import Document
from docx.oxml.ns import qn

from analysis.journey import proposal_of, survey
from analysis.scenario import scenario_of
from ui.word import word_report
from ui.wording import words
from worlds import toy_frames, toy_study


def document(lang: str = "zh", **frames):
    study = toy_study(**frames)
    measured = survey(study, scenario_of(study, as_of=dt.date(2019, 5, 31), n_new=1))
    return Document(io.BytesIO(word_report(measured, proposal_of(measured), words(lang))))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_section_is_there(lang):
    text = words(lang)
    opened = document(lang)
    said = "\n".join(paragraph.text for paragraph in opened.paragraphs)
    for key in ("report.title", "report.figures", "districts.table", "sites.table", "gaps.sheet"):
        assert text(key) in said
    assert "1,100" in said
    assert "**" not in said
    assert [len(table.rows) - 1 for table in opened.tables] == [2, 1, 3]


def test_chinese_letters_have_a_chinese_font():
    for name in ("Normal", "Title", "Heading 1"):
        fonts = document().styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == "SimSun"


def test_names_are_text():
    frames = toy_frames()
    frames["units"].loc["v2", "name"] = "<w:t>&x</w:t>"
    cells = [cell.text for row in document(**frames).tables[2].rows for cell in row.cells]
    assert "<w:t>&x</w:t>" in cells


def test_a_long_list_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr("ui.word.MOST_GAPS", 2)
    opened = document()
    assert len(opened.tables[2].rows) == 3
    said = [paragraph.text for paragraph in opened.paragraphs]
    assert words("zh")("report.cut", shown=2, count=3) in said
