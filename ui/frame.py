"""What surrounds every page: settings, language, banner, and the one place errors are shown."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import streamlit as st

from analysis.journey import Survey
from analysis.scenario import Scenario, Study, scenario_of
from geo.errors import RoomplanError
from ui import cached, standard, state
from ui.chrome import own_words
from ui.escape import plain
from ui.population_words import in_force
from ui.setting import setting as setting
from ui.tables import whole
from ui.wording import LANGUAGES, Words, words

ROOT = Path(__file__).parent.parent
PAGES = ("overview", "districts", "cases", "sites", "gaps", "data")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Less empty space above and beside; figures of equal width so that columns line up.
QUIET = """<style>
[data-testid="stMainBlockContainer"] {padding: 4rem 2.5rem 2rem}
[data-testid="stMetricValue"], [data-testid="stDataFrame"] {font-variant-numeric: tabular-nums}
[data-testid="stMetricValue"] {font-size: 1.7rem}
[data-testid="stMetricLabel"] * {white-space: normal; overflow: visible}
/* The table's own download would write unguarded cells; every table has ours beside it. */
[data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) {display: none}
[data-testid="stAlertContainer"] {padding: .5rem 1rem}
</style>"""


def run() -> None:
    """Draw the page the reader is on, with its frame; errors of the user's making end here."""
    text = language()
    st.set_page_config(page_title=text("app.title"), page_icon="◎", layout="wide")
    _require_sign_in()
    pages = [
        st.Page(f"ui/pages/{name}.py", title=text(f"pages.{name}"), url_path=name, default=not n)
        for n, name in enumerate(PAGES)
    ]
    st.html(QUIET + own_words(text))
    page = st.navigation(pages, position="top")
    state.arrive(page.url_path)
    _switch_language(text)
    try:
        page.run()
    except RoomplanError as error:
        st.error(plain(text.explain(error)), icon=":material/error:")


def language() -> Words:
    """Return the wording of the language the reader chose; Chinese at first."""
    return words(state.kept("lang", LANGUAGES[0]))


def study_folder() -> Path:
    """Return the folder of the study that is shown: the bundled one unless told otherwise."""
    return Path(os.environ.get("ROOMPLAN_STUDY") or ROOT / "data")


def begin() -> Words:
    """Start a page: the banner while demonstration data is shown. Return the wording."""
    text = language()
    _banner(cached.load(study_folder()), text)
    return text


def measured(**settings: Any) -> Survey:
    """Draw the settings every page shares and return the survey they ask for.

    Parameters
    ----------
    **settings
        Further fields of the scenario, from the page's own widgets.
    """
    study = cached.load(study_folder())
    return cached.survey(study, _scenario(study, language(), settings))


def _scenario(study: Study, text: Words, settings: dict[str, Any]) -> Scenario:
    start = scenario_of(study)
    with st.sidebar:
        st.markdown(f"#### {text('app.settings')}")
        today = dt.date.today()
        as_of = st.date_input(
            text("app.as_of"),
            key=state.slot("as_of", today, parse=dt.date.fromisoformat),
            min_value=dt.date(1979, 1, 1),
            max_value=dt.date(today.year + 10, 12, 31),
            format="YYYY-MM-DD",
            help=text("app.as_of_help"),
        )
        state.keep("as_of", as_of, today)
        limits = standard.standard(study, start, text)
        st.caption(text("app.basis_legend"))
        roads = study.roads.about if study.roads else None
        note = text("app.distance_roads", **roads) if roads else text("app.distance_note")
        st.caption(plain(note))
        st.caption(plain(in_force(study.settings.get("population"), text)))
    return scenario_of(study, **{"as_of": as_of, **limits, **settings})


def _banner(study: Study, text: Words) -> None:
    if study.is_demonstration:
        st.warning(
            text("app.demonstration", parts=_made_up(study, text)), icon=":material/science:"
        )


def _made_up(study: Study, text: Words) -> str:
    """Return which lists are simulated and how far; the lists a user brought are not named."""
    reported = int((study.rooms["basis"] == "reported").sum())
    lists = {"rooms": study.rooms, "cases": study.cases, "activities": study.activities}
    counts = {name: int((rows["basis"] == "simulated").sum()) for name, rows in lists.items()}
    return text("service.comma").join(
        text(f"app.demo_{name}", count=whole(count), reported=reported)
        for name, count in counts.items()
        if count
    )


def _switch_language(text: Words) -> None:
    with st.sidebar:
        other = next(lang for lang in LANGUAGES if lang != text.lang)
        if st.button(text("app.language"), key="language", width="stretch"):
            state.keep("lang", other, LANGUAGES[0])
            st.rerun()
        state.keep("lang", text.lang, LANGUAGES[0])


def _require_sign_in() -> None:
    """Ask for sign-in wherever it is configured; without it serve only this computer."""
    address = st.get_option("server.address")
    if not (st.secrets.load_if_toml_exists() and "auth" in st.secrets):
        if address in LOOPBACK:
            return
        st.error(language()("app.no_sign_in", address=address or "0.0.0.0"))
        st.stop()
    if not st.user.is_logged_in:
        st.login()
        st.stop()
