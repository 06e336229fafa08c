"""The error that a buffer reports is never below the true one, measured by pyproj's geodesics at many places."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from backend.geo.buffers.boundary import boundary
from backend.geo.buffers.buffer import buffer, buffer_each
from backend.geo.buffers.feature_buffers import error_percent
from backend.geo.geodesy.antimeridian import flat_parts
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.reading import read_geometry

GEOD: Any = Geod(ellps="WGS84")
BAR = 0.05
"""Percent of the distance."""
SHORT, FULL = 20, 500


def random_geometry(random: np.random.Generator) -> tuple[str, float]:
    """A point, line or polygon anywhere, poles and antimeridian included, and a distance from 1 m to 500 km."""
    distance = 10 ** random.uniform(0, math.log10(500_000))
    size = distance / 111_000 * 10 ** random.uniform(-0.5, 1.5)
    latitude = random.choice([random.uniform(-85, 85), random.uniform(-1, 1) + 80, -89.9])
    longitude = random.choice([random.uniform(-180, 180), 179.99])
    width = min(size / math.cos(math.radians(latitude)), 40)
    kind = random.integers(3)
    if kind == 0:
        return f"POINT ({longitude} {latitude})", distance
    count = int(random.integers(2, 7)) if kind == 1 else int(random.integers(3, 8))
    angles = np.sort(random.uniform(0, 2 * np.pi, count))
    reach = random.uniform(0.3, 1, count)
    x = longitude + width * reach * np.cos(angles)
    y = np.clip(latitude + min(size, 20) * reach * np.sin(angles), -90, 90)
    positions = np.column_stack([x, y])
    line = shapely.LineString(positions)
    if kind == 1:
        return line.wkt, distance
    polygon = shapely.Polygon(positions)
    return (polygon.wkt if polygon.is_valid else line.wkt), distance


def true_error(made: BaseGeometry, lines: list[np.ndarray], distance: float, count: int) -> float:
    """Percent of the distance by which places on the boundary, vertices and between them, are off."""
    places = np.vstack([_places(ring) for ring in shapely.get_rings(flat_parts(made))])
    if not len(places):
        return 0.0
    chosen = places[np.linspace(0, len(places) - 1, min(count, len(places))).astype(int)]
    return float(100 * np.abs(_nearest(chosen, lines) / distance - 1).max())


def _places(ring: BaseGeometry) -> np.ndarray:
    corners = shapely.get_coordinates(ring)
    start, way = corners[:-1], np.diff(corners, axis=0)
    seam = (way[:, 0] == 0) & (np.abs(start[:, 0]) == 180) | (way[:, 1] == 0) & (np.abs(start[:, 1]) == 90)
    shares = np.array([0, 0.31, 0.5, 0.69])[:, None]
    return (start[~seam][:, None] + way[~seam][:, None] * shares).reshape(-1, 2)


def _nearest(places: np.ndarray, lines: list[np.ndarray]) -> np.ndarray:
    """Lengths of geodesics to lines straight in longitude and latitude: each segment is searched by thirds."""
    found = np.full(len(places), np.inf)
    for line in lines:
        ends = line if len(line) > 1 else np.vstack([line, line])
        for start, way in zip(ends[:-1], np.diff(ends, axis=0), strict=True):
            shares = np.linspace(0, 1, 65)
            best = _reach(places, start, way, np.tile(shares, (len(places), 1))).argmin(axis=1)
            low, high = shares[np.maximum(best - 1, 0)], shares[np.minimum(best + 1, 64)]
            for _ in range(12):
                trial = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, 5)
                reach = _reach(places, start, way, trial)
                found = np.minimum(found, reach.min(axis=1))
                middle = np.clip(reach.argmin(axis=1), 1, 3)[:, None]
                low, high = (np.take_along_axis(trial, middle + step, 1)[:, 0] for step in (-1, 1))
    return found


def _reach(places: np.ndarray, start: np.ndarray, way: np.ndarray, shares: np.ndarray) -> np.ndarray:
    stations = start + way * shares[..., None]
    site = np.broadcast_to(places[:, None, :], stations.shape)
    ordinates = (site[..., 0], site[..., 1], stations[..., 0], stations[..., 1])
    return np.array(GEOD.inv(*(ordinate.ravel() for ordinate in ordinates))[2]).reshape(shares.shape)


def written_lines(text: str) -> list[np.ndarray]:
    shape = shapely.from_wkt(text)
    return [shapely.get_coordinates(shape)]


def test_the_reported_error_is_never_below_the_true_one_on_random_geometries(request: pytest.FixtureRequest) -> None:
    random = np.random.default_rng(20)
    full = request.config.getoption("--full")
    for case in range(FULL if full else SHORT):
        text, distance = random_geometry(random)
        resolution = 32 if case % 3 else int(random.choice([4, 8, 64, 256]))
        source = boundary(read_geometry(text).shape)
        made = buffer(source, distance, resolution)
        told = error_percent(shapes_of([made]), source, distance, resolution)
        true = true_error(made, written_lines(text), distance, 60 if full else 12)
        assert true <= told, (text, distance, resolution)
        assert resolution < 32 or told <= BAR


def test_discs_computed_together_are_as_right_as_one(request: pytest.FixtureRequest) -> None:
    random = np.random.default_rng(21)
    count = 200 if request.config.getoption("--full") else 30
    positions = np.column_stack([random.uniform(-180, 180, count), np.degrees(np.arcsin(random.uniform(-1, 1, count)))])
    distances = 10 ** random.uniform(0, 5.7, count)
    made = buffer_each(shapes_of(shapely.Point(*position) for position in positions.tolist()), distances, 32)
    for shape, position, distance in zip(made, positions, distances, strict=True):
        assert true_error(shape, [position[None]], distance, 20) <= 0.0324
