"""Which features are neighbours of each other, for statistics of place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely

from backend.errors import refuse_input
from backend.geo.geodesy.antimeridian import bounding_box
from backend.geo.geodesy.crs import CRS84, Transformation, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.geocentric import geocentric
from backend.geo.geodesy.ground import ground_of
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.features import Features

type Neighbourhood = Literal["k-nearest", "distance", "contiguity"]

MOST_PAIRS = 20_000_000
_LEAF = 32
"""Points that share their search for neighbours."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Pairs of neighbours, each of weight 1; no feature is its own neighbour."""

    count: int
    """Of features."""
    first: Integers
    """In ascending order."""
    second: Integers
    told: str
    """How they were found, for people."""

    @property
    def neighbours(self) -> Array:
        """How many neighbours each feature has."""
        return np.bincount(self.first, minlength=self.count).astype(np.float64)

    def sums(self, values: Array) -> Array:
        """The sum of each feature's neighbours' values."""
        return np.bincount(self.first, values[self.second], self.count)


def weights_of(features: Features, kind: Neighbourhood, count: int, distance: float | None) -> Weights:
    """Neighbours of features: the `count` nearest, all within `distance` metres, or polygons that touch.

    Distances are between centroids: planar where lengths in the CRS are good, else chords through the ellipsoid.

    Raises:
        ProcessRefusedError: what is needed is missing, or there are too many pairs.
    """
    if kind == "contiguity":
        return _touching(features)
    positions, how = _positions(features)
    if kind == "distance":
        if distance is None:
            refuse_input("neighbours by distance need a distance in metres", "distance")
        pairs = _searched(positions, lambda far, reach: far <= distance + reach, lambda far: far <= distance)
        return _weights(len(features), pairs, f"features within {distance:g} m of each other ({how})")
    if count >= len(features):
        refuse_input(f"there are {len(features)} features: they cannot have {count} neighbours each", "k")

    def near(far: Array, reach: float) -> Booleans:
        # One more, as each is nearest to itself.
        return far <= np.partition(far, count)[count] + 2 * reach

    def nearest(far: Array) -> Booleans:
        chosen = np.zeros(far.shape, dtype=bool)
        np.put_along_axis(chosen, np.argpartition(far, count - 1, axis=1)[:, :count], values=True, axis=1)
        return chosen

    return _weights(len(features), _searched(positions, near, nearest), f"the {count} nearest features ({how})")


def _touching(features: Features) -> Weights:
    shapes = features.shapes
    if (shapely.get_dimensions(shapes) != 2).any():
        refuse_input("contiguity is for polygons; take k-nearest or distance", "neighbours")
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    if not features.crs.is_projected:
        first, second = _with_seam(first, second, tree, shapes)
    apart = first != second
    return _weights(len(features), (first[apart], second[apart]), "polygons that touch or overlap (queen contiguity)")


def _with_seam(first: Integers, second: Integers, tree: shapely.STRtree, shapes: Shapes) -> tuple[Integers, Integers]:
    """The pairs, and those that meet on the antimeridian, one from the west and one from the east; each once."""
    eastern = np.flatnonzero(shapely.bounds(shapes)[:, 2] == 180)
    moved = shapely.transform(shapes[eastern], lambda at: at - np.array([360.0, 0.0]))
    index, others = tree.query(moved, predicate="intersects")
    here = eastern[index]
    count = len(shapes)
    pairs = np.unique(np.concatenate([first * count + second, here * count + others, others * count + here]))
    return pairs // count, pairs % count


def _weights(count: int, pairs: tuple[Integers, Integers], told: str) -> Weights:
    order = np.lexsort([pairs[1], pairs[0]])
    return Weights(count, pairs[0][order], pairs[1][order], told)


def _positions(features: Features) -> tuple[Array, str]:
    """Centroids in a space whose straight distances are metres."""
    west, south, east, north = shapely.total_bounds(features.shapes).tolist()
    ground = ground_of(features.crs, (west, south, east, north))
    centroids = shapely.get_coordinates(shapely.centroid(_continued(features)))
    if ground.planar:
        return centroids * (metres_per_unit(features.crs) or 1.0), f"distances {ground.decision}"
    if features.crs != CRS84:
        centroids = Transformation.between(features.crs, CRS84).positions(centroids)
    return geocentric(centroids), "distances along chords through the WGS 84 ellipsoid"


def _continued(features: Features) -> Shapes:
    """The geometries, those that are split at the antimeridian with longitudes beyond 180 instead."""
    shapes = features.shapes
    if features.crs.is_projected:
        return shapes
    bounds = shapely.bounds(shapes)
    shapes = shapes.copy()
    for index in np.flatnonzero(bounds[:, 2] - bounds[:, 0] > 180).tolist():
        west, _, east, _ = bounding_box(shapes[index])
        if west > east:
            shapes[index] = shapely.transform(shapes[index], lambda at, west=west: _from(west, at))
    return shapes


def _from(west: float, positions: Array) -> Array:
    """Positions with longitudes from a meridian on."""
    return np.column_stack([positions[:, 0] + np.where(positions[:, 0] < west, 360, 0), positions[:, 1]])


def _searched(
    positions: Array, near: Callable[[Array, float], Booleans], pick: Callable[[Array], Booleans]
) -> tuple[Integers, Integers]:
    """Pairs that `pick` finds among those that `near` leaves, from the distances of points that are close together."""
    firsts: list[Integers] = []
    seconds: list[Integers] = []
    left = MOST_PAIRS
    everyone = np.arange(len(positions))
    for leaf, candidates in _leaves(positions, near, everyone, everyone):
        far = np.sqrt(((positions[leaf][:, np.newaxis] - positions[candidates]) ** 2).sum(axis=2))
        far[leaf[:, np.newaxis] == candidates] = np.inf
        rows, columns = np.nonzero(pick(far))
        left -= len(rows)
        if left < 0:
            refuse_input(f"there are more than {MOST_PAIRS} pairs of neighbours: take a smaller distance", "distance")
        firsts.append(leaf[rows])
        seconds.append(candidates[columns])
    return np.concatenate(firsts), np.concatenate(seconds)


def _leaves(
    positions: Array, near: Callable[[Array, float], Booleans], index: Integers, candidates: Integers
) -> Iterator[tuple[Integers, Integers]]:
    """Points in small groups that lie close together, and the candidates that `near` leaves for each.

    Groups are halved along their longest side, and of a group's candidates each half keeps those that are near it.
    """
    here = positions[index]
    middle = here.mean(axis=0)
    reach = float(np.sqrt(((here - middle) ** 2).sum(axis=1).max()))
    candidates = candidates[near(np.sqrt(((positions[candidates] - middle) ** 2).sum(axis=1)), reach)]
    if len(index) <= _LEAF:
        yield index, candidates
        return
    side = here[:, int(np.ptp(here, axis=0).argmax())]
    order = index[np.argpartition(side, len(side) // 2)]
    for half in (order[: len(order) // 2], order[len(order) // 2 :]):
        yield from _leaves(positions, near, half, candidates)
