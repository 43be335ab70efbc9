"""A plan while it is made: how far the solver is, and a button that takes the best so far."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.siting.run import Progress
from geo.errors import RoomplanError
from ui import cached, state
from ui.tables import whole
from ui.wording import Words

QUIET_S = 0.6
"""How long a plan may take before the page says that it is being made."""
LOOK_S = 0.25
# The map below must not move under a reader's press: progress lies over what was said before.
STILL = """<style>
.st-key-plan_said {position: relative; min-height: 5.6rem}
.st-key-plan_said > :has(> .st-key-solving) {position: absolute; inset: 0; z-index: 5}
.st-key-solving {background: #fff; min-height: 100%}
</style>"""


class Job:
    """One plan made beside the page, so that the page can show progress and stop it.

    Parameters
    ----------
    measured : Survey
        What the plan is made for.
    """

    def __init__(self, measured: Survey) -> None:
        self.key = key_of(measured)
        self.done = threading.Event()
        self.seen: Progress | None = None
        self.stopping = False
        self._found: Proposal | None = None
        self._error: RoomplanError | None = None
        self.started = time.monotonic()
        threading.Thread(target=self._run, args=(measured,), daemon=True).start()

    def stop(self) -> None:
        """Take the best plan so far."""
        self.stopping = True

    def answer(self) -> Proposal:
        """Return the plan, or raise what kept it from being made; only when done."""
        if self._error is not None:
            raise self._error
        if self._found is None:
            raise RuntimeError("the plan's thread ended without an answer; the log says why")
        return self._found

    def _run(self, measured: Survey) -> None:
        try:
            self._found = cached.proposal(measured, self._look)
        except cached.StoppedEarly as stopped:
            self._found = stopped.found
        except RoomplanError as error:
            self._error = error
        finally:
            self.done.set()

    def _look(self, progress: Progress) -> bool:
        known = self.seen
        if known is not None:
            value = known.value if progress.value is None else progress.value
            bound = known.bound if progress.bound is None else progress.bound
            progress = replace(progress, value=value, bound=bound)
        self.seen = progress
        return not self.stopping


def key_of(measured: Survey) -> tuple[str, str]:
    """Return what tells two plans apart."""
    return measured.study.fingerprint, repr(measured.scenario)


def said() -> DeltaGenerator:
    """Return the box over the map for what is said of a plan, its progress included."""
    st.html(STILL)
    return st.container(key="plan_said")


def proposal(measured: Survey, text: Words) -> Proposal:
    """Return the plan the page asks for, showing progress and a way to stop where it takes long.

    Raises
    ------
    RoomplanError
        When there is no plan.
    """
    # Drawn in every run: what follows would otherwise change places and stand there twice.
    place = st.empty()
    job: Job | None = state.held("job")
    if job is None or job.key != key_of(measured):
        if job is not None:
            job.stop()  # nobody waits for it any more
        job = Job(measured)
        state.hold("job", job)
    if not job.done.wait(QUIET_S):
        _watch(job, float(measured.scenario.time_limit_s), place, text)
    return job.answer()


def again() -> None:
    """Forget a plan that was stopped, so that the next run makes it anew."""
    state.hold("job", None)


def _watch(job: Job, limit_s: float, place: DeltaGenerator, text: Words) -> None:
    with place.container(border=True, key="solving"):
        left, right = st.columns([2, 1], vertical_alignment="center")
        bar = left.progress(0.0)
        label = text("sites.stop")
        right.button(label, key="stop_solving", icon=":material/stop:", on_click=job.stop)
    while not job.done.wait(LOOK_S):
        # Each look also lets Streamlit break off here when the planner changes something.
        seconds = time.monotonic() - job.started
        bar.progress(min(seconds / limit_s, 1.0), text=_so_far(job, seconds, limit_s, text))
    place.empty()


def _so_far(job: Job, seconds: float, limit_s: float, text: Words) -> str:
    parts = [text("sites.solving", seconds=f"{seconds:.0f}", limit=f"{limit_s:g}")]
    if job.seen is not None:
        parts.append(text(f"sites.stage_{job.seen.stage}"))
        if job.seen.value is not None:
            parts.append(text("sites.best_so_far", value=whole(job.seen.value)))
        if job.seen.bound is not None:
            parts.append(text("sites.bound_so_far", bound=whole(job.seen.bound)))
    return " · ".join(parts)
