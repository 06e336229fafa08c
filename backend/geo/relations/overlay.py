"""Overlays: features cut along others, with the attributes of both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import shapely

from backend.errors import refuse_input
from backend.geo.geodesy.ellipsoid import Booleans, Integers
from backend.geo.geodesy.repeats import repeats
from backend.geo.geodesy.shapes import Shapes
from backend.geo.geodesy.unions import merged
from backend.geo.relations.overlay_pieces import (
    MEASURES,
    Pieces,
    dimensions_of,
    joined,
    of_dimensions,
    uniform,
    with_each_way_once,
    without_slivers,
)
from backend.geo.relations.relations import KINDS, Pairs, Together, dimension_names, matching, related, together
from backend.geo.relations.relations_fields import paired_fields
from backend.geo.vector.features import Features, no_geometry

type Operation = Literal["intersection", "union", "difference", "symmetric-difference", "identity", "clip"]

WORDS: Mapping[Operation, str] = {
    "intersection": "the parts of features that lie in other, with the attributes of both",
    "union": "everything, cut along both: what lies in one only and what lies in both",
    "difference": "features minus other: the parts of features outside other",
    "symmetric-difference": "what lies in features or in other, and not in both",
    "identity": "all of features, cut along other, with the attributes of other where they lie in it",
    "clip": "the parts of features that lie in any of other, with the attributes of features only",
}
LINE, POLYGON = 1, 2
_BATCH = 2_000
"""Features whose partners are united at once."""


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The pieces of an overlay, and what else there is to say of it."""

    features: Features
    crs_decision: str
    pairs: int
    """Of features that share something; where `touching` is None, of those that meet."""
    touching: int | None
    """Pairs that meet without sharing anything of the dimension asked for, such as polygons along a boundary.

    None where the operation makes nothing of what is shared."""
    unmatched: int
    """Features without a partner in the other source."""
    slivers: int
    sliver_area_m2: float


def overlay_layers(first: Features, second: Features, operation: Operation, sliver_width: float) -> Overlaid:
    """Overlay features in the plane of the CRS that both have, else in longitude and latitude.

    sliver_width: polygons whose mean width (twice area over perimeter) is less, metres, are dropped.

    Raises:
        ProcessRefusedError: the operation does not go with points or lines.
    """
    met = _together(uniform(first), uniform(second))
    _check(met, operation)
    met = replace(met, first=with_each_way_once(met.first), second=with_each_way_once(met.second))
    a, b = met.first.shapes, met.second.shapes
    pairs = matching(a, b, "intersects", lonlat=False)
    pieces, touching = _pieces(a, b, pairs, operation)
    pieces, slivers, lost = without_slivers(pieces, met.first.crs, sliver_width)
    sides = [(met.first, pieces.first)]
    if operation not in ("difference", "clip"):
        sides.append((met.second, pieces.second))
    renamed = [name for name in MEASURES if any(name in side.fields for side, _ in sides)]
    unmatched = int(met.first.present.sum()) - pairs.matched[0]
    warnings = list(met.warnings)
    if slivers:
        warnings.append(f"{slivers} slivers narrower than {sliver_width:g} m ({lost:.3g} m² in all) were dropped.")
    if renamed:
        told = ", ".join(renamed)
        warnings.append(f"Fields {told} that the layers came with end in _1 or _2 here: these names are of the pieces.")
    warnings += met.empty()
    if not len(pieces.shapes) and not met.empty():
        other_way = _other_way(met, pairs, sliver_width) if operation == "difference" else 0
        warnings += met.apart() or _nothing(operation, other_way)
    made = Features(pieces.shapes, paired_fields(sides, MEASURES), met.first.crs, tuple(warnings))
    return Overlaid(made, met.crs_decision, len(pairs) - (touching or 0), touching, unmatched, slivers, lost)


def with_partners(
    a: Shapes, b: Shapes, pairs: Pairs, operation: Callable[[Shapes, Shapes], Shapes]
) -> tuple[Shapes, Integers]:
    """What an operation makes of each shape that has partners and of their union; and which shapes these are.

    A batch at a time, as the unions take as much memory as what they are of.
    """
    made: list[Shapes] = []
    which: list[Integers] = []
    for some in pairs.batches(_BATCH):
        touched, first, counts = np.unique(some.first, return_index=True, return_counts=True)
        group, place = _alike(some.second, first, counts)
        rows, rank = repeats(counts[group])
        unions, _ = merged(b[some.second[first[group][rows] + rank]], rows)
        made.append(operation(a[touched], unions[place]))
        which.append(touched)
    return np.concatenate(made), np.concatenate(which)


def _alike(members: Integers, first: Integers, counts: Integers) -> tuple[Integers, Integers]:
    """Groups of members of which no two have the same, and for each group of all the place of its like among them.

    first, counts: where each group begins among the members, and how many it has. Many small shapes lie between the
    same few large ones.
    """
    places: dict[bytes, int] = {}
    ends = zip(first.tolist(), (first + counts).tolist(), strict=True)
    place = np.array([places.setdefault(members[at:end].tobytes(), len(places)) for at, end in ends], dtype=np.intp)
    _, group = np.unique(place, return_index=True)
    return group, place


def _together(first: Features, second: Features) -> Together:
    """The two in one CRS; a layer without features is in whichever the first has."""
    return together(first, second if len(second) else replace(second, crs=first.crs))


