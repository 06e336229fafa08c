"""Whether polygons are a coverage: they do not overlap, and where they touch they have the same vertices."""

from typing import Any

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.shapes import Shapes, parts_of, rings_of, row_numbers

MOST_OUTER = 0.2
"""Share of the edges that may have no neighbour: with more of them GEOS's own way is as fast."""

_ODD = np.uint64(1)
"""Products of odd numbers lose no digit."""
_EPSILON = 2.0**-52
"""Of each sum and product, as a share of it."""


def is_coverage(polygons: Shapes) -> bool:
    """What `shapely.coverage_is_valid` says of valid polygons, in less time where nearly all edges are shared.

    Edges that two polygons share, once in each direction, cancel out in the number of polygons that cover a place, and
    so does what is left form closed lines on each side of which that number is the same all along. If these lines meet
    at their vertices only, and nowhere between them there is more than one polygon, the polygons are a coverage.
    """
    return _surely(polygons) or bool(shapely.coverage_is_valid(polygons))


def _surely(polygons: Shapes) -> bool:
    parts, _ = parts_of(polygons)
    rings, part = rings_of(parts)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    edges = np.flatnonzero(ring[1:] == ring[:-1])
    ring = ring[edges]
    turned = _turned(coordinates, edges, ring, part)
    outer = None if turned is None else _outer(coordinates, edges, turned[ring])
    if outer is None or not 0 < len(outer) <= MOST_OUTER * len(edges):
        return False
    start, end = coordinates[outer], coordinates[outer + 1]
    lines: Any = shapely.linestrings(np.stack([start, end], axis=1))
    return _meet_at_ends(lines, start, end) and _single(lines, parts)


def _turned(coordinates: Array, edges: Integers, ring: Integers, part: Integers) -> Booleans | None:
    """Which rings run the other way than exterior rings do, counterclockwise, and holes, clockwise; None where rounding
    might tell it wrong of one.

    ring: of each edge; part: the polygon that each ring is of, its exterior first.
    """
    x, y = coordinates[:, 0], coordinates[:, 1]
    doubled = np.bincount(ring, x[edges] * y[edges + 1] - x[edges + 1] * y[edges], len(part))
    count = np.bincount(ring, minlength=len(part)).astype(np.float64)
    largest = np.abs(x).max(initial=0) * np.abs(y).max(initial=0)
    if not (np.abs(doubled) > count * (count + 2) * _EPSILON * largest).all():
        return None
    return (doubled > 0) != (np.diff(part, prepend=-1) > 0)


def _outer(coordinates: Array, edges: Integers, turned: Booleans) -> Integers | None:
    """The edges that no other one runs along, the other way; None where some cannot be told from others.

    edges: the index of the position where each begins, and the next one where it ends; turned: or the other way around.
    """
    pairs = _pairs(coordinates, edges)
    if pairs is None:
        return None
    single = np.ones(len(edges), dtype=np.bool_)
    for one, other in (pairs, pairs[::-1]):
        begin, finish = edges[one] + turned[one], edges[other] + ~turned[other]
        # Different edges of one number, and two in one direction.
        if not (coordinates.take(begin, axis=0) == coordinates.take(finish, axis=0)).all():
            return None
        single[one] = False
    return edges[single]


def _pairs(coordinates: Array, edges: Integers) -> tuple[Integers, Integers] | None:
    """One and the other of any two edges with one number, whichever way they run; None where one has no length, or
    there are three of a kind.
    """
    place = row_numbers(coordinates)
    start, end = place[edges], place[edges + 1]
    if (start == end).any():
        return None
    # Products, since sums along a regular grid are the same for many edges.
    number = (start | _ODD) * (end | _ODD)
    order = np.argsort(number)
    number = number[order]
    alike = number[1:] == number[:-1]
    return None if (alike[1:] & alike[:-1]).any() else (order[:-1][alike], order[1:][alike])


def _meet_at_ends(lines: Shapes, start: Array, end: Array) -> bool:
    first, second = shapely.STRtree(lines).query(lines, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    common = np.zeros(len(first), dtype=np.bool_)
    for one in (start, end):
        for other in (start, end):
            common |= (one[first] == other[second]).all(axis=1)
    return bool((common & shapely.touches(lines[first], lines[second])).all())


def _single(lines: Shapes, polygons: Shapes) -> bool:
    """Whether none of the faces between lines is covered more than once."""
    faces = shapely.get_parts(shapely.polygonize(lines))
    tree = shapely.STRtree(polygons)
    index = tree.query(shapely.point_on_surface(faces), predicate="intersects")
    covered, first = np.unique(index[0], return_index=True)
    # A place within one polygon, as others may lie on an edge.
    inside = shapely.point_on_surface(shapely.intersection(faces[covered], polygons[index[1][first]]))
    counts = np.bincount(tree.query(inside, predicate="intersects")[0], minlength=len(covered))
    return bool((counts == 1).all())
