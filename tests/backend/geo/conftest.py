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
UNROUND = 1.02
"""Of two segments the one that is so much farther away on a sphere is the farther one on the ellipsoid too."""
FINE = 2e-5
"""The nearest place of a segment is found once it is known to this share of its distance."""


def vincenty(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> Array:
    """Geodesic distances in metres (T. Vincenty, Survey Review 23, 1975); not for points that are nearly antipodal."""
    difference = (np.radians(lon2) - np.radians(lon1) + np.pi) % (2 * np.pi) - np.pi
    (sine1, cosine1), (sine2, cosine2) = _reduced(lat1), _reduced(lat2)
    sines, cosines = sine1 * sine2, cosine1 * cosine2
    angle = difference
    # Each round brings the longitude on the auxiliary sphere about 300 times closer.
    for _ in range(6):
        turn = np.cos(angle)
        across = np.sin(angle)
        sine = np.hypot(cosine2 * across, cosine1 * sine2 - sine1 * cosine2 * turn)
        cosine = sines + cosines * turn
        sigma = np.arctan2(sine, cosine)
        alpha = cosines * across / np.where(sine == 0, 1, sine)
        square = 1 - alpha**2
        middle = np.where(square < 1e-14, 0, cosine - 2 * sines / np.where(square == 0, 1, square))
        c = FLATTENING / 16 * square * (4 + FLATTENING * (4 - 3 * square))
        inner = middle + c * cosine * (2 * middle**2 - 1)
        before, angle = angle, difference + (1 - c) * FLATTENING * alpha * (sigma + c * sine * inner)
        if np.abs(angle - before).max() < 1e-15:
            break
    u = square * (EQUATORIAL**2 - POLAR**2) / POLAR**2
    a = 1 + u / 16384 * (4096 + u * (-768 + u * (320 - 175 * u)))
    b = u / 1024 * (256 + u * (-128 + u * (74 - 47 * u)))
    correction = cosine * (2 * middle**2 - 1) - b / 6 * middle * (4 * sine**2 - 3) * (4 * middle**2 - 3)
    return POLAR * a * (sigma - b * sine * (middle + b / 4 * correction))


def nearest(points: Array, lines: list[Array]) -> Array:
    """Distances from points to lines that are straight in longitude and latitude.

    Each segment that may be the nearest of a point is searched on its own: first from station to station, then by
    bisection around the nearest one.
    """
    starts = np.vstack([line[:-1] if len(line) > 1 else line for line in lines])
    ways = np.vstack([np.diff(line, axis=0) if len(line) > 1 else np.zeros((1, 2)) for line in lines])
    segment, point, best = _nearest_stations(points, starts, ways)
    shares = np.linspace(0, 1, STATIONS)
    low, high = shares[best - 1], shares[best + 1]
    found = np.full(len(points), np.inf)

    def reach(share: Array, point: Any, segment: Any) -> Array:
        where = starts[segment] + ways[segment] * share[..., None]
        told = vincenty(*points[point].T, where[..., 0], where[..., 1])
        np.minimum.at(found, point, told.min(axis=0))
        return told

    reach(np.stack([low, high]), point, segment)
    lengths = np.radians(np.hypot(*ways.T)) * EQUATORIAL
    for _ in range(20):
        trial = low + (high - low) * np.array([[0.25], [0.5], [0.75]])
        best = reach(trial, point, segment).argmin(axis=0)
        trial = np.vstack([low, trial, high])
        low, high = (np.take_along_axis(trial, best[None] + step, 0)[0] for step in (0, 2))
        going = (high - low) * lengths[segment] > FINE * found[point]
        low, high, point, segment = low[going], high[going], point[going], segment[going]
        if not len(point):
            break
    return found


def _nearest_stations(points: Array, starts: Array, ways: Array) -> tuple[Any, Any, Any]:
    """Segments, points that may be nearest to them, and the stations nearest by the straight way through the Earth."""
    shares = np.linspace(0, 1, STATIONS)[:, None]
    best, away, apart = [], [], []
    for start, way in zip(starts, ways, strict=True):
        stations = _directions(start + way * shares)
        squares = sum((a[:, None] - b) ** 2 for a, b in zip(_directions(points).T, stations.T, strict=True))
        best.append(np.clip(squares.argmin(axis=1), 1, STATIONS - 2))
        away.append(np.sqrt(squares.min(axis=1)))
        apart.append(np.linalg.norm(np.diff(stations, axis=0), axis=1).max())
    far = np.array(away)
    segment, point = np.nonzero(far - np.array(apart)[:, None] <= UNROUND * far.min(axis=0))
    return segment, point, np.array(best)[segment, point]


def _reduced(latitude: Any) -> tuple[Array, Array]:
    """The sine and the cosine of a reduced latitude; rounding may have pushed the latitude over a pole."""
    reduced = np.arctan((1 - FLATTENING) * np.tan(np.clip(np.radians(latitude), -np.pi / 2, np.pi / 2)))
    return np.sin(reduced), np.cos(reduced)


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
