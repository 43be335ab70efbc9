"""What every test shares: which tests must not run at the same time, and how laws are searched."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent

# A planner's own working copy of the bundled study must neither be read nor touched by a test.
os.environ["ROOMPLAN_HOME"] = tempfile.mkdtemp(prefix="roomplan-tests-")
os.environ.pop("ROOMPLAN_REGISTER", None)

# Two cores shared with a browser make single examples slow; a slow example is no failure.
settings.register_profile(
    "roomplan", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("roomplan")


@pytest.fixture(autouse=True)
def every_plan_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check each plan the engine makes in any test, whoever asked for it and however."""
    from analysis.siting import engine  # not before a test runs: HiGHS takes a while to load

    pack = engine._pack

    def packed_and_checked(problem: object, *rest: object) -> object:
        plan = pack(problem, *rest)
        assert plan.verify(problem)
        return plan

    monkeypatch.setattr(engine, "_pack", packed_and_checked)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests on one worker, and all browser tests on one, so that none clash.

    pytest-xdist's ``--dist loadgroup`` reads the marks; without it they mean nothing.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            is_browser = item.path.is_relative_to(TESTS / "browser")
            group = "browser" if is_browser else item.path.as_posix()
            item.add_marker(pytest.mark.xdist_group(group))
