"""Reads features: GeoJSON (RFC 7946), GeoJSON in a CRS of its own, WKT, CSV, KML, GPX, and files of data folders."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any, cast

import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse
from backend.geo.geodesy.antimeridian import wrap
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.lonlat import (
    WRAPPED,
    check_coordinates,
    check_positions,
    is_settled,
    like_degrees,
    long_edges,
    settled,
)
from backend.geo.geodesy.shapes import POLYGONAL, Shapes, of_type, shapes_of, valid_shapes
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.esri_json import is_esri_json, read_esri_json
from backend.geo.vector.feature_documents import is_document, read_document
from backend.geo.vector.features import Features
from backend.geo.vector.fields import columns_of
from backend.geo.vector.geojson import WGS84_NAME, GeoJSONReader, named_crs
from backend.geo.vector.geojson_parsing import GeometryText, json_start, parse_features
from backend.geo.vector.half_characters import with_whole_characters
from backend.geo.vector.source_crs import SOURCE_CRS, taken_back
from backend.geo.vector.table_rows import read_rows
from backend.geo.vector.topojson import geojson_of, is_topology
from backend.geo.vector.wkt import read_wkt, told_crs

_BATCH = 1000
"""Geometries that GEOS gets at once."""


def read_features(value: Any, crs: CRS | None = None) -> Features:
    """Read a GeoJSON object or text, WKT, the text of a CSV, KML or GPX file, or a file: a dataset, or its bytes.

    crs: of coordinates that do not tell theirs; longitude and latitude on WGS 84 by default.

    Raises:
        ProcessRefusedError: it cannot be read, is not where its CRS has places, or has no features.
    """
    if isinstance(value, DatasetFile | bytes):
        # GDAL is for workers: the server reads no file.
        from backend.geo.vector.vector_files import read_file  # noqa: PLC0415

        return settle(read_file(value, crs))
    if isinstance(value, str):
        return _from_text(value, crs)
    rows = read_rows(value, crs)
    if rows is not None:
        return settle(rows)
    if not isinstance(value, Mapping):
        refuse("expected GeoJSON, WKT, CSV, KML, GPX or a reference to features")
    if is_esri_json(value):
        return settle(read_esri_json(cast("Mapping[str, Any]", value), crs))
    try:
        document = cast("Mapping[str, Any]", value)
        return _from_geojson(geojson_of(document) if is_topology(document) else document, crs)
    except RecursionError:
        refuse("the geometry is nested too deeply")


def settle(features: Features) -> Features:
    """The features as the rest of the code may rely on: finite, valid, without measures, in their CRS, split at ±180°.

    Raises:
        ProcessRefusedError: a coordinate is none of the CRS.
    """
    features = features.unmeasured()
    if features.crs != CRS84 and not features.crs.is_projected:
        # A few count in grads.
        if features.crs.axis_info[0].unit_name == "degree":
            check_coordinates(features.shapes)
        return settle(features.in_crs(CRS84))
    there = features.present
    present = features.shapes if there.all() else features.shapes[there]
    if not len(present):
        return features
    if features.crs.is_projected:
        return _repaired(features.warned(*_plane_warnings(present, features.crs)))
    are_settled, west, east = _looked_at(present)
    if not are_settled:
        heights = bool(shapely.has_z(present).any())
        features = features.with_shapes(shapely.transform(features.shapes, settled, include_z=heights))
    # Where all are within half of the globe, no edge is longer.
    told = long_edges(present) if east - west > 180 else ()
    features = _repaired(features.warned(*told))
    if max(-west, east) <= 180:
        return features
    return features.with_shapes(_wrapped(features.shapes)).warned(WRAPPED)


def _looked_at(shapes: Shapes) -> tuple[bool, float, float]:
    """Whether positions that can be longitude and latitude are settled, and the westernmost and easternmost longitude.

    Raises:
        ProcessRefusedError: one cannot be.
    """
    coordinates = shapely.get_coordinates(shapes)
    check_positions(coordinates)
    longitudes = coordinates[:, 0]
    return is_settled(coordinates), float(longitudes.min()), float(longitudes.max())


def _from_text(text: str, crs: CRS | None) -> Features:
    start = json_start(text)
    if start is not None:
        try:
            return read_features(parse_features(start), crs)
        except ValueError as error:
            refuse(f"the text is no JSON: {error}")
        except RecursionError:
            refuse("the text is nested too deeply")
    if is_document(text):
        return settle(read_document(text, crs))
    return settle(Features(shapes_of([read_wkt(text)]), crs=told_crs(text) or crs or CRS84))


def _from_geojson(document: Mapping[str, Any], crs: CRS | None) -> Features:
    members = members_of(document)
    geometries = [member.get("geometry") for member in members]
    properties = [member.get("properties") for member in members]
    shapes, warnings = _shapes(geometries)
    declared = declared_crs(document)
    source = document.get(SOURCE_CRS)
    # Whatever they were before, coordinates beside that member are longitude and latitude.
    told = declared or (CRS84 if isinstance(source, str) else crs) or CRS84
    columns = _identified(members, _columns(properties))
    features = with_whole_characters(Features(shapes, columns, told, tuple(warnings)))
    features = (
        _taken_back(features, parse_crs(source)) if isinstance(source, str) and not declared else settle(features)
    )
    missing = len(features) - int(features.present.sum())
    if missing:
        features = features.warned(f"{missing} of {len(features)} features have no geometry.")
    return features


def _taken_back(features: Features, crs: CRS) -> Features:
    """What an earlier answer told in longitude and latitude, in its CRS, and valid there.

    What is valid in a plane may cross itself by rounding in another one. To repair it there would bend its edges.
    """
    present = features.shapes[features.present]
    if not crs.is_projected or not len(present):
        return taken_back(settle(features), crs)
    are_settled, west, east = _looked_at(present)
    if not are_settled or max(-west, east) > 180:
        return taken_back(settle(features), crs)
    return _repaired(taken_back(features, crs))


def members_of(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The Features of GeoJSON; a geometry is that of one."""
    if document.get("type") == "Feature":
        return [document]
    if document.get("type") != "FeatureCollection":
        return [{"geometry": document}]
    members = document.get("features")
    if not isinstance(members, list):
        refuse("the FeatureCollection has no array 'features'")
    for index, member in enumerate(cast("list[Any]", members)):
        if not isinstance(member, Mapping) or cast("Mapping[str, Any]", member).get("type") != "Feature":
            refuse(f"features[{index}] is not a Feature")
    return cast("list[Mapping[str, Any]]", members)


