"""Geometries as texts: WKT, EWKT, or WKB in hexadecimal digits as databases write it, alone or one in each line."""

import re
from collections.abc import Set

import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.features import Features
from backend.geo.vector.wkt import (
    AROUND,
    EWKT,
    GEOMETRY_TYPES,
    HEXADECIMAL,
    WGS84,
    begins_as_wkt,
    first_line,
    refuse_controls,
)

_PREFIX = re.compile(r"\\x|0x", re.IGNORECASE)
"""Of bytes, as PostgreSQL and SQL Server tell them."""


def is_geometry_list(text: str) -> bool:
    """Whether each line of a text is a geometry; a single one in WKT is no list, and may have lines of its own.

    text: without blanks before it.
    """
    first = first_line(text)
    if HEXADECIMAL.fullmatch(first):
        return True
    if not (begins_as_wkt(first) and _is_whole(first)):
        return False
    lines = _lines(text)
    return len(lines) > 1 and all(begins_as_wkt(line) and _is_whole(line) for line in lines)


def read_geometry_list(text: str, crs: CRS | None = None) -> Features:
    """A feature without attributes of each line; crs: of those that do not tell theirs.

    Raises:
        ProcessRefusedError: a line is no geometry, or they tell several CRSs.
    """
    refuse_controls(text)
    lines = _lines(text)
    try:
        # Numbers beyond the range of a float are read as infinite, and refused as such later.
        with np.errstate(all="ignore"):
            shapes, told = read_geometry_texts(np.array(lines, dtype=object))
    except (ShapelyError, NotImplementedError) as error:
        refuse(f"a line is neither WKT nor WKB in hexadecimal digits: {str(error)[:100]}")
    kinds = {shape.geom_type for shape in shapes.tolist()} - GEOMETRY_TYPES
    if kinds:
        refuse(f"geometry type {min(kinds)} is not supported")
    return Features(shapes, {}, told or crs or CRS84)


def read_geometry_texts(values: Shapes) -> tuple[Shapes, CRS | None]:
    """The geometries of texts, None where there is none, and the CRS that they tell: all in WKT or EWKT, all in
    WKB, or all in GeoJSON.

    Raises:
        ProcessRefusedError: they tell several CRSs, or one that there is not.
        ShapelyError: one is no geometry.
    """
    first = next((value for value in values.tolist() if value is not None), "")
    if HEXADECIMAL.match(first):
        return _from_hexadecimal(values)
    return (shapely.from_geojson(values), None) if first.lstrip().startswith("{") else _from_wkt(values)


def _from_wkt(values: Shapes) -> tuple[Shapes, CRS | None]:
    told = [None if value is None else EWKT.fullmatch(value) for value in values.tolist()]
    plain = [match["wkt"] if match else value for match, value in zip(told, values.tolist(), strict=True)]
    return shapely.from_wkt(np.array(plain, dtype=object)), _crs({int(match["srid"]) for match in told if match})


def _from_hexadecimal(values: Shapes) -> tuple[Shapes, CRS | None]:
    plain = [None if value is None else _PREFIX.sub("", value, count=1) for value in values.tolist()]
    shapes = shapely.from_wkb(np.array(plain, dtype=object))
    told = set(shapely.get_srid(shapes[~shapely.is_missing(shapes)]).tolist())
    return shapely.set_srid(shapes, 0), _crs(told - {0})


def _crs(srids: Set[int]) -> CRS | None:
    """The CRS of SRIDs, as PostGIS has them: EPSG's codes; of 4326 longitude comes first."""
    if len(srids) > 1:
        first, second, *_ = sorted(srids)
        refuse(f"the geometries tell several CRSs, SRID {first} and {second}: give those of each by themselves")
    if not srids:
        return None
    (srid,) = srids
    return CRS84 if srid == WGS84 else parse_crs(f"EPSG:{srid}")


def _lines(text: str) -> list[str]:
    # Not by `splitlines`, which parts at control characters, too: these are refused.
    return [line for line in (line.strip(AROUND) for line in text.split("\n")) if line]


def _is_whole(line: str) -> bool:
    return line.count("(") == line.count(")")
