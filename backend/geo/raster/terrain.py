"""Slope, aspect and shading of elevation grids, whatever way their rows run."""

# NumPy's operators on what comes from rasterio and affine are of unknown type.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.ground import Ground, steps_of
from backend.geo.geodesy.ground_steps import Steps
from backend.geo.raster.nodata import undeclared
from backend.geo.raster.rasters import Grid, concerning, grid_of, opened, read_band
from backend.geo.vector.datasets import DatasetFile

type Elevations = np.ma.MaskedArray[Any, Any]
type Surface = NDArray[np.float32]
type Product = Callable[[Array, Array], Array]
"""From the rise in metres per metre towards the east and towards the north to what is asked for."""
type SlopeUnits = Literal["degree", "percent"]

_ROWS = 32
"""Rows that are worked on at a time: memory is bounded, and what is at hand stays in the cache."""
_WEIGHT = 8
"""The sum of Horn's weights over both sides."""
_METRIC = {"": 1.0, "k": 1e3, "d": 1e-1, "c": 1e-2, "m": 1e-3}
_METRIC_WORDS = {"": 1.0, "kilo": 1e3, "deci": 1e-1, "centi": 1e-2, "milli": 1e-3}
_METRES = ("metre", "meter", "metres", "meters")
UNITS_OF_HEIGHT = {
    **{f"{prefix}m": size for prefix, size in _METRIC.items()},
    **{f"{prefix}{metre}": size for prefix, size in _METRIC_WORDS.items() for metre in _METRES},
    **dict.fromkeys(("ft", "foot", "feet", "ift", "footint", "internationalfoot", "internationalfeet"), 0.3048),
    **dict.fromkeys(("usft", "ftus", "usfoot", "usfeet", "footus", "feetus"), 1200 / 3937),
    **dict.fromkeys(("ussurveyfoot", "ussurveyfeet", "surveyfoot", "surveyfeet", "sft"), 1200 / 3937),
    **dict.fromkeys(("footussurvey", "feetussurvey"), 1200 / 3937),
    **dict.fromkeys(("yd", "yard", "yards"), 0.9144),
}
"""What files call their units of height, in small letters without what stands between them → metres."""
_LONGEST_SHOWN = 40
_UNTOLD = "the file does not tell"


@dataclass(frozen=True, slots=True)
class Relief:
    """The elevations of a raster."""

    elevations: Elevations
    grid: Grid
    unit: str
    """Of the elevations, as the file calls it; empty where it does not."""
    warnings: tuple[str, ...]

    @property
    def metres(self) -> float:
        """In that unit; 1 where it is not known."""
        return UNITS_OF_HEIGHT.get(_plain(self.unit), 1.0)

    @property
    def told(self) -> str:
        """How the unit was found, for people."""
        if _plain(self.unit) in UNITS_OF_HEIGHT:
            return f"{self.unit}, as the file says"
        why = f"the file says {self.unit[:_LONGEST_SHOWN]!r}, which is not known" if self.unit else _UNTOLD
        return f"metre (assumed: {why})"


def read_relief(source: DatasetFile | bytes, z_factor: float = 1) -> Relief:
    """The first band of a raster as elevations, which a caller wants times `z_factor`.

    Raises:
        ProcessRefusedError: it cannot be read, or has no cell with data.
    """
    with concerning("raster"), opened(source) as reader:
        grid, elevations = grid_of(reader), read_band(reader)
        unit = str(reader.units[0] or "").strip()
        bands = int(reader.count)
    plane = str(grid.crs.axis_info[0].unit_name)
    if not elevations.count():
        _refuse("the raster has no cell with data")
    warnings = [f"The first of {bands} bands was taken for the elevations."] if bands > 1 else []
    if unit and _plain(unit) not in UNITS_OF_HEIGHT:
        warnings.append(f"The file says that its values are in {unit[:_LONGEST_SHOWN]!r}; they were taken for metres.")
    if not unit and z_factor == 1 and "foot" in plane.lower():
        warnings.append(
            f"The grid's CRS counts in {plane}, but the file does not tell the unit of the elevations: they were taken "
            "for metres; if they are in feet, give z_factor 0.3048."
        )
    warnings += filter(None, [undeclared(elevations)])
    return Relief(elevations, grid, unit, tuple(warnings))


