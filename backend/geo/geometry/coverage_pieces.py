"""Simplifying a coverage a piece at a time.

While GEOS simplifies a coverage it holds 2 kB for each polygon, of all polygons at once. What becomes of a shared edge
depends on the polygons that touch it alone: a piece of a coverage, together with the polygons that touch the piece,
gives the same edges as the whole coverage.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from backend.geo.geodesy.ellipsoid import Array, Integers
from backend.geo.geodesy.shapes import Shapes

MOST_VERTICES = 30_000
"""Of a piece. Of twice as many, 100,000 polygons take 7 % less time and 14 % more memory."""
FEWEST_POLYGONS = 1_000
"""Of a piece, on average: of fewer, the polygons around it are too large a share."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Indices of polygons, in ascending order."""

    own: Integers
    """Polygons that lie together; each is of one piece."""
    beside: Integers
    """Polygons of other pieces that may touch these."""


def simplify_coverage(polygons: Shapes, simplify: Callable[[Shapes], Shapes]) -> Shapes:
    """The polygons of a coverage with fewer vertices, which go on sharing their edges.

    simplify: does so for any part of the coverage that is to be simplified as a whole, by `shapely.coverage_simplify`.
    """
    pieces = _pieces(polygons)
    if len(pieces) > 1:
        made = _by_pieces(polygons, pieces, simplify)
        meeting = np.unique(np.concatenate([piece.beside for piece in pieces]))
        if shapely.coverage_is_valid(made[meeting]):
            return made
    # Where one edge is in another's way, their order decides which of them keeps its corner.
    return simplify(polygons)


def _by_pieces(polygons: Shapes, pieces: Sequence[_Piece], simplify: Callable[[Shapes], Shapes]) -> Shapes:
    made = np.empty(len(polygons), dtype=object)
    for piece in pieces:
        # In the order of the whole: it tells where a ring begins that has no corner where three polygons meet.
        together = np.sort(np.concatenate([piece.own, piece.beside]))
        made[piece.own] = simplify(polygons[together])[np.searchsorted(together, piece.own)]
    return made


def _pieces(polygons: Shapes) -> list[_Piece]:
    vertices = shapely.get_num_coordinates(polygons)
    most = max(MOST_VERTICES, int(vertices.sum()) * FEWEST_POLYGONS // max(1, len(polygons)))
    bounds = shapely.bounds(polygons)
    return [_Piece(own, _beside(polygons, bounds, own)) for own in _parted(bounds, vertices, most)]


def _parted(bounds: Array, vertices: NDArray[np.int32], most: int) -> list[Integers]:
    """Indices of polygons that lie together, in ascending order.

    most: vertices of a piece of several polygons.
    """
    centres = bounds[:, :2] + bounds[:, 2:]
    pieces: list[Integers] = []
    waiting: list[Integers] = [np.arange(len(vertices))]
    while waiting:
        piece = waiting.pop()
        if len(piece) < 2 or vertices[piece].sum() <= most:
            pieces.append(np.sort(piece))
            continue
        longer = np.ptp(centres[piece], axis=0).argmax()
        piece = piece[np.argsort(centres[piece, longer], kind="stable")]
        running: Integers = vertices[piece].cumsum()
        half = int((2 * running < running[-1]).sum())
        waiting += np.split(piece, [min(max(half, 1), len(piece) - 1)])
    return pieces


def _beside(polygons: Shapes, bounds: Array, piece: Integers) -> Integers:
    """The polygons that may touch one of a piece, since their bounding boxes do."""
    low, high = bounds[piece, :2].min(axis=0), bounds[piece, 2:].max(axis=0)
    near = np.flatnonzero((bounds[:, :2] <= high).all(axis=1) & (bounds[:, 2:] >= low).all(axis=1))
    near = np.setdiff1d(near, piece, assume_unique=True)
    touching = shapely.STRtree(polygons[piece]).query(polygons[near])
    return near[np.unique(touching[0])]
