"""The map's scripts: one bundle, served beside the app or written into a file, never a CDN."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache, lru_cache
from pathlib import Path

import folium.plugins  # noqa: F401 (its classes have to exist before they are cleared)
from folium.elements import JSCSSMixin

from geo.errors import MissingFileError

STATIC = Path(__file__).resolve().parent.parent / "static"
BUNDLE = "bundle.js"
# streamlit-folium draws in a frame at <base>/component/<name>/index.html, so this address holds
# under any base path and behind any proxy.
SERVED = "../../app/static/"


class BundleMissingError(MissingFileError):
    """The map's scripts have not been built."""


@cache
def forget_networks() -> None:
    """Clear the script and style addresses of every folium class, once a process.

    Notes
    -----
    folium's defaults point to content delivery networks; the first one that cannot be reached
    keeps the whole map from being drawn. Whatever a later change adds to a map, it can then not
    ask another server.
    """
    classes = [JSCSSMixin]
    while classes:
        found = classes.pop()
        classes.extend(found.__subclasses__())
        found.default_js = []
        found.default_css = []


def bundle_text(folder: Path | None = None) -> str:
    """Return the bundle, safe to stand inside a script element.

    Raises
    ------
    BundleMissingError
        When it has not been built.
    """
    folder = folder or STATIC
    return _bundle(folder, _stamp(folder))[0]


def bundle_url(folder: Path | None = None) -> str:
    """Return the address of the bundle for a streamlit-folium map; it changes with the content.

    Raises
    ------
    BundleMissingError
        When it has not been built.
    """
    folder = folder or STATIC
    return f"{SERVED}{BUNDLE}?{_bundle(folder, _stamp(folder))[1]}"


def publish(name: str, text: str, folder: Path | None = None) -> str | None:
    """Write public data beside the bundle and return its address.

    Parameters
    ----------
    name : str
        A short word of letters; never a name from data.
    text : str
        JSON. Anyone who reaches the port can read it without signing in.
    folder : Path, optional
        Streamlit's static folder by default.

    Returns
    -------
    str or None
        None when the folder cannot be written: the data then travels in the page.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = (folder or STATIC) / f"{name}-{digest}.json"
    if not path.exists():
        try:
            _write_whole(path, text)
        except OSError:
            return None
    return f"{SERVED}{path.name}"


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that no reader can ever see half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def _stamp(folder: Path) -> int:
    try:
        return (folder / BUNDLE).stat().st_mtime_ns
    except FileNotFoundError:
        raise BundleMissingError(
            "map.bundle_missing",
            f"{folder.name}/{BUNDLE} is missing: the map's scripts have not been built. "
            f"Run `make static/{BUNDLE}` in the project's folder.",
            file=f"{folder.name}/{BUNDLE}",
            remedy=f"make static/{BUNDLE}",
        ) from None


@lru_cache(maxsize=2)
def _bundle(folder: Path, stamp: int) -> tuple[str, str]:
    text = (folder / BUNDLE).read_text("utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return text.replace("</script", "<\\/script"), digest
