"""The scripts make the committed files again, to the byte; the page quotes what they measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from data import build, tables
from data.boundaries import tianditu
from data.boundaries.build_boundaries import cell_accuracy, generators
from data.cases.activities import spread_labels
from data.population import document
from data.tables import DATA


def test_the_committed_files_are_what_the_scripts_make(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, bytes] = {}
    monkeypatch.setattr(tables, "save", made.__setitem__)
    for step in build.STEPS:
        if step is not document:
            step.build()
    differ = [path for path, content in made.items() if (DATA / path).read_bytes() != content]
    assert differ == []
    assert len(made) == 11


def test_the_page_quotes_the_measured_tables() -> None:
    page = document.PAGE.read_text(encoding="utf-8")
    assert document.render(page) == page
    assert page.count("<!-- table:") == len(document.TABLES)


def test_every_file_has_its_source() -> None:
    listed = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    files = [p for p in DATA.rglob("*") if p.suffix in {".csv", ".geojson"}]
    assert [p.name for p in files if p.name not in listed] == []
    assert "CC BY 4.0" in listed


def test_csv_files_open_in_a_spreadsheet_program_as_utf8() -> None:
    built = [p for p in DATA.rglob("*.csv") if "facts" not in p.parts]
    assert all(p.read_bytes().startswith(b"\xef\xbb\xbf") for p in built)


def test_outlines_stay_small() -> None:
    assert (DATA / "boundaries" / "townships.geojson").stat().st_size < 400_000


def _packed(items: list[bytes]) -> bytes:
    sizes = np.array([len(items), *map(len, items)], dtype="<u4")
    return sizes.tobytes() + b"".join(items)


def _ring_bytes(ring: np.ndarray, *, differences: bool) -> bytes:
    steps = np.round((ring - tianditu.ORIGIN) / tianditu.STEP_DEG)
    if not differences:
        return np.uint32(0).tobytes() + steps.astype("<u4").tobytes()
    first, rest = steps[0].astype("<u4"), np.diff(steps, axis=0).astype("<i2")
    return np.uint32(1).tobytes() + first.tobytes() + rest.tobytes()


@pytest.mark.parametrize("differences", [True, False])
def test_a_packed_polygon_with_a_hole_is_read(differences: bool) -> None:
    outer = shapely.box(118.0, 24.0, 118.05, 24.05)
    hole = shapely.box(118.01, 24.01, 118.02, 24.02)
    rings = [
        _ring_bytes(shapely.get_coordinates(part), differences=differences)
        for part in (outer, hole)
    ]
    content = np.uint32(tianditu.POLYGON).tobytes() + _packed(rings)
    two = np.uint32(tianditu.MULTI_POLYGON).tobytes() + _packed([_packed(rings)])
    for shape in (tianditu._shape(content), tianditu._shape(two)):
        assert shape.symmetric_difference(outer.difference(hole)).area < 1e-9


def test_a_packed_line_is_no_county() -> None:
    with pytest.raises(ValueError, match="not a polygon"):
        tianditu._shape(np.uint32(2).tobytes())


def test_cell_accuracy_counts_points_whose_nearest_other_point_agrees() -> None:
    points = generators().iloc[:0].reindex(range(4))
    points["county"], points["is_village"] = "k", [False, True, True, True]
    points["township"] = ["a", "a", "b", "a"]
    points.geometry = shapely.points([0, 1, 3, 3.5], [0, 0, 0, 0])
    # village 1 is nearest to seat 0 (a, right); 2 and 3 are nearest to each other (wrong)
    frame = cell_accuracy(points)
    assert frame[["village_points", "right"]].to_numpy().tolist() == [[3, 1]]


def test_labels_reach_their_counts_without_a_row_left_bare() -> None:
    counts = {"a": 3, "b": 2, "c": 2}
    rows = spread_labels(counts, 4, np.random.default_rng(7))
    flat = pd.Series([label for row in rows for label in row])
    assert flat.value_counts().to_dict() == counts
    assert all(row and len(set(row)) == len(row) for row in rows)
