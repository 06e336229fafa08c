"""Buffers on the WGS 84 ellipsoid: all points within a geodesic distance, anywhere on Earth."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge

from backend.errors import ProcessRefusedError
from backend.geo.antimeridian import collect, flat_parts, outline
from backend.geo.capsules import capsules
from backend.geo.pieces import Pieces
from backend.geo.simplification import METRES_PER_DEGREE, rounded, simplify

MAX_DISTANCE = 9_000_000.0
"""Metres. At a quarter of the Earth's circumference (10,002 km) all ways from a line meet in one point."""
MIN_DISTANCE = 0.001
"""Metres."""
GENERALISATION = 5e-5
"""Share of the distance by which boundaries with more detail than the result can show are simplified."""
PRECISION = 1e-6
"""Share of the distance to which coordinates are rounded."""
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


def boundary(shape: BaseGeometry) -> Boundary:
    """Take a geometry within [-180, 180] × [-90, 90] apart."""
    parts = flat_parts(shape)
    areal = shapely.union_all([part for part in parts if part.geom_type == "Polygon"])
    others = [part for part in parts if part.geom_type != "Polygon"]
    edges = [part for part in flat_parts(outline(areal)) if isinstance(part, shapely.LineString)]
    # A ring that was cut where it begins would otherwise have two free ends.
    merged = flat_parts(linemerge(edges)) if edges else []
    return Boundary(areal, (*merged, *others), not others)


def buffer(
    source: Boundary, distance: float, resolution: int, tell: Callable[[float], None] = lambda _: None
) -> BaseGeometry:
    """All points within `distance` metres of the source, or, if it is negative, of its polygons all points further
    than that from their outline.

    `resolution` is the number of edges of a quarter circle. `tell` is called with the share done.

    Returns: a Polygon or MultiPolygon, split at the antimeridian, exterior rings counterclockwise (RFC 7946, 3.1.6).

    Raises:
        ProcessRefusedError: the distance is not possible, or nothing is left.
    """
    _check(source, distance)
    zone = _zone(source, abs(distance), resolution, tell)
    if distance > 0:
        result = shapely.union(source.areal, zone) if not source.areal.is_empty else zone
    else:
        result = shapely.difference(source.areal, zone)
    polygons = [part for part in flat_parts(result) if part.geom_type == "Polygon"]
    if not polygons:
        _refuse(f"nothing is left: the polygons are narrower than twice {abs(distance):.10g} m")
    plain = rounded(collect(polygons), PRECISION * abs(distance))
    return shapely.orient_polygons(simplify(plain, GENERALISATION * abs(distance)))


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


def _zone(source: Boundary, distance: float, resolution: int, tell: Callable[[float], None]) -> BaseGeometry:
    """All points within the distance of the boundary."""
    degrees = GENERALISATION * distance / METRES_PER_DEGREE
    lines = [shapely.simplify(line, degrees, preserve_topology=False) for line in source.lines]
    if not lines:
        return shapely.Polygon()
    if len(shapely.get_coordinates(lines)) > MAX_PIECES:
        raise ProcessRefusedError(
            f"the geometry has more than {MAX_PIECES} vertices that matter at this distance: simplify it",
            path="$.inputs.geometry",
        )
    pieces = Pieces.of(lines, distance, GENERALISATION * distance)
    turns = pieces.turns()
    preceded = np.isin(np.arange(len(pieces)), pieces.following)
    zones: list[BaseGeometry] = []
    for first in range(0, len(pieces), BATCH):
        index = np.arange(first, min(first + BATCH, len(pieces)))
        polygons = capsules(pieces.select(index), turns[index], preceded[index], distance, resolution)
        zones.append(shapely.union_all(polygons))
        tell((first + len(index)) / len(pieces))
    return shapely.remove_repeated_points(shapely.union_all(zones) if len(zones) > 1 else zones[0])
