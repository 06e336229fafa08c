"""Positions in longitude and latitude: what can be one, and what a person meant by one that cannot."""

from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse
from backend.geo.geodesy.crs import code_of
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import LINEAL, POLYGONAL, Shapes, flat, of_type

type Geometries = BaseGeometry | Shapes

MAX_LONGITUDE = 360.0
"""RFC 7946 has longitudes within ±180; up to ±360 they are understood and brought back, with a warning."""
SLACK = 1e-9
"""Degrees by which rounding may push a latitude over the pole."""
NOTHING = 1e-13
"""Degrees: a hundredth of a micrometre."""
CROSSING_HINT = "If it was meant to cross the antimeridian, split it there, or go on beyond 180."
WRAPPED = "Longitudes beyond ±180 were brought back into range; what crosses the antimeridian is split there."


def check_coordinates(shapes: Geometries) -> None:
    """See that positions can be longitude and latitude.

    Raises:
        ProcessRefusedError: one is not finite or not on the globe; the message tells what it looks like.
    """
    check_positions(shapely.get_coordinates(shapes))


def check_positions(coordinates: Array) -> None:
    """The same of positions, n × 2.

    Raises:
        ProcessRefusedError: as there.
    """
    if _surely_on_globe(coordinates):
        return
    if not np.isfinite(coordinates).all():
        refuse("coordinates must be finite numbers")
    longitudes, latitudes = np.abs(coordinates).T
    outside = np.flatnonzero((longitudes > MAX_LONGITUDE) | (latitudes > 90 + SLACK))
    if not outside.size:
        return
    x, y = (float(ordinate) for ordinate in coordinates[outside[0]])
    if abs(x) > 1000 or abs(y) > 1000:
        refuse(
            f"({x:.10g}, {y:.10g}) looks projected: coordinates must be longitude, latitude in degrees (WGS 84) unless "
            "their CRS is told: by the input crs where there is one, else assign-crs takes them with it"
        )
    if abs(x) <= 90 and abs(y) <= MAX_LONGITUDE:
        refuse(
            f"latitude {y:.10g} is outside -90 to 90: is the order latitude, longitude? It must be longitude, latitude"
        )
    refuse(f"({x:.10g}, {y:.10g}) is outside the globe: longitude -180 to 180, latitude -90 to 90")


def like_degrees(bounds: Sequence[float], crs: CRS) -> tuple[str, ...]:
    """A warning where what is said to be in a plane looks like degrees; bounds: least x and y, greatest x and y."""
    if (np.abs(bounds) > (180, 90, 180, 90)).any():
        return ()
    unit = crs.axis_info[0].unit_name
    return (f"The coordinates look like degrees, but {code_of(crs)} counts in units of {unit}: is the CRS right?",)


def _surely_on_globe(coordinates: Array) -> bool:
    """A quick look, without arrays of the coordinates' size; of NaN no comparison is true."""
    if not len(coordinates):
        return True
    longitudes, latitudes = coordinates.T
    within = longitudes.min() >= -MAX_LONGITUDE and longitudes.max() <= MAX_LONGITUDE
    return bool(within and latitudes.min() >= -90 and latitudes.max() <= 90)


def is_settled(coordinates: Array) -> bool:
    """Whether `settled` leaves finite positions, n × 2 of at least one, as they are."""
    longitudes, latitudes = coordinates.T
    if latitudes.min() < -90 or latitudes.max() > 90:
        return False
    # Most data lie in one quarter of the globe, all of it away from 0.
    return not any(
        ordinates.min() < NOTHING and ordinates.max() > -NOTHING and _is_next_to_0(ordinates)
        for ordinates in (longitudes, latitudes)
    )


def _is_next_to_0(ordinates: Array) -> bool:
    near = np.abs(ordinates) < NOTHING
    return bool((ordinates[near] != 0).any())


def settled(coordinates: Array) -> Array:
    """Latitudes within the poles, and zero for what is next to it: GEOS may loop for ever on denormal numbers."""
    near = np.where(np.abs(coordinates) < NOTHING, 0.0, coordinates)
    return np.column_stack([near[:, 0], np.clip(near[:, 1], -90, 90), *near[:, 2:].T])


def max_longitude(shapes: Geometries) -> float:
    """The largest distance from the prime meridian, in degrees."""
    west, _, east, _ = shapely.total_bounds(shapes)
    return max(abs(west), abs(east))


def long_edges(shapes: Geometries) -> list[str]:
    """A warning where an edge was probably meant to cross the antimeridian the short way."""
    bounds = np.atleast_2d(shapely.bounds(shapes))
    # What is no wider than half the globe, as nearly all is, has no such edge.
    if not (bounds[:, 2] - bounds[:, 0] > 180).any():
        return []
    coordinates, owners = shapely.get_coordinates(_lines(shapes), return_index=True)
    spans = np.abs(np.diff(coordinates[:, 0]))[np.diff(owners) == 0]
    # An edge of 360° closes a box around the whole globe.
    if not ((spans > 180) & (spans < 360)).any():
        return []
    widest = spans[spans < 360].max()
    return [f"An edge spans {widest:.6g}° of longitude and was read as it stands (RFC 7946). {CROSSING_HINT}"]


def _lines(shapes: Geometries) -> Shapes:
    """Lines and the rings of polygons, however deep their collections are nested."""
    parts, _ = flat(np.atleast_1d(np.asarray(shapes, dtype=object)))
    rings = shapely.get_rings(parts[of_type(parts, *POLYGONAL)])
    return np.concatenate([rings, parts[of_type(parts, *LINEAL)]])
