"""Edges that are straight in a projected plane, as they run in longitude and latitude: bent."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from backend.geo.geodesy.crs import CRS84, Transformation, code_of, metres_per_unit
from backend.geo.geodesy.ellipsoid import A, Array, Booleans, Integers, half_turn, meridian_radius, parallel_radius
from backend.geo.geodesy.ground import ground_of
from backend.geo.geodesy.measure import by_dimension, segments
from backend.geo.geodesy.shapes import Shapes, batches, in_the_plane, valid_shapes
from backend.geo.vector.common_edges import Vertices, common_edges
from backend.geo.vector.edge_cutting import Counting, cut_edges, cut_in_turn, edges_in_turn, edges_of
from backend.geo.vector.features import Features
from backend.geo.vector.reading import GeometryInput

MOST_VERTICES = 5_000_000
"""That are added; beyond it, edges are cut less finely than asked for."""
SPAN = 20_000.0
"""Metres of an edge within which it bends to one side only."""
SHARE = 2e-7
"""Of the areas of polygons, which their edges may be off by."""
FINEST, COARSEST = 1e-6, 0.01
"""Metres between which an edge may leave its way, so that areas are right to `SHARE`."""
SMALL = 10
"""Percent of polygons that may be smaller than those whose areas are right to `SHARE`."""
ROUNDING = 1e-4
"""Metres by which one place may differ from itself after a way through another CRS, at most."""
NEAR_POLE = 89.0
_BATCH = 2**15
"""Vertices that are looked at at a time."""
NOTABLE = 1.0
"""Metres of a bend from which on it is worth telling."""

type Pair = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Into how many pieces edges are cut so that they follow their plane, and how well they do."""

    shapes: Shapes
    """No edge of them is so long that it bends to both sides."""
    pieces: Integers
    """Of each of their edges."""
    bend: float
    deviation: float
    kept: int
    """These three as of what is `Followed`."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Features whose edges are cut so that they follow their plane when their vertices are transformed."""

    features: Features
    """In the CRS in which they came."""
    bend: float
    """Metres: how far an edge is at most from the one that is straight in longitude and latitude; 0 where no edge is
    long enough to bend by more than the tolerance.
    """
    deviation: float
    """Metres: how far from its true way an edge is at most, once it is cut."""
    kept: int
    """Edges that were to stay straight though they bend."""


def bent_shapes(geometry: GeometryInput, tolerance: float) -> Shapes:
    """Geometries in longitude and latitude, their edges within `tolerance` metres of where they run in the plane in
    which they came.
    """
    if geometry.native is None or not geometry.native.crs.is_projected:
        return geometry.shapes
    made = bent(geometry.native, tolerance)
    return made.shapes[made.present]


def true_to_lengths(features: Features, tolerance: float) -> tuple[Features, str]:
    """Features where lengths are those on the ground, and why they were brought there, empty where they were not.

    Features of a projected CRS whose lengths are off over their extent, as those of Mercator's are, come in longitude
    and latitude, `bent`; all others as they are.
    """
    if not (features.crs.is_projected and features.present.any()):
        return features, ""
    west, south, east, north = shapely.total_bounds(features.shapes).tolist()
    ground = ground_of(features.crs, (west, south, east, north))
    return (features, "") if ground.planar else (bent(features, tolerance), ground.decision)


def in_one_crs(first: Features, second: Features) -> tuple[Features, Features]:
    """Features of two sources in one CRS: that of both, else longitude and latitude.

    There the edges of projected features have so many vertices more that areas are right to `SHARE`. What both have, by
    the ends of its edges, is straight in longitude and latitude and has the same vertices: neighbours stay neighbours.
    A warning tells how far edges bend where that is more than a person would expect, and what they are off by where
    they are too many.
    """
    if first.crs == second.crs:
        return first, second
    tolerance = fineness(first, second)
    rounding = math.degrees(min(tolerance, ROUNDING) / A)
    common = common_edges(_lonlat_edges(first), _lonlat_edges(second), rounding)
    one, other = (
        _told(followed(layer, tolerance, shared), tolerance)
        for layer, shared in zip((first, second), common, strict=True)
    )
    # Coordinates that came as longitude and latitude stay as they are.
    if second.crs.is_projected:
        return one, _snapped(other, one, rounding)
    return _snapped(one, other, rounding), other


