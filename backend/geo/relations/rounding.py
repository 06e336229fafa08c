"""Relations of layers that came in different CRSs, where what is one place in both differs by rounding.

A vertex that lies on an edge of the other layer, without being one of its vertices, lies to either side of it once both
were brought to longitude and latitude. That decides of no relation here.
"""

from typing import Any

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import Booleans, Integers
from backend.geo.geodesy.shapes import Shapes
from backend.geo.relations.overlay_pieces import POLYGON, dimensions_of
from backend.geo.relations.relations import Pairs, Predicate, Together, matching, query

_INNER_FIRST = ("within", "covered_by")
_INNER_SECOND = ("contains", "covers")
_AREAL_ONLY = ("within", "contains")
"""Predicates for which points and lines on a boundary have a rule of their own."""


def settled(met: Together, predicate: Predicate) -> tuple[Pairs, tuple[str, ...]]:
    """All pairs of which `first predicate second` holds, and a warning of those whom rounding would have put elsewhere.

    Raises:
        ProcessRefusedError: there are too many.
    """
    a, b = met.first.shapes, met.second.shapes
    found = matching(a, b, predicate, lonlat=not met.first.crs.is_projected)
    if not met.noise:
        return found, ()
    if predicate in _INNER_FIRST:
        made = _joined(found, _inside(a, b, found, met.noise, predicate))
    elif predicate in _INNER_SECOND:
        made = _joined(found, _inside(b, a, found.turned(), met.noise, predicate).turned())
    elif predicate == "overlaps":
        made = _truly_overlapping(a, b, found, met.noise)
    elif predicate == "touches":
        made = _touching(a, b, found, met.noise)
    elif predicate == "intersects":
        made = _joined(found, _meeting(_areas(a), _areas(b), met.noise))
    else:
        return found, ()
    changed = len(_joined(found, made)) - min(len(found), len(made))
    if not changed:
        return found, ()
    told = f"Of {changed} pairs rounding between the two CRSs would decide; they count as what they are without it"
    return made, (f"{told}: {predicate} to within {met.noise * 111_000_000:.2g} mm.",)


def _inside(inner: Shapes, outer: Shapes, known: Pairs, noise: float, predicate: Predicate) -> Pairs:
    """Further pairs of which the first lies in the second, but for rounding."""
    pairs = _meeting(_areas(inner) if predicate in _AREAL_ONLY else inner, _areas(outer), 0)
    pairs = pairs.take(~_among(pairs, known, len(outer)))
    west, south, east, north = (shapely.bounds(outer)[pairs.second] - shapely.bounds(inner)[pairs.first]).T
    pairs = pairs.take((west <= noise) & (south <= noise) & (east >= -noise) & (north >= -noise))
    return pairs.take(_covered(inner, outer, pairs, noise))


def _truly_overlapping(a: Shapes, b: Shapes, found: Pairs, noise: float) -> Pairs:
    """Without the pairs of polygons of which one lies in the other, or which merely touch."""
    areal = _areal(a)[found.first] & _areal(b)[found.second]
    pairs = found.take(areal)
    true = _deep(a, b, pairs, noise)
    true[true] = ~_covered(a, b, pairs.take(true), noise)
    turned = Pairs(pairs.second, pairs.first)
    true[true] = ~_covered(b, a, turned.take(true), noise)
    kept = np.ones(len(found), dtype=np.bool_)
    kept[areal] = true
    return found.take(kept)


def _touching(a: Shapes, b: Shapes, found: Pairs, noise: float) -> Pairs:
    """With the pairs of polygons that overlap, or are apart, by rounding alone."""
    pairs = _meeting(_areas(a), _areas(b), noise)
    return _joined(found, pairs.take(~_deep(a, b, pairs, noise)))


def _meeting(a: Shapes, b: Shapes, distance: float) -> Pairs:
    tree = shapely.STRtree(b)
    index: Any = tree.query(a, predicate="dwithin", distance=distance) if distance else query(tree, a, "intersects")
    return Pairs(index[0], index[1]).sorted()


def _deep(a: Shapes, b: Shapes, pairs: Pairs, noise: float) -> Booleans:
    """Whether two polygons share more than a strip along their boundaries."""
    return shapely.intersects(_grown(a, pairs.first, -noise), b[pairs.second])


def _covered(inner: Shapes, outer: Shapes, pairs: Pairs, noise: float) -> Booleans:
    return shapely.covers(_grown(outer, pairs.second, noise), inner[pairs.first])


def _grown(shapes: Shapes, index: Integers, distance: float) -> Shapes:
    once, place = np.unique(index, return_inverse=True)
    return shapely.buffer(shapes[once], distance, join_style="mitre")[place]


def _areas(shapes: Shapes) -> Shapes:
    """The polygons, and nothing in the place of others."""
    made = shapes.copy()
    made[~_areal(shapes)] = None
    return made


def _areal(shapes: Shapes) -> Booleans:
    return dimensions_of(shapes) == POLYGON


def _among(pairs: Pairs, known: Pairs, count: int) -> Booleans:
    return np.isin(pairs.first * count + pairs.second, known.first * count + known.second)


def _joined(one: Pairs, other: Pairs) -> Pairs:
    first, second = np.concatenate([one.first, other.first]), np.concatenate([one.second, other.second])
    _, once = np.unique(np.column_stack([first, second]), axis=0, return_index=True)
    return Pairs(first, second).take(once).sorted()
