"""Steps in the plane of a CRS in metres east and north on the ellipsoid: at single places, at all cells of a grid."""

# NumPy's operators on what comes from affine are of unknown type.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from backend.geo.geodesy.crs import CRS84, Transformation, degrees_per_unit
from backend.geo.geodesy.ellipsoid import E2, A, Array, Booleans, Integers

type LonLat = Callable[[Array, Array], tuple[Array, Array]]
type Vector = tuple[Array, Array]
"""Metres east and north."""

NODES = 65
"""Of a lattice over a grid, along each side, between which steps are interpolated."""
STEP = 10.0
"""Metres over which a plane is measured."""
_SMOOTH = 1e-3
"""Share of its length by which an interpolated step may be off in the middle of a mesh."""
_LEAST = 0.01
"""Share of a cell over which a step is measured at least: below is rounding."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Metres east and north of one step along a row and of one along a column, each of a shape that broadcasts.

    NaN where a cell has no place on the ground.
    """

    column_east: Array
    column_north: Array
    row_east: Array
    row_north: Array


@dataclass(frozen=True, slots=True)
class Plane:
    """Where the cells of a grid lie on the ground, and how the plane does there."""

    lonlat: LonLat
    transform: Affine
    share: float
    """Of a cell's sides over which they are measured: a cell at the outline of the plane has a side beyond it."""

    @classmethod
    def of(cls, crs: CRS, transform: Affine, metres: float) -> "Plane":
        """metres: the usual length of a unit of the CRS."""
        side = metres * max(np.hypot(transform.a, transform.d), np.hypot(transform.b, transform.e))
        return cls(to_lonlat(crs), transform, float(np.clip(STEP / side, _LEAST, 1)))

    def at(self, columns: Array, rows: Array) -> Array:
        """The four members of `Steps` at the centres of cells, along the first axis."""
        t, share = self.transform, self.share
        x = t.a * (columns + 0.5) + t.b * (rows + 0.5) + t.c
        y = t.d * (columns + 0.5) + t.e * (rows + 0.5) + t.f
        ways = (share * t.a, share * t.d), (share * t.b, share * t.e)
        along, down = ground_vectors(self.lonlat, x, y, *ways)
        return np.stack([*along, *down]) / share


@dataclass(frozen=True, slots=True)
class Lattice:
    """Steps at some cells of a grid, interpolated linearly at the others where that is true enough, else measured.

    It is not around a pole, where east and north turn by all angles, nor at the outline of a map of the world.
    """

    plane: Plane
    columns: Array
    rows: Array
    nodes: Array
    """The four members of `Steps` × rows × columns."""
    rough: Booleans
    """The meshes between the nodes, in which steps are measured at each cell: rows × columns."""
    mesh: Integers
    """Which column of meshes each column of the grid lies in."""
    share: Array
    """How far it is on the way through the mesh."""

    @classmethod
    def over(cls, plane: Plane, width: int, height: int) -> "Lattice":
        """Over a grid of that many cells."""
        columns, rows = (np.linspace(0, size - 1, min(size, NODES)) for size in (width, height))
        nodes = plane.at(*np.meshgrid(columns, rows))
        middles = plane.at(*np.meshgrid(_middles(columns), _middles(rows)))
        mesh, share = _meshes(np.arange(width, dtype=np.float64), columns)
        return cls(plane, columns, rows, nodes, _rough(nodes, middles), mesh, share)

    def steps(self, rows: slice) -> Steps:
        """At the cells of some rows."""
        numbers = np.arange(rows.start, rows.stop, dtype=np.float64)
        above, down = _meshes(numbers, self.rows)
        below = np.minimum(above + 1, len(self.rows) - 1)
        lines = self.nodes[:, above] * (1 - down)[:, np.newaxis] + self.nodes[:, below] * down[:, np.newaxis]
        found = self._across(lines)
        rough = self.rough[above]
        if rough.any():
            at = np.nonzero(rough[:, self.mesh])
            found[:, *at] = self.plane.at(at[1].astype(np.float64), numbers[at[0]])
        return Steps(*found)

    def _across(self, lines: Array) -> Array:
        if lines.shape[2] == len(self.mesh):
            return lines.copy()
        found = np.diff(lines, axis=2)[:, :, self.mesh]
        found *= self.share
        found += lines[:, :, self.mesh]
        return found


def to_lonlat(crs: CRS) -> LonLat:
    """What makes longitude and latitude in degrees of positions in a CRS; NaN or infinite where these have no place."""
    if crs.is_projected:
        return Transformation.between(crs, CRS84).transformer.transform
    unit = degrees_per_unit(crs)
    return lambda x, y: (unit * x, np.where(np.abs(unit * y) <= 90, unit * y, np.nan))


def ground_vectors(lonlat: LonLat, x: Array, y: Array, *ways: tuple[float, float]) -> list[Vector]:
    """Each of some steps in the plane, around each position; not finite where the plane has no places on the ground.

    They are chords in space, seen along the east and the north at the middle of the first: whatever has a place has
    them, next to a pole too.
    """
    chords: list[Array] = []
    up = np.zeros((3, *x.shape))
    with np.errstate(invalid="ignore"):
        for across, along in ways:
            (start, first), (end, last) = (
                _in_space(*lonlat(x + half * across, y + half * along)) for half in (-0.5, 0.5)
            )
            chords.append(end - start)
            up = up if len(chords) > 1 else first + last
        longitude, latitude = np.arctan2(up[1], up[0]), np.arctan2(up[2], np.hypot(up[0], up[1]))
        return [_seen(chord, longitude, latitude) for chord in chords]


def _in_space(longitude: Array, latitude: Array) -> tuple[Array, Array]:
    """Earth-centred coordinates of places, and the directions that are upwards there."""
    lam, phi = np.radians(longitude), np.radians(latitude)
    up = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    at = A / np.sqrt(1 - E2 * up[2] ** 2) * up
    at[2] *= 1 - E2
    return at, up


def _seen(chord: Array, longitude: Array, latitude: Array) -> Vector:
    outward = chord[0] * np.cos(longitude) + chord[1] * np.sin(longitude)
    east = chord[1] * np.cos(longitude) - chord[0] * np.sin(longitude)
    return east, chord[2] * np.cos(latitude) - outward * np.sin(latitude)


def _middles(nodes: Array) -> Array:
    return (nodes[:-1] + nodes[1:]) / 2 if len(nodes) > 1 else nodes


def _meshes(at: Array, nodes: Array) -> tuple[NDArray[np.intp], Array]:
    """The mesh that each place lies in, and how far it is on the way through it."""
    where = np.interp(at, nodes, np.arange(len(nodes)))
    mesh = np.minimum(where.astype(np.intp), max(len(nodes) - 2, 0))
    return mesh, where - mesh


def _rough(nodes: Array, middles: Array) -> Booleans:
    """Meshes in whose middle the mean of the nodes is not what is there."""
    down = nodes if nodes.shape[1] == 1 else (nodes[:, :-1] + nodes[:, 1:]) / 2
    mean = down if down.shape[2] == 1 else (down[:, :, :-1] + down[:, :, 1:]) / 2
    with np.errstate(invalid="ignore"):
        off, most = np.square(mean - middles), np.square(_SMOOTH) * np.square(middles)
        smooth = (off[0] + off[1] <= most[0] + most[1]) & (off[2] + off[3] <= most[2] + most[3])
    return ~smooth
