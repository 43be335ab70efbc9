"""Run the readers of outside files in a child process that can do nothing but read one file.

The child gets the bytes under a name of our own in a fresh folder, limits on memory, processor
time and file size, no drivers but the allowed ones and no way to the network. It answers with
Arrow files. When it dies, that is an error message and nothing else.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geo.errors import IntakeError

MB = 1024 * 1024
ALLOWED_DRIVERS = frozenset(
    {"ESRI Shapefile", "GPKG", "GeoJSON", "FlatGeobuf", "KML", "LIBKML", "CSV", "MEM", "Memory"}
)
# Drivers a GDAL may hold beyond those its own list shows (raster, web services, plug-ins).
_ALSO_SKIPPED = ("VRT", "WMS", "WMTS", "WCS", "HTTP", "GTI", "DAAS", "PLMOSAIC", "STACTA", "STACIT")
_CLOSED_PORT = "http://127.0.0.1:9"
_POLL_S = 0.05
_LONGEST_WORD = 4 * MB
_START = "import sys; sys.path.insert(0, sys.argv[1]); from {module} import main; main()"

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Limits:
    """What one upload may use.

    Parameters
    ----------
    file_mb : float
        Size of the file as sent.
    unpacked_mb : float
        Size of all members of a zip (an XLSX is one) and of the child's answer.
    memory_mb : int
        Address space of the child.
    cpu_s, wall_s : int
        Processor and elapsed seconds of the child.
    members, layers, rows, columns : int
        Members of a zip; sheets or layers of a file; rows and columns of one of them.
    """

    file_mb: float = 200
    unpacked_mb: float = 1000
    memory_mb: int = 2048
    cpu_s: int = 60
    wall_s: int = 120
    members: int = 1000
    layers: int = 100
    rows: int = 2_000_000
    columns: int = 500


def run_child(
    folder: str,
    *,
    name: str,
    limits: Limits,
    module: str = "geo.intake.child",
    job: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Run a module's ``main`` as a sandboxed child in a folder of its own.

    Parameters
    ----------
    folder : str
        Holds what the child is to read; it answers with words and with files there.
    name : str
        What the user calls the file.
    limits : Limits
        Elapsed time is held here; the rest the child takes upon itself.
    module : str
        Of the product.
    job : mapping, optional
        What the child is told beside name and limits.
    environment : mapping, optional
        Beside or in place of what :func:`child_environment` gives.
    progress : callable, optional
        Called with a fraction 0–1 and a stage word.
    cancel : callable, optional
        Asked about every 50 ms; True kills the child.

    Returns
    -------
    dict
        The child's last word.

    Raises
    ------
    IntakeError
        What the child reports; ``intake.memory``, ``intake.cpu``, ``intake.time``,
        ``intake.unpacked`` or ``intake.reader_died`` when it dies; ``intake.cancelled``.
    """
    told = {**(job or {}), "name": name, "limits": asdict(limits)}
    Path(folder, "job.json").write_text(json.dumps(told), encoding="utf-8")
    work = partial(_run, folder, name=name, limits=limits, progress=progress, cancel=cancel)
    work = partial(work, module=module, environment=environment or {})
    try:
        return work()
    except IntakeError as error:
        if error.code != "intake.reader_died":
            raise
        # A sound file was once seen to break its reader off; one that does so twice is not.
        return work()


