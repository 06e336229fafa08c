"""What a geometry can be turned into, with the plane in which it was done."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.antimeridian import bounding_box, collect, flat_parts, outline, the_short_way, wrap
from backend.geo.geodesy.centroid import centroid
from backend.geo.geodesy.ellipsoid import METRES_PER_DEGREE, Array
from backend.geo.geodesy.shapes import Shapes, shapes_of, valid_polygons

type Operation = Literal[
    "centroid",
    "point-on-surface",
    "convex-hull",
    "concave-hull",
    "envelope",
    "oriented-box",
    "boundary",
    "explode",
    "collect",
    "to-line",
    "to-polygon",
    "densify",
    "orient",
    "split-antimeridian",
]
PLANE = "plane of longitude and latitude (RFC 7946)"
CONCAVITY = 0.3
"""Of 0 (as concave as can be) to 1 (the convex hull)."""
WIDE = 10.0
"""Degrees of latitude within which one scale of longitude is right to some per cent at middle latitudes."""
MAX_VERTICES = 500_000
MIN_SPACING = 0.001
"""Metres."""


@dataclass(frozen=True, slots=True)
class Transformed:
    """A geometry within [-180, 180] × [-90, 90], and how it was made."""

    shape: BaseGeometry
    method: str
    crs_decision: str
    warnings: tuple[str, ...] = ()


def transform(shape: BaseGeometry, operation: Operation, spacing: float | None = None) -> Transformed:
    """Transform a geometry within [-180, 180] × [-90, 90].

    `spacing` is the longest edge in metres that `densify` leaves.

    Raises:
        ProcessRefusedError: the operation has no answer for this geometry.
    """
    if operation == "densify":
        return _densify(shape, spacing)
    return OPERATIONS[operation](shape)


def unwrapped(shape: BaseGeometry) -> BaseGeometry:
    """The geometry in one piece: what is west of the widest gap between its parts is moved 360° to the east.

    Polygons that meet at the antimeridian become one.
    """
    west, _, east, _ = bounding_box(shape)
    parts = flat_parts(shape)
    if west <= east:
        return shape
    moved = [part if part.bounds[0] >= west else affinity.translate(part, 360) for part in parts]
    areal = shapely.union_all([part for part in moved if part.geom_type == "Polygon"])
    lines = [part for part in moved if isinstance(part, shapely.LineString)]
    merged = flat_parts(linemerge(lines)) if lines else []
    return collect([areal, *merged, *(part for part in moved if part.geom_type == "Point")])


def _centroid(shape: BaseGeometry) -> Transformed:
    found = centroid(shape)
    return Transformed(shapely.Point(found.position), found.method, found.crs_decision, found.warnings)


def _point_on_surface(shape: BaseGeometry) -> Transformed:
    point = shapely.point_on_surface(unwrapped(shape))
    return Transformed(wrap(point), "a point that is surely within it", PLANE)


def _convex_hull(shape: BaseGeometry) -> Transformed:
    hull = shapely.convex_hull(unwrapped(shape))
    return Transformed(_finished(hull), "smallest convex geometry around it", PLANE, _pole_warning(shape))


def _concave_hull(shape: BaseGeometry) -> Transformed:
    hull, plane, warnings = _in_local_scale(shape, lambda flat: shapely.concave_hull(flat, ratio=CONCAVITY))
    return Transformed(hull, f"concave hull of the vertices, ratio {CONCAVITY}", plane, warnings)


def _oriented_box(shape: BaseGeometry) -> Transformed:
    box, plane, warnings = _in_local_scale(shape, shapely.oriented_envelope)
    return Transformed(box, "rectangle of the smallest area around it, at any angle", plane, warnings)


def _envelope(shape: BaseGeometry) -> Transformed:
    west, south, east, north = bounding_box(shape)
    diagonal = shapely.LineString([(west, south), (east if east >= west else east + 360, north)])
    (box,) = boxes(shapes_of([diagonal]))
    made = "narrowest box along meridians and parallels; split where it crosses the antimeridian"
    return Transformed(_finished(box), made, PLANE, (*_pole_warning(shape), *box_warning(shapes_of([box]))))


def boxes(shapes: Shapes) -> Shapes:
    """The box of each along the axes; a line or a point where there is no width or height, never a flat polygon."""
    bounds = shapely.bounds(shapes).reshape(-1, 2, 2)
    made = np.array(shapely.envelope(shapes), dtype=object)
    lines = np.flatnonzero((bounds[:, 0] == bounds[:, 1]).sum(axis=1) == 1)
    made[lines] = shapely.linestrings(bounds[lines])
    return made


def box_warning(made: Shapes) -> tuple[str, ...]:
    """A warning where some boxes are none."""
    flat = (shapely.get_dimensions(made) < 2) & ~shapely.is_empty(made)
    return ("A box has no width or no height: it is a line or a point.",) if flat.any() else ()


def _boundary(shape: BaseGeometry) -> Transformed:
    found = collect(outline(part) if "Polygon" in part.geom_type else _ends(part) for part in _whole_polygons(shape))
    if found.is_empty:
        _refuse("it has no boundary: only polygons and open lines have one")
    made = "outlines of polygons without cuts along the antimeridian and edges along a pole; ends of lines"
    return Transformed(found, made, PLANE)


def _ends(line: BaseGeometry) -> BaseGeometry:
    """Without those where a line is cut along the antimeridian."""
    return wrap(unwrapped(line).boundary)


def _whole_polygons(shape: BaseGeometry) -> list[BaseGeometry]:
    """The geometry's members; both sides of a polygon that is cut at the antimeridian stay together."""
    if shape.geom_type == "GeometryCollection":
        return [item for member in shapely.get_parts(shape) for item in _whole_polygons(member)]
    return [shape]


