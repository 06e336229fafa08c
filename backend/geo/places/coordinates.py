"""Coordinates of one reference system in another, with what is known of how good they are."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from pyproj import CRS
from pyproj.enums import TransformDirection

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84, Bounds, Transformation, area_told, code_of, degrees_per_unit, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, inverse
from backend.geo.geodesy.lonlat import check_coordinates
from backend.geo.geodesy.shapes import Shapes, of_type
from backend.geo.vector.feature_reading import settle
from backend.geo.vector.features import Features

EXCHANGED = "With longitude and latitude exchanged they lie within it: is the order right?"
HEIGHTS_KEPT = "Heights were kept as they are: only the horizontal coordinates were transformed."
RETURN_WARNED = 0.1
"""Metres by which a position may come back beside itself: seven-parameter shifts are not quite their own inverse."""
RETURN_REFUSED = 1000.0
"""Metres beyond which they are no coordinates of that place."""

_RETURNING = 1000
"""Vertices that are taken back."""


@dataclass(frozen=True, slots=True)
class Transformed:
    """Geometries in their new CRS, and how they came there."""

    shapes: Shapes
    way: Transformation
    accuracy: float | None
    """Metres, as the authority states it; 0 where the datum stays, None where it is unknown."""
    return_error: float
    """The largest distance in metres between a vertex and where the way back leads; of many vertices some are tried."""
    warnings: tuple[str, ...]


def transform(features: Features, target: CRS) -> Transformed:
    """Transform the vertices by the best way that there is where they are; edges stay straight between them.

    Raises:
        ProcessRefusedError: a coordinate is none of its CRS, or has no place in the target.
    """
    checked = _checked(features)
    source = checked.crs
    bounds = _degrees(checked)
    way = Transformation.between(source, target, bounds)
    shapes = way.shapes(checked.shapes)
    error = _return_error(checked.shapes, shapes, way)
    if error > RETURN_REFUSED:
        refuse(
            f"the coordinates lie too far from where {code_of(target)} is meant to be used ({area_told(target)}): the "
            f"way back misses them by {error:.3g} m; choose a CRS for where they are"
        )
    outside = _outside(bounds, source, target)
    if outside and source.is_projected and _like_degrees(checked.shapes):
        refuse(
            f"the coordinates look like degrees, but {code_of(source)} counts in {source.axis_info[0].unit_name}s and "
            "has no places there: name the CRS in which they are (longitude, latitude is OGC:CRS84)"
        )
    warnings = [*checked.warnings, *way.warnings, *outside]
    if error > RETURN_WARNED:
        warnings.append(
            f"The way back from {code_of(target)} misses by up to {error:.3g} m: the coordinates are too far from "
            "where it is meant to be used."
        )
    if bool(shapely.has_z(shapes).any()):
        warnings.append(HEIGHTS_KEPT)
    return Transformed(shapes, way, _accuracy(way), error, tuple(dict.fromkeys(warnings)))


def is_y_first(crs: CRS) -> bool:
    """Whether the authority's order of coordinates is latitude (northing) before longitude (easting)."""
    first, second = crs.axis_info[:2]
    if second.name.lower().startswith(("easting", "longitude", "geodetic longitude")):
        return True
    return (first.direction, second.direction) == ("north", "east")


def axes(crs: CRS, authority: bool) -> list[str]:
    """The coordinates in the order in which they stand, such as `Easting (metre)`."""
    told = [f"{axis.name} ({axis.unit_name})" for axis in crs.axis_info[:2]]
    return told[::-1] if is_y_first(crs) and not authority else told


def swapped(shapes: Shapes) -> Shapes:
    """Geometries with x and y exchanged."""
    with_heights = bool(shapely.has_z(shapes).any())
    return shapely.transform(
        shapes, lambda positions: np.column_stack([positions[:, 1::-1], *positions[:, 2:].T]), include_z=with_heights
    )


def rounded(shapes: Shapes, crs: CRS) -> list[list[float]]:
    """The positions of points, to about a ten-thousandth of a millimetre: what lies beyond is noise of arithmetic."""
    decimals = 7 if crs.is_projected else 12
    coordinates = shapely.get_coordinates(shapes, include_z=bool(shapely.has_z(shapes).any()))
    return np.round(coordinates, decimals).tolist()


