"""Unions of the geometries of groups."""

from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.ellipsoid import Integers
from backend.geo.geodesy.shapes import POLYGONAL, Shapes, of_type, union_of

_MANY = 50
"""Geometries of a group from which on it is united by itself: before, calling GEOS for each takes longer."""


def merged(shapes: Shapes, index: Integers) -> tuple[Shapes, Integers]:
    """The union of the shapes of each group, and the groups; `index` is sorted."""
    groups, first, counts = np.unique(index, return_index=True, return_counts=True)
    unions = shapes[first]
    large = counts >= _MANY
    for at in np.flatnonzero(large).tolist():
        unions[at] = _union_of_many(shapes[first[at] : first[at] + counts[at]])
    # What a single collection holds may overlap too.
    several = ~large & ((counts > 1) | of_type(unions, shapely.GeometryType.GEOMETRYCOLLECTION))
    if several.any():
        chosen = np.repeat(several, counts)
        place = np.repeat(np.arange(int(several.sum())), counts[several])
        collections: Any = shapely.geometrycollections(shapes[chosen], indices=place)
        unions[several] = shapely.union_all(collections[:, np.newaxis], axis=1)
    return unions, groups


def _union_of_many(shapes: Shapes) -> BaseGeometry:
    # A line must be cut where it crosses itself, though it meets no other.
    return union_of(shapes)[0] if of_type(shapes, *POLYGONAL).all() else shapely.union_all(shapes)
