"""A study's files: what is read, and what every broken file says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from geo.errors import MissingFileError, StudyError, StudyFaults
from geo.read import read_study
from geo.schema import TABLES, check
from worlds import toy_frames, write_study


def broken(folder: Path, file: str, old: str, new: str) -> Path:
    path = write_study(folder) / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_files_return_the_same_tables(tmp_path):
    read = read_study(write_study(tmp_path))
    for name, frame in toy_frames().items():
        back = read.frames[name]
        assert list(back.index) == list(frame.index)
        for column in TABLES[name].columns:
            if column in frame and column != "is_context":
                left, right = frame[column], back[column]
                same = (left == right) | (left.isna() & right.isna())
                assert same.all(), f"{name}.{column}"
        if "geometry" in frame:
            assert frame.geometry.geom_equals_exact(back.geometry, 1e-9).sum() == (
                frame.geometry.notna().sum()
            )


def test_fingerprint_changes_with_any_byte(tmp_path):
    one = read_study(write_study(tmp_path / "a")).fingerprint
    assert one == read_study(write_study(tmp_path / "b")).fingerprint
    assert (
        one != read_study(broken(tmp_path / "c", "rooms.csv", "甲一镇室", "甲一镇屋")).fingerprint
    )


def test_toy_frames_are_sound():
    check(toy_frames())


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "says"),
    [
        ("rooms.csv", "serves_unit_id", "serves", "schema.column_missing", ["rooms.csv", "5"]),
        ("rooms.csv", "room_id", "id", "schema.column_missing", ["rooms.csv", "room_id"]),
        ("rooms.csv", "\nr2,", "\nr1,", "schema.id_twice", ["rooms.csv", "room_id", "r1"]),
        ("rooms.csv", "\nr2,", "\n,", "schema.id_empty", ["rooms.csv", "1 row", "2"]),
        ("rooms.csv", ",A1,A1,", ",X9,A1,", "schema.unit_unknown", ["serves_unit_id", "r1", "X9"]),
        ("rooms.csv", ",sector,", ",sektor,", "schema.choice", ["kind", "r3"]),
        ("rooms.csv", "2018-03-01", "31.3.18", "schema.date", ["opened", "r1", "2019-05-31"]),
        ("rooms.csv", ",True,", ",maybe,", "schema.bool", ["is_open", "r1"]),
        ("demand.csv", "1000.0", "many", "schema.number", ["demand.csv", "people", "d1"]),
        ("demand.csv", "1000.0", "-1", "schema.too_small", ["demand.csv", "people", "d1"]),
        ("demand.csv", ",25.05\n", ",\n", "schema.point_missing", ["geometry", "d1", "d4"]),
        ("demand.csv", "25.15", "95.15", "schema.degrees", ["geometry", "d3"]),
        ("cases.csv", ",r1,", ",r9,", "schema.room_unknown", ["cases.csv", "room_id", "c1", "r9"]),
        ("units.geojson", '"parent_id": "A1"', '"parent_id": "C"', "schema.parent", ["v1", "v2"]),
    ],
)
def test_each_fault_names_file_column_count_and_ids(tmp_path, file, old, new, code, says):
    folder = broken(tmp_path, file, old, new)
    with pytest.raises(StudyError) as caught:
        read_study(folder)
    parts = [part for part in caught.value.parts() if part.code == code]
    assert parts, [part.code for part in caught.value.parts()]
    for word in [file, *says]:
        assert word in str(parts[0])


def test_all_faults_come_at_once(tmp_path):
    folder = broken(tmp_path, "rooms.csv", ",sector,", ",sektor,")
    path = folder / "demand.csv"
    path.write_text(path.read_text("utf-8").replace("1000.0", "-1"), encoding="utf-8")
    with pytest.raises(StudyFaults) as caught:
        read_study(folder)
    assert {part.code for part in caught.value.parts()} == {"schema.choice", "schema.too_small"}


def test_empty_file_is_said_to_be_empty(tmp_path):
    path = write_study(tmp_path) / "rooms.csv"
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(StudyFaults, match=r"rooms\.csv: the file holds no row"):
        read_study(tmp_path)


def test_a_file_without_even_a_heading(tmp_path):
    (write_study(tmp_path) / "rooms.csv").write_bytes(b"")
    with pytest.raises(StudyError, match=r"rooms\.csv"):
        read_study(tmp_path)


def test_gb18030_is_refused_with_a_remedy(tmp_path):
    path = write_study(tmp_path) / "rooms.csv"
    path.write_bytes(path.read_text("utf-8-sig").encode("gb18030"))
    with pytest.raises(StudyError, match="UTF-8") as caught:
        read_study(tmp_path)
    assert caught.value.code == "study.encoding"


@pytest.mark.parametrize("named", ["../secret.csv", "/etc/passwd"])
def test_a_study_never_reads_outside_its_folder(tmp_path, named):
    (tmp_path / "secret.csv").write_text("room_id\nr1\n")
    folder = broken(tmp_path / "study", "study.toml", '"rooms.csv"', f'"{named}"')
    with pytest.raises(StudyError) as caught:
        read_study(folder)
    assert "study.outside" in [part.code for part in caught.value.parts()]


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "secret.csv").write_text("room_id\nr1\n")
    folder = write_study(tmp_path / "study")
    (folder / "rooms.csv").unlink()
    (folder / "rooms.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(StudyError) as caught:
        read_study(folder)
    assert "study.outside" in [part.code for part in caught.value.parts()]


def test_missing_study_and_missing_file(tmp_path):
    with pytest.raises(MissingFileError, match=r"study\.toml"):
        read_study(tmp_path / "nowhere")
    folder = write_study(tmp_path)
    (folder / "sites.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"sites\.csv"):
        read_study(folder)


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '{"features": [{}]}', '{"features": 3}'])
def test_broken_geojson(tmp_path, content):
    (write_study(tmp_path) / "units.geojson").write_text(content)
    with pytest.raises(StudyError, match=r"units\.geojson") as caught:
        read_study(tmp_path)
    assert caught.value.code == "study.geojson"


def test_a_bow_tie_is_found():
    frames = toy_frames()
    from shapely import Polygon

    frames["units"].loc["A1", "geometry"] = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(StudyFaults, match="A1"):
        check(frames)


def test_tables_without_rows_are_allowed_where_a_city_may_have_none():
    frames = toy_frames()
    frames["cases"] = frames["cases"].iloc[:0]
    frames["activities"] = frames["activities"].iloc[:0]
    frames["sites"] = frames["sites"].iloc[:0]
    check(frames)
    frames["rooms"] = frames["rooms"].iloc[:0]
    with pytest.raises(StudyFaults, match="no row"):
        check(frames)


def test_a_missing_table_is_named():
    frames = toy_frames()
    del frames["demand"]
    with pytest.raises(StudyFaults, match="demand"):
        check(frames)


def test_two_cities_are_one_too_many():
    frames = toy_frames()
    units = frames["units"]
    second = units.loc[["C"]].rename(index={"C": "D"})
    frames["units"] = pd.concat([units, second])
    with pytest.raises(StudyFaults, match="2 units of level 'city'"):
        check(frames)
