"""What is planned for: the Study (its tables) and the Scenario (every setting, in one place)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import geopandas as gpd
import pandas as pd

from analysis.service import ServiceRule
from geo.errors import ScenarioError
from geo.read import Tables
from geo.roads_kept import KeptRoads
from geo.schema import SITE_KINDS
from geo.units import assign_units

OBJECTIVES = ("cover", "cover_all", "median", "center")
MEASURES = ("straight", "way")
MODES = ("walk", "ebike", "drive")
_CHOICES = {"objective": OBJECTIVES, "measure": MEASURES, "mode": MODES}


@dataclass(frozen=True, eq=False)
class Study:
    """The tables of one city, checked, with the fingerprint that names them.

    Parameters
    ----------
    units, rooms, demand, cases, sites : GeoDataFrame
        As :data:`geo.schema.TABLES` describes them; EPSG:4326.
    activities : DataFrame
    settings : mapping
        The content of ``study.toml``.
    fingerprint : str
        Equal fingerprints mean equal tables and roads; every cache is keyed on it.
    roads : KeptRoads, optional
    """

    units: gpd.GeoDataFrame
    rooms: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    cases: gpd.GeoDataFrame
    activities: pd.DataFrame
    sites: gpd.GeoDataFrame
    settings: Mapping[str, Any]
    fingerprint: str
    roads: KeptRoads | None = None

    @classmethod
    def of(cls, tables: Tables) -> Study:
        """Return the study that tables read by :func:`geo.read.read_study` describe.

        A case that has a point and names no unit is given the township it lies in; what a row
        states is never changed.
        """
        frames = dict(tables.frames)
        frames["cases"] = _with_units(frames["cases"], frames["units"])
        return cls(
            **frames,
            settings=tables.settings,
            fingerprint=tables.fingerprint,
            roads=tables.roads,
        )

    @property
    def name(self) -> str:
        """The study's name in its own language."""
        return str(self.settings.get("name", ""))

    @property
    def is_demonstration(self) -> bool:
        """Whether rooms, cases or activities are made up, so that every screen must say so."""
        lists = (self.rooms, self.cases, self.activities)
        return any(bool((rows["basis"] == "simulated").any()) for rows in lists)


