"""Grids of equal cells over an extent: squares and hexagons in a plane."""

import math
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse_input
from backend.geo.geodesy.ellipsoid import METRES_PER_DEGREE, Array, Integers
from backend.geo.geodesy.shapes import Shapes, in_the_plane
from backend.geo.vector.bending import true_to_lengths
from backend.geo.vector.features import Features
from backend.geo.vector.local_plane import LocalPlane

type Cell = Literal["square", "hexagon"]

MOST_CELLS = 200_000
NEAREST = 10_000.0
"""Metres to a pole, around which longitudes turn too fast for edges that are straight in them."""
BENT = 1e-4
"""Share of a cell by which edges of features may leave their projected CRS's straight ones."""
HAIR = 1e-5
"""Share of a cell by which a grid goes beyond the extent: sides of cells in longitude and latitude are straight but for
less than this, and a feature on the outermost of them would lie beside it."""
_CORNERS = np.array([(1, 1), (0, 2), (-1, 1), (-1, -1), (0, -2), (1, -1)])
"""Of a hexagon around its centre, counterclockwise: in halves of its width to the east, and of its side to the north.
"""
WIDEST = 10_000_000.0
"""Metres of an extent that one plane can show."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells with the fields `id`, `column`, `row`; or, of H3, its index as `id`."""

    features: Features
    crs_decision: str
    cell_area: float | None
    """m² of each whole cell in its plane; None where they differ."""
    warnings: tuple[str, ...] = ()


def create_grid(features: Features, cell: Cell, size: float, *, cut: bool) -> Grid:
    """Cells over the extent of features, rows from north to south, columns from west to east.

    size: metres; a square's side, a hexagon's width from one flat side to the opposite one. Longitude and latitude,
    and a projected CRS whose lengths are not those on the ground, are covered in an equal-area plane centred on the
    features, so that all cells are of the same size on the ground. cut:
    only cells that touch the features, else all of their extent.

    Raises:
        ProcessRefusedError: there is no extent, the cells would be too many, or too near a pole.
    """
    if not features.present.any():
        refuse_input("there is no geometry whose extent could be covered", "features")
    # The bow of an edge beyond this does not matter to cells of that size.
    features, why = true_to_lengths(features, max(size * BENT, 0.01))
    plane = LocalPlane.around(features, "laea")
    flat = _flat(features, plane)
    low = np.array(shapely.total_bounds(flat)[:2])
    high = np.array(shapely.total_bounds(flat)[2:])
    if float((high - low).max()) * plane.unit > WIDEST and plane.local is not None:
        refuse_input(
            f"the extent is wider than {WIDEST / 1000:.0f} km, too wide for one plane; H3 covers the globe", "features"
        )
    step = size / plane.unit
    if plane.local is not None:
        low, high = low - HAIR * step, high + HAIR * step
    cells, columns, rows = _squares(low, high, step) if cell == "square" else _hexagons(low, high, step)
    if cut:
        touching = np.unique(shapely.STRtree(cells).query(flat[features.present], predicate="intersects")[1])
        cells, columns, rows = cells[touching], columns[touching], rows[touching]
    made = plane.back(cells, _longest_edge(features, plane, cells, size))
    fields = {
        "id": [f"{column}-{row}" for column, row in zip(columns.tolist(), rows.tolist(), strict=True)],
        "column": columns.tolist(),
        "row": rows.tolist(),
    }
    area = size**2 * (1 if cell == "square" else math.sqrt(3) / 2)
    decision = f"{plane.decision}; {why}" if why else plane.decision
    return Grid(made.with_fields(fields), decision, area, features.warnings)


def _longest_edge(features: Features, plane: LocalPlane, cells: Shapes, size: float) -> float | None:
    """Of cells of a local plane, in metres; None in a projected CRS."""
    if plane.local is None:
        return None
    extent = cast("BaseGeometry", shapely.box(*shapely.total_bounds(cells)))
    for pole in (-90.0, 90.0):
        x, y = plane.local(0.0, pole)
        # The other pole may be nowhere in the plane.
        if not (math.isfinite(x) and math.isfinite(y)) or extent.distance(shapely.Point(x, y)) >= NEAREST:
            continue
        if shapely.distance(shapely.boundary(cells), shapely.Point(x, y)).min() < NEAREST:
            refuse_input(
                f"sides of cells would come nearer than {NEAREST / 1000:.0f} km to a pole, where they cannot be told "
                "in longitude and latitude: leave that part out, give another size, or take H3 (cell: h3)",
                "features",
            )
    latitude = float(np.abs(shapely.total_bounds(features.shapes)[[1, 3]]).max())
    return plane.longest_edge(latitude + size / METRES_PER_DEGREE, size)


def _flat(features: Features, plane: LocalPlane) -> Shapes:
    shapes = in_the_plane(features.shapes)
    if plane.local is None:
        return shapes
    # An edge that is straight in longitude and latitude is bent in the plane.
    west, south, east, north = shapely.total_bounds(shapes)
    return plane.flat(shapely.segmentize(shapes, max(float(max(east - west, north - south)) / 200, 1e-6)))


def _squares(low: Array, high: Array, step: float) -> tuple[Shapes, Integers, Integers]:
    wide, tall = np.ceil((high - low) / step * (1 - 1e-12)).tolist()
    columns, rows = max(1, int(wide)), max(1, int(tall))
    column, row = _numbered(columns, rows)
    x, y = _sides(low[0], high[0], step, columns), _sides(low[1], high[1], step, rows)
    made: Any = shapely.box(x[column], y[rows - 1 - row], x[column + 1], y[rows - row])
    return np.asarray(made, dtype=object), column, row


def _sides(low: float, high: float, step: float, count: int) -> Array:
    """Where the sides of so many cells are along an axis: the same for neighbours, and rounding leaves nothing out."""
    sides: Array = low + step * np.arange(count + 1.0)
    sides[-1] = max(sides[-1], high)
    return sides


def _hexagons(low: Array, high: Array, step: float) -> tuple[Shapes, Integers, Integers]:
    """Hexagons with a corner to the north; every other row is half a cell further east."""
    side = step / math.sqrt(3)
    width, height = (high - low).tolist()
    columns, rows = math.floor(width / step + 0.5) + 2, math.floor(height / (1.5 * side)) + 2
    column, row = _numbered(columns, rows)
    # In halves of a width and of a side corners have whole numbers, and those of neighbours are the same.
    center = np.column_stack([2 * column + row % 2, 3 * (rows - 1 - row)])
    corners = low + (center[:, None] + _CORNERS) * (step / 2, side / 2)
    cells = np.array(shapely.polygons(corners), dtype=object)
    (west, south), (east, north) = low.tolist(), high.tolist()
    extent = cast("BaseGeometry", shapely.box(west, south, east, north))
    touching = shapely.intersects(cells, extent)
    return cells[touching], column[touching], row[touching]


def _numbered(columns: int, rows: int) -> tuple[Integers, Integers]:
    """Column and row of each cell, row by row."""
    if columns * rows > MOST_CELLS:
        refuse_input(f"this size would make {columns * rows} cells, more than {MOST_CELLS}: give a larger one", "size")
    index = np.arange(columns * rows)
    return index % columns, index // columns
