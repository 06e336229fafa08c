"""Geometries taken apart into edges and points, and where these are in space."""

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import E2, A, Array, Integers
from backend.geo.geodesy.shapes import POLYGONAL, PUNTAL, Shapes, flat, of_type

MAX_CURVATURE_RADIUS = 6_399_594.0
"""Metres: no arc of the ellipsoid is longer than its angle times this."""


def stretches_of(shapes: Shapes) -> tuple[Array, Integers]:
    """Edges, and points as edges of no length: n × (start, end) × (longitude, latitude), and whose each is.

    The sides of a cut along the antimeridian and edges along a pole are part of the polygon, so they do no harm.
    """
    parts, owners = flat(shapes)
    there = ~shapely.is_empty(parts)
    parts, owners = parts[there], owners[there]
    points, areal = of_type(parts, *PUNTAL), of_type(parts, *POLYGONAL)
    rings, ring_of = shapely.get_rings(parts[areal], return_index=True)
    lines = np.concatenate([parts[~points & ~areal], rings])
    owner_of_line = np.concatenate([owners[~points & ~areal], owners[areal][ring_of]])
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    inside = line[1:] == line[:-1]
    edges = np.stack([coordinates[:-1][inside], coordinates[1:][inside]], axis=1)
    single = shapely.get_coordinates(parts[points])
    stretches = np.concatenate([edges, np.stack([single, single], axis=1)])
    return stretches, np.concatenate([owner_of_line[line[1:][inside]], owners[points]])


def geocentric(positions: Array) -> Array:
    """Earth-centred coordinates in metres, … × 3."""
    longitude, latitude = np.radians(positions[..., 0]), np.radians(positions[..., 1])
    normal = A / np.sqrt(1 - E2 * np.sin(latitude) ** 2)
    ring = normal * np.cos(latitude)
    return np.stack([ring * np.cos(longitude), ring * np.sin(longitude), normal * (1 - E2) * np.sin(latitude)], axis=-1)


def spheres(stretches: Array) -> tuple[Array, Array]:
    """Centres (… × 3) and radii of balls that hold the stretches (… × 2 × 2)."""
    start, end = stretches[..., 0, :], stretches[..., 1, :]
    if (start == end).all():
        return geocentric(start), np.zeros(start.shape[:-1])
    way = np.radians(end - start)
    lowest = np.where(start[..., 1] * end[..., 1] <= 0, 0, np.abs(stretches[..., 1]).min(axis=-1))
    length = MAX_CURVATURE_RADIUS * np.hypot(np.cos(np.radians(lowest)) * way[..., 0], way[..., 1])
    return geocentric((start + end) / 2), length / 2
