"""One run of the engine: its clock, its seed, and the caller who watches and may stop it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BEAT = 0.1


class Cancelled(Exception):
    """Raise this from a progress callback to stop; the best plan so far is returned."""


@dataclass(frozen=True)
class Progress:
    """What the engine knows at one moment.

    Parameters
    ----------
    stage : str
        ``reduce``, ``search``, ``bound``, ``exact``.
    value, bound : float or None
        Best value and proven bound so far, where known.
    seconds : float
        Since the start.
    """

    stage: str
    value: float | None
    bound: float | None
    seconds: float


@dataclass
class Run:
    """The clock of one run.

    Parameters
    ----------
    time_limit_s : float
        Seconds from the start.
    progress : callable, optional
        Called with a :class:`Progress`; returning False or raising :class:`Cancelled` stops.
    seed : int
    clock : callable
        Returns seconds that never go back.
    kept_back : float
        Seconds before the limit at which to stop, for what is done in any case.
    """

    time_limit_s: float = float("inf")
    progress: Callable[[Progress], object] | None = None
    seed: int = 0
    clock: Callable[[], float] = time.monotonic
    cancelled: bool = False
    kept_back: float = 0.0

    def __post_init__(self) -> None:
        """Start the clock."""
        self.started = self.clock()
        self.told = ("", -np.inf)

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return self.clock() - self.started

    def left(self) -> float:
        """Return the seconds left, 0 once cancelled."""
        spare = self.time_limit_s - self.kept_back - self.seconds()
        return 0.0 if self.cancelled else max(0.0, spare)

    def keep_back(self) -> None:
        """Keep back as much time as the first pass over the pairs took, for the last ones.

        A greedy choice and the value of the plan are made even when time is up.
        """
        self.kept_back = self.kept_back or self.seconds()

    def stopped(self) -> bool:
        """Return whether time is up or the caller wants to stop."""
        return self.left() <= 0.0

    def part(self, seconds: float) -> Run:
        """Return a run of at most so many seconds within this one; both are watched as one."""

        def pass_on(now: Progress) -> bool:
            return self.tell(now.stage, now.value, now.bound)

        return Run(min(self.left(), seconds), pass_on, self.seed, self.clock)

    def tell(self, stage: str, value: float | None = None, bound: float | None = None) -> bool:
        """Tell the caller where things stand; return whether to go on.

        Within a stage the caller hears ten times a second at the most, so that the engine may
        tell as often as it likes.
        """
        now = self.seconds()
        due = stage != self.told[0] or now - self.told[1] >= BEAT
        if due and self.progress is not None and not self.cancelled:
            self.told = (stage, now)
            try:
                if self.progress(Progress(stage, value, bound, self.seconds())) is False:
                    self.cancelled = True
            except Cancelled:
                self.cancelled = True
        return not self.stopped()
