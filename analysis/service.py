"""The service standard: which rooms serve which people, up to where, and who says so.

The standard of a study is one limit for people in towns and one for people in villages. Rules put
another limit in its place for some rooms or some people: a park's room may serve its workers on
foot, a township's room the whole township.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import ScenarioError
from geo.schema import GROUPS, ROOM_KINDS, ROOM_LEVELS, SETTINGS

WHOLE = "whole"
"""In place of a limit: the rooms serve everybody in the unit they are for, however far."""

CHOICES = {"level": ROOM_LEVELS, "kind": ROOM_KINDS, "group": GROUPS, "setting": SETTINGS}
MOST = {"m": 50_000.0, "min": 240.0}
_METRES = {"m": 1.0, "km": 1000.0}
_LIMIT = re.compile(r"(\d+(?:\.\d+)?)\s*(km|m|min)")


@dataclass(frozen=True)
class ServiceRule:
    """The limit that holds for some rooms and some people, in place of the scenario's own.

    Parameters
    ----------
    limit : str
        ``"800m"``, ``"1.5km"``, ``"15min"`` or ``"whole"``.
    level, kind : str, optional
        Of the rooms, as the rooms table has them; every room without them.
    group, setting : str, optional
        Of the people, as the demand table has them; everybody without them.
    source : str
        What the rule rests on, for the screen.

    Raises
    ------
    ScenarioError
        A limit or a choice that does not exist.

    Examples
    --------
    >>> str(ServiceRule.of("kind=park, group=worker, limit=0.8 km"))
    'kind=park,group=worker,limit=800m'
    """

    limit: str
    level: str | None = None
    kind: str | None = None
    group: str | None = None
    setting: str | None = None
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise _fault(f"{name}={value}", f"{name} is one of {', '.join(choices)}")
        object.__setattr__(self, "limit", _plain(str(self.limit)))

    @classmethod
    def of(cls, given: str | Mapping[str, Any]) -> ServiceRule:
        """Read a rule from a text such as ``kind=park,limit=800m``, or from a table of the same.

        Raises
        ------
        ScenarioError
            A part that no rule has, no limit, or what the class refuses.
        """
        parts = given if isinstance(given, Mapping) else _parts(given)
        unknown = sorted(set(parts) - {*CHOICES, "limit", "source"})
        if unknown or "limit" not in parts:
            raise _fault(str(given), "write level, kind, group or setting, and a limit")
        return cls(**{name: str(value) for name, value in parts.items()})

    def __str__(self) -> str:
        parts = {name: getattr(self, name) for name in (*CHOICES, "limit")}
        return ",".join(f"{name}={value}" for name, value in parts.items() if value is not None)

    @property
    def amount(self) -> tuple[float, str]:
        """The limit as a number and its unit: metres, minutes, or nothing of a whole unit."""
        return _amount(self.limit)

    def holds(self, row: Mapping[str, Any], names: Iterable[str]) -> bool:
        """Return whether a room's or a person's row is what the rule says in these columns."""
        return all(getattr(self, name) in (None, row[name]) for name in names)


@dataclass(frozen=True, eq=False)
class Offers:
    """What every class of rooms offers to every class of people.

    Parameters
    ----------
    rooms : int array, shape (n_rooms,)
        Each room's class: rooms of one class offer the same.
    people : int array, shape (n_demand,)
        Each demand row's class.
    limit : float array, shape (n_room_classes, n_people_classes)
        In ``unit``; NaN where the whole unit is served.
    unit : object array of the same shape
        ``"m"``, ``"min"`` or ``"whole"``.
    """

    rooms: npt.NDArray[np.intp]
    people: npt.NDArray[np.intp]
    limit: npt.NDArray[np.float64]
    unit: npt.NDArray[np.object_]


def offers_of(
    rooms: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    base: Mapping[str, tuple[float, str]],
    rules: Sequence[ServiceRule],
) -> Offers:
    """Work out what every class of rooms offers to every class of people.

    Parameters
    ----------
    rooms : DataFrame
        ``level`` and ``kind``.
    demand : DataFrame
        ``group`` and ``setting``.
    base : mapping of setting to (limit, unit)
        Where no rule holds.
    rules : sequence of ServiceRule
        The last one that fits a room and a person holds for them.

    Returns
    -------
    Offers

    Notes
    -----
    Classes are the distinct combinations of two short lists: the work beyond one factorisation of
    each table does not grow with rooms or people.
    """
    room_class, room_rows = _classes(rooms[["level", "kind"]])
    people, people_rows = _classes(demand[["group", "setting"]])
    amounts = [[_held(r, p, base, rules) for p in people_rows] for r in room_rows]
    shape = (len(room_rows), len(people_rows))
    limit = np.array([[a[0] for a in row] for row in amounts], dtype=np.float64).reshape(shape)
    unit = np.array([[a[1] for a in row] for row in amounts], dtype=object).reshape(shape)
    # Rooms that differ in kind and offer the same are one class, so ways are measured once.
    same = pd.factorize(pd.Series([repr(row) for row in amounts], dtype=object))[0]
    first = [int(np.flatnonzero(same == n)[0]) for n in range(same.max(initial=-1) + 1)]
    return Offers(same[room_class], people, limit[first], unit[first])


def _classes(table: pd.DataFrame) -> tuple[npt.NDArray[np.intp], list[dict[str, Any]]]:
    keys = pd.MultiIndex.from_frame(table.astype(object))
    codes, distinct = pd.factorize(keys)
    rows = [dict(zip(table.columns, row, strict=True)) for row in distinct]
    return codes, rows


def _held(
    room: Mapping[str, Any],
    person: Mapping[str, Any],
    base: Mapping[str, tuple[float, str]],
    rules: Sequence[ServiceRule],
) -> tuple[float, str]:
    for rule in reversed(rules):
        if rule.holds(room, ("level", "kind")) and rule.holds(person, ("group", "setting")):
            return rule.amount
    return base[person["setting"]]


def _parts(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _plain(limit: str) -> str:
    """Return a limit as it is written everywhere: ``800m``, ``15min``, ``whole``."""
    number, unit = _amount(limit.strip())
    if unit == WHOLE:
        return WHOLE
    if not 0 < number <= MOST[unit]:
        raise _fault(f"limit={limit}", f"more than 0 and at most {MOST[unit]:g} {unit}")
    return f"{number:g}{unit}"


def _amount(limit: str) -> tuple[float, str]:
    if limit == WHOLE:
        return float("nan"), WHOLE
    found = _LIMIT.fullmatch(limit)
    if found is None:
        raise _fault(f"limit={limit}", "write 800m, 1.5km, 15min or whole")
    unit = found[2]
    return float(found[1]) * _METRES.get(unit, 1.0), "m" if unit in _METRES else unit


def _fault(value: str, remedy: str) -> ScenarioError:
    return ScenarioError(
        "scenario.rule", f"service rule {value!r}: {remedy}.", value=value, remedy=remedy
    )
