"""Where points are nearest to the segments of a network."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from backend.geo.geodesy.crs import metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, Integers, meridian_radius, parallel_radius
from backend.geo.geodesy.ground import Ground

_TURN = 360.0
_NARROWEST = 0.01
"""Cosine of the latitude beyond which no meridians are taken to be closer together."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Straight stretches of lines, in the plane or in longitude and latitude."""

    starts: Array
    ends: Array
    """n × 2 each."""
    ground: Ground


@dataclass(frozen=True, slots=True)
class Snapped:
    """For each point the nearest place on a segment; or of one point those on several."""

    segment: Integers
    """Its index; -1 where there is none within reach."""
    share: Array
    """How far along the segment, 0 to 1."""
    position: Array
    """n × 2."""
    metres: Array
    """From the point."""


def nearest_segments(
    points: Array, segments: Segments, reach: float = np.inf, apart: tuple[Integers, Integers] | None = None
) -> Snapped:
    """The nearest segment within `reach` metres of each point.

    Distances are those in the plane where lengths are planar, else in a plane that touches the globe at the point.
    `apart` holds a number for each point and each segment: those of equal number are none for each other.
    """
    if np.isfinite(reach):
        point, segment = _within(points, segments, reach)
    else:
        point, segment = (grid.ravel() for grid in np.indices((len(points), len(segments.starts))))
    if apart is not None:
        others = apart[0][point] != apart[1][segment]
        point, segment = point[others], segment[others]
    share, metres = _nearest_places(points, segments, point, segment)
    # Of each point's pairs the nearest comes first.
    order = np.lexsort([metres, point])
    order = order[metres[order] <= reach]
    found, first = np.unique(point[order], return_index=True)
    chosen = order[first]
    segment_of = np.full(len(points), -1, dtype=np.intp)
    shares, distances = np.zeros(len(points)), np.full(len(points), np.inf)
    segment_of[found], shares[found], distances[found] = segment[chosen], share[chosen], metres[chosen]
    return _snapped(segments, segment_of, shares, distances)


def equally_near(point: Array, segments: Segments, slack: float) -> Snapped:
    """The segments that are as near to one point as the nearest, or farther by up to `slack` metres; nearest first."""
    every = np.arange(len(segments.starts))
    share, metres = _nearest_places(point[np.newaxis], segments, np.zeros_like(every), every)
    order = np.argsort(metres, kind="stable")
    chosen = order[metres[order] <= metres[order[0]] + slack]
    return _snapped(segments, chosen, share[chosen], metres[chosen])


def _snapped(segments: Segments, segment: Integers, share: Array, metres: Array) -> Snapped:
    start, end = segments.starts[segment], segments.ends[segment]
    return Snapped(segment, share, start + (end - start) * share[:, np.newaxis], metres)


def _nearest_places(points: Array, segments: Segments, point: Integers, segment: Integers) -> tuple[Array, Array]:
    """Of pairs of points and segments, how far along the segment the nearest place is, and metres to it."""
    scale = _scale(points, segments.ground)[point]
    origin, end = segments.starts[segment], segments.ends[segment]
    way, gap = (end - origin) * scale, (_beside(points[point], (origin + end) / 2, segments.ground) - origin) * scale
    square = (way**2).sum(axis=1)
    share = np.clip(np.divide((way * gap).sum(axis=1), square, out=np.zeros(len(square)), where=square > 0), 0, 1)
    return share, np.hypot(*(gap - way * share[:, np.newaxis]).T)


def _within(points: Array, segments: Segments, reach: float) -> tuple[Integers, Integers]:
    """Pairs of points and segments whose boxes come as near to each other as `reach`, and some more."""
    lines: Any = shapely.linestrings(np.stack([segments.starts, segments.ends], axis=1))
    margin = 1.01 * reach / _scale(points, segments.ground)
    low, high = points - margin, points + margin
    tree = shapely.STRtree(lines)
    found: list[Integers] = []
    # What is near may lie on the other side of the antimeridian.
    for turn in (0,) if segments.ground.planar else (-_TURN, 0, _TURN):
        boxes: Any = shapely.box(low[:, 0] + turn, low[:, 1], high[:, 0] + turn, high[:, 1])
        found.append(tree.query(boxes))
    point, segment = np.concatenate(found, axis=1)
    return point, segment


def _beside(points: Array, middles: Array, ground: Ground) -> Array:
    """Points with the longitudes, of whatever turn, that are nearest to the middles of segments."""
    if ground.planar:
        return points
    turns = np.round((middles[:, 0] - points[:, 0]) / _TURN)
    return np.column_stack([points[:, 0] + _TURN * turns, points[:, 1]])


def _scale(points: Array, ground: Ground) -> Array:
    """Metres per unit of x and of y at each point."""
    if ground.planar:
        return np.full(points.shape, metres_per_unit(ground.crs) or 1.0)
    degree = np.radians(1.0)
    # At a pole the plane of longitude and latitude has no scale of longitude.
    along = np.maximum(parallel_radius(points[:, 1]), _NARROWEST * 6_378_137.0)
    return np.column_stack([along, meridian_radius(points[:, 1])]) * degree
