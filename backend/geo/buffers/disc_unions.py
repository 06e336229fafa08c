"""The union of many discs of one size, some at a time: what does not meet is united apart, to the same result."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from backend.geo.buffers.zones import plain_discs
from backend.geo.geodesy.ellipsoid import A, Array, Booleans, Integers
from backend.geo.geodesy.shapes import Shapes

LEAST_RADIUS = 0.993 * A
"""Metres: no meridian or parallel is bent by more, so that no disc is wider than on a sphere of this size."""
_GROUP = 10_000
"""Discs that are made together, or more where more of them hang together."""
_ASKED = 500
"""Discs whose neighbours are looked for together."""


def disc_union(points: Shapes, distance: float, resolution: int) -> Shapes:
    """The parts of the union of the discs of points that are `disc_like`, exterior rings counterclockwise."""
    found = [_united(points[some], distance, resolution, alone) for some, alone in _groups(points, distance)]
    return np.concatenate(found)


def _united(points: Shapes, distance: float, resolution: int, alone: Booleans) -> Shapes:
    discs = plain_discs(points, np.full(len(points), distance), resolution)
    parts: Any = shapely.get_parts(shapely.disjoint_subset_union_all(discs[~alone]))
    return np.concatenate([shapely.orient_polygons(parts), discs[alone]])


def _groups(points: Shapes, distance: float) -> Iterator[tuple[Integers, Booleans]]:
    """Indices of discs that meet none of another group, and which of them meet none at all."""
    first = _first_of_those_that_meet(points, distance)
    counts = np.bincount(first, minlength=len(points))
    order = np.argsort(first, kind="stable")
    begins = np.flatnonzero(np.diff(first[order])) + 1
    full = np.flatnonzero(np.diff(begins // _GROUP, prepend=0))
    return ((some, counts[first[some]] == 1) for some in np.split(order, begins[full]))


def _first_of_those_that_meet(points: Shapes, distance: float) -> Integers:
    """For each disc the first of all to which a chain of discs leads whose boxes meet: itself where none meets it."""
    at = shapely.get_coordinates(points)
    reach = half_widths(at, distance)
    furthest = reach.max(axis=0)
    tree = shapely.STRtree(points)
    first = np.arange(len(points))
    for start in range(0, len(points), _ASKED):
        some = slice(start, start + _ASKED)
        low, high = at[some] - reach[some] - furthest, at[some] + reach[some] + furthest
        boxes: Any = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
        found: Integers = tree.query(boxes)
        found[0] += start
        # Where discs are many to a place most pairs tell nothing new.
        one, other = found[:, _roots(first, found[0]) != _roots(first, found[1])]
        near = (np.abs(at[one] - at[other]) <= reach[one] + reach[other]).all(axis=1)
        _join(first, one[near], other[near])
    return _roots(first, np.arange(len(points)))


def half_widths(positions: Array, distance: float) -> Array:
    """Degrees of longitude and latitude, n × 2, by which a disc is surely no wider to each side; for what `fits`."""
    angle = distance / LEAST_RADIUS
    east = np.arcsin(np.minimum(np.sin(angle) / np.cos(np.radians(positions[:, 1])), 1.0))
    return np.degrees(np.column_stack([east, np.full(len(positions), angle)]))


def _join(first: Integers, one: Integers, other: Integers) -> None:
    """Make one set of the two of each pair; `first` leads from each member to an earlier one, at last to the first."""
    while True:
        ends = np.sort(np.stack([_roots(first, one), _roots(first, other)]), axis=0)
        different = ends[0] != ends[1]
        if not different.any():
            first[one] = first[other] = ends[0]
            return
        np.minimum.at(first, ends[1, different], ends[0, different])


def _roots(first: Integers, members: Integers) -> Integers:
    """The first of all those that are in the sets of these members."""
    found = first[members]
    while not np.array_equal(found, before := first[found]):
        found = before
    return found
