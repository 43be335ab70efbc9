"""A layer of the register as a file for other programs; importing it again changes nothing.

A backup is another thing: it is the register itself, history and points of cases included.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geo.register import Register
from geo.register_values import COORDINATE_DIGITS
from geo.write import table_bytes, write_bytes

# The point of a case may point at a home: it never leaves in an export.
POINTS_STAY = ("cases",)
_WITHOUT_MAP = (".csv", ".xlsx")


def export_table(
    register: Register, table: str, path: str | Path, *, at: str | dt.date | None = None
) -> int:
    """Write a layer to a file, in the format of the file's ending, and return its number of rows.

    Parameters
    ----------
    register : Register
    table : {"rooms", "cases", "activities", "sites"}
    path : str or path
        Ends in .csv, .xlsx, .geojson or .gpkg.
    at : str or date, optional
        As the register was then.

    Raises
    ------
    RoomplanError
        When the ending is unknown, the folder cannot be written, or a layer without points is to
        be a map.

    Notes
    -----
    Columns keep the names of the data contract, ids come first, points of CSV and XLSX are the
    columns ``lon`` and ``lat`` in WGS-84. Cases leave without their points; an import without
    points leaves the register's own where they are.
    """
    frame = register.read(table, at=at)
    ending = Path(path).suffix.lower()
    content = table_bytes(
        exchange_frame(frame, table, ending), ending, name=table, digits=COORDINATE_DIGITS
    )
    write_bytes(content, path)
    return len(frame)


def exchange_frame(frame: pd.DataFrame, table: str, ending: str) -> pd.DataFrame:
    """Return a layer's frame as it is written to a file of an ending.

    Parameters
    ----------
    frame : DataFrame
        As :meth:`geo.register.Register.read` gives it.
    table, ending : str
    """
    plain = frame.drop(columns="geometry", errors="ignore")
    plain = pd.DataFrame(plain).reset_index()
    if table in POINTS_STAY or not isinstance(frame, gpd.GeoDataFrame):
        return plain
    if ending in _WITHOUT_MAP:
        points = frame.geometry
        return plain.assign(lon=points.x.to_numpy(), lat=points.y.to_numpy())
    return gpd.GeoDataFrame(plain, geometry=frame.geometry.to_numpy(), crs=frame.crs)
