"""A place name or an address to exactly one administrative unit, or a question.

``南安丰州``, ``南安市丰州镇`` and ``丰州`` are one township; ``官桥镇`` is in two counties and
comes back as a question. A name is read from its front, level by level, so that an address keeps
the deepest unit it states; what no rule reads is compared letter by letter and taken only when
one unit is clearly closer than any other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from geo.errors import PlaceNameError
from geo.name_forms import clean, forms_of
from geo.schema import UNIT_LEVELS

FUZZY_SCORE = 80.0
FUZZY_MARGIN = 10.0
FUZZY_LENGTH = 4
MAX_CANDIDATES = 5
_ANSWER = ["unit_id", "level", "how", "question", "asked", "listed"]
DOUBTFUL = ("higher", "part", "inside", "fuzzy")

# What is left of a text and still looks like the name of a unit below the one just read.
_LOOKS_LIKE_UNIT = {
    "city": re.compile(r"^[一-鿿]{1,4}?(县|市|区|镇|乡|街道)"),
    "county": re.compile(r"^[一-鿿]{1,6}?(镇|乡|街道)"),
    "township": re.compile(r"^[一-鿿]{1,6}?(?<!自然)(村|社区)"),
}
_PROVINCE = re.compile(
    "^(中国|中华人民共和国)?((福建|浙江|广东|江西|江苏|安徽|山东|河南|河北|湖南|湖北|四川|云南|贵州|"
    "海南|山西|陕西|甘肃|青海|辽宁|吉林|黑龙江|台湾)省)?"
)
_OTHER_CITY = re.compile(r"^([一-鿿]{2,4}?市)")
# A short name before one of these is part of another name: 南安路, 丰州大桥.
_NOT_A_PLACE = re.compile(
    r"^(?!街道)(路|街|巷|弄|大道|大桥|桥|山|溪|江|河|港|湾|湖|水库|小学|中学)"
)


@dataclass(frozen=True)
class Match:
    """One text read as one unit.

    Parameters
    ----------
    unit_id : str
    level : {"city", "county", "township", "village"}
        How precisely the text names a place.
    how : {"exact", "short", "higher", "part", "inside", "fuzzy"}
        ``exact`` with the suffix as registered, ``short`` with the suffix left out or out of date,
        ``higher`` when a lower unit elsewhere has the same short name, ``part`` when a village is
        named that is not known, ``inside`` when found in the middle of the text, ``fuzzy`` when
        only similar. The last four deserve a look: :data:`DOUBTFUL`.
    rest : str
        What the text says after the unit (street, building), normalised.
    """

    unit_id: str
    level: str
    how: str
    rest: str = ""


@dataclass(frozen=True)
class _Unit:
    name: str
    level: str
    parent: str | None


@dataclass(frozen=True)
class _Path:
    end: int
    unit_id: str
    is_short: bool


class NameIndex:
    """The units' names, prepared once for many look-ups.

    Parameters
    ----------
    units : DataFrame
        Index unit_id; columns ``name``, ``level``, ``parent_id``.

    Notes
    -----
    Building costs O(units), a look-up O(length of the text); a text that no rule reads costs one
    pass over all names, about a millisecond for 2,700 units.
    """

    def __init__(self, units: pd.DataFrame) -> None:
        rows = zip(
            units.index.astype(str), units["name"], units["level"], units["parent_id"], strict=True
        )
        self._units = {
            unit_id: _Unit(clean(name), level, None if pd.isna(parent) else str(parent))
            for unit_id, name, level, parent in rows
        }
        self._forms: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        for unit_id, unit in self._units.items():
            for form, is_short in forms_of(unit.name, unit.level):
                self._forms[form].append((unit_id, is_short))
        self._longest = max((len(form) for form in self._forms), default=0)

    def __contains__(self, unit_id: str) -> bool:
        return unit_id in self._units

    def level(self, unit_id: str) -> str:
        """Return the level of a unit."""
        return self._units[unit_id].level

    def depth(self, unit_id: str) -> int:
        """Return how far below the city a unit's level stands: 0 to 3."""
        return UNIT_LEVELS.index(self.level(unit_id))

    def full_name(self, unit_id: str) -> str:
        """Return a unit's name with its county and township in front.

        Parameters
        ----------
        unit_id : str

        Returns
        -------
        str
        """
        chain = [unit_id, *self.ancestors(unit_id)]
        return "".join(
            self._units[u].name for u in reversed(chain) if self._units[u].level != "city"
        )

    def ancestors(self, unit_id: str) -> list[str]:
        """Return the units above one, nearest first.

        Parameters
        ----------
        unit_id : str

        Returns
        -------
        list of str
        """
        above: list[str] = []
        parent = self._units[unit_id].parent
        while parent is not None and parent in self._units and parent not in above:
            above.append(parent)
            parent = self._units[parent].parent
        return above

    def find(self, text: str, *, within: str | None = None) -> Match:
        """Return the one unit that a text names.

        Parameters
        ----------
        text : str
            A name, a path of names or an address.
        within : str, optional
            A unit_id the answer must be, or lie in.

        Returns
        -------
        Match

        Raises
        ------
        PlaceNameError
            ``names.unknown`` or ``names.ambiguous``; ``facts["candidates"]`` maps the unit_ids to
            choose from to their full names (empty when nothing is similar).
        """
        body = _PROVINCE.sub("", clean(text))
        found = self._read(body, within) or self._read_inside(body, within)
        if found is None:
            return self._nearest(text, body, within)
        how, paths = found
        best = self._highest(paths)
        if len(best) > 1:
            raise self._ambiguous(text, best)
        path = next(p for p in paths if p.unit_id == best[0])
        level, rest = self.level(best[0]), body[path.end :]
        match = Match(best[0], level, how or self._how(paths, path), rest)
        return self._deeper(text, body, match) if rest else match

    def _deeper(self, text: str, body: str, match: Match) -> Match:
        """Read on where the rest of the text names a unit below the one found."""
        if match.level in ("city", "county"):
            inside = self._read_inside(" " + match.rest, match.unit_id)
            below = self._highest(inside[1]) if inside else []
            if len(below) == 1 and below[0] != match.unit_id:
                return Match(below[0], self.level(below[0]), "inside")
        pattern = _LOOKS_LIKE_UNIT.get(match.level)
        if pattern is None or not pattern.match(match.rest):
            return match
        try:
            return self._nearest(text, body, match.unit_id)
        except PlaceNameError:
            if match.level != "township":
                raise
        return Match(match.unit_id, match.level, "part", match.rest)

    def _how(self, paths: list[_Path], chosen: _Path) -> str:
        others = {p.unit_id for p in paths} - {chosen.unit_id}
        if any(chosen.unit_id not in self.ancestors(other) for other in others):
            return "higher"
        return "short" if chosen.is_short else "exact"

    def _read(self, body: str, within: str | None) -> tuple[str, list[_Path]] | None:
        paths = [p for p in self._paths(body, 0, None, False) if self._allowed(p.unit_id, within)]
        paths = [p for p in paths if not (p.is_short and _NOT_A_PLACE.match(body[p.end :]))]
        return ("", _longest(paths)) if paths else None

    def _read_inside(self, body: str, within: str | None) -> tuple[str, list[_Path]] | None:
        """Look for names with their suffix in the middle of a text that starts otherwise."""
        city = _OTHER_CITY.match(body)
        if city and city.group(1) not in self._forms:
            return None
        paths: list[_Path] = []
        for start in range(1, len(body) - 2):
            for path in self._paths(body, start, None, False):
                if not path.is_short and self._allowed(path.unit_id, within):
                    paths.append(path)
            if paths:
                return "inside", _longest(paths)
        return None

    def _paths(self, body: str, start: int, above: str | None, short: bool) -> Iterator[_Path]:
        """Yield every way to read units, each inside the one before, from a position on."""
        for end in range(start + 1, min(len(body), start + self._longest) + 1):
            for unit_id, is_short in self._forms.get(body[start:end], ()):
                if above is None or above in self.ancestors(unit_id):
                    yield _Path(end, unit_id, is_short)
                    yield from self._paths(body, end, unit_id, is_short)

    def _allowed(self, unit_id: str, within: str | None) -> bool:
        return within is None or unit_id == within or within in self.ancestors(unit_id)

    def _highest(self, paths: list[_Path]) -> list[str]:
        rank = {level: n for n, level in enumerate(UNIT_LEVELS)}
        top = min(rank[self.level(p.unit_id)] for p in paths)
        return sorted({p.unit_id for p in paths if rank[self.level(p.unit_id)] == top})

    @cached_property
    def _spellings(self) -> tuple[list[str], list[str]]:
        """Return full names and, for townships and counties, bare names, with their unit_ids."""
        texts, ids = [], []
        for unit_id, unit in self._units.items():
            texts.append(self.full_name(unit_id) or unit.name)
            ids.append(unit_id)
            if unit.level in ("county", "township"):
                texts.append(unit.name)
                ids.append(unit_id)
        return texts, ids

    def _nearest(self, text: str, body: str, within: str | None) -> Match:
        texts, ids = self._spellings
        near = process.extract(body, texts, scorer=fuzz.ratio, limit=40, score_cutoff=60.0)
        scores: dict[str, float] = {}
        for _, score, place in near:
            if self._allowed(ids[place], within):
                scores[ids[place]] = max(score, scores.get(ids[place], 0.0))
        ranked = sorted(scores, key=lambda unit_id: -scores[unit_id])
        lead = scores[ranked[0]] - (scores[ranked[1]] if len(ranked) > 1 else 0.0) if ranked else 0
        close = bool(ranked) and scores[ranked[0]] >= FUZZY_SCORE and lead >= FUZZY_MARGIN
        if close and len(body) >= FUZZY_LENGTH:
            return Match(ranked[0], self.level(ranked[0]), "fuzzy")
        raise _unknown(text, {u: self.full_name(u) for u in ranked[:MAX_CANDIDATES]})

    def _ambiguous(self, text: str, unit_ids: Iterable[str]) -> PlaceNameError:
        names = {unit_id: self.full_name(unit_id) for unit_id in unit_ids}
        listed = "、".join(list(names.values())[:MAX_CANDIDATES])
        return PlaceNameError(
            "names.ambiguous",
            f"{text!r} names {len(names)} places ({listed}); write the county or township too.",
            value=text,
            count=len(names),
            candidates=names,
            listed=listed,
        )


