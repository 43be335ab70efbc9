"""Texts to values, whole columns at once: blanks, numbers, dates, choices, yes and no.

Every function returns the values and what it could not read; nothing is raised and nothing lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.intake.synonyms import VALUES
from geo.schema import Column

_UNKNOWN_WORDS = ("无", "空", "暂无", "未知", "不详", "不明", "待定", "未填", "na", "n/a", "#n/a")
_UNKNOWN_MARKS = ("-", "--", "—", "——", "―", "–", "/", "\\", "?", "？", "*", "。")
UNKNOWN = frozenset((*_UNKNOWN_WORDS, *_UNKNOWN_MARKS, "nan", "null", "none", "nil"))
_UNKNOWN_SET = pa.array(["", *sorted(UNKNOWN)], pa.string())
_BLANKS = " \t\r\n\v\f\xa0\u2003\u3000\ufeff"
_SERIAL_DAYS = (18_000, 80_000)
_SERIAL_ZERO = pd.Timestamp("1899-12-30")
_DATE = re.compile(r"^(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?(?:[ T].*)?|月?)$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_YEAR = re.compile(r"^(\d{4})年?$")
_DMS = re.compile(
    r"""^[东西南北EWNS]?[经纬]?\s*(-?\d+(?:\.\d+)?)\s*[°度]\s*
    (?:(\d+(?:\.\d+)?)\s*['′’分]\s*(?:(\d+(?:\.\d+)?)\s*(?:["″”秒]|''))?)?\s*[EWNS]?$""",
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER_NOISE = re.compile(r"[,\s，]|^约|[人元名个米m]$")
# Not "/": it stands between the two levels of one category, 交通/拥堵.
_LIST = re.compile(r"[;；、,，|\n]+")


def cleaned(values: pd.Series) -> pd.Series:
    """Return texts without outer blanks, with every way to write "unknown" missing.

    Parameters
    ----------
    values : Series of str

    Returns
    -------
    Series of object
        str or None, on the same index.

    Examples
    --------
    >>> cleaned(pd.Series([" 甲 ", "—", "无", ""])).tolist()
    ['甲', None, None, None]
    """
    try:
        texts = pa.array(values, pa.string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        texts = pa.array(each_distinct(values, str), pa.string(), from_pandas=True)
    texts = pc.utf8_trim(texts, characters=_BLANKS)
    is_unknown = pc.is_in(pc.utf8_lower(texts), value_set=_UNKNOWN_SET)
    known = pc.if_else(is_unknown, pa.scalar(None, pa.string()), texts)
    return pd.Series(known.to_numpy(zero_copy_only=False), index=values.index, dtype=object)


def numbers(values: pd.Series, *, least: float | None = None) -> tuple[pd.Series, pd.Series]:
    """Read numbers with thousands separators, full-width digits and a unit word.

    Parameters
    ----------
    values : Series of str or None
    least : float, optional
        Smaller ones are not read.

    Returns
    -------
    Series of float, Series of bool
        The values (NaN unknown), and which texts could not be read.
    """
    plain = _plain_floats(values)
    if plain is None:
        plain = pd.to_numeric(values, errors="coerce").astype(float)
    odd = plain.isna() & values.notna()
    if odd.any():
        plain = plain.where(
            ~odd, pd.to_numeric(each_distinct(values[odd], _digits), errors="coerce")
        )
    bad = values.notna() & (plain.isna() | np.isinf(plain))
    if least is not None:
        bad |= plain < least
    return plain.mask(bad), bad


def degrees(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read coordinates: plain numbers, or degrees with minutes and seconds.

    Parameters
    ----------
    values : Series of str or None

    Returns
    -------
    Series of float, Series of bool
        As :func:`numbers`.

    Examples
    --------
    >>> degrees(pd.Series(["118.6", "东经118°35'20\\""]))[0].round(6).tolist()
    [118.6, 118.588889]
    """
    plain, bad = numbers(values)
    if bad.any():
        turned = each_distinct(values[bad], _dms).astype(float)
        plain = plain.where(~bad, turned.reindex(plain.index))
        bad = values.notna() & plain.isna()
    return plain, bad


def dates(values: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Read dates: ISO, 2019年5月21日, 2019.5.21, 20190521, spreadsheet serials, and months.

    Parameters
    ----------
    values : Series of str or None

    Returns
    -------
    Series of datetime64, Series of bool, Series of bool
        The dates, which texts could not be read, and which named no day (the first is taken).

    Examples
    --------
    >>> when, bad, coarse = dates(pd.Series(["2019年5月", "43606", "20190521"]))
    >>> when.dt.strftime("%Y-%m-%d").tolist(), coarse.tolist()
    (['2019-05-01', '2019-05-21', '2019-05-21'], [True, False, False])
    """
    iso = each_distinct(values, lambda text: (_date(text) or (None, False))[0])
    coarse = each_distinct(values, lambda text: (_date(text) or (None, False))[1])
    coarse = coarse.eq(True)
    when = pd.to_datetime(iso, errors="coerce", format="%Y-%m-%d")
    return when, values.notna() & when.isna(), coarse


def choices(
    values: pd.Series, *, column: str, spec: Column, own: Mapping[str, str]
) -> tuple[pd.Series, pd.Series]:
    """Translate words to what the table writes.

    Parameters
    ----------
    values : Series of str or None
    column : str
        The target column, which tells the words to use.
    spec : Column
    own : mapping of str to str
        The words of this file's mapping; they win.

    Returns
    -------
    Series of object, Series of bool
        The translated values, and which had no translation.
    """
    key = "basis" if column.endswith("basis") else column
    usual = VALUES.get("bool" if spec.kind == "bool" else key, {})
    allowed = ("true", "false") if spec.kind == "bool" else spec.choices

    def translated(text: str) -> str | None:
        word = _word(text)
        answer = own.get(text) or (word if word in allowed else usual.get(word))
        if answer is None and not own:
            answer = usual.get(word.removesuffix("活动室").removesuffix("联络站"))
        return answer if answer in allowed else None

    result = each_distinct(values, translated)
    bad = values.notna() & result.isna()
    if spec.kind == "bool":
        result = result.map({"true": True, "false": False})
    return result, bad


def lists(values: pd.Series) -> pd.Series:
    """Return several values in one cell joined by ``;``, whatever parted them.

    Parameters
    ----------
    values : Series of str or None

    Returns
    -------
    Series of object

    Examples
    --------
    >>> lists(pd.Series(["交通、水利", "教育"])).tolist()
    ['交通;水利', '教育']
    """
    return each_distinct(
        values, lambda text: ";".join(p.strip() for p in _LIST.split(text) if p.strip())
    )


def _plain_floats(values: pd.Series) -> pd.Series | None:
    """Return numbers where every text is one as it stands (or missing), else None."""
    try:
        read = pc.cast(pa.array(values, pa.string(), from_pandas=True), pa.float64())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    numbers_read = read.to_numpy(zero_copy_only=False)
    # Arrow reads "inf" and "nan" as numbers; here they are words.
    if not np.isfinite(numbers_read[~values.isna().to_numpy()]).all():
        return None
    return pd.Series(numbers_read, index=values.index)


def each_distinct(values: pd.Series, change: Callable[[str], object]) -> pd.Series:
    """Apply a function to each distinct text once; missing stays None.

    Parameters
    ----------
    values : Series of str or None
    change : callable

    Returns
    -------
    Series of object, on the same index
    """
    codes, distinct = pd.factorize(values.astype(object), use_na_sentinel=True)
    changed = np.empty(len(distinct) + 1, dtype=object)
    for place, text in enumerate(distinct):
        changed[place] = change(str(text))
    return pd.Series(changed[codes], index=values.index, dtype=object)


def _word(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).lower()


def _digits(text: str) -> str:
    return _NUMBER_NOISE.sub("", unicodedata.normalize("NFKC", text))


def _dms(text: str) -> float:
    found = _DMS.match(text.strip())
    if not found:
        return float("nan")
    whole, minutes, seconds = (float(part or 0) for part in found.groups())
    sign = -1.0 if whole < 0 or re.search(r"[西南WS]", text, re.I) else 1.0
    return sign * (abs(whole) + minutes / 60 + seconds / 3600)


def _date(text: str) -> tuple[str, bool] | None:
    plain = unicodedata.normalize("NFKC", text).strip()
    full = _DATE.match(plain) or _COMPACT.match(plain)
    if full:
        year, month, day = full.groups()
        return f"{year}-{int(month):02d}-{int(day or 1):02d}", day is None
    year_only = _YEAR.match(plain)
    if year_only:
        return f"{year_only.group(1)}-01-01", True
    try:
        serial = float(plain)
    except ValueError:
        return None
    if not _SERIAL_DAYS[0] <= serial <= _SERIAL_DAYS[1]:
        return None
    return (_SERIAL_ZERO + pd.Timedelta(days=int(serial))).strftime("%Y-%m-%d"), False
