"""Tables as people read them: headings with units, words for codes, marks for what a value is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.remedies import TARGET
from geo.schema import BASES
from ui.wording import Words

MOST_NAMES = 5
PEOPLE = {
    "population", "people", "people_covered", "people_uncovered", "people_per_room", "site_people",
    "people_alone", "people_in_order", "people_lost", "people_near", "runner_up_loss", "plan_a",
    "plan_b", "gained", "lost", "difference", "points", "people_certain", "people_possible",
    "uncovered_least", "uncovered_most", "people_before", "rooms_people", "reachable_people",
    "villages", "has", "none_known", "none_known_least", "people_none_known", "has_reported",
    "has_register", "has_derived", "has_simulated",
    "value", "added", "best_of_size", "bound", "price",
}  # fmt: skip
RATES = {
    "rooms_per_10k", "cases_per_10k", "activities_per_room", "relative_risk", "expected",
    "per_10k_2sfca", "per_10k_e2sfca", "per_10k_m2sfca",
}  # fmt: skip
CHOICES = {
    "kind": "kind",
    "site_kind": "kind",
    "level": "level",
    "status": "audit_status",
    "group": "group",
    "setting": "setting",
    "change": "gap_change",
    "standard": "standard",
    "wins": "ahead",
    "part": "checklist",
}
SUPPRESSED = ("cases", "cases_open", "n")
SOLID = ("reported", "census", "register")
MARKS = {**dict.fromkeys(SOLID, "●"), "derived": "◐", "modelled": "◐", "simulated": "○"}


def mark(basis: Any, words: Words) -> str:
    """Return a basis as its mark and word: ● reported, ◐ derived, ○ simulated."""
    if not isinstance(basis, str):
        return words("basis.unknown")
    return f"{MARKS.get(basis, '')} {words.choice('basis', basis)}".strip()


def bases(values: pd.Series, words: Words) -> str:
    """Return how many rows rest on what, each basis with its mark; those of none are left out."""
    counts = values.value_counts()
    said = [f"{mark(basis, words)} {counts[basis]:,}" for basis in BASES if basis in counts]
    return " ".join(said) or "—"


def present(
    frame: pd.DataFrame, columns: Sequence[str], words: Words, *, suppress_below: int = 0
) -> pd.DataFrame:
    """Return chosen columns with headings, units and words of one language.

    Parameters
    ----------
    frame : DataFrame
        Its index may be named among the columns.
    columns : sequence of str
        Those that the frame lacks are passed over.
    words : Words
    suppress_below : int
        Counts of cases from 1 up to one less are replaced by ``<n``.

    Returns
    -------
    DataFrame
        People as whole numbers, shares in percent, distances in kilometres; unknown stays empty.
    """
    plain = pd.DataFrame(frame)
    if plain.index.name in columns:
        plain = plain.reset_index()
    shown = {words(f"column.{c}"): _column(plain, c, words) for c in columns if c in plain}
    table = pd.DataFrame(shown, index=plain.index)
    for column in set(SUPPRESSED) & set(columns) & set(plain):
        if suppress_below > 1:
            heading = words(f"column.{column}")
            table[heading] = suppress(plain[column], suppress_below, words).astype(object)
    return table


def suppress(counts: pd.Series, least: int, words: Words) -> pd.Series:
    """Replace counts from 1 to ``least - 1`` by ``<least``, so that no person can be told."""
    small = (counts > 0) & (counts < least)
    return counts.astype(object).where(~small, words("app.suppressed", least=least))


def title(column: str, words: Words) -> str:
    """Return a column's heading for where values carry their own per cent sign."""
    return words(f"column.{column}").replace("（%）", "").replace(" (%)", "")


def whole(value: float) -> str:
    """Write a number of people or things with separators; unknown and infinite are dashes."""
    return "—" if pd.isna(value) or np.isinf(value) else f"{round(float(value)):,}"


def percent(value: float, digits: int = 1) -> str:
    """Write a share (0–1) in percent; unknown is a dash."""
    return "—" if pd.isna(value) else f"{value * 100:.{digits}f}%"


