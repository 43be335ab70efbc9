"""One way to put text that came from data into HTML."""

from __future__ import annotations

import html


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
    literals, where ``${…}`` runs and a back-tick ends the literal. Both become character
    references here. The map's own scripts never need this: they set ``textContent``.

    Examples
    --------
    >>> esc("<b>`${1}`</b>")
    '&lt;b&gt;&#96;&#36;{1}&#96;&lt;/b&gt;'
    """
    return html.escape(str(value), quote=True).replace("$", "&#36;").replace("`", "&#96;")
