"""Geometries as mappings, as rasterio wants them (the form of GeoJSON, RFC 7946)."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely import GeometryType

from backend.geo.geodesy.shapes import TYPE_NAMES, Shapes, of_type

_OTHER = (GeometryType.GEOMETRYCOLLECTION, GeometryType.LINEARRING)
"""Types that have no ragged arrays."""


def mappings_of(shapes: Shapes) -> list[dict[str, Any]]:
    """A mapping for each geometry, of positions in the plane; none may be missing or empty.

    They are cut out of arrays: to make them of shapely's objects, or of a text, takes longer than to burn them.
    """
    made = np.empty(len(shapes), dtype=object)
    other = of_type(shapes, *_OTHER)
    made[other] = [json.loads(text) for text in shapely.to_geojson(shapely.force_2d(shapes[other])).tolist()]
    kinds = np.where(other, -1, shapely.get_type_id(shapes))
    for kind in np.unique(kinds[~other]).tolist():
        chosen = np.flatnonzero(kinds == kind)
        made[chosen] = _of_one_type(shapes[chosen])
    return made.tolist()


def _of_one_type(shapes: Shapes) -> list[dict[str, Any]]:
    kind, positions, offsets = shapely.to_ragged_array(shapes, include_z=False)
    # Python's garbage collector passes over tuples of numbers.
    nested: list[Any] = list(zip(*positions.T.tolist(), strict=True))
    for ends in offsets:
        nested = [nested[start:end] for start, end in pairwise(ends.tolist())]
    return [{"type": TYPE_NAMES[kind], "coordinates": coordinates} for coordinates in nested]
