"""Reads geometries: GeoJSON (RFC 7946), WKT and whatever else holds features, as longitude, latitude (OGC:CRS84)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.antimeridian import wrap
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.lonlat import WRAPPED, check_coordinates, long_edges, max_longitude, settled
from backend.geo.geodesy.shapes import Shapes, shapes_of, valid_shapes
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.esri_json import is_esri_json
from backend.geo.vector.feature_documents import is_document
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features, no_geometry
from backend.geo.vector.geojson import WGS84_NAME, GeoJSONReader
from backend.geo.vector.geojson_parsing import json_start, parse_json
from backend.geo.vector.source_crs import SOURCE_CRS
from backend.geo.vector.table_rows import is_table
from backend.geo.vector.topojson import is_topology
from backend.geo.vector.wkt import read_wkt, told_crs

HEIGHTS_IGNORED = "Heights were ignored."


@dataclass(frozen=True, eq=False)
class GeometryInput:
    """A geometry that was read and found usable."""

    shapes: Shapes
    """Two-dimensional, not empty, valid, within [-180, 180] × [-90, 90]: one, or those of the features of a file.

    No polygon of them crosses the antimeridian: those that did are split there.
    """
    warnings: tuple[str, ...] = ()
    """What was repaired, ignored or may have been meant otherwise."""
    features: int | None = None
    """Features with a geometry, of a FeatureCollection, a table or a file."""
    native: Features | None = None
    """As they came, where that says more than `shape`: in a projected CRS, or with heights."""
    value: Any = field(default=None, repr=False)
    """What was read."""
    read: Features | None = field(default=None, repr=False)
    """The features, where they were read as such on the way."""

    @cached_property
    def shape(self) -> BaseGeometry:
        """All of it; features are a GeometryCollection. Made when it is asked for: of many features that takes long."""
        return self.shapes[0] if len(self.shapes) == 1 else shapely.GeometryCollection(self.shapes.tolist())

    def each(self) -> Features:
        """The features that have a geometry, each with its attributes, and all that is to be said of them."""
        features = self.native or self.read or read_features(self.value)
        present = features.present
        return features if present.all() else features.take(present)

    @property
    def heights_ignored(self) -> tuple[str, ...]:
        """The warning for whoever takes `each` without its heights."""
        return tuple(warning for warning in self.warnings if warning == HEIGHTS_IGNORED)


def read_geometry(value: Any) -> GeometryInput:
    """Read GeoJSON, WKT or EWKT, the text of a CSV, KML or GPX file, rows of a table, or a file: dataset or bytes.

    Edges are straight in longitude and latitude (RFC 7946, 3.1.1), once what came in another CRS is transformed.
    Heights are ignored; polygons that cross themselves are repaired; longitudes between 180 and 360 are brought back;
    each with a warning.

    Raises:
        ProcessRefusedError: it cannot be read, is empty, or lies outside the globe or where its CRS has no places.
    """
    try:
        parsed = _parsed(value)
        document = is_document(parsed) if isinstance(parsed, str) else is_table(parsed) or is_esri_json(parsed)
        if isinstance(parsed, DatasetFile | bytes) or document or _has_own_crs(parsed):
            return _of_features(parsed)
        if isinstance(parsed, str):
            return _settled(parsed, read_wkt(parsed))
        reader = GeoJSONReader()
        return _settled(parsed, reader.read(parsed), reader)
    except RecursionError:
        refuse("the geometry is nested too deeply")


def _parsed(value: Any) -> Any:
    """The document of a GeoJSON text; other values as they are."""
    start = json_start(value) if isinstance(value, str) else None
    if start is not None:
        try:
            return parse_json(start)
        except ValueError as error:
            refuse(f"the string is neither GeoJSON nor WKT: {error}")
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        # It was meant as a reference, and is none: those that are have been looked up by now.
        if "href" in members and "type" not in members and not isinstance(members["href"], str):
            refuse("href must be a string: the URL of a result")
    return cast("Any", value)


def _has_own_crs(value: Any) -> bool:
    """Whether GeoJSON or EWKT tells a CRS, other than WGS 84, that there is."""
    if isinstance(value, str):
        return told_crs(value) not in {None, CRS84}
    if not isinstance(value, Mapping):
        return False
    members = cast("Mapping[str, Any]", value)
    if isinstance(members.get(SOURCE_CRS), str) or is_topology(members):
        return True
    try:
        name = members["crs"]["properties"]["name"]
        return not WGS84_NAME.fullmatch(name.strip()) and parse_crs(name) != CRS84
    except (KeyError, TypeError, AttributeError, ProcessRefusedError):
        # The reader of GeoJSON tells what is wrong with it.
        return False


def _of_features(value: Any) -> GeometryInput:
    features = read_features(value)
    present = features.present
    if not present.any():
        refuse(no_geometry(features))
    lonlat = features.lonlat()
    warnings = list(lonlat.warnings)
    there = present if lonlat is features else lonlat.present
    shapes = lonlat.shapes if there.all() else lonlat.shapes[there]
    heights = bool(shapely.has_z(shapes).any())
    if heights:
        warnings.append(HEIGHTS_IGNORED)
        shapes = shapely.force_2d(shapes)
    # Features are valid where they came; those that were brought elsewhere may not be any more.
    if lonlat is not features or WRAPPED in warnings:
        shapes = shapes.copy()
        for index in np.flatnonzero(~shapely.is_valid(shapes)).tolist():
            shapes[index] = _repaired(shapes[index], warnings)
    native = features if heights or features.crs.is_projected else None
    return GeometryInput(shapes, tuple(warnings), len(shapes), native, value, features)


def _settled(value: Any, shape: BaseGeometry, reader: GeoJSONReader | None = None) -> GeometryInput:
    warnings = reader.warnings() if reader else []
    if shape.is_empty:
        refuse("the geometry is empty")
    check_coordinates(shape)
    warnings += Features(shapes_of([shape])).unmeasured().warnings
    if shapely.has_z(shape):
        warnings.append(HEIGHTS_IGNORED)
    native = read_features(value) if HEIGHTS_IGNORED in warnings else None
    shape = shapely.transform(shape, settled)
    warnings += long_edges(shape)
    shape = _repaired(shape, warnings)
    if max_longitude(shape) > 180:
        shape = wrap(shape)
        warnings.append(WRAPPED)
    return GeometryInput(shapes_of([shape]), tuple(warnings), reader.features if reader else None, native, value)


def _repaired(shape: BaseGeometry, warnings: list[str]) -> BaseGeometry:
    if shape.is_valid:
        return shape
    if shape.geom_type == "GeometryCollection":
        members = [_repaired(part, warnings) for part in shapely.get_parts(shape)]
        return shapely.GeometryCollection(members)
    reason = shapely.is_valid_reason(shape)
    repaired = valid_shapes(shapes_of([shape]))[0]
    if repaired.is_empty:
        refuse(f"the polygon encloses no area ({reason})")
    warnings.append(f"An invalid geometry was repaired ({reason}); check that the result is what was meant.")
    return repaired
