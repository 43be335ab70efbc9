"""Who is editing, and whether they may: the signed-in user, else the name typed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui import state
from ui.wording import Words

LOCAL = "local"
EDITORS = ("planner", "administrator")


def editor(text: Words) -> str:
    """Return the name that the history keeps; draws a field for it where nobody is signed in."""
    if st.user.get("is_logged_in"):
        return str(st.user.get("name") or st.user.get("email") or LOCAL)
    with st.sidebar:
        name = st.text_input(
            text("data.your_name"),
            value=state.held("who", ""),
            max_chars=40,
            key="who",
            help=text("data.your_name_help"),
        )
    state.hold("who", name)
    return name.strip() or LOCAL


def may_edit() -> bool:
    """Tell whether edits are open: to all without sign-in, else by ``[roles]`` of the secrets."""
    if not st.user.get("is_logged_in"):
        return True
    return allowed(st.secrets.get("roles", {}), str(st.user.get("email", "")))


def allowed(roles: Mapping[str, Any], email: str) -> bool:
    """Tell whether somebody may edit by the roles configured.

    Examples
    --------
    >>> allowed({"planner": ["a@x.cn"]}, "a@x.cn"), allowed({"planner": ["a@x.cn"]}, "b@x.cn")
    (True, False)
    >>> allowed({}, "b@x.cn")
    True
    """
    return not roles or any(email in roles.get(role, ()) for role in EDITORS)
