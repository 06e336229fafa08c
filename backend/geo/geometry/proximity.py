"""Where two geometries are nearest to each other on the WGS 84 ellipsoid."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.ellipsoid import A, Array, Integers, inverse
from backend.geo.geodesy.lonlat import Geometries
from backend.geo.geodesy.shapes import Shapes, flat
from backend.geo.vector.stretches import geocentric, spheres, stretches_of

BRANCHES = 8
"""Neighbours that are taken together at each level of a tree."""
BLOCK = 2_000
"""Pairs of balls whose children are looked at together."""
FEW_PAIRS = 200_000
"""Pairs that are looked at all at once: it is not worth a tree."""
MAX_PAIRS = 20_000
"""Pairs of short stretches; of more than these only the nearest quarter is followed up."""
FLATNESS = 0.4
"""Stretches are cut until the square of their length is at most this share of Earth radius times distance: they then
bend by a twentieth of the distance."""
MIN_STRETCH, MAX_STRETCH = 0.01, 1e5
"""Metres."""
DIFFERENCE = 0.005
"""Geodesics of one length differ in chord by less than this share, times the square of chord over Earth radius."""
CANDIDATES = 16
NEAR = 1.2
"""Candidates are those at most this many times as far as the nearest."""
DOUBLINGS = 24
"""The last interval that is looked at is smaller than the first by this power of two."""
NARROW = 0.06
"""Of the Earth radius: a distance, times one and the tangent of latitude, up to which the nearest point of an edge that
is taken for straight is off by at most a thirtieth of its length."""
type Tree = list[tuple[Array, Array]]
"""Centres and radii of balls, from single stretches to one ball around them all."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The shortest way between two geometries."""

    start: tuple[float, float]
    """Longitude and latitude of the point of the first geometry."""
    end: tuple[float, float]
    """The same of the second."""
    touching: bool
    """The geometries share this point."""


def nearest_points(first: Geometries, second: Geometries) -> Nearest:
    """The two points that are nearest to each other, of geometries, or all of several, within [-180, 180] × [-90, 90].

    Edges are straight in longitude and latitude. The search is for the shortest chord through the ellipsoid, over the
    whole globe and without a projection; of the best candidates that with the shortest geodesic is taken.
    """
    parts, others = _parts(first), _parts(second)
    shared = _shared_point(parts, others)
    if shared is not None:
        return Nearest(shared, shared, touching=True)
    pairs = _candidates(stretches_of(parts)[0], stretches_of(others)[0])
    ends, _, _ = shortest(pairs, np.zeros(len(pairs), dtype=np.intp))
    (x1, y1), (x2, y2) = ends[0].tolist()
    return Nearest((x1, y1), (x2, y2), touching=False)


def shortest(pairs: Array, groups: Integers) -> tuple[Array, Array, Array]:
    """The shortest way of each group of pairs of stretches, none of which touch: its ends, and its length in metres.

    pairs: n × 2 stretches × (start, end) × (longitude, latitude); groups: for each its group, from 0 and without gaps.

    Returns: groups × (start, end) × (longitude, latitude), the azimuths at the starts, and the lengths.
    """
    if (pairs[:, :, 0] == pairs[:, :, 1]).all():
        ends = pairs[:, :, 0]
        if len(groups) > int(groups.max()) + 1:
            ends, groups = _nearest_points(ends, groups)
    else:
        ends, groups = _refined(*_narrowed(pairs, groups))
    azimuths, metres = inverse(ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1])
    best = _lowest(metres, groups, 1)
    return ends[best], azimuths[best], metres[best]


def worth(bound: Array) -> Array:
    """Chord up to which a pair may have a shorter geodesic than one whose chord is the bound."""
    return bound * (1 + DIFFERENCE * np.minimum(2.0, bound / A) ** 2)


def _parts(shapes: Geometries) -> Shapes:
    """Points, lines and polygons, none of them empty."""
    parts, _ = flat(np.atleast_1d(np.asarray(shapes, dtype=object)))
    return parts[~shapely.is_empty(parts)]


def _shared_point(parts: Shapes, others: Shapes) -> tuple[float, float] | None:
    found: Any = shapely.STRtree(others).query(parts, predicate="intersects")
    if not found.size:
        return None
    part: BaseGeometry = parts[int(found[0][0])]
    other: BaseGeometry = others[int(found[1][0])]
    common = shapely.intersection(part, other)
    longitude, latitude = shapely.get_coordinates(shapely.point_on_surface(common))[0].tolist()
    return longitude, latitude


def _ordered(stretches: Array) -> Array:
    """Stretches with neighbours next to each other."""
    single = (stretches[:, 0] == stretches[:, 1]).all(axis=1)
    points = stretches[single]
    return np.concatenate([stretches[~single], points[np.argsort(_curve(points[:, 0]), kind="stable")]])


