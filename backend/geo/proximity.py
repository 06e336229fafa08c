"""Where two geometries are nearest to each other on the WGS 84 ellipsoid."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.antimeridian import flat_parts
from backend.geo.ellipsoid import E2, A, Array, Integers, inverse

MAX_CURVATURE_RADIUS = 6_399_594.0
"""Metres: no arc of the ellipsoid is longer than its angle times this."""
BRANCHES = 8
"""Neighbours that are taken together at each level of a tree."""
BLOCK = 2_000
"""Pairs of balls whose children are looked at together."""
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
ROUNDS = 24
"""Each round looks at half of the interval of the one before."""
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


def nearest_points(first: BaseGeometry, second: BaseGeometry) -> Nearest:
    """The two points that are nearest to each other, of geometries within [-180, 180] × [-90, 90].

    Edges are straight in longitude and latitude. The search is for the shortest chord through the ellipsoid, over the
    whole globe and without a projection; of the best candidates that with the shortest geodesic is taken.
    """
    shared = _shared_point(first, second)
    if shared is not None:
        return Nearest(shared, shared, touching=True)
    pairs = _narrowed(_candidates(_stretches(first), _stretches(second)))
    ends = _refined(pairs)
    _, metres = inverse(ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1])
    (x1, y1), (x2, y2) = ends[int(metres.argmin())].tolist()
    return Nearest((x1, y1), (x2, y2), touching=False)


def _shared_point(first: BaseGeometry, second: BaseGeometry) -> tuple[float, float] | None:
    parts, others = flat_parts(first), flat_parts(second)
    found: Any = shapely.STRtree(others).query(parts, predicate="intersects")
    if not found.size:
        return None
    common = shapely.intersection(parts[int(found[0][0])], others[int(found[1][0])])
    longitude, latitude = shapely.get_coordinates(shapely.point_on_surface(common))[0].tolist()
    return longitude, latitude


def _stretches(shape: BaseGeometry) -> Array:
    """Edges, and points as edges of no length: n × (start, end) × (longitude, latitude), neighbours next to each other.

    The sides of a cut along the antimeridian and edges along a pole are part of the polygon, so they do no harm.
    """
    parts = flat_parts(shape)
    rings: list[BaseGeometry] = shapely.get_rings([part for part in parts if part.geom_type == "Polygon"]).tolist()
    lines = [part for part in parts if part.geom_type == "LineString"]
    coordinates, owners = shapely.get_coordinates([*lines, *rings], return_index=True)
    inside = owners[1:] == owners[:-1]
    edges = np.stack([coordinates[:-1][inside], coordinates[1:][inside]], axis=1)
    points = shapely.get_coordinates([part for part in parts if part.geom_type == "Point"])
    points = points[np.argsort(_curve(points), kind="stable")]
    return np.concatenate([edges, np.stack([points, points], axis=1)])


def _curve(points: Array) -> Integers:
    """Places along the Z-order curve through longitude and latitude, so that neighbours come close to each other."""
    columns = (np.add(points, (180, 90)) / (360, 180) * 0xFFFF).astype(np.intp)
    place = np.zeros(len(points), dtype=np.intp)
    for bit in range(16):
        place |= ((columns[:, 0] >> bit & 1) << 2 * bit) | ((columns[:, 1] >> bit & 1) << 2 * bit + 1)
    return place


def _geocentric(positions: Array) -> Array:
    """Earth-centred coordinates in metres, … × 3."""
    longitude, latitude = np.radians(positions[..., 0]), np.radians(positions[..., 1])
    normal = A / np.sqrt(1 - E2 * np.sin(latitude) ** 2)
    ring = normal * np.cos(latitude)
    return np.stack([ring * np.cos(longitude), ring * np.sin(longitude), normal * (1 - E2) * np.sin(latitude)], axis=-1)


def _spheres(stretches: Array) -> tuple[Array, Array]:
    """Centres (… × 3) and radii of balls that hold the stretches (… × 2 × 2)."""
    start, end = stretches[..., 0, :], stretches[..., 1, :]
    way = np.radians(end - start)
    lowest = np.where(start[..., 1] * end[..., 1] <= 0, 0, np.abs(stretches[..., 1]).min(axis=-1))
    length = MAX_CURVATURE_RADIUS * np.hypot(np.cos(np.radians(lowest)) * way[..., 0], way[..., 1])
    return _geocentric((start + end) / 2), length / 2


def _tree(stretches: Array) -> Tree:
    """Balls around stretches, around BRANCHES of these balls in turn, and so on to a single one."""
    levels = [_spheres(stretches)]
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
    trees = (_tree(first), _tree(second))
    origin = np.zeros(1, dtype=np.intp)
    stack = [((len(trees[0]) - 1, len(trees[1]) - 1), (origin, origin))]
    found: list[tuple[Integers, Integers]] = []
    bound = np.inf
    while stack:
        depth, index = stack.pop()
        balls = [tree[level] for tree, level in zip(trees, depth, strict=True)]
        gap, slack = _gaps(*(array[index[side]] for side in (0, 1) for array in balls[side]))
        bound = min(bound, float((gap + slack).min()))
        kept = np.flatnonzero(gap - slack <= _worth(bound))
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


def _worth(bound: float) -> float:
    """Chord up to which a pair may have a shorter geodesic than one whose chord is the bound."""
    return bound * (1 + DIFFERENCE * min(2.0, bound / A) ** 2)


def _narrowed(pairs: Array) -> Array:
    """Pairs of stretches so short that they may be taken for straight in space."""
    while True:
        centres, radii = _spheres(pairs)
        gap, slack = _gaps(centres[:, 0], radii[:, 0], centres[:, 1], radii[:, 1])
        kept = np.flatnonzero(gap - slack <= _worth(float((gap + slack).min())))
        if len(kept) > MAX_PAIRS:
            # Lines that run side by side: they are about equally near all along.
            kept = kept[np.argpartition(gap[kept], MAX_PAIRS // 4)[: MAX_PAIRS // 4]]
        pairs, radii = pairs[kept], radii[kept]
        low = max(0.0, float((gap - slack)[kept].min()))
        longer = 2 * radii > min(MAX_STRETCH, max(MIN_STRETCH, np.sqrt(FLATNESS * A * low)))
        if not longer.any():
            return pairs
        for side in (0, 1):
            chosen = np.flatnonzero(longer[:, side])
            halves = pairs[chosen]
            middle = halves[:, side].mean(axis=1)
            pairs[chosen, side, 1] = middle
            halves[:, side, 0] = middle
            pairs, longer = np.concatenate([pairs, halves]), np.concatenate([longer, longer[chosen]])


def _refined(pairs: Array) -> Array:
    """The nearest points of the best pairs: n × 2 × (longitude, latitude)."""
    points = _closest(pairs)
    chords = np.linalg.norm(np.diff(_geocentric(points), axis=1)[:, 0], axis=1)
    best = np.argsort(chords)[:CANDIDATES]
    whole, points = pairs[best], points[best]
    reach = np.diff(whole, axis=2)[:, :, 0]
    for _ in range(ROUNDS):
        reach = reach / 2
        low, high = whole.min(axis=2), whole.max(axis=2)
        window = [np.clip(points - reach / 2, low, high), np.clip(points + reach / 2, low, high)]
        points = _closest(np.stack(window, axis=2))
    return points


def _closest(pairs: Array) -> Array:
    """The nearest points of pairs of stretches that are taken for straight in space: n × 2 × (longitude, latitude)."""
    space = _geocentric(pairs)
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
