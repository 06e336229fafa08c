"""What is wrong with geometries, or looks as if it were, and where (OGC 06-103r4; RFC 7946 for GeoJSON)."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.measure import by_dimension, segments
from backend.geo.geodesy.shapes import POLYGONAL, Shapes, of_type, parts_of, row_numbers
from backend.geo.vector.feature_reading import settle
from backend.geo.vector.features import Features
from backend.geo.vector.unchecked import Unchecked

type Problem = Literal[
    "unreadable",
    "not-finite",
    "outside-crs",
    "invalid",
    "no-geometry",
    "unclosed-ring",
    "clockwise",
    "repeated-vertices",
    "duplicate",
    "long-edge",
    "beyond-180",
    "looks-like-degrees",
]
SERIOUS: frozenset[Problem] = frozenset(("unreadable", "not-finite", "outside-crs", "invalid", "unclosed-ring"))
"""Problems that make a geometry invalid; the others may be meant."""
HOPELESS: frozenset[Problem] = frozenset(("unreadable", "not-finite", "outside-crs"))
"""Problems that cannot be repaired without guessing."""
MAX_LONGITUDE = 360
_BATCH = 10_000
"""Polygons whose rings are looked at together."""
_LARGEST = 1e50
"""No coordinate on Earth is as large, and the products of some that are larger are infinite."""
_PLACE = re.compile(r"(?P<reason>.*)\[(?P<x>\S+) (?P<y>\S+)\]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one feature."""

    feature: int
    """Index, from 0."""
    problem: Problem
    reason: str
    place: tuple[float, float] | None = None
    """Where, in the CRS of the features: x (longitude, easting), y."""


@dataclass(frozen=True, slots=True)
class Report:
    """All problems that were found."""

    findings: tuple[Finding, ...]

    @property
    def counts(self) -> Mapping[Problem, int]:
        """Problem → number of features that have it."""
        return Counter(finding.problem for finding in self.findings)

    def features_with(self, problems: frozenset[Problem]) -> list[int]:
        """Indices of the features that have one of these."""
        return sorted({finding.feature for finding in self.findings if finding.problem in problems})


def examine(unchecked: Unchecked) -> Report:
    """Find the problems of features: of each kind at most one in each feature, in the order of the features."""
    features = unchecked.features
    found = [Finding(index, "unreadable", reason) for index, reason in unchecked.unreadable.items()]
    found += [Finding(index, "unclosed-ring", "a ring does not end where it begins") for index in unchecked.unclosed]
    missing = ~features.present
    found += [
        Finding(index, "no-geometry", "it has no geometry, or an empty one")
        for index in np.flatnonzero(missing).tolist()
        if index not in unchecked.unreadable
    ]
    coordinates, owners = shapely.get_coordinates(features.shapes, return_index=True)
    infinite = np.unique(owners[~(np.abs(coordinates) < _LARGEST).all(axis=1)])
    reason = f"a coordinate is NaN, infinite or beyond {_LARGEST:g}"
    found += [Finding(index, "not-finite", reason) for index in infinite.tolist()]
    usable = ~missing
    usable[infinite] = False
    if infinite.size:
        coordinates, owners = coordinates[usable[owners]], owners[usable[owners]]
    found += _misplaced(features, coordinates, owners)
    found += _repeated(features.shapes, coordinates, owners)
    checks: tuple[Callable[[Shapes, Booleans], Iterator[Finding]], ...] = (_invalid, _clockwise, _duplicates)
    for check in checks:
        found += check(features.shapes, usable)
    if not features.crs.is_projected:
        found += _long_edges(features.shapes, usable)
    return Report(tuple(sorted(found, key=lambda finding: finding.feature)))


def repaired(unchecked: Unchecked, report: Report) -> Features:
    """The features that can be repaired without guessing, valid, and without vertices that repeat the one before.

    Raises:
        ProcessRefusedError: none of them can be.
    """
    hopeless = report.features_with(HOPELESS)
    kept = unchecked.features.take(np.setdiff1d(np.arange(len(unchecked.features)), hopeless))
    if hopeless and not len(kept):
        raise ProcessRefusedError("no feature can be repaired without guessing", path="$.inputs.features")
    settled = settle(kept)
    told = [f"{len(hopeless)} features cannot be repaired without guessing and were left out."] if hopeless else []
    return settled.with_shapes(shapely.remove_repeated_points(settled.shapes)).warned(*told)


def _misplaced(features: Features, coordinates: Array, owners: Integers) -> Iterator[Finding]:
    x, y = np.abs(coordinates).T
    if features.crs.is_projected:
        if len(coordinates) and x.max() <= 180 and y.max() <= 90:
            unit = features.crs.axis_info[0].unit_name
            reason = f"all coordinates look like degrees, but the CRS counts in units of {unit}"
            yield Finding(int(owners[0]), "looks-like-degrees", reason, _at(coordinates[0]))
        return
    outside = (x > MAX_LONGITUDE) | (y > 90)
    for owner, place in _first_of_each(owners, coordinates, outside):
        yield Finding(owner, "outside-crs", _meant(place), place)
    for owner, place in _first_of_each(owners, coordinates, (x > 180) & ~outside):
        yield Finding(owner, "beyond-180", f"longitude {place[0]:.10g} goes beyond ±180", place)


