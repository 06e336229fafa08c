"""Transformations of projected features in the plane of their CRS, of all of them at a time or of each."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import shapely

from backend.geo.geodesy.crs import metres_per_unit
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.measure import by_dimension, segment_lengths, segments
from backend.geo.geodesy.shapes import Shapes, flat, in_the_plane, shapes_of
from backend.geo.geometry.transformations import (
    CONCAVITY,
    PLANE,
    Operation,
    Transformed,
    box_warning,
    boxes,
    checked_spacing,
    transform,
)
from backend.geo.vector.features import Features, single
from backend.geo.vector.field_names import free_name
from backend.geo.vector.reading import GeometryInput
from backend.geo.vector.source_crs import taken_back


def _concave_hull(shapes: Any) -> Any:
    return cast("Any", shapely.concave_hull(shapes, ratio=CONCAVITY))


def _oriented_boxes(shapes: Any) -> Any:
    # Each from its own corner: with coordinates of millions of metres GEOS's would be some millimetres beside it.
    corners = shapely.bounds(shapes)[:, :2]
    there = cast("Any", shapely.oriented_envelope(_moved(shapes, -corners)))
    return _moved(there, corners)


def _moved(shapes: Shapes, by: Array) -> Any:
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    # Geometries stay as they are: others take their places in the array.
    return shapely.set_coordinates(shapes.copy(), coordinates + by[owners])


PLANAR: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "centroid": (shapely.centroid, "centre of area, else of length, else of the points"),
    "point-on-surface": (shapely.point_on_surface, "a point that is surely within it"),
    "convex-hull": (shapely.convex_hull, "smallest convex geometry around it"),
    "concave-hull": (_concave_hull, f"concave hull of the vertices, ratio {CONCAVITY}"),
    "envelope": (boxes, "box along the axes of the CRS"),
    "oriented-box": (_oriented_boxes, "rectangle of the smallest area around it, at any angle"),
}
"""What is exact in the plane, and is right for many geometries at once."""
REARRANGING = frozenset(("boundary", "explode", "collect", "to-line", "to-polygon", "orient"))
"""What takes vertices as they are: its edges are straight in whatever plane they were."""
AT_ONCE = frozenset(("convex-hull", "point-on-surface"))
"""What is the same in the plane of longitude and latitude, of geometries that do not go around the Earth."""
MEASURABLE = 0.01
"""Share of the longest edge below which rounding would count too much in the scale of an edge."""


def exploded(features: Features) -> Features:
    """A feature for each part, with the attributes of its feature and its number in it, from 0, as `part`."""
    parts, owners = flat(in_the_plane(features.shapes))
    number = np.arange(len(owners)) - np.searchsorted(owners, owners)
    name = free_name("part", features.fields, "_")
    return features.take(owners).with_shapes(parts).with_fields({name: number.tolist()})


def transform_each(features: Features, operation: Operation, spacing: float | None) -> tuple[Features, str, str]:
    """The features with their geometries transformed, each by itself; the method; and the plane.

    Raises:
        ProcessRefusedError: the operation has no answer for one of them.
    """
    level = features.with_shapes(in_the_plane(features.shapes))
    if _has_planar_way(features, operation):
        made, method = _in_the_plane(level, operation, spacing)
        return made, method, features.plane
    lonlat = level.lonlat()
    if operation in AT_ONCE and _is_narrow(lonlat):
        made, method = _in_the_plane(lonlat, operation, spacing)
        return made, method, PLANE
    transformed = [transform(shape, operation, spacing) for shape in lonlat.shapes.tolist()]
    warnings = [warning for one in transformed for warning in one.warnings]
    planes = list(dict.fromkeys(one.crs_decision for one in transformed))
    plane = planes[0] if len(planes) == 1 else f"{planes[0]}; of each feature its own"
    made = lonlat.with_shapes(shapes_of(one.shape for one in transformed)).warned(*warnings)
    if features.crs.is_projected and operation in REARRANGING:
        made, plane = taken_back(made, features.crs), features.plane
    return made, transformed[0].method, plane


def transform_all(geometry: GeometryInput, operation: Operation, spacing: float | None) -> Transformed:
    """One geometry made of all, in longitude and latitude.

    Raises:
        ProcessRefusedError: the operation has no answer.
    """
    native = geometry.native
    if native is None or not _has_planar_way(native, operation):
        return transform(geometry.shape, operation, spacing)
    whole = Features(shapes_of([shapely.force_2d(single(native))]), crs=native.crs)
    made, method = _in_the_plane(whole, operation, spacing)
    (lonlat,) = made.lonlat().shapes.tolist()
    return Transformed(lonlat, method, native.plane, made.warnings)


def _has_planar_way(features: Features, operation: Operation) -> bool:
    return features.crs.is_projected and (operation in PLANAR or operation == "densify")


def _is_narrow(features: Features) -> bool:
    """Whether no geometry is nearer to itself the other way around the Earth."""
    bounds = shapely.bounds(features.shapes)
    return bool((bounds[:, 2] - bounds[:, 0] <= 180).all())


def _in_the_plane(features: Features, operation: Operation, spacing: float | None) -> tuple[Features, str]:
    """Features transformed in their plane, and the method."""
    if operation == "densify":
        return _densified(features, spacing)
    function, method = PLANAR[operation]
    made = features.with_shapes(np.array(function(features.shapes), dtype=object))
    return (made.warned(*box_warning(made.shapes)) if operation == "envelope" else made), method


def _densified(features: Features, spacing: float | None) -> tuple[Features, str]:
    """With vertices along edges that are straight in the plane, so many that none is longer than `spacing` metres on
    the ground.
    """
    unit = metres_per_unit(features.crs) or 1.0
    length = float(np.nansum(shapely.length(features.shapes))) * unit
    longest = checked_spacing(spacing, length, int(shapely.count_coordinates(features.shapes)))
    method = f"vertices added along edges straight in the {features.plane}, at most {longest:.10g} m apart"
    if not length:
        return features, method
    trial = features.with_shapes(shapely.segmentize(features.shapes, longest / unit))
    step = longest / _metres_per_step(trial)
    return features.with_shapes(shapely.segmentize(features.shapes, step)), method


def _metres_per_step(features: Features) -> float:
    """The most metres on the ground that an edge has for each unit of its length in the plane."""
    areal, _, linear, _ = by_dimension(features.shapes)
    start, end, _ = segments(np.concatenate([linear, np.array(shapely.boundary(areal), dtype=object)]))
    planar = np.hypot(*(end - start).T)
    measurable = planar > MEASURABLE * planar.max()
    ends: Any = shapely.points(np.vstack([start[measurable], end[measurable]]))
    lonlat = shapely.get_coordinates(Features(ends, crs=features.crs).lonlat().shapes)
    count = len(lonlat) // 2
    ground = segment_lengths(lonlat[:count], lonlat[count:], "geodesic")
    return float((ground / planar[measurable]).max())
