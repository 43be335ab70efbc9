"""Reading the fact tables and writing the study's files, the same way everywhere and every time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

DATA = Path(__file__).resolve().parent
CITY = "350500"
CONTEXT = "350527"
DEGREE_GRID = 1e-5  # 5 decimals, about a metre
READ_BY_PEOPLE = ("name", "note", "source")
# Facts were noted with the keyboard's punctuation; beside Chinese characters it is full-width.
_FULL_WIDTH = dict(zip(",;:?!()", "\uff0c\uff1b\uff1a\uff1f\uff01\uff08\uff09", strict=True))
_CHINESE = r"[\u4e00-\u9fff\u201c\u201d\uff08\uff09\u300a\u300b]"
_BESIDE = re.compile(rf"(?<={_CHINESE})[,;:?!] ?|[,;:?!] ?(?={_CHINESE})")
_IN_BRACKETS = re.compile(rf"\(([^()]*{_CHINESE}[^()]*)\)|(?<={_CHINESE})\(([^()]*)\)")


def read_facts(name: str) -> pd.DataFrame:
    """Return one fact table with every cell as text; an empty cell is the empty string."""
    return pd.read_csv(DATA / "facts" / f"{name}.csv", dtype=str, keep_default_na=False)


def read_built(path: str) -> pd.DataFrame:
    """Return a CSV that an earlier script wrote, every cell as text."""
    return pd.read_csv(DATA / path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def county_ids(townships: pd.DataFrame) -> dict[str, str]:
    """Return the code of each county by its Chinese name."""
    return dict(zip(townships["county"], townships["county_code"], strict=True))


def township_ids(townships: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return the civil code of each township by (county, name): codes alone differ by publisher."""
    keys = zip(townships["county"], townships["name"], strict=True)
    return dict(zip(keys, townships["code_mca"], strict=True))


def named_units(places: pd.DataFrame) -> list[str]:
    """Return the unit of each place: the township its address names, else its county, else city.

    Parameters
    ----------
    places : DataFrame
        Columns county (Chinese name or empty) and address.
    """
    townships = read_facts("townships")
    counties = county_ids(townships)
    found = []
    for county, address in zip(places["county"], places["address"], strict=True):
        inside = townships[townships["county"] == county]
        named = [
            code
            for code, name in zip(inside["code_mca"], inside["name"], strict=True)
            if name in address
        ]
        found.append(named[0] if len(named) == 1 else counties.get(county, CITY))
    return found


def full_width(text: object) -> object:
    """Return a Chinese text with Chinese punctuation; anything else as it is.

    Examples
    --------
    >>> full_width("模拟:固定种子(见说明),共3个")
    '模拟\uff1a固定种子\uff08见说明\uff09\uff0c共3个'
    """
    if not isinstance(text, str):
        return text
    text = _IN_BRACKETS.sub(lambda m: f"\uff08{m[1] or m[2]}\uff09", text)
    return _BESIDE.sub(lambda m: _FULL_WIDTH[m[0][0]], text)


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    columns = [name for name in READ_BY_PEOPLE if name in frame]
    return frame.assign(**{name: frame[name].map(full_width) for name in columns})


def write_csv(frame: pd.DataFrame, path: str) -> None:
    """Write a frame as UTF-8 with BOM and Unix line ends; an empty cell is an unknown value."""
    content = _readable(frame).to_csv(index=False, lineterminator="\n")
    save(path, content.encode("utf-8-sig"))


def write_geojson(frame: gpd.GeoDataFrame, path: str) -> None:
    """Write one feature a line, coordinates on a grid of 5 decimals, unknown values as null."""
    shapes = shapely.set_precision(frame.geometry.to_numpy(), DEGREE_GRID)
    rows = _readable(frame.drop(columns="geometry")).astype(object)
    rows = rows.where(rows.notna() & (rows != ""), None).to_dict("records")
    lines = [_feature(row, shape) for row, shape in zip(rows, shapes, strict=True)]
    content = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    save(path, content.encode("utf-8"))


def save(path: str, content: bytes) -> None:
    """Write a file below data/: the one place where the scripts touch the disk."""
    (DATA / path).write_bytes(content)


def _feature(row: dict[str, object], shape: shapely.Geometry | None) -> str:
    geometry = None if shape is None or shape.is_empty else shapely.geometry.mapping(shape)
    feature = {"type": "Feature", "properties": row, "geometry": _rounded(geometry)}
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value
