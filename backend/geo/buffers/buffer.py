"""Buffers on the WGS 84 ellipsoid: all points within a geodesic distance, anywhere on Earth."""

import math
from collections.abc import Callable, Sequence
from typing import NoReturn, cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.buffers.boundary import Boundary, boundary
from backend.geo.buffers.capsules import OUTWARD
from backend.geo.buffers.disc_unions import disc_union
from backend.geo.buffers.simplification import decimals, rounded, simplified
from backend.geo.buffers.strips import ROUND, Style, check_reach
from backend.geo.buffers.zones import GENERALISATION, PRECISION, disc_like, plain_discs, zones
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes, batch_starts, flat, of_type, plain, shapes_of

MAX_DISTANCE = 9_000_000.0
"""Metres. At a quarter of the Earth's circumference (10,002 km) all ways from a line meet in one point."""
MIN_DISTANCE = 0.001
"""Metres."""
GENERALISED = 4.5
"""How often GENERALISATION counts towards the error of lines: edges of projected features that were bent, what was
simplified before and after, and geodesics in place of edges, which are compared with them in the middle only."""
BATCH = 10_000
"""Vertices of geometries buffered at a time."""


def buffer(
    source: Boundary,
    distance: float,
    resolution: int,
    tell: Callable[[float], None] = lambda _: None,
    style: Style = ROUND,
) -> BaseGeometry:
    """All points within `distance` metres of the source, or, if it is negative, of its polygons all points further
    than that from their outline.

    `resolution` is the number of edges of a quarter circle. `tell` is called with the share done. `style`: what ends of
    lines and corners are like.

    Returns: a Polygon or MultiPolygon, split at the antimeridian, exterior rings counterclockwise (RFC 7946, 3.1.6).

    Raises:
        ProcessRefusedError: the distance is not possible, or nothing is left.
    """
    return _as_one(buffer_parts(source, distance, resolution, tell, style))


def buffer_parts(
    source: Boundary,
    distance: float,
    resolution: int,
    tell: Callable[[float], None] = lambda _: None,
    style: Style = ROUND,
) -> Shapes:
    """The polygons of `buffer`, whose many parts take as much memory again once they are one geometry.

    Raises: as `buffer`.
    """
    _check(source, distance, style)
    discs = _discs(source, distance, resolution)
    if discs is not None:
        return discs
    made = _grown([source], np.array([distance]), resolution, tell, style)[0]
    if made is None:
        _refuse(f"nothing is left: the polygons are narrower than twice {abs(distance):.10g} m")
    return shapely.get_parts(made)


def buffer_each(
    shapes: Shapes,
    distances: Array,
    resolution: int,
    tell: Callable[[float], None] = lambda _: None,
    style: Style = ROUND,
) -> Shapes:
    """Buffers of geometries by a distance in metres for each, as `buffer` makes them; None where nothing is left.

    Raises:
        ProcessRefusedError: a distance is not possible.
    """
    made: Shapes = np.full(len(shapes), None, dtype=object)
    possible = np.flatnonzero((distances >= MIN_DISTANCE) & (distances <= MAX_DISTANCE))
    simple = possible[disc_like(shapes[possible], distances[possible], resolution)]
    made[simple] = plain_discs(shapes[simple], distances[simple], resolution)
    rest = np.delete(np.arange(len(shapes)), simple)
    if not len(rest):
        return made
    done = 0
    for some in np.split(rest, batch_starts(shapes[rest], BATCH)):
        sources = [boundary(shape) for shape in shapes[some]]
        made[some] = _buffered(sources, distances[some], resolution, lambda _: None, style)
        done += len(some)
        tell(done / len(rest))
    return made


def error_bound(punctual: bool, resolution: int) -> float:
    """Share of the distance by which no point of a buffer's boundary is nearer to or further from its source.

    It adds up what each step of the construction may move: chords of circles, straight edges for curves, generalised
    lines and rounding.
    """
    chord = 1 - math.cos(math.pi / 4 / resolution)
    return chord + OUTWARD + PRECISION + (0 if punctual else GENERALISED * GENERALISATION)


def _buffered(
    sources: Sequence[Boundary], distances: Array, resolution: int, tell: Callable[[float], None], style: Style
) -> Shapes:
    """The buffers; None where nothing is left."""
    for source, distance in zip(sources, distances.tolist(), strict=True):
        _check(source, distance, style)
    made: Shapes = np.full(len(sources), None, dtype=object)
    others: list[int] = []
    for index, source in enumerate(sources):
        discs = _discs(source, float(distances[index]), resolution)
        if discs is None:
            others.append(index)
        else:
            made[index] = _as_one(discs)
    if others:
        some = [sources[index] for index in others]
        made[others] = _grown(some, distances[others], resolution, tell, style)
    return made


def _grown(
    sources: Sequence[Boundary], distances: Array, resolution: int, tell: Callable[[float], None], style: Style
) -> Shapes:
    """The buffers of what is more than discs."""
    lines = shapes_of(line for source in sources for line in source.lines)
    owner = np.repeat(np.arange(len(sources)), [len(source.lines) for source in sources])
    reach = np.abs(distances)
    areas = zones(lines, owner, reach, resolution, tell, style)
    areal = shapes_of(source.areal for source in sources)
    inner, outer = distances < 0, (distances > 0) & ~shapely.is_empty(areal)
    areas[inner] = shapely.difference(areal[inner], areas[inner])
    areas[outer] = shapely.union(areal[outer], areas[outer])
    parts, of = flat(areas)
    polygons = of_type(parts, shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    left, of = np.unique(of[polygons], return_inverse=True)
    made: Shapes = np.full(len(sources), None, dtype=object)
    if len(left):
        whole = plain(shapely.multipolygons(parts[polygons], indices=of))
        whole = rounded(whole, decimals(PRECISION * reach[left]))
        # A circle's vertices all matter.
        curved = np.array([not sources[index].punctual for index in left.tolist()])
        whole[curved] = simplified(whole[curved], GENERALISATION * reach[left][curved])
        made[left] = shapely.orient_polygons(whole)
    return made


def _discs(source: Boundary, distance: float, resolution: int) -> Shapes | None:
    """The polygons of the union of discs, whose vertices all matter and are rounded; None of other things than points,
    and where some points are no simple discs.
    """
    if not source.punctual:
        return None
    points = shapes_of(source.lines)
    distances = np.full(len(points), distance)
    if not disc_like(points, distances, resolution).all():
        return None
    return disc_union(points, distance, resolution)


def _as_one(polygons: Shapes) -> BaseGeometry:
    # One by one they would be looked at in Python.
    return polygons[0] if len(polygons) == 1 else cast("BaseGeometry", shapely.multipolygons(polygons))


def _check(source: Boundary, distance: float, style: Style) -> None:
    size = abs(distance)
    if distance == 0:
        _refuse("distance must not be 0: a buffer of no width is the geometry itself")
    if not size <= MAX_DISTANCE:
        _refuse(
            f"distance must be at most {MAX_DISTANCE / 1000:.10g} km, less than a quarter of the way around the Earth; "
            f"it is {size / 1000:.10g} km"
        )
    if size < MIN_DISTANCE:
        _refuse(f"distance must be at least {MIN_DISTANCE} m; it is {size:.10g} m")
    if distance < 0 and not source.polygonal:
        _refuse("a negative distance shrinks polygons; points and lines have nothing to shrink")
    check_reach(style, distance)


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.distance")