def _check(met: Together, operation: Operation) -> None:
    kinds = {name: dimension_names(side.shapes) for name, side in (("features", met.first), ("other", met.second))}
    for name, found in kinds.items():
        told = ", ".join(found)
        if not found and (name == "features" or len(met.second)):
            refuse_input(no_geometry(met.first if name == "features" else met.second), name)
        # Where a filter found nothing there is nothing to cut by.
        if not found:
            continue
        if operation in ("union", "symmetric-difference") and found != ["polygons"]:
            refuse_input(
                f"{operation} works on polygons, and here are {told}: intersection and clip also cut these", name
            )
        if operation in ("identity", "clip") and name == "other" and found != ["polygons"]:
            refuse_input(f"{operation} cuts by polygons, and here are {told}", name)
    largest = kinds["features"][-1]
    if operation == "difference" and kinds["other"] and KINDS.index(kinds["other"][0]) < KINDS.index(largest):
        refuse_input(f"{kinds['other'][0]} take nothing away from {largest}", "other")


def _pieces(a: Shapes, b: Shapes, pairs: Pairs, operation: Operation) -> tuple[Pieces, int | None]:
    inner = related(a, b, pairs, "covered_by")
    if operation == "clip":
        return _clipped(a, b, pairs, inner), None
    found: list[Pieces] = []
    touching: int | None = None
    if operation in ("intersection", "union", "identity"):
        shared = _shared(a, b, pairs, inner)
        found.append(shared)
        touching = len(pairs) - len(np.unique(shared.first * len(b) + shared.second))
    if operation != "intersection":
        found.append(_outside(a, b, pairs, inner))
    if operation in ("union", "symmetric-difference"):
        found.append(_other_side(a, b, pairs).turned())
    return joined(found), touching


def _shared(a: Shapes, b: Shapes, pairs: Pairs, inner: Booleans) -> Pieces:
    dimensions = dimensions_of(a)[pairs.first], dimensions_of(b)[pairs.second]
    lowest, highest = np.minimum(*dimensions), np.maximum(*dimensions)
    # Lines share points where they cross; polygons that share a boundary only share nothing of their own kind.
    crossing = (lowest == LINE) & (highest == LINE)
    common = _intersections(a, b, pairs, inner, lowest == POLYGON)
    shapes, index = of_dimensions(common, np.where(crossing, 0, lowest), lowest)
    return Pieces(shapes, pairs.first[index], pairs.second[index])


def _intersections(a: Shapes, b: Shapes, pairs: Pairs, inner: Booleans, areal: Booleans) -> Shapes:
    """What the two of each pair share. areal: both are polygons, which are not cut where one covers the other; inner:
    that is the second.

    To see that takes a small part of the time in which they are cut along each other.
    """
    common = a[pairs.first]
    inner = areal & inner
    outer = areal & ~inner & related(a, b, pairs, "covers")
    common[outer] = b[pairs.second[outer]]
    cut = ~(inner | outer)
    common[cut] = shapely.intersection(common[cut], b[pairs.second[cut]])
    return common


def _other_side(a: Shapes, b: Shapes, pairs: Pairs) -> Pieces:
    """What of the second lies in none of the first."""
    turned = pairs.turned()
    return _outside(b, a, turned, related(b, a, turned, "covered_by"))


def _outside(a: Shapes, b: Shapes, pairs: Pairs, inner: Booleans) -> Pieces:
    """What of the first lies in none of the second. inner: pairs of which the second covers the first."""
    rest, inside = a.copy(), np.unique(pairs.first[inner])
    rest[inside] = None
    return _cut(a, b, pairs, inside, rest, shapely.difference)


def _clipped(a: Shapes, b: Shapes, pairs: Pairs, inner: Booleans) -> Pieces:
    """What of the first lies in any of the second. inner: as of `_outside`."""
    # A line is cut where it crosses itself, wherever it lies.
    inside = np.unique(pairs.first[inner & (dimensions_of(a)[pairs.first] == POLYGON)])
    within: Shapes = np.full(len(a), None, dtype=object)
    within[inside] = a[inside]
    return _cut(a, b, pairs, inside, within, shapely.intersection)


def _cut(  # noqa: PLR0917  # the operands, and what is known of the result
    a: Shapes, b: Shapes, pairs: Pairs, known: Integers, made: Shapes, operation: Callable[[Shapes, Shapes], Shapes]
) -> Pieces:
    """What is made of the first: as it stands of those of no pair, and of those of the index `known`; else what the
    operation makes of each and of the union of its partners.
    """
    cut, touched = with_partners(a, b, pairs.take(~np.isin(pairs.first, known)), operation)
    made[touched] = cut
    dimensions = dimensions_of(a)
    shapes, index = of_dimensions(made, dimensions, dimensions)
    return Pieces(shapes, index, np.full(len(index), -1))


def _other_way(met: Together, pairs: Pairs, sliver_width: float) -> int:
    """Pieces that the difference in the other order would leave."""
    pieces = _other_side(met.first.shapes, met.second.shapes, pairs)
    return len(without_slivers(pieces, met.first.crs, sliver_width)[0].shapes)


def _nothing(operation: Operation, other_way: int) -> Sequence[str]:
    """What an empty answer means; of a difference also what the other order would give."""
    if operation == "symmetric-difference":
        return ("Nothing is left: the two cover the same ground.",)
    if operation != "difference":
        return ("Nothing is left: the two share nothing of that kind.",)
    hint = "Nor is anything left in the other order: the two cover the same ground."
    if other_way:
        hint = f"In the other order, other minus features, {other_way} pieces would be left."
    return (f"Nothing is left: all of features lies within other. {hint}",)
