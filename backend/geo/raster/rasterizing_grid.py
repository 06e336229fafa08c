"""Grids for rasters that are made of features: with cells of so many metres, or those of another raster."""

from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS

from backend.errors import refuse_input
from backend.geo.geodesy.crs import CRS84, Bounds, code_of, metres_per_unit, parse_crs
from backend.geo.geodesy.ground import ground_of
from backend.geo.raster.rasters import Grid
from backend.geo.vector.features import Features

MOST_CELLS = 100_000_000
UTM_WIDTH = 9.0
"""Degrees of longitude up to which one zone of UTM serves: lengths err by at most 0.3 %."""
EQUAL_AREA = "EPSG:6933"
"""Of the whole Earth but the poles; its cells have equal areas, and other shapes far from 30 degrees."""
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
    is how many metres the grid goes beyond the features.

    Raises:
        ProcessRefusedError: nothing says how large cells are, or there are too many.
    """
    if not features.present.any():
        refuse_input("no feature has a geometry", "features")
    if template is not None:
        if cell_size is not None:
            refuse_input("a template has its own cells: leave cell_size out", "cell_size")
        moved = in_plane(features, template.crs)
        return Laid(moved, template, f"the template's grid in {code_of(template.crs)}", _outside(moved, template))
    if cell_size is None:
        refuse_input("give cell_size in metres, or a template raster", "cell_size")
    chosen = features.crs if features.crs.is_projected else metric_crs(features)
    moved = in_plane(features, chosen)
    metres = metres_per_unit(chosen) or 1.0
    grid = _grid(moved, cell_size / metres, margin / metres)
    ground = ground_of(chosen, grid.bounds)
    untrue = f"Cells are not {cell_size:g} m on the ground: lengths in {code_of(chosen)} are {ground.error}."
    warnings = () if ground.planar else (untrue,)
    why = "" if features.crs.is_projected else ", chosen for the extent of the features"
    return Laid(moved, grid, f"grid in {code_of(chosen)} ({chosen.name}){why}", warnings)


def metric_crs(features: Features) -> CRS:
    """A projected CRS in metres for features in longitude and latitude: UTM where one zone serves."""
    west, south, east, north = _extent(features)
    if east - west <= UTM_WIDTH and south >= -80 and north <= 84:
        zone = int(((west + east) / 2 + 180) % 360 // 6) + 1
        return parse_crs(f"EPSG:{32600 if south + north >= 0 else 32700}".replace("00", f"{zone:02d}"))
    if south >= 60:
        return parse_crs(NORTH_POLAR)
    return parse_crs(SOUTH_POLAR if north <= -60 else EQUAL_AREA)


def in_plane(features: Features, crs: CRS) -> Features:
    """The features in another CRS, with vertices along their edges so that these go where they went."""
    if crs == features.crs:
        return features
    longest = 5_000 / (metres_per_unit(features.crs) or 1.0) if features.crs.is_projected else 0.05
    return features.with_shapes(shapely.segmentize(features.shapes, longest)).in_crs(crs)


def _extent(features: Features) -> Bounds:
    """West, south, east, north in degrees, of the narrower way around; east may be beyond 180."""
    positions = shapely.get_coordinates(features.lonlat().shapes)
    longitudes = positions[:, 0]
    if np.ptp(longitudes) > 180:
        around = longitudes % 360
        longitudes = around if np.ptp(around) < np.ptp(longitudes) else longitudes
    south, north = positions[:, 1].min(), positions[:, 1].max()
    return float(longitudes.min()), float(south), float(longitudes.max()), float(north)


def _grid(features: Features, size: float, margin: float) -> Grid:
    west, south, east, north = (
        float(edge) + side * margin
        for edge, side in zip(shapely.total_bounds(features.shapes), (-1, -1, 1, 1), strict=True)
    )
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


def _outside(features: Features, template: Grid) -> tuple[str, ...]:
    bounds = shapely.bounds(features.shapes[features.present])
    west, south, east, north = template.bounds
    if template.crs == CRS84 and east > 180:
        # Longitudes from 0 to 360.
        return ("The template goes beyond 180 degrees of longitude; features have no cells there.",)
    away = (bounds[:, 0] > east) | (bounds[:, 2] < west) | (bounds[:, 1] > north) | (bounds[:, 3] < south)
    count = int(away.sum())
    if count == len(bounds):
        refuse_input("no feature lies within the template", "template")
    return (f"{count} of {len(features)} features lie outside the template.",) if count else ()