def find_units(
    texts: pd.Series, *, index: NameIndex, within: pd.Series | None = None
) -> pd.DataFrame:
    """Read a column of names, each distinct text once.

    Parameters
    ----------
    texts : Series of str, shape (n,)
        Names or addresses; empty ones stay unknown without a question.
    index : NameIndex
    within : Series of str, optional
        The unit_id each row's answer must lie in, on the same index; empty for no limit.

    Returns
    -------
    DataFrame
        On the index of ``texts``: ``unit_id``, ``level`` and ``how`` (as in :class:`Match`; None
        where nothing was found), and ``question``, ``asked`` and ``listed``: message, code and
        candidates of the PlaceNameError, or None.

    Notes
    -----
    Costs one look-up for each distinct pair of text and limit.
    """
    told, words = pd.factorize(texts.astype(object), use_na_sentinel=True)
    limit, limits = np.full(len(texts), -1), pd.Index([])
    if within is not None:
        limit, limits = pd.factorize(within.astype(object), use_na_sentinel=True)
    # One number for each pair of text and limit; -1 for a row that says nothing.
    pair = np.where(told < 0, -1, told * (len(limits) + 1) + limit + 1)
    codes, distinct = pd.factorize(pair)
    nothing: tuple[str | None, ...] = (None,) * len(_ANSWER)
    answers = [
        nothing
        if number < 0 or not str(words[number // (len(limits) + 1)]).strip()
        else _answer(
            index,
            str(words[number // (len(limits) + 1)]),
            limits[number % (len(limits) + 1) - 1] if number % (len(limits) + 1) else None,
        )
        for number in distinct.tolist()
    ]
    table = np.empty((len(answers), len(_ANSWER)), dtype=object)
    for place, answer in enumerate(answers):
        table[place] = answer
    return pd.DataFrame(table[codes], index=texts.index, columns=_ANSWER, dtype=object)


def _answer(index: NameIndex, text: str, limit: str | None) -> tuple[str | None, ...]:
    try:
        match = index.find(text, within=limit)
    except PlaceNameError as question:
        return (None, None, None, str(question), question.code, question.facts["listed"])
    return (match.unit_id, match.level, match.how, None, None, None)


def _longest(paths: list[_Path]) -> list[_Path]:
    """Keep what reads most of the text; a full name beats a short one of the same length."""
    end = max(p.end for p in paths)
    kept = [p for p in paths if p.end == end]
    full = [p for p in kept if not p.is_short]
    return full or kept


def _unknown(text: str, candidates: Mapping[str, str]) -> PlaceNameError:
    listed = "、".join(candidates.values())
    hint = (
        f"; did you mean {listed}?" if listed else "; check the spelling or give the unit's code."
    )
    return PlaceNameError(
        "names.unknown",
        f"No administrative unit is called {text!r}{hint}",
        value=text,
        candidates=dict(candidates),
        listed=listed or "—",
    )
