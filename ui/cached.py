"""What is computed once: the only caches of the app, all keyed on fingerprint and scenario."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from analysis import journey
from analysis.clusters import Clusters
from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.scenario import Scenario, Study
from geo.read import read_study

KEYS: dict[Any, Any] = {
    Study: lambda study: study.fingerprint,
    Scenario: repr,
    Survey: lambda measured: (measured.study.fingerprint, repr(measured.scenario)),
}


def load(folder: Path) -> Study:
    """Return the study in a folder, read again when one of its files changes."""
    stamps = [(str(p), p.stat().st_mtime_ns) for p in sorted(folder.rglob("*")) if p.is_file()]
    return _load(str(folder), repr(stamps))


@st.cache_resource(max_entries=4, show_spinner=False)
def _load(folder: str, stamps: str) -> Study:
    return Study.of(read_study(folder))


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


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=KEYS)
def proposal(measured: Survey) -> Proposal:
    """Return the suggested sites, checked against the problem before anyone sees them."""
    found = journey.proposal_of(measured)
    found.plan.verify(found.problem)
    return found
