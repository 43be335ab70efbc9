"""Streamlit's own words and greys, mended by style sheet alone: the reader's language, readable."""

from __future__ import annotations

import streamlit as st

from ui.wording import Words

UPLOAD = '[data-testid="stFileUploaderDropzone"]'
MENU = '[data-testid="stMainMenuItem-print"] [data-testid="stMainMenuItemLabel"]'
STOP = '[data-testid="stStatusWidgetRunningIcon"] + span button'
# What the menu would record is the reader's whole screen: nothing this app has use for.
UNUSED = '[data-testid="stMainMenuItem-recordScreencast"] {display: none}'
# "Press Enter to apply", in English and over the unit that stands there.
HINTS = '[data-testid="InputInstructions"] {display: none}'

# Streamlit's captions have a contrast of 4.0 to 4.1 here; 4.5 is the least that WCAG 2 asks.
READABLE = '[data-testid="stCaptionContainer"] {color: #4a5560; opacity: 1}'


def own_words(text: Words) -> str:
    """Return the style sheet that writes this wording over Streamlit's words.

    Parameters
    ----------
    text : Words

    Returns
    -------
    str
        A ``style`` element. A selector that a later Streamlit does not know leaves its word
        as it was.
    """
    most = text("streamlit.upload_most", megabytes=st.get_option("server.maxUploadSize"))
    rules = [
        UNUSED,
        HINTS,
        READABLE,
        *_said(f"{UPLOAD} button p", text("streamlit.upload")),
        *_said(f'{UPLOAD} [data-testid="stFileUploaderDropzoneInstructions"] span', most),
        *_said(MENU, text("streamlit.print")),
        *_said(STOP, text("streamlit.stop")),
    ]
    return f"<style>{' '.join(rules)}</style>"


def _said(place: str, words: str) -> tuple[str, str]:
    """Return the rules that hide the text of a place and write other words there."""
    return f"{place} {{font-size: 0}}", f'{place}::after {{content: "{words}"; font-size: 14px}}'
