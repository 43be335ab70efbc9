"""Files people take away: which columns a list has, what its figures rest on, and its bytes."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from analysis.audit import Checklist, checklist_by_unit, full_coverage
from analysis.clusters import Clusters, describe_clusters
from analysis.gaps import is_rest
from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.results import case_units
from analysis.rivals import Rivals
from analysis.stages import Stages
from geo.outlines import SETTING as OUTLINES
from geo.units import ancestors
from geo.write import table_bytes
from ui import outlines_words, roads_words
from ui.population_words import in_force
from ui.standard_words import standard_text
from ui.tables import SUPPRESSED, place_name, present, reason_text, remedy_text
from ui.wording import Words

MAP_ENDINGS = (".geojson", ".gpkg")
SUPPRESS_BELOW = 3

COLUMNS: dict[str, tuple[str, ...]] = {
    "gaps": (
        "rank", "change", "county", "township", "name", "people_uncovered", "people_before",
        "uncovered_least", "uncovered_most", "share_uncovered", "people", "location_basis",
        "nearest_room_name", "nearest_room_basis", "nearest_m", "cases", "cases_open",
        "reason", "remedy", "site_name", "site_kind", "site_basis", "site_people", "near_site_name",
        "near_site_m", "rooms_enough", "rooms_people", "free_rooms", "gap_id",
    ),
    "units": (
        "level", "county", "name", "population", "population_basis", "people", "people_covered",
        "people_certain", "people_possible", "share_covered", "share_certain", "share_possible",
        "people_uncovered", "modelled_share", "covered_modelled_share", "mean_m", "median_m",
        "p95_m", "worst_m", "worst_name", "mean_min", "median_min", "p95_min", "worst_min",
        "rooms", "rooms_reported", "rooms_register", "rooms_derived",
        "rooms_simulated", "rooms_without_point", "people_per_room", "rooms_per_10k", "unit_id",
    ),
    "compare": (
        "name", "people", "population_basis", "rooms", "rooms_reported", "rooms_register",
        "rooms_derived", "rooms_simulated", "rooms_per_10k", "people_per_room", "share_covered",
        "share_certain",
        "share_possible", "modelled_share", "cases", "cases_simulated", "cases_per_10k",
        "share_handled", "cases_open", "activities", "activities_per_room", "unit_id",
    ),
    "sites": (
        "rank", "stage", "name", "kind", "county", "township", "people_in_order",
        "people_modelled_share",
        "people_alone", "people_lost", "location_basis", "points", "runner_up_name",
        "runner_up_loss", "site_id",
    ),
    "stages": (
        "stage", "n_new", "names", "value", "added", "best_of_size", "bound", "price",
        "mean_m", "worst_m", "shorter_m", "best_of_size_m", "bound_m", "price_m",
    ),
    "rivals": ("name", "people", "plan_a", "plan_b", "gained", "lost", "difference", "wins"),
    "rival_sites": ("holder", "name", "kind", "county", "township", "site_id"),
    "stability": ("name", "kind", "picked_share", "in_plan", "site_id"),
    "unplaced": ("name", "kind", "note", "site_id"),
    "rooms": (
        "name", "level", "kind", "serves", "located", "opened", "basis", "location_basis", "note",
        "room_id",
    ),
    "clusters": (
        "cluster", "county", "township", "townships", "n", "main_category", "unresolved_share",
        "people_near", "relative_risk", "nearest_room_name", "nearest_room_m", "first", "last",
        "small_n", "basis",
    ),
    "hotspots": (
        "rank", "name", "radius_m", "n", "expected", "relative_risk", "p_value", "people_near",
        "small_n",
    ),
    "catchments": (
        "county", "name", "people", "rooms", "people_per_room", "share_covered", "share_certain",
        "share_possible", "per_10k_2sfca", "per_10k_e2sfca", "per_10k_m2sfca", "unit_id",
    ),
    "standards": (
        "standard", "level", "name", "people", "people_covered", "share_covered", "share_certain",
        "share_possible", "unit_id",
    ),
    "audit": (
        "level", "county", "name", "status", "basis", "room_name", "kind", "stands_elsewhere",
        "rooms", "special_rooms", "lower_rooms", "note", "unit_id",
    ),
    "checklist": (
        "level", "name", "part", "item_name", "met", "unmet", "unknown", "share_met", "item",
        "unit_id",
    ),
    "groups": (
        "level", "name", "group", "setting", "people", "people_covered", "people_certain",
        "people_possible", "share_covered", "share_certain", "share_possible", "modelled_share",
        "points", "points_unknown", "mean_m", "p95_m", "mean_min", "p95_min", "unit_id",
    ),
    "village_counts": (
        "level", "county", "name", "villages", "has", "has_reported", "has_register",
        "has_derived", "has_simulated", "none_known", "none_known_least", "share_none_known",
        "people_none_known", "townships_unknown", "rooms_unnamed", "unit_id",
    ),
    "villages": (
        "county", "township", "name", "people", "population_basis", "status", "basis",
        "room_name", "share_covered", "share_certain", "share_possible", "unit_id",
    ),
}  # fmt: skip


def export(kind: str, frame: pd.DataFrame, measured: Survey, words: Words, *, ending: str) -> bytes:
    """Write one of the lists into the bytes of a file.

    Parameters
    ----------
    kind : str
        A key of :data:`COLUMNS`.
    frame : DataFrame
        From the function of this module that prepares that list.
    measured : Survey
        For the notes: date, standard, bases, fingerprint.
    words : Words
    ending : str
        ``.csv`` and ``.xlsx`` have headings in the reader's language; ``.geojson`` and ``.gpkg``
        keep the column names of the data contract.

    Returns
    -------
    bytes
    """
    least = suppress_below(measured)
    sheet = words(SHEETS[kind])
    if ending in MAP_ENDINGS:
        return table_bytes(_for_maps(frame, COLUMNS[kind], least), ending, name=kind)
    table = present(frame, COLUMNS[kind], words, suppress_below=least)
    return table_bytes(table, ending, name=sheet, notes=notes(measured, words, sheet))


SHEETS = {
    "gaps": "gaps.sheet",
    "units": "overview.unit_table",
    "compare": "districts.table",
    "sites": "sites.table",
    "rooms": "overview.room_table",
    "clusters": "cases.clusters",
    "rivals": "scenarios.by_county",
    "stages": "stages.title",
    "hotspots": "cases.hotspots",
    "audit": "districts.audit",
    "checklist": "districts.checklist",
    "groups": "districts.groups",
    "village_counts": "districts.village_counts",
    "villages": "districts.villages",
    "standards": "districts.standards",
    "catchments": "districts.catchments",
}


def suppress_below(measured: Survey) -> int:
    """Return the count under which cases are not shown in a file, by the study's setting."""
    return int(measured.study.settings.get("suppress_cases_below", SUPPRESS_BELOW))


