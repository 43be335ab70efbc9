"""A loopback server that counts calls, and every sample of the corpus read once."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import corpus
from corpus import Listener, Outcome

from geo.errors import IntakeError
from geo.intake.raw import read_file


@pytest.fixture(scope="session")
def listener() -> Iterator[Listener]:
    server = socket.create_server(("127.0.0.1", 0))
    heard = Listener(f"http://127.0.0.1:{server.getsockname()[1]}/x.geojson")

    def answer() -> None:
        while True:
            try:
                connection, address = server.accept()
            except OSError:
                return
            heard.calls.append(address)
            connection.close()

    threading.Thread(target=answer, daemon=True).start()
    yield heard
    server.close()


def _read(sample: corpus.Sample) -> Outcome:
    try:
        return Outcome(sample, tables=read_file(sample.content, name=sample.name))
    except IntakeError as error:
        return Outcome(sample, error=error)


@pytest.fixture(scope="session")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus.write_secret(tmp_path_factory.mktemp("secret"))


@pytest.fixture(scope="session")
def attack_outcomes(
    tmp_path_factory: pytest.TempPathFactory, secret: Path, listener: Listener
) -> dict[str, Outcome]:
    samples = corpus.attacks(tmp_path_factory.mktemp("attacks"), secret=secret, url=listener.url)
    with ThreadPoolExecutor(2) as pool:
        return {o.sample.label: o for o in pool.map(_read, samples)}


@pytest.fixture(scope="session")
def fault_outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    with ThreadPoolExecutor(2) as pool:
        samples = corpus.faults(tmp_path_factory.mktemp("faults"))
        return {o.sample.label: o for o in pool.map(_read, samples)}
