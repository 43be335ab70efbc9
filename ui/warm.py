"""What the first reader would wait for, done before the first reader comes."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from geo.errors import RoomplanError

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
    from analysis.scenario import scenario_of
    from ui import cached

    # Streamlit warns that no session is there yet, which is the point.
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    for name in PAGE_MODULES:
        importlib.import_module(name)
    study = cached.load(folder)
    cached.survey(study, scenario_of(study))
    logging.getLogger("streamlit").setLevel(logging.NOTSET)


@asynccontextmanager
async def early(_app: Any) -> AsyncIterator[None]:
    """Do :func:`up` beside the server as it starts, so that a browser loads while it runs.

    Notes
    -----
    What is wrong with the study is said on the page, where there is somebody to read it.
    """
    threading.Thread(target=_up_in_silence, daemon=True).start()
    yield


def _up_in_silence() -> None:
    from ui import frame

    try:
        up(frame.study_folder())
    except (RoomplanError, OSError):
        logging.getLogger(__name__).info("the first survey is left to the first reader")
