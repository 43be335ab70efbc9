"""Hostile files leak nothing and call nobody; two lines of defence, each tested alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import corpus
import pytest
from corpus import Listener, Outcome

from geo.crs import parse_datum
from geo.errors import IntakeError
from geo.intake.raw import read_file, safe_name
from geo.intake.sandbox import child_environment

RAW_READ = """
import json, sys
import pyogrio.raw
out = []
for path in json.load(sys.stdin):
    try:
        meta, _, shapes, columns = pyogrio.raw.read(path)
        out.append([str(list(c)) for c in columns])
    except Exception as error:
        out.append(str(error))
print(json.dumps(out))
"""


def test_there_are_at_least_26_attacks(attack_outcomes: dict[str, Outcome]) -> None:
    assert len(attack_outcomes) >= 26


def test_no_attack_leaks_the_secret(attack_outcomes: dict[str, Outcome]) -> None:
    for label, outcome in attack_outcomes.items():
        told = str(outcome.error) + "".join(t.frame.to_csv() for t in outcome.tables)
        assert corpus.SECRET not in told, label


def test_no_attack_calls_the_network(
    attack_outcomes: dict[str, Outcome], listener: Listener
) -> None:
    for outcome in attack_outcomes.values():
        for table in outcome.tables:
            if table.stated_crs:
                _parsed(table.stated_crs)
    assert listener.calls == []


def _parsed(stated: str) -> str | None:
    try:
        return parse_datum(stated)
    except IntakeError as error:
        return error.code


def test_each_refused_attack_ends_in_its_own_error(attack_outcomes: dict[str, Outcome]) -> None:
    got = {label: o.error.code if o.error else None for label, o in attack_outcomes.items()}
    assert got == {label: o.sample.code for label, o in attack_outcomes.items()}


def test_each_refusal_has_a_chinese_sentence(attack_outcomes: dict[str, Outcome]) -> None:
    for outcome in attack_outcomes.values():
        assert outcome.error is None or corpus.chinese(outcome.error)


def test_a_name_from_a_file_is_never_a_path(attack_outcomes: dict[str, Outcome]) -> None:
    layers = [t.layer for t in attack_outcomes["gpkg layer called a path"].tables]
    assert "../../../climbed" in layers
    assert not any(Path("/tmp").glob("climbed*"))
    assert not any(Path("/").glob("climbed*"))
    assert not any(Path.cwd().parent.glob("climbed*"))


def test_only_ordinary_tables_of_a_geopackage_are_read(
    attack_outcomes: dict[str, Outcome],
) -> None:
    for label in ("gpkg view that loads code", "gpkg virtual table"):
        assert [t.layer for t in attack_outcomes[label].tables] == ["rooms"]


@pytest.mark.parametrize(
    "path",
    ["http://127.0.0.1:9/x.csv", "/vsicurl/http://127.0.0.1:9/x.csv", "/vsizip/x.zip", "no.csv"],
)
def test_addresses_are_not_paths(path: str) -> None:
    with pytest.raises(IntakeError) as caught:
        read_file(path)
    assert caught.value.code == "intake.no_file"


def test_names_are_shown_without_folders() -> None:
    assert safe_name("..\\..\\Windows\\名单.xlsx") == "名单.xlsx"
    assert safe_name("a\n\x1b[31mb.csv") == "a[31mb.csv"
    assert safe_name("../..") == ".."
    assert safe_name("") == "upload"


def _gdal_attacks(folder: Path, secret: Path, url: str) -> list[str]:
    """Write the attacks that only GDAL would follow, under the endings they pretend to have."""
    bodies = {"vrt": corpus.vrt(str(secret)), "gdalg": corpus.gdalg(str(secret))}
    bodies |= {"wfs": corpus.wfs(url), "far": corpus.vrt(f"/vsicurl/{url}")}
    link = {"type": "link", "properties": {"href": url, "type": "proj4"}}
    bodies["crs"] = corpus.collection(corpus.feature(corpus.point(), name="x"), crs=link)
    paths = [f"/vsicurl/{url}", url]
    for label, body in bodies.items():
        for ending in ("geojson", "gpkg", "shp", "csv", "kml"):
            path = folder / f"{label}.{ending}"
            path.write_bytes(body)
            paths.append(str(path))
    return paths


def _read_by_gdal(paths: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-c", RAW_READ],
        input=json.dumps(paths),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def test_the_childs_environment_alone_stops_gdal(
    tmp_path: Path, secret: Path, listener: Listener
) -> None:
    paths = _gdal_attacks(tmp_path, secret, listener.url)
    told = _read_by_gdal(paths, child_environment(str(tmp_path)))
    assert corpus.SECRET not in told
    assert listener.calls == []


def test_without_that_environment_the_attacks_would_work(tmp_path: Path, secret: Path) -> None:
    path = tmp_path / "vrt.geojson"
    path.write_bytes(corpus.vrt(str(secret)))
    plain = {"PATH": os.defpath, "HOME": str(tmp_path)}
    assert corpus.SECRET in _read_by_gdal([str(path)], plain)
