"""Every file that cannot be read says why; the reader's death is never the program's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import corpus
import pytest
from corpus import Outcome

from geo.errors import IntakeError
from geo.intake.raw import read_file
from geo.intake.sandbox import Limits

ROWS = "名称,经度,纬度\n" + "".join(f"室{i},118.6,24.9\n" for i in range(300))


def test_each_fault_ends_in_its_own_error(fault_outcomes: dict[str, Outcome]) -> None:
    got = {label: o.error.code if o.error else None for label, o in fault_outcomes.items()}
    assert got == {label: o.sample.code for label, o in fault_outcomes.items()}


def test_each_message_names_the_file(fault_outcomes: dict[str, Outcome]) -> None:
    for outcome in fault_outcomes.values():
        assert outcome.error is not None
        assert outcome.sample.name in str(outcome.error)
        assert outcome.error.facts["file"] == outcome.sample.name


def test_each_code_has_a_chinese_sentence(fault_outcomes: dict[str, Outcome]) -> None:
    for outcome in fault_outcomes.values():
        assert outcome.error is not None
        assert corpus.chinese(outcome.error)


def _code(content: bytes, name: str = "a.csv", **limits: float) -> str:
    with pytest.raises(IntakeError) as caught:
        read_file(content, name=name, limits=Limits(**limits))  # type: ignore[arg-type]
    return caught.value.code


def test_limits_are_errors() -> None:
    content = ROWS.encode()
    assert _code(content, file_mb=0.001) == "intake.too_large"
    assert _code(content, rows=299) == "intake.rows"
    assert _code(content, columns=2) == "intake.columns"
    assert _code(corpus.workbook([["a"], ["b"]]), name="a.xlsx", layers=0) == "intake.layers"
    assert _code(content, wall_s=0) == "intake.time"
    assert _code(content, unpacked_mb=0.0001) == "intake.unpacked"


def test_a_limit_is_inclusive() -> None:
    assert len(read_file(ROWS.encode(), name="a.csv", limits=Limits(rows=300))[0].frame) == 300


def test_memory_is_limited() -> None:
    big = ("名称\n" + "丰州镇活动室\n" * 2_000_000).encode()
    assert _code(big, memory_mb=330) == "intake.memory"


def test_processor_time_is_limited() -> None:
    # Odd quotes send the text through the slow reader, well beyond a second of processor time.
    slow = "名称,a,b,c\n" + "甲,1,2\n" * 4_000_000
    assert _code(slow.encode(), cpu_s=1, rows=10_000_000) == "intake.cpu"


def test_reading_can_be_cancelled_and_tells_its_progress() -> None:
    told: list[tuple[float, str]] = []
    read_file(ROWS.encode(), name="a.csv", progress=lambda part, stage: told.append((part, stage)))
    assert [stage for _, stage in told] == ["open", "write", "done"]
    assert [part for part, _ in told] == sorted(part for part, _ in told)
    with pytest.raises(IntakeError) as caught:
        read_file(ROWS.encode(), name="a.csv", cancel=lambda: True)
    assert caught.value.code == "intake.cancelled"


def test_no_child_and_no_folder_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    children: list[subprocess.Popen[bytes]] = []
    started = subprocess.Popen

    def remember(*args: object, **options: object) -> subprocess.Popen[bytes]:
        children.append(started(*args, **options))  # type: ignore[call-overload]
        return children[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)
    read_file(ROWS.encode(), name="a.csv")
    assert _code(corpus.stray_cell(), name="a.xlsx") == "intake.memory"
    with pytest.raises(IntakeError):
        read_file(ROWS.encode(), name="a.csv", cancel=lambda: True)
    assert len(children) == 3
    assert all(child.poll() is not None for child in children)
    assert list(tmp_path.iterdir()) == []


def test_the_program_goes_on_after_a_readers_death() -> None:
    assert _code(corpus.stray_cell(), name="a.xlsx") == "intake.memory"
    assert len(read_file(ROWS.encode(), name="a.csv")[0].frame) == 300