def surface(
    elevations: Elevations, grid: Grid, ground: Ground, product: Product, metres: float = 1.0
) -> tuple[Surface, int]:
    """What `product` makes of the gradient at each cell; NaN where a neighbour has no elevation, or the cell no place.

    With it, how many cells that have an elevation have no place on the ground, or lie at or beyond a pole in degrees.
    The gradient is Horn's, of 3 × 3 cells. Beyond the grid's edges the surface is continued linearly. `metres` is the
    size of a unit of the elevations.

    Raises:
        ProcessRefusedError: the grid has a single row or column.

    Source: B. K. P. Horn, Hill shading and the reflectance map, Proceedings of the IEEE 69 (1981), for grids of any
    orientation: the gradient along columns and rows times the inverse transpose of the steps' matrix.
    """
    if min(elevations.shape) < 2:
        _refuse("a surface needs at least two rows and two columns")
    result = np.empty(elevations.shape, dtype=np.float32)
    steps = steps_of(ground, grid.transform, grid.width, grid.height)
    unplaced = 0
    for start in range(0, grid.height, _ROWS):
        rows = slice(start, min(start + _ROWS, grid.height))
        along, down = _differences(_with_margin(elevations, rows))
        here = steps(rows)
        result[rows] = product(*_on_the_ground(along, down, here, metres / _WEIGHT))
        unplaced += _unplaced(here, elevations[rows])
    # Horn's gradient does without the cell in the middle.
    if np.ma.is_masked(elevations):
        result[elevations.mask] = np.nan
    return result, unplaced


def slope(units: SlopeUnits) -> Product:
    """The steepest rise, in degrees or in percent of the way."""

    def steepest(east: Array, north: Array) -> Array:
        # np.hypot takes three times as long, to be right where squares leave the range of floats.
        rise = east * east
        rise += north * north
        np.sqrt(rise, out=rise)
        if units == "percent":
            return np.multiply(100, rise, out=rise)
        return np.degrees(np.arctan(rise, out=rise), out=rise)

    return steepest


def aspect(east: Array, north: Array) -> Array:
    """The direction of the steepest descent in degrees clockwise from north; NaN where it is level."""
    direction = np.degrees(np.arctan2(-east, -north)) % 360
    return np.where((east == 0) & (north == 0), np.nan, direction)


def hillshade(azimuth: float, altitude: float) -> Product:
    """The light of a sun in a direction and at a height above the horizon, 1 (none) to 255."""
    a, h = np.radians([azimuth, altitude])

    def light(east: Array, north: Array) -> Array:
        across = np.sin(h) - np.cos(h) * (np.sin(a) * east + np.cos(a) * north)
        return 1 + 254 * np.maximum(across / np.sqrt(1 + east**2 + north**2), 0)

    return light


def mean_direction(directions: Surface) -> float | None:
    """The direction of the mean of unit vectors, in degrees; None where they cancel out or there are none."""
    angles = np.radians(directions[np.isfinite(directions)].astype(np.float64))
    if not angles.size:
        return None
    east, north = np.sin(angles).mean(), np.cos(angles).mean()
    return None if np.hypot(east, north) < 1e-9 else float(np.degrees(np.arctan2(east, north)) % 360)


def _with_margin(elevations: Elevations, rows: slice) -> Array:
    """Some rows with their neighbours on all sides, NaN for no data; beyond the grid, what a plane would have."""
    first, last = max(rows.start - 1, 0), min(rows.stop + 1, len(elevations))
    block: Any = elevations[first:last]
    values = np.ma.filled(block.astype(np.float64), np.nan)
    above = [2 * values[:1] - values[1:2]] if rows.start == 0 else []
    below = [2 * values[-1:] - values[-2:-1]] if rows.stop == len(elevations) else []
    tall = np.concatenate([*above, values, *below])
    return np.concatenate([2 * tall[:, :1] - tall[:, 1:2], tall, 2 * tall[:, -1:] - tall[:, -2:-1]], axis=1)


def _differences(z: Array) -> tuple[Array, Array]:
    """Rise per column and per row, by Horn's weights, times `_WEIGHT`."""
    vertical, horizontal = 2 * z[1:-1], 2 * z[:, 1:-1]
    vertical += z[:-2]
    vertical += z[2:]
    horizontal += z[:, :-2]
    horizontal += z[:, 2:]
    return vertical[:, 2:] - vertical[:, :-2], horizontal[2:] - horizontal[:-2]


def _on_the_ground(along: Array, down: Array, steps: Steps, unit: float) -> tuple[Array, Array]:
    """The rise in metres per metre towards the east and the north, of a rise in that unit per column and per row."""
    share = unit / (steps.column_east * steps.row_north - steps.row_east * steps.column_north)
    east, north = (steps.row_north * share) * along, (steps.column_east * share) * down
    if steps.column_north.any() or steps.row_east.any():
        east -= (steps.column_north * share) * down
        north -= (steps.row_east * share) * along
    return east, north


def _unplaced(steps: Steps, elevations: Elevations) -> int:
    nowhere = np.isnan(steps.column_east + steps.row_north)
    return int((nowhere & ~np.ma.getmaskarray(elevations)).sum()) if nowhere.any() else 0


def _plain(unit: str) -> str:
    """A unit's name without what is written in different ways."""
    return "".join(one for one in unit.lower() if one.isalnum())


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.raster")
