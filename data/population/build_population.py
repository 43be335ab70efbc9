"""The 2020 census of 11 counties to townships and villages: population/units.csv.

    python -m data.population.build_population

Counties, and townships whose census figure was published, keep their figures. The other people of
a county are spread over its communities and villages: its urban census population over the urban
part of them, its rural population over the rural part (docs/population.md).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.tables import CITY, read_facts, township_ids, write_csv
from geo.population import apportion, rake_counts, smoothed_shares

SETTINGS = ["urban", "rural"]
CENSUS_YEAR = "2020"
# How many villages of known code the city's share of urban villages weighs in a county's own share.
PRIOR_VILLAGES = 5


def committees() -> pd.DataFrame:
    """Return the committees that stand in a civil township, with the urban part of each (0–1).

    The eleven "virtual communities" of statistical park units have no civil township and no
    committee; they are left out (docs/decisions/010).
    """
    rows = read_facts("villages")
    rows = rows[rows["township_code_mca"] != ""].set_index("nbs_code")
    code = rows["urban_rural_code_2016"]
    known = code.str.startswith("1").astype(float).where(code != "")
    kind = rows["committee"].where(rows["committee"] == "community", "village")
    expected = pd.Series(np.nan, index=rows.index)
    for _, of_kind in rows.groupby(kind):
        index = of_kind.index
        shares = smoothed_shares(known[index], rows["county"][index], prior_rows=PRIOR_VILLAGES)
        expected[index] = rows["county"][index].map(shares)
    return rows.assign(urban_part=known.fillna(expected))


def published() -> pd.DataFrame:
    """Return the census figures of civil townships that were published, by civil code."""
    figures = read_facts("township_population_published")
    census = figures[(figures["kind"] == "census_resident") & (figures["year"] == CENSUS_YEAR)]
    ids = township_ids(read_facts("townships"))
    keys = list(zip(census["parent"], census["name_zh"], strict=True))
    census = census.assign(unit_id=[ids.get(key, "") for key in keys])
    return census[census["unit_id"] != ""].set_index("unit_id")


def census_counties() -> pd.DataFrame:
    """Return urban, rural and all people of each county at the census, by county code."""
    rows = read_facts("county_structure_2020").set_index("code")
    return rows[["population", *SETTINGS]].astype(int).drop(index=CITY)


def model_townships(rows: pd.DataFrame, pinned: pd.Series) -> pd.DataFrame:
    """Return urban and rural people of each township that has committees; exact by county."""
    parts = pd.DataFrame({"urban": rows["urban_part"], "rural": 1 - rows["urban_part"]})
    weights = parts.groupby(rows["township_code_mca"]).sum()
    modelled = []
    for county, totals in census_counties().iterrows():
        inside = weights[weights.index.str.startswith(str(county))]
        known = pinned[pinned.index.str.startswith(str(county))]
        modelled.append(rake_counts(inside, totals[SETTINGS], pinned=known))
    return pd.concat(modelled)


def model_villages(rows: pd.DataFrame, townships: pd.DataFrame) -> pd.DataFrame:
    """Return urban and rural people of each committee; exact by township."""
    people = pd.DataFrame(0, index=rows.index, columns=SETTINGS)
    for township, inside in rows.groupby("township_code_mca"):
        part = inside["urban_part"].to_numpy()
        totals = townships.loc[township]
        people.loc[inside.index, "urban"] = apportion(part, int(totals["urban"]))
        people.loc[inside.index, "rural"] = apportion(1 - part, int(totals["rural"]))
    return people


def leave_one_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, for each published township, what the model says when its figure is withheld.

    Two simpler models stand beside it: every committee of a county equally large (``equal``), and
    urban if and only if it is a community (``by_kind``).
    """
    figures = published()
    known = figures["population"].astype(int)
    counties = census_counties()
    urban_share = rows["county_code"].map(counties["urban"] / counties["population"])
    models = {
        "modelled": rows,
        "equal": rows.assign(urban_part=urban_share),
        "by_kind": rows.assign(urban_part=(rows["committee"] == "community").astype(float)),
    }
    result = figures[["parent", "name_zh"]].assign(census=known)
    for name, model in models.items():
        result[name] = [
            int(model_townships(model, known.drop(unit)).loc[unit].sum()) for unit in known.index
        ]
    return result


def build() -> None:
    """Write population/units.csv: every unit's people, by setting, with what they rest on."""
    rows = committees()
    pinned = published()["population"].astype(int)
    townships = model_townships(rows, pinned)
    villages = model_villages(rows, townships)
    counties = census_counties()[SETTINGS]
    city = counties.sum().to_frame(CITY).T
    basis = pd.Series("modelled", index=townships.index)
    basis[pinned.index] = "census"
    unknown = sorted(set(read_facts("townships")["code_mca"]) - set(townships.index))
    empty = pd.DataFrame(pd.NA, index=unknown, columns=SETTINGS)
    tables = [
        city.assign(level="city", basis="census"),
        counties.assign(level="county", basis="census"),
        townships.assign(level="township", basis=basis),
        empty.assign(level="township", basis=""),
        villages.assign(level="village", basis="modelled"),
    ]
    frame = pd.concat([t.astype(object) for t in tables]).rename_axis("unit_id").reset_index()
    frame["people"] = frame["urban"] + frame["rural"]
    write_csv(
        frame[["unit_id", "level", "people", *SETTINGS, "basis"]].sort_values("unit_id"),
        "population/units.csv",
    )
    write_csv(leave_one_out(rows).reset_index(), "population/leave_one_out.csv")


if __name__ == "__main__":
    build()