def _explode(shape: BaseGeometry) -> Transformed:
    return Transformed(shapely.GeometryCollection(flat_parts(shape)), "parts as single geometries", PLANE)


def _collect(shape: BaseGeometry) -> Transformed:
    return Transformed(collect([shape]), "all parts as one geometry, of a Multi type where they are of one kind", PLANE)


def _to_line(shape: BaseGeometry) -> Transformed:
    line, warnings = _through_vertices(shape, 2)
    return Transformed(wrap(shapely.LineString(line)), "a line through the points, in the order given", PLANE, warnings)


def _to_polygon(shape: BaseGeometry) -> Transformed:
    ring, warnings = _through_vertices(shape, 3)
    polygon = shapely.Polygon(ring)
    if not polygon.is_valid:
        reason = shapely.is_valid_reason(polygon)
        warnings = (*warnings, f"The outline was repaired ({reason}); is the order of the points right?")
    found: BaseGeometry = polygon if polygon.is_valid else valid_polygons(shapes_of([polygon]))[0]
    if found.is_empty or shapely.get_dimensions(found) < 2:
        _refuse("the points lie on one line: they enclose no area")
    return Transformed(
        _finished(found), "the polygon whose outline runs through the points, in the order given", PLANE, warnings
    )


def _through_vertices(shape: BaseGeometry, fewest: int) -> tuple[Array, tuple[str, ...]]:
    """The vertices of points or lines one after the other, longitudes going on beyond ±180 rather than jumping."""
    parts = flat_parts(shape)
    if any(part.geom_type == "Polygon" for part in parts):
        _refuse("points or lines are needed; boundary makes lines of polygons")
    vertices = shapely.remove_repeated_points(shapely.LineString(np.repeat(shapely.get_coordinates(parts), 2, axis=0)))
    if len(np.unique(shapely.get_coordinates(vertices), axis=0)) < fewest:
        _refuse(f"at least {fewest} different points are needed")
    shorter = the_short_way(vertices)
    if shorter.equals(vertices):
        return shapely.get_coordinates(vertices), ()
    crossing = "Points on both sides of the antimeridian were joined the short way, across it."
    return shapely.get_coordinates(shorter), (crossing,)


def _orient(shape: BaseGeometry) -> Transformed:
    parts = [shapely.orient_polygons(part) if part.geom_type == "Polygon" else part for part in flat_parts(shape)]
    return Transformed(collect(parts), "outer rings counterclockwise, holes clockwise (RFC 7946, 3.1.6)", PLANE)


