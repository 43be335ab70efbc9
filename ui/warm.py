"""What the first reader would wait for, done before the server answers."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path

from analysis.scenario import scenario_of
from ui import cached

PAGE_MODULES = ("ui.frame", "ui.cards", "ui.views", "ui.widgets", "ui.plan_views", "ui.charts")


def up(folder: Path) -> None:
    """Load the study, its survey and the pages' modules into this process.

    Parameters
    ----------
    folder : path
        The study the app will show; what is wrong with it is raised here, before serving.

    Notes
    -----
    streamlit-folium is left to the first page: imported before the server runs, its component
    is never drawn.
    """
    # Streamlit warns that no session is there yet, which is the point.
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    for name in PAGE_MODULES:
        importlib.import_module(name)
    study = cached.load(folder)
    cached.survey(study, scenario_of(study))
    logging.getLogger("streamlit").setLevel(logging.NOTSET)