def notes(measured: Survey, words: Words, sheet: str) -> list[str]:
    """Return the lines that say what a list's figures rest on."""
    study, scenario = measured.study, measured.scenario
    outlines = study.settings.get(OUTLINES)
    source = study.settings.get("standard", {}).get(f"source_{words.lang}", "")
    name = study.settings.get("name_en", study.name) if words.lang == "en" else study.name
    standard = words(
        "notes.standard",
        standard=standard_text(scenario, words),
        source=source,
    )
    lines = [
        words("notes.title", study=name, sheet=sheet),
        words("notes.as_of", as_of=scenario.as_of.isoformat()),
        standard,
        *([outlines_words.in_force(outlines, words)] if outlines else []),
        in_force(study.settings.get("population"), words),
        *([] if study.roads is None else [roads_words.in_force(study.roads.about, words)]),
        words("notes.basis"),
        words("notes.modelled"),
        words("notes.interval"),
        words("notes.suppressed", least=suppress_below(measured)),
    ]
    if study.is_demonstration:
        lines.append(words("notes.demonstration"))
    approval = study.settings.get("map_approval")
    if approval:
        lines.append(words("notes.approval", approval=approval))
    return [*lines, words("notes.fingerprint", fingerprint=study.fingerprint[:16])]


def gaps_list(measured: Survey, words: Words) -> gpd.GeoDataFrame:
    """Return the gap list with each place's name, and in words why it is one and what to do."""
    gaps, sites = measured.gaps, measured.study.sites["name"]
    rows = [row for _, row in pd.DataFrame(gaps).iterrows()]
    return gaps.assign(
        place=gaps["name"],
        name=[place_name(row, words) for row in rows],
        reason_code=gaps["reason"],
        reason=[reason_text(row, words) for row in rows],
        remedy_code=gaps["remedy"],
        remedy=[remedy_text(row, sites, words) for row in rows],
    )


