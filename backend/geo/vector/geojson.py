"""GeoJSON objects to shapely geometries, with refusals that say where the fault is."""

import re
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse
from backend.geo.vector.fields import listed
from backend.geo.vector.service_errors import told_by_object

WGS84_NAME = re.compile(r"(.*[:/#])?(CRS:?84h?|EPSG[:/]+([\d.]*[:/])?4326)", re.IGNORECASE)
"""Names of WGS 84 in the `crs` member of GeoJSON before RFC 7946; axis order was longitude, latitude even then."""


class GeoJSONReader:
    """Reads one GeoJSON object and counts what it met on the way."""

    def __init__(self) -> None:
        self.features: int | None = None
        """Features with a geometry, where the object is a FeatureCollection."""
        self._without_geometry = 0
        self._unclosed = 0
        self._heights = False

    def read(self, value: Any) -> BaseGeometry:
        """The object's geometry; of a FeatureCollection, all geometries in a collection.

        Raises:
            ProcessRefusedError: the object is no GeoJSON, has no geometry, or another CRS.
        """
        if not isinstance(value, Mapping):
            refuse(f"expected a GeoJSON object or WKT, not {_kind(value)}")
        members = cast("Mapping[str, Any]", value)
        if "type" not in members:
            there = listed(list(members)) or "nothing"
            refuse(told_by_object(members) or f"the object is no GeoJSON, whose objects have a type: it has {there}")
        _check_crs(members.get("crs"))
        match members.get("type"):
            case "FeatureCollection":
                return self._collection(members)
            case "Feature":
                if members.get("geometry") is None:
                    refuse("the Feature has no geometry")
                return self._geometry(members["geometry"], "geometry")
            case _:
                return self._geometry(members, "")

    def warnings(self) -> list[str]:
        """What was ignored or mended."""
        found: list[str] = []
        if self._without_geometry:
            total = self._without_geometry + (self.features or 0)
            found.append(f"{self._without_geometry} of {total} features have no geometry and were ignored.")
        if self._unclosed:
            found.append(f"{self._unclosed} polygon rings did not end where they began and were closed.")
        if self._heights:
            found.append("Heights were ignored.")
        return found

    def _collection(self, members: Mapping[str, Any]) -> BaseGeometry:
        features = members.get("features")
        if not isinstance(features, list):
            refuse("the FeatureCollection has no array 'features'")
        shapes: list[BaseGeometry] = []
        for index, feature in enumerate(cast("list[Any]", features)):
            where = f"features[{index}]"
            if not isinstance(feature, Mapping) or cast("Mapping[str, Any]", feature).get("type") != "Feature":
                refuse(f"{where} is not a Feature")
            geometry = cast("Mapping[str, Any]", feature).get("geometry")
            shape = self._geometry(geometry, f"{where}.geometry") if geometry is not None else shapely.Point()
            if shape.is_empty:
                self._without_geometry += 1
            else:
                shapes.append(shape)
        if not shapes:
            refuse("the FeatureCollection has no feature with a geometry")
        self.features = len(shapes)
        return shapely.GeometryCollection(shapes)

    def _geometry(self, value: Any, where: str) -> BaseGeometry:
        if not isinstance(value, Mapping):
            refuse(f"{where or 'the geometry'} is not a GeoJSON geometry, but {_kind(value)}")
        members = cast("Mapping[str, Any]", value)
        kind = members.get("type")
        if kind == "GeometryCollection":
            geometries = members.get("geometries")
            if not isinstance(geometries, list):
                refuse(f"{where or 'the GeometryCollection'} has no array 'geometries'")
            inside = f"{where}.geometries" if where else "geometries"
            parts = [self._geometry(part, f"{inside}[{i}]") for i, part in enumerate(cast("list[Any]", geometries))]
            return shapely.GeometryCollection(parts)
        builders: Mapping[Any, Callable[[Any, str], BaseGeometry]] = {
            "Point": self._point,
            "MultiPoint": lambda items, at: shapely.MultiPoint(_each(items, at, self._point)),
            "LineString": self._line,
            "MultiLineString": lambda items, at: shapely.MultiLineString(_each(items, at, self._line)),
            "Polygon": self._polygon,
            "MultiPolygon": lambda items, at: shapely.MultiPolygon(_each(items, at, self._polygon)),
        }
        if not isinstance(kind, str) or kind not in builders:
            hint = "; TopoJSON stands alone" if kind == "Topology" else ""
            failed = None if where else told_by_object(members)
            refuse(failed or f"{where or 'the object'} has no GeoJSON type: {kind!r:.40}{hint}")
        if "coordinates" not in members:
            refuse(f"{where or 'the ' + kind} has no coordinates")
        return builders[kind](members["coordinates"], f"{where}.coordinates" if where else "coordinates")

    def _point(self, value: Any, where: str) -> shapely.Point:
        if value == []:
            return shapely.Point()
        return shapely.Point(self._positions([value], where)[0])

    def _line(self, value: Any, where: str) -> shapely.LineString:
        positions = self._positions(value, where)
        if len(positions) == 1:
            refuse(f"{where} has one position; a line needs two")
        return shapely.LineString(positions)

    def _polygon(self, value: Any, where: str) -> shapely.Polygon:
        rings = _each(value, where, self._ring)
        return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()

    def _ring(self, value: Any, where: str) -> Any:
        positions = self._positions(value, where)
        if len(positions) and not np.array_equal(positions[0], positions[-1]):
            self._unclosed += 1
            positions = np.vstack([positions, positions[:1]])
        if 0 < len(positions) < 4:
            refuse(f"{where} has {len(positions)} positions; a polygon's ring needs four, the last equal to the first")
        return positions

    def _positions(self, value: Any, where: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Positions without their heights, n × 2."""
        if not isinstance(value, list):
            refuse(f"{where} must be an array of positions, not {_kind(value)}")
        items = cast("list[Any]", value)
        if not items:
            return np.empty((0, 2))
        for index, item in enumerate(items):
            if not isinstance(item, (list, tuple)) or len(cast("list[Any]", item)) < 2:
                refuse(f"{where}[{index}] is not a position: it must be [longitude, latitude]")
        if not set(map(type, chain.from_iterable(items))) <= {int, float}:
            refuse(f"{where} has positions with something else than numbers")
        self._heights |= any(len(item) > 2 for item in items)
        try:
            positions = np.array([position[:2] for position in items], dtype=np.float64)
        except OverflowError:
            refuse(f"{where} has numbers beyond all range")
        if not np.isfinite(positions).all():
            refuse(f"{where} has coordinates that are not finite")
        return positions


def _each[T](items: Any, where: str, build: Callable[[Any, str], T]) -> list[T]:
    if not isinstance(items, list):
        refuse(f"{where} must be an array, not {_kind(items)}")
    return [build(item, f"{where}[{index}]") for index, item in enumerate(cast("list[Any]", items))]


def _check_crs(crs: Any) -> None:
    """Refuse the `crs` member of GeoJSON before RFC 7946 unless it names WGS 84; others were read before."""
    if crs is None:
        return
    name = named_crs(crs)
    if not WGS84_NAME.fullmatch(name.strip()):
        refuse(f"crs {name[:60]!r} is not supported: no CRS is known by it; give a code such as EPSG:25832")


def named_crs(crs: Any) -> str:
    """The name in the member `crs` of GeoJSON before RFC 7946.

    Raises:
        ProcessRefusedError: it has another form, such as a link.
    """
    properties: Any = cast("Mapping[str, Any]", crs).get("properties") if isinstance(crs, Mapping) else None
    name: Any = cast("Mapping[str, Any]", properties).get("name") if isinstance(properties, Mapping) else None
    if not isinstance(name, str):
        form = '{"type": "name", "properties": {"name": "EPSG:25832"}}'
        refuse(f"the form of the member crs is not supported, it names no CRS: it must be {form} (GeoJSON of 2008)")
    return name


def _kind(value: Any) -> str:
    names = {"dict": "an object", "list": "an array", "str": "a string", "bool": "a boolean", "NoneType": "null"}
    return names.get(type(value).__name__, "a number")
