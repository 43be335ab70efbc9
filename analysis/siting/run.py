"""One run of the engine: its clock, its seed, and the caller who watches and may stop it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


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
    """

    time_limit_s: float = float("inf")
    progress: Callable[[Progress], object] | None = None
    seed: int = 0
    started: float = field(default_factory=time.monotonic)
    cancelled: bool = False

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started

    def left(self) -> float:
        """Return the seconds left, 0 once cancelled."""
        return 0.0 if self.cancelled else max(0.0, self.time_limit_s - self.seconds())

    def stopped(self) -> bool:
        """Return whether time is up or the caller wants to stop."""
        return self.left() <= 0.0

    def part(self, seconds: float) -> Run:
        """Return a run of at most so many seconds within this one; both are watched as one."""

        def pass_on(now: Progress) -> bool:
            return self.tell(now.stage, now.value, now.bound)

        return Run(min(self.left(), seconds), pass_on, self.seed)

    def tell(self, stage: str, value: float | None = None, bound: float | None = None) -> bool:
        """Tell the caller where things stand; return whether to go on."""
        if self.progress is not None and not self.cancelled:
            try:
                if self.progress(Progress(stage, value, bound, self.seconds())) is False:
                    self.cancelled = True
            except Cancelled:
                self.cancelled = True
        return not self.stopped()
