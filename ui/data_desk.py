"""What every part of the Data page needs: the study as it stands, who is editing, the wording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from geo.read import Tables
from geo.register import Register
from geo.working_copy import open_working
from ui.wording import Words


@dataclass(frozen=True)
class Desk:
    """What every part of the Data page needs.

    Parameters
    ----------
    folder : Path
        The study's.
    tables : Tables
    who : str
        For the history.
    may_edit : bool
    text : Words
    """

    folder: Path
    tables: Tables
    who: str
    may_edit: bool
    text: Words

    @property
    def units(self) -> gpd.GeoDataFrame:
        """The study's units."""
        return self.tables.frames["units"]

    @property
    def rooms(self) -> gpd.GeoDataFrame:
        """The study's rooms."""
        return self.tables.frames["rooms"]

    def register(self) -> Register:
        """Open the register, made from the study's files at the first edit."""
        return open_working(self.folder, who=self.who)
