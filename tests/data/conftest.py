"""The bundled study, read once as the product reads it, and the facts it was made from."""

from __future__ import annotations

import pandas as pd
import pytest

from data.tables import DATA, read_facts
from geo.read import Tables, read_study


@pytest.fixture(scope="session")
def quanzhou() -> Tables:
    return read_study(DATA)


@pytest.fixture(scope="session")
def fact_points() -> set[tuple[float, float]]:
    """Every position that the fact tables hold and do not doubt."""
    villages = read_facts("villages").query("point_quality == 'ok'")
    seats = read_facts("townships").rename(columns={"seat_lon": "lon", "seat_lat": "lat"})
    tables = [villages, seats, read_facts("campuses"), read_facts("parks")]
    points = pd.concat([table[["lon", "lat"]] for table in tables]).query("lon != ''")
    return {(float(lon), float(lat)) for lon, lat in points.itertuples(index=False)}
