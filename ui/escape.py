"""How text that came from data goes into HTML, into a script and into Markdown."""

from __future__ import annotations

import html
import json
import re

from markupsafe import Markup

_IN_HTML = {ord(c): f"&#{ord(c)};" for c in "$`{"}
# What would open a jinja expression, statement or comment.
_TEMPLATE = re.compile(r"\{(?=[{%#])")
_IN_SCRIPT = {ord(c): f"\\u{ord(c):04x}" for c in "<>&'`$_\u2028\u2029"}


def esc(value: object) -> str:
    """Return a value as text that is inert in HTML, in attributes and in template literals.

    Parameters
    ----------
    value : object
        Anything; ``str`` is taken of it.

    Returns
    -------
    str

    Notes
    -----
    ``html.escape`` is not enough for folium: it writes some values into JavaScript template
    literals, where ``${…}`` runs and a back-tick ends the literal, and branca parses what it has
    written as a jinja template, where ``{{ … }}`` runs on the server. All three characters become
    references here. The map's own scripts never need this: they set ``textContent``.

    Examples
    --------
    >>> esc("<b>`${1}`</b>")
    '&lt;b&gt;&#96;&#36;&#123;1}&#96;&lt;/b&gt;'
    """
    return html.escape(str(value), quote=True).translate(_IN_HTML)


def script_json(value: object) -> Markup:
    """Return a value as JSON that can stand inside any script element.

    Parameters
    ----------
    value : object
        Whatever :mod:`json` can write; NaN is refused.

    Returns
    -------
    Markup
        Text that jinja will not escape again.

    Notes
    -----
    branca parses every finished script as a jinja template once more, so a name such as
    ``{{ … }}`` would be *executed on the server*. In JSON a brace that opens an object is followed
    by a quote or a closing brace; one followed by a brace, ``%`` or ``#`` stands in a text and is
    written as an escape.

    Besides what could end the script (``<``, ``>``, ``&``) and the two line ends that JSON allows
    and old JavaScript does not, the characters that folium and streamlit-folium look for in the
    scripts they rewrite are written as escapes too: quote, back-tick, dollar and the underscore of
    their variable names. A value can therefore neither run nor be altered.

    Examples
    --------
    >>> print(script_json("</script>"))
    "\\u003c/script\\u003e"
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(_TEMPLATE.sub(r"\\u007b", text.translate(_IN_SCRIPT)))


def plain(value: object) -> str:
    """Return a value as text in which Markdown finds no picture, no named link, no directive.

    Parameters
    ----------
    value : object
        Anything; ``str`` is taken of it.

    Notes
    -----
    A heading ``![](http://…)`` in somebody's file would make the reader's browser ask that server
    as soon as a label, a note or an error shows it. All of these begin with a bracket. A bare
    address still becomes a link, which does nothing until somebody follows it.

    Examples
    --------
    >>> print(plain("![x](http://a.example)"))
    !\\[x](http://a.example)
    """
    return str(value).replace("\\", "\\\\").replace("[", "\\[")
