"""All points within a distance of single positions: many discs at once.

As a function of the direction in which geodesics of one length leave a position, longitude and latitude of their ends
are periodic and smooth: harmonic k has about the share (distance / radius · tan(latitude))^(k - 1). The ends of a few
geodesics, interpolated by a trigonometric polynomial, are those of all others to far below the result's precision.
"""

from typing import Any

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import A, Array, Booleans, forward
from backend.geo.geodesy.shapes import Shapes

SAMPLES = 16
"""Geodesics of a disc that are computed; with NEAR the harmonics that they cannot tell are below 1e-8 of the disc."""
FEW_SAMPLES = 8
"""The same with VERY_NEAR."""
NEAR = 0.05
"""Distance over radius, and times the tangent of the latitude, of the largest disc."""
VERY_NEAR = 1e-3
BATCH = 20_000


def fits(positions: Array, distances: Array, resolution: int, outward: float) -> Booleans:
    """For which positions `discs` is right.

    An edge that is straight in longitude and latitude leaves its geodesic by length² · tan(latitude) / (8 · radius):
    that must be within the share `outward` of the distance.
    """
    share = _shares(positions, distances)
    bend = (np.pi / 2 / resolution) ** 2 * share / 8
    reach = np.degrees(2 * distances / A / np.maximum(np.cos(np.radians(positions[:, 1])), 1e-9))
    return (share <= NEAR) & (bend <= outward) & (np.abs(positions[:, 0]) + reach < 180)


def discs(positions: Array, distances: Array, resolution: int, digits: int) -> Shapes:
    """Polygons of 4 · `resolution` vertices, each at the exact distance in metres, rings counterclockwise.

    positions: n × 2, longitude and latitude, for which `fits` is true; digits: decimals of a degree that are kept.
    """
    share = _shares(positions, distances)
    made: Shapes = np.empty(len(positions), dtype=object)
    for samples, chosen in ((FEW_SAMPLES, share <= VERY_NEAR), (SAMPLES, share > VERY_NEAR)):
        index = np.flatnonzero(chosen)
        for first in range(0, len(index), BATCH):
            some = index[first : first + BATCH]
            made[some] = _polygons(positions[some], distances[some], resolution, samples, digits)
    return made


def _shares(positions: Array, distances: Array) -> Array:
    steepness = np.maximum(1.0, np.tan(np.radians(np.minimum(np.abs(positions[:, 1]), 89.9999))))
    return distances / A * steepness


def _polygons(positions: Array, distances: Array, resolution: int, samples: int, digits: int) -> Any:
    azimuths = np.arange(samples) * 360 / samples
    longitudes, latitudes, _ = forward(
        np.repeat(positions[:, 0], samples),
        np.repeat(positions[:, 1], samples),
        np.tile(azimuths, len(positions)),
        np.repeat(distances, samples),
    )
    between = _interpolation(samples, 4 * resolution)
    rings: Array = np.empty((len(positions), 4 * resolution + 1, 2))
    for ordinate, ends in enumerate((longitudes, latitudes)):
        centre = positions[:, ordinate, np.newaxis]
        rings[:, :-1, ordinate] = (ends.reshape(-1, samples) - centre) @ between + centre
    rings[:, -1] = rings[:, 0]
    return shapely.polygons(np.round(rings, digits, out=rings))


def _interpolation(samples: int, vertices: int) -> Array:
    """Matrix, samples × vertices, from values at even steps clockwise to those at finer steps counterclockwise."""
    turn = 2 * np.pi * (np.arange(samples)[:, np.newaxis] / samples + np.arange(vertices) / vertices)
    harmonics = sum((np.cos(k * turn) for k in range(1, samples // 2)), np.zeros_like(turn))
    return (1 + 2 * harmonics + np.cos(samples / 2 * turn)) / samples
