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
from backend.geo.geodesy.crs import (
    Bounds,
    code_of,
    degrees_per_unit,
    metres_per_unit,
    refuse_other_globes,
)
from backend.geo.geodesy.ellipsoid import Array, Booleans, half_turn, meridian_radius, parallel_radius
from backend.geo.geodesy.ground_steps import NODES, STEP, Lattice, Plane, Steps, ground_vectors, to_lonlat

TOLERANCE = 0.01
"""Share by which lengths in a plane may differ from those on the ground and still be taken for them."""
_BEYOND_TELLING = 10.0
_TURN = 360.0
_WIDEST = 50_000.0
"""Metres between places at which the size of cells is found."""

_DEGREE = 111_000.0
"""Metres, about."""
_AT_POLE = 1e-9
"""Degrees from a pole that are none."""
_AXES = {"east": (1, 0), "west": (-1, 0), "north": (0, 1), "south": (0, -1)}
"""East and north of a step along an axis."""

_ALIKE = 1e-8
"""Share by which cells of a row may differ in size and still be taken for alike: rounding of a step's length."""


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
        why = self.error if self.crs.is_projected else f"in {self.crs.axis_info[0].unit_name}s"
        return f"on the WGS 84 ellipsoid: lengths in {code_of(self.crs)} are {why}"

    @property
    def error(self) -> str:
        """How far lengths in the plane of a projected CRS are off, for people."""
        # Where the plane has no places, or is without bounds as Mercator's at a pole, there is no figure.
        most = f"up to {self._percent}" if self.largest_error < _BEYOND_TELLING else "more than 1000 %"
        return f"off by {most}"

    @property
    def _percent(self) -> str:
        return f"{100 * self.largest_error:.2g} %"


def ground_of(crs: CRS, bounds: Bounds) -> Ground:
    """Measure how far lengths in the plane of a CRS are off within bounds (smallest x and y, largest x and y).

    Raises:
        ProcessRefusedError: the CRS is of another globe.
    """
    if not crs.is_projected:
        refuse_other_globes(crs)
        return Ground(crs, float("inf"))
    x, y = (grid.ravel() for grid in np.meshgrid(*(np.linspace(bounds[at], bounds[at + 2], 5) for at in (0, 1))))
    step = STEP / (metres_per_unit(crs) or 1.0)
    ways = (step, 0.0), (0.0, step), (step, step)
    lengths = np.array([np.hypot(*vector) for vector in ground_vectors(to_lonlat(crs), x, y, *ways)])
    with np.errstate(divide="ignore"):
        found = STEP * np.hypot(*np.array(ways).T)[:, np.newaxis] / step / lengths
    worst, known = float(np.max(np.abs(found - 1))), found[np.isfinite(found)]
    return Ground(crs, worst if np.isfinite(worst) else float("inf"), float(known.min()) if known.size else 1.0)


def steps_of(ground: Ground, transform: Affine, width: int, height: int) -> Callable[[slice], Steps]:
    """What tells the steps at the cells of some rows of a grid; constant ones where lengths are planar."""
    if ground.planar:
        flat = _flat(ground.crs, transform)
        return lambda rows: flat  # noqa: ARG005  # the same for all
    if not ground.crs.is_projected and transform.b == transform.d == 0:
        unit = degrees_per_unit(ground.crs)
        return lambda rows: _along_parallels(transform, unit, rows)
    metres = metres_per_unit(ground.crs) or _DEGREE * degrees_per_unit(ground.crs)
    return Lattice.over(Plane.of(ground.crs, transform, metres), width, height).steps


