"""Vertices added along the edges of many geometries at once, as many on each edge as it needs."""

from collections.abc import Callable, Iterator

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import Array, Integers
from backend.geo.geodesy.shapes import LINEAL, POLYGONAL, Shapes, batches

type Counting = Callable[[Array, Array], Integers]
"""Starts and ends of edges, each n × 2 → into how many pieces each is cut, at least 1."""
_BATCH = 2**15
"""Vertices whose edges are looked at together: what that takes is several times as large as they are."""


def cut_edges(shapes: Shapes, pieces: Counting) -> Shapes:
    """Geometries with each of their edges cut into pieces of equal length; heights are interpolated.

    An edge gets the same vertices, to the last bit, in whichever direction it runs: neighbours still share it.
    """
    return np.concatenate(list(cut_in_turn(shapes, pieces)))


def cut_in_turn(shapes: Shapes, pieces: Counting) -> Iterator[Shapes]:
    """The same, some geometries after others, so that not all need to be there at once."""
    return (_cut(some, pieces) for some in batches(shapes, _BATCH))


def edges_of(shapes: Shapes) -> tuple[Array, Array]:
    """Starts and ends of all edges of lines and rings, each n × 2."""
    none = np.zeros((0, 2))
    start, end = zip((none, none), *edges_in_turn(shapes), strict=True)
    return np.concatenate(start), np.concatenate(end)


def edges_in_turn(shapes: Shapes) -> Iterator[tuple[Array, Array]]:
    """The same, some edges after others."""
    found: list[tuple[Array, Array]] = []

    def listed(start: Array, end: Array) -> Integers:
        found.append((start, end))
        return np.ones(len(start), dtype=np.intp)

    for _ in cut_in_turn(shapes, listed):
        yield from found
        found.clear()


def _cut(shapes: Shapes, pieces: Counting) -> Shapes:
    made = shapes.copy()
    kinds = shapely.get_type_id(shapes)
    for kind in (*LINEAL, *POLYGONAL):
        index = np.flatnonzero((kinds == kind) & ~shapely.is_empty(shapes))
        if index.size:
            made[index] = _cut_alike(shapes[index], pieces)
    for at in np.flatnonzero(kinds == shapely.GeometryType.GEOMETRYCOLLECTION).tolist():
        made[at] = shapely.GeometryCollection(list(_cut(shapely.get_parts(shapes[at]), pieces)))
    return made


def _cut_alike(shapes: Shapes, pieces: Counting) -> Shapes:
    """Of geometries of one type."""
    kind, coordinates, offsets = shapely.to_ragged_array(shapes, include_z=bool(shapely.has_z(shapes).any()))
    lines = offsets[0].astype(np.intp)
    last = np.zeros(len(coordinates), dtype=np.bool_)
    ends = lines[1:] - 1
    last[ends[lines[1:] > lines[:-1]]] = True
    start = np.flatnonzero(~last)
    counts = np.ones(len(coordinates), dtype=np.intp)
    counts[start] = pieces(coordinates[start, :2], coordinates[start + 1, :2])
    if not (counts > 1).any():
        return shapes
    begins = np.concatenate([[0], np.cumsum(counts)])
    made = _between(coordinates, counts, begins)
    return shapely.from_ragged_array(kind, made, (begins[lines], *offsets[1:]))


def _between(coordinates: Array, counts: Integers, begins: Integers) -> Array:
    """Each vertex and, evenly spaced, what is added between it and the next one."""
    vertex = np.repeat(np.arange(len(coordinates)), counts)
    step = np.arange(len(vertex)) - begins[vertex]
    made = coordinates[vertex]
    added = np.flatnonzero(step)
    at, step, count = vertex[added], step[added], counts[vertex[added]]
    here, there = coordinates[at], coordinates[at + 1]
    # From the western (southern) end, so that rounding is the same for both neighbours.
    turned = (here[:, 0] > there[:, 0]) | ((here[:, 0] == there[:, 0]) & (here[:, 1] > there[:, 1]))
    swap = turned[:, np.newaxis]
    origin, target = np.where(swap, there, here), np.where(swap, here, there)
    share = np.where(turned, count - step, step) / count
    made[added] = origin + (target - origin) * share[:, np.newaxis]
    return made
