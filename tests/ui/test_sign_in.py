"""Who is let in: this computer without sign-in, everybody else only with it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"


def open_app(monkeypatch: pytest.MonkeyPatch, *, address: str, secrets: object = None) -> AppTest:
    """Run the app as if it listened on an address, with or without sign-in configured."""
    asked = st.get_option
    monkeypatch.setattr(
        st, "get_option", lambda key: address if key == "server.address" else asked(key)
    )
    app = AppTest.from_file(str(APP), default_timeout=120)
    if secrets:
        app.secrets["auth"] = secrets
    return app.run()


def test_loopback_needs_no_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app(monkeypatch, address="127.0.0.1")
    assert not app.exception
    assert app.metric


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "::", ""])
def test_any_other_address_refuses_in_words(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    app = open_app(monkeypatch, address=address)
    assert not app.exception
    assert [(address or "0.0.0.0") in error.value for error in app.error] == [True]
    assert not app.metric


@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.7"])
def test_configured_sign_in_holds_everywhere(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Behind a proxy the app listens on loopback too, so loopback alone proves nothing."""
    asked = []
    monkeypatch.setattr(st, "login", lambda: asked.append(True))
    monkeypatch.setattr(st, "user", SimpleNamespace(is_logged_in=False))
    provider = {"redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "x" * 32}
    app = open_app(monkeypatch, address=address, secrets=provider)
    assert not app.exception
    assert asked
    assert not app.metric
