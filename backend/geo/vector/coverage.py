"""Whether polygons are a coverage: they do not overlap, and where they touch they have the same vertices."""

from typing import Any

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import Array, Integers
from backend.geo.geodesy.measure import segments
from backend.geo.geodesy.shapes import Shapes, parts_of, rings_of, row_numbers

MOST_OUTER = 0.2
"""Share of the edges that may have no neighbour: with more of them GEOS's own way is as fast."""


def is_coverage(polygons: Shapes) -> bool:
    """What `shapely.coverage_is_valid` says of valid polygons, in less time where nearly all edges are shared.

    Edges that two polygons share, once in each direction, cancel out in the number of polygons that cover a place, and
    so does what is left form closed lines on each side of which that number is the same all along. If these lines meet
    at their vertices only, and nowhere between them there is more than one polygon, the polygons are a coverage.
    """
    return _surely(polygons) or bool(shapely.coverage_is_valid(polygons))


def _surely(polygons: Shapes) -> bool:
    parts, _ = parts_of(shapely.orient_polygons(polygons))
    start, end, _ = segments(rings_of(parts)[0])
    start, end = start[:, :2], end[:, :2]
    outer = _outer(start, end)
    if outer is None or not 0 < len(outer) <= MOST_OUTER * len(start):
        return False
    lines: Any = shapely.linestrings(np.stack([start[outer], end[outer]], axis=1))
    return _meet_at_ends(lines, start[outer], end[outer]) and _single(lines, parts)


def _outer(start: Array, end: Array) -> Integers | None:
    """The edges that no other one runs along, the other way; None where some cannot be told from others."""
    west = (start[:, 0] < end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] < end[:, 1]))
    edges = np.where(west[:, np.newaxis], np.hstack([start, end]), np.hstack([end, start]))
    number = row_numbers(edges)
    order = np.argsort(number)
    number, edges, west = number[order], edges[order], west[order]
    alike = number[1:] == number[:-1]
    same = (edges[1:] == edges[:-1]).all(axis=1)
    # Different edges of one number, three of a kind, or two in one direction.
    if (alike != same).any() or (same[1:] & same[:-1]).any() or (same & (west[1:] == west[:-1])).any():
        return None
    single = np.ones(len(edges), dtype=np.bool_)
    single[1:][same] = single[:-1][same] = False
    return order[single]


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