def bent(features: Features, tolerance: float) -> Features:
    """Features in longitude and latitude, without heights; those of a projected CRS have so many vertices more that no
    edge is further than `tolerance` metres from where it runs in its plane.
    """
    flat = features.with_shapes(in_the_plane(features.shapes))
    made = followed(flat, tolerance).features.lonlat()
    # What came in longitude and latitude is valid.
    if made.shapes is flat.shapes:
        return made
    invalid = np.flatnonzero(made.present & ~shapely.is_valid(made.shapes))
    if not invalid.size:
        return made
    shapes = made.shapes.copy()
    shapes[invalid] = valid_shapes(shapes[invalid])
    return made.with_shapes(shapes)


def followed(features: Features, tolerance: float, straight: Booleans | None = None) -> Followed:
    """Cut the edges of projected features until they follow their plane, in longitude and latitude, to `tolerance` m.

    straight: edges that are left as they are, in the order of `edges_of`.

    An edge of length l that is straight on a map leaves one that is straight in longitude and latitude by about
    l² · tan(latitude) / (8 · radius). Where twice that is too much, since maps differ, it is measured at the middle of
    the edge; n pieces leave n² times less.
    """
    cuts = _cuts(features, tolerance, straight)
    if cuts is None:
        return Followed(features, 0.0, 0.0, 0)
    shapes = cut_edges(cuts.shapes, _in_turn(cuts.pieces))
    return Followed(features.with_shapes(shapes), cuts.bend, cuts.deviation, cuts.kept)


def followed_in_turn(features: Features, tolerance: float) -> Iterator[Shapes]:
    """The geometries of `followed`, some after others: all of them may take twice the memory of what they come of."""
    cuts = _cuts(features, tolerance, None)
    return iter([features.shapes]) if cuts is None else cut_in_turn(cuts.shapes, _in_turn(cuts.pieces))


def _cuts(features: Features, tolerance: float, straight: Booleans | None) -> _Cuts | None:
    """As `followed` has them; None where there is nothing to follow."""
    unit = metres_per_unit(features.crs)
    if unit is None or not features.present.any():
        return None
    shapes, straight = _in_spans(features.shapes, SPAN / unit, straight)
    way = features.way_to(CRS84)
    harmless = _harmless(features, way, tolerance) / unit
    bend = np.concatenate([np.zeros(0), *(_bends(start, end, way, harmless) for start, end in edges_in_turn(shapes))])
    largest, kept = float(np.nan_to_num(bend).max(initial=0.0)), 0
    if straight is not None:
        kept = int((straight & (bend > tolerance)).sum())
        bend[straight] = 0
    wanted = float(_pieces(np.sqrt(bend / tolerance)).sum())
    coarser = max(1.0, wanted / MOST_VERTICES) ** 2 * tolerance
    return _Cuts(shapes, _pieces(np.sqrt(bend / coarser)), largest, coarser, kept)


def _in_spans(shapes: Shapes, span: float, straight: Booleans | None) -> tuple[Shapes, Booleans | None]:
    """Geometries whose edges are no longer than that, but for those that are to stay straight; and which these are."""
    counts = np.concatenate(
        [np.zeros(0, dtype=np.intp), *(_pieces(_length(start, end) / span) for start, end in edges_in_turn(shapes))]
    )
    if straight is not None:
        counts[straight] = 1
        straight = np.repeat(straight, counts)
    return cut_edges(shapes, _in_turn(counts)), straight


def bulges(shapes: Shapes, way: Transformation) -> Array:
    """m² that polygons of a projected CRS have more than those of the same vertices in longitude and latitude.

    Each edge is taken for the parabola through its middle: it has two thirds of the area of the box around it.
    """
    return np.concatenate([_bulges(some, way) for some in batches(shapes, _BATCH)])