def _curve(points: Array) -> Integers:
    """Places along the Z-order curve through longitude and latitude, so that neighbours come close to each other."""
    columns = (np.add(points, (180, 90)) / (360, 180) * 0xFFFF).astype(np.intp)
    place = np.zeros(len(points), dtype=np.intp)
    for bit in range(16):
        place |= ((columns[:, 0] >> bit & 1) << 2 * bit) | ((columns[:, 1] >> bit & 1) << 2 * bit + 1)
    return place


def _tree(stretches: Array) -> Tree:
    """Balls around stretches, around BRANCHES of these balls in turn, and so on to a single one."""
    levels = [spheres(stretches)]
    while len(levels[-1][1]) > 1:
        centres, radii = levels[-1]
        first = np.arange(0, len(radii), BRANCHES)
        counts = np.diff(np.append(first, len(radii)))
        middles = np.add.reduceat(centres, first) / counts[:, np.newaxis]
        reach = np.linalg.norm(centres - np.repeat(middles, counts, axis=0), axis=1) + radii
        levels.append((middles, np.maximum.reduceat(reach, first)))
    return levels


def _candidates(first: Array, second: Array) -> Array:
    """Pairs of stretches, n × 2 × 2 × 2, among which the nearest are: branch and bound over two trees of balls.

    Depth first, in blocks, so that memory is bounded and the bound soon tight.
    """
    every = len(first) * len(second)
    if every <= FEW_PAIRS:
        trees = [spheres(first)], [spheres(second)]
        blocks = [np.divmod(np.arange(at, min(at + BLOCK, every)), len(second)) for at in range(0, every, BLOCK)]
    else:
        first, second = _ordered(first), _ordered(second)
        trees = _tree(first), _tree(second)
        blocks = [(np.zeros(1, dtype=np.intp), np.zeros(1, dtype=np.intp))]
    stack = [((len(trees[0]) - 1, len(trees[1]) - 1), index) for index in blocks]
    found: list[tuple[Integers, Integers]] = []
    bound = np.inf
    while stack:
        depth, index = stack.pop()
        balls = [tree[level] for tree, level in zip(trees, depth, strict=True)]
        gap, slack = _gaps(*(array[index[side]] for side in (0, 1) for array in balls[side]))
        bound = min(bound, float((gap + slack).min()))
        kept = np.flatnonzero(gap - slack <= worth(np.array(bound)))
        kept = kept[np.argsort(-gap[kept])]
        index = (index[0][kept], index[1][kept])
        if max(depth) == 0:
            found.append(index)
            continue
        below, index = _children(trees, depth, index)
        # What is nearest comes last, and is taken up first.
        stack += [
            (below, (index[0][at : at + BLOCK], index[1][at : at + BLOCK])) for at in range(0, len(index[0]), BLOCK)
        ]
    pairs = (np.concatenate(side) for side in zip(*found, strict=True))
    return np.stack([part[index] for part, index in zip((first, second), pairs, strict=True)], axis=1)


def _children(
    trees: tuple[Tree, Tree], depth: tuple[int, int], index: tuple[Integers, Integers]
) -> tuple[tuple[int, int], tuple[Integers, Integers]]:
    """All pairs of balls one level below, of the side that is higher, or of both."""
    below, pairs = list(depth), list(index)
    for side in (0, 1):
        if depth[side] == max(depth):
            below[side] -= 1
            children = pairs[side][:, np.newaxis] * BRANCHES + np.arange(BRANCHES)
            there = children < len(trees[side][below[side]][1])
            pairs[1 - side] = np.repeat(pairs[1 - side], there.sum(axis=1))
            pairs[side] = children[there]
    return (below[0], below[1]), (pairs[0], pairs[1])


def _gaps(centre1: Array, radius1: Array, centre2: Array, radius2: Array) -> tuple[Array, Array]:
    """Distances between the centres of balls, and how far their points' distances may differ from that."""
    return np.linalg.norm(centre1 - centre2, axis=1), radius1 + radius2


def _nearest_points(ends: Array, groups: Integers) -> tuple[Array, Integers]:
    """Of pairs of points those that may be the nearest of their group."""
    chords = np.linalg.norm(np.diff(geocentric(ends), axis=1)[:, 0], axis=1)
    kept = np.flatnonzero(chords <= worth(_least(chords, groups))[groups])
    return ends[kept], groups[kept]