def _with_units(cases: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    nameless = cases["unit_id"].isna() & ~(cases.geometry.isna() | cases.geometry.is_empty)
    townships = units[units["level"] == "township"]
    if not nameless.any() or townships.geometry.isna().all():
        return cases
    found = assign_units(cases[nameless], units, level="township")["unit_id"]
    unit = cases["unit_id"].astype(object)
    unit[nameless] = found.to_numpy()
    return cases.assign(unit_id=unit)


def _number(
    default: float, least: float, most: float, unit: str, text: str, *, integer: bool = False
) -> Any:
    kind: type = int if integer else float
    bounds = {"least": kind(least), "most": kind(most), "unit": unit, "help": text, "kind": kind}
    return field(default=kind(default), metadata=bounds)


@dataclass(frozen=True)
class Scenario:
    """Every setting of a run, its default, its bounds and its help text.

    Parameters
    ----------
    as_of : date
        Rooms that opened later do not count. Today by default.
    kinds : tuple of str
        The kinds of candidate site that may be chosen.
    measure : {"straight", "way"}
        Whether limits in metres are of the straight line or of the way; minutes are of the way.
    mode : {"walk", "ebike", "drive"}
        How people come, for minutes and for roads.
    rules : tuple of ServiceRule
        Limits that hold for some rooms or some people instead; the last that fits holds.
    objective : {"cover", "cover_all", "median", "center"}
        Most people within reach; fewest rooms for ``target_share``; least person-distance; least
        worst distance.
    required, forbidden : tuple of str
        Site ids that every plan holds, and that none may hold.
    own_sites : tuple of (id, longitude, latitude)
        Places the planner added; candidates like the study's sites.
    quotas : tuple of (label, least, most)
        New rooms of a site kind or in a county (its ``unit_id``); None for no bound.
    kind_costs : tuple of (kind, cost)
        What a room at a site of that kind costs where the site itself has no known cost.
    others
        See the ``metadata`` of :func:`dataclasses.fields`: unit, bounds and help of each number.

    Raises
    ------
    ScenarioError
        When a value lies outside its bounds.

    Examples
    --------
    >>> Scenario(n_new=3).n_new, Scenario().with_limit(3000.0).limit_urban_m
    (3, 3000.0)
    """

    as_of: dt.date = field(default_factory=dt.date.today)
    limit_urban_m: float = _number(
        1000, 50, 50_000, "m", "How far people in towns walk to a room (about 15 minutes)."
    )
    limit_rural_m: float = _number(
        3000, 50, 50_000, "m", "How far people in villages travel to a room."
    )
    minutes: float = _number(
        0, 0, 240, "min", "How long people may be on the way, in place of metres; 0 for metres."
    )
    measure: str = "straight"
    mode: str = "walk"
    rules: tuple[ServiceRule, ...] = ()
    n_new: int = _number(15, 1, 500, "", "How many new rooms to place.", integer=True)
    kinds: tuple[str, ...] = SITE_KINDS
    objective: str = "cover"
    cluster_radius_m: float = _number(
        1000, 50, 20_000, "m", "Cases closer than this belong to one cluster."
    )
    cluster_min_cases: int = _number(
        8, 2, 1000, "", "The fewest cases that make a cluster.", integer=True
    )
    time_limit_s: float = _number(20, 0.1, 3600, "s", "How long the solver may take.")
    target_share: float = _number(
        0.55, 0.01, 1, "", "For the fewest rooms: the share of all people to be within reach."
    )
    floor_share: float = _number(
        0, 0, 1, "", "The share of people that must be within reach in every county."
    )
    case_weight: float = _number(
        0, 0, 100_000, "", "How many people one case counts as when sites are chosen."
    )
    budget: float = _number(
        0, 0, 1e12, "", "What all new rooms may cost; 0 for no budget. Needs costs by kind."
    )
    room_capacity: float = _number(
        0, 0, 1e7, "", "How many people one new room can serve; 0 for no limit."
    )
    area_join_m: float = _number(
        0,
        0,
        50_000,
        "m",
        "A new room serves only villages joined to it by a chain of neighbours; villages nearer"
        " than this are neighbours. 0 switches the rule off.",
    )
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    own_sites: tuple[tuple[str, float, float], ...] = ()
    quotas: tuple[tuple[str, int | None, int | None], ...] = ()
    kind_costs: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        for item in fields(self):
            if "least" in item.metadata:
                _within(item.name, getattr(self, item.name), item.metadata)
        unknown = sorted(set(self.kinds) - set(SITE_KINDS))
        if unknown or not self.kinds:
            raise ScenarioError(
                "scenario.kinds",
                f"site kinds {', '.join(unknown) or '(none)'}:"
                f" choose from {', '.join(SITE_KINDS)}.",
                value=", ".join(unknown),
                choices=", ".join(SITE_KINDS),
            )
        for site_id, lon, lat in self.own_sites:
            if not (abs(lon) <= 180 and abs(lat) <= 90):
                raise ScenarioError(
                    "scenario.own_site",
                    f"own site {site_id!r} lies at {lon}, {lat}: no place on earth.",
                    value=site_id,
                )
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ScenarioError(
                    "scenario.choice",
                    f"{name} {getattr(self, name)!r}: choose from {', '.join(choices)}.",
                    setting=name,
                    value=getattr(self, name),
                    choices=", ".join(choices),
                )

    def with_limit(self, limit_m: float) -> Scenario:
        """Return the scenario with one limit in metres for town and country."""
        return replace(self, limit_urban_m=limit_m, limit_rural_m=limit_m, minutes=0.0)

    def only_measured(self) -> Scenario:
        """Return the scenario with everything that no survey depends on at its default.

        Two scenarios with the same day and standard have the same survey, so a cache is keyed on
        this.
        """
        return Scenario(**{name: getattr(self, name) for name in ("as_of", *STANDARD)})


STANDARD = ("limit_urban_m", "limit_rural_m", "minutes", "measure", "mode", "rules")
"""The fields of a scenario that say what within reach means."""


def scenario_of(study: Study, **settings: Any) -> Scenario:
    """Return a scenario that starts from the study's own service standard.

    Parameters
    ----------
    study : Study
        ``[standard]`` in its settings may hold ``urban_m``, ``rural_m``, ``minutes``, ``measure``,
        ``mode`` and ``rules``, a list of tables as :meth:`ServiceRule.of` reads them.
    **settings
        Fields of :class:`Scenario` that override it.

    Raises
    ------
    ScenarioError
        What the study or the settings say is out of bounds.
    """
    standard = study.settings.get("standard", {})
    start: dict[str, Any] = {
        field: kind(standard[key])
        for key, field, kind in (
            ("urban_m", "limit_urban_m", float),
            ("rural_m", "limit_rural_m", float),
            ("minutes", "minutes", float),
            ("measure", "measure", str),
            ("mode", "mode", str),
        )
        if key in standard
    }
    if "rules" in standard:
        start["rules"] = tuple(ServiceRule.of(rule) for rule in standard["rules"])
    return Scenario(**{**start, **settings})


def _within(name: str, value: float, bounds: Mapping[str, Any]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        inside = False
    else:
        inside = bounds["least"] <= value <= bounds["most"]
        inside = inside and (bounds["kind"] is float or float(value).is_integer())
    if not inside:
        raise ScenarioError(
            "scenario.bounds",
            f"{name} = {value}: must lie between {bounds['least']} and {bounds['most']}"
            f" {bounds['unit']}".rstrip()
            + ".",
            setting=name,
            value=value,
            least=bounds["least"],
            most=bounds["most"],
            unit=f" {bounds['unit']}".rstrip(),
        )
