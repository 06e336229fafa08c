"""An oracle for distances that shares nothing with the code under test: Vincenty's inverse formula, from scratch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Distances = Callable[[Any, Any, Any, Any], Array]
type Nearest = Callable[[Array, list[Array]], Array]

EQUATORIAL, FLATTENING = 6_378_137.0, 1 / 298.257223563
POLAR = EQUATORIAL * (1 - FLATTENING)
STATIONS = 400
"""Points of each segment from which the search for the nearest starts."""


def vincenty(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> Array:
    """Geodesic distances in metres (T. Vincenty, Survey Review 23, 1975); not for points that are nearly antipodal."""
    lon1, lat1, lon2, lat2 = np.broadcast_arrays(*(np.radians(value) for value in (lon1, lat1, lon2, lat2)))
    # Rounding may push a latitude over a pole.
    lat1, lat2 = (np.clip(latitude, -np.pi / 2, np.pi / 2) for latitude in (lat1, lat2))
    u1, u2 = (np.arctan((1 - FLATTENING) * np.tan(latitude)) for latitude in (lat1, lat2))
    difference = (lon2 - lon1 + np.pi) % (2 * np.pi) - np.pi
    angle = difference
    # Each round brings the longitude on the auxiliary sphere about 300 times closer.
    for _ in range(6):
        sine = np.hypot(np.cos(u2) * np.sin(angle), np.cos(u1) * np.sin(u2) - np.sin(u1) * np.cos(u2) * np.cos(angle))
        cosine = np.sin(u1) * np.sin(u2) + np.cos(u1) * np.cos(u2) * np.cos(angle)
        sigma = np.arctan2(sine, cosine)
        alpha = np.cos(u1) * np.cos(u2) * np.sin(angle) / np.where(sine == 0, 1, sine)
        square = 1 - alpha**2
        middle = np.where(square < 1e-14, 0, cosine - 2 * np.sin(u1) * np.sin(u2) / np.where(square == 0, 1, square))
        c = FLATTENING / 16 * square * (4 + FLATTENING * (4 - 3 * square))
        inner = middle + c * cosine * (2 * middle**2 - 1)
        angle = difference + (1 - c) * FLATTENING * alpha * (sigma + c * sine * inner)
    u = square * (EQUATORIAL**2 - POLAR**2) / POLAR**2
    a = 1 + u / 16384 * (4096 + u * (-768 + u * (320 - 175 * u)))
    b = u / 1024 * (256 + u * (-128 + u * (74 - 47 * u)))
    correction = cosine * (2 * middle**2 - 1) - b / 6 * middle * (4 * sine**2 - 3) * (4 * middle**2 - 3)
    return POLAR * a * (sigma - b * sine * (middle + b / 4 * correction))


def nearest(points: Array, lines: list[Array]) -> Array:
    """Distances from points to lines that are straight in longitude and latitude.

    Each segment is searched on its own: first from station to station, then by bisection around the nearest one.
    """
    starts = np.vstack([line[:-1] if len(line) > 1 else line for line in lines])
    ways = np.vstack([np.diff(line, axis=0) if len(line) > 1 else np.zeros((1, 2)) for line in lines])
    shares = np.linspace(0, 1, STATIONS)
    found = np.full(len(points), np.inf)
    for start, way in zip(starts, ways, strict=True):
        chords = _directions(points)[:, None] - _directions(start + way * shares[:, None])
        best = np.clip((chords**2).sum(axis=2).argmin(axis=1), 1, STATIONS - 2)
        low, high = shares[best - 1], shares[best + 1]
        for _ in range(20):
            trial = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, 5)
            where = start + way * trial[..., None]
            reach = vincenty(points[:, 0, None], points[:, 1, None], where[..., 0], where[..., 1])
            found = np.minimum(found, reach.min(axis=1))
            best = np.clip(reach.argmin(axis=1), 1, 3)[:, None]
            low, high = (np.take_along_axis(trial, best + step, 1)[:, 0] for step in (-1, 1))
    return found


def _directions(points: Array) -> Array:
    longitude, latitude = np.radians(points).T
    ring = np.cos(latitude)
    return np.column_stack([ring * np.cos(longitude), ring * np.sin(longitude), np.sin(latitude)])


@pytest.fixture(scope="session")
def geodesic_distance() -> Distances:
    return vincenty


@pytest.fixture(scope="session")
def distance_to_lines() -> Nearest:
    return nearest