def _run(
    folder: str,
    *,
    name: str,
    limits: Limits,
    module: str,
    environment: Mapping[str, str],
    progress: Progress | None,
    cancel: Callable[[], bool] | None,
) -> dict[str, Any]:
    """Start the child, listen to it until it ends, and return its last word."""
    root = str(Path(__file__).resolve().parents[2])
    with (
        open(Path(folder, "stderr"), "wb") as errors,
        subprocess.Popen(
            [sys.executable, "-I", "-c", _START.format(module=module), root, folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env={**child_environment(folder), **environment},
            start_new_session=True,
        ) as child,
    ):
        try:
            last = _listen(child, name=name, limits=limits, progress=progress, cancel=cancel)
        finally:
            _kill(child)
    if "code" in last:
        raise IntakeError(last["code"], last["message"], **last["facts"])
    if child.returncode == 0 and last:
        return last
    raise _death(child.returncode, Path(folder, "stderr"), name=name, limits=limits)


def _listen(
    child: subprocess.Popen[bytes],
    *,
    name: str,
    limits: Limits,
    progress: Progress | None,
    cancel: Callable[[], bool] | None,
) -> dict[str, Any]:
    """Return the child's last word, passing its progress on; kill it when late or cancelled."""
    assert child.stdout is not None
    pipe = child.stdout.fileno()
    end = time.monotonic() + limits.wall_s
    buffer = b""
    last: dict[str, Any] = {}
    while True:
        if cancel is not None and cancel():
            raise IntakeError("intake.cancelled", f"{name}: reading was cancelled.", file=name)
        if time.monotonic() > end:
            raise IntakeError(
                "intake.time",
                f"{name}: reading took more than {limits.wall_s} s and was stopped; split the "
                "file or raise the limit.",
                file=name,
                limit=limits.wall_s,
            )
        if not select.select([pipe], [], [], _POLL_S)[0]:
            continue
        heard = os.read(pipe, 65536)
        if not heard:
            child.wait(timeout=max(0.1, end - time.monotonic()))
            return last
        *lines, buffer = (buffer + heard).split(b"\n")
        if len(buffer) > _LONGEST_WORD:
            raise memory_error(name, limits.memory_mb)
        for line in lines:
            word = json.loads(line)
            if "progress" in word:
                if progress is not None:
                    progress(float(word["progress"]), str(word["stage"]))
            else:
                last = word


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        child.wait()


def _death(code: int, errors: Path, *, name: str, limits: Limits) -> IntakeError:
    """Say in words why a child died without a word."""
    said = errors.read_bytes()[-4000:].decode("utf-8", "replace")
    if code == -signal.SIGXCPU:
        return IntakeError(
            "intake.cpu",
            f"{name}: reading took more than {limits.cpu_s} s of processor time; split the file.",
            file=name,
            limit=limits.cpu_s,
        )
    if code == -signal.SIGXFSZ:
        return unpacked_error(name, limits.unpacked_mb)
    if "memory" in said.lower() or code == -signal.SIGKILL:
        return memory_error(name, limits.memory_mb)
    return IntakeError(
        "intake.reader_died",
        f"{name}: the reader broke off ({signal.Signals(-code).name if code < 0 else code}); the "
        "file is damaged or not what its name says. Save it again from the program that made it.",
        file=name,
        value=code,
    )


def memory_error(name: str, limit_mb: int) -> IntakeError:
    """Return the error for a file that needs more memory than is allowed."""
    return IntakeError(
        "intake.memory",
        f"{name}: reading needs more than {limit_mb} MB of memory. A sheet with one stray cell far "
        "outside the list does this: delete empty rows and columns, or split the file.",
        file=name,
        limit=limit_mb,
    )


def unpacked_error(name: str, limit_mb: float) -> IntakeError:
    """Return the error for a file that unpacks to more than is allowed."""
    return IntakeError(
        "intake.unpacked",
        f"{name}: it unpacks to more than {limit_mb:g} MB and is refused.",
        file=name,
        limit=f"{limit_mb:g}",
    )


def child_environment(folder: str) -> dict[str, str]:
    """Return the child's whole environment: no drivers, no network, no home, one thread.

    Parameters
    ----------
    folder : str
        The child's own folder, which also serves as its home.

    Returns
    -------
    dict of str to str

    Notes
    -----
    GDAL reads these once, while it is imported; setting them later has no effect.
    """
    return {
        "GDAL_SKIP": ",".join(_skipped_drivers()),
        "GDAL_HTTP_PROXY": _CLOSED_PORT,
        "GDAL_HTTPS_PROXY": _CLOSED_PORT,
        "http_proxy": _CLOSED_PORT,
        "https_proxy": _CLOSED_PORT,
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_CONFIG_FILE": os.devnull,
        "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE",
        "PROJ_NETWORK": "OFF",
        "HOME": folder,
        "TMPDIR": folder,
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


@cache
def raster_environment(*, vectors: bool) -> Mapping[str, str]:
    """Return what a child's environment needs beside the rest to read one GeoTIFF.

    Parameters
    ----------
    vectors : bool
        Whether the child reads roads too, with the drivers allowed for them.

    Returns
    -------
    mapping of str to str
        Every driver but GTiff, memory and those is left out. Empty where there is no rasterio:
        the reader says so.
    """
    if importlib.util.find_spec("rasterio") is None:
        return MappingProxyType({})
    import rasterio

    with rasterio.Env() as environment:
        known = {*environment.drivers(), *_skipped_drivers()}
    kept = {"GTiff", "MEM"} | (ALLOWED_DRIVERS if vectors else set())
    # Commas: GDAL would take a name with a blank for two.
    return MappingProxyType({"GDAL_SKIP": ",".join(sorted(known - kept)), "GDAL_CACHEMAX": "128"})


@cache
def _skipped_drivers() -> tuple[str, ...]:
    """Return every driver of this GDAL but the allowed ones."""
    import pyogrio

    return (*sorted(set(pyogrio.list_drivers()) - ALLOWED_DRIVERS), *_ALSO_SKIPPED)
