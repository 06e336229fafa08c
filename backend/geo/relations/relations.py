"""Which features of two sources stand in which relation to each other (DE-9IM, OGC 06-103r4)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.geodesy.ellipsoid import A, Booleans, Integers
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.bending import COARSEST, ROUNDING, fineness, followed, in_one_crs
from backend.geo.vector.extents import extents_apart
from backend.geo.vector.features import Features, points_hint

type Predicate = Literal[
    "intersects", "within", "contains", "covers", "covered_by", "touches", "crosses", "overlaps", "equals"
]

KINDS = ("points", "lines", "polygons")
"""By dimension."""
AT_ONCE = 20_000_000
"""Pairs that a single query can give at most."""
MOST_PAIRS = 5_000_000
"""Of features that match: more would fill the memory."""
ACROSS_SEAM = frozenset(("intersects", "covers", "covered_by", "touches", "equals"))
"""Predicates that hold between -180° and 180° of longitude, which are one meridian."""

_CONVERSE: Mapping[Predicate, Predicate] = {"within": "contains", "covered_by": "covers"}
"""Predicates that are soon known only of the outer one of two, seen from the other side."""
_PLACING = 40
"""Vertices that a predicate looks at in the time in which a shape is put into a tree (measured)."""

WITH_BOUNDARY: Mapping[Predicate, Predicate] = {"within": "covered_by", "contains": "covers"}
"""Predicates for which a boundary is outside, and those for which it is not."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which feature of the first source goes with which of the second: two indices for each pair, in their order."""

    first: Integers
    second: Integers

    def __len__(self) -> int:
        return len(self.first)

    def take(self, chosen: Integers | Booleans) -> Self:
        """Some of the pairs."""
        return type(self)(self.first[chosen], self.second[chosen])

    def batches(self, size: int) -> list[Self]:
        """Successive pairs of about so many features of the first source each, by which they are sorted."""
        begins = np.flatnonzero(np.diff(self.first, prepend=-1))
        return [self.take(some) for some in np.split(np.arange(len(self)), begins[size::size])]

    @property
    def matched(self) -> tuple[int, int]:
        """How many features of the first source, and of the second, are in a pair."""
        first, second = (int(np.count_nonzero(np.bincount(side))) for side in (self.first, self.second))
        return first, second

    def turned(self) -> Self:
        """The same pairs seen from the second source."""
        return type(self)(self.second, self.first).sorted()

    def sorted(self) -> Self:
        """By the first, then by the second index."""
        return self.take(np.lexsort((self.second, self.first)))


@dataclass(frozen=True, slots=True)
class Together:
    """Two sources in one CRS."""

    first: Features
    second: Features
    crs_decision: str
    noise: float = 0.0
    """Units of the CRS by which what is one place in both may be two; none where both came in one CRS as it stands."""
    written: bool = False
    """That is so only because one was written in longitude and latitude meanwhile."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was said of either when it was read or transformed."""
        return tuple(dict.fromkeys((*self.first.warnings, *self.second.warnings)))

    def empty(self) -> tuple[str, ...]:
        """A warning for each of the two that has nothing to be found."""
        return tuple(
            f"{name} is empty: it has no features{' with a geometry' + points_hint(side) if len(side) else ''}."
            for name, side in (("features", self.first), ("other", self.second))
            if not side.present.any()
        )

    def apart(self) -> tuple[str, ...]:
        """A warning where the extents of the two do not even meet."""
        extents = extents_apart(self.first, self.second)
        return () if extents is None else (f"The two do not meet at all: their extents are {extents}.",)


def together(first: Features, second: Features) -> Together:
    """Bring two sources into one CRS: the one that both have, else longitude and latitude (`in_one_crs`)."""
    if first.crs == second.crs:
        decision = f"both in {code_of(first.crs)}: {first.plane}"
        return Together(first, second, decision, max(first.noise, second.noise), written=True)
    a, b = in_one_crs(first, second)
    noise = math.degrees((ROUNDING + 2 * fineness(first, second)) / A)
    came = f"came in {code_of(first.crs)} and {code_of(second.crs)}"
    return Together(a, b, f"{came}, brought to {code_of(CRS84)}: {a.plane}", noise)


def dense_lonlat(features: Features) -> Features:
    """The features in longitude and latitude, with vertices along what is straight in the plane of a projected CRS.

    So it stays where it is, within a centimetre.
    """
    return followed(features, COARSEST).features.lonlat()


def matching(first: Shapes, second: Shapes, predicate: Predicate, *, lonlat: bool) -> Pairs:
    """All pairs of which `first predicate second` holds.

    lonlat: the plane is that of longitude and latitude, where ±180° is one meridian.

    Raises:
        ProcessRefusedError: there are too many.
    """
    found = _found(first, second, predicate)
    if lonlat and predicate in ACROSS_SEAM:
        found = _with_seam(found, first, second, predicate)
    return found.sorted()


