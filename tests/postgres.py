"""A private PostgreSQL with PostGIS for the tests, made from Debian's packages and thrown away.

The cluster lies in its own temporary folder, listens on a spare loopback port, and runs as a user
who is not root. Nothing of the machine's own databases is touched.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import psycopg

INSTALL = (
    "The register's tests need PostgreSQL with PostGIS and found none. Install Debian's packages: "
    "apt-get install postgresql postgresql-15-postgis-3 (or the like of your system), then run "
    "the tests again."
)


class MissingPostgresError(RuntimeError):
    """PostgreSQL or PostGIS is not installed; the message tells how to install it."""


def find_programs() -> Path:
    """Return the folder of ``initdb`` and ``postgres`` of the newest version that has PostGIS."""
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and _has_postgis(folder):
            return folder
    raise MissingPostgresError(INSTALL)


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _has_postgis(folder: Path) -> bool:
    config = folder / "pg_config"
    places = [Path("/usr/share/postgresql") / folder.parent.name]
    if config.exists():
        found = subprocess.run([config, "--sharedir"], capture_output=True, text=True, check=True)
        places.append(Path(found.stdout.strip()))
    return any((place / "extension" / "postgis.control").exists() for place in places)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _plain_user() -> str | None:
    """Return whom to run the server as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise MissingPostgresError("PostgreSQL refuses to run as root, and there is no other user.")


@cache
def shared_cluster() -> Cluster:
    """Return the one server of this test run; it is stopped when the run ends."""
    cluster = Cluster(fsync=False).__enter__()
    atexit.register(cluster.__exit__)
    return cluster


class Cluster:
    """A running private server; use it in a ``with`` statement.

    Parameters
    ----------
    fsync : bool
        Whether the server waits for the disk. A killed program loses nothing either way; a test
        of power cuts or a benchmark waits.
    """

    def __init__(self, *, fsync: bool = True) -> None:
        self._fsync = "on" if fsync else "off"
        self._bin = find_programs()
        self._user = _plain_user()
        self._folder = Path(tempfile.mkdtemp(prefix="roomplan-pg-"))
        self._server: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._count = 0
        self.port = _free_port()

    def __enter__(self) -> Cluster:
        try:
            if self._user is not None:
                shutil.chown(self._folder, self._user)
            self._run("initdb", "-D", self._data, "-A", "trust", "-U", "roomplan", "-E", "UTF8")
            self.start()
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION postgis")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)  # at once: the data are thrown away
            self._server.wait(timeout=30)
        self._unwatch()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments],
            capture_output=True,
            text=True,
            user=self._user,
            cwd=self._folder,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr or done.stdout}")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = ["-p", str(self.port), "-k", str(self._folder), "-h", "127.0.0.1"]
        options += ["-c", f"fsync={self._fsync}"]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, *options],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._folder,
            )
        self._watch(self._server.pid)
        ready = [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + 60
        while subprocess.run(ready).returncode:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {self.log()}")
            time.sleep(0.05)

    def _watch(self, pid: int) -> None:
        """Stop the server when this process ends in any way: a worker of xdist runs no atexit."""
        script = 'cat >/dev/null; kill -QUIT "$1" 2>/dev/null; sleep 1; rm -rf "$2"'
        self._watcher = subprocess.Popen(
            ["sh", "-c", script, "sh", str(pid), str(self._folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _unwatch(self) -> None:
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()

    def kill(self) -> None:
        """Kill the server as a power cut would, with all its helpers."""
        assert self._server is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._server.pid)], capture_output=True, text=True
        )
        self._unwatch()
        self._server.kill()
        self._server.wait()
        for pid in children.stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def log(self) -> str:
        """Return what the server wrote."""
        return (self._folder / "log").read_text(errors="replace")

    def new_database(self) -> str:
        """Return the URL of an empty schema beside PostGIS, in the one database of the server."""
        self._count += 1
        name = f"register_{self._count}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{self.url}?options=-csearch_path%3D{name},public"

    @property
    def url(self) -> str:
        """The URL of the server's one database."""
        return f"postgresql://roomplan@127.0.0.1:{self.port}/postgres"
