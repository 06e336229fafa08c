"""The part of a buffer that lies on one side of lines.

Strips on one side of each piece reach over other pieces where a line bends sharply. Lines cut what strips cover into
faces, and those count that lie beside a line, on the side that is wanted.
"""

from typing import Any, Literal

import numpy as np
import shapely

from backend.geo.geodesy.antimeridian import wrap
from backend.geo.geodesy.ellipsoid import METRES_PER_DEGREE, Array
from backend.geo.geodesy.shapes import Shapes, flat, shapes_of

type Side = Literal["left", "right"]

_GRID = 1e-7
"""Share of the distance to which places are rounded, so that all that meets does so in a vertex."""
_ON_LINE = 1e-6
"""Share of the distance up to which an edge lies on a line, and not at the buffer's other end."""
_ASIDE = 1e-3
"""Share of the distance, or a tenth of an edge if that is less, at which a face is beside an edge."""


def beside(strips: Shapes, line: Shapes, distance: float, side: Side) -> Shapes:
    """The faces of strips that have a line on the other side, which runs from its first vertex to its last.

    strips: all that is within `distance` metres on that side of a piece of the line; line: a single one. All in
    longitude and latitude, split at the antimeridian.
    """
    west, _, east, _ = shapely.total_bounds(strips).tolist()
    if (west, east) != (-180, 180):
        return _beside(strips, line, distance, side)
    # Seen from a line near the antimeridian what lies beyond it is no other face.
    over = _beside(_eastward(strips), _eastward(line), distance, side)
    return flat(shapes_of([wrap(face) for face in over.tolist()]))[0]


def _beside(strips: Shapes, line: Shapes, distance: float, side: Side) -> Shapes:
    reach = distance / METRES_PER_DEGREE
    whole = np.full(1, shapely.boundary(shapely.union_all(strips)), dtype=object)
    # Strips begin where the line is but for rounding, by which edges would miss each other.
    edges: Shapes = shapely.get_parts(shapely.union_all(np.concatenate([line, whole]), grid_size=_GRID * reach))
    faces: Shapes = shapely.get_parts(shapely.polygonize(edges))
    places = _aside(edges, line, reach, side)
    _, chosen = shapely.STRtree(faces).query(shapely.points(places), predicate="within")
    return faces[np.unique(chosen)]


def _eastward(shapes: Shapes) -> Shapes:
    """With longitudes from 0 to 360."""
    west = shapely.bounds(shapes)[:, 2] <= 0
    moved = shapes.copy()
    moved[west] = shapely.transform(shapes[west], lambda at: at + np.array([360.0, 0.0]))
    return moved


def _aside(edges: Shapes, line: Shapes, reach: float, side: Side) -> Array:
    """A place beside each edge that lies on the line; `reach` is the distance in degrees."""
    start, way = _segments(line)
    first = shapely.get_coordinates(shapely.get_point(edges, 0))
    span = shapely.get_coordinates(shapely.get_point(edges, 1)) - first
    middle = first + span / 2
    segments: Any = shapely.linestrings(np.stack([start, start + way], axis=1))
    tree = shapely.STRtree(segments)
    edge, segment = tree.query_nearest(shapely.points(middle), max_distance=_ON_LINE * reach, all_matches=False)
    along = way[segment] / np.hypot(*way[segment].T)[:, np.newaxis]
    left = np.column_stack([-along[:, 1], along[:, 0]])
    away = np.minimum(_ASIDE * reach, np.hypot(*span[edge].T) / 10)[:, np.newaxis]
    return middle[edge] + (away if side == "left" else -away) * left


def _segments(line: Shapes) -> tuple[Array, Array]:
    """Where each begins, and the way to its end; none without a length."""
    at = shapely.get_coordinates(line)
    way = np.diff(at, axis=0)
    long = way.any(axis=1)
    return at[:-1][long], way[long]
