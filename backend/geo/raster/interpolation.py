"""Rasters of what was measured or counted at points: inverse distance weighting and kernel density."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from backend.errors import refuse_input
from backend.geo.geodesy.crs import CRS84, Transformation, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.geocentric import geocentric
from backend.geo.geodesy.ground import Ground, ground_of
from backend.geo.geodesy.shapes import of_type
from backend.geo.raster.cells import areas_of_rows
from backend.geo.raster.rasterizing_grid import Laid
from backend.geo.raster.rasters import Grid, places
from backend.geo.vector.fields import numbers_of

NEIGHBOURS = 12
"""Points that a cell's value is made of."""
MOST_CELLS = 10_000_000
MOST_PAIRS = 20_000_000_000
"""Cells times the points within their reach."""
_TILE = 32
"""Cells along each side that share their search for points."""
_AT_ONCE = 4_000_000
"""Distances that are held at a time."""
_SINGLE = 1e-5
"""Share of the range of values that single precision may lose."""
_CHECKED = 1_000
"""Points that are predicted from the others."""

type Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Samples:
    """Points and their values in a space whose straight distances are metres."""

    positions: Array
    """n × 2 in a plane, or n × 3 from the Earth's centre, where distances are chords."""
    values: Array
    ground: Ground
    hull: shapely.Geometry
    """Around the points, in the CRS of the grid."""
    warnings: tuple[str, ...]

    @property
    def distances(self) -> str:
        """How distances are measured, for people."""
        if self.ground.planar:
            return f"distances {self.ground.decision}"
        return "distances along chords through the WGS 84 ellipsoid"


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """How well points are predicted from the others, in the unit of the values."""

    checked: int
    root_mean_square: float
    mean_absolute: float
    mean: float
    """Positive where predictions are too large."""


def samples_of(laid: Laid, field: str | None) -> Samples:
    """The points of features on a grid and the numbers of a field; 1 each without a field.

    Raises:
        ProcessRefusedError: features are not points, have no numbers, or the grid has too many cells.
    """
    features, grid = laid.features, laid.grid
    if grid.width * grid.height > MOST_CELLS:
        refuse_input(f"the grid would have {grid.width} x {grid.height} cells, more than {MOST_CELLS}", "cell_size")
    values = np.ones(len(features)) if field is None else numbers_of(features, field, "$.inputs.field")
    usable = features.present & ~np.isnan(values)
    shapes = features.shapes[usable]
    if not len(shapes):
        refuse_input("no feature has both a geometry and a value", "features")
    if not of_type(shapes, shapely.GeometryType.POINT).all():
        refuse_input(
            "points are needed: the features hold other geometries (geometry-transform makes centroids)", "features"
        )
    left_out = len(features) - len(shapes)
    warnings = (f"{left_out} of {len(features)} features have no geometry or no value: left out.",) if left_out else ()
    ground = ground_of(grid.crs, grid.bounds)
    hull: Any = shapely.convex_hull(shapely.multipoints(shapes))
    positions = _space(ground)(shapely.get_coordinates(shapes))
    return Samples(positions, values[usable], ground, hull, warnings)


def merged(samples: Samples) -> Samples:
    """Each position once, with the mean of its values: a surface has one value in one place."""
    positions, index = np.unique(samples.positions, axis=0, return_inverse=True)
    doubled = len(samples.positions) - len(positions)
    if not doubled:
        return samples
    values = np.bincount(index.ravel(), samples.values) / np.bincount(index.ravel())
    warning = f"{doubled} points are where another one is: the mean of their values was taken."
    return Samples(positions, values, samples.ground, samples.hull, (*samples.warnings, warning))


