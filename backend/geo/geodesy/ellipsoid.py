"""The WGS 84 ellipsoid: radii of curvature, and geodesics by pyproj. Angles are in degrees, lengths in metres."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

type Array = NDArray[np.float64]
type Booleans = NDArray[np.bool_]
type Integers = NDArray[np.intp]

GEOD = Geod(ellps="WGS84")
A: float = GEOD.a
"""Equatorial radius."""
B: float = GEOD.b
"""Polar radius."""
E2: float = GEOD.es
"""Square of the first eccentricity."""


def meridian_radius(latitude: Array) -> Array:
    """Radius of curvature along the meridian."""
    return A * (1 - E2) / (1 - E2 * np.sin(np.radians(latitude)) ** 2) ** 1.5


def parallel_radius(latitude: Array) -> Array:
    """Radius of the parallel."""
    phi = np.radians(latitude)
    return A * np.cos(phi) / np.sqrt(1 - E2 * np.sin(phi) ** 2)


def zone_area(latitude: Array) -> Array:
    """Area between the equator and a parallel, per radian of longitude; negative in the south.

    Source: Snyder, Map Projections: A Working Manual (1987), 3-12, with the integral's constant factor.
    """
    s = np.sin(np.radians(latitude))
    e = np.sqrt(E2)
    return B * B / 2 * (s / (1 - E2 * s * s) + np.arctanh(e * s) / e)


def forward(longitude: Array, latitude: Array, azimuth: Array, distance: Array) -> tuple[Array, Array, Array]:
    """End points of geodesics: longitude, latitude, and the azimuth in which the geodesic goes on."""
    start_lon, start_lat, bearing, way = np.broadcast_arrays(longitude, latitude, azimuth, distance)
    ends: Any = GEOD.fwd(start_lon.copy(), _on_globe(start_lat), bearing.copy(), way.copy())
    return ends[0], ends[1], half_turn(ends[2] + 180)


def inverse(lon1: Array, lat1: Array, lon2: Array, lat2: Array) -> tuple[Array, Array]:
    """Azimuths at the first points and lengths of the geodesics to the second points."""
    geodesics: Any = GEOD.inv(lon1.copy(), _on_globe(lat1), lon2.copy(), _on_globe(lat2))
    return geodesics[0], geodesics[2]


def _on_globe(latitude: Array) -> Array:
    """A copy without latitudes that rounding has pushed over a pole: their geodesics would be NaN."""
    return np.clip(latitude, -90, 90)


def half_turn(angle: Array) -> Array:
    """The same direction within [-180, 180)."""
    return (angle + 180) % 360 - 180
