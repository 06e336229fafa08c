"""All points within distances of points and lines, many of these at once: the calls of a few lines take longest."""

from collections.abc import Callable, Sequence

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.buffers.capsules import OUTWARD, capsules
from backend.geo.buffers.discs import discs, fits
from backend.geo.buffers.pieces import Pieces
from backend.geo.buffers.sides import beside
from backend.geo.buffers.simplification import decimals
from backend.geo.buffers.strips import Style, prolonged, strips
from backend.geo.geodesy.ellipsoid import METRES_PER_DEGREE, Array, Booleans, Integers
from backend.geo.geodesy.shapes import Shapes, of_type
from backend.geo.geodesy.unions import merged

GENERALISATION = 2e-5
"""Share of the distance by which boundaries with more detail than the result can show are simplified."""
PRECISION = 1e-6
"""Share of the distance to which coordinates are rounded."""
MAX_VERTICES = 1_000_000
MAX_PIECES = 200_000
"""A boundary of more edges than this would take minutes."""
BATCH = 2000
"""Pieces united at a time."""


def zones(  # noqa: PLR0917  # as `buffer` takes them
    lines: Shapes, owner: Integers, distances: Array, resolution: int, tell: Callable[[float], None], style: Style
) -> Shapes:
    """All points within the distance of the lines of each owner, one polygon or multipolygon for each; empty where an
    owner has no lines.

    lines: points, lines and rings within [-180, 180] × [-90, 90]; owner: of each line, ascending;
    distances: metres, of each owner; `tell` is called with the share done.

    Raises:
        ProcessRefusedError: an owner has more vertices than can be done.
    """
    _check_vertices(lines, owner, MAX_VERTICES)
    near = disc_like(lines, distances[owner], resolution)
    found = [(plain_discs(lines[near], distances[owner[near]], resolution), owner[near])]
    rest, of = lines[~near], owner[~near]
    degrees = GENERALISATION * distances[of] / METRES_PER_DEGREE
    rest = shapely.simplify(rest, degrees, preserve_topology=False)
    _check_vertices(rest, of, MAX_PIECES)
    rounded_off = np.full(len(rest), style.round) | of_type(rest, shapely.GeometryType.POINT)
    if rounded_off.any():
        found += _capsule_zones(rest[rounded_off], of[rounded_off], distances, resolution, tell)
    # Strips are made for the lines of one owner at a time: they have as many steps as the worst of them needs.
    for one in np.unique(of[~rounded_off]).tolist():
        chosen = ~rounded_off & (of == one)
        polygons = _strip_zones(rest[chosen], float(distances[one]), resolution, style)
        found.append((polygons, np.full(len(polygons), one)))
    made: Shapes = np.full(len(distances), shapely.Polygon(), dtype=object)
    united, owners = _united(found)
    made[owners] = shapely.remove_repeated_points(united)
    return made


def disc_like(lines: Shapes, distances: Array, resolution: int) -> Booleans:
    """Which of them are points that are simple discs at their distance (metres, one for each)."""
    found = of_type(lines, shapely.GeometryType.POINT)
    found[found] = fits(shapely.get_coordinates(lines[found]), distances[found], resolution, OUTWARD)
    return found


def plain_discs(points: Shapes, distances: Array, resolution: int) -> Shapes:
    """The discs of points that are `disc_like`."""
    made: Shapes = np.empty(len(points), dtype=object)
    digits = decimals(PRECISION * distances)
    for places in np.unique(digits).tolist():
        some = digits == places
        made[some] = discs(shapely.get_coordinates(points[some]), distances[some], resolution, places)
    return made


def _capsule_zones(
    lines: Shapes, owner: Integers, distances: Array, resolution: int, tell: Callable[[float], None]
) -> list[tuple[Shapes, Integers]]:
    pieces = Pieces.of(lines, distances[owner], GENERALISATION)
    turns = pieces.turns()
    preceded = np.isin(np.arange(len(pieces)), pieces.following)
    found: list[tuple[Shapes, Integers]] = []
    for first in range(0, len(pieces), BATCH):
        index = np.arange(first, min(first + BATCH, len(pieces)))
        polygons, piece = capsules(pieces.select(index), turns[index], preceded[index], resolution)
        united, owners = _united([(polygons, owner[pieces.line[index[piece]]])])
        parts, whole = shapely.get_parts(united, return_index=True)
        found.append((parts, owners[whole]))
        tell((first + len(index)) / len(pieces))
    return found


def _strip_zones(lines: Shapes, distance: float, resolution: int, style: Style) -> Shapes:
    if style.side is None:
        ways = prolonged(lines, distance) if style.cap == "square" else lines
        return strips(Pieces.of(ways, np.full(len(ways), distance), GENERALISATION), style, resolution)
    found: list[Shapes] = []
    # Another line is no end to what lies beside this one.
    for index in range(len(lines)):
        line = lines[index : index + 1]
        polygons = strips(Pieces.of(line, np.array([distance]), GENERALISATION), style, resolution)
        found.append(beside(polygons, line, distance, style.side))
    return np.concatenate(found)


def _united(found: Sequence[tuple[Shapes, Integers]]) -> tuple[Shapes, Integers]:
    """The union of the polygons of each owner, and the owners, ascending."""
    polygons, owners = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(owners, kind="stable")
    return merged(polygons[order], owners[order])


def _check_vertices(lines: Shapes, owner: Integers, most: int) -> None:
    if len(lines) and np.bincount(owner, shapely.get_num_coordinates(lines)).max() > most:
        raise ProcessRefusedError(
            f"the geometry has more than {most} vertices that matter at this distance: simplify it",
            path="$.inputs.geometry",
        )
