"""Centres of gravity on the WGS 84 ellipsoid."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import Proj
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.antimeridian import flat_parts
from backend.geo.geodesy.ellipsoid import Array, half_turn, inverse

MAX_EDGE = 0.1
"""Degrees: edges longer than this are cut, since straight in longitude and latitude is bent in a projection."""
MAX_SHARE = 1 / 64
"""Of the extent: the same."""
ROUNDS = 20
SETTLED = 1e-10
"""Degrees."""
BALANCED = 1e-6
"""Length of the mean direction, of 1, below which there is no centre: what goes around the Earth."""


@dataclass(frozen=True, slots=True)
class Centroid:
    """A centre of gravity and how it was found."""

    position: tuple[float, float]
    """Longitude and latitude."""
    method: str
    crs_decision: str
    warnings: tuple[str, ...]


def centroid(shape: BaseGeometry) -> Centroid:
    """Centre of gravity of the areas of a geometry; where it has none of its lines, or else of its points.

    It is the point around which a projection shows it in balance: equal-area for areas, equidistant for the others.

    Raises:
        ProcessRefusedError: it is spread around the Earth, so that there is no such point.
    """
    kinds = ("Polygon", "LineString", "Point")
    parts = flat_parts(shape)
    kind = next(kind for kind in kinds if any(part.geom_type == kind for part in parts))
    chosen = [part for part in parts if part.geom_type == kind]
    warnings = (f"Only its {len(chosen)} parts of type {kind} count.",) if len(chosen) < len(parts) else ()
    west, south, east, north = shapely.GeometryCollection(chosen).bounds
    if kind != "Point":
        edge = min(MAX_EDGE, MAX_SHARE * max(east - west, north - south))
        # GEOS makes several polygons of one that rounding lets cross itself then.
        chosen = [piece for part in chosen for piece in flat_parts(shapely.segmentize(part, edge))]
    coordinates = shapely.get_coordinates(chosen)
    start = _mean_direction(coordinates)
    if start is None and kind == "Point":
        raise _no_centre()
    # Areas and lines may have a centre though their vertices cancel each other out: one of these is a start as good.
    start = start or (float(coordinates[0, 0]), float(coordinates[0, 1]))
    if kind == "Polygon":
        position = _settle(start, chosen, "laea", _areal)
        method = "centre of area"
    else:
        position = _settle(start, chosen, "aeqd", _linear if kind == "LineString" else _punctual)
        method = "centre of length, geodesic" if kind == "LineString" else "mean of the points"
    name = {"laea": "Lambert azimuthal equal-area", "aeqd": "azimuthal equidistant"}
    plane = f"{name['laea' if kind == 'Polygon' else 'aeqd']} on WGS 84 centred on the result"
    return Centroid(position, method, plane, warnings)


def _settle(
    start: tuple[float, float],
    parts: list[BaseGeometry],
    projection: str,
    balance: Callable[[list[BaseGeometry], Proj], Array],
) -> tuple[float, float]:
    """Longitude and latitude of the place that is its own centre, searched from a start."""
    place = start
    for _ in range(ROUNDS):
        plane = Proj(proj=projection, lon_0=place[0], lat_0=place[1], ellps="WGS84")
        x, y = balance(parts, plane).tolist()
        longitude, latitude = plane(x, y, inverse=True)
        if not math.isfinite(longitude):
            break
        east = abs(half_turn(np.array(longitude - place[0]))) * math.cos(math.radians(latitude))
        moved = math.hypot(float(east), latitude - place[1])
        place = (float(longitude), float(latitude))
        if moved < SETTLED:
            return place
    raise _no_centre()


def _no_centre() -> ProcessRefusedError:
    return ProcessRefusedError("it is spread around the Earth, so that it has no centre", path="$.inputs.geometry")


def _mean_direction(coordinates: Array) -> tuple[float, float] | None:
    """Longitude and latitude of the mean of positions in space; None where they cancel each other out."""
    longitude, latitude = np.radians(coordinates).T
    ring = np.cos(latitude)
    x, y, z = np.mean([ring * np.cos(longitude), ring * np.sin(longitude), np.sin(latitude)], axis=1)
    if np.hypot(np.hypot(x, y), z) < BALANCED:
        return None
    return float(np.degrees(np.arctan2(y, x))), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def _areal(parts: list[BaseGeometry], plane: Proj) -> Array:
    flat = shapely.transform(shapely.multipolygons(np.array(parts)), lambda at: _projected(at, plane))
    return shapely.get_coordinates(shapely.centroid(flat))[0]


def _linear(parts: list[BaseGeometry], plane: Proj) -> Array:
    coordinates, owners = shapely.get_coordinates(parts, return_index=True)
    inside = owners[1:] == owners[:-1]
    start, end = coordinates[:-1][inside], coordinates[1:][inside]
    _, lengths = inverse(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    return np.average(_projected((start + end) / 2, plane), axis=0, weights=lengths)


def _punctual(parts: list[BaseGeometry], plane: Proj) -> Array:
    return _projected(shapely.get_coordinates(parts), plane).mean(axis=0)


def _projected(coordinates: Array, plane: Proj) -> Array:
    x, y = plane(coordinates[:, 0], coordinates[:, 1])
    return np.column_stack([x, y])
