"""Relations of layers that came in different CRSs, where what is one place in both differs by rounding.

So it does where both are in one projected CRS, and one of them was written in longitude and latitude meanwhile.

A vertex that lies on an edge of the other layer, without being one of its vertices, lies to either side of it once both
were brought to longitude and latitude. That decides of no relation to a polygon here, but of `crosses`.
"""

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
        made = _joined(_joined(found, _meeting(a, _areas(b), met.noise)), _meeting(_areas(a), b, met.noise))
    elif predicate == "equals":
        made = _joined(found, _equal(a, b, met.noise))
    else:
        return found, ()
    if met.written:
        # They are what they were before that: nobody needs to know.
        return made, ()
    changed = len(_joined(found, made)) - min(len(found), len(made))
    if not changed:
        return found, ()
    told = f"Of {changed} pairs rounding between the two CRSs would decide; they count as what they are without it"
    return made, (f"{told}: {predicate} to within {met.noise * 111_000_000:.2g} mm.",)


def _inside(inner: Shapes, outer: Shapes, known: Pairs, noise: float, predicate: Predicate) -> Pairs:
    """Further pairs of which the first lies in the second, but for rounding."""
    pairs = _meeting(_areas(inner) if predicate in _AREAL_ONLY else inner, _areas(outer), noise)
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
    """With the pairs of a polygon and what overlaps it, or is apart from it, by rounding alone."""
    near = _joined(_meeting(a, _areas(b), noise), _meeting(_areas(a), b, noise))
    areal = _areal(b)[near.second]
    inside = np.zeros(len(near), dtype=np.bool_)
    inside[areal] = _deep(b, a, Pairs(near.second, near.first).take(areal), noise)
    inside[~areal] = _deep(a, b, near.take(~areal), noise)
    return _joined(found, near.take(~inside))


def _equal(a: Shapes, b: Shapes, noise: float) -> Pairs:
    """Those of one kind that cover each other, but for rounding."""
    pairs = _meeting(a, b, noise)
    pairs = pairs.take(dimensions_of(a)[pairs.first] == dimensions_of(b)[pairs.second])
    apart = np.abs(shapely.bounds(a)[pairs.first] - shapely.bounds(b)[pairs.second])
    pairs = pairs.take((apart <= 2 * noise).all(axis=1))
    pairs = pairs.take(_covered(a, b, pairs, noise))
    return pairs.take(_covered(b, a, Pairs(pairs.second, pairs.first), noise))


def _meeting(a: Shapes, b: Shapes, distance: float) -> Pairs:
    """Those at most so far from each other."""
    index = query(shapely.STRtree(b), a, "dwithin", distance)
    return Pairs(index[0], index[1]).sorted()


def _deep(a: Shapes, b: Shapes, pairs: Pairs, noise: float) -> Booleans:
    """Whether more than a strip along the boundary of the polygons of the first source meets the second."""
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
