"""Keeps the measured tables of docs/population.md equal to what the scripts wrote.

    python -m data.population.document

Each table stands between two comments that name it; everything else in the page is left alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from data.tables import DATA, read_built

PAGE = DATA.parent / "docs" / "population.md"
MODELS = {
    "modelled": "the model",
    "equal": "all committees equal",
    "by_kind": "urban = community",
}
MARK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def leave_one_out() -> str:
    """Return the withheld townships with census, models and errors, and the means at the foot."""
    rows = read_built("population/leave_one_out.csv")
    census = rows["census"].astype(int)
    table = pd.DataFrame(
        {"township": rows["parent"] + rows["name_zh"], "census 2020": census.map("{:,}".format)}
    )
    foot = ["mean absolute error", ""]
    for column, heading in MODELS.items():
        people = rows[column].astype(int)
        error = people / census - 1
        cells = zip(people, error, strict=True)
        table[heading] = [f"{n:,} ({e:+.0%})" for n, e in cells]
        foot.append(f"{error.abs().mean():.0%} (largest {error.abs().max():.0%})")
    return _markdown(pd.concat([table, pd.DataFrame([foot], columns=table.columns)])) + "\n"


def cells() -> str:
    """Return how many village points fall into their own township's cell, by county."""
    rows = read_built("boundaries/cell_accuracy.csv")
    points, right = rows["village_points"].astype(int), rows["right"].astype(int)
    table = pd.DataFrame(
        {
            "county": rows["county"],
            "village points": points,
            "in the right cell": right,
            "share": rows["share"].astype(float).map("{:.0%}".format),
        }
    )
    total = [["all", points.sum(), right.sum(), f"{right.sum() / points.sum():.1%}"]]
    return _markdown(pd.concat([table, pd.DataFrame(total, columns=table.columns)])) + "\n"


def density() -> str:
    """Return what the number of spread points changes."""
    rows = read_built("population/point_density.csv")
    rows.columns = [
        "km² a point",
        "least",
        "most",
        "points",
        "limit, m",
        "city error, points",
        "township error (RMS), points",
    ]
    return _markdown(rows) + "\n"


TABLES = {"leave_one_out": leave_one_out, "cells": cells, "density": density}


def render(page: str) -> str:
    """Return the page with every marked table made new."""
    return MARK.sub(lambda m: m[1] + TABLES[m[2]]() + m[3], page)


def build() -> None:
    """Rewrite the tables in docs/population.md."""
    path = Path(PAGE)
    path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")


def _markdown(frame: pd.DataFrame) -> str:
    rows = [list(map(str, frame.columns)), ["---"] * frame.shape[1]]
    rows += [list(map(str, row)) for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    build()
