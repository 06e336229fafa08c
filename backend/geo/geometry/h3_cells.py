"""Cells of H3, the hexagonal grid of the globe, over an extent. Imports h3: for workers only, and of an extra."""

# h3's C extension has no types for much of what it returns.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import math
from itertools import pairwise
from typing import Any

import h3
import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.antimeridian import around_pole, collect, common_box, the_short_way, wrap
from backend.geo.geodesy.measure import polygon_areas
from backend.geo.geodesy.shapes import Shapes, shapes_of
from backend.geo.geometry.grids import MOST_CELLS, Grid
from backend.geo.vector.features import Features

FINEST = 15
WIDEST = 30.0
"""Degrees of longitude of one query: H3 takes a polygon's edges the short way."""
DECISION = "H3: hexagons (and 12 pentagons) on an icosahedron around the globe, of about equal size"


def h3_grid(features: Features, size: float, *, cut: bool) -> Grid:
    """The cells of the resolution whose mean width is next to `size` in metres, over the extent of features.

    Source: https://h3geo.org; resolutions differ by a factor of about 2.6 in width.

    Raises:
        ProcessRefusedError: there is no extent, or the cells would be too many.
    """
    lonlat = features.lonlat()
    if not lonlat.present.any():
        raise ProcessRefusedError("there is no geometry whose extent could be covered", path="$.inputs.features")
    widths = np.array([_width(resolution) for resolution in range(FINEST + 1)])
    resolution = int(np.abs(np.log(widths / size)).argmin())
    boxes = _boxes(lonlat)
    expected = float(polygon_areas(boxes).sum()) / float(h3.average_hexagon_area(resolution, unit="m^2"))
    if expected > MOST_CELLS:
        raise ProcessRefusedError(
            f"this size would make about {expected:.0f} cells, more than {MOST_CELLS}: give a larger one",
            path="$.inputs.size",
        )
    names = sorted({name for box in boxes for name in _within(box, resolution)})
    cells = shapes_of(_polygon(name) for name in names)
    if cut:
        flat = shapely.force_2d(lonlat.shapes[lonlat.present])
        touching = np.unique(shapely.STRtree(cells).query(flat, predicate="intersects")[1])
        names, cells = [names[index] for index in touching.tolist()], cells[touching]
    told = (f"H3 has fixed sizes: resolution {resolution}, cells {_width(resolution):.6g} m wide on average.",)
    made = Features(cells).with_fields({"id": names, "resolution": [resolution] * len(names)})
    return Grid(made, DECISION, None, (*lonlat.warnings, *told))


def _width(resolution: int) -> float:
    """Metres from one side to the opposite one, on average."""
    return math.sqrt(3) * float(h3.average_hexagon_edge_length(resolution, unit="m"))


def _boxes(features: Features) -> Shapes:
    """The extent in longitude and latitude, in parts that are not too wide and lie within ±180."""
    west, south, east, north = common_box(features.shapes)
    east = east if east >= west else east + 360
    # A point has an extent too, though a small one.
    east, north = max(east, west + 1e-7), max(north, south + 1e-7)
    edges = np.linspace(west, east, max(1, math.ceil((east - west) / WIDEST)) + 1)
    parts = [shapely.box(a, south, b, min(north, 90)) for a, b in pairwise(edges.tolist())]
    return np.array(shapely.get_parts(shapes_of([collect(wrap(part) for part in parts)])), dtype=object)


def _within(box: Any, resolution: int) -> list[str]:
    west, south, east, north = box.bounds
    outline = h3.LatLngPoly([(south, west), (south, east), (north, east), (north, west)])
    return [str(name) for name in h3.h3shape_to_cells_experimental(outline, resolution, contain="overlap")]


def _polygon(name: str) -> Any:
    ring = np.array(h3.cell_to_boundary(name))[:, ::-1]
    whole = shapely.Polygon(ring)
    west, _, east, _ = whole.bounds
    if east - west <= 180:
        return shapely.orient_polygons(whole)
    try:
        return shapely.orient_polygons(wrap(the_short_way(whole)))
    except ProcessRefusedError:
        return around_pole(ring)
