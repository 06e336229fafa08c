"""Spatial literals and predicates of CQL2 (OGC 21-065r2, 7.6)."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.antimeridian import lonlat_box
from backend.geo.geodesy.crs import code_of
from backend.geo.geodesy.shapes import Shapes, shapes_of
from backend.geo.vector.bending import in_one_crs
from backend.geo.vector.columns import Column, condition
from backend.geo.vector.extents import extents_apart, meet_turned
from backend.geo.vector.feature_reading import read_features, settle
from backend.geo.vector.features import Features, single
from backend.geo.vector.fields import is_number, shown

PREDICATES: Mapping[str, Callable[[Shapes, Shapes], Any]] = {
    "s_intersects": shapely.intersects,
    "s_disjoint": shapely.disjoint,
    "s_contains": shapely.contains,
    "s_within": shapely.within,
    "s_touches": shapely.touches,
    "s_crosses": shapely.crosses,
    "s_overlaps": shapely.overlaps,
    "s_equals": shapely.equals,
}
_TURNED = {name: name for name in PREDICATES} | {"s_contains": "s_within", "s_within": "s_contains"}
"""The same relation with its sides exchanged."""
GEOMETRY_NAMES = frozenset(("geometry", "geom", "the_geom", "shape", "wkb_geometry", "geometry_wkt", "wkt"))


def is_spatial(node: Any) -> bool:
    """A literal of CQL2 JSON that is a geometry or a box."""
    return isinstance(node, Mapping) and any(key in node for key in ("wkt", "bbox", "coordinates", "geometries"))


def literal_geometry(node: Mapping[str, Any], crs: CRS) -> Features:
    """Read a geometry whose coordinates are in this CRS, x (longitude, easting) first; one feature.

    Raises:
        ProcessRefusedError: it is no geometry, or is not where the CRS has places.
    """
    try:
        if "bbox" in node:
            return settle(Features(shapes_of([_box(node["bbox"], crs)]), crs=crs))
        read = read_features(node.get("wkt", node), crs)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(
            f"a geometry of the filter, taken for coordinates in {code_of(crs)} (filter_crs says otherwise): {error}"
        ) from error
    return read.with_shapes(shapes_of([single(read)]))


def related(operation: str, first: Features, second: Features, warnings: list[str]) -> Column:
    """Where the relation holds, in the plane of the one CRS of both sides, else that of longitude and latitude."""
    first, second = in_one_crs(first, second)
    warnings += [*first.warnings, *second.warnings]
    known = ~(shapely.is_missing(first.shapes) | shapely.is_missing(second.shapes))
    warnings += () if operation == "s_disjoint" else _apart(first, second)
    left, right = first.shapes, second.shapes
    if len(right) == 1:
        operation, left, right = _TURNED[operation], right, left
    if len(left) == 1:
        # The relation of one geometry with many is found faster where its index is kept.
        shapely.prepare(left)
    return condition(PREDICATES[operation](left, right), known)


def _apart(first: Features, second: Features) -> tuple[str, ...]:
    """A warning where the features are nowhere near the geometry of the filter, which few filters mean."""
    extents = extents_apart(first, second)
    if extents is None:
        return ()
    turned = " x (longitude, easting) comes first: with y first they would." if meet_turned(first, second) else ""
    return (f"The two sides of a predicate do not meet at all: their extents are {extents}.{turned}",)


def _box(numbers: Any, crs: CRS) -> BaseGeometry:
    if not isinstance(numbers, list) or len(cast("list[Any]", numbers)) not in (4, 6):
        refuse("a BBOX has the four numbers west, south, east, north")
    values = cast("list[Any]", numbers)
    if not all(is_number(value) for value in values):
        refuse(f"a BBOX has numbers only, not {shown(values)}")
    half = len(values) // 2
    west, south, east, north = float(values[0]), float(values[1]), float(values[half]), float(values[half + 1])
    if south > north:
        refuse(f"the south of the BBOX, {south:g}, lies north of its north, {north:g}")
    if west > east and crs.is_projected:
        refuse(f"the west of the BBOX, {west:g}, lies east of its east, {east:g}")
    return lonlat_box(west, south, east, north)