def related(first: Shapes, second: Shapes, pairs: Pairs, predicate: Predicate) -> Booleans:
    """Of which of the pairs `first predicate second` holds in the plane."""
    found = matching(first, second, predicate, lonlat=False)
    keys, found_keys = (some.first * len(second) + some.second for some in (pairs, found))
    return np.isin(keys, found_keys, assume_unique=True)


def unpaired(index: Integers, count: int) -> Integers:
    """Which of so many features are not among those of an index."""
    return np.flatnonzero(np.bincount(index, minlength=count) == 0)


def query(tree: shapely.STRtree, shapes: Shapes, predicate: Any = None, distance: float | None = None) -> Integers:
    """Index of each shape and of each in the tree that it meets (without a predicate, their boxes): 2 × n.

    distance: of the predicate `dwithin`.

    Raises:
        ProcessRefusedError: these are too many; so many at a time are looked for that the memory holds them.
    """
    size = max(1, AT_ONCE // max(1, len(tree)))
    found: list[Integers] = []
    count = 0
    for at in range(0, len(shapes), size):
        index: Integers = tree.query(shapes[at : at + size], predicate=predicate, distance=distance) + np.array(
            [[at], [0]]
        )
        count += index.shape[1]
        if count > MOST_PAIRS:
            raise ProcessRefusedError(
                f"more than {MOST_PAIRS} pairs of features meet, more than fit: select fewer features first"
            )
        found.append(index)
    return np.concatenate(found, axis=1) if found else np.zeros((2, 0), dtype=np.intp)


def _found(first: Shapes, second: Shapes, predicate: Predicate) -> Pairs:
    """All pairs of which the predicate holds in the plane, in no order.

    What looks into the tree is prepared once, what is in it is looked at whole for each pair: the outer ones look for
    the inner ones, else shapes of many vertices for those of few.
    """
    if predicate == "equals":
        pairs = _found(first, second, "intersects")
        return pairs.take(shapely.equals(first[pairs.first], second[pairs.second]))
    outer_first = predicate in ("contains", "covers")
    if predicate in _CONVERSE or (not outer_first and _cost_in_tree(first, second) < _cost_in_tree(second, first)):
        index = query(shapely.STRtree(first), second, _CONVERSE.get(predicate, predicate))
        return Pairs(index[1], index[0])
    index = query(shapely.STRtree(second), first, predicate)
    return Pairs(index[0], index[1])


def _cost_in_tree(shapes: Shapes, others: Shapes) -> float:
    """Of looking with others for shapes in a tree, in vertices that are looked at."""
    vertices = int(np.sum(shapely.get_num_coordinates(shapes))) / max(1, len(shapes))
    return _PLACING * len(shapes) + vertices * max(len(shapes), len(others))


def _with_seam(found: Pairs, first: Shapes, second: Shapes, predicate: Predicate) -> Pairs:
    """The same with the pairs that meet on the antimeridian, one from the west and one from the east."""
    bounds = shapely.bounds(first)
    more = [found]
    for edge, column, way in ((180.0, 2, -360.0), (-180.0, 0, 360.0)):
        index = np.flatnonzero(bounds[:, column] == edge)
        if index.size:
            moved = shapely.transform(first[index], lambda position, way=way: np.add(position, (way, 0)))
            met = _found(moved, second, predicate)
            more.append(Pairs(index[met.first], met.second))
    if len(more) == 1:
        return found
    pairs = Pairs(np.concatenate([one.first for one in more]), np.concatenate([one.second for one in more]))
    if predicate == "touches":
        # What shares some of its inside elsewhere does not merely touch on the antimeridian.
        shared = shapely.relate_pattern(first[pairs.first], second[pairs.second], "T********")
        pairs = pairs.take(~shared)
    _, once = np.unique(pairs.first * len(second) + pairs.second, return_index=True)
    return pairs.take(once)


def left_out(met: Together, pairs: Pairs, predicate: Predicate) -> tuple[str, ...]:
    """A warning where `within` or `contains` leaves features out because they only lie on a boundary."""
    wider = WITH_BOUNDARY.get(predicate)
    if wider is None:
        return ()
    others = np.ones(len(met.first), dtype=np.bool_)
    others[pairs.first] = False
    lonlat = not met.first.crs.is_projected
    count = len(np.unique(matching(met.first.shapes[others], met.second.shapes, wider, lonlat=lonlat).first))
    if not count:
        return ()
    return (f"{predicate} leaves out {count} features for what lies on the boundary only; {wider} takes them in.",)


def _there(shapes: Shapes) -> Booleans:
    return ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))


def dimension_names(shapes: Shapes) -> list[str]:
    """Of what kinds the geometries are, in the order of `KINDS`."""
    dimensions = set(shapely.get_dimensions(shapes[_there(shapes)]).tolist())
    return [name for dimension, name in enumerate(KINDS) if dimension in dimensions]
