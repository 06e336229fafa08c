"""Buffers on the WGS 84 ellipsoid: all points within a geodesic distance, anywhere on Earth."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge

from backend.errors import ProcessRefusedError
from backend.geo.buffers.capsules import OUTWARD, capsules
from backend.geo.buffers.discs import discs, fits
from backend.geo.buffers.pieces import Pieces
from backend.geo.buffers.simplification import METRES_PER_DEGREE, decimals, rounded, simplify
from backend.geo.buffers.strips import ROUND, Style, check_reach, prolonged, strips
from backend.geo.geodesy.antimeridian import collect, flat_parts, outline
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes, of_type, shapes_of

MAX_DISTANCE = 9_000_000.0
"""Metres. At a quarter of the Earth's circumference (10,002 km) all ways from a line meet in one point."""
MIN_DISTANCE = 0.001
"""Metres."""
GENERALISATION = 2e-5
"""Share of the distance by which boundaries with more detail than the result can show are simplified."""
PRECISION = 1e-6
"""Share of the distance to which coordinates are rounded."""
GENERALISED = 4.5
"""How often GENERALISATION counts towards the error of lines: edges of projected features that were bent, what was
simplified before and after, and geodesics in place of edges, which are compared with them in the middle only."""
MAX_VERTICES = 1_000_000
MAX_PIECES = 200_000
"""A boundary of more edges than this would take minutes."""
BATCH = 2000
"""Pieces united at a time."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """What a buffer's distance is counted from, and the polygons it is added to or taken from."""

    areal: BaseGeometry
    """Union of all polygons; may be empty."""
    lines: tuple[BaseGeometry, ...]
    """Points, lines, and the outline of the polygons as it is on the globe."""
    polygonal: bool
    """There are polygons and nothing else."""

    @property
    def punctual(self) -> bool:
        """There are points and nothing else."""
        return bool(of_type(shapes_of(self.lines), shapely.GeometryType.POINT).all())


def boundary(shape: BaseGeometry) -> Boundary:
    """Take a geometry within [-180, 180] × [-90, 90] apart."""
    parts = shapes_of(flat_parts(shape))
    polygons = of_type(parts, shapely.GeometryType.POLYGON)
    areal = shapely.disjoint_subset_union_all(parts[polygons])
    edges = [part for part in flat_parts(outline(areal)) if isinstance(part, shapely.LineString)]
    # A ring that was cut where it begins would otherwise have two free ends.
    merged = flat_parts(linemerge(edges)) if edges else []
    return Boundary(areal, (*merged, *parts[~polygons].tolist()), bool(polygons.all()))


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
    _check(source, distance)
    check_reach(style, distance)
    made = _buffered(source, distance, resolution, tell, style)
    if made is None:
        _refuse(f"nothing is left: the polygons are narrower than twice {abs(distance):.10g} m")
    return made


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
    single = of_type(shapes, shapely.GeometryType.POINT) & (distances >= MIN_DISTANCE) & (distances <= MAX_DISTANCE)
    points, reaches = np.flatnonzero(single), distances[single]
    positions = shapely.get_coordinates(shapes[points])
    fitting = fits(positions, reaches, resolution, OUTWARD)
    if fitting.any():
        digits = decimals(PRECISION * float(reaches[fitting].min()))
        made[points[fitting]] = discs(positions[fitting], reaches[fitting], resolution, digits)
    rest = np.delete(np.arange(len(shapes)), points[fitting]).tolist()
    for done, index in enumerate(rest, 1):
        source, distance = boundary(shapes[index]), float(distances[index])
        _check(source, distance)
        check_reach(style, distance)
        made[index] = _buffered(source, distance, resolution, lambda _: None, style)
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
    source: Boundary, distance: float, resolution: int, tell: Callable[[float], None], style: Style
) -> BaseGeometry | None:
    """The buffer; None where nothing is left."""
    if source.punctual and (plain := _plain_discs(source, distance, resolution)) is not None:
        return plain
    zone = _zone(source, abs(distance), resolution, tell, style)
    if distance > 0:
        result = shapely.union(source.areal, zone) if not source.areal.is_empty else zone
    else:
        result = shapely.difference(source.areal, zone)
    polygons = [part for part in flat_parts(result) if part.geom_type == "Polygon"]
    if not polygons:
        return None
    plain = rounded(collect(polygons), PRECISION * abs(distance))
    # A circle's vertices all matter.
    simple = plain if source.punctual else simplify(plain, GENERALISATION * abs(distance))
    return shapely.orient_polygons(simple)


