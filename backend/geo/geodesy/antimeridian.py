"""The edges of the longitude-latitude plane: the antimeridian and the poles."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.repeats import repeats
from backend.geo.geodesy.shapes import Shapes, flat, shapes_of

WORLD = shapely.box(-180, -90, 180, 90)
SINGLE = frozenset(("Point", "LineString", "LinearRing", "Polygon"))


def lonlat_box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A bounding box in degrees; where west is larger than east it crosses the antimeridian (RFC 7946, 5.2)."""
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union(shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))


def flat_parts(shape: BaseGeometry) -> list[BaseGeometry]:
    """Points, line strings and polygons of a geometry, however deep its collections are nested."""
    if shape.geom_type in SINGLE:
        return [] if shape.is_empty else [shape]
    parts, _ = flat(shapely.get_parts(shape))
    return parts[~shapely.is_empty(parts)].tolist()


def wrap(shape: BaseGeometry) -> BaseGeometry:
    """A geometry with longitudes beyond ±180, split at the antimeridian and brought back into [-180, 180]."""
    pieces = [piece for part in flat_parts(shape) for piece in _wrapped(part)]
    return collect(pieces)


def collect(parts: Iterable[BaseGeometry]) -> BaseGeometry:
    """The smallest type that holds all parts: one geometry, a Multi type, or a collection."""
    found = [item for part in parts for item in flat_parts(part)]
    kinds = {part.geom_type for part in found}
    if len(found) == 1:
        return found[0]
    multi: dict[str, Any] = {
        "Point": shapely.MultiPoint,
        "LineString": shapely.MultiLineString,
        "Polygon": shapely.MultiPolygon,
    }
    return multi.get(kinds.pop() if len(kinds) == 1 else "", shapely.GeometryCollection)(found)


def _wrapped(part: BaseGeometry) -> list[BaseGeometry]:
    west, _, east, _ = part.bounds
    if west >= -180 and east <= 180:
        return [part]
    if isinstance(part, shapely.Point):
        return [shapely.Point((part.x + 180) % 360 - 180, part.y)]
    if isinstance(part, shapely.LineString):
        return _wrapped_line(part)
    pieces: list[BaseGeometry] = []
    for turn in range(int(np.floor((west + 180) / 360)), int(np.floor((east + 180) / 360)) + 1):
        window = affinity.translate(WORLD, 360 * turn)
        inside = affinity.translate(shapely.intersection(part, window), -360 * turn)
        pieces += [piece for piece in flat_parts(inside) if piece.geom_type == part.geom_type]
    return pieces


def _wrapped_line(line: shapely.LineString) -> list[BaseGeometry]:
    """The pieces of a line, one after the other. An intersection would lose what is gone along twice."""
    at = _cut(shapely.get_coordinates(line, include_z=line.has_z))
    turns = _turns_of_edges(at[:, 0])
    starts = [0, *(np.flatnonzero(np.diff(turns)) + 1).tolist(), len(turns)]
    pieces: list[BaseGeometry] = []
    for first, last in pairwise(starts):
        piece = at[first : last + 1].copy()
        piece[:, 0] -= 360 * turns[first]
        pieces.append(shapely.LineString(piece))
    return pieces


def _cut(at: Array) -> Array:
    """The vertices of a line, n × 2 or × 3, and one wherever an edge crosses the antimeridian, of whatever turn."""
    ends = (at[:, 0] + 180) / 360
    low, high = np.minimum(ends[:-1], ends[1:]), np.maximum(ends[:-1], ends[1:])
    first = np.floor(low) + 1
    counts = np.maximum(np.ceil(high) - first, 0).astype(int)
    edges, rank = repeats(counts)
    longitudes = 360 * (first[edges] + rank) - 180
    start, way = at[edges], at[edges + 1] - at[edges]
    share = (longitudes - start[:, 0]) / way[:, 0]
    crossings = start + share[:, np.newaxis] * way
    crossings[:, 0] = longitudes
    place = np.concatenate([np.zeros(len(at)), share]), np.concatenate([np.arange(len(at)), edges])
    return np.concatenate([at, crossings])[np.lexsort(place)]


def _turns_of_edges(longitudes: Array) -> Array:
    """In which turn around the Earth each edge of a line lies, whose edges do not cross the antimeridian."""
    middles = (longitudes[:-1] + longitudes[1:] + 360) / 720
    turns = np.floor(middles)
    # What runs along the antimeridian goes on with what was before it, or with what follows.
    along = (longitudes[:-1] == longitudes[1:]) & (turns == middles)
    if along.all():
        return turns - 1
    known = np.flatnonzero(~along)
    return turns[known[np.maximum(np.searchsorted(known, np.arange(len(turns)), side="right") - 1, 0)]]