def _narrowed(pairs: Array, groups: Integers) -> tuple[Array, Integers]:
    """Pairs of stretches so short that they may be taken for straight in space."""
    while True:
        centres, radii = spheres(pairs)
        gap, slack = _gaps(centres[:, 0], radii[:, 0], centres[:, 1], radii[:, 1])
        kept = np.flatnonzero(gap - slack <= worth(_least(gap + slack, groups))[groups])
        kept = _not_too_many(kept, gap, groups)
        pairs, radii, groups = pairs[kept], radii[kept], groups[kept]
        low = np.maximum(0.0, _least((gap - slack)[kept], groups))[groups]
        limit = np.clip(np.sqrt(FLATNESS * A * low), MIN_STRETCH, MAX_STRETCH)
        longer = 2 * radii > limit[:, np.newaxis]
        if not longer.any():
            return pairs, groups
        for side in (0, 1):
            chosen = np.flatnonzero(longer[:, side])
            halves = pairs[chosen]
            middle = halves[:, side].mean(axis=1)
            pairs[chosen, side, 1] = middle
            halves[:, side, 0] = middle
            pairs, longer = np.concatenate([pairs, halves]), np.concatenate([longer, longer[chosen]])
            groups = np.concatenate([groups, groups[chosen]])


def _least(values: Array, groups: Integers) -> Array:
    """The smallest value of each group."""
    least = np.full(int(groups.max()) + 1, np.inf)
    np.minimum.at(least, groups, values)
    return least


def _not_too_many(kept: Integers, gap: Array, groups: Integers) -> Integers:
    """Lines that run side by side are about equally near all along: of too many pairs, the nearest are followed up."""
    if len(kept) <= MAX_PAIRS or np.bincount(groups[kept]).max() <= MAX_PAIRS:
        return kept
    order = kept[_lowest(gap[kept], groups[kept], MAX_PAIRS // 4)]
    crowded = np.bincount(groups[kept]) > MAX_PAIRS
    return np.concatenate([kept[~crowded[groups[kept]]], order[crowded[groups[order]]]])


def _lowest(values: Array, groups: Integers, count: int) -> Integers:
    """Indices of the `count` smallest values of each group, by group."""
    if len(groups) == int(groups.max()) + 1:
        return np.argsort(groups)  # one of each
    order = np.lexsort((values, groups))
    sorted_groups = groups[order]
    start = np.searchsorted(sorted_groups, sorted_groups)
    return order[np.arange(len(order)) - start < count]


def _refined(pairs: Array, groups: Integers) -> tuple[Array, Integers]:
    """The nearest points of the best pairs of each group: n × 2 × (longitude, latitude)."""
    points = _closest(pairs)
    chords = np.linalg.norm(np.diff(geocentric(points), axis=1)[:, 0], axis=1)
    # What was taken for straight bends by a twentieth of the distance.
    near = np.flatnonzero(chords <= NEAR * _least(chords, groups)[groups] + MIN_STRETCH)
    best = near[_lowest(chords[near], groups[near], CANDIDATES)]
    points, groups = points[best], groups[best]
    whole = pairs[best]
    extended = (whole[:, :, 0] != whole[:, :, 1]).any(axis=(1, 2))
    steepest = np.minimum(np.abs(whole[..., 1]).max(axis=(1, 2)), 90)
    quick = chords[best] * (1 + np.tan(np.radians(steepest))) <= NARROW * A
    for chosen, share in ((extended & quick, 8), (extended & ~quick, 2)):
        if chosen.any():
            points[chosen] = _searched(whole[chosen], points[chosen], share)
    return points, groups


def _searched(whole: Array, points: Array, share: int) -> Array:
    """Look again within smaller and smaller intervals around the points, each the given part of the one before."""
    reach = np.diff(whole, axis=2)[:, :, 0]
    low, high = whole.min(axis=2), whole.max(axis=2)
    for _ in range(round(DOUBLINGS / np.log2(share))):
        reach = reach / share
        window = [np.clip(points - reach / 2, low, high), np.clip(points + reach / 2, low, high)]
        points = _closest(np.stack(window, axis=2))
    return points


def _closest(pairs: Array) -> Array:
    """The nearest points of pairs of stretches that are taken for straight in space: n × 2 × (longitude, latitude)."""
    space = geocentric(pairs)
    ways = space[:, :, 1] - space[:, :, 0]
    between = space[:, 0, 0] - space[:, 1, 0]
    a, e = (ways**2).sum(axis=2).T
    b = (ways[:, 0] * ways[:, 1]).sum(axis=1)
    c, f = (ways * between[:, np.newaxis]).sum(axis=2).T
    denominator = a * e - b * b
    # Parallel stretches are equally near all along: any place will do.
    s = np.clip(_ratio(b * f - c * e, np.where(denominator > 1e-14 * a * e, denominator, 0)), 0, 1)
    t = np.clip(_ratio(b * s + f, e), 0, 1)
    s = np.clip(_ratio(b * t - c, a), 0, 1)
    shares = np.stack([s, t], axis=1)[:, :, np.newaxis]
    return pairs[:, :, 0] * (1 - shares) + pairs[:, :, 1] * shares


def _ratio(numerator: Array, denominator: Array) -> Array:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
