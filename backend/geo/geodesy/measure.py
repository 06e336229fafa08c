"""Area, perimeter and length on the WGS 84 ellipsoid."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely

from backend.geo.geodesy.antimeridian import outline
from backend.geo.geodesy.ellipsoid import GEOD, Array, Integers, inverse, radii, zone_area
from backend.geo.geodesy.repeats import repeats
from backend.geo.geodesy.shapes import Shapes, batches, in_batches, of_type, out_of_collections, parts_of, rings_of

type Edges = Literal["lonlat", "geodesic"]
"""Straight in longitude and latitude (RFC 7946, 3.1.1), or the shortest way on the ellipsoid."""

MAX_STEP = 5.0
"""Degrees. Integrals over steps this small are exact to rounding with the quadrature below."""
NODES, WEIGHTS = (array / 2 for array in np.polynomial.legendre.leggauss(8))
FINE_STEP = 0.05
"""Degrees. Over steps this small two nodes are as exact."""
FINE_NODES, FINE_WEIGHTS = (array / 2 for array in np.polynomial.legendre.leggauss(2))
_SOLVED = 1e-9
"""Of a segment's length."""
_ROUNDS = 12
_BATCH = 2**15
"""Vertices, or segments, that are measured at a time: what each takes meanwhile is ten times as large as it is."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured, in metres and square metres."""

    area: float
    """Of all polygons; polygons that overlap each other count twice."""
    perimeter: float
    """Of all polygons, holes included; without cuts along the antimeridian and edges along a pole."""
    length: float
    """Of all lines."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The same of many geometries: one value for each of them, 0 where it has none of that kind."""

    area: Array
    perimeter: Array
    length: Array

    def total(self) -> Measures:
        """Added up."""
        return Measures(float(self.area.sum()), float(self.perimeter.sum()), float(self.length.sum()))


def measure_each(shapes: Shapes, edges: Edges = "lonlat") -> Columns:
    """Measure geometries within [-180, 180] × [-90, 90]; None measures nothing."""
    areal, areal_owners, linear, linear_owners = by_dimension(shapes)
    area = _geodesic_areas(areal) if edges == "geodesic" else polygon_areas(areal)
    perimeter = np.concatenate([_sum_lengths(_outlines(some), edges) for some in batches(areal, _BATCH)])
    length = np.concatenate([_sum_lengths(some, edges) for some in batches(linear, _BATCH)])
    count = len(shapes)
    return Columns(
        np.bincount(areal_owners, area, count),
        np.bincount(areal_owners, perimeter, count),
        np.bincount(linear_owners, length, count),
    )


def area_each(shapes: Shapes) -> Array:
    """Areas alone, in m², as `measure_each` finds them where edges are straight in longitude and latitude."""
    return area_in_turn([shapes])


def area_in_turn(coming: Iterable[Shapes]) -> Array:
    """The same of geometries that come some after others, as if all came together."""
    owners: list[Integers] = []
    count = 0

    def areal() -> Iterator[Shapes]:
        nonlocal count
        for shapes in coming:
            members, of, _, _ = by_dimension(shapes)
            owners.append(count + of)
            count += len(shapes)
            yield members

    area = np.concatenate([_polygon_areas(some) for some in in_batches(areal(), _BATCH)])
    return np.bincount(np.concatenate(owners), area, count)


def by_dimension(shapes: Shapes) -> tuple[Shapes, Integers, Shapes, Integers]:
    """Polygons and multipolygons (whose parts may be the two sides of a cut), lines and multilines, out of whatever
    collections, and the index of the geometry that each is of.
    """
    members, owners = out_of_collections(shapes)
    dimension = shapely.get_dimensions(members)
    areal, linear = dimension == 2, dimension == 1
    return members[areal], owners[areal], members[linear], owners[linear]


def polygon_areas(polygons: Shapes) -> Array:
    """Areas in m² of polygons or multipolygons whose edges are straight in longitude and latitude.

    The ellipsoid's surface maps the plane of longitude and latitude one to one, so an area is a contour integral
    over the plane's rings; poles and cuts along the antimeridian need no care.
    """
    return np.concatenate([_polygon_areas(some) for some in batches(polygons, _BATCH)])


def _polygon_areas(polygons: Shapes) -> Array:
    parts, owners = parts_of(polygons)
    rings, part = rings_of(parts)
    start, end, ring = segments(rings)
    start, end, segment = _steps(start, end)
    latitudes, weights = _nodes(start[:, 1], end[:, 1])
    strips = np.radians(end[:, 0] - start[:, 0]) * (zone_area(latitudes) @ weights)
    # Whichever way they run, exterior rings add and holes take away.
    areas = np.abs(np.bincount(ring[segment], strips, len(rings)))
    areas[np.diff(part, prepend=-1) == 0] *= -1
    return np.bincount(owners[part], areas, len(polygons))


