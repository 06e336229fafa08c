"""Spatial joins: the attributes of features in some place given to those in the same place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.shapes import Shapes, of_type
from backend.geo.relations.relations import Pairs, Predicate, Together, left_out, matching, together, unpaired
from backend.geo.relations.relations_fields import Columns, Statistic, free_name, paired_fields, statistics_of
from backend.geo.vector.feature_measures import areas, lengths, planar_areas, planar_lengths
from backend.geo.vector.features import Features

type Mode = Literal["rows", "count", "largest"]

MOST_COMPARED = 20_000
"""Pairs of which it is looked into whether they share more than a boundary."""
EQUAL = 1e-9
"""Shares of a geometry that differ by less are equal."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The features with what was joined to them."""

    features: Features
    crs_decision: str
    pairs: int
    matched: int
    """Features with at least one partner."""
    other_matched: int
    """Features of the other source that are partner of at least one."""


def spatial_join(
    first: Features, second: Features, predicate: Predicate, mode: Mode, statistics: Mapping[str, Collection[Statistic]]
) -> Joined:
    """Join to each feature those of the second source of which `feature predicate other` holds.

    mode: a row for each pair; or each feature once, with the number of its partners and statistics over their fields
    (by which mode `rows` becomes `count`); or each feature once, with the partner with which it shares most of its
    area, of a line of its length.

    A point on boundaries only, of several polygons that it `intersects`, goes to the first of them.

    Raises:
        ProcessRefusedError: the pairs are too many, or statistics cannot be computed.
    """
    if statistics and mode == "largest":
        raise ProcessRefusedError("statistics are over all partners, not over one of them", path="$.inputs.statistics")
    if statistics:
        mode = "count"
    met = together(first, second)
    a, b = met.first.shapes, met.second.shapes
    pairs = matching(a, b, predicate, lonlat=not met.first.crs.is_projected)
    warnings = list(met.warnings)
    if predicate == "intersects":
        pairs, told = _once_on_boundaries(a, b, pairs)
        warnings += [*told, *_only_touching(a, b, pairs, mode)]
    warnings += left_out(met, pairs, predicate)
    shares = np.zeros(0)
    if mode == "largest":
        pairs, shares, told = _largest(met, pairs)
        warnings += told
    matched, other_matched = pairs.matched
    if not len(pairs):
        warnings += met.empty() or met.apart() or (f"No feature {predicate} any of other.",)
    # The features are told as they came, whatever plane they met the others in.
    met = replace(met, first=first)
    made, told = _counted(met, pairs, statistics) if mode == "count" else _rows(met, pairs, shares)
    return Joined(made.warned(*warnings, *told), met.crs_decision, len(pairs), matched, other_matched)


def _rows(met: Together, pairs: Pairs, shares: Array) -> tuple[Features, list[str]]:
    """A row for each pair, and one for each feature without a partner."""
    alone = unpaired(pairs.first, len(met.first))
    index = np.concatenate([pairs.first, alone])
    order = np.argsort(index, kind="stable")
    left, right = index[order], np.concatenate([pairs.second, np.full(len(alone), -1)])[order]
    fields = paired_fields([(met.first, left), (met.second, right)], suffixes=("_1", "_2"))
    if shares.size:
        padded = [*shares.tolist(), *[None] * len(alone)]
        fields[free_name("overlap_share", fields)] = [padded[at] for at in order.tolist()]
    repeated = len(np.unique(pairs.first[1:][pairs.first[1:] == pairs.first[:-1]]))
    told = [f"{repeated} features have several partners, and a row for each: do not add their numbers up."]
    return Features(met.first.shapes[left], fields, met.first.crs), told if repeated else []


def _counted(
    met: Together, pairs: Pairs, statistics: Mapping[str, Collection[Statistic]]
) -> tuple[Features, tuple[str, ...] | list[str]]:
    count = len(met.first)
    columns, told = statistics_of(met.second, statistics, pairs.second, pairs.first, count)
    added: Columns = {"match_count": np.bincount(pairs.first, minlength=count).tolist(), **columns}
    taken = set(met.first.fields)
    named = {free_name(name, taken): column for name, column in added.items()}
    several = len(pairs) - pairs.matched[1]
    if several:
        twice = int((np.bincount(pairs.second) > 1).sum())
        told = (
            *told,
            f"{twice} features of other are partner of several features: the counts add up to {several} more.",
        )
    return Features(met.first.shapes, {**met.first.fields, **named}, met.first.crs), told


