"""What there is to measure of features: on the ground, in the plane of a projected CRS, and along slopes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, code_of, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.measure import (
    Columns,
    Edges,
    Measures,
    area_each,
    area_in_turn,
    by_dimension,
    measure_each,
    segment_lengths,
    segments,
)
from backend.geo.geodesy.shapes import Shapes, in_the_plane, parts_of, union_of
from backend.geo.vector.bending import bulges, followed, followed_in_turn
from backend.geo.vector.coverage import is_coverage
from backend.geo.vector.features import Features
from backend.geo.vector.globe import on_the_globe

BEND = 0.01
"""Metres to which the edges of projected features, which are bent on the ground, are followed by lines straight in
longitude and latitude; what is left between is added to the areas.
"""
ROUNDING = 1e-5
"""Width, in the unit of a plane, below which what polygons have in common is rounding."""
APART, UNSHARED = 2e-7, 1e-5
"""Width in degrees (2 cm), and share of the area, both of which that is less than in longitude and latitude, where
edges of neighbours that came from a plane part a little unless their vertices are the same.
"""
DISTORTED = 0.005
"""Share by which the plane may deviate from the ground without a warning."""
OVERLAP = "Polygons overlap: area counts ground that several of them cover as often, covered_area counts it once."


@dataclass(frozen=True, slots=True)
class Figures:
    """Measures in metres of the same features, all in one way."""

    each: Columns
    """One value for each feature."""
    total: Measures
    covered_area: float | None
    """Of the union of all polygons, where there are several."""
    length_3d: float | None
    """Of lines with heights, along their slope."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Figures in the plane of a projected CRS."""

    crs: CRS
    figures: Figures
    area_ratio: float | None
    """Area in the plane by area on the ground; None without polygons."""
    length_ratio: float | None
    """The same of lengths and perimeters."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Measures on the ground and, where a plane is known, in it."""

    ground: Figures
    plane: Plane | None
    warnings: tuple[str, ...]


def measure_features(features: Features, edges: Edges = "lonlat", crs: CRS | None = None) -> Measured:
    """Measure features on the WGS 84 ellipsoid and in the plane of `crs`, or of the projected CRS in which they are.

    Edges are straight in longitude and latitude, and those of features in a projected CRS in its plane.

    Raises:
        ProcessRefusedError: `crs` has no plane, or the features have no place in it.
    """
    if crs is not None and not crs.is_projected:
        raise ProcessRefusedError(
            f"{code_of(crs)} counts in degrees and has no plane to measure in: give a projected CRS, or none for "
            "measures on the ground",
            path="$.inputs.crs",
        )
    ground = _on_the_ground(features, edges)
    warnings: list[str] = []
    if ground.covered_area is not None and ground.covered_area < ground.total.area:
        warnings.append(OVERLAP)
    native = features if crs is None else features.in_crs(crs)
    plane = _in_the_plane(native, ground.total) if native.crs.is_projected else None
    if plane is not None:
        warnings += [*native.warnings, *_distortion(plane)]
    if ground.length_3d is not None:
        unit = features.crs.axis_info[0].unit_name if features.crs.is_projected else "metre"
        warnings.append(
            f"Vertices have heights, taken in units of {unit}: length is that on the map, length_3d along the slope."
        )
    return Measured(ground, plane, tuple(dict.fromkeys(warnings)))


def same_ground(shapes: Shapes, united: Shapes, crs: CRS) -> bool:
    """Whether the areas of polygons add up to no more than those of their union."""
    excess = np.nansum(shapely.area(shapes)) - shapely.area(united).sum()
    return bool(excess <= np.nansum(rounding(shapes, crs)))


def rounding(shapes: Shapes, crs: CRS) -> Array:
    """The area, in units of the plane, by which each may exceed the ground that it covers with its neighbours, without
    overlapping them.
    """
    if crs.is_projected:
        return ROUNDING * shapely.length(shapes)
    return np.minimum(APART * shapely.length(shapes), UNSHARED * shapely.area(shapes))


def ground_columns(features: Features, edges: Edges = "lonlat") -> Columns:
    """Each feature's measures on the ellipsoid; the edges of projected features are straight in their plane."""
    level = features.with_shapes(in_the_plane(features.shapes))
    if edges != "lonlat" or not features.crs.is_projected:
        return measure_each(level.lonlat().shapes, edges)
    fine = followed(level, BEND).features
    measured = measure_each(fine.lonlat().shapes, edges)
    return replace(measured, area=measured.area + bulges(fine.shapes, level.way_to(CRS84)))