def segments(lines: Shapes) -> tuple[Array, Array, Integers]:
    """Start and end points, n × 2 each (n × 3 with heights), of lines and rings, and the index of each one's line."""
    parts, owners = parts_of(lines)
    with_heights = bool(shapely.has_z(parts).any())
    coordinates, part = shapely.get_coordinates(parts, include_z=with_heights, return_index=True)
    first = np.flatnonzero(part[1:] == part[:-1])
    return coordinates.take(first, axis=0), coordinates.take(first + 1, axis=0), owners.take(part.take(first))


def segment_lengths(start: Array, end: Array, edges: Edges = "lonlat") -> Array:
    """Lengths in metres on the ellipsoid of segments between points n × 2, in longitude and latitude."""
    found: Array = np.empty(len(start))
    for first in range(0, len(start), _BATCH):
        some = slice(first, first + _BATCH)
        found[some] = _segment_lengths(start[some], end[some], edges)
    return found


def shares_at(start: Array, end: Array, metres: Array, lengths: Array, *, planar: bool) -> Array:
    """What shares of segments are so long; `lengths` are those of the whole.

    planar: the lengths are those of a plane, else metres on the ground of what is straight in longitude and latitude:
    these are not quite even in its share of either. The ends of a segment are its ends.
    """
    whole = np.where(lengths > 0, lengths, 1.0)
    share: Array = metres / whole
    if planar:
        return share
    inner = np.flatnonzero((share > 0) & (share < 1))
    for _ in range(_ROUNDS):
        origin = start[inner]
        reached = segment_lengths(origin, origin + (end[inner] - origin) * share[inner, np.newaxis])
        missing = (metres[inner] - reached) / whole[inner]
        share[inner] = np.clip(share[inner] + missing, 0, 1)
        inner = inner[np.abs(missing) >= _SOLVED]
        if not inner.size:
            break
    return share


def _segment_lengths(start: Array, end: Array, edges: Edges) -> Array:
    if edges == "geodesic":
        _, metres = inverse(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
        return metres
    count = len(start)
    start, end, segment = _steps(start, end)
    latitudes, weights = _nodes(start[:, 1], end[:, 1])
    longitude, latitude = np.radians(end - start).T[:, :, np.newaxis]
    meridian, parallel = radii(latitudes)
    steps: Array = np.hypot(parallel * longitude, meridian * latitude) @ weights
    return np.bincount(segment, steps, count)


def _outlines(polygons: Shapes) -> Shapes:
    """Geometries whose vertices are those of the boundary of polygons on the globe; only those at the edges of the
    plane need the geometric way.
    """
    lines = polygons.copy()
    several = of_type(polygons, shapely.GeometryType.MULTIPOLYGON) | (shapely.get_num_interior_rings(polygons) > 0)
    lines[several] = shapely.boundary(polygons[several])
    bounds = shapely.bounds(polygons)
    for index in np.flatnonzero((np.abs(bounds) == (180, 90, 180, 90)).any(axis=1)).tolist():
        lines[index] = outline(polygons[index])
    return lines


def _sum_lengths(lines: Shapes, edges: Edges) -> Array:
    start, end, line = segments(lines)
    return np.bincount(line, segment_lengths(start[:, :2], end[:, :2], edges), len(lines))


def _geodesic_areas(polygons: Shapes) -> Array:
    geod: Any = GEOD
    parts, owners = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    areas: list[float] = [abs(geod.geometry_area_perimeter(part)[0]) for part in parts.tolist()]
    return np.bincount(owners, np.array(areas), len(polygons))


def _steps(start: Array, end: Array) -> tuple[Array, Array, Integers]:
    """The same segments cut into steps of at most MAX_STEP of latitude, and the segment that each is of."""
    heights = np.abs(end[:, 1] - start[:, 1])
    if heights.max(initial=0) <= MAX_STEP:
        return start, end, np.arange(len(start))
    counts = np.maximum(1, np.ceil(heights / MAX_STEP)).astype(int)
    segment, step = repeats(counts)
    share = (1 / counts)[segment, np.newaxis]
    origin, way = start[segment], (end - start)[segment]
    return origin + way * step[:, np.newaxis] * share, origin + way * (step[:, np.newaxis] + 1) * share, segment


def _nodes(start: Array, end: Array) -> tuple[Array, Array]:
    """Gauss-Legendre nodes between two latitudes, as many columns as are needed, and their weights."""
    way = end - start
    fine = not way.size or float(np.abs(way).max()) <= FINE_STEP
    nodes, weights = (FINE_NODES, FINE_WEIGHTS) if fine else (NODES, WEIGHTS)
    return ((start + end) / 2)[:, np.newaxis] + np.outer(way, nodes), weights
