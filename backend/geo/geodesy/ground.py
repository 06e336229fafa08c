"""How the plane of a CRS lies on the ground: what a step in it is in metres east and north on the ellipsoid."""

# NumPy's operators on what comes from rasterio and affine are of unknown type.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Proj

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Bounds, Transformation, code_of, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, half_turn, meridian_radius, parallel_radius

TOLERANCE = 0.01
"""Share by which lengths in a plane may differ from those on the ground and still be taken for them."""
NODES = 65
"""Of a lattice over a grid, along each side, between which steps are interpolated."""
_STEP = 10.0
"""Metres over which the scale of a plane is measured."""

_BEYOND_TELLING = 10.0
_TURN = 360.0
_WIDEST = 50_000.0
"""Metres between places at which the size of cells is found."""

_ALIKE = 1e-8
"""Share by which cells of a row may differ in size and still be taken for alike: rounding of a step's length."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Metres east and north of one step along a row and of one along a column, each of a shape that broadcasts."""

    column_east: Array
    column_north: Array
    row_east: Array
    row_north: Array


@dataclass(frozen=True, slots=True)
class Ground:
    """How lengths in the plane of a CRS are measured over some extent."""

    crs: CRS
    largest_error: float
    """By how much a length in the plane differs at most from that on the ground: 0.01 is 1 %."""
    smallest_scale: float = 1.0
    """The least that a metre on the ground is long in the plane, in metres."""

    @property
    def planar(self) -> bool:
        """Lengths in the plane are good enough: those of a projected CRS made for the place."""
        return self.crs.is_projected and self.largest_error <= TOLERANCE

    @property
    def decision(self) -> str:
        """For people."""
        if self.planar:
            return f"planar in {code_of(self.crs)} ({self.crs.name}); lengths there err by at most {self._percent}"
        why = self.error if self.crs.is_projected else "in degrees"
        return f"on the WGS 84 ellipsoid: lengths in {code_of(self.crs)} are {why}"

    @property
    def error(self) -> str:
        """How far lengths in the plane of a projected CRS are off, for people."""
        # At a pole, or where the plane has no places, there is no figure.
        most = f"up to {self._percent}" if self.largest_error < _BEYOND_TELLING else "more than 1000 %"
        return f"off by {most}"

    @property
    def _percent(self) -> str:
        return f"{100 * self.largest_error:.2g} %"


def ground_of(crs: CRS, bounds: Bounds) -> Ground:
    """Measure how far lengths in the plane of a CRS are off within bounds (smallest x and y, largest x and y)."""
    if not crs.is_projected:
        return Ground(crs, float("inf"))
    x, y = (grid.ravel() for grid in np.meshgrid(*(np.linspace(bounds[at], bounds[at + 2], 5) for at in (0, 1))))
    step = _STEP / (metres_per_unit(crs) or 1.0)
    lonlat = _to_lonlat(crs)
    scales: list[Array] = []
    for way in ((step, 0.0), (0.0, step), (step, step)):
        east, north = _ground_vector(lonlat, x, y, way)
        with np.errstate(divide="ignore"):
            scales.append(np.hypot(*way) / step * _STEP / np.hypot(east, north))
    found = np.array(scales)
    worst, known = float(np.max(np.abs(found - 1))), found[np.isfinite(found)]
    return Ground(crs, worst if np.isfinite(worst) else float("inf"), float(known.min()) if known.size else 1.0)


def steps_of(ground: Ground, transform: Affine, width: int, height: int) -> Callable[[slice], Steps]:
    """What tells the steps at the cells of some rows of a grid; constant ones where lengths are planar."""
    if ground.planar:
        unit = metres_per_unit(ground.crs) or 1.0
        flat = Steps(*(np.array([[unit * value]]) for value in (transform.a, transform.d, transform.b, transform.e)))
        return lambda rows: flat  # noqa: ARG005  # the same for all
    if not ground.crs.is_projected and transform.b == transform.d == 0:
        return lambda rows: _along_parallels(transform, rows)
    return _Lattice.over(ground.crs, transform, width, height).steps


@dataclass(frozen=True, slots=True)
class GroundAreas:
    """Areas on the ellipsoid of the cells at some rows and columns of a grid in a projected CRS.

    Interpolated between places at most 50 km apart, cells outside the part of the plane that has places on the ground
    taken for like the others.
    """

    by_row: Array
    """m² of a cell of each row at each place along it: rows × places, of which there is one where cells are alike."""
    columns: NDArray[np.intp]
    """How many columns there are from each place to the next."""
    share: Array
    """How far each column is on the way from the place before it to the next: 0 to less than 1."""

    @classmethod
    def over(cls, crs: CRS, transform: Affine, rows: Array, columns: Array) -> "GroundAreas":
        """Measure at some places.

        Raises:
            ProcessRefusedError: none of the cells has a place on the ground.
        """
        unit = metres_per_unit(crs) or 1.0
        across, down = (
            _some(at, unit * float(np.hypot(*side)))
            for at, side in ((columns, (transform.a, transform.d)), (rows, (transform.b, transform.e)))
        )
        at = np.meshgrid(across + 0.5, down + 0.5)
        x = transform.a * at[0] + transform.b * at[1] + transform.c
        y = transform.d * at[0] + transform.e * at[1] + transform.f
        areas = abs(transform.determinant) * unit * unit * _scale(crs, x, y, _STEP / unit)
        if (np.ptp(areas, axis=1) <= _ALIKE * areas[:, 0]).all():
            areas = areas[:, :1]
        where = np.interp(columns, across, np.arange(len(across)))
        before = where.astype(np.intp)
        return cls(_hats(rows, down) @ areas, np.bincount(before, minlength=len(across)), where - before)

    def of(self, rows: slice = slice(None)) -> Array:
        """Of the cells of some rows, in m², of a shape that broadcasts to rows × columns."""
        at_places = self.by_row[rows]
        if at_places.shape[1] == 1:
            return at_places
        areas = np.repeat(np.diff(at_places, append=at_places[:, -1:]), self.columns, axis=1)
        areas *= self.share
        areas += np.repeat(at_places, self.columns, axis=1)
        return areas


