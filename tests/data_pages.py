"""One part of the Data page in a test: opened, read as a reader would, and sound."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

import cli

PAGE = Path(cli.__file__).parent / "ui" / "pages" / "data.py"


def page(**link: str) -> AppTest:
    """Return the page as a link opens it; ``part`` says which part of it."""
    test = AppTest.from_file(str(PAGE), default_timeout=60)
    for key, value in link.items():
        test.query_params[key] = value
    return sound(test.run())


def sound(test: AppTest) -> AppTest:
    """Return the page, on which no program error may stand."""
    assert not test.exception
    return test


def said(test: AppTest) -> str:
    """Return all that the page says in words."""
    parts = [*test.markdown, *test.caption, *test.success, *test.warning, *test.info, *test.error]
    return "\n".join(str(part.value) for part in [*parts, *test.text])