def _once_on_boundaries(a: Shapes, b: Shapes, pairs: Pairs) -> tuple[Pairs, list[str]]:
    """Give a point on the common boundary of polygons to the first of them only, so that it is counted once."""
    points_first = _points(a)[pairs.first] & (shapely.get_dimensions(b) == 2)[pairs.second]
    points_second = (shapely.get_dimensions(a) == 2)[pairs.first] & _points(b)[pairs.second]
    dropped = _later_on_boundary(a, b, pairs, pairs.first, points_first)
    turned = np.lexsort((pairs.first, pairs.second))
    back = _later_on_boundary(a, b, pairs.take(turned), pairs.second[turned], points_second[turned])
    dropped[turned] |= back
    if not dropped.any():
        return pairs, []
    owners = np.concatenate([pairs.first[dropped & points_first], -1 - pairs.second[dropped & ~points_first]])
    told = (
        f"{len(np.unique(owners))} points lie on the boundary of several polygons: each was given to the first of them "
        "only. With the predicate covered_by (covers) they go to all."
    )
    return pairs.take(~dropped), [told]


def _later_on_boundary(a: Shapes, b: Shapes, pairs: Pairs, points: Integers, areal: Booleans) -> Booleans:
    """Which pairs of a point and a polygon repeat the point, all of whose pairs are on boundaries; sorted by point."""
    again = np.concatenate([[False], points[1:] == points[:-1]]) if len(points) else np.zeros(0, np.bool_)
    candidates = np.flatnonzero(areal & (again | np.concatenate([again[1:], [False]]))) if len(points) else points
    if not candidates.size:
        return np.zeros(len(points), dtype=np.bool_)
    chosen = pairs.take(candidates)
    inside = ~shapely.touches(a[chosen.first], b[chosen.second])
    has_inside = np.isin(points, np.unique(points[candidates[inside]]))
    return areal & again & ~has_inside


def _points(shapes: Shapes) -> Booleans:
    return of_type(shapes, shapely.GeometryType.POINT)


def _only_touching(a: Shapes, b: Shapes, pairs: Pairs, mode: Mode) -> list[str]:
    """A warning where polygons or lines are partners along a boundary only."""
    wide = (shapely.get_dimensions(a)[pairs.first] > 0) & (shapely.get_dimensions(b)[pairs.second] > 0)
    if mode == "largest" or not wide.any() or int(wide.sum()) > MOST_COMPARED:
        return []
    chosen = pairs.take(wide)
    count = int(shapely.touches(a[chosen.first], b[chosen.second]).sum())
    if not count:
        return []
    return [f"{count} of the {len(pairs)} pairs share a boundary and no more, which counts as intersecting."]


def _largest(met: Together, pairs: Pairs) -> tuple[Pairs, Array, list[str]]:
    """Of each feature the pair that shares most, and how much of the feature that is."""
    shares = _shares(met, pairs)
    real = shares > 0
    pairs, shares = pairs.take(real), shares[real]
    order = np.lexsort((pairs.second, -np.round(shares / EQUAL), pairs.first))
    pairs, shares = pairs.take(order), shares[order]
    _, best = np.unique(pairs.first, return_index=True)
    second = best[best + 1 < len(pairs)] + 1
    tied = (pairs.first[second] == pairs.first[second - 1]) & (np.abs(shares[second] - shares[second - 1]) < EQUAL)
    told = [f"{int(tied.sum())} features share equally much with several: the first of these was taken."]
    return pairs.take(best), shares[best], told if tied.any() else []


def _shares(met: Together, pairs: Pairs) -> Array:
    """What part of the first feature's area, or length, each pair shares, in the plane; 1 for points."""
    a, b = met.first.shapes[pairs.first], met.second.shapes[pairs.second]
    shared = Features(shapely.intersection(a, b), crs=met.first.crs)
    whole = Features(met.first.shapes, crs=met.first.crs)
    shares = np.zeros(len(pairs))
    dimensions = shapely.get_dimensions(met.first.shapes)
    planar = met.first.crs.is_projected
    for dimension, measured in ((2, planar_areas if planar else areas), (1, planar_lengths if planar else lengths)):
        chosen = (dimensions == dimension)[pairs.first]
        if chosen.any():
            part = np.divide(measured(shared), measured(whole)[pairs.first], where=chosen, out=np.zeros(len(pairs)))
            shares = np.where(chosen, part, shares)
    return np.where((dimensions == 0)[pairs.first], 1.0, shares)
