"""What is computed once: the only caches of the app, all keyed on fingerprint and scenario."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from analysis import journey
from analysis.audit import Checklist, checklist_of
from analysis.clusters import Clusters
from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.scenario import Scenario, Study
from analysis.stages import Stages, stages_of
from analysis.standards import compare_standards
from geo.outlines import outlines_stamp
from geo.population_held import population_stamp
from geo.read import Tables, parse_toml, read_settings, read_study
from geo.register import open_register
from geo.register_home import register_target, stamp_of
from geo.roads_kept import KeptRoads, roads_stamp
from geo.write import table_bytes
from ui import report
from ui.data_words import history_table
from ui.report_since import read_gaps
from ui.wording import Words, words

MOST_IN_CURVE = 60
CHECKLIST = "checklist.toml"
TEMPLATE = Path(__file__).parent.parent / "data" / CHECKLIST
KEYS: dict[Any, Any] = {
    Study: lambda study: study.fingerprint,
    Scenario: repr,
    Survey: lambda measured: (measured.study.fingerprint, repr(measured.scenario)),
}


# Files of a register change with every reader; its own stamp tells of edits.
REGISTER_FILES = (".gpkg", ".gpkg-wal", ".gpkg-shm")
# What a study was given beside its files, which may lie outside its folder.
SIDE_STAMPS = (population_stamp, outlines_stamp, roads_stamp)


def load(folder: Path) -> Study:
    """Return the study in a folder, read again when a file or the register changes."""
    return Study.of(load_tables(folder))


def load_tables(folder: Path) -> Tables:
    """Return the study's tables, read again when files, register or what is beside them change."""
    files = (p for p in sorted(folder.rglob("*")) if p.suffix not in REGISTER_FILES)
    stamps = [(str(p), p.stat().st_mtime_ns) for p in files if p.is_file()]
    settings = read_settings(folder)
    own = [stamp(folder, settings) for stamp in SIDE_STAMPS]
    target = register_target(folder, settings)
    return _load(str(folder), repr(stamps + own), target, stamp_of(target))


@st.cache_resource(max_entries=4, show_spinner=False)
def _load(folder: str, stamps: str, target: str, change: str) -> Tables:
    tables = read_study(folder)
    if tables.roads is None:
        return tables
    about = repr(sorted(tables.roads.about.items()))
    return replace(tables, roads=_roads(str(tables.roads.path), about, tables.roads))


# The same roads outlive an edit of the register, and so do the searches they remember.
@st.cache_resource(max_entries=2, show_spinner=False)
def _roads(path: str, about: str, _found: KeptRoads) -> KeptRoads:
    return _found


def survey(study: Study, scenario: Scenario) -> Survey:
    """Return the survey; settings it does not depend on do not make it anew."""
    return replace(_survey(study, scenario.only_measured()), scenario=scenario)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=KEYS)
def _survey(study: Study, scenario: Scenario) -> Survey:
    return journey.survey(study, scenario)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=KEYS)
def clusters(measured: Survey) -> Clusters:
    """Return the clusters of the survey's cases."""
    return journey.clusters_of(measured)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def hotspots(measured: Survey) -> pd.DataFrame:
    """Return the circles with more cases than their people lead one to expect."""
    return journey.hotspots_of(measured)


class StoppedEarly(Exception):
    """A plan was stopped by its reader: theirs to see, but nobody else's answer."""

    def __init__(self, found: Proposal) -> None:
        super().__init__("stopped")
        self.found = found


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=KEYS)
def proposal(measured: Survey, _progress: Callable[[Any], object] | None = None) -> Proposal:
    """Return the suggested sites, which :func:`propose` has checked against their problem.

    Raises
    ------
    StoppedEarly
        With the plan so far, when ``_progress`` stopped it; such a plan is not kept.
    """
    found = journey.proposal_of(measured, progress=_progress)
    if found.plan.status == "cancelled":
        raise StoppedEarly(found)
    return found


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=KEYS)
def scored(measured: Survey, given: tuple[str, ...]) -> Proposal:
    """Return the planner's own choice, scored like a plan."""
    return journey.proposal_of(measured, given=given)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=KEYS)
def stages(measured: Survey, per_stage: int, _proposal: Proposal) -> Stages:
    """Return the plan in stages."""
    return stages_of(_proposal, per_stage=per_stage)


@st.cache_data(max_entries=8, show_spinner=False)
def earlier_gaps(content: bytes, name: str) -> pd.DataFrame:
    """Return an earlier gap list from the bytes of the file it was exported to."""
    return read_gaps(content, name=name)


@st.cache_resource(max_entries=8, show_spinner=False)
def history(register: str, fingerprint: str, row_id: str) -> pd.DataFrame:
    """Return the register's history, of one row where it is named, as of a fingerprint."""
    with open_register(register) as found:
        return found.history(row_id=row_id or None)


@st.cache_data(max_entries=16, show_spinner=False)
def change_file(register: str, fingerprint: str, row_id: str, change: int, lang: str) -> bytes:
    """Return all rows of one change as a CSV file."""
    rows = history(register, fingerprint, row_id)
    return table_bytes(history_table(rows[rows["change"] == change], words(lang)), ".csv")


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def standards(measured: Survey) -> pd.DataFrame:
    """Return who is within reach under several standards."""
    return compare_standards(measured.study, measured.scenario)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def catchments(measured: Survey) -> pd.DataFrame:
    """Return how much room each township has when all who can come share it."""
    return journey.catchments_of(measured)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def groups(measured: Survey) -> pd.DataFrame:
    """Return coverage by group and setting of every unit."""
    return journey.groups_of(measured)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def villages(measured: Survey) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every village with its own room or none known, and their counts by unit."""
    return journey.villages_of(measured)


def checklist(folder: Path) -> Checklist:
    """Return the checklist in a study's folder; where it has none, the bundled template."""
    own = folder / CHECKLIST
    path = own if own.is_file() else TEMPLATE
    return checklist_of(parse_toml(path.read_bytes(), path.name))


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def curve(measured: Survey) -> pd.DataFrame:
    """Return people within reach for up to twice as many new rooms as asked for."""
    return journey.curve_of(measured, most=min(2 * int(measured.scenario.n_new), MOST_IN_CURVE))


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def stability(measured: Survey) -> pd.DataFrame:
    """Return how often each site is picked when what is uncertain differs a little."""
    return journey.stability_of(measured)


def exports(
    kind: str, frame: pd.DataFrame, measured: Survey, text: Words, endings: Sequence[str]
) -> list[bytes]:
    """Return a list as the bytes of files, written once for the same rows."""
    plain = pd.DataFrame(frame).drop(columns="geometry", errors="ignore")
    content = int(pd.util.hash_pandas_object(plain.astype(str)).sum())
    return [_export(kind, content, measured, text.lang, ending, frame) for ending in endings]


# The frame itself is left out of the key, because ``content`` stands for every cell of it.
@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=KEYS)
def _export(
    kind: str, content: int, measured: Survey, lang: str, ending: str, _frame: pd.DataFrame
) -> bytes:
    return report.export(kind, _frame, measured, words(lang), ending=ending)
