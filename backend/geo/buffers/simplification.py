"""Polygons without vertices and digits that say nothing."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.antimeridian import collect, flat_parts
from backend.geo.geodesy.ellipsoid import METRES_PER_DEGREE, Array, Integers
from backend.geo.geodesy.shapes import Shapes, plain


def simplified(shapes: Shapes, tolerances: Array) -> Shapes:
    """Polygons and multipolygons whose boundaries have moved by at most so many metres, one tolerance for each.

    Vertices on the edges of the plane (antimeridian, poles) stay, so that parts still meet there.
    """
    degrees = tolerances / METRES_PER_DEGREE
    parts, owner = shapely.get_parts(shapes, return_index=True)
    # Of many polygons at a time it would take the square of their number.
    made = plain(shapely.multipolygons(shapely.simplify(parts, degrees[owner]), indices=owner))
    west, south, east, north = shapely.bounds(shapes).T
    inside = (np.maximum(-west, east) < 180) & (np.maximum(-south, north) < 90)
    wrong = inside & ~shapely.is_valid(made)
    made[wrong] = shapely.simplify(shapes[wrong], degrees[wrong])
    for index in np.flatnonzero(~inside).tolist():
        made[index] = _at_the_edges(shapes[index], float(degrees[index]))
    return made


def _at_the_edges(shape: BaseGeometry, degrees: float) -> BaseGeometry:
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


def rounded(shapes: Shapes, digits: Integers) -> Shapes:
    """The shapes with coordinates rounded to so many digits after the point, one number for each."""
    made = shapes.copy()
    for places in np.unique(digits).tolist():
        some = np.flatnonzero(digits == places)
        made[some] = shapely.transform(shapes[some], lambda coordinates, places=places: np.round(coordinates, places))
    valid = shapely.is_valid(made)
    return made if valid.all() else np.where(valid, made, shapes)


def decimals(precision: Array) -> Integers:
    """Of a degree, at least six, that keep a precision in metres."""
    return np.maximum(6, np.ceil(-np.log10(precision / METRES_PER_DEGREE))).astype(np.intp)