def _split(shape: BaseGeometry) -> Transformed:
    shorter = collect([the_short_way(part) for part in flat_parts(shape)])
    made = "edges that span more than 180° of longitude taken the short way, and split at the antimeridian"
    return Transformed(wrap(_valid(shorter)), made, PLANE)


def checked_spacing(spacing: float | None, length: float, vertices: int) -> float:
    """The longest edge in metres that may stay in geometries of so many metres and vertices.

    Raises:
        ProcessRefusedError: it is not told, too short, or would make too many vertices.
    """
    if spacing is None:
        _refuse("densify needs max_segment: the longest edge that may stay", "$.inputs.max_segment")
    if not spacing >= MIN_SPACING:
        _refuse(f"max_segment must be at least {MIN_SPACING} m", "$.inputs.max_segment")
    if length / spacing + vertices > MAX_VERTICES:
        _refuse(f"max_segment would make more than {MAX_VERTICES} vertices", "$.inputs.max_segment")
    return spacing


def _densify(shape: BaseGeometry, spacing: float | None) -> Transformed:
    length = METRES_PER_DEGREE * sum(part.length for part in flat_parts(shape))
    longest = checked_spacing(spacing, length, int(shapely.count_coordinates(shape)))
    made = f"vertices added along edges straight in longitude and latitude, at most {longest:.10g} m apart"
    return Transformed(shapely.segmentize(shape, longest / METRES_PER_DEGREE), made, PLANE)


OPERATIONS: Mapping[str, Callable[[BaseGeometry], Transformed]] = {
    "centroid": _centroid,
    "point-on-surface": _point_on_surface,
    "convex-hull": _convex_hull,
    "concave-hull": _concave_hull,
    "envelope": _envelope,
    "oriented-box": _oriented_box,
    "boundary": _boundary,
    "explode": _explode,
    "collect": _collect,
    "to-line": _to_line,
    "to-polygon": _to_polygon,
    "orient": _orient,
    "split-antimeridian": _split,
}


def _in_local_scale(
    shape: BaseGeometry, function: Callable[[BaseGeometry], BaseGeometry]
) -> tuple[BaseGeometry, str, tuple[str, ...]]:
    """What the function makes of the geometry where longitudes are as long as they are at its middle latitude.

    In contrast to a projection, edges stay straight in longitude and latitude.
    """
    whole = unwrapped(shape)
    _, south, _, north = whole.bounds
    middle = (south + north) / 2
    scale = max(math.cos(math.radians(middle)), 1e-6)
    flat = affinity.scale(whole, scale, 1, origin=(0, 0))
    made = affinity.scale(function(flat), 1 / scale, 1, origin=(0, 0))
    plane = f"plane of longitude and latitude, longitude scaled by {scale:.6g} (cosine of {middle:.6g}°)"
    warnings = list(_pole_warning(shape))
    if north - south > WIDE:
        warnings.append(f"It spans {north - south:.4g}° of latitude: angles and lengths are right near {middle:.4g}°.")
    return _finished(made), plane, tuple(warnings)


def _finished(shape: BaseGeometry) -> BaseGeometry:
    """Within the globe, split at the antimeridian, rings counterclockwise."""
    inside = shapely.transform(shape, lambda at: np.column_stack([at[:, 0], np.clip(at[:, 1], -90, 90)]))
    return shapely.orient_polygons(wrap(inside))


def _valid(shape: BaseGeometry) -> BaseGeometry:
    return shape if shape.is_valid else shapely.make_valid(shape, method="structure")


def _pole_warning(shape: BaseGeometry) -> tuple[str, ...]:
    west, _, east, _ = bounding_box(shape)
    if (east - west if east >= west else east - west + 360) <= 180:
        return ()
    return ("It spans more than 180° of longitude: the result is right in that plane, and may leave out a pole.",)


def _refuse(reason: str, path: str = "$.inputs.geometry") -> NoReturn:
    raise ProcessRefusedError(reason, path=path)
