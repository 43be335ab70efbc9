"""Nothing acknowledged is lost: kills in the middle of saving, a killed server, eight editors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from pandas.testing import assert_frame_equal

from geo import register_store
from geo.errors import RegisterError
from geo.register import create_register, open_register
from geo.register_changes import begin_change
from geo.register_history import layer_frame
from geo.register_store import reading, writing
from postgres import Cluster
from register_worlds import STORES, new_register
from worlds import toy_frames

ROOT = Path(__file__).parents[2]
KILLS = 10


def started(script: str, *arguments: object) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def answer(process: subprocess.Popen[str]) -> dict[str, float]:
    out, problem = process.communicate(timeout=240)
    assert process.returncode == 0, problem
    return json.loads(out)


def with_costs():
    return toy_frames()["sites"].assign(cost=0.0)


@pytest.mark.parametrize("store", STORES)
def test_a_killed_editor_loses_nothing_that_was_acknowledged(store, tmp_path):
    with new_register(store, tmp_path) as register:
        target = register.name
    found = answer(started("register_kills.py", target, KILLS, 7))
    assert (found["lost"], found["torn"], found["opened"]) == (0, 0, KILLS)
    assert found["acknowledged"] > KILLS


@pytest.mark.parametrize("store", STORES)
def test_eight_editors_lose_no_update_and_are_told_of_conflicts(store, tmp_path):
    with new_register(store, tmp_path, sites=with_costs()) as register:
        target = register.name
    found = answer(started("register_editors.py", target, 8, 9))
    assert found["failed"] == 0
    assert found["counted"] == found["in_history"] == found["made"] == 72
    assert found["conflicts"] > 0


def test_a_killed_server_loses_nothing_that_was_acknowledged():
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster())  # one that waits for the disk
        with create_register(cluster.new_database(), toy_frames(), who="甲") as register:
            acknowledged = {"s1": 1}
            for number in range(3):
                for step in range(3):
                    change = {"note": f"{number} {step}"}
                    version = register.edit(
                        "sites", "s1", change, version=acknowledged["s1"], who="乙"
                    )
                    acknowledged["s1"] = version
                cluster.kill()
                with pytest.raises(RegisterError) as caught:
                    register.edit("sites", "s1", {"note": "x"}, version=version, who="乙")
                assert caught.value.code == "register.server"
                cluster.start()
                site = register.read("sites", with_version=True).loc["s1"]
                assert (site["note"], site["version"]) == (f"{number} 2", acknowledged["s1"])


@pytest.mark.parametrize("moment", range(0, 12, 3))
def test_a_register_interrupted_while_it_is_made_leaves_nothing(tmp_path, moment):
    statements = 0

    def cut(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements > moment:
            raise KeyboardInterrupt

    sa.event.listen(sa.Engine, "before_cursor_execute", cut)
    try:
        with pytest.raises(KeyboardInterrupt):
            create_register(tmp_path / "new.gpkg", toy_frames(), who="甲")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", cut)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("store", STORES)
def test_a_reader_sees_one_moment_while_others_write(store, tmp_path):
    with new_register(store, tmp_path) as register, reading(register._engine) as connection:
        before = layer_frame(connection, "sites")
        register.add("sites", "s9", {"name": "园", "kind": "park", "unit_id": "A"}, who="乙")
        assert_frame_equal(layer_frame(connection, "sites"), before)
        assert "s9" in register.read("sites").index


@pytest.mark.parametrize("store", STORES)
def test_a_writer_who_waits_too_long_is_told_so(store, tmp_path, monkeypatch):
    monkeypatch.setattr(register_store, "BUSY_S", 1)
    with new_register(store, tmp_path) as register, open_register(register.name) as other:
        with writing(other._engine) as connection:
            begin_change(connection)
            with pytest.raises(RegisterError) as caught:
                register.edit("sites", "s1", {"note": "x"}, version=1, who="乙")
        assert caught.value.code == "register.busy"
        assert register.edit("sites", "s1", {"note": "x"}, version=1, who="乙") == 2