def idw(samples: Samples, grid: Grid, power: float, radius: float | None, progress: Progress) -> Array:
    """Means of the `NEIGHBOURS` nearest values, weighed by distance to the power of -`power`, at the centres of cells.

    Points farther away than `radius` metres do not count: NaN where no other is, and where there is no place on Earth.

    Source: D. Shepard, A two-dimensional interpolation function for irregularly-spaced data, ACM 1968.
    """
    count = min(NEIGHBOURS, len(samples.values))

    def near(distances: Array, reach: float) -> Booleans:
        # The points that are nearest to a cell are at most this far from the middle of its tile.
        return distances <= np.partition(distances, count - 1)[count - 1] + 2 * reach

    def value(distances: Array, chosen: Integers) -> Array:
        return _weighed(distances, samples.values[chosen], power, count, radius)

    return _over_tiles(samples, grid, near, value, progress)


def density(samples: Samples, grid: Grid, radius: float, progress: Progress) -> Array:
    """Points, or the sum of their values, per square kilometre, spread by a quartic kernel of `radius` metres.

    Raises:
        ProcessRefusedError: a value is negative, or the kernels cover too many cells.

    Source: B. W. Silverman, Density estimation for statistics and data analysis (1986), 4.5 (the kernel K2).
    """
    if (samples.values < 0).any():
        refuse_input("a density needs weights that are not negative", "field")
    cell = abs(grid.transform.determinant) * (metres_per_unit(grid.crs) or 111_000.0) ** 2
    if len(samples.values) * min(np.pi * radius**2 / cell, grid.width * grid.height) > MOST_PAIRS:
        refuse_input("the kernels of the points cover too many cells: take larger cells or a smaller radius", "radius")

    def near(distances: Array, reach: float) -> Booleans:
        return distances < radius + reach

    def value(distances: Array, chosen: Integers) -> Array:
        kernel = np.maximum(1 - (distances / radius) ** 2, 0) ** 2
        return kernel @ samples.values[chosen] * (3e6 / (np.pi * radius**2))

    return _over_tiles(samples, grid, near, value, progress)


def share_held(values: Array, samples: Samples, grid: Grid) -> float:
    """What a density adds up to over the cells, as a share of all points or their values."""
    total = float(samples.values.sum())
    if not total:
        return 1.0
    areas, held = areas_of_rows(grid), 0.0
    for first in range(0, grid.height, _TILE):
        rows = slice(first, first + _TILE)
        held += float(np.nansum(values[rows] * areas(rows))) / 1e6
    return held / total