def units_list(measured: Survey, levels: Sequence[str]) -> gpd.GeoDataFrame:
    """Return coverage of all units of some levels in one table, with their outlines."""
    units = measured.study.units
    parts = [measured.by_level[level].assign(level=level) for level in levels]
    table = pd.concat(parts).rename_axis("unit_id")
    county = pd.Series(table.index, index=table.index).map(ancestors(units, "county"))
    table["county"] = county.map(units["name"])
    table["worst_name"] = table["worst_place"].map(units["name"])
    table["worst_is_rest"] = is_rest(pd.Index(table["worst_place"]), units, measured.study.demand)
    return gpd.GeoDataFrame(table, geometry=units.geometry.reindex(table.index), crs=units.crs)


def compare_list(measured: Survey) -> gpd.GeoDataFrame:
    """Return the counties side by side: building, activity and results."""
    table = units_list(measured, ("county",))
    people = table["people"].where(table["people"] > 0)
    table["cases_per_10k"] = table["cases"] / people * 10_000
    rooms = table["rooms"].where(table["rooms"] > 0)
    table["activities_per_room"] = table["activities"] / rooms
    return table


def catchments_list(found: pd.DataFrame, measured: Survey) -> gpd.GeoDataFrame:
    """Return the townships with least room for their people first."""
    units = measured.study.units
    county = pd.Series(found.index, index=found.index).map(ancestors(units, "county"))
    table = found.assign(county=county.map(units["name"])).rename_axis("unit_id")
    table = table[table["people"] > 0].sort_values("per_10k_e2sfca", kind="stable")
    return gpd.GeoDataFrame(table, geometry=units.geometry.reindex(table.index), crs=units.crs)


def standards_list(compared: pd.DataFrame, measured: Survey) -> gpd.GeoDataFrame:
    """Return who is within reach under several standards, the city first, then its counties."""
    units = measured.study.units
    compared = compared.sort_values("level", key=lambda level: level != "city", kind="stable")
    outlines = units.geometry.reindex(compared["unit_id"]).to_numpy()
    return gpd.GeoDataFrame(compared, geometry=outlines, crs=units.crs)


def audit_list(measured: Survey) -> pd.DataFrame:
    """Return every county and township with its own room, those without a known one first."""
    units = measured.study.units
    audit = full_coverage(units, measured.rooms)
    county = pd.Series(audit.index, index=audit.index).map(ancestors(units, "county"))
    audit["county"] = county.map(units["name"])
    audit["room_name"] = audit["room_id"].map(measured.rooms["name"])
    order = {"none_known": 0, "special": 1, "has": 2}
    return audit.sort_values("status", key=lambda status: status.map(order), kind="stable")


def checklist_list(measured: Survey, checklist: Checklist, words: Words) -> pd.DataFrame:
    """Return each item of the checklist with the rooms that meet it, the city first."""
    units = measured.study.units
    levels = ("city", "county")
    parts = [checklist_by_unit(units, measured.rooms, checklist, level=level) for level in levels]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(item_name=table[f"name_{words.lang}"], share_met=table["share"])


def groups_list(found: pd.DataFrame, measured: Survey) -> gpd.GeoDataFrame:
    """Return coverage by group and setting, the city first, with the outline of each unit."""
    units = measured.study.units
    outlines = units.geometry.reindex(found["unit_id"]).to_numpy()
    return gpd.GeoDataFrame(found, geometry=outlines, crs=units.crs)


def village_counts_list(counts: pd.DataFrame, measured: Survey) -> gpd.GeoDataFrame:
    """Return how many villages of each unit have no room known, the city first."""
    units = measured.study.units
    county = counts.index.to_series().map(ancestors(units, "county"))
    table = counts.assign(county=county.map(units["name"]))
    table["share_none_known"] = table["none_known"] / table["villages"]
    return gpd.GeoDataFrame(table, geometry=units.geometry.reindex(table.index), crs=units.crs)


def villages_list(villages: pd.DataFrame, measured: Survey) -> pd.DataFrame:
    """Return the villages with names for ids, those without a known room first."""
    names = measured.study.units["name"]
    table = villages.assign(
        county=villages["county_id"].map(names),
        township=villages["township_id"].map(names),
        room_name=villages["room_id"].map(measured.rooms["name"]),
    )
    return table.sort_values("status", key=lambda status: status == "has", kind="stable")


