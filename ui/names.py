"""Names of places in the reader's language, as far as the study has them."""

from __future__ import annotations

import pandas as pd

from analysis.scenario import Study
from ui.wording import Words

PLACES = ("name", "county", "township", "serves", "located")


def unit_names(study: Study, text: Words) -> pd.Series:
    """Return every unit's name, the English one for an English reader where there is one."""
    units = study.units
    if text.lang != "en" or "name_en" not in units:
        return units["name"]
    return units["name_en"].where(units["name_en"].notna(), units["name"]).rename("name")


def in_language(table: pd.DataFrame, study: Study, text: Words) -> pd.DataFrame:
    """Return a list whose columns of place names are in the reader's language.

    Notes
    -----
    Names are looked up by what they are in the units table; one that stands for places with
    different English names stays as it is.
    """
    names = unit_names(study, text)
    pairs = pd.DataFrame({"name": study.units["name"], "said": names}).drop_duplicates()
    said = pairs[~pairs["name"].duplicated(keep=False)].set_index("name")["said"].to_dict()
    places = [column for column in PLACES if column in table]
    return table.assign(**{c: [said.get(name, name) for name in table[c]] for c in places})
