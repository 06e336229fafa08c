"""Reads well-known text: WKT, and EWKT, which has the number of its CRS before it."""

import re

import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.vector.datasets import not_read

EWKT = re.compile(r"\s*SRID\s*=\s*(?P<srid>\d+)\s*;\s*(?P<wkt>.*)", re.IGNORECASE | re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters that are no white space; GEOS reads a text up to the first NUL and ignores what follows."""
WGS84 = 4326
GEOMETRY_TYPES = frozenset(
    ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
)
_START = re.compile(
    r"SRID\s*=|(?:MULTI)?(?:POINT|LINESTRING|POLYGON|CURVE|SURFACE|CURVEPOLYGON)\s*(?:ZM?|M)?\s*(?:\(|EMPTY)"
    r"|(?:GEOMETRYCOLLECTION|CIRCULARSTRING|COMPOUNDCURVE|POLYHEDRALSURFACE|TRIANGLE|TIN)\s*(?:ZM?|M)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)


HEXADECIMAL = re.compile(r"(?:\\x|0x)?0[01](?:[0-9A-Fa-f]{2}){4,}", re.IGNORECASE)
"""WKB, which begins with the order of its bytes and its type; databases write a mark before it."""
_NAMES = re.compile(r"wkt|[^\W\d].*[,;\t|].*")
"""The first line of a table, of which there may be no other; coordinates alone are none."""

AROUND = " \t\r,;"
"""What may stand around a geometry in its line."""
_COLLECTION = re.compile(r"\s*GEOMETRYCOLLECTION", re.IGNORECASE)
_LONGEST_WORDS = 100
"""Characters of a text that may be a place or a position."""
_POSITION = re.compile(r"[\s\d.,;+\-°'\"′″NSEWO]*\d[\s\d.,;+\-°'\"′″NSEWO]*", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][^\d_/\\:.(){}]*")
_BY_REFERENCE = "a dataset or a result is given by its reference, not by its name, path or URL"
_PLACE = "; where a place of that name is, geocode tells"


def begins_as_wkt(text: str) -> bool:
    """Whether a text begins as WKT or EWKT does."""
    return bool(_START.match(text))


def first_line(text: str) -> str:
    """The first line, without what may stand around a geometry in it; the others are not copied."""
    end = text.find("\n")
    return (text if end < 0 else text[:end]).strip(AROUND)


def is_table(text: str) -> bool:
    """Whether a text that is no JSON is CSV: of several lines, or one that ends, which do not begin as WKT does."""
    lines = text.strip()
    if begins_as_wkt(lines) or HEXADECIMAL.fullmatch(first_line(lines)):
        return False
    several = "\n" in lines or "\r" in lines
    return several or (text.endswith(("\n", "\r")) and bool(_NAMES.fullmatch(lines)))


def told_crs(text: str) -> CRS | None:
    """The CRS that the SRID of EWKT tells, as PostGIS has them: EPSG's; of 4326 longitude comes first.

    Raises:
        ProcessRefusedError: there is no such CRS.
    """
    match = EWKT.fullmatch(text)
    if match is None:
        return None
    return CRS84 if int(match["srid"]) == WGS84 else parse_crs(f"EPSG:{int(match['srid'])}")


def refuse_controls(text: str) -> None:
    """Refuse a text with control characters, of which GEOS would read a part alone."""
    if control := CONTROL.search(text):
        refuse(f"the string holds the control character U+{ord(control[0]):04X}: it is neither GeoJSON nor WKT")


def read_wkt(text: str) -> BaseGeometry:
    """The geometry of a WKT or EWKT text, as it stands, in the CRS that `told_crs` tells.

    Raises:
        ProcessRefusedError: it is neither.
    """
    refuse_controls(text)
    match = EWKT.fullmatch(text)
    wkt = match["wkt"] if match else text
    try:
        # Numbers beyond the range of a float are read as infinite, and refused as such.
        with np.errstate(all="ignore"):
            shape = shapely.from_wkt(wkt)
    except NotImplementedError:
        refuse("curved geometry types are not supported")
    except ShapelyError as error:
        if "closed" in str(error):
            refuse(f"{wkt.strip()[:40]!r} has a ring that is not closed: its last position must be its first")
        hint = _hint(text, wkt)
        refuse(f"{wkt.strip()[:40]!r} is neither GeoJSON nor WKT (such as 'POINT (13.4 52.5)'){hint}")
    if shape.geom_type not in GEOMETRY_TYPES:
        refuse(f"geometry type {shape.geom_type} is not supported")
    return shape


def _hint(text: str, wkt: str) -> str:
    """What is to be done with a text that is no geometry."""
    if "(" in wkt:
        several = len(_START.findall(wkt)) > 1 and not _COLLECTION.match(wkt)
        return "; of several geometries each stands in a line of its own" if several else ""
    if told := not_read(text):
        return f"; {told}"
    if len(text) > _LONGEST_WORDS:
        return f"; {_BY_REFERENCE}"
    if _POSITION.fullmatch(text):
        return "; a position is POINT (longitude latitude), and parse-coordinates reads it as people write it"
    return f"; {_BY_REFERENCE}{_PLACE if _NAME.fullmatch(text) else ''}"