def _shapes(geometries: Sequence[Any]) -> tuple[Shapes, list[str]]:
    """Read in one go what GEOS reads, with heights; the reader that can explain what is wrong reads the rest."""
    try:
        # The texts of all at once would take as much memory as what they are made of is long.
        shapes = shapes_of(one for batch in batched(geometries, _BATCH) for one in _by_geos(batch))
    except (ShapelyError, UnicodeError):
        shapes = np.full(len(geometries), None, dtype=object)
    reader = GeoJSONReader()
    for index in np.flatnonzero(shapely.is_missing(shapes)).tolist():
        if geometries[index] is not None:
            shapes[index] = reader.read(_objects(geometries[index]))
    return shapes, reader.warnings()


def _by_geos(geometries: Sequence[Any]) -> Iterable[BaseGeometry | None]:
    texts = [
        None if one is None else one.text if isinstance(one, GeometryText) else json.dumps(one) for one in geometries
    ]
    return shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore").tolist()


def _objects(geometry: Any) -> Any:
    return geometry.parsed() if isinstance(geometry, GeometryText) else geometry


def _columns(properties: Sequence[Any]) -> dict[str, list[Any]]:
    rows = [cast("Mapping[str, Any]", row if isinstance(row, Mapping) else {}) for row in properties]
    return columns_of(rows)


def _identified(
    members: Sequence[Mapping[str, Any]], columns: Mapping[str, Sequence[Any]]
) -> Mapping[str, Sequence[Any]]:
    """The columns, before them the ids that stand beside the properties, where no property is called so.

    Those that only number the features, as GeoPandas writes them unasked, are left out.
    """
    ids = [one if isinstance(one, str | int | float) else None for one in (member.get("id") for member in members)]
    numbered = ids == [str(at) for at in range(len(ids))]
    if "id" in columns or numbered or all(one is None for one in ids):
        return columns
    return {"id": ids, **columns}


def declared_crs(document: Mapping[str, Any]) -> CRS | None:
    """What the `crs` member of GeoJSON before RFC 7946 says; of EPSG:4326 too the order was longitude, latitude."""
    declared: Any = document.get("crs")
    if declared is None:
        return None
    name = named_crs(declared)
    return CRS84 if WGS84_NAME.fullmatch(name.strip()) else parse_crs(name)


def _plane_warnings(shapes: Shapes, crs: CRS) -> tuple[str, ...]:
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        refuse("coordinates must be finite numbers")
    return like_degrees(shapely.total_bounds(shapes).tolist(), crs)


def _repaired(features: Features) -> Features:
    # What is empty is valid; no geometry is not.
    broken = np.flatnonzero(~(shapely.is_valid(features.shapes) | shapely.is_missing(features.shapes)))
    if not broken.size:
        return features
    shapes = features.shapes.copy()
    reason = str(shapely.is_valid_reason(shapes[broken[0]]))
    areal = of_type(shapes[broken], *POLYGONAL)
    shapes[broken] = valid_shapes(shapes[broken])
    gained = np.abs(shapely.area(shapes[broken]) - shapely.area(features.shapes[broken]))
    if areal.all() and (gained <= features.noise * shapely.length(features.shapes[broken])).all():
        # They were valid before their coordinates were rounded.
        return replace(features, shapes=shapes)
    told = f"{broken.size} of {len(features)} geometries" if len(features) > 1 else "An invalid geometry"
    verb = "were invalid and" if len(features) > 1 else "was"
    return replace(features, shapes=shapes).warned(
        f"{told} {verb} repaired ({reason}); check that the result is what was meant."
    )


def _wrapped(shapes: Shapes) -> Shapes:
    bounds = shapely.bounds(shapes)
    settled_shapes = shapes.copy()
    for index in np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180)).tolist():
        settled_shapes[index] = wrap(shapes[index])
    return settled_shapes
