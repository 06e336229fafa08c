"""Grids for rasters that are made of features: with cells of so many metres, or those of another raster."""

from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertCylindricalEqualAreaConversion
from shapely import affinity

from backend.errors import refuse_input
from backend.geo.geodesy.antimeridian import collect, common_box
from backend.geo.geodesy.crs import CRS84, Bounds, Transformation, code_of, degrees_per_unit, metres_per_unit, parse_crs
from backend.geo.geodesy.ellipsoid import Array, forward
from backend.geo.geodesy.ground import ground_of
from backend.geo.raster.rasters import Grid
from backend.geo.raster.turns import numbers
from backend.geo.vector.features import Features, no_geometry

MOST_CELLS = 100_000_000
UTM_WIDTH = 9.0
"""Degrees of longitude up to which one zone of UTM serves: lengths err by at most 0.3 %."""
EQUAL_AREA = "EPSG:6933"
"""Of the whole Earth but the poles; its cells have equal areas, and other shapes far from 30 degrees."""
_NARROWEST_GAP = 10.0
"""Degrees without features, below which what crosses the antimeridian goes around the Earth."""
_HALF_WORLD = 1.7e7
"""Metres in a plane beyond which a place near by is on the plane's other edge."""
_AZIMUTHS = np.arange(0.0, 360.0, 15.0)
_NOTHING = 1e-6
"""Share of a cell by which coordinates may differ after having been in another CRS."""
NORTH_POLAR, SOUTH_POLAR = "EPSG:3413", "EPSG:3031"


@dataclass(frozen=True, slots=True)
class Laid:
    """Features on a grid."""

    features: Features
    """In the CRS of the grid."""
    grid: Grid
    crs_decision: str
    warnings: tuple[str, ...] = ()


def lay_out(features: Features, cell_size: float | None, template: Grid | None, margin: float = 0.0) -> Laid:
    """Choose the grid: the template's, else of cells of `cell_size` metres, in the features' CRS or a metric one.

    Corners of cells lie at multiples of the cell size, so that grids that are made one by one fit each other. `margin`
    is how many metres on the ground the grid goes beyond the features.

    Raises:
        ProcessRefusedError: nothing says how large cells are, or there are too many.
    """
    if not features.present.any():
        refuse_input(no_geometry(features), "features")
    if template is not None:
        if cell_size is not None:
            refuse_input("a template has its own cells: leave cell_size out", "cell_size")
        moved = _turned(in_plane(features, template.crs), template)
        return Laid(moved, template, f"the template's grid in {code_of(template.crs)}", _outside(moved, template))
    if cell_size is None:
        refuse_input("give cell_size in metres, or a template raster", "cell_size")
    chosen = features.crs if features.crs.is_projected else metric_crs(features)
    moved = in_plane(features, chosen)
    metres = metres_per_unit(chosen) or 1.0
    grid = _grid(moved, cell_size / metres, _reached(moved, margin))
    ground = ground_of(chosen, grid.bounds)
    untrue = f"Cells are not {cell_size:g} m on the ground: lengths in {code_of(chosen)} are {ground.error}."
    warnings = () if ground.planar else (untrue,)
    why = "" if features.crs.is_projected else ", chosen for the extent of the features"
    named = chosen.name if code_of(chosen) == chosen.name else f"{code_of(chosen)} ({chosen.name})"
    return Laid(moved, grid, f"grid in {named}{why}", warnings)