def rooms_list(measured: Survey) -> gpd.GeoDataFrame:
    """Return the open rooms with the names of the units they serve and stand in."""
    name = measured.study.units["name"]
    rooms = measured.rooms
    return rooms.assign(
        serves=rooms["serves_unit_id"].map(name), located=rooms["located_unit_id"].map(name)
    )


def clusters_list(found: Clusters, measured: Survey) -> gpd.GeoDataFrame:
    """Return the clusters of cases with the people around them and their nearest room."""
    table = describe_clusters(found, measured.study.demand, measured.rooms)
    names = measured.study.rooms["name"]
    shown = table.rename(columns={"cases": "n", "residents": "people_near"}).reset_index()
    shown["cluster"] = shown["cluster"] + 1
    shown["nearest_room_name"] = shown["nearest_room_id"].map(names)
    shown = shown.join(_townships_of(found, measured), on=shown["cluster"] - 1)
    shown["basis"] = ["simulated" if part > 0 else None for part in shown["simulated_share"]]
    shown["main_category"] = shown["main_categories"].str.replace(";", "、")
    return shown


def _townships_of(found: Clusters, measured: Survey) -> pd.DataFrame:
    """Return the township that most cases of each cluster belong to, and the number of them."""
    units, cases = measured.study.units, measured.cases
    own = case_units(cases, measured.study.rooms, units, level="township")
    inside = found.labels[found.labels >= 0]
    rows = pd.DataFrame({"cluster": inside, "township_id": own.reindex(inside.index)}).dropna()
    by_size = (
        rows.value_counts()
        .reset_index()
        .sort_values(["cluster", "count", "township_id"], ascending=[True, False, True])
    )
    table = by_size.groupby("cluster").agg(
        township_id=("township_id", "first"), townships=("township_id", "size")
    )
    table["county_id"] = table["township_id"].map(ancestors(units, "county"))
    for level in ("county", "township"):
        table[level] = table[f"{level}_id"].map(units["name"])
    return table


def hotspots_list(windows: pd.DataFrame) -> pd.DataFrame:
    """Return the circles of the scan statistic, the most unusual first."""
    shown = windows.rename(columns={"cases": "n", "population": "people_near"})
    return shown.assign(rank=range(1, len(shown) + 1))


def suppressed(frame: gpd.GeoDataFrame, measured: Survey) -> pd.DataFrame:
    """Return a list for a machine: its own columns, small counts of cases unknown."""
    least = suppress_below(measured)
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    for column in set(SUPPRESSED) & set(plain):
        plain[column] = _large_counts(plain[column], least)
    return plain


def sites_list(proposal: Proposal, stages: Stages | None = None) -> gpd.GeoDataFrame:
    """Return the chosen sites in the order that gains most people first, or stage by stage."""
    sites = proposal.sites if stages is None else stages.sites
    return sites.assign(rank=sites["order"])


def rivals_list(rivals: Rivals) -> pd.DataFrame:
    """Return people within reach of each county under two plans, where the second wins first."""
    table = rivals.by_county.sort_values("difference", ascending=False, kind="stable")
    return table.rename(columns={"first": "plan_a", "second": "plan_b"})


def rival_sites(rivals: Rivals, first: str, second: str, text: Words) -> pd.DataFrame:
    """Return the chosen sites of two plans with which of them holds each."""
    parts = (
        (rivals.both, text("scenarios.both")),
        (rivals.only_first, text("scenarios.only", name=first)),
        (rivals.only_second, text("scenarios.only", name=second)),
    )
    return pd.concat([pd.DataFrame(sites).assign(holder=holder) for sites, holder in parts])


def _for_maps(frame: pd.DataFrame, columns: Sequence[str], least: int) -> pd.DataFrame:
    """Return raw columns with geometry; small counts of cases are unknown."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return frame
    kept = frame.reset_index() if frame.index.name in columns else frame
    kept = kept[[c for c in columns if c in kept] + ["geometry"]].copy()
    for column in set(SUPPRESSED) & set(kept):
        kept[column] = _large_counts(kept[column], least)
    return kept


def _large_counts(counts: pd.Series, least: int) -> pd.Series:
    return counts.astype(float).where((counts == 0) | (counts >= least))
