"""How one administrative unit is written: suffixes kept, left out, or out of date."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_PEOPLES = "回|畲|满|苗|侗|瑶|壮|彝|白|傣|黎|羌|土|水|藏|土家|蒙古|布依|朝鲜|仫佬|毛南|锡伯"
_SUFFIXES = {
    "city": re.compile(r"市$"),
    "county": re.compile(r"(自治县|县|市|区)$"),
    "township": re.compile(rf"(街道办事处|街道办|街道|镇|(?:(?:{_PEOPLES})族)*乡)$"),
    "village": re.compile(
        rf"村?(?:(?:{_PEOPLES})族)?(?:(社区|村)?(居委会|居民委员会|村委会|村民委员会)|社区|村)$"
    ),
}
_RURAL = ("村", "村委会", "村民委员会")
_URBAN = ("社区", "居委会", "居民委员会", "社区居委会", "社区居民委员会")
_TOWNSHIP = ("镇", "乡", "街道", "街道办事处", "街道办")
_EMPTY = re.compile(r"[\s　,,。、·/\\|_—\-]+")


def clean(text: object) -> str:
    """Return a name without blanks and separators, full-width letters made plain.

    Examples
    --------
    >>> clean(" 南安市 / 丰州镇 ")
    '南安市丰州镇'
    """
    return _EMPTY.sub("", unicodedata.normalize("NFKC", str(text)))


def forms_of(name: str, level: str) -> Iterator[tuple[str, bool]]:
    """Yield every way to write a unit, and whether its suffix is left out or another one.

    Parameters
    ----------
    name : str
        As registered, cleaned.
    level : {"city", "county", "township", "village"}

    Yields
    ------
    form : str
    is_short : bool

    Examples
    --------
    >>> [form for form, is_short in forms_of("丰州镇", "township") if is_short][:3]
    ['丰州', '丰州乡', '丰州街道']
    """
    stem = _SUFFIXES[level].sub("", name)
    yield name, False
    if len(stem) < 2:
        stem = name
    own: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    if level == "village":
        urban = name.endswith(("社区", "居委会", "居民委员会"))
        own, other = (_URBAN, _RURAL) if urban else (_RURAL, _URBAN)
    elif level == "township":
        own, other = ("街道办事处", "街道办") if name.endswith("街道") else (), _TOWNSHIP
    exact = {stem + end for end in own} - {name}
    yield from ((form, False) for form in sorted(exact))
    yield from ((stem + end, True) for end in ("", *other) if stem + end not in {name, *exact})
