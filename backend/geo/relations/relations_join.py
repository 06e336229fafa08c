"""Spatial joins: the attributes of features in some place given to those in the same place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.shapes import Shapes, of_type, with_parts_united, with_single_points
from backend.geo.relations.overlay_pieces import POLYGON, dimensions_of
from backend.geo.relations.relations import Pairs, Predicate, Together, left_out, together, unpaired
from backend.geo.relations.relations_fields import Statistic, paired_fields, statistics_of
from backend.geo.relations.rounding import settled
from backend.geo.vector.feature_measures import areas, lengths, planar_areas, planar_lengths
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name

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
    """Features with at least one partner, though its only points may count for another."""
    other_matched: int
    """Features of the other source that are partner of at least one."""


def spatial_join(
    first: Features,
    second: Features,
    predicate: Predicate,
    mode: Mode,
    statistics: Mapping[str, Collection[Statistic]],
    *,
    inner: bool = False,
) -> Joined:
    """Join to each feature those of the second source of which `feature predicate other` holds.

    mode: a row for each pair; or each feature once, with the number of its partners and statistics over their fields
    (by which mode `rows` becomes `count`); or each feature once, with the partner with which it shares most of its
    area, of a line of its length.
    inner: features without a partner are left out; one with points that all count for another has partners.

    A row stands for each pair of which the predicate holds. Where polygons that intersect points are counted by, a
    point that lies on boundaries only, of several of them, counts for the first: so the counts add up to the points.

    Raises:
        ProcessRefusedError: the pairs are too many, or statistics cannot be computed.
    """
    if statistics and mode == "largest":
        raise ProcessRefusedError("statistics are over all partners, not over one of them", path="$.inputs.statistics")
    if statistics:
        mode = "count"
    met = together(first, second)
    partners = _partners(met, predicate, mode)
    warnings = [*met.warnings, *partners.warnings]
    # The features are told as they came, whatever plane they met the others in.
    met = replace(met, first=first)
    alone = unpaired(partners.all.first, len(first))
    if mode == "count":
        made, told = _counted(met, partners.counted, statistics)
        made = made.take(np.unique(partners.all.first)) if inner else made
    else:
        made, told = _rows(met, partners.counted, partners.shares, alone[:0] if inner else alone)
    if inner and alone.size:
        warnings.append(f"{len(alone)} features have no partner and were left out.")
    matched, other_matched = partners.all.matched
    return Joined(made.warned(*warnings, *told), met.crs_decision, len(partners.counted), matched, other_matched)


@dataclass(frozen=True, slots=True)
class _Partners:
    all: Pairs
    """Who has partners does not depend on for which of several a point counts."""
    counted: Pairs
    shares: Array
    """What part of the first feature each pair shares, in mode `largest`; else empty."""
    warnings: Sequence[str]


def _partners(met: Together, predicate: Predicate, mode: Mode) -> _Partners:
    """Who is partner of whom, in the plane in which the two sources meet."""
    a, b = met.first.shapes, met.second.shapes
    found, rounded = settled(met, predicate)
    pairs, warnings = found, list(rounded)
    if predicate == "intersects":
        if mode != "largest":
            pairs, told = _on_boundaries(a, b, found, met.noise, once=mode == "count")
            warnings += told
        warnings += _only_touching(a, b, pairs, mode)
    warnings += left_out(met, found, predicate)
    if not len(found):
        warnings += met.empty() or met.apart() or (f"No feature {predicate} any of other.",)
    if mode != "largest":
        return _Partners(found, pairs, np.zeros(0), warnings)
    best, shares, told = _largest(met, found, predicate)
    return _Partners(best, best, shares, [*warnings, *told])


def _rows(met: Together, pairs: Pairs, shares: Array, alone: Integers) -> tuple[Features, list[str]]:
    """A row for each pair, and one for each feature that is alone."""
    index = np.concatenate([pairs.first, alone])
    order = np.argsort(index, kind="stable")
    left, right = index[order], np.concatenate([pairs.second, np.full(len(alone), -1)])[order]
    fields = paired_fields([(met.first, left), (met.second, right)], suffixes=("_1", "_2"))
    if shares.size:
        padded = [*shares.tolist(), *[None] * len(alone)]
        fields[free_name("overlap_share", fields)] = [padded[at] for at in order.tolist()]
    elif alone.size and not met.second.fields:
        # No field of other tells by its nulls which features have no partner.
        fields[free_name("matched", fields)] = (right >= 0).tolist()
    repeated = len(np.unique(pairs.first[1:][pairs.first[1:] == pairs.first[:-1]]))
    told = [f"{repeated} features have several partners, and a row for each: do not add their numbers up."]
    return Features(met.first.shapes[left], fields, met.first.crs), told if repeated else []


def _counted(
    met: Together, pairs: Pairs, statistics: Mapping[str, Collection[Statistic]]
) -> tuple[Features, tuple[str, ...] | list[str]]:
    count = len(met.first)
    columns, told = statistics_of(met.second, statistics, pairs.second, pairs.first, count)
    partners = np.bincount(pairs.first, minlength=count).tolist()
    fields = dict(met.first.fields)
    for name, column in (("match_count", partners), *columns.items()):
        fields[free_name(name, fields)] = column
    several = len(pairs) - pairs.matched[1]
    if several:
        twice = int((np.bincount(pairs.second) > 1).sum())
        told = (
            *told,
            f"{twice} features of other are partner of several features: the counts add up to {several} more.",
        )
    return Features(met.first.shapes, fields, met.first.crs), told


def _on_boundaries(a: Shapes, b: Shapes, pairs: Pairs, noise: float, *, once: bool) -> tuple[Pairs, list[str]]:
    """The pairs, and what to know of points on boundaries that several polygons share.

    once: such a point counts for the first of the polygons only, so that the counts add up to the points.
    """
    turned = pairs.turned()
    repeated = _later_on_boundary(a, b, pairs, noise)
    other = len(np.unique(pairs.second[repeated]))
    features = len(np.unique(turned.second[_later_on_boundary(b, a, turned, noise)]))
    told = "points lie on the boundary of several polygons, all of which intersect them:"
    if once and other:
        counted = f"{other} {told} each was counted for the first only. With the predicate covers they count for all."
        left = pairs.take(~repeated)
        emptied = pairs.matched[0] - left.matched[0]
        if emptied:
            counted += f" So {emptied} features have a partner, but a match_count of 0."
        return left, [counted]
    if features or other:
        return pairs, [f"{features + other} {told} each goes with all of these; counted by polygon it counts once."]
    return pairs, []


def _later_on_boundary(a: Shapes, b: Shapes, pairs: Pairs, noise: float) -> Booleans:
    """Which pairs of a polygon and a point repeat the point, all of whose pairs are on boundaries."""
    polygonal: Booleans = dimensions_of(a) == POLYGON
    if not polygonal.any() or np.bincount(pairs.second).max(initial=0) < 2:
        return np.zeros(len(pairs), dtype=np.bool_)
    points = of_type(with_single_points(b), shapely.GeometryType.POINT)
    areal: Booleans = polygonal[pairs.first] & points[pairs.second]
    several: Booleans = areal & (np.bincount(pairs.second, areal, minlength=len(b)) > 1)[pairs.second]
    candidates = np.flatnonzero(several)
    chosen = pairs.take(candidates)
    polygons, theirs = a[chosen.first], b[chosen.second]
    # Who is outside by rounding alone goes with the polygon too, and is no more inside of it.
    borders: Any = shapely.boundary(polygons) if noise else None
    meet = shapely.dwithin(borders, theirs, noise) if noise else shapely.touches(polygons, theirs)
    inside = chosen.second[~meet]
    # Pairs come by polygon, so that the first of a point is that of its first polygon.
    _, first = np.unique(chosen.second, return_index=True)
    several[candidates[first]] = False
    return several & ~np.isin(pairs.second, inside)


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


def _largest(met: Together, pairs: Pairs, predicate: Predicate) -> tuple[Pairs, Array, list[str]]:
    """Of each feature the pair that shares most, and how much of the feature that is."""
    shares = _shares(met, pairs)
    real = shares > 0
    without = pairs.matched[0]
    pairs, shares = pairs.take(real), shares[real]
    without -= pairs.matched[0]
    order = np.lexsort((pairs.second, -np.round(shares / EQUAL), pairs.first))
    pairs, shares = pairs.take(order), shares[order]
    _, best = np.unique(pairs.first, return_index=True)
    second = best[best + 1 < len(pairs)] + 1
    tied = (pairs.first[second] == pairs.first[second - 1]) & (np.abs(shares[second] - shares[second - 1]) < EQUAL)
    told: list[str] = []
    if without:
        told.append(
            f"{without} features share no area (of lines: no length) with those of which {predicate} holds, and which "
            "are no partners here."
        )
    if tied.any():
        told.append(f"{int(tied.sum())} features share equally much with several: the first of these was taken.")
    return pairs.take(best), shares[best], told


def _shares(met: Together, pairs: Pairs) -> Array:
    """What part of the first feature's area, or length, each pair shares, in the plane; 1 for points."""
    a, b = met.first.shapes[pairs.first], met.second.shapes[pairs.second]
    shared = Features(shapely.intersection(a, b), crs=met.first.crs)
    collections = of_type(met.first.shapes, shapely.GeometryType.GEOMETRYCOLLECTION)
    # What they hold may overlap: with its union alone no share is of something counted twice.
    whole = Features(with_parts_united(met.first.shapes, collections), crs=met.first.crs)
    shares = np.zeros(len(pairs))
    dimensions = shapely.get_dimensions(met.first.shapes)
    planar = met.first.crs.is_projected
    for dimension, measured in ((2, planar_areas if planar else areas), (1, planar_lengths if planar else lengths)):
        chosen = (dimensions == dimension)[pairs.first]
        if chosen.any():
            part = np.divide(measured(shared), measured(whole)[pairs.first], where=chosen, out=np.zeros(len(pairs)))
            shares = np.where(chosen, part, shares)
    return np.where((dimensions == 0)[pairs.first], 1.0, shares)
