"""A large program in a process of its own, which can be killed when time is up.

HiGHS looks at its clock only between steps, and one step can outlast the limit. The child tells
every better point and bound as they come, so that killing it loses nothing. Frames are numpy
archives without pickles, each behind its length.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

import highspy
import numpy as np
from numpy.typing import NDArray

from analysis.siting.highs import Answer, Arrays, SilentHighs, run_highs
from analysis.siting.run import Run

GRACE = 0.3
FOREVER = 1e9
BEAT = 0.1
LENGTH = 8

Frame = dict[str, NDArray[Any]]


def solve_apart(arrays: Arrays, run: Run, *, stage: str) -> Answer:
    """Solve a program in a child process, killed at the latest 0.3 s after the time limit.

    Parameters
    ----------
    arrays : Arrays
        The program and its start.
    run : Run
    stage : str

    Returns
    -------
    Answer
        The last the child told, ``stopped`` where it was killed.
    """
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    child = subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    frames: SimpleQueue[Frame | None] = SimpleQueue()
    assert child.stdin is not None
    assert child.stdout is not None
    reader = threading.Thread(target=_listen, args=(child.stdout, frames), daemon=True)
    try:
        reader.start()
        until = time.time() + min(run.left(), FOREVER)
        _send(child.stdin, arrays.as_frame() | {"run": np.array([until, run.seed])})
        return _follow(frames, run, stage)
    finally:
        child.kill()
        child.wait()
        reader.join()
        child.stdin.close()
        child.stdout.close()


def _follow(frames: SimpleQueue[Frame | None], run: Run, stage: str) -> Answer:
    best = Answer("stopped", None, np.inf, -np.inf)
    end = run.seconds() + run.left() + GRACE
    while run.tell(stage) or (not run.cancelled and run.seconds() < end):
        try:
            frame = frames.get(timeout=BEAT)
        except Empty:
            continue
        if frame is None:
            break
        if "status" in frame:
            status = str(frame["status"])
            x, prices = (frame[name] if len(frame[name]) else None for name in ("x", "prices"))
            return Answer(status, x, float(frame["value"]), float(frame["bound"]), prices)
        value, bound = float(frame["value"]), max(best.bound, float(frame["bound"]))
        x = frame["x"] if "x" in frame and value < best.value else best.x
        best = Answer("stopped", x, min(value, best.value), bound)
    return best


def _send(stream: IO[bytes], frame: Frame) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **frame)
    data = buffer.getvalue()
    stream.write(len(data).to_bytes(LENGTH, "big") + data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Frame | None:
    head = stream.read(LENGTH)
    if len(head) < LENGTH:
        return None
    length = int.from_bytes(head, "big")
    data = stream.read(length)
    if len(data) < length:
        return None
    with np.load(io.BytesIO(data), allow_pickle=False) as frame:
        return dict(frame)


def _listen(stream: IO[bytes], frames: SimpleQueue[Frame | None]) -> None:
    """Read frames until the child is gone, even in the middle of one."""
    while True:
        try:
            frame = _receive(stream)
        except (OSError, ValueError, EOFError):
            frame = None
        frames.put(frame)
        if frame is None:
            return


def main() -> None:
    """Solve the program that comes in and tell better points, bounds and the end."""
    frame = _receive(sys.stdin.buffer)
    if frame is None:
        return
    until, seed = frame.pop("run")
    run = Run(time_limit_s=max(0.0, float(until) - time.time()), seed=int(seed))
    out = sys.stdout.buffer
    arrays = Arrays.from_frame(frame)

    def better(event: highspy.HighsCallbackEvent) -> None:
        data = event.data_out
        _send(
            out,
            {
                "x": np.array(data.mip_solution),
                "value": arrays.cost @ np.array(data.mip_solution),
                "bound": np.array(data.mip_dual_bound),
            },
        )

    def bound(event: highspy.HighsCallbackEvent) -> None:
        data = event.data_out
        _send(out, {"value": np.array(np.inf), "bound": np.array(data.mip_dual_bound)})

    def listen(highs: SilentHighs) -> None:
        highs.cbMipImprovingSolution.subscribe(better)
        highs.cbMipLogging.subscribe(bound)

    answer = run_highs(arrays, run, listen)
    point, prices = (np.empty(0) if a is None else a for a in (answer.x, answer.prices))
    end = {"status": np.array(answer.status), "x": point, "prices": prices}
    _send(out, end | {"value": np.array(answer.value), "bound": np.array(answer.bound)})
