"""The nearest of many geometries to each of many others, on the WGS 84 ellipsoid."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, B, Booleans, Integers, inverse
from backend.geo.geodesy.shapes import Shapes
from backend.geo.geometry.proximity import nearest_points, shortest, worth
from backend.geo.relations.relations import Pairs, matching, query
from backend.geo.vector.stretches import geocentric, spheres, stretches_of

FARTHEST = 20_003_932.0
"""Metres: no two points of the Earth are farther apart."""
MIN_MERIDIAN_RADIUS = 6_335_439.0
"""Metres: no arc of a meridian has more degrees than its length over this."""
SHORT = 1e6
"""Metres of a chord from which the length of its geodesic is told well."""
BLOCK = 10_000
"""Stretches times wanted neighbours of the features that are looked at together."""
SMALL = 16
"""Vertices up to which a shape is looked at as a whole for each edge that may be near."""
MOST_WHOLE = 10_000
"""Geometries that are measured one by one, which takes some milliseconds each."""
MARGIN = 1e-6
"""Metres; what is nearer to each other is equally far."""


@dataclass(frozen=True, slots=True)
class Links:
    """Shortest ways from features of one source to features of another."""

    first: Integers
    second: Integers
    metres: Array
    bearing: Array
    """Degrees clockwise from true north at the first feature; NaN where the two touch."""

    def __len__(self) -> int:
        return len(self.first)

    def take(self, chosen: Integers | Booleans) -> Self:
        """Some of them."""
        return type(self)(*(getattr(self, one.name)[chosen] for one in fields(self)))

    @classmethod
    def joined(cls, links: list[Self]) -> Self:
        """All of them."""
        return cls(*(np.concatenate([getattr(one, member.name) for one in links]) for member in fields(cls)))


@dataclass(frozen=True, slots=True)
class _Side:
    """The stretches of the geometries of one source."""

    shapes: Shapes
    stretches: Array
    owners: Integers
    centres: Array
    radii: Array

    @classmethod
    def of(cls, shapes: Shapes) -> Self:
        stretches, owners = stretches_of(shapes)
        order = np.argsort(owners, kind="stable")
        stretches, owners = stretches[order], owners[order]
        return cls(shapes, stretches, owners, *spheres(stretches))


def nearest(first: Shapes, second: Shapes, count: int, limit: float = np.inf) -> tuple[Links, Integers]:
    """The `count` nearest of the second geometries to each of the first, in longitude and latitude, and those as near.

    The search is by boxes that hold all points within a distance, wherever on the globe; what they hold is measured.

    limit: metres beyond which nothing is looked for.

    Returns: the ways by first index and length, of equal ones by second index; and the indices of first geometries
    that have others at the same distance as the last one told.
    """
    touching = matching(first, second, "intersects", lonlat=True)
    zero = np.zeros(len(touching))
    found = [Links(touching.first, touching.second, zero, zero + np.nan)]
    done = np.bincount(touching.first, minlength=len(first))
    there = ~(shapely.is_missing(first) | shapely.is_empty(first))
    rows = np.flatnonzero(there & (done < count))
    source, target = _Side.of(first), _Side.of(second)
    if rows.size and target.owners.size:
        search = _Search(source, target, touching, limit)
        radii = search.bounds(rows)
        found += search.blocks(rows, radii, count - done[rows])
    links = Links.joined(found)
    links = links.take(links.metres <= limit)
    links = links.take(np.lexsort((links.second, np.round(links.metres / MARGIN), links.first)))
    rank = np.arange(len(links)) - np.searchsorted(links.first, links.first)
    beyond = np.flatnonzero(rank == count)
    tied = beyond[links.metres[beyond] - links.metres[beyond - 1] <= MARGIN]
    return links.take(rank < count), links.first[tied]


class _Search:
    """Looks for what is near to features that touch fewer than are wanted."""

    def __init__(self, source: _Side, target: _Side, touching: Pairs, limit: float) -> None:
        self._source, self._target = source, target
        self._limit = min(limit, FARTHEST)
        single = (target.stretches[:, 0] == target.stretches[:, 1]).all(axis=1)
        edges: Any = shapely.linestrings(target.stretches)
        edges[single] = shapely.points(target.stretches[single, 0])
        self._edges = shapely.STRtree(edges)
        self._shapes = shapely.STRtree(target.shapes)
        self._sizes = np.bincount(source.owners, minlength=len(source.shapes))
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._points = not (source.radii.any() or target.radii.any())
        self._known = touching.first * len(target.shapes) + touching.second

    def bounds(self, rows: Integers) -> Array:
        """For each feature a distance within which there is something, not much more than the least."""
        reach = np.full(len(rows), self._limit)
        self._bound(rows, np.arange(len(rows)), reach, 0.0)
        beyond = np.abs(shapely.bounds(self._source.shapes[rows])[:, [0, 2]]).max(axis=1) + np.degrees(reach / B) > 180
        for way in (-360.0, 360.0):
            self._bound(rows, np.flatnonzero(beyond), reach, way)
        return reach

    def _bound(self, rows: Integers, chosen: Integers, reach: Array, way: float) -> None:
        if not chosen.size:
            return
        moved: Any = self._source.shapes[rows[chosen]]
        if way:
            moved = shapely.transform(moved, lambda positions: np.add(positions, (way, 0)))
        # The distance of a small shape from an edge is soon known, that of a large one from each of many edges is not.
        tree = self._edges if shapely.get_num_coordinates(moved).mean() <= SMALL else self._shapes
        index: Any = tree.query_nearest(moved, all_matches=False)
        one, other = moved[index[0]], tree.geometries[index[1]]
        if not (shapely.get_type_id(one).any() or shapely.get_type_id(other).any()):
            ends = np.stack([shapely.get_coordinates(one), shapely.get_coordinates(other)], axis=1)
        else:
            ends = shapely.get_coordinates(shapely.shortest_line(one, other)).reshape(-1, 2, 2)
        np.minimum.at(reach, chosen[index[0]], at_most(ends) * (1 + 1e-9) + MARGIN)

    def blocks(self, rows: Integers, reach: Array, wanted: Integers) -> Iterator[Links]:
        """The links of features, so many at a time that memory holds what may be near to them."""
        if len(rows) > 1 and int((self._sizes[rows] * wanted).sum()) > BLOCK:
            yield from self._halved(rows, reach, wanted)
            return
        try:
            yield from list(self._run(rows, reach, wanted))
        except ProcessRefusedError:
            # Too many stretches are near.
            if len(rows) > 1:
                yield from self._halved(rows, reach, wanted)
            else:
                yield self._one_by_one(int(rows[0]), float(reach[0]), int(wanted[0]))

    def _halved(self, rows: Integers, reach: Array, wanted: Integers) -> Iterator[Links]:
        half = len(rows) // 2
        for some in (slice(None, half), slice(half, None)):
            yield from self.blocks(rows[some], reach[some], wanted[some])

    def _one_by_one(self, row: int, reach: float, wanted: int) -> Links:
        """The links of a feature of very many stretches, by measuring the whole of each that may be near."""
        shape = self._source.shapes[row]
        corners = np.array(shape.bounds).reshape(1, 2, 2)
        while True:
            boxes, _ = _boxes(corners, np.array([reach]))
            near = np.unique(query(self._shapes, boxes)[1])
            near = near[~np.isin(row * len(self._target.shapes) + near, self._known)]
            if len(near) > MOST_WHOLE:
                raise ProcessRefusedError("too many large features are near each other: simplify them, or select some")
            last = np.inf
            if len(near) >= wanted or reach >= self._limit:
                others: list[BaseGeometry] = self._target.shapes[near].tolist()
                pairs = [nearest_points(shape, other) for other in others]
                ends = np.array([(pair.start, pair.end) for pair in pairs]).reshape(-1, 2, 2)
                azimuth, metres = _ways(ends)
                last = float(np.partition(metres, wanted - 1)[wanted - 1]) if len(near) >= wanted else np.inf
                if last <= reach or reach >= self._limit:
                    return Links(np.full(len(near), row), near, metres, azimuth % 360)
            reach = min(last + MARGIN if np.isfinite(last) else max(2 * reach, 1.0), self._limit)

    def _run(self, rows: Integers, reach: Array, wanted: Integers) -> Iterator[Links]:
        """Double the distance of features that have too few within it; measure those that have enough."""
        while rows.size:
            of, pairs, groups = self._within(rows, reach, wanted)
            enough = (np.bincount(of, minlength=len(rows)) >= wanted) | (reach >= self._limit)
            chosen = enough[of]
            links = self._measured(rows[of], pairs, groups, chosen)
            of = of[chosen]
            last = _last(links.metres, of, wanted)
            # Others may be nearer than the last, beyond the distance that was looked at.
            complete = enough & ((last <= reach) | (reach >= self._limit))
            yield links.take(complete[of])
            wider = np.where(enough, last + MARGIN, np.maximum(2 * reach, 1.0))
            rows, reach, wanted = rows[~complete], np.minimum(wider, self._limit)[~complete], wanted[~complete]

    def _within(self, rows: Integers, reach: Array, wanted: Integers) -> tuple[Integers, Integers, Integers]:
        """Pairs of stretches that may be within the distances: the place in `rows` of the first feature of each pair of
        features, the pairs n × 2 (indices of stretches), and the pair of features of each.
        """
        sizes = self._sizes[rows]
        place = np.repeat(np.arange(len(rows)), sizes)
        mine = np.arange(len(place)) + np.repeat(self._starts[rows] - (np.cumsum(sizes) - sizes), sizes)
        boxes, origin = _boxes(self._source.stretches[mine], reach[place])
        index = query(self._edges, boxes)
        own, other = origin[index[0]], index[1]
        if self._known.size:
            # First of all: the sides of what touches are near, and many.
            theirs = rows[place[own]] * len(self._target.shapes) + self._target.owners[other]
            unknown = ~np.isin(theirs, self._known)
            own, other = own[unknown], other[unknown]
        one, place = mine[own], place[own]
        gap = np.linalg.norm(self._source.centres[one] - self._target.centres[other], axis=1)
        close = gap - self._source.radii[one] - self._target.radii[other] <= reach[place] + MARGIN
        keys = place * len(self._target.shapes) + self._target.owners[other]
        if self._points:
            close[close] = _may_be_last(gap[close], place[close], wanted)
        unique, groups = np.unique(keys[close], return_inverse=True)
        return unique // len(self._target.shapes), np.column_stack([one[close], other[close]]), groups

    def _measured(self, first: Integers, pairs: Integers, groups: Integers, chosen: Booleans) -> Links:
        numbers = np.cumsum(chosen) - 1
        kept = chosen[groups]
        if not kept.any():
            nothing = np.zeros(0)
            return Links(nothing.astype(np.intp), nothing.astype(np.intp), nothing, nothing)
        index = pairs[kept]
        stretches = np.stack([self._source.stretches[index[:, 0]], self._target.stretches[index[:, 1]]], axis=1)
        ends, azimuth, metres = shortest(stretches, numbers[groups[kept]])
        second = np.zeros(len(ends), dtype=np.intp)
        second[numbers[groups[kept]]] = self._target.owners[index[:, 1]]
        return Links(first[chosen], second, metres, azimuth % 360)


def _may_be_last(chords: Array, of: Integers, wanted: Integers) -> Booleans:
    """Which points to leave for those features of which one neighbour is wanted: those that may be the nearest, or as
    near.
    """
    least = np.full(len(wanted), np.inf)
    np.minimum.at(least, of, chords)
    return (wanted[of] > 1) | (chords <= worth(least)[of] + 2 * MARGIN)


def _last(metres: Array, of: Integers, wanted: Integers) -> Array:
    """The distance of the last that is wanted of each feature; infinite where there are fewer."""
    last = np.full(len(wanted), np.inf)
    if (wanted == 1).all():
        np.minimum.at(last, of, metres)
        return last
    order = np.lexsort((metres, of))
    every = np.arange(len(wanted))
    at = np.searchsorted(of, every) + wanted - 1
    there = at < np.searchsorted(of, every, side="right")
    last[there] = metres[order][at[there]]
    return last


def at_most(ends: Array) -> Array:
    """Metres than which the geodesics between ends, n × 2 × (longitude, latitude), are not longer, and hardly shorter.

    A curve in space that bends no more than a circle has no shorter chord than the circle's arc of its length (Schur),
    and geodesics bend most along the meridian at the equator.
    """
    radius = MIN_MERIDIAN_RADIUS
    chords = np.linalg.norm(geocentric(ends[:, 0]) - geocentric(ends[:, 1]), axis=1)
    metres: Array = 2 * radius * np.arcsin(np.minimum(chords / (2 * radius), 1))
    far = chords > SHORT
    metres[far] = _ways(ends[far])[1]
    return metres


def _ways(ends: Array) -> tuple[Array, Array]:
    """Azimuths and lengths of the geodesics between ends, n × 2 × (longitude, latitude)."""
    return inverse(ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1])


def _boxes(stretches: Array, metres: Array) -> tuple[Shapes, Integers]:
    """Boxes in longitude and latitude that hold all points within distances of stretches, and whose each is.

    Each is its diagonal: a tree goes by extents alone, and polygons take longer to make and to look up.
    One that reaches over the antimeridian has a second one on the other side.
    """
    west, south = stretches.min(axis=1).T
    east, north = stretches.max(axis=1).T
    up = np.degrees(metres / MIN_MERIDIAN_RADIUS) * (1 + 1e-9) + 1e-12
    steepest = np.maximum(np.abs(south), np.abs(north))
    # A circle of this angular radius on a sphere touches the meridians at this difference of longitude.
    sine = np.sin(np.minimum(metres / B, np.pi / 2)) / np.maximum(np.cos(np.radians(steepest)), 1e-12)
    whole = (steepest + up >= 90) | (sine >= 1) | (metres / B >= np.pi / 2)
    side = np.where(whole, 360.0, np.degrees(np.arcsin(np.minimum(sine, 1))) * (1 + 1e-9) + 1e-12)
    low, high = np.where(whole, -180, west - side), np.where(whole, 180, east + side)
    over_west, over_east = np.flatnonzero(low < -180), np.flatnonzero(high > 180)
    every = np.arange(len(metres))
    index = np.concatenate([every, over_west, over_east])
    left = np.concatenate([np.maximum(low, -180), low[over_west] + 360, np.full(len(over_east), -180.0)])
    right = np.concatenate([np.minimum(high, 180), np.full(len(over_west), 180.0), high[over_east] - 360])
    corners = np.stack([left, (south - up)[index], right, (north + up)[index]], axis=1)
    boxes: Any = shapely.linestrings(corners.reshape(-1, 2, 2))
    return boxes, index
