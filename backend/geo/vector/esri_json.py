"""Features as ArcGIS services and programs write them in JSON (Esri JSON)."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.features import Features
from backend.geo.vector.fields import columns_of, is_number, listed, shown
from backend.geo.vector.half_characters import with_whole_characters

type Members = Mapping[str, Any]
type _Build = Callable[[Members, int], BaseGeometry]
"""Takes a geometry and how many numbers of each position are coordinates."""

_WEB_MERCATOR = {102100: 3857, 102113: 3857}
"""Numbers that Esri gave what the EPSG has by others, and that services still tell."""
_WGS84 = 4326
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURVED = ("curveRings", "curvePaths", "c")


def is_esri_json(value: Any) -> bool:
    """Whether an object is a geometry, a feature or features of Esri JSON, which have no type as those of GeoJSON."""
    if not isinstance(value, Mapping) or "type" in value:
        return False
    members = cast("Members", value)
    found = members.get("features")
    if isinstance(found, list):
        features = cast("list[Any]", found)
        told = "spatialReference" in members or "geometryType" in members
        return told or (bool(features) and all(map(_is_feature, features)))
    return _is_feature(members) or _builder(members) is not None


def read_esri_json(document: Members, crs: CRS | None = None) -> Features:
    """The features; times, which it counts in milliseconds, as texts in ISO 8601.

    crs: of coordinates that do not tell theirs; longitude and latitude on WGS 84 by default.

    Raises:
        ProcessRefusedError: a geometry is none, or in no CRS that has a code.
    """
    features = _features(document)
    geometries = [feature.get("geometry") for feature in features]
    size = 3 if document.get("hasZ") is True else 2
    shapes = shapes_of(_shape(one, f"features[{index}].geometry", size) for index, one in enumerate(geometries))
    told: list[str] = []
    rows = [cast("Members", feature.get("attributes") or {}) for feature in features]
    columns = columns_of(rows)
    for name in _dates(document):
        if name in columns:
            columns[name] = [_moment(value) for value in columns[name]]
    if document.get("exceededTransferLimit") is True:
        told.append(f"The service had more features than the {len(features)} that it sent (exceededTransferLimit).")
    read = Features(shapes, columns, _crs(document, geometries) or crs or CRS84, tuple(told))
    read = with_whole_characters(read)
    missing = len(read) - int(read.present.sum())
    return read.warned(f"{missing} of {len(read)} features have no geometry.") if missing else read


def _features(document: Members) -> Sequence[Members]:
    """Those of a set, a single one, or one that has the geometry alone."""
    found = document.get("features")
    if not isinstance(found, list):
        return [document if _is_feature(document) else {"geometry": document}]
    features = cast("list[Any]", found)
    for index, feature in enumerate(features):
        if not isinstance(feature, Mapping) or not isinstance(feature.get("attributes", {}), Mapping | None):
            refuse(f"features[{index}] is no feature of Esri JSON, which has attributes and a geometry")
    return features


def _is_feature(value: Any) -> bool:
    return isinstance(value, Mapping) and "type" not in value and isinstance(value.get("attributes"), Mapping)


def _builder(members: Members) -> _Build | None:
    if "x" in members and "y" in members and set(members) <= {"x", "y", "z", "m", "id", "spatialReference"}:
        return _point
    found = [_BUILDERS[name] for name in _BUILDERS if isinstance(members.get(name), list)]
    return found[0] if found else _box if {"xmin", "ymin", "xmax", "ymax"} <= set(members) else None


def _shape(geometry: Any, where: str, size: int) -> BaseGeometry | None:
    if geometry is None:
        return None
    members: Members = cast("Members", geometry) if isinstance(geometry, Mapping) else {}
    if any(name in members for name in _CURVED):
        refuse(f"{where} has curves, which are not read: a service leaves them out with returnTrueCurves=false")
    build = _builder(members)
    if build is None:
        refuse(f"{where} has neither x and y nor points, paths or rings, but {listed(list(members)) or 'nothing'}")
    try:
        return build(members, 3 if members.get("hasZ") is True else size)
    except (ShapelyError, TypeError, ValueError, OverflowError) as error:
        refuse(f"{where} cannot be read: {str(error)[:100]}")


def _point(members: Members, _size: int) -> BaseGeometry:
    x, y = members["x"], members["y"]
    if x is None or x == "NaN":
        return shapely.Point()
    return shapely.Point([x, y, *([members["z"]] if is_number(members.get("z")) else [])])


def _points(members: Members, size: int) -> BaseGeometry:
    return shapely.MultiPoint(_positions(members["points"], size)) if members["points"] else shapely.MultiPoint()


def _lines(members: Members, size: int) -> BaseGeometry:
    parts = [shapely.LineString(_positions(path, size)) for path in members["paths"] if path]
    return parts[0] if len(parts) == 1 else shapely.MultiLineString(parts)


def _polygons(members: Members, size: int) -> BaseGeometry:
    """Outer rings run clockwise, holes the other way; these come in any order."""
    rings = shapes_of(shapely.LinearRing(_positions(ring, size)) for ring in members["rings"] if ring)
    backwards: Booleans = shapely.is_ccw(rings)
    if backwards.all():
        backwards[:] = False
    holes = rings[backwards]
    outer = shapes_of(shapely.Polygon(ring) for ring in rings[~backwards].tolist())
    inner, around = shapely.STRtree(outer).query(holes, predicate="covered_by")
    # Of outer rings within each other a hole is one of the smallest.
    order = np.argsort(-shapely.area(outer)[around], kind="stable")
    owners: dict[int, int] = dict(zip(inner[order].tolist(), around[order].tolist(), strict=True))
    within: list[list[Any]] = [[] for _ in range(len(outer))]
    for hole, owner in owners.items():
        within[owner].append(holes[hole])
    parts = [shapely.Polygon(ring, cut) for ring, cut in zip(rings[~backwards].tolist(), within, strict=True)]
    parts += [shapely.Polygon(ring) for index, ring in enumerate(holes.tolist()) if index not in owners]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _box(members: Members, _size: int) -> BaseGeometry:
    west, south, east, north = (float(members[name]) for name in ("xmin", "ymin", "xmax", "ymax"))
    return shapely.box(west, south, east, north)


def _positions(items: Any, size: int) -> Array:
    """Without measures, which stand in the place of heights where there are none."""
    return np.array([position[:size] for position in items], dtype=np.float64)


_BUILDERS: Mapping[str, _Build] = {
    "points": _points,
    "paths": _lines,
    "rings": _polygons,
}


def _crs(document: Members, geometries: Iterable[Any]) -> CRS | None:
    told = [document.get("spatialReference")]
    told += [cast("Members", one).get("spatialReference") for one in geometries if isinstance(one, Mapping)]
    codes = {_code(cast("Members", one)) for one in told if isinstance(one, Mapping) and one}
    if len(codes) > 1:
        first, second, *_ = sorted(codes)
        refuse(f"the geometries tell several CRSs, wkid {first} and {second}: give those of each by themselves")
    return _named(codes.pop()) if codes else None


def _code(reference: Members) -> int:
    code = reference.get("latestWkid", reference.get("wkid"))
    if not isinstance(code, int) or isinstance(code, bool):
        refuse("the spatialReference tells no wkid: ask the service for outSR=4326")
    return _WEB_MERCATOR.get(code, code)


def _named(code: int) -> CRS:
    if code == _WGS84:
        return CRS84
    with contextlib.suppress(ProcessRefusedError):
        return parse_crs(f"EPSG:{code}")
    return parse_crs(f"ESRI:{code}")


def _dates(document: Members) -> list[str]:
    """The names of the fields that hold times."""
    fields = document.get("fields")
    members = cast("list[Any]", fields) if isinstance(fields, list) else []
    found = [cast("Members", one) for one in members if isinstance(one, Mapping)]
    return [str(field.get("name")) for field in found if field.get("type") == "esriFieldTypeDate"]


def _moment(value: Any) -> Any:
    """The time of so many milliseconds since 1970, as ISO 8601; other values as they are."""
    if not is_number(value):
        return value
    try:
        return (_EPOCH + timedelta(milliseconds=value)).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError):
        return shown(value)
