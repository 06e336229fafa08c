"""Names under which results are saved: one file of a folder, and one that its media type may have. Pure."""

import unicodedata
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

_MOST_BYTES: Final = 200
"""Of a name in UTF-8: file systems take 255, and what is being written has some more."""
_SEPARATORS: Final = frozenset('/\\:*?"<>|!')
"""Of paths and drives, what Windows takes in no name, and what GDAL takes for the path of an archive."""
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"}
)
"""Names that Windows takes for devices, whatever their suffix."""
_COMPANIONS: Final = (".aux.xml",)
"""Ends of the names of files by which GDAL changes what it reads in another."""

_SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "application/flatgeobuf": (".fgb",),
    "application/geo+json": (".geojson", ".json"),
    "application/geo+json-seq": (".geojsons", ".geojsonl"),
    "application/geopackage+sqlite3": (".gpkg",),
    "application/gml+xml": (".gml", ".xml"),
    "application/gpx+xml": (".gpx", ".xml"),
    "application/json": (".json", ".geojson"),
    "application/netcdf": (".nc",),
    "application/pdf": (".pdf",),
    "application/vnd.apache.parquet": (".parquet", ".geoparquet"),
    "application/vnd.google-earth.kml+xml": (".kml",),
    "application/vnd.google-earth.kmz": (".kmz",),
    "application/x-ndjson": (".geojsonl", ".ndjson"),
    "application/x-netcdf": (".nc",),
    "application/xml": (".xml", ".gml"),
    "application/zip": (".zip",),
    "image/gif": (".gif",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/tiff": (".tif", ".tiff"),
    "image/webp": (".webp",),
    "text/csv": (".csv",),
    "text/html": (".html",),
    "text/plain": (".txt", ".csv"),
    "text/xml": (".xml", ".gml"),
}
"""Media type → the suffixes that its files have, the usual one first."""
_DATA: Final = frozenset(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes) | {".shp"}
"""Suffixes of kinds of data; no result is a shapefile, which is several files."""
_UNTOLD: Final = ".bin"


def suffixes_of(media_type: str) -> tuple[str, ...]:
    """The suffixes that a file of a media type may have, the usual one first; none where the type says nothing of it.

    media_type: without parameters.
    """
    if media_type in _SUFFIXES:
        return _SUFFIXES[media_type]
    return _SUFFIXES["application/json"] if media_type.endswith("+json") else ()


def name_fault(name: str) -> str | None:
    """Why a file cannot have this name: it is no plain name, or none that every system takes."""
    size = len(unicodedata.normalize("NFC", name).encode(errors="replace"))
    faults = (
        (not name.strip(" ."), "is no name of a file"),
        (name != name.strip() or name.endswith("."), "begins or ends with a space, or ends with a dot"),
        (bool(_SEPARATORS & set(name)), f"holds one of {' '.join(sorted(_SEPARATORS))}: write a name without folder"),
        (name.startswith("."), "begins with a dot: its file would be hidden"),
        (not name.isprintable(), "holds characters that are not printable"),
        (name.split(".", maxsplit=1)[0].rstrip().casefold() in _DEVICES, "is what Windows calls a device"),
        (name.casefold().endswith(_COMPANIONS), "is of a file that would change how another is read"),
        (size > _MOST_BYTES, f"is longer than {_MOST_BYTES} bytes"),
    )
    return next((words for fault, words in faults if fault), None)


def suffix_fault(name: str, media_type: str) -> str | None:
    """Why a result of a media type cannot have this name: its suffix is that of another kind of file."""
    suffix, own = PurePath(name).suffix.lower(), suffixes_of(media_type)
    if not own or suffix not in _DATA or suffix in own:
        return None
    return f"does not suit {media_type}, whose files end in {' or '.join(own)}"


def file_name(name: str, media_type: str) -> str:
    """The name, with the suffix of the media type where it has none of a kind of data.

    So nothing that is saved can be taken for a program, whatever the name and whoever sent it.
    """
    name = unicodedata.normalize("NFC", name)
    if PurePath(name).suffix.lower() in _DATA:
        return name
    return name + next(iter(suffixes_of(media_type)), _UNTOLD)


def numbered(name: str, number: int) -> str:
    """The name with a number before its suffix: `rivers.gpkg`, 2 → `rivers-2.gpkg`."""
    path = PurePath(name)
    return f"{path.stem}-{number}{path.suffix}"
