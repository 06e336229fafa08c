"""Polygons without vertices and digits that say nothing."""

import math

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.antimeridian import collect, flat_parts
from backend.geo.geodesy.ellipsoid import Array

METRES_PER_DEGREE = 111_700.0
"""At most, of latitude and of longitude."""


def simplify(shape: BaseGeometry, tolerance: float) -> BaseGeometry:
    """A polygon or multipolygon whose boundary has moved by at most `tolerance` metres.

    Vertices on the edges of the plane (antimeridian, poles) stay, so that parts still meet there.
    """
    degrees = tolerance / METRES_PER_DEGREE
    west, south, east, north = shape.bounds
    if max(-west, east) < 180 and max(-south, north) < 90:
        # Of many polygons at a time it would take the square of their number.
        alone = collect(shapely.simplify(shapely.get_parts(shape), degrees).tolist())
        return alone if alone.is_valid else shapely.simplify(shape, degrees)
    simple = collect(
        shapely.Polygon(_ring(part.exterior, degrees), [_ring(ring, degrees) for ring in part.interiors])
        for part in flat_parts(shape)
        if isinstance(part, shapely.Polygon)
    )
    return simple if simple.is_valid else shape


def _ring(ring: BaseGeometry, degrees: float) -> Array:
    corners = shapely.get_coordinates(ring)[:-1]
    fixed = np.flatnonzero((np.abs(corners[:, 0]) == 180) | (np.abs(corners[:, 1]) == 90))
    first = fixed[0] if fixed.size else 0
    corners = np.roll(corners, -first, axis=0)
    corners = np.vstack([corners, corners[:1]])
    chains = np.split(np.arange(len(corners)), (fixed - first)[1:])
    # Each chain ends where the next one begins.
    ends = [int(chain[-1]) + 2 for chain in chains]
    lines = [corners[chain[0] : end] for chain, end in zip(chains, ends, strict=True)]
    simple = [shapely.get_coordinates(shapely.simplify(shapely.LineString(line), degrees)) for line in lines]
    kept = np.vstack([line[:-1] for line in simple] + [corners[-1:]])
    return kept if len(kept) >= 4 else corners


def rounded(shape: BaseGeometry, precision: float) -> BaseGeometry:
    """The shape with coordinates rounded to `precision` metres or better."""
    digits = decimals(precision)
    simple = shapely.transform(shape, lambda coordinates: np.round(coordinates, digits))
    return simple if simple.is_valid else shape


def decimals(precision: float) -> int:
    """Of a degree, at least six, that keep `precision` metres."""
    return max(6, math.ceil(-math.log10(precision / METRES_PER_DEGREE)))
