"""The folium elements of the offline map: a map without tiles and calls of its own scripts."""

from __future__ import annotations

from typing import Any, ClassVar

import folium
from branca.element import MacroElement
from folium.template import Template
from markupsafe import Markup

from ui.escape import script_json


class OfflineMap(folium.Map):
    """A folium map without tiles, whose only script is the one given.

    Parameters
    ----------
    script : str or None
        Address of the bundle; None when the page already holds it.
    """

    default_css: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, script: str | None) -> None:
        # Without tiles Leaflet knows no greatest zoom: whatever asks for it blanks the map.
        super().__init__(
            location=[0.0, 0.0],
            zoom_start=9,
            tiles=None,
            zoom_control=False,
            font_size="13px",
            minZoom=6,
            maxZoom=18,
            zoomSnap=0.25,
            zoomDelta=0.5,
            attributionControl=False,
            fadeAnimation=False,
        )
        self.default_js = [] if script is None else [("roomplan", script)]


class Call(MacroElement):
    """One call of the map's scripts: ``roomplan.<name>(map, argument)``.

    Parameters
    ----------
    name : {"frame", "put", "settle"}
        ``frame`` sets the stage with what is constant, ``put`` adds or restates one layer,
        ``settle`` orders the layers and shows the result.
    argument : object
        Anything JSON can write, or what :func:`ui.escape.script_json` has written of it.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "roomplan.{{ this.name }}({{ this.map_name() }}, {{ this.argument }});"
        "{% endmacro %}"
    )

    def __init__(self, name: str, argument: Any) -> None:
        super().__init__()
        self._name = "Call"
        self.name = name
        self.argument = argument if isinstance(argument, Markup) else script_json(argument)

    def map_name(self) -> str:
        """Return the variable of the map this call belongs to."""
        element = self._parent
        while not isinstance(element, folium.Map):
            element = element._parent
        return str(element.get_name())


class State(folium.FeatureGroup):
    """Calls that streamlit-folium runs again on the standing map whenever they change.

    It takes the place of a feature group, which streamlit-folium removes and adds; being empty
    itself, nothing on the map blinks.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}var {{ this.get_name() }} = L.layerGroup();{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__(control=False, show=False)
