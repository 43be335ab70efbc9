"""What the reader chose: the only place that touches the session, mirrored in the page's link."""

from __future__ import annotations

import base64
import copy
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from geo.errors import RoomplanError

_KEPT = "kept"
PACKED = "~"
"""What a packed value in a link begins with."""
LONG, MOST_UNPACKED = 200, 200_000


def slot(name: str, default: Any, *, parse: Callable[[str], Any] = str) -> str:
    """Return the widget key of a setting, filled from the session, else the link, else a default.

    Parameters
    ----------
    name : str
        The setting's name in the link.
    default : object
    parse : callable
        Turns the link's text into a value; what it refuses falls back to the default.
    """
    key = f"w_{name}"
    if name in _waiting():
        st.session_state[key] = _waiting().pop(name)
    if key not in st.session_state:
        st.session_state[key] = _kept().get(name, _from_link(name, default, parse))
    return key


def keep(name: str, value: Any, default: Any) -> Any:
    """Remember a setting over page changes and write it into the link; return it."""
    _kept()[name] = value
    wanted = None if value == default else _link_text(value)
    if wanted is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != wanted:
        st.query_params[name] = wanted
    return value


def kept(name: str, default: Any) -> Any:
    """Return a remembered value that no widget holds."""
    return _kept().get(name, _from_link(name, default, str))


def arrive(page: str) -> None:
    """Fill the settings anew when the reader comes to another page.

    Notes
    -----
    There Streamlit takes each widget for a new one and begins it at its least value, although its
    key still holds the value of the page before.
    """
    if st.session_state.get("page", page) != page:
        for key in [key for key in st.session_state if str(key).startswith("w_")]:
            del st.session_state[key]
    st.session_state["page"] = page


def later(name: str, value: Any) -> None:
    """Set a setting from elsewhere (a click on the map) at the next run, before its widget."""
    _waiting()[name] = value


def _waiting() -> dict[str, Any]:
    return st.session_state.setdefault("waiting", {})


def remembered(names: Iterable[str]) -> dict[str, Any]:
    """Return copies of the remembered settings of these names; those never set are left out."""
    return {name: copy.copy(_kept()[name]) for name in names if name in _kept()}


def restore(settings: Mapping[str, Any], *, without_widget: Iterable[str] = ()) -> None:
    """Set many settings at the next run: those of widgets, and remembered texts without one."""
    for name, value in settings.items():
        if name in without_widget:
            keep(name, value, "")
        else:
            later(name, value)


def link_length() -> int:
    """Return how many characters the settings take in the page's link."""
    return len(urlencode(st.query_params.to_dict()))


def _link_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return _packed(",".join(map(str, value)))
    return f"{value:.12g}" if isinstance(value, float) else _packed(str(value))


def _packed(text: str) -> str:
    """Return a long text compressed, in letters a link holds as they are; a short one as it is."""
    if len(text) <= LONG:
        return text
    code = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
    return PACKED + code.rstrip("=")


def _unpacked(text: str) -> str:
    if not text.startswith(PACKED):
        return text
    code = text.removeprefix(PACKED)
    unpack = zlib.decompressobj()
    # A link comes from anywhere: no more is unpacked than a plan can need.
    found = unpack.decompress(
        base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), MOST_UNPACKED
    )
    if not unpack.eof:
        raise ValueError("cut off or too long")
    return found.decode()


def _kept() -> dict[str, Any]:
    return st.session_state.setdefault(_KEPT, {})


def _from_link(name: str, default: Any, parse: Callable[[str], Any]) -> Any:
    text = st.query_params.get(name)
    if text is None:
        return default
    try:
        return parse(_unpacked(text))
    except (ValueError, zlib.error, RoomplanError):
        return default


def hold(name: str, value: Any) -> None:
    """Keep a thing for this session only: an upload read, rows being edited; None lets it go."""
    if value is None:
        st.session_state.pop(f"held_{name}", None)
    else:
        st.session_state[f"held_{name}"] = value


def held(name: str, default: Any = None) -> Any:
    """Return what :func:`hold` keeps under a name."""
    return st.session_state.get(f"held_{name}", default)


def once(name: str, key: Any, make: Callable[[], Any]) -> Any:
    """Return what was made under this key in this session, made again only for another key."""
    known = held(name)
    if known is None or known[0] != key:
        known = (key, make())
        hold(name, known)
    return known[1]


def fresh(name: str, value: Any) -> Any:
    """Return a value, or None when it is the one this session saw last under the name."""
    if value is None or value == held(f"seen {name}"):
        return None
    hold(f"seen {name}", value)
    return value


def sent(key: str) -> Any:
    """Return what a component sent, readable before the page runs; None if nothing yet."""
    return st.session_state.get(key)
