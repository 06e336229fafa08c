"""How far a buffer's boundary really is from what was buffered: measured, not promised."""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.antimeridian import collect, flat_parts, outline
from backend.geo.geodesy.ellipsoid import Array, Integers, inverse, meridian_radius, parallel_radius
from backend.geo.geodesy.repeats import repeats
from backend.geo.geodesy.shapes import Shapes, flat, rings_of, shapes_of

SAMPLES = 128
"""Places on the boundary that are measured, half of them vertices, half the middles of edges."""
STATIONS = 20_000
"""Places on the source from which the search for the nearest starts, in addition to its vertices."""
BASINS = 12
"""Near places of the source, for one sample, that are searched."""
SEARCH_POINTS = 7


def boundary_error_percent(result: Shapes, source: Sequence[BaseGeometry], distance: float) -> float:
    """Largest deviation, in percent of `distance` (metres), of sampled boundary points of polygons from that geodesic
    distance to `source` (points and lines, straight in longitude and latitude).
    """
    samples = _samples(result)
    if not len(samples):
        return 0.0
    stations, start, way = _stations(source, distance)
    longest = float(_metres(start, way).max())
    # Each round leaves a third of an interval; an error of 0.002 distances along it is one of 2e-6 across.
    rounds = 1 if longest == 0 else math.ceil(math.log(max(3.0, longest / (0.002 * distance)), 3))
    space = _geocentric(stations)
    basins = [_basins(space, place, longest) for place in _geocentric(samples)]
    reached = _nearest(samples, basins, start, way, rounds)
    return float(100 * np.abs(reached / distance - 1).max())


def _samples(result: Shapes) -> Array:
    """Vertices and middles of edges of the boundary as it is on the globe."""
    pieces = _bounding(result)
    counts = shapely.get_num_coordinates(pieces) - 1 - shapely.get_num_interior_rings(pieces)
    ends = np.cumsum(counts)
    count = int(counts.sum())
    chosen = np.unique(np.linspace(0, count - 1, SAMPLES // 2).astype(int)) if count else np.arange(0)
    # Coordinates of a few pieces: those of all would take as much memory as the result.
    piece = np.searchsorted(ends, chosen, side="right")
    some, place = np.unique(piece, return_inverse=True)
    coordinates, owners = shapely.get_coordinates(rings_of(pieces[some])[0], return_index=True)
    edges = np.flatnonzero(owners[1:] == owners[:-1])
    before = np.cumsum(counts[some]) - ends[some]
    at = edges[chosen + before[place]]
    return np.vstack([coordinates[at], (coordinates[at] + coordinates[at + 1]) / 2])


def _bounding(result: Shapes) -> Shapes:
    """Polygons, or lines where not all of their boundary is one on the globe."""
    if (np.abs(shapely.total_bounds(result)) < (180, 90, 180, 90)).all():
        return flat(result)[0]
    return shapes_of(flat_parts(outline(collect(result.tolist()))))


def _stations(source: Sequence[BaseGeometry], distance: float) -> tuple[Array, Array, Array]:
    """Places along the source, and for each where its search interval starts and the way to that interval's end."""
    coordinates, owners = shapely.get_coordinates(list(source), return_index=True)
    inside = owners[1:] == owners[:-1]
    single = np.bincount(owners)[owners] == 1
    start = np.vstack([coordinates[:-1][inside], coordinates[single]])
    way = np.vstack([np.diff(coordinates, axis=0)[inside], np.zeros((int(single.sum()), 2))])
    length = _metres(start, way)
    step = max(0.05 * distance, float(length.sum()) / STATIONS)
    counts = np.maximum(1, np.ceil(length / step)).astype(int)
    whole, rank = repeats(counts)
    portion = (way / counts[:, np.newaxis])[whole]
    start = start[whole] + portion * rank[:, np.newaxis]
    return start + portion / 2, start, portion


def _metres(start: Array, way: Array) -> Array:
    latitude = start[:, 1] + way[:, 1] / 2
    way = np.radians(way)
    return np.hypot(parallel_radius(latitude) * way[:, 0], meridian_radius(latitude) * way[:, 1])


def _geocentric(points: Array) -> Array:
    """Directions from the Earth's centre, n × 3, in metres of a sphere of the polar radius."""
    longitude, latitude = np.radians(points[:, 0]), np.radians(points[:, 1])
    ring = np.cos(latitude)
    return 6.4e6 * np.column_stack([ring * np.cos(longitude), ring * np.sin(longitude), np.sin(latitude)])


def _basins(space: Array, place: Array, slack: float) -> Integers:
    """Indices of the stations in whose intervals the nearest point may lie.

    The chord ranks stations well, but not exactly: geodesics of one length differ by 0.7 % in chord, and an interval
    may be nearer than its middle by half of its length, at most `slack`.
    """
    if len(space) == 1:
        return np.zeros(1, dtype=np.intp)
    away = space - place
    chord = np.sqrt(np.einsum("ij,ij->i", away, away))
    padded = np.concatenate([[np.inf], chord, [np.inf]])
    low = np.flatnonzero((chord <= padded[:-2]) & (chord <= padded[2:]))
    low = low[chord[low] <= 1.01 * chord.min() + slack]
    best = low[np.argsort(chord[low])[:BASINS]]
    around = np.unique(np.concatenate([best - 1, best, best + 1]))
    return around[(around >= 0) & (around < len(chord))]


def _nearest(samples: Array, basins: list[Integers], start: Array, way: Array, rounds: int) -> Array:
    """Lengths of the shortest geodesics from the samples to their intervals, each searched by repeated division."""
    counts = np.array([len(found) for found in basins])
    chosen = np.concatenate(basins)
    origin, span = start[chosen], way[chosen]
    site = np.repeat(np.repeat(samples, counts, axis=0), SEARCH_POINTS, axis=0)
    shares = np.linspace(0, 1, SEARCH_POINTS)[:, np.newaxis]
    best = np.full(len(chosen), np.inf)
    for _ in range(rounds):
        grid = origin[:, np.newaxis, :] + span[:, np.newaxis, :] * shares
        _, reach = inverse(site[:, 0], site[:, 1], grid[:, :, 0].ravel(), grid[:, :, 1].ravel())
        reach = reach.reshape(-1, SEARCH_POINTS)
        best = np.minimum(best, reach.min(axis=1))
        lowest = np.clip(reach.argmin(axis=1), 1, SEARCH_POINTS - 2)
        origin = grid[np.arange(len(grid)), lowest - 1]
        span = span * 2 / (SEARCH_POINTS - 1)
    return np.minimum.reduceat(best, np.cumsum(counts) - counts)
