"""What the reader chose: the only place that touches the session, mirrored in the page's link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from geo.errors import RoomplanError

_KEPT = "kept"


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


def _link_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kept() -> dict[str, Any]:
    return st.session_state.setdefault(_KEPT, {})


def _from_link(name: str, default: Any, parse: Callable[[str], Any]) -> Any:
    text = st.query_params.get(name)
    if text is None:
        return default
    try:
        return parse(text)
    except (ValueError, RoomplanError):
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


def sent(key: str) -> Any:
    """Return what a component sent, readable before the page runs; None if nothing yet."""
    return st.session_state.get(key)