def metric_crs(features: Features) -> CRS:
    """A projected CRS in metres for features in longitude and latitude: UTM where one zone serves."""
    west, south, east, north = _extent(features)
    if east - west <= UTM_WIDTH and south >= -80 and north <= 84:
        zone = int(((west + east) / 2 + 180) % 360 // 6) + 1
        return parse_crs(f"EPSG:{32600 if south + north >= 0 else 32700}".replace("00", f"{zone:02d}"))
    if south >= 60:
        return parse_crs(NORTH_POLAR)
    if north <= -60:
        return parse_crs(SOUTH_POLAR)
    across = east > 180 and east - west <= 360 - _NARROWEST_GAP
    return _equal_area_around(round((west + east) / 2)) if across else parse_crs(EQUAL_AREA)


def _equal_area_around(meridian: int) -> CRS:
    """The equal-area CRS of the whole Earth with another central meridian: its edges lie opposite of it."""
    longitude = 180 - (180 - meridian) % 360
    return ProjectedCRS(
        LambertCylindricalEqualAreaConversion(latitude_first_parallel=30, longitude_natural_origin=longitude),
        name=f"WGS 84 / Lambert Cylindrical Equal Area around {longitude} degrees",
        geodetic_crs=parse_crs(EQUAL_AREA).geodetic_crs,
    )


def in_plane(features: Features, crs: CRS) -> Features:
    """The features in another CRS, with vertices along their edges so that these go where they went."""
    if crs == features.crs:
        return features
    longest = 5_000 / (metres_per_unit(features.crs) or 1.0) if features.crs.is_projected else 0.05
    return features.with_shapes(shapely.segmentize(features.shapes, longest)).in_crs(crs)


def _extent(features: Features) -> Bounds:
    """West, south, east, north in degrees, of the narrower way around; east may be beyond 180."""
    shapes = features.lonlat().shapes
    west, south, east, north = common_box(shapes)
    return west, south, east + 360 if east < west else east, north


def _reached(features: Features, margin: float) -> Bounds:
    """Smallest x and y, largest x and y of what is within so many metres on the ground of features' vertices."""
    near = margin / (metres_per_unit(features.crs) or 1.0)
    west, south, east, north = shapely.total_bounds(features.shapes).tolist()
    bounds = west - near, south - near, east + near, north + near
    if not margin or ground_of(features.crs, bounds).planar:
        return bounds
    hull = shapely.convex_hull(shapely.GeometryCollection(features.shapes[features.present].tolist()))
    corners = shapely.get_coordinates(hull)
    away = _around(corners, features.crs, 1.01 * margin)
    low, high = (corners - away).min(axis=0).tolist(), (corners + away).max(axis=0).tolist()
    return low[0], low[1], high[0], high[1]


def _around(places: Array, crs: CRS, metres: float) -> Array:
    """How far in x and y what is within so many metres on the ground of places may lie from them, n × 2."""
    way = Transformation.between(CRS84, crs).transformer
    lonlat = Transformation.between(crs, CRS84).positions(places)
    longitude, latitude = (np.repeat(ordinate, len(_AZIMUTHS)) for ordinate in lonlat.T)
    azimuth = np.tile(_AZIMUTHS, len(places))
    east, north, _ = forward(longitude, latitude, azimuth, np.full(len(azimuth), metres))
    ring = np.column_stack(way.transform(east, north)).reshape(len(places), -1, 2)
    away = np.abs(ring - places[:, np.newaxis])
    # Beyond the edge of the plane there is the opposite edge, or nothing.
    far = _HALF_WORLD / (metres_per_unit(crs) or 1.0)
    return np.where(np.isfinite(away) & (away < far), away, 0).max(axis=1)


def _grid(features: Features, size: float, bounds: Bounds) -> Grid:
    west, south, east, north = bounds
    left, bottom = (int(np.floor(edge / size + _NOTHING)) for edge in (west, south))
    right, top = (int(np.ceil(edge / size - _NOTHING)) for edge in (east, north))
    # A point on the last edge is in the cell beyond it; an area that ends there is not.
    if (shapely.get_dimensions(features.shapes[features.present]) < 2).any():
        right, bottom = int(np.floor(east / size + _NOTHING)) + 1, int(np.ceil(south / size - _NOTHING)) - 1
    width, height = max(right - left, 1), max(top - bottom, 1)
    if width * height > MOST_CELLS:
        refuse_input(
            f"the grid would have {width} x {height} cells, more than {MOST_CELLS}: take larger ones", "cell_size"
        )
    return Grid(width, height, Affine(size, 0, left * size, 0, -size, top * size), features.crs)


def _turned(features: Features, template: Grid) -> Features:
    """The features with what is a turn away from where the template has them: it may count from 0 to 360 degrees."""
    if template.crs.is_projected:
        return features
    turn = 360 / degrees_per_unit(template.crs)
    west, _, east, _ = template.bounds
    bounds = shapely.bounds(features.shapes)
    times = numbers(west / turn - 0.5, east / turn + 0.5, "template")
    inside = {at: (bounds[:, 0] + at * turn <= east) & (bounds[:, 2] + at * turn >= west) for at in times}
    elsewhere = np.array([there for at, there in inside.items() if at], dtype=bool)
    if not elsewhere.any():
        return features
    shapes = features.shapes.copy()
    for index in np.flatnonzero(elsewhere.any(axis=0)).tolist():
        shapes[index] = collect(
            affinity.translate(shapes[index], at * turn) for at, there in inside.items() if there[index]
        )
    return features.with_shapes(shapes)


def _outside(features: Features, template: Grid) -> tuple[str, ...]:
    bounds = shapely.bounds(features.shapes[features.present])
    west, south, east, north = template.bounds
    away = (bounds[:, 0] > east) | (bounds[:, 2] < west) | (bounds[:, 1] > north) | (bounds[:, 3] < south)
    count = int(away.sum())
    if count == len(bounds):
        refuse_input("no feature lies within the template", "template")
    return (f"{count} of {len(features)} features lie outside the template.",) if count else ()
