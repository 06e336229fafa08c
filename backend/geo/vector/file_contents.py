"""Files of features that came as bytes, such as what `convert-features` makes: put where GDAL can read them."""

import base64
import re
import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from backend.errors import refuse
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.xml_documents import in_utf8

SIGNATURES: Mapping[str, bytes] = {
    ".gpkg": b"SQLite format 3\x00",
    ".fgb": b"fgb\x03",
    ".shp": b"\x00\x00\x27\x0a",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
}
"""First bytes of a file of that kind: GDAL goes by content, and some of its formats name further files to be read."""
_SEQUENCE = ".geojsonl"
_NAMES = {
    ".gpkg": "the GeoPackage",
    ".fgb": "the FlatGeobuf",
    ".parquet": "the GeoParquet",
    ".kml": "the KML",
    ".gml": "the GML",
    ".xml": "the XML",
    _SEQUENCE: "the GeoJSON",
    ".shp": "the zipped shapefile",
}
_ZIP = b"PK\x03\x04"
_BASE64 = tuple(
    base64.b64encode(start[: len(start) // 3 * 3]).decode()
    for start in (*SIGNATURES.values(), _ZIP, b"<?xml ", b"<km", b"<gp")
    if start[0]
)
"""How the files begin in base64, as texts of no other form do."""
_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")
"""In UTF-8, and with the marks of UTF-8 and UTF-16 before it."""
_START = 100
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?[\s\x1e]*\{")
"""The beginning of GeoJSON, and of a sequence of it."""
_GML = re.compile(rb"<(?:\w+:)?FeatureCollection\b[^>]*opengis\.net/(?:gml|wfs)\b")
"""The root of a GML, as services and programs write it."""
_BEGINNING = 2**16
_COPIED = frozenset((".kmz", ".gml"))
"""Files that are read from a copy: out of the archive, or without what leads to others."""
_ALONE = frozenset((".gpkg", ".fgb", ".parquet"))
"""Files that are whole without others beside them."""
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""Of a shapefile, all that is read of it."""
MOST_UNPACKED = 2**30
"""Bytes of what is read of an archive, which may be a thousandth of that itself."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The ways of packing whose unpacking ends where it is told to."""
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError)
"""What an archive that is cut off, in an unknown form or encrypted raises."""


def holds_features(content: bytes) -> bool:
    """Whether it begins as a file of features does, of which kind ever."""
    return content.startswith(_ZIP) or _suffix(content) is not None


def out_of_base64(value: Any) -> Any:
    """The bytes of a file of features in base64, as one of another server comes; other values as they are."""
    if not isinstance(value, str) or not value.startswith(_BASE64):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return value


@contextmanager
def as_dataset(source: DatasetFile | bytes) -> Generator[DatasetFile]:
    """The file itself, or one with these bytes, for as long as it is read.

    Raises:
        ProcessRefusedError: the bytes are no file of features.
    """
    if isinstance(source, DatasetFile) and source.suffix not in _COPIED:
        yield source
        return
    content = source if isinstance(source, bytes) else _bytes_of(source)
    with TemporaryDirectory() as folder:
        # Under a name of our own: nothing that GDAL could take for an archive's or another file's.
        path = Path(folder, "features")
        suffix = _unpacked(content, path) if content.startswith(_ZIP) else _written(content, path)
        made = DatasetFile(_NAMES[suffix], path.with_suffix(suffix), "vector")
        yield made if isinstance(source, bytes) else replace(made, id=source.id, layer=source.layer)


def _bytes_of(dataset: DatasetFile) -> bytes:
    try:
        content = dataset.path.read_bytes()
    except OSError as error:
        refuse(f"{dataset.id} cannot be read: {error.strerror}")
    wanted = _ZIP if dataset.suffix == ".kmz" else _XML
    if not content[:_START].lstrip().startswith(wanted):
        refuse(f"{dataset.id} is no {dataset.suffix[1:]} file, as its name says")
    return content


def _written(content: bytes, path: Path) -> str:
    content = in_utf8(content)
    suffix = _suffix(content)
    if suffix is None:
        refuse(
            "the file is none of features: give GeoJSON, CSV, KML, GPX, GML, a GeoPackage, FlatGeobuf, GeoParquet or a "
            "zipped shapefile"
        )
    if suffix == ".gml":
        # GDAL is for workers: the server reads no file.
        from backend.geo.vector.gml_files import put_gml  # noqa: PLC0415

        put_gml(content, path.with_suffix(suffix))
        return suffix
    path.with_suffix(suffix).write_bytes(content)
    return suffix


def _suffix(content: bytes) -> str | None:
    if content[:_START].lstrip().startswith(_XML):
        return ".gml" if _GML.search(content[:_BEGINNING]) else ".xml"
    if _JSON.match(content[:_START]):
        return _SEQUENCE
    return next((one for one in _ALONE if content.startswith(SIGNATURES[one])), None)


def _unpacked(content: bytes, path: Path) -> str:
    """Unpack the one shapefile of an archive, or its KML; the suffix tells which."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = _parts(archive)
            if any(part.compress_type not in _PACKED for part in parts.values()):
                refuse("the zip is packed in a way that is not read: deflate is")
            if sum(part.file_size for part in parts.values()) > MOST_UNPACKED:
                refuse(f"the zip holds more than the {MOST_UNPACKED} bytes that are unpacked")
            for suffix, part in parts.items():
                with archive.open(part) as file:
                    # No more than it says that it has, whatever comes out of it.
                    path.with_suffix(suffix).write_bytes(file.read(part.file_size + 1))
    except _FAULTS as error:
        refuse(f"the zip cannot be unpacked: {str(error)[:100]}")
    return ".shp" if ".shp" in parts else ".kml"


def _parts(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """Suffix → file."""
    named = {PurePosixPath(file.filename): file for file in archive.infolist() if not file.is_dir()}
    files = {path: file for path, file in named.items() if path.name}
    by_suffix = {
        suffix: [path for path in files if path.suffix.lower() == suffix and not path.name.startswith("._")]
        for suffix in (".shp", ".kml")
    }
    if by_suffix[".kml"] and not by_suffix[".shp"]:
        # Of a KMZ the first is the document, others are what it links to.
        return {".kml": files[by_suffix[".kml"][0]]}
    if len(by_suffix[".shp"]) != 1:
        refuse(f"the zip holds {len(by_suffix['.shp'])} shapefiles; one is needed here, or a KML")
    stem = by_suffix[".shp"][0].with_suffix("")
    beside = {path.suffix.lower(): file for path, file in files.items() if path.with_suffix("") == stem}
    return {suffix: beside[suffix] for suffix in _PARTS if suffix in beside}
