"""Lines cut into short pieces, each of which is known exactly as a way on the ellipsoid."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely

from backend.geo.geodesy.ellipsoid import (
    A,
    Array,
    Booleans,
    Integers,
    forward,
    half_turn,
    inverse,
    meridian_radius,
    parallel_radius,
)
from backend.geo.geodesy.shapes import Shapes

MAX_SPAN = 30.0
"""Degrees of longitude or latitude of one piece."""
MAX_LENGTH = 500_000.0
"""Metres of a piece that is a geodesic."""
MAX_BEND = 0.1
"""Distance over radius of curvature up to which a way's offset curve follows it without folding, with a margin."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """n pieces of lines, in the order of the lines they come from."""

    start: Array
    """n × 2: longitude, latitude in degrees."""
    end: Array
    geodesic: Booleans
    """The piece is the geodesic between its ends; else it is straight in longitude and latitude."""
    azimuth: Array
    """Of the geodesic at its start, degrees."""
    length: Array
    """Of the geodesic between the ends, metres."""
    distance: Array
    """Metres from the piece that matter."""
    line: Integers
    """Index of the point, line or ring that it is a piece of."""
    following: Integers
    """Index of the piece that begins where this one ends; -1 where a line ends."""

    def __len__(self) -> int:
        return len(self.start)

    @classmethod
    def of(cls, lines: Shapes, distances: Array, tolerance: float) -> Self:
        """Cut points, lines and rings so that a curve at the distance (metres, one for each) from a piece does not
        fold.

        A geodesic stands for an edge where the two are within `tolerance`, a share of the distance, of each other.
        """
        coordinates, owners = shapely.get_coordinates(lines, return_index=True)
        inside = owners[1:] == owners[:-1]
        single = np.flatnonzero(np.bincount(owners) == 1)
        points = coordinates[np.isin(owners, single)]
        start = np.vstack([coordinates[:-1][inside], points])
        end = np.vstack([coordinates[1:][inside], points])
        owner = np.concatenate([owners[:-1][inside], single])
        start, end, owner = _cut(start, end, owner, distances, tolerance)
        azimuth, length = inverse(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
        distance = distances[owner]
        geodesic = ~_bends_little(start, end, distance) | (length == 0)
        return cls(start, end, geodesic, azimuth, length, distance, owner, _following(start, end, owner))

    def at(self, index: Integers, share: Array) -> tuple[Array, Array, Array]:
        """Longitude, latitude and direction (azimuth) at a share, 0 to 1, of pieces."""
        start, way = self.start[index], self.end[index] - self.start[index]
        longitude, latitude = start[:, 0] + way[:, 0] * share, start[:, 1] + way[:, 1] * share
        east, north = parallel_radius(latitude) * way[:, 0], meridian_radius(latitude) * way[:, 1]
        azimuth = np.degrees(np.arctan2(east, north))
        chosen = np.flatnonzero(self.geodesic[index])
        if chosen.size:
            pieces = index[chosen]
            longitude[chosen], latitude[chosen], azimuth[chosen] = forward(
                self.start[pieces, 0], self.start[pieces, 1], self.azimuth[pieces], self.length[pieces] * share[chosen]
            )
        return longitude, latitude, azimuth

    def turns(self) -> Array:
        """Change of direction, degrees to the right, from each piece to the one that follows; NaN at a line's end."""
        every = np.arange(len(self))
        arriving = self.at(every, np.ones(len(self)))[2]
        leaving = self.at(every, np.zeros(len(self)))[2]
        return np.where(self.following >= 0, half_turn(leaving[self.following] - arriving), np.nan)

    def select(self, index: Integers) -> Self:
        """Some of the pieces, without knowledge of what follows them."""
        return type(self)(
            self.start[index],
            self.end[index],
            self.geodesic[index],
            self.azimuth[index],
            self.length[index],
            self.distance[index],
            self.line[index],
            np.full(len(index), -1),
        )


def _bends_little(start: Array, end: Array, distance: Array) -> Booleans:
    """Whether an edge that is straight in longitude and latitude bends little over the distance.

    Its geodesic curvature is at most 1.09 tan(latitude) / radius; meridians have none.
    """
    polar = np.maximum(np.abs(start[:, 1]), np.abs(end[:, 1]))
    return 1.1 * distance * np.tan(np.radians(polar)) < MAX_BEND * A


def _cut(
    start: Array, end: Array, owner: Integers, distances: Array, tolerance: float
) -> tuple[Array, Array, Integers]:
    while True:
        distance = distances[owner]
        middle = (start + end) / 2
        longer = np.flatnonzero(~_bends_little(start, end, distance))
        split = np.abs(end - start).max(axis=1) > MAX_SPAN
        azimuth, length = inverse(start[longer, 0], start[longer, 1], end[longer, 0], end[longer, 1])
        longitude, latitude, _ = forward(start[longer, 0], start[longer, 1], azimuth, length / 2)
        _, off = inverse(longitude, latitude, middle[longer, 0], middle[longer, 1])
        split[longer] |= (off > tolerance * distance[longer]) | (length > MAX_LENGTH)
        if not split.any():
            return start, end, owner
        index = np.repeat(np.arange(len(start)), 1 + split)
        second = np.concatenate([[False], index[1:] == index[:-1]])
        first = np.concatenate([index[1:] == index[:-1], [False]])
        start, end, owner = start[index], end[index], owner[index]
        start[second] = middle[index[second]]
        end[first] = middle[index[first]]


def _following(start: Array, end: Array, owner: Integers) -> Integers:
    """A closed ring's last piece is followed by its first."""
    count = len(owner)
    first = np.concatenate([[True], owner[1:] != owner[:-1]])
    head = np.maximum.accumulate(np.where(first, np.arange(count), 0))
    last = np.concatenate([first[1:], [True]])
    closed = (end == start[head]).all(axis=1) & (head != np.arange(count))
    return np.where(last, np.where(closed, head, -1), np.arange(count) + 1)
