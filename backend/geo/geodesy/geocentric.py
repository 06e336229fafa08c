"""Positions on the globe as points in space."""

import numpy as np

from backend.geo.geodesy.ellipsoid import E2, A, Array


def geocentric(positions: Array) -> Array:
    """Earth-centred coordinates in metres (n × 3) of longitudes and latitudes (n × 2) on the WGS 84 ellipsoid."""
    longitude, latitude = np.radians(positions[:, 0]), np.radians(positions[:, 1])
    normal = A / np.sqrt(1 - E2 * np.sin(latitude) ** 2)
    ring = normal * np.cos(latitude)
    return np.column_stack([ring * np.cos(longitude), ring * np.sin(longitude), normal * (1 - E2) * np.sin(latitude)])
