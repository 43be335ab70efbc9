"""Toy worlds whose answers fit on paper.

The city lies on two meridians, so that 0.01 degrees of latitude are 1,111.95 m between points::

    lon 118.05 (county A)          lon 118.15 (county B)
    25.15  v3  300 rural           25.15  spread of B1, 100 rural
    25.06  v2  500 urban
    25.05  v1 1000 rural, room r1  25.05  spread of B1, 100 rural, room r2
"""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from shapely import Point, box

from analysis.scenario import Study
from geo.read import Tables
from geo.schema import TABLES, WGS84

A, B = 118.05, 118.15


def toy_frames() -> dict[str, pd.DataFrame]:
    """Return the tables of the toy city."""
    return {
        "units": _units(),
        "rooms": _rooms(),
        "demand": _demand(),
        "cases": _cases(),
        "activities": _activities(),
        "sites": _sites(),
    }


def toy_study(**frames: pd.DataFrame) -> Study:
    """Return the toy city as a study, with some tables replaced."""
    tables = {**toy_frames(), **frames}
    settings = {"name": "玩具市", "name_en": "Toy", "standard": {"urban_m": 1000, "rural_m": 3000}}
    return Study.of(Tables(settings=settings, frames=tables, fingerprint="toy"))


def write_study(folder: Path, frames: dict[str, pd.DataFrame] | None = None) -> Path:
    """Write a study's files into a folder and return it."""
    tables = toy_frames() if frames is None else frames
    folder.mkdir(parents=True, exist_ok=True)
    lines = ['name = "玩具市"', 'name_en = "Toy"', 'languages = ["zh", "en"]', "[standard]"]
    lines += ["urban_m = 1000", "rural_m = 3000", "[files]"]
    for name, frame in tables.items():
        file = f"{name}.geojson" if name == "units" else f"{name}.csv"
        lines.append(f'{name} = "{file}"')
        content = _geojson(frame) if name == "units" else _csv(frame, name)
        (folder / file).write_text(content, encoding="utf-8")
    (folder / "study.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _geojson(frame: gpd.GeoDataFrame) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"unit_id": key, **{c: _cell(row[c]) for c in frame if c != "geometry"}},
            "geometry": None if row.geometry is None else shapely.geometry.mapping(row.geometry),
        }
        for key, row in frame.iterrows()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def _cell(value: object) -> object:
    return None if pd.isna(value) else value


def _csv(frame: pd.DataFrame, name: str) -> str:
    plain = pd.DataFrame(frame)
    if "geometry" in plain:
        points = gpd.GeoSeries(plain["geometry"])
        plain = plain.drop(columns="geometry").assign(lon=points.x, lat=points.y)
    plain.index.name = TABLES[name].index
    return "\ufeff" + plain.to_csv()


def _frame(name: str, rows: list[dict[str, object]], points: list[object]) -> gpd.GeoDataFrame:
    table = TABLES[name]
    frame = pd.DataFrame(rows).set_index(table.index)
    frame.index = frame.index.astype(str)
    for column, spec in table.columns.items():
        if column in frame and spec.kind == "date":
            frame[column] = pd.to_datetime(frame[column])
    if table.geometry == "none":
        return frame
    return gpd.GeoDataFrame(frame, geometry=points, crs=WGS84)


def _units() -> gpd.GeoDataFrame:
    boxes = {
        "C": box(118.0, 25.0, 118.2, 25.2),
        "A": box(118.0, 25.0, 118.1, 25.2),
        "B": box(118.1, 25.0, 118.2, 25.2),
        "A1": box(118.0, 25.0, 118.1, 25.1),
        "A2": box(118.0, 25.1, 118.1, 25.2),
        "B1": box(118.1, 25.0, 118.2, 25.2),
        "K": box(118.3, 25.0, 118.4, 25.1),
    }
    rows: list[dict[str, object]] = [
        _unit("C", "玩具市", "city", None, 2000.0),
        _unit("A", "甲县", "county", "C", 1800.0),
        _unit("B", "乙县", "county", "C", 200.0),
        {**_unit("K", "丙县", "county", "C", None), "is_context": True},
        _unit("A1", "甲一镇", "township", "A", 1500.0),
        _unit("A2", "甲二镇", "township", "A", 300.0),
        _unit("B1", "乙一镇", "township", "B", 200.0),
        _unit("v1", "一村", "village", "A1", 1000.0),
        _unit("v2", "二社区", "village", "A1", 500.0),
        _unit("v3", "三村", "village", "A2", 300.0),
    ]
    return _frame("units", rows, [boxes.get(str(row["unit_id"])) for row in rows])


