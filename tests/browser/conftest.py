"""A real Chromium that can reach nothing but this computer, and the app started for it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

ROOT = Path(__file__).parents[2]
INSIDE = {"127.0.0.1", "localhost", ""}
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
START_S = 60


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the machine's own Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "Chromium is not installed: apt-get install chromium"
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def outside() -> list[str]:
    """Collect the address of every request that would have left this computer."""
    return []


@pytest.fixture
def context(chromium: Browser, outside: list[str]) -> Iterator[BrowserContext]:
    """Open a fresh profile in which every outside request is counted and refused."""
    opened = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    opened.route("**/*", lambda route: _only_inside(route, outside))
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Open a page in the closed profile."""
    return context.new_page()


def _only_inside(route: Route, outside: list[str]) -> None:
    address = urlsplit(route.request.url)
    if address.scheme in {"data", "blob", "file"} or address.hostname in INSIDE:
        route.continue_()
    else:
        outside.append(route.request.url)
        route.abort()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """Give a function that starts Streamlit on a script and returns its address."""
    running: dict[Path, tuple[str, subprocess.Popen[bytes]]] = {}

    def start(script: Path) -> str:
        if script not in running:
            log = tmp_path_factory.mktemp("streamlit") / "log.txt"
            running[script] = _start(script, log)
        return running[script][0]

    yield start
    for _, process in running.values():
        process.terminate()
        process.wait(timeout=20)


def _start(script: Path, log: Path) -> tuple[str, subprocess.Popen[bytes]]:
    port = _free_port()
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(script)),
        *("--server.port", str(port), "--server.address", "127.0.0.1"),
        *("--server.headless", "true", "--server.enableStaticServing", "true"),
        *("--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    _wait_for(f"{address}/_stcore/health", process, log)
    return address, process


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with its log when it dies or stays silent."""
    for _ in range(START_S * 5):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            try:
                process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
    process.terminate()
    pytest.fail(f"Streamlit did not start:\n{log.read_text(errors='replace')}")
