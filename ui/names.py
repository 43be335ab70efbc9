"""Names of places in the reader's language, as far as the study has them."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd

from analysis.scenario import Study
from ui.tables import place_name
from ui.wording import Words

PLACES = ("name", "county", "township", "serves", "located", "worst_name")
IDS = {
    "county": "county_id",
    "township": "township_id",
    "serves": "serves_unit_id",
    "located": "located_unit_id",
    "worst_name": "worst_place",
}
"""The column of ids that tells which unit a name is, where a list has one."""

Table = TypeVar("Table", bound=pd.DataFrame)


def unit_names(study: Study, text: Words) -> pd.Series:
    """Return every unit's name, the English one for an English reader where there is one."""
    units = study.units
    if text.lang != "en" or "name_en" not in units:
        return units["name"]
    return units["name_en"].where(units["name_en"].notna(), units["name"]).rename("name")


def in_language(table: Table, study: Study, text: Words) -> Table:
    """Return a list whose columns of place names are in the reader's language.

    Notes
    -----
    A name is looked up by the id beside it, else by what it is in the units table; one that could
    stand for places with different English names stays as it is.
    """
    if text.lang != "en":
        return table
    names = unit_names(study, text)
    pairs = pd.DataFrame({"name": study.units["name"], "said": names}).drop_duplicates()
    said = pairs[~pairs["name"].duplicated(keep=False)].set_index("name")["said"].to_dict()
    found = {}
    for column in filter(table.__contains__, PLACES):
        own = [said.get(name, name) for name in table[column]]
        found[column] = _ids(table, column).map(names).fillna(pd.Series(own, index=table.index))
    told = table.assign(**found)
    if {"place", "is_rest"} <= set(told):
        # A gap of an earlier list whose place is gone has a name, but no place to look up.
        known = told[told["place"].notna()]
        plain = known.assign(name=[said.get(name, name) for name in known["place"]])
        told.loc[known.index, "name"] = [place_name(row, text) for _, row in plain.iterrows()]
    return told


def _ids(table: pd.DataFrame, column: str) -> pd.Series:
    """Return the unit ids behind a column of names, unknown where the list has none."""
    if column in IDS and IDS[column] in table:
        return table[IDS[column]]
    is_unit = column == "name" and table.index.name == "unit_id"
    return pd.Series(table.index if is_unit else None, index=table.index, dtype="object")
