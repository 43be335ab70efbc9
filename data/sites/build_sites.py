"""Places where a room could go: sites/sites.csv.

    python -m data.sites.build_sites

Villages and communities with a trusted point, college campuses and parks. A park without a public
point is listed without one; nobody's position is made up.
"""

from __future__ import annotations

import pandas as pd

from data.tables import named_units, read_built, read_facts, write_csv

COLUMNS = ["site_id", "name", "kind", "unit_id", "cost", "location_basis", "note", "lon", "lat"]
NO_POINT = "无公开坐标,列出但不落点"
DATUM_NOTE = "高德2016年点位,是否已由GCJ-02换算未注明,可能偏差约500米"
# The same zone under a statistical name and under its own; kept as two rows, one marked.
SAME_PARK = {
    "清濛经济开发区": "与“泉州经济技术开发区”为同一园区(统计用区划名称)",
    "晋江市经济开发区": "与“福建晋江经济开发区”为同一园区(统计用区划名称)",
}


def villages() -> pd.DataFrame:
    """Return the committees with a trusted point; the 24 of no stated kind count as community."""
    rows = read_built("boundaries/villages.csv").query("lon != ''")
    return pd.DataFrame(
        {
            "site_id": "v" + rows["unit_id"],
            "name": rows["name"],
            "kind": rows["committee"].where(rows["committee"] == "village", "community"),
            "unit_id": rows["unit_id"],
            "location_basis": "register",
            "note": "",
            "lon": rows["lon"],
            "lat": rows["lat"],
        }
    )


def campuses() -> pd.DataFrame:
    """Return the college campuses, each a public map point."""
    rows = read_facts("campuses")
    only_second = rows["note"] == "only in second source"
    return pd.DataFrame(
        {
            "site_id": [f"c{n:02d}" for n in range(1, len(rows) + 1)],
            "name": rows["name"],
            "kind": "campus",
            "unit_id": named_units(rows),
            "location_basis": "reported",
            "note": only_second.map({True: "仅见于第二来源", False: ""}),
            "lon": rows["lon"],
            "lat": rows["lat"],
        }
    )


def parks() -> pd.DataFrame:
    """Return development zones and park units; only one has a public point."""
    rows = read_facts("parks").rename(columns={"note": "address"})
    located = rows["lon"] != ""
    notes = [
        ";".join(filter(None, [SAME_PARK.get(name, ""), DATUM_NOTE if known else NO_POINT]))
        for name, known in zip(rows["name"], located, strict=True)
    ]
    return pd.DataFrame(
        {
            "site_id": [f"p{n:02d}" for n in range(1, len(rows) + 1)],
            "name": rows["name"],
            "kind": "park",
            "unit_id": named_units(rows.assign(address="")),
            "location_basis": located.map({True: "reported", False: ""}),
            "note": notes,
            "lon": rows["lon"],
            "lat": rows["lat"],
        }
    )


def build() -> None:
    """Write sites/sites.csv."""
    frame = pd.concat([villages(), campuses(), parks()]).assign(cost="")
    write_csv(frame[COLUMNS], "sites/sites.csv")


if __name__ == "__main__":
    build()