def _bulges(shapes: Shapes, way: Transformation) -> Array:
    areal, owners, _, _ = by_dimension(shapes)
    parts, part_of = shapely.get_parts(shapely.orient_polygons(areal), return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    start, end, line = segments(rings)
    chord, offset = _chords(start[:, :2], end[:, :2], way)
    # Rings have their inside on the left: what bends there takes away.
    area = np.nan_to_num(-2 / 3 * (chord[0] * offset[1] - chord[1] * offset[0]))
    return np.bincount(owners[part_of[ring_of[line]]], area, len(shapes))


def fineness(*layers: Features) -> float:
    """Metres within which edges are to follow their plane, so that the areas of polygons are right to `SHARE`."""
    widths = np.concatenate([_widths(one) for one in layers])
    smallest = float(np.percentile(widths, SMALL, method="lower")) if widths.size else np.inf
    return float(np.clip(SHARE * smallest, FINEST, COARSEST))


def _harmless(features: Features, way: Transformation, tolerance: float) -> float:
    """Metres of an edge that bends by no more than the tolerance, on any map of where the features are."""
    _, south, _, north = way.transformer.transform_bounds(*shapely.total_bounds(features.shapes).tolist())
    steepest = max(abs(south), abs(north)) if math.isfinite(south + north) else NEAR_POLE
    steepness = max(math.tan(math.radians(min(steepest, NEAR_POLE))), 0.1)
    return math.sqrt(4 * A * tolerance / steepness)


def _in_turn(counts: Integers) -> Counting:
    """The counts of all edges, told for some after others, as these come."""
    told = 0

    def next_ones(start: Array, end: Array) -> Integers:  # noqa: ARG001  # they come in the order of the counts
        nonlocal told
        told += len(start)
        return counts[told - len(start) : told]

    return next_ones


def _lonlat_edges(features: Features) -> tuple[Array, Array]:
    start, end = edges_of(features.shapes)
    if features.crs == CRS84 or not len(start):
        return start, end
    way = features.way_to(CRS84).transformer
    first, second = (np.column_stack(way.transform(at[:, 0], at[:, 1])) for at in (start, end))
    return first, second


def _snapped(features: Features, onto: Features, rounding: float) -> Features:
    """Features whose vertices are those of others where they are that to some degrees of rounding."""
    vertices = Vertices.of(shapely.get_coordinates(onto.shapes), rounding)
    with_heights = bool(shapely.has_z(features.shapes).any())
    return features.with_shapes(shapely.transform(features.shapes, vertices.snapped, include_z=with_heights))


def _pieces(number: Array) -> Integers:
    """At least one; one too where there is no number: the transformation tells what is wrong with such a place."""
    return np.maximum(1, np.ceil(np.nan_to_num(number, nan=1.0, posinf=1.0))).astype(np.intp)


def _length(start: Array, end: Array) -> Array:
    return np.hypot(*(end - start).T)


def _bends(start: Array, end: Array, way: Transformation, harmless: float) -> Array:
    """Metres between the middle of each edge in the plane and in longitude and latitude; 0 where the edge is no longer
    than what is harmless.
    """
    long = _length(start, end) > harmless
    bend = np.zeros(len(start))
    bend[long] = np.hypot(*_chords(start[long], end[long], way)[1])
    return bend


def _chords(start: Array, end: Array, way: Transformation) -> tuple[Pair, Pair]:
    """Metres east and north of the line from each start to its end that is straight in longitude and latitude, and from
    the middle of that to the middle of the edge in the plane.
    """
    (lon1, lat1), (lon2, lat2), (lon, lat) = (
        way.transformer.transform(at[:, 0], at[:, 1]) for at in (start, end, (start + end) / 2)
    )
    # Where the plane has no places on the ground, there is no number.
    with np.errstate(invalid="ignore"):
        east, north = np.radians(parallel_radius(lat)), np.radians(meridian_radius(lat))
        along = half_turn(lon2 - lon1)
        middle = half_turn(lon - lon1 - along / 2)
        return (along * east, (lat2 - lat1) * north), (middle * east, (lat - (lat1 + lat2) / 2) * north)


def _widths(features: Features) -> Array:
    """Metres, roughly: area over perimeter of each polygon."""
    polygons = features.shapes[shapely.get_dimensions(features.shapes) == 2]
    unit = metres_per_unit(features.crs)
    if unit is None:
        polygons = shapely.transform(polygons, _on_the_parallel)
    perimeters = shapely.length(polygons) * (unit or 1.0)
    areas = shapely.area(polygons) * (unit or 1.0) ** 2
    there = (perimeters > 0) & (areas > 0)
    return areas[there] / perimeters[there]


def _on_the_parallel(positions: Array) -> Array:
    return np.radians(positions) * np.column_stack([parallel_radius(positions[:, 1]), meridian_radius(positions[:, 1])])


def _told(made: Followed, tolerance: float) -> Features:
    """In longitude and latitude, with what is to be said of the edges."""
    code, warnings = code_of(made.features.crs), list[str]()
    if made.bend > NOTABLE:
        warnings.append(
            f"Edges of the features in {code} are straight in its plane: up to {made.bend:.2g} m away from lines that "
            "are straight in longitude and latitude. They were followed there."
        )
    if made.kept:
        warnings.append(
            f"{made.kept} edges of the features in {code} are edges of the other layer too, by their ends: they were "
            f"taken as straight in longitude and latitude, up to {made.bend:.2g} m from where they are in the plane."
        )
    if made.deviation > tolerance:
        warnings.append(
            f"Edges of the features in {code} are too many to be followed closer than {made.deviation:.2g} m."
        )
    return made.features.lonlat().warned(*warnings)
