"""Every word a user reads, in Chinese and English: labels, units, reasons and errors."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geo.errors import RoomplanError

LANGUAGES = ("zh", "en")
# Demands on a plan that are followed by a site kind or a county.
DEMANDS = ("quota of kind", "quota of group", "coverage floor of")
FOLDER = Path(__file__).parent


class Words:
    """The wording of one language.

    Parameters
    ----------
    lang : {"zh", "en"}

    Examples
    --------
    >>> Words("en")("basis.reported")
    'reported'
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._texts = _texts(lang)

    def __call__(self, key: str, **facts: Any) -> str:
        """Return the text under a dotted key, filled with facts.

        Raises
        ------
        KeyError
            When the key is not in the wording: a bug, so it is seen.
        """
        return self._texts[key].format(**facts) if facts else self._texts[key]

    def has(self, key: str) -> bool:
        """Tell whether a key has a text."""
        return key in self._texts

    def choice(self, family: str, value: Any) -> str:
        """Return the word for a coded value, or nothing for an unknown one."""
        if not isinstance(value, str):
            return ""  # unknown
        return self._texts.get(f"{family}.{value}", value)

    def explain(self, error: RoomplanError) -> str:
        """Return the message of an error in this language, all its parts in one paragraph."""
        if self.lang == "en":
            return str(error)
        return " ".join(self._explain_part(part) for part in error.parts())

    def _explain_part(self, error: RoomplanError) -> str:
        template = _errors_zh().get(error.code)
        if template is None:
            return str(error)
        facts = {key: _shown(value) for key, value in error.facts.items()}
        if "verdict" in facts:
            facts["verdict"] = self(f"data.verdict_{facts['verdict'].replace(' ', '_')}")
        if "demand" in facts:
            facts |= {"reason": "", **facts, "demand": self._demand(str(facts["demand"]))}
            facts["reason"] = self.choice("why", facts["reason"])
        return template.format_map(facts)

    def _demand(self, name: str) -> str:
        """Return the word for a demand on a plan, such as ``quota of kind village``."""
        if self.has(f"demand.{name}"):
            return self(f"demand.{name}")
        for stem in DEMANDS:
            if name.startswith(f"{stem} "):
                label = name.removeprefix(f"{stem} ")
                return self(f"demand.{stem}", label=self.choice("kind", label))
        return name


@functools.cache
def words(lang: str) -> Words:
    """Return the wording of a language; an unknown one falls back to Chinese."""
    return Words(lang if lang in LANGUAGES else "zh")


@functools.cache
def _texts(lang: str) -> Mapping[str, str]:
    return dict(_flat(tomllib.loads((FOLDER / f"{lang}.toml").read_text("utf-8"))))


@functools.cache
def _errors_zh() -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for path in sorted((FOLDER / "errors_zh").glob("*.toml")):
        texts.update(_flat(tomllib.loads(path.read_text("utf-8"))))
    return texts


def _flat(tree: Mapping[str, Any], stem: str = "") -> Any:
    for key, value in tree.items():
        name = f"{stem}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _shown(value: object) -> object:
    if isinstance(value, float):
        # Sums of people come with rounding: hundreds and more are whole, and nothing ends in ".0".
        return f"{round(value, 0 if abs(value) >= 100 else 2):,.12g}"
    return "" if value is None else value
