"""Vertices and edges that two layers have in common although their coordinates differ by rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers

_ODD = 0x9E3779B97F4A7C15
"""Spreads the numbers of columns of cells over 64 bits; what falls together is told apart by its distance."""

type Edges = tuple[Array, Array]
"""Starts and ends, each n × 2."""


@dataclass(frozen=True, slots=True)
class Vertices:
    """Positions by the cells of a grid, one in each, for finding those that are next to others."""

    positions: Array
    keys: NDArray[np.uint64]
    """Of the cells, in their order."""
    tolerance: float
    """In units of the positions, along either axis; cells are four times as wide."""

    @classmethod
    def of(cls, positions: Array, tolerance: float) -> Self:
        """Of positions n × 2."""
        keys = _keys(*np.round(positions / (4 * tolerance)).T)
        keys, first = np.unique(keys, return_index=True)
        return cls(positions[first], keys, tolerance)

    def find(self, positions: Array) -> Integers:
        """The index of the one next to each position, -1 where there is none."""
        found = np.full(len(positions), -1, dtype=np.intp)
        if not len(self.keys):
            return found
        column, row = np.floor(positions / (4 * self.tolerance)).T
        for right, up in ((0, 0), (0, 1), (1, 0), (1, 1)):
            at = np.searchsorted(self.keys, _keys(column + right, row + up)).clip(max=len(self.keys) - 1)
            near = (np.abs(self.positions[at] - positions) <= self.tolerance).all(axis=1)
            found[near] = at[near]
        return found

    def snapped(self, positions: Array) -> Array:
        """The positions, those next to a vertex at that; further ordinates stay."""
        found = self.find(positions[:, :2])
        made = positions.copy()
        made[found >= 0, :2] = self.positions[found[found >= 0]]
        return made


def common_edges(first: Edges, second: Edges, tolerance: float) -> Sequence[Booleans]:
    """Which edges of each of two layers the other has too, in whichever direction, their ends within a tolerance."""
    smaller = min((first, second), key=lambda edges: len(edges[0]))
    vertices = Vertices.of(np.concatenate(smaller), tolerance)
    pairs = [_pairs(vertices, *edges) for edges in (first, second)]
    return np.isin(pairs[0], pairs[1]), np.isin(pairs[1], pairs[0])


def _pairs(vertices: Vertices, start: Array, end: Array) -> Integers:
    """A number for each pair of ends; less than 0 where one is no vertex."""
    ends = np.sort(np.column_stack([vertices.find(start), vertices.find(end)]), axis=1)
    return ends[:, 0] * len(vertices.keys) + ends[:, 1]


def _keys(column: Array, row: Array) -> NDArray[np.uint64]:
    with np.errstate(over="ignore", invalid="ignore"):
        return column.astype(np.int64).astype(np.uint64) * np.uint64(_ODD) + row.astype(np.int64).astype(np.uint64)
