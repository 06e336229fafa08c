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
METRES_PER_DEGREE = 111_700.0
"""At most, of latitude and of longitude."""
_ZONE = tuple((k + 1) / (2 * k + 1) for k in range(9))
"""Of the series of `zone_area`."""


def meridian_radius(latitude: Array) -> Array:
    """Radius of curvature along the meridian."""
    return radii(latitude)[0]


def parallel_radius(latitude: Array) -> Array:
    """Radius of the parallel."""
    return radii(latitude)[1]


def radii(latitude: Array) -> tuple[Array, Array]:
    """Both of these: along the meridian, and of the parallel."""
    phi = np.radians(latitude)
    square = 1 - E2 * np.sin(phi) ** 2
    root = np.sqrt(square)
    return A * (1 - E2) / (square * root), A * np.cos(phi) / root


def zone_area(latitude: Array) -> Array:
    """Area between the equator and a parallel, per radian of longitude; negative in the south.

    Source: Snyder, Map Projections: A Working Manual (1987), 3-12, with the integral's constant factor; its two terms
    as one series in the square of eccentricity times sine, whose terms end in the rounding: that takes half the time.
    """
    s = np.sin(np.radians(latitude))
    square = E2 * s * s
    series = np.full_like(s, _ZONE[-1])
    for factor in reversed(_ZONE[:-1]):
        series *= square
        series += factor
    return B * B * s * series


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