def _meant(place: tuple[float, float]) -> str:
    x, y = place
    if abs(x) > 1000 or abs(y) > 1000:
        return "it looks projected: longitude and latitude in degrees are needed, or the CRS"
    if abs(x) <= 90 and abs(y) <= MAX_LONGITUDE:
        return f"latitude {y:.10g} is outside -90 to 90: longitude and latitude may be swapped"
    return "it is outside the globe: longitude -180 to 180, latitude -90 to 90"


def _invalid(shapes: Shapes, usable: Booleans) -> Iterator[Finding]:
    index = np.flatnonzero(usable & ~shapely.is_valid(shapes))
    for feature, text in zip(index.tolist(), shapely.is_valid_reason(shapes[index]).tolist(), strict=True):
        match = _PLACE.fullmatch(text)
        place = (float(match["x"]), float(match["y"])) if match else None
        yield Finding(feature, "invalid", match["reason"] if match else text, place)


def _clockwise(shapes: Shapes, usable: Booleans) -> Iterator[Finding]:
    index = np.flatnonzero(usable & of_type(shapes, *POLYGONAL))
    # Rings are copies: those of all at once would take nearly as much memory as the polygons do.
    for start in range(0, len(index), _BATCH):
        some = index[start : start + _BATCH]
        for owner in some[_wrongly_turned(shapes[some])].tolist():
            reason = (
                "a ring runs the other way than GeoJSON has it: exterior counterclockwise, holes clockwise (RFC 7946)"
            )
            yield Finding(owner, "clockwise", reason)


def _wrongly_turned(polygons: Shapes) -> Integers:
    """Those of which an exterior ring does not run counterclockwise, or a hole clockwise."""
    parts, owners = parts_of(polygons)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    first = np.diff(of_part, prepend=-1) > 0
    wrong = shapely.is_ccw(rings) != first
    return np.unique(owners[of_part[wrong]])


def _repeated(shapes: Shapes, coordinates: Array, owners: Integers) -> Iterator[Finding]:
    # Those may be parts that meet, too.
    again = (coordinates[1:] == coordinates[:-1]).all(axis=1) & (owners[1:] == owners[:-1])
    index = np.unique(owners[1:][again])
    index = index[shapely.get_dimensions(shapes[index]) > 0]
    fewer = shapely.get_num_coordinates(shapely.remove_repeated_points(shapes[index]))
    repeated = shapely.get_num_coordinates(shapes[index]) - fewer
    for feature, count in zip(index[repeated > 0].tolist(), repeated[repeated > 0].tolist(), strict=True):
        yield Finding(feature, "repeated-vertices", f"{count} vertices repeat the one before")


def _duplicates(shapes: Shapes, usable: Booleans) -> Iterator[Finding]:
    index = np.flatnonzero(usable)
    index = index[_alike(shapes[index])]
    same: dict[bytes, list[int]] = defaultdict(list)
    for feature, content in zip(index.tolist(), shapely.to_wkb(shapely.normalize(shapes[index])).tolist(), strict=True):
        same[content].append(feature)
    for first, *others in same.values():
        for feature in others:
            yield Finding(feature, "duplicate", f"it has the same geometry as feature {first}")


def _alike(shapes: Shapes) -> Booleans:
    """Which geometries may be the same as another one, by their boxes and numbers of vertices."""
    number = row_numbers(
        np.column_stack([shapely.bounds(shapes), shapely.get_num_coordinates(shapes)]).astype(np.float64)
    )
    order = np.argsort(number)
    equal = number[order][1:] == number[order][:-1]
    alike = np.zeros(len(shapes), dtype=np.bool_)
    alike[order[1:][equal]] = alike[order[:-1][equal]] = True
    return alike


def _long_edges(shapes: Shapes, usable: Booleans) -> Iterator[Finding]:
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore", over="ignore"):
        wide = usable & (bounds[:, 2] - bounds[:, 0] > 180)
    if not wide.any():
        return
    finite = shapes.copy()
    finite[~wide] = None
    areal, areal_owners, linear, linear_owners = by_dimension(finite)
    lines = np.concatenate([shapely.boundary(areal), linear])
    owners = np.concatenate([areal_owners, linear_owners])
    start, end, line = segments(lines)
    spans = np.abs(end[:, 0] - start[:, 0])
    for owner, place in _first_of_each(owners[line], start, (spans > 180) & (spans < 360)):
        reason = "an edge spans more than 180° of longitude: was it meant to cross the antimeridian?"
        yield Finding(owner, "long-edge", reason, place)


def _first_of_each(owners: Integers, coordinates: Array, chosen: Booleans) -> list[tuple[int, tuple[float, float]]]:
    """Of each owner among the chosen coordinates the first one."""
    found, first = np.unique(owners[chosen], return_index=True)
    places = coordinates[chosen][first]
    return [(owner, _at(place)) for owner, place in zip(found.tolist(), places, strict=True)]


def _at(place: Any) -> tuple[float, float]:
    return float(place[0]), float(place[1])
