"""Values to a few classes: one code a row, the colours they stand for and the legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ui.layers.model import Polygons
from ui.layers.style import WORDS, steps

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
UNKNOWN = "-"
CLASSES = 5


def colour_areas(layer: Polygons, *, unknown: str) -> dict[str, Any]:
    """Return codes, colours and legend rows of an area layer.

    Parameters
    ----------
    layer : Polygons
    unknown : str
        The legend's word for a value that is not known.

    Returns
    -------
    dict
        ``codes`` (one character a row, or None for outlines only), ``colours`` and ``rows``.
    """
    index = layer.shapes.index
    if layer.values is None:
        return {"codes": None, "colours": [], "rows": []}
    values = layer.values.reindex(index)
    if layer.palette is not None:
        numbers, colours, names = _by_word(values, layer.palette)
    else:
        numbers, colours, names = _by_size(values, layer)
    rows: list[dict[str, Any]] = [
        {"colour": colour, "text": name} for colour, name in zip(colours, names, strict=True)
    ]
    if (numbers < 0).any():
        rows.append({"hatch": True, "text": unknown})
    codes = "".join(UNKNOWN if n < 0 else DIGITS[n] for n in numbers)
    return {"codes": codes, "colours": colours, "rows": rows}


def code_words(
    words: pd.Series | None, palette: Mapping[str, str] | None, n: int
) -> tuple[str | None, list[str], list[str]]:
    """Return one code a row, the colours and their names, for points coloured by a word."""
    if words is None:
        return None, [], []
    found = palette or dict(zip(sorted(words.dropna().unique()), WORDS * (n + 1), strict=False))
    numbers, colours, names = _by_word(words, found)
    other = len(colours)
    codes = "".join(DIGITS[other if k < 0 else k] for k in numbers)
    return codes, [*colours, WORDS[-1]], names


def nice_breaks(values: pd.Series, classes: int = CLASSES) -> list[float]:
    """Return inner class limits at the quantiles, rounded to two significant digits.

    Examples
    --------
    >>> nice_breaks(pd.Series([1.0, 2.0, 3.0, 4.0, 5.0]), 2)
    [3.0]
    """
    known = values.dropna()
    known = known[np.isfinite(known)]
    if known.nunique() < 2:
        return []
    cuts = known.quantile([i / classes for i in range(1, classes)])
    limits = sorted({float(f"{cut:.2g}") for cut in cuts})
    return [limit for limit in limits if known.min() < limit <= known.max()]


def _by_size(
    values: pd.Series, layer: Polygons
) -> tuple[np.ndarray[Any, Any], list[str], list[str]]:
    numbers = pd.to_numeric(values).astype(float)
    limits = nice_breaks(numbers) if layer.breaks is None else [float(b) for b in layer.breaks]
    codes = np.searchsorted(limits, numbers.to_numpy(), side="right")
    codes = np.where(numbers.isna(), -1, codes)
    if numbers.isna().all():
        return codes, [], []
    names = _class_names(limits, layer.fmt) if limits else [_span(numbers, layer.fmt)]
    return codes, steps(layer.ramp, len(limits) + 1), names


def _span(values: pd.Series, fmt: str) -> str:
    """Return the one class of values that are the same, or too alike to be told apart."""
    ends = [fmt.format(values.min()), fmt.format(values.max())]
    return " – ".join(dict.fromkeys(ends))


def _by_word(
    values: pd.Series, palette: Mapping[str, str]
) -> tuple[np.ndarray[Any, Any], list[str], list[str]]:
    order = {word: n for n, word in enumerate(palette)}
    codes = values.map(order).fillna(-1).astype(int).to_numpy()
    return codes, list(palette.values()), list(palette)


def _class_names(limits: Sequence[float], fmt: str) -> list[str]:
    shown = [fmt.format(limit) for limit in limits]
    between = [f"{low} – {high}" for low, high in pairwise(shown)]
    return [f"< {shown[0]}", *between, f"≥ {shown[-1]}"]