def points(positions: Array) -> Shapes:
    """Points of positions n × 2 or n × 3."""
    return cast("Shapes", shapely.points(positions))


def _checked(features: Features) -> Features:
    if not features.present.any():
        refuse("there is no coordinate to transform")
    # A point needs no repair; looking for one takes longer than transforming it.
    only_points = of_type(features.shapes[features.present], shapely.GeometryType.POINT).all()
    in_range = bool((np.abs(shapely.total_bounds(features.shapes)) <= (180, 90, 180, 90)).all())
    if (features.crs == CRS84 and not (only_points and in_range)) or features.crs.is_projected:
        return settle(features)
    coordinates = shapely.get_coordinates(features.shapes)
    if not np.isfinite(coordinates).all():
        refuse("coordinates must be finite numbers")
    # Degrees of any meridian and datum have the same range; a few systems count grads.
    if features.crs.axis_info[0].unit_name == "degree":
        check_coordinates(features.shapes)
    return features


def _degrees(features: Features) -> Bounds | None:
    """West, south, east, north, from Greenwich and good enough to choose a way by."""
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(features.shapes))
    if features.crs == CRS84:
        return west, south, east, north
    bounds = Transformation.between(features.crs, CRS84).transformer.transform_bounds(west, south, east, north)
    return bounds if np.isfinite(bounds).all() else None


def _return_error(before: Shapes, after: Shapes, way: Transformation) -> float:
    start, end = shapely.get_coordinates(before), shapely.get_coordinates(after)
    if len(start) > _RETURNING:
        # The outermost are the worst, as a rule.
        outermost = [*start.argmin(axis=0).tolist(), *start.argmax(axis=0).tolist()]
        tried = [*np.linspace(0, len(start) - 1, _RETURNING - 4).astype(int).tolist(), *outermost]
        start, end = start[tried], end[tried]
    back: Array = np.column_stack(way.transformer.transform(end[:, 0], end[:, 1], direction=TransformDirection.INVERSE))
    lost = ~np.isfinite(back).all(axis=1)
    metres = metres_per_unit(way.source)
    if metres is None:
        # One meridian has two names, and at a pole all of them are one place.
        there, here = (degrees_per_unit(way.source) * one for one in (np.where(lost[:, None], 0, back), start))
        missed = inverse(*here.T, *there.T)[1]
    else:
        missed = np.hypot(*(back - start).T) * metres
    return float(np.max(np.where(lost, np.inf, missed)))


def _accuracy(way: Transformation) -> float | None:
    """A projection alone is as good as its arithmetic, which PROJ does not tell as a number."""
    source, target = way.source.datum, way.target.datum
    same = source is not None and target is not None and source.name == target.name
    return 0.0 if same and not way.ballpark else way.accuracy


def _like_degrees(shapes: Shapes) -> bool:
    return bool((np.abs(shapely.total_bounds(shapes)) <= (360, 90, 360, 90)).all())


def _outside(bounds: Bounds | None, source: CRS, target: CRS) -> list[str]:
    warnings: list[str] = []
    for crs in (source, target):
        area = crs.area_of_use
        if bounds is None or area is None or _within(bounds, area):
            continue
        hint = f" {EXCHANGED}" if not source.is_projected and lie_exchanged(bounds, crs) else ""
        warnings.append(f"Coordinates lie outside the area for which {code_of(crs)} is meant ({area_told(crs)}).{hint}")
    return warnings


def lie_exchanged(bounds: Bounds, crs: CRS) -> bool:
    """Whether degrees lie where the CRS is meant to be used if longitude and latitude are exchanged, but not so."""
    west, south, east, north = bounds
    area = crs.area_of_use
    return area is not None and not _within(bounds, area) and _within((south, west, north, east), area)


def _within(bounds: Bounds, area: Any) -> bool:
    """Whether the area holds them, with a tenth of a degree to spare: areas are stated roughly."""
    west, south, east, north = bounds
    if south < area.south - 0.1 or north > area.north + 0.1:
        return False
    if area.west <= area.east:
        return west >= area.west - 0.1 and east <= area.east + 0.1
    return all(edge >= area.west - 0.1 or edge <= area.east + 0.1 for edge in (west, east))
