"""What a list's rows say about its coordinate system, asked before the import is made."""

from __future__ import annotations

import geopandas as gpd

from geo.intake.apply import stated_units
from geo.intake.columns import typed_columns
from geo.intake.datum import DatumGuess, detect_datum
from geo.intake.mapping import Mapping, check_mapping
from geo.intake.place import places_of
from geo.intake.points import read_coordinates
from geo.intake.raw import RawTable
from geo.intake.report import Remarks
from geo.intake.rooms import known_points
from geo.intake.synonyms import IMPORTS


def judge_datum(
    raw: RawTable,
    mapping: Mapping,
    *,
    units: gpd.GeoDataFrame,
    rooms: gpd.GeoDataFrame | None = None,
) -> DatumGuess | None:
    """Return what the rows prove about their coordinate system, with the evidence.

    Parameters
    ----------
    raw : RawTable
    mapping : Mapping
    units : GeoDataFrame
        The study's units.
    rooms : GeoDataFrame, optional
        The register; rooms of it whose place is known are evidence.

    Returns
    -------
    DatumGuess or None
        None for a list without coordinates, and for outlines, which cannot prove theirs.

    Notes
    -----
    The same tests that :func:`geo.intake.apply.apply` runs when no datum is given.
    """
    check_mapping(raw, mapping)
    if IMPORTS[mapping.table].geometry not in ("point", "point?"):
        return None
    remarks = Remarks(raw.frame.index)
    at = read_coordinates(raw, mapping, remarks)
    if not at.given.any():
        return None
    typed = typed_columns(raw.frame, mapping, IMPORTS[mapping.table], remarks)
    stated = stated_units(raw.frame, mapping, places_of(units), remarks)
    known = known_points(typed, rooms) if mapping.table == "rooms" else None
    return detect_datum(at.x, at.y, units=units, stated=stated, known=known)