def cross_validated(samples: Samples, power: float, radius: float | None) -> CrossValidation | None:
    """Predict points from all others within reach; None where no point has another one there.

    Of many points some are checked, evenly chosen.
    """
    total = len(samples.values)
    if total < 2:
        return None
    checked = np.unique(np.linspace(0, total - 1, min(total, _CHECKED)).astype(np.intp))
    errors: list[Array] = []
    for part in np.array_split(checked, max(1, len(checked) * total // _AT_ONCE)):
        distances = _distances(samples.positions[part], samples.positions)
        distances[np.arange(len(part)), part] = np.inf
        predicted = _weighed(distances, samples.values, power, min(NEIGHBOURS, total - 1), radius)
        errors.append(predicted - samples.values[part])
    error = np.concatenate(errors)
    error = error[np.isfinite(error)]
    if not error.size:
        return None
    return CrossValidation(
        len(error), float(np.sqrt((error**2).mean())), float(np.abs(error).mean()), float(error.mean())
    )


def inside_hull(samples: Samples, grid: Grid) -> Booleans:
    """Cells whose centre lies within the convex hull of the points: the others are extrapolated."""
    inside = np.zeros((grid.height, grid.width), dtype=bool)
    shapely.prepare(samples.hull)
    columns = np.arange(grid.width)
    for row in range(grid.height):
        x, y = _centres(grid, np.full(grid.width, row), columns).T
        inside[row] = shapely.intersects_xy(samples.hull, x, y)
    return inside


def stored(values: Array, samples: Samples) -> NDArray[Any]:
    """Values in single precision, where that tells those of the points apart as well and leaves whole ones whole."""
    known = samples.values
    with np.errstate(over="ignore"):
        lost = float(np.abs(known.astype(np.float32) - known).max())
    whole = bool((known == np.rint(known)).all())
    enough = lost == 0 if whole else lost <= _SINGLE * float(np.ptp(known))
    return values.astype(np.float32) if enough else values


def _weighed(distances: Array, values: Array, power: float, count: int, radius: float | None) -> Array:
    """Means of the `count` nearest values of each row within `radius`, weighed by distance; NaN where there is none."""
    held = np.broadcast_to(values, distances.shape)
    if count < distances.shape[1]:
        nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
        distances, held = (np.take_along_axis(array, nearest, axis=1) for array in (distances, held))
    least = distances.min(axis=1, keepdims=True)
    # Relative to the nearest, so that nothing overflows; where a point is, it alone counts.
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = np.where(least == 0, distances == 0, (least / distances) ** power)
        if radius is not None:
            weights = np.where(distances <= radius, weights, 0)
        # Differences, so that the mean of equal values is that value.
        return held[:, 0] + (weights * (held - held[:, :1])).sum(axis=1) / weights.sum(axis=1)


def _over_tiles(
    samples: Samples,
    grid: Grid,
    near: Callable[[Array, float], Booleans],
    value: Callable[[Array, Integers], Array],
    progress: Progress,
) -> Array:
    """Values at the centres of all cells, of the points that `near` picks by their distance from a tile's middle."""
    result = np.full((grid.height, grid.width), np.nan)
    space = _space(samples.ground)
    for done, tile in _tiles(grid):
        progress(done)
        cells = space(_centres(grid, *tile))
        # Beyond the poles a plane has cells without a place on the Earth.
        real = np.isfinite(cells).all(axis=1)
        if not real.any():
            continue
        cells = cells[real]
        middle = cells.mean(axis=0, keepdims=True)
        reach = float(np.sqrt(((cells - middle) ** 2).sum(axis=1).max()))
        chosen = np.flatnonzero(near(_distances(middle, samples.positions)[0], reach))
        parts = np.array_split(cells, max(1, len(cells) * len(chosen) // _AT_ONCE))
        values = [value(_distances(part, samples.positions[chosen]), chosen) for part in parts]
        result[tile[0][real], tile[1][real]] = np.concatenate(values)
    return result


def _tiles(grid: Grid) -> Iterator[tuple[float, tuple[Integers, Integers]]]:
    """The share of rows that is done, and the rows and columns of a tile's cells."""
    for top in range(0, grid.height, _TILE):
        for left in range(0, grid.width, _TILE):
            rows = np.arange(top, min(top + _TILE, grid.height))
            columns = np.arange(left, min(left + _TILE, grid.width))
            row, column = np.meshgrid(rows, columns, indexing="ij")
            yield top / grid.height, (row.ravel(), column.ravel())


def _distances(first: Array, second: Array) -> Array:
    """From each position to each, n × m."""
    squares = np.zeros((len(first), len(second)))
    for axis in range(first.shape[1]):
        squares += np.subtract.outer(first[:, axis], second[:, axis]) ** 2
    return np.sqrt(squares)


def _centres(grid: Grid, rows: Integers, columns: Integers) -> Array:
    return places(grid.transform, np.column_stack([columns, rows]).astype(np.float64) + 0.5)


def _space(ground: Ground) -> Callable[[Array], Array]:
    """From coordinates in the grid's CRS to those in which straight distances are metres; NaN for no place."""
    if ground.planar:
        unit = metres_per_unit(ground.crs) or 1.0
        return lambda coordinates: coordinates * unit
    if ground.crs == CRS84:
        return geocentric
    way = Transformation.between(ground.crs, CRS84).transformer

    def placed(coordinates: Array) -> Array:
        lonlat = np.column_stack(way.transform(coordinates[:, 0], coordinates[:, 1]))
        return geocentric(np.where(np.isfinite(lonlat), lonlat, np.nan))

    return placed