def kilometres(metres: float) -> str:
    """Write metres in kilometres; unreachable and unknown are dashes."""
    return f"{metres / 1000:.2f}" if np.isfinite(metres) else "—"


def reason_text(gap: pd.Series, words: Words) -> str:
    """Say in a sentence why a place is a gap.

    Parameters
    ----------
    gap : Series
        One row of :func:`analysis.gaps.find_gaps`.
    words : Words
    """
    return words(
        f"reason.{gap['reason']}",
        room=gap["nearest_room_name"],
        room_basis=words.choice("basis", gap["nearest_room_basis"]),
        distance=kilometres(gap["nearest_m"]),
        share=percent(gap["share_uncovered"], 0),
    )


def remedy_text(gap: pd.Series, sites: pd.Series, words: Words) -> str:
    """Say what it would take to bring a gap's people within reach.

    Parameters
    ----------
    gap : Series
        One row of :func:`analysis.gaps.find_gaps`.
    sites : Series of str
        The name of every candidate site.
    words : Words
    """
    listed = [sites[site] for site in str(gap["rooms_sites"]).split(";") if site in sites.index]
    more = words("remedy.more", count=len(listed) - MOST_NAMES) if len(listed) > MOST_NAMES else ""
    key = gap["remedy"] if isinstance(gap["near_site_id"], str) else "no_sites"
    said = words(
        f"remedy.{key}",
        site=gap["site_name"],
        kind=words.choice("kind", gap["site_kind"]),
        basis=words.choice("basis", gap["site_basis"]),
        best=whole(gap["site_people"]),
        sites=words("data.comma").join(listed[:MOST_NAMES]) + more,
        rooms=_rooms_needed(gap, words),
        people=whole(gap["rooms_people"]),
        share=percent(gap["rooms_people"] / gap["people_uncovered"], 0),
        near=gap["near_site_name"],
        near_kind=words.choice("kind", gap["near_site_kind"]),
        distance=kilometres(gap["near_site_m"]),
    )
    parts = [said]
    if gap["remedy"] in ("partly", "off_list"):
        parts.append(words("remedy.free", free=gap["free_rooms"], target=percent(TARGET, 0)))
    if gap["location_basis"] == "modelled":
        parts.append(words("remedy.modelled"))
    return words("data.sentence_gap").join(parts)


def _rooms_needed(gap: pd.Series, words: Words) -> str:
    """Return how many rooms on the list it takes: proven a number, else its bounds."""
    least, enough = gap["rooms_least"], gap["rooms_enough"]
    if pd.isna(enough) or least == enough:
        return str(enough)
    return words("remedy.between", least=least, enough=enough)


def place_name(gap: pd.Series, words: Words) -> str:
    """Return a gap's name; the rest of a township is said to be that."""
    return words("gaps.rest", name=gap["name"]) if gap["is_rest"] else str(gap["name"])


def _column(frame: pd.DataFrame, column: str, words: Words) -> pd.Series:
    values = frame[column]
    if column in PEOPLE:
        return values.astype(float).replace([np.inf, -np.inf], np.nan).round().astype("Int64")
    if column.endswith("_m"):
        return (values.astype(float).replace(np.inf, np.nan) / 1000).round(2)
    if column.endswith("_min"):
        return values.astype(float).replace(np.inf, np.nan).round(1)
    if column == "worst_name":
        return values.where(~frame["worst_is_rest"], [words("gaps.rest", name=v) for v in values])
    if column.endswith("_share") or column.startswith("share_"):
        return (values.astype(float) * 100).round(1)
    if column in RATES:
        return values.astype(float).round(2)
    if column.endswith("basis"):
        # Without a site there is nothing whose basis could be unknown.
        there = values.notna() | (column != "site_basis")
        return values.map(lambda basis: mark(basis, words)).where(there, None)
    if column in CHOICES:
        known = values.where(values.notna(), None)
        return known.map(lambda v: words.choice(CHOICES[column], v) if v else None)
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d").astype(object)
    if pd.api.types.is_bool_dtype(values):
        said = {True: words("yes_no.true"), False: words("yes_no.false")}
        return values.astype(object).map(said)  # unknown stays empty
    return values