@dataclass(frozen=True, slots=True)
class GroundAreas:
    """Areas on the ellipsoid of the cells at some rows and columns of a grid in a projected CRS.

    Interpolated between places at most 50 km apart, cells outside the part of the plane that has places on the ground
    taken for like the nearest ones that have.
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
        areas = abs(transform.determinant) * unit * unit * _scale(crs, x, y, STEP / unit)
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
    (east, north), (other_east, other_north) = ground_vectors(to_lonlat(crs), x, y, (step, 0.0), (0.0, step))
    scale = np.abs(east * other_north - other_east * north) / STEP**2
    known = np.isfinite(scale)
    if not known.any():
        raise ProcessRefusedError(f"no cell has a place on the ground: these are no coordinates of {code_of(crs)}")
    return scale if known.all() else _continued(scale, known)


def _continued(values: Array, known: Booleans) -> Array:
    """Where a value is not known, that of the nearest one in its row; of rows without any, of the nearest row."""
    across = np.arange(values.shape[1])
    having = np.flatnonzero(known.any(axis=1))
    rows = np.stack([np.interp(across, across[known[row]], values[row, known[row]]) for row in having])
    nearest = np.abs(np.arange(len(values))[:, np.newaxis] - having).argmin(axis=1)
    return rows[nearest]


def error_beyond_area(crs: CRS, longitude: Array, latitude: Array) -> float:
    """The largest of `errors_beyond_area`."""
    return float(np.max(errors_beyond_area(crs, longitude, latitude), initial=0))


def errors_beyond_area(crs: CRS, longitude: Array, latitude: Array) -> Array:
    """By how much lengths in the plane of a CRS are off at most, at each place that lies beyond its area of use: 0.01
    is 1 %; 0 where it does not.
    """
    area = crs.area_of_use
    errors = np.zeros(len(longitude))
    if area is None or not crs.is_projected:
        return errors
    width = (area.east - area.west) % _TURN or _TURN
    beyond = (longitude - area.west) % _TURN > width
    beyond |= (latitude < area.south) | (latitude > area.north)
    if not beyond.any():
        return errors
    factors = Proj(crs).get_factors(half_turn(longitude[beyond]), np.clip(latitude[beyond], -90, 90))
    largest, smallest = np.asarray(factors.tissot_semimajor), np.asarray(factors.tissot_semiminor)
    errors[beyond] = np.maximum(largest - 1, 1 - smallest)
    return errors


def _some(at: Array, spacing: float) -> Array:
    """Places among evenly spaced ones, the first and the last included."""
    wanted = max(NODES, int(np.ceil(len(at) * spacing / _WIDEST)) + 1)
    return np.linspace(at[0], at[-1], min(len(at), wanted))


def _hats(at: Array, nodes: Array) -> Array:
    """What each node counts for at each place, in linear interpolation: places × nodes."""
    where = np.interp(at, nodes, np.arange(len(nodes)))
    return np.maximum(1 - np.abs(where[:, np.newaxis] - np.arange(len(nodes))), 0)


def _flat(crs: CRS, transform: Affine) -> Steps:
    """Steps where lengths in the plane are good enough, the ways of its axes taken for east and north."""
    unit = metres_per_unit(crs) or 1.0
    ways = [axis.direction for axis in crs.axis_info[:2]]
    # Elsewhere x is eastwards: PROJ puts it first, and the axes at a pole point both to the same side.
    turned = unit * np.array([_AXES[way] for way in ways] if _is_turned(ways) else [_AXES["east"], _AXES["north"]])
    column, row = np.array([transform.a, transform.d]) @ turned, np.array([transform.b, transform.e]) @ turned
    return Steps(*(np.array([[value]]) for value in (*column, *row)))


def _is_turned(ways: list[str]) -> bool:
    """Whether the axes, easting and northing put in that order by PROJ, have other directions than these."""
    if not _AXES.keys() >= set(ways) or {"east", "north"} == set(ways):
        return False
    (east, _), (other_east, _) = (_AXES[way] for way in ways)
    return abs(east) != abs(other_east)


def _along_parallels(transform: Affine, unit: float, rows: slice) -> Steps:
    """unit: of the coordinates, in degrees."""
    latitude: Array = unit * (transform.f + transform.e * (np.arange(rows.start, rows.stop) + 0.5))[:, np.newaxis]
    # A pole has no east, and beyond it is nothing; next to it is what rounding makes of it.
    latitude = np.where(np.abs(latitude) < 90 - _AT_POLE, latitude, np.nan)
    none = np.zeros((1, 1))
    return Steps(
        np.radians(unit * transform.a) * parallel_radius(latitude),
        none,
        none,
        np.radians(unit * transform.e) * meridian_radius(latitude),
    )