def _unit(
    unit_id: str, name: str, level: str, parent: str | None, people: float | None
) -> dict[str, object]:
    return {
        "unit_id": unit_id,
        "name": name,
        "level": level,
        "parent_id": parent,
        "population": people,
        "population_basis": None if people is None else "census",
        "boundary_basis": "derived" if level == "township" else "register",
        "is_context": False,
    }


def _demand() -> gpd.GeoDataFrame:
    rows = [
        ("d1", "v1", 1000.0, "rural", "register", Point(A, 25.05)),
        ("d2", "v2", 500.0, "urban", "register", Point(A, 25.06)),
        ("d3", "v3", 300.0, "rural", "register", Point(A, 25.15)),
        ("d4", "B1", 100.0, "rural", "modelled", Point(B, 25.05)),
        ("d5", "B1", 100.0, "rural", "modelled", Point(B, 25.15)),
    ]
    names = ("demand_id", "unit_id", "people", "setting", "location_basis")
    dicts = [{**dict(zip(names, row[:5], strict=True)), "group": "resident"} for row in rows]
    return _frame("demand", dicts, [row[5] for row in rows])


def _rooms() -> gpd.GeoDataFrame:
    rows = [
        ("r1", "甲一镇室", "township", "township", "A1", "A1", "2018-03-01", "reported"),
        ("r2", "乙一镇室", "township", "township", "B1", "B1", None, "derived"),
        ("r3", "甲县行业室", "county", "sector", "A", "A", None, "reported"),
        ("r4", "乙县驻外室", "county", "outpost", "B", None, None, "reported"),
        ("r5", "三村室", "village", "village", "v3", "v3", "2024-01-01", "simulated"),
    ]
    names = ("room_id", "name", "level", "kind", "serves_unit_id", "located_unit_id", "opened")
    dicts = [
        {
            **dict(zip((*names, "basis"), row, strict=True)),
            "is_open": True,
            "location_basis": None if row[0] == "r4" else "reported",
        }
        for row in rows
    ]
    points = [Point(A, 25.05), Point(B, 25.05), Point(A, 25.15), None, Point(A, 25.15)]
    return _frame("rooms", dicts, points)


def _cases() -> gpd.GeoDataFrame:
    rows = [
        ("c1", "2019-01-05", "r1", "v2", "交通/拥堵", "handled", Point(A, 25.0600)),
        ("c2", "2019-02-05", "r1", "v2", "交通/拥堵;环境", "registered", Point(A, 25.0601)),
        ("c3", "2019-03-05", "r1", "v2", "供水", "filed", Point(A, 25.0602)),
        ("c4", "2019-04-05", "r2", None, "供水", "withdrawn", None),
        ("c5", "2025-01-05", "r2", "B1", "供水", "collected", Point(B, 25.15)),
    ]
    names = ("case_id", "received", "room_id", "unit_id", "categories", "status")
    dicts = [
        {
            **dict(zip(names, row[:6], strict=True)),
            "basis": "simulated",
            "location_basis": None if row[6] is None else "simulated",
        }
        for row in rows
    ]
    return _frame("cases", dicts, [row[6] for row in rows])


def _activities() -> pd.DataFrame:
    rows = [
        {"activity_id": "a1", "room_id": "r1", "date": "2019-05-01", "themes": "接待"},
        {"activity_id": "a2", "room_id": "r2", "date": "2024-05-01", "themes": "接待;视察"},
    ]
    return _frame("activities", [{**row, "basis": "simulated"} for row in rows], [])


def _sites() -> gpd.GeoDataFrame:
    rows = [
        ("s1", "二社区", "community", "v2", "register", Point(A, 25.06)),
        ("s2", "玩具学院", "campus", "A2", "reported", Point(A, 25.15)),
        ("s3", "乙园区", "park", "B", None, None),
        ("s4", "乙村", "village", "B1", "register", Point(B, 25.15)),
    ]
    names = ("site_id", "name", "kind", "unit_id", "location_basis")
    dicts = [{**dict(zip(names, row[:5], strict=True)), "cost": float("nan")} for row in rows]
    return _frame("sites", dicts, [row[5] for row in rows])
