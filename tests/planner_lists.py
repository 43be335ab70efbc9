"""Lists as planners send them: a GBK table of rooms with GCJ-02 coordinates and no word of it."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from geo.read import read_study
from geo.shifts import GCJ02
from worlds import A, B

ROOT = Path(__file__).parents[1]


def quanzhou_rooms(count: int = 200) -> tuple[bytes, pd.DataFrame]:
    """Return a list of rooms of Quanzhou as it would be sent, and where they really are."""
    units = read_study(ROOT / "data").frames["units"]
    known = units[(units["level"] == "village") & units["lon"].notna()]
    known = known[~known["name"].duplicated()].sample(count, random_state=7)
    township = known["parent_id"]
    lon, lat = GCJ02.forward(known["lon"].to_numpy(float), known["lat"].to_numpy(float))
    table = pd.DataFrame(
        {
            "名称": (known["name"] + "联络站").to_numpy(),
            "县区": township.map(units["parent_id"]).map(units["name"]).to_numpy(),
            "乡镇": township.map(units["name"]).to_numpy(),
            "类型": "村",
            "经度": lon.round(7),
            "纬度": lat.round(7),
        }
    )
    truth = known[["lon", "lat"]].set_axis(table["名称"])
    return table.to_csv(index=False).encode("gb18030"), truth


def toy_rooms(**changes: object) -> pd.DataFrame:
    """Return a list of three rooms for the toy city, in WGS-84 degrees."""
    table = pd.DataFrame(
        {
            "名称": ["一号站", "二号站", "三号站"],
            "乡镇": ["甲一镇", "甲二镇", "乙一镇"],
            "类型": ["乡镇", "乡镇", "乡镇"],
            "经度": [A, A, B],
            "纬度": [25.05, 25.15, 25.05],
        }
    )
    return table.assign(**changes)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in GB18030."""
    return table.to_csv(index=False).encode("gb18030")


def xlsx_bytes(**sheets: pd.DataFrame) -> bytes:
    """Return a workbook with one sheet for each table."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="xlsxwriter") as book:
        for name, table in sheets.items():
            table.to_excel(book, sheet_name=name, index=False)
    return buffer.getvalue()
