"""Edges that are straight in a projected plane, as they run in longitude and latitude: bent."""

import math

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.crs import metres_per_unit
from backend.geo.geodesy.ellipsoid import A
from backend.geo.geodesy.ground import ground_of
from backend.geo.vector.features import Features, single
from backend.geo.vector.reading import GeometryInput

MOST_VERTICES = 200_000
"""Beyond it, edges are cut less finely than asked for."""
NEAR_POLE = 89.0


def bent_geometry(geometry: GeometryInput, tolerance: float) -> BaseGeometry:
    """A geometry in longitude and latitude, its edges within `tolerance` metres of where they run in the plane in which
    they came.
    """
    if geometry.native is None or not geometry.native.crs.is_projected:
        return geometry.shape
    return single(bent(geometry.native, tolerance))


def true_to_lengths(features: Features, tolerance: float) -> tuple[Features, str]:
    """Features where lengths are those on the ground, and why they were brought there, empty where they were not.

    Features of a projected CRS whose lengths are off over their extent, as those of Mercator's are, come in longitude
    and latitude, `bent`; all others as they are.
    """
    if not (features.crs.is_projected and features.present.any()):
        return features, ""
    west, south, east, north = shapely.total_bounds(features.shapes).tolist()
    ground = ground_of(features.crs, (west, south, east, north))
    return (features, "") if ground.planar else (bent(features, tolerance), ground.decision)


def bent(features: Features, tolerance: float) -> Features:
    """Features in longitude and latitude, without heights; those of a projected CRS have so many vertices more that no
    edge is further than `tolerance` metres from where it runs in its plane.

    An edge of length l that is straight on a map leaves one that is straight in longitude and latitude by about
    l² · tan(latitude) / (8 · radius); twice that is allowed for, since maps differ.
    """
    flat = features.with_shapes(shapely.force_2d(features.shapes))
    unit = metres_per_unit(features.crs)
    if unit is None or not features.present.any():
        return flat.lonlat()
    latitudes = np.abs(shapely.total_bounds(flat.lonlat().shapes)[[1, 3]])
    steepness = max(math.tan(math.radians(min(float(latitudes.max()), NEAR_POLE))), 0.1)
    longest = math.sqrt(4 * A * tolerance / steepness) / unit
    whole = float(shapely.length(flat.shapes[flat.present]).sum())
    made = flat.with_shapes(shapely.segmentize(flat.shapes, max(longest, whole / MOST_VERTICES))).lonlat()
    invalid = np.flatnonzero(made.present & ~shapely.is_valid(made.shapes))
    if not invalid.size:
        return made
    shapes = made.shapes.copy()
    shapes[invalid] = shapely.make_valid(shapes[invalid])
    return made.with_shapes(shapes)
