"""Geometries of a projection on the globe: split at the antimeridian, opened at a pole, around it as they are there."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.antimeridian import collect, flat_parts, the_short_way, wrap
from backend.geo.geodesy.crs import Transformation, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes, shapes_of, valid_polygons

_LONG = 5_000_000.0
"""Metres of an extent within which edges are too short to go more than half around the Earth, but at a pole."""
_PIECES = 16
"""Of an edge, each of which goes the shorter way around."""
_POLE = 90.0
_EDGES = 400
"""Into which the extent of a polygon with a pole in it is cut."""
_SAME = 1e-7
"""Share of an area that comes from rounding."""
_HALVINGS = 50
"""After which a share of an edge is as exact as numbers are."""


def on_the_globe(shapes: Shapes, before: Shapes, way: Transformation) -> Shapes:
    """Geometries that came from a projection: what crosses the antimeridian is split there.

    before: the same in the projection, whose edges tell which way around the Earth they go.
    """
    bounds, extents = shapely.bounds(shapes), shapely.bounds(before)
    long = (extents[:, 2:] - extents[:, :2]).max(axis=1) * (metres_per_unit(way.source) or 0.0) > _LONG
    wide = np.flatnonzero(long | (bounds[:, 2] - bounds[:, 0] > 180) | (bounds[:, 2] > 180) | (bounds[:, 0] < -180))
    if not wide.size:
        return shapes
    settled = shapes_of(shapes)
    for index in wide.tolist():
        placed = collect(_placed(part, way) for part in flat_parts(before[index]))
        west, _, east, _ = placed.bounds
        # What stays within range has the longitudes that it came with, and its heights.
        if west < -180 or east > 180:
            made = wrap(placed)
            over_pole = max(-made.bounds[1], made.bounds[3]) == _POLE
            # What a pole is in was opened along a meridian.
            settled[index] = shapely.union_all(flat_parts(made)) if over_pole else made
    return settled


def _placed(part: BaseGeometry, way: Transformation) -> BaseGeometry:
    """A point, line string or polygon of a projection with longitudes that go on beyond ±180 as its edges do."""
    if isinstance(part, shapely.Point):
        return shapely.Point(way.positions(shapely.get_coordinates(part))[0])
    try:
        return the_short_way(part, lambda line: _continued(shapely.get_coordinates(line), way))
    except ProcessRefusedError:
        opened = _opened_at_pole(part, way)
        if opened is None:
            raise
        return opened


def _opened_at_pole(part: BaseGeometry, way: Transformation) -> BaseGeometry | None:
    """A polygon with a pole in it, up to that and down again along the meridian of the vertex that is nearest to it.

    Its edges are followed: in longitude and latitude they would be arcs around the pole. None where a hole goes around
    the pole, too.
    """
    west, south, east, north = part.bounds
    fine = shapely.segmentize(part, max(east - west, north - south) / _EDGES)
    rings = [_from_the_pole(shapely.get_coordinates(ring), way) for ring in shapely.get_rings(fine).tolist()]
    outer, *holes = [_continued(ring, way) for ring in rings]
    if any(hole[0, 0] != hole[-1, 0] for hole in holes):
        return None
    pole = float(np.copysign(_POLE, outer[0, 1]))
    # Further east than it may be, so that it is brought back whatever the meridian.
    path = np.add(outer, (360 * np.ceil((180 - outer[:, 0].min()) / 360), 0))
    ring = shapely.Polygon(np.vstack([path, [(path[-1, 0], pole), (path[0, 0], pole)]]))
    # On the antimeridian itself it may touch itself by rounding.
    shell = ring if ring.is_valid else valid_polygons(shapes_of([ring]))[0]
    turned = [shapely.Polygon(np.add(hole, (360 * turn, 0))) for hole in holes for turn in range(-1, 4)]
    inside = [hole for hole in turned if shell.covers(hole)]
    if len(inside) != len(holes) or abs(shell.area - ring.area) > _SAME * ring.area:
        return None
    return shapely.difference(shell, shapely.union_all(inside)) if inside else shell


def _from_the_pole(ring: Array, way: Transformation) -> Array:
    """A closed ring from its vertex nearest to a pole on."""
    first = int(np.abs(way.positions(ring)[:-1, 1]).argmax())
    return np.vstack([ring[first:-1], ring[:first], ring[first : first + 1]])


def _continued(vertices: Array, way: Transformation) -> Array:
    """Longitudes that go on, and latitudes, with a vertex where an edge crosses the antimeridian: n × 2."""
    lonlat = way.positions(vertices)
    share = np.linspace(0, 1, _PIECES + 1)
    start, end = vertices[:-1, np.newaxis], vertices[1:, np.newaxis]
    along = (start + (end - start) * share[:, np.newaxis]).reshape(-1, 2)
    longitudes = np.reshape(way.transformer.transform(along[:, 0], along[:, 1])[0], (-1, _PIECES + 1))
    steps = _shorter(np.diff(longitudes, axis=1)).sum(axis=1)
    # Where an edge has no place between its ends it goes the shorter way.
    steps = np.where(np.isfinite(steps), steps, _shorter(np.diff(lonlat[:, 0])))
    turns: Array = np.zeros(len(lonlat))
    turns[1:] = np.round((lonlat[0, 0] + np.cumsum(steps) - lonlat[1:, 0]) / 360)
    return _with_crossings(lonlat + np.column_stack([360 * turns, np.zeros(len(lonlat))]), vertices, way)


def _with_crossings(lonlat: Array, vertices: Array, way: Transformation) -> Array:
    """With a vertex where an edge crosses the antimeridian, on the edge as it is in the projection."""
    window = np.floor((lonlat[:, 0] + 180) / 360)
    crossing = np.flatnonzero(np.abs(np.diff(window)) == 1)
    if not crossing.size:
        return lonlat
    seam = 360 * np.maximum(window[crossing], window[crossing + 1]) - 180
    start, way_along = vertices[crossing], vertices[crossing + 1] - vertices[crossing]
    eastward = window[crossing + 1] > window[crossing]
    low, high = np.zeros(len(crossing)), np.ones(len(crossing))
    at = lonlat[crossing]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        x, y = (start + way_along * middle[:, np.newaxis]).T
        at = np.column_stack(way.transformer.transform(x, y))
        beyond = (_shorter(at[:, 0] - seam) >= 0) == eastward
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    known = np.isfinite(at).all(axis=1) & (np.abs(_shorter(at[:, 0] - seam)) < 1e-6)
    inserted = np.column_stack([seam, at[:, 1]])[known]
    return np.insert(lonlat, crossing[known] + 1, inserted, axis=0)


def _shorter(steps: Array) -> Array:
    return (steps + 180) % 360 - 180