def _scale(crs: CRS, x: Array, y: Array, step: float) -> Array:
    """m² on the ground of one in the plane, found by steps of so many units."""
    lonlat = _to_lonlat(crs)
    (east, north), (other_east, other_north) = (_ground_vector(lonlat, x, y, way) for way in ((step, 0.0), (0.0, step)))
    scale = np.abs(east * other_north - other_east * north) / _STEP**2
    known = np.isfinite(scale)
    if not known.any():
        raise ProcessRefusedError(f"no cell has a place on the ground: these are no coordinates of {code_of(crs)}")
    scale[~known] = np.median(scale[known])
    return scale


def error_beyond_area(crs: CRS, longitude: Array, latitude: Array) -> float:
    """By how much lengths in the plane of a CRS are off at most, at those places that lie beyond its area of use: 0.01
    is 1 %; 0 where none does.
    """
    area = crs.area_of_use
    if area is None or not crs.is_projected:
        return 0.0
    width = (area.east - area.west) % _TURN or _TURN
    beyond = (longitude - area.west) % _TURN > width
    beyond |= (latitude < area.south) | (latitude > area.north)
    if not beyond.any():
        return 0.0
    factors = Proj(crs).get_factors(half_turn(longitude[beyond]), np.clip(latitude[beyond], -90, 90))
    largest, smallest = np.asarray(factors.tissot_semimajor), np.asarray(factors.tissot_semiminor)
    return float(np.max(np.maximum(largest - 1, 1 - smallest)))


def _some(at: Array, spacing: float) -> Array:
    """Places among evenly spaced ones, the first and the last included."""
    wanted = max(NODES, int(np.ceil(len(at) * spacing / _WIDEST)) + 1)
    return np.linspace(at[0], at[-1], min(len(at), wanted))


def _hats(at: Array, nodes: Array) -> Array:
    """What each node counts for at each place, in linear interpolation: places × nodes."""
    where = np.interp(at, nodes, np.arange(len(nodes)))
    return np.maximum(1 - np.abs(where[:, np.newaxis] - np.arange(len(nodes))), 0)


def _along_parallels(transform: Affine, rows: slice) -> Steps:
    latitude: Array = (transform.f + transform.e * (np.arange(rows.start, rows.stop) + 0.5))[:, np.newaxis]
    none = np.zeros((1, 1))
    return Steps(
        np.radians(transform.a) * parallel_radius(latitude),
        none,
        none,
        np.radians(transform.e) * meridian_radius(latitude),
    )


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Steps at some cells of a grid, interpolated linearly at the others."""

    columns: Array
    rows: Array
    width: int
    nodes: tuple[Array, Array, Array, Array]
    """The four members of `Steps` at rows × columns."""

    @classmethod
    def over(cls, crs: CRS, transform: Affine, width: int, height: int) -> "_Lattice":
        columns, rows = (np.linspace(0, size - 1, min(size, NODES)) for size in (width, height))
        at = np.meshgrid(columns + 0.5, rows + 0.5)
        x = transform.a * at[0] + transform.b * at[1] + transform.c
        y = transform.d * at[0] + transform.e * at[1] + transform.f
        lonlat = _to_lonlat(crs)
        along = _ground_vector(lonlat, x, y, (transform.a, transform.d))
        down = _ground_vector(lonlat, x, y, (transform.b, transform.e))
        return cls(columns, rows, width, (*along, *down))

    def steps(self, rows: slice) -> Steps:
        numbers = np.arange(rows.start, rows.stop, dtype=np.float64)
        return Steps(*(self._between(values, numbers) for values in self.nodes))

    def _between(self, values: Array, rows: Array) -> Array:
        where = np.interp(rows, self.rows, np.arange(len(self.rows)))
        above = np.minimum(where.astype(np.intp), max(len(self.rows) - 2, 0))
        below = np.minimum(above + 1, len(self.rows) - 1)
        share = (where - above)[:, np.newaxis]
        lines: list[Array] = list(values[above] * (1 - share) + values[below] * share)
        return np.stack([np.interp(np.arange(self.width), self.columns, line) for line in lines])


def _to_lonlat(crs: CRS) -> Callable[[Array, Array], tuple[Array, Array]]:
    if not crs.is_projected:
        return lambda x, y: (x, y)
    return Transformation.between(crs, CRS84).transformer.transform


def _ground_vector(
    lonlat: Callable[[Array, Array], tuple[Array, Array]], x: Array, y: Array, way: tuple[float, float]
) -> tuple[Array, Array]:
    """Metres east and north of a step in the plane, around each position."""
    lon1, lat1 = lonlat(x - way[0] / 2, y - way[1] / 2)
    lon2, lat2 = lonlat(x + way[0] / 2, y + way[1] / 2)
    middle = (lat1 + lat2) / 2
    # Where the plane has no places on the ground, there is no number.
    with np.errstate(invalid="ignore"):
        return (
            np.radians(half_turn(lon2 - lon1)) * parallel_radius(middle),
            np.radians(lat2 - lat1) * meridian_radius(middle),
        )
