"""Area, perimeter and length on the WGS 84 ellipsoid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.antimeridian import flat_parts, outline
from backend.geo.ellipsoid import GEOD, Array, meridian_radius, parallel_radius, zone_area

type Edges = Literal["lonlat", "geodesic"]
"""Straight in longitude and latitude (RFC 7946, 3.1.1), or the shortest way on the ellipsoid."""

MAX_STEP = 5.0
"""Degrees. Integrals over steps this small are exact to rounding with the quadrature below."""
NODES, WEIGHTS = (array / 2 for array in np.polynomial.legendre.leggauss(8))


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured, in metres and square metres."""

    area: float
    """Of all polygons; polygons that overlap each other count twice."""
    perimeter: float
    """Of all polygons, holes included; without cuts along the antimeridian and edges along a pole."""
    length: float
    """Of all lines."""


def measure(shape: BaseGeometry, edges: Edges = "lonlat") -> Measures:
    """Measure a geometry within [-180, 180] × [-90, 90].

    The members of a collection are measured each for itself and added up.
    """
    areal, linear = _by_dimension(shape)
    if edges == "geodesic":
        return _along_geodesics(areal, linear)
    return Measures(
        area=sum((polygon_area(part) for part in areal), 0.0),
        perimeter=sum((line_length([outline(part)]) for part in areal), 0.0),
        length=line_length(linear),
    )


def polygon_area(polygon: BaseGeometry) -> float:
    """Area in m² of a polygon or multipolygon whose edges are straight in longitude and latitude.

    The ellipsoid's surface maps the plane of longitude and latitude one to one, so the area is a contour integral
    over the plane's rings; poles and cuts along the antimeridian need no care.
    """
    oriented = [shapely.orient_polygons(part) for part in flat_parts(polygon)]
    start, end = _segments(shapely.get_rings(oriented).tolist())
    start, end = _steps(start, end)
    latitudes, weights = _nodes(start[:, 1], end[:, 1])
    strips = np.radians(end[:, 0] - start[:, 0]) * (zone_area(latitudes) @ weights)
    return abs(float(strips.sum()))


def line_length(lines: Sequence[BaseGeometry]) -> float:
    """Length in metres of lines that are straight in longitude and latitude."""
    start, end = _segments([part for line in lines for part in flat_parts(line)])
    start, end = _steps(start, end)
    latitudes, weights = _nodes(start[:, 1], end[:, 1])
    longitude, latitude = np.radians(end - start).T[:, :, np.newaxis]
    return float(
        (np.hypot(parallel_radius(latitudes) * longitude, meridian_radius(latitudes) * latitude) @ weights).sum()
    )


def _by_dimension(shape: BaseGeometry) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """Polygons and multipolygons (whose parts may be the two sides of a cut), and lines."""
    if shape.geom_type == "GeometryCollection":
        members = [_by_dimension(member) for member in shapely.get_parts(shape)]
        return [part for areal, _ in members for part in areal], [part for _, linear in members for part in linear]
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return [shape], []
    return [], flat_parts(shape) if "Line" in shape.geom_type else []


def _along_geodesics(areal: Sequence[BaseGeometry], linear: Sequence[BaseGeometry]) -> Measures:
    geod: Any = GEOD
    polygons = [shapely.orient_polygons(part) for shape in areal for part in flat_parts(shape)]
    return Measures(
        area=sum((abs(geod.geometry_area_perimeter(polygon)[0]) for polygon in polygons), 0.0),
        perimeter=sum((geod.geometry_length(outline(part)) for part in areal), 0.0),
        length=sum((geod.geometry_length(line) for line in linear), 0.0),
    )


def _segments(lines: Sequence[BaseGeometry]) -> tuple[Array, Array]:
    """Start and end points, n × 2 each."""
    coordinates, owners = shapely.get_coordinates(list(lines), return_index=True)
    inside = owners[1:] == owners[:-1]
    return coordinates[:-1][inside], coordinates[1:][inside]


def _steps(start: Array, end: Array) -> tuple[Array, Array]:
    """The same segments cut into steps of at most MAX_STEP of latitude."""
    counts = np.maximum(1, np.ceil(np.abs(end[:, 1] - start[:, 1]) / MAX_STEP)).astype(int)
    step = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (1 / np.repeat(counts, counts))[:, np.newaxis]
    origin, way = np.repeat(start, counts, axis=0), np.repeat(end - start, counts, axis=0)
    return origin + way * step[:, np.newaxis] * share, origin + way * (step[:, np.newaxis] + 1) * share


def _nodes(start: Array, end: Array) -> tuple[Array, Any]:
    """Gauss-Legendre nodes between two latitudes (n × 8) and their weights."""
    return ((start + end) / 2)[:, np.newaxis] + np.outer(end - start, NODES), WEIGHTS