def ground_areas(features: Features) -> Array:
    """The areas of `ground_columns` alone."""
    level = features.with_shapes(in_the_plane(features.shapes))
    if not features.crs.is_projected:
        return area_each(level.lonlat().shapes)
    way = level.way_to(CRS84)
    more: list[Array] = []

    def lonlat() -> Iterator[Shapes]:
        for fine in followed_in_turn(level, BEND):
            more.append(bulges(fine, way))
            yield on_the_globe(way.shapes(fine), fine, way)

    return area_in_turn(lonlat()) + np.concatenate(more)


def _on_the_ground(features: Features, edges: Edges) -> Figures:
    each = ground_columns(features, edges)
    total = each.total()
    return Figures(each, total, _covered_area(features, total.area), _slope_length(features, edges))


def _covered_area(features: Features, area: float) -> float | None:
    """m² on the ground of the union of all polygons, whose own areas add up to `area`; None where there are fewer than
    two. What is no overlap where the edges are straight is none on the ground.
    """
    united = _united(in_the_plane(features.shapes))
    if united is None:
        return None
    if same_ground(features.shapes, united, features.crs):
        return area
    return float(ground_areas(Features(united, crs=features.crs)).sum())


def _in_the_plane(features: Features, ground: Measures) -> Plane:
    metres = metres_per_unit(features.crs) or 1.0
    areal, areal_owners, linear, linear_owners = by_dimension(features.shapes)
    count = len(features)
    each = Columns(
        np.bincount(areal_owners, shapely.area(areal), count) * metres**2,
        np.bincount(areal_owners, shapely.length(areal), count) * metres,
        np.bincount(linear_owners, shapely.length(linear), count) * metres,
    )
    united = _united(features.shapes)
    covered = None if united is None else float(shapely.area(united).sum()) * metres**2
    total = each.total()
    true_way, way = ground.perimeter + ground.length, total.perimeter + total.length
    figures = Figures(each, total, covered, _plane_slope_length(linear, metres))
    return Plane(
        features.crs,
        figures,
        total.area / ground.area if ground.area else None,
        way / true_way if true_way else None,
    )


def _united(shapes: Shapes) -> Shapes | None:
    """The union of all polygons; None where there are fewer than two."""
    areal = by_dimension(shapes)[0]
    if shapely.get_num_geometries(areal).sum() < 2:
        return None
    polygons, _ = parts_of(areal)
    # Neighbours that share their edges, the usual case, are united already.
    if is_coverage(polygons):
        return polygons
    return union_of(polygons)


def _slope_length(features: Features, edges: Edges) -> float | None:
    """Along the heights of lines, over their way on the ground."""
    linear = by_dimension(features.shapes)[2]
    if not shapely.has_z(linear).any():
        return None
    start, end, _ = segments(linear)
    if features.crs == CRS84:
        ground = segment_lengths(start[:, :2], end[:, :2], edges)
        unit = 1.0
    else:
        ends: Any = shapely.points(np.vstack([start[:, :2], end[:, :2]]))
        lonlat = shapely.get_coordinates(Features(ends, crs=features.crs).lonlat().shapes)
        ground = segment_lengths(lonlat[: len(start)], lonlat[len(start) :], "geodesic")
        unit = metres_per_unit(features.crs) or 1.0
    return float(np.hypot(ground, unit * _climb(start, end)).sum())


def _plane_slope_length(linear: Shapes, metres: float) -> float | None:
    if not shapely.has_z(linear).any():
        return None
    start, end, _ = segments(linear)
    flat = np.hypot(*(end - start)[:, :2].T)
    return float(np.hypot(flat, _climb(start, end)).sum()) * metres


def _climb(start: Array, end: Array) -> Array:
    """Differences in height; none where one of them is not known."""
    return np.nan_to_num((end - start)[:, 2])


def _distortion(plane: Plane) -> list[str]:
    told: list[str] = []
    for name, ratio in (("areas", plane.area_ratio), ("lengths", plane.length_ratio)):
        if ratio is not None and abs(ratio - 1) > DISTORTED:
            told.append(
                f"In the plane of {code_of(plane.crs)} ({plane.crs.name}) {name} are {ratio:.5g} times those on the "
                "ground here."
            )
    return told
