"""Columns about persons, which never enter: names, telephone and identity numbers, addresses."""

from __future__ import annotations

import re

import pandas as pd

_HEADER = re.compile(
    r"姓\s*名|联系人|负责人|电话|手机|联系方式|身份证|证件号|微信|家庭住址|家庭地址|住址|出生|"
    r"^(群众|选民|来访人|反映人|当事人|代表)$|"
    r"(^|[\s_])(phone|tel|telephone|mobile|contact|person|surname|"
    r"(first|last|full|resident)[\s_]?name|id[\s_]?card|wechat|home[\s_]?address)([\s_]|$)",
    re.IGNORECASE,
)
MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
IDENTITY = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}[01]\d[0-3]\d{4}[\dXx](?![\dXx])")
_ROUGH = r"1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}|[1-9][0-9]{16}"
_SAMPLE = 2000
_SHARE = 0.2


def personal_columns(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns whose header or content is about persons.

    Parameters
    ----------
    frame : DataFrame of str

    Returns
    -------
    tuple of str
        Columns whose header says so, and columns where at least a fifth of the first 2,000 filled
        cells hold a mobile or identity number.

    Examples
    --------
    >>> personal_columns(pd.DataFrame({"名称": ["甲"], "联系电话": ["1"], "x": ["13800138000"]}))
    ('联系电话', 'x')
    """
    return tuple(
        column
        for column in map(str, frame.columns)
        if _HEADER.search(column) or _holds_numbers(frame[column])
    )


def _holds_numbers(values: pd.Series) -> bool:
    filled = values[values.fillna("") != ""].head(_SAMPLE)
    if filled.empty:
        return False
    return float(holds_person_number(filled).mean()) >= _SHARE


def holds_person_number(values: pd.Series) -> pd.Series:
    """Tell which texts hold a mainland mobile or identity number.

    Parameters
    ----------
    values : Series of str

    Returns
    -------
    Series of bool, on the same index
    """
    texts = values.fillna("").astype("str")
    # The plain pattern runs in C and lets through a little too much; the exact ones look again.
    rough = texts.str.contains(_ROUGH, regex=True).to_numpy(dtype=bool)
    exact = rough.copy()
    exact[rough] = [bool(MOBILE.search(t) or IDENTITY.search(t)) for t in texts[rough]]
    return pd.Series(exact, index=values.index)
