"""Reads geometries: GeoJSON (RFC 7946) and WKT, longitude and latitude on WGS 84 (OGC:CRS84)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.antimeridian import wrap
from backend.geo.geojson import GeoJSONReader
from backend.geo.lonlat import WRAPPED, check_coordinates, long_edges, max_longitude, settled

EWKT = re.compile(r"\s*SRID\s*=\s*(?P<srid>\d+)\s*;\s*(?P<wkt>.*)", re.IGNORECASE | re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters that are no white space; GEOS reads a text up to the first NUL and ignores what follows."""
GEOMETRY_TYPES = frozenset(
    ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
)


@dataclass(frozen=True, slots=True)
class GeometryInput:
    """A geometry that was read and found usable."""

    shape: BaseGeometry
    """Two-dimensional, not empty, valid, within [-180, 180] × [-90, 90]; a FeatureCollection is a GeometryCollection.

    No polygon of it crosses the antimeridian: those that did are split there.
    """
    warnings: tuple[str, ...] = ()
    """What was repaired, ignored or may have been meant otherwise."""
    features: int | None = None
    """Features with a geometry, of a FeatureCollection."""


def read_geometry(value: Any) -> GeometryInput:
    """Read a GeoJSON object, a string of GeoJSON, or WKT (EWKT with SRID 4326).

    Edges are straight in longitude and latitude (RFC 7946, 3.1.1). Heights are ignored; polygons that cross themselves
    are repaired; longitudes between 180 and 360 are brought back; each with a warning.

    Raises:
        ProcessRefusedError: it cannot be read, is empty, is not in WGS 84, or lies outside the globe.
    """
    warnings: list[str] = []
    features: int | None = None
    try:
        if isinstance(value, str) and not value.lstrip().startswith(("{", "[")):
            shape = read_wkt(value)
        else:
            _check_reference(value)
            reader = GeoJSONReader()
            shape = reader.read(_parsed(value) if isinstance(value, str) else value)
            warnings += reader.warnings()
            features = reader.features
    except RecursionError:
        _refuse("the geometry is nested too deeply")
    if shape.is_empty:
        _refuse("the geometry is empty")
    check_coordinates(shape)
    if shapely.has_z(shape):
        warnings.append("Heights were ignored.")
    shape = shapely.transform(shape, settled)
    warnings += long_edges(shape)
    shape = _repaired(shape, warnings)
    if max_longitude(shape) > 180:
        shape = wrap(shape)
        warnings.append(WRAPPED)
    return GeometryInput(shape, tuple(warnings), features)


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason)


def _check_reference(value: Any) -> None:
    """Refuse what was meant as a reference, and is none: those that are have been looked up by now."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        if "href" in members and "type" not in members and not isinstance(members["href"], str):
            _refuse("href must be a string: the URL of a result")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        _refuse(f"the string is neither GeoJSON nor WKT: {error}")


def read_wkt(text: str) -> BaseGeometry:
    """The geometry of a WKT or EWKT (SRID 4326) text, as it stands.

    Raises:
        ProcessRefusedError: it is neither.
    """
    if control := CONTROL.search(text):
        _refuse(f"the string holds the control character U+{ord(control[0]):04X}: it is neither GeoJSON nor WKT")
    match = EWKT.fullmatch(text)
    if match and match["srid"] != "4326":
        _refuse(f"SRID {match['srid']} is not supported: coordinates must be longitude, latitude on WGS 84 (SRID 4326)")
    wkt = match["wkt"] if match else text
    try:
        # Numbers beyond the range of a float are read as infinite, and refused as such.
        with np.errstate(all="ignore"):
            shape = shapely.from_wkt(wkt)
    except NotImplementedError:
        _refuse("curved geometry types are not supported")
    except ShapelyError:
        _refuse(f"{wkt.strip()[:40]!r} is neither GeoJSON nor WKT (such as 'POINT (13.4 52.5)')")
    if shape.geom_type not in GEOMETRY_TYPES:
        _refuse(f"geometry type {shape.geom_type} is not supported")
    return shape


def _repaired(shape: BaseGeometry, warnings: list[str]) -> BaseGeometry:
    if shape.geom_type == "GeometryCollection":
        members = [_repaired(part, warnings) for part in shapely.get_parts(shape)]
        return shapely.GeometryCollection(members)
    if shape.is_valid:
        return shape
    reason = shapely.is_valid_reason(shape)
    polygonal = shape.geom_type in ("Polygon", "MultiPolygon")
    if polygonal:
        repaired = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    else:
        repaired = shapely.make_valid(shape)
    if repaired.is_empty:
        _refuse(f"the polygon encloses no area ({reason})")
    warnings.append(f"An invalid geometry was repaired ({reason}); check that the result is what was meant.")
    return repaired