def _plain_discs(source: Boundary, distance: float, resolution: int) -> BaseGeometry | None:
    """The union of discs, whose vertices all matter and are rounded; None where some points are no simple discs."""
    near, others = _near_points(source, distance, resolution)
    if len(others):
        return None
    made = discs(near, np.full(len(near), distance), resolution, decimals(PRECISION * distance))
    return shapely.orient_polygons(_union(made))


def _union(polygons: Shapes) -> BaseGeometry:
    """Their union; those whose box meets no other one's, often half of many discs, are left as they are."""
    first, second = shapely.STRtree(polygons).query(polygons)
    alone = np.bincount(first[first != second], minlength=len(polygons)) == 0
    parts: Shapes = shapely.get_parts(shapely.disjoint_subset_union_all(polygons[~alone]))
    parts = np.concatenate([parts, polygons[alone]])
    # One by one they would be looked at in Python.
    return parts[0] if len(parts) == 1 else cast("BaseGeometry", shapely.multipolygons(parts))


def _check(source: Boundary, distance: float) -> None:
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


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.distance")


def _zone(
    source: Boundary, distance: float, resolution: int, tell: Callable[[float], None], style: Style
) -> BaseGeometry:
    """All points within the distance of the boundary."""
    if len(shapely.get_coordinates(list(source.lines))) > MAX_VERTICES:
        _refuse_vertices(MAX_VERTICES)
    near, lines = _near_points(source, distance, resolution)
    zones = discs(near, np.full(len(near), distance), resolution, decimals(PRECISION * distance))
    degrees = GENERALISATION * distance / METRES_PER_DEGREE
    lines = shapely.simplify(lines, degrees, preserve_topology=False)
    rounded_off = np.full(len(lines), style.round) | of_type(lines, shapely.GeometryType.POINT)
    if rounded_off.any():
        zones = np.concatenate([zones, _capsule_zones(lines[rounded_off], distance, resolution, tell)])
    if not rounded_off.all():
        zones = np.concatenate([zones, _strip_zones(lines[~rounded_off], distance, resolution, style)])
    if not len(zones):
        return shapely.Polygon()
    return shapely.remove_repeated_points(shapely.disjoint_subset_union_all(zones))


def _near_points(source: Boundary, distance: float, resolution: int) -> tuple[Array, Shapes]:
    """Positions of the points that are simple discs at this distance, and all else of the boundary."""
    lines = shapes_of(source.lines)
    points = np.flatnonzero(of_type(lines, shapely.GeometryType.POINT))
    positions = shapely.get_coordinates(lines[points])
    fitting = fits(positions, np.full(len(points), distance), resolution, OUTWARD)
    return positions[fitting], np.delete(lines, points[fitting])


def _capsule_zones(lines: Shapes, distance: float, resolution: int, tell: Callable[[float], None]) -> Shapes:
    if len(shapely.get_coordinates(lines)) > MAX_PIECES:
        _refuse_vertices(MAX_PIECES)
    pieces = Pieces.of(lines.tolist(), distance, GENERALISATION * distance)
    turns = pieces.turns()
    preceded = np.isin(np.arange(len(pieces)), pieces.following)
    zones: list[BaseGeometry] = []
    for first in range(0, len(pieces), BATCH):
        index = np.arange(first, min(first + BATCH, len(pieces)))
        polygons = capsules(pieces.select(index), turns[index], preceded[index], distance, resolution)
        zones.append(shapely.disjoint_subset_union_all(polygons))
        tell((first + len(index)) / len(pieces))
    return shapely.get_parts(shapes_of(zones))


def _strip_zones(lines: Shapes, distance: float, resolution: int, style: Style) -> Shapes:
    if len(shapely.get_coordinates(lines)) > MAX_PIECES:
        _refuse_vertices(MAX_PIECES)
    ways = prolonged(lines, distance) if style.cap == "square" else lines
    pieces = Pieces.of(ways.tolist(), distance, GENERALISATION * distance)
    return shapely.get_parts(shapely.disjoint_subset_union_all(strips(pieces, style, distance, resolution)))


def _refuse_vertices(most: int) -> NoReturn:
    raise ProcessRefusedError(
        f"the geometry has more than {most} vertices that matter at this distance: simplify it",
        path="$.inputs.geometry",
    )
