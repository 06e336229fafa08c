"""Transformations of projected features in the plane of their CRS, of all of them at a time or of each."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import shapely

from backend.geo.geodesy.shapes import shapes_of
from backend.geo.geometry.transformations import CONCAVITY, Operation, Transformed, transform
from backend.geo.vector.features import Features, single
from backend.geo.vector.reading import GeometryInput


def _concave_hull(shapes: Any) -> Any:
    return cast("Any", shapely.concave_hull(shapes, ratio=CONCAVITY))


PLANAR: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "centroid": (shapely.centroid, "centre of area, else of length, else of the points"),
    "point-on-surface": (shapely.point_on_surface, "a point that is surely within it"),
    "convex-hull": (shapely.convex_hull, "smallest convex geometry around it"),
    "concave-hull": (_concave_hull, f"concave hull of the vertices, ratio {CONCAVITY}"),
    "envelope": (shapely.envelope, "box along the axes of the CRS"),
    "oriented-box": (shapely.oriented_envelope, "rectangle of the smallest area around it, at any angle"),
}
"""What is exact in the plane, and is right for many geometries at once."""


def transform_each(features: Features, operation: Operation, spacing: float | None) -> tuple[Features, str, str]:
    """The features with their geometries transformed, each by itself; the method; and the plane.

    Raises:
        ProcessRefusedError: the operation has no answer for one of them.
    """
    flat = features.with_shapes(shapely.force_2d(features.shapes))
    if features.crs.is_projected and operation in PLANAR:
        function, method = PLANAR[operation]
        return flat.with_shapes(np.array(function(flat.shapes), dtype=object)), method, features.plane
    lonlat = flat.lonlat()
    made = [transform(shape, operation, spacing) for shape in lonlat.shapes.tolist()]
    shapes = shapes_of(one.shape for one in made)
    warnings = [warning for one in made for warning in one.warnings]
    planes = list(dict.fromkeys(one.crs_decision for one in made))
    plane = planes[0] if len(planes) == 1 else f"{planes[0]}; of each feature its own"
    return lonlat.with_shapes(shapes).warned(*warnings), made[0].method, plane


def transform_all(geometry: GeometryInput, operation: Operation, spacing: float | None) -> Transformed:
    """One geometry made of all, in longitude and latitude.

    Raises:
        ProcessRefusedError: the operation has no answer.
    """
    native = geometry.native
    if native is None or not native.crs.is_projected or operation not in PLANAR:
        return transform(geometry.shape, operation, spacing)
    function, method = PLANAR[operation]
    shape = function(shapely.force_2d(single(native)))
    (lonlat,) = Features(shapes_of([shape]), crs=native.crs).lonlat().shapes.tolist()
    return Transformed(lonlat, method, native.plane)