def outline(polygon: BaseGeometry) -> BaseGeometry:
    """The boundary of a polygon or multipolygon as it is on the globe.

    What the plane adds is left out: edges along a pole, and the two sides of a cut along the antimeridian.
    """
    if polygon.is_empty:
        return shapely.MultiLineString()
    edge = polygon.boundary
    west, south, east, north = polygon.bounds
    if north == 90 or south == -90:
        poles = shapely.MultiLineString([[(-180, 90), (180, 90)], [(-180, -90), (180, -90)]])
        edge = shapely.difference(edge, poles)
    if west == -180 and east == 180:
        edge = shapely.difference(edge, _seam(edge))
    return edge


def _seam(edge: BaseGeometry) -> BaseGeometry:
    """The parts of the antimeridian that have the polygon on both sides, at -180 and at 180."""
    western = shapely.intersection(edge, shapely.LineString([(-180, -90), (-180, 90)]))
    eastern = shapely.intersection(edge, shapely.LineString([(180, -90), (180, 90)]))
    shared = shapely.intersection(affinity.translate(western, 360), eastern)
    lines = [part for part in flat_parts(shared) if isinstance(part, shapely.LineString)]
    return shapely.union_all([*lines, *(affinity.translate(line, -360) for line in lines)])


def bounding_box(shape: BaseGeometry) -> tuple[float, float, float, float]:
    """West, south, east and north of the narrowest box; west > east where it crosses the antimeridian (RFC 7946, 5)."""
    return common_box(shapes_of([shape]))


def common_box(shapes: Shapes) -> tuple[float, float, float, float]:
    """The narrowest box, as `bounding_box` has it, of all geometries together; None is of no extent."""
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    if not east - west > 180:  # no box across the antimeridian is narrower
        return west, south, east, north
    spans = shapely.bounds(flat(shapes)[0])
    spans = spans[~np.isnan(spans[:, 0])]
    if len(spans) < 2:
        return west, south, east, north
    spans = spans[np.argsort(spans[:, 0])]
    reached = np.maximum.accumulate(spans[:, 2])
    gaps = spans[1:, 0] - reached[:-1]
    widest = int(gaps.argmax())
    # The gap across the antimeridian stays outside the box unless another one is wider.
    if gaps[widest] > west + 360 - east:
        return float(spans[widest + 1, 0]), south, float(reached[widest]), north
    return west, south, east, north


def the_shorter_ways(line: shapely.LineString) -> Array:
    """The vertices of a line, each edge going the shorter way around; their heights stay."""
    vertices = shapely.get_coordinates(line, include_z=line.has_z)
    steps = np.diff(vertices[:, 0])
    turns = np.where((np.abs(steps) > 180) & (np.abs(steps) < 360), -360 * np.sign(steps), 0)
    vertices[1:, 0] += np.cumsum(turns)
    return vertices


def the_short_way(
    part: BaseGeometry, continued: Callable[[shapely.LineString], Array] = the_shorter_ways
) -> BaseGeometry:
    """A point, line string or polygon with its longitudes continued beyond ±180 rather than jumping.

    continued: gives the vertices of a line or ring with such longitudes, n × 2 or, with heights, × 3.

    Raises:
        ProcessRefusedError: a ring goes around a pole.
    """
    if isinstance(part, shapely.LineString):
        return shapely.LineString(continued(part))
    if not isinstance(part, shapely.Polygon):
        return part
    outer = continued(part.exterior)
    rings = [outer]
    for ring in part.interiors:
        hole = continued(ring)
        hole[:, 0] += 360 * np.round((outer[:, 0].mean() - hole[:, 0].mean()) / 360)
        rings.append(hole)
    if any(ring[0, 0] != ring[-1, 0] for ring in rings):
        raise ProcessRefusedError(
            "a ring goes around a pole: end it with edges along the antimeridian to the pole and back"
        )
    return shapely.Polygon(rings[0], rings[1:])


def around_pole(ring: Array) -> BaseGeometry:
    """The polygon that a ring around a pole, n × 2, bounds with the pole in it: up to the pole along the antimeridian.

    Each meridian meets the ring once.
    """
    longitudes, first = np.unique(ring[:, 0], return_index=True)
    order = ring[first]
    pole = float(np.copysign(90, order[0, 1]))
    gap = longitudes[0] + 360 - longitudes[-1]
    share = (180 - longitudes[-1]) / gap if gap else 0.0
    edge = float(order[-1, 1] + share * (order[0, 1] - order[-1, 1]))
    return shapely.orient_polygons(
        shapely.Polygon([(-180, pole), (-180, edge), *map(tuple, order), (180, edge), (180, pole)])
    )
