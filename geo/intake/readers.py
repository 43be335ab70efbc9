"""What a file really is, whatever its name says, and the reader for it (child side).

Nothing here opens a path or address that a file names, and a file is given to GDAL only after its
first bytes showed one of the two formats that need GDAL.
"""

from __future__ import annotations

import re
from pathlib import Path

from geo.errors import IntakeError
from geo.intake.archive import encrypted, open_zip, unpack
from geo.intake.grid import Grid
from geo.intake.sandbox import Limits

_HEAD = 4096
# The first ending is the one to advise.
ENDINGS = {
    "xlsx": ("xlsx", "xlsm", "xlsb"),
    "xls": ("xls", "et"),
    "shp.zip": ("zip",),
    "kmz": ("kmz", "zip"),
    "gpkg": ("gpkg",),
    "fgb": ("fgb",),
    "kml": ("kml",),
    "geojson": ("geojson", "json"),
    "csv": ("csv", "tsv", "txt", "tab"),
}
_WORDS = {
    "xlsx": "an Excel workbook",
    "xls": "an old Excel workbook",
    "shp.zip": "a zipped Shapefile",
    "kmz": "a zipped KML",
    "gpkg": "a GeoPackage",
    "fgb": "a FlatGeobuf",
    "kml": "a KML",
    "geojson": "a GeoJSON",
    "csv": "a text table",
}
_MAGIC = (
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"SQLite format 3\x00", "gpkg"),
    (b"fgb\x03fgb", "fgb"),
)
# A workbook with a password is an OLE container around its encrypted zip.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_REFUSED_MAGIC = (
    (b"\x00\x00\x27\x0a", "a .shp on its own; zip it with its .shx, .dbf and .prj"),
    (b"%PDF", "a PDF; export the table as XLSX or CSV"),
    (b"Rar!", "a RAR archive; unpack it and zip the Shapefile"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it and zip the Shapefile"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
)


def read_tables(path: Path, *, name: str, limits: Limits, folder: Path) -> list[Grid]:
    """Read every table or layer of one file.

    Parameters
    ----------
    path : Path
        Where the bytes lie, under a name of our own.
    name : str
        What the user calls the file.
    limits : Limits
    folder : Path
        Where members of a zip may be unpacked.

    Returns
    -------
    list of Grid
        At least one.

    Raises
    ------
    IntakeError
        With the reason why the file is refused or cannot be read.
    """
    kind = sniff(path, name=name, limits=limits)
    check_ending(name, kind)
    grids = _read_kind(kind, path, name=name, limits=limits, folder=folder)
    if len(grids) > limits.layers:
        raise IntakeError(
            "intake.layers",
            f"{name}: {len(grids)} sheets or layers are more than the {limits.layers} allowed; "
            "delete those that are not needed.",
            file=name,
            count=len(grids),
            limit=limits.layers,
        )
    return grids


def _read_kind(kind: str, path: Path, *, name: str, limits: Limits, folder: Path) -> list[Grid]:
    if kind == "csv":
        from geo.intake.text import read_text

        return [read_text(path.read_bytes(), name=name, limits=limits)]
    if kind in ("xlsx", "xls"):
        from geo.intake.excel import read_excel

        return read_excel(path.read_bytes(), name=name, limits=limits)
    if kind == "gpkg":
        from geo.intake.gpkg import read_geopackage

        return read_geopackage(path, name=name, limits=limits)
    if kind in ("shp.zip", "fgb"):
        from geo.intake.shapes import read_flatgeobuf, read_zipped_shapefile

        read = read_flatgeobuf if kind == "fgb" else read_zipped_shapefile
        return read(path, name=name, limits=limits, folder=folder)
    from geo.intake.markup import read_geojson, read_kml

    if kind == "geojson":
        return read_geojson(path.read_bytes(), name=name, limits=limits)
    content = _kml_of(path, name, limits) if kind == "kmz" else path.read_bytes()
    return read_kml(content, name=name, limits=limits)


def sniff(path: Path, *, name: str, limits: Limits) -> str:
    """Return what a file is by its first bytes (and, in a zip, its members).

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    limits : Limits
        What a zip may hold.

    Returns
    -------
    str
        A key of :data:`ENDINGS`.

    Raises
    ------
    IntakeError
        ``intake.empty_file``, ``intake.not_supported`` and what :func:`open_zip` raises.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise IntakeError("intake.empty_file", f"{name}: the file is empty.", file=name)
    if head.startswith(b"PK"):
        return _sniff_zip(path, name, limits)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            if kind == "xls" and _ENCRYPTED in path.read_bytes():
                raise encrypted(name)
            return kind
    for magic, what in _REFUSED_MAGIC:
        if head.startswith(magic):
            raise _not_supported(name, what)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        return "geojson"
    if text.startswith(b"<"):
        return _sniff_xml(text, name)
    return "csv"


def check_ending(name: str, kind: str) -> None:
    """Refuse a file whose ending promises another format than its content is.

    Parameters
    ----------
    name : str
    kind : str
        What :func:`sniff` found.

    Raises
    ------
    IntakeError
        ``intake.mislabelled``. An ending that promises nothing passes.
    """
    ending = name.lower().rpartition(".")[2] if "." in name else ""
    if ending in ENDINGS[kind] or not any(ending in known for known in ENDINGS.values()):
        return
    right = ENDINGS[kind][0]
    raise IntakeError(
        "intake.mislabelled",
        f"{name}: the name says .{ending}, but the content is {_WORDS[kind]}; rename it to "
        f".{right} if that is what it should be.",
        file=name,
        ending=ending,
        kind=kind,
        right=right,
    )


def _sniff_zip(path: Path, name: str, limits: Limits) -> str:
    with open_zip(path, name=name, limits=limits) as archive:
        members = [member.lower() for member in archive.namelist()]
    if any(member.startswith("xl/") for member in members):
        return "xlsx"
    if any(member.endswith(".shp") for member in members):
        return "shp.zip"
    if any(member.endswith(".kml") for member in members):
        return "kmz"
    if any(member.startswith("word/") for member in members):
        raise _not_supported(name, "a Word document; copy its table into XLSX or CSV")
    if any(member == "mimetype" for member in members):
        raise _not_supported(name, "an OpenDocument file; save it as XLSX")
    listed = ", ".join(members[:3])[:80]
    raise _not_supported(name, f"an archive without a Shapefile or KML in it ({listed})")


def _sniff_xml(text: bytes, name: str) -> str:
    root = re.search(rb"<\s*(?:[A-Za-z]\w*:)?([A-Za-z]\w*)[\s>/]", text)
    tag = root.group(1).decode() if root else "?"
    if tag.lower() == "kml":
        return "kml"
    if tag.lower() in ("html", "table", "meta", "div"):
        raise _not_supported(name, "a web page; open it in a spreadsheet and save it as XLSX")
    raise _not_supported(name, f"XML of the kind <{tag}>, which can point to other files")


def _not_supported(name: str, what: str) -> IntakeError:
    return IntakeError(
        "intake.not_supported",
        f"{name}: this is {what}. Read are XLSX, CSV, GeoJSON, GeoPackage, zipped Shapefile, KML "
        "and FlatGeobuf.",
        file=name,
        detail=what,
    )


def _kml_of(path: Path, name: str, limits: Limits) -> bytes:
    with open_zip(path, name=name, limits=limits) as archive:
        member = next(m for m in archive.namelist() if m.lower().endswith(".kml"))
        return unpack(archive, member, name=name, limits=limits)
