"""Points along lines, at measured distances from their beginnings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from backend.errors import refuse_input
from backend.geo.geodesy.crs import CRS84, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, Integers
from backend.geo.geodesy.measure import segment_lengths, segments, shares_at
from backend.geo.geodesy.repeats import repeats
from backend.geo.geodesy.shapes import LINEAL, in_the_plane, of_type
from backend.geo.vector.bending import true_to_lengths
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import with_measures_named

MOST_POINTS = 500_000
MEASURE = "measure"
BENT = 0.01
"""Metres by which a line may leave its projected CRS's straight edges where it is measured on the ellipsoid."""


@dataclass(frozen=True, slots=True)
class LinePoints:
    """Points with the attributes of their lines, and where along them they are."""

    features: Features
    """Fields more: `line`, the index of the line's feature, and `measure`, metres from its beginning."""
    total_length: float
    """Metres, of all lines."""
    without_line: int
    """Features left out."""
    plane: str
    """Where the lines were measured, for people."""


@dataclass(frozen=True, slots=True)
class _Segments:
    """Of lines, in order."""

    start: Array
    end: Array
    lengths: Array
    """Metres."""
    line: Integers
    """Index of the line of each segment."""
    plane: bool
    """Lengths are even in a segment, as in a plane."""


def points_along(features: Features, spacing: float | None, count: int | None) -> LinePoints:
    """Points every `spacing` metres from a line's beginning, or `count` of them evenly from end to end.

    Longitude and latitude are measured on the ellipsoid, projected features in their plane if its lengths are those on
    the ground, else on the ellipsoid too; points lie on lines as these run in the features' CRS. The parts of a
    multi-part line are measured one after the other, gaps between them not counted.

    Raises:
        ProcessRefusedError: there are no lines, or the points would be too many.
    """
    linear = np.flatnonzero(features.present & of_type(features.shapes, *LINEAL))
    if not linear.size:
        refuse_input("there are no lines; geometry-transform makes lines of polygons (boundary)", "features")
    lines, why = true_to_lengths(features if len(linear) == len(features) else features.take(linear), BENT)
    start, end, line = segments(in_the_plane(lines.shapes))
    unit = metres_per_unit(lines.crs)
    lengths = segment_lengths(start, end) if unit is None else np.hypot(*(end - start).T) * unit
    totals = np.bincount(line, lengths, len(lines))
    if spacing is not None and float((totals / spacing).sum()) + len(lines) > MOST_POINTS:
        refuse_input(f"this spacing would make more than {MOST_POINTS} points", "distance")
    if count is not None and count * len(lines) > MOST_POINTS:
        refuse_input(f"this count would make more than {MOST_POINTS} points", "count")
    owners, measures = _measures(totals, spacing, count)
    cut = _Segments(start, end, lengths, line, lines.crs != CRS84)
    positions = _positions(cut, owners, measures)
    made: Any = shapely.points(positions)
    points = lines.take(owners).with_shapes(np.atleast_1d(made)).in_crs(features.crs)
    numbers = {"line": linear[owners].tolist(), MEASURE: measures.tolist()}
    plane = why or ("on the WGS 84 ellipsoid" if lines.crs == CRS84 else f"in the {lines.plane}")
    return LinePoints(with_measures_named(points, numbers), float(totals.sum()), len(features) - len(lines), plane)


def _measures(totals: Array, spacing: float | None, count: int | None) -> tuple[Integers, Array]:
    """The line of each point, and its distance from that line's beginning."""
    if count is not None:
        shares = np.linspace(0, 1, count) if count > 1 else np.array([0.5])
        return np.repeat(np.arange(len(totals)), count), np.outer(totals, shares).ravel()
    if spacing is None:
        refuse_input("distance or count is needed", "distance")
    counts = np.floor(totals / spacing * (1 + 1e-12)).astype(np.intp) + 1
    owners, rank = repeats(counts)
    return owners, np.minimum(rank * spacing, totals[owners])


def _positions(cut: _Segments, owners: Integers, measures: Array) -> Array:
    """Positions at distances from the beginnings of lines."""
    reached = np.cumsum(cut.lengths)
    before = reached - cut.lengths
    first = np.flatnonzero(np.diff(cut.line, prepend=-1))
    last = np.append(first[1:], len(cut.line)) - 1
    along = measures + before[first][owners]
    index = np.clip(np.searchsorted(reached, along, side="left"), first[owners], last[owners])
    rest = np.clip(along - before[index], 0, cut.lengths[index])
    origin, end, lengths = cut.start[index], cut.end[index], cut.lengths[index]
    share = shares_at(origin, end, rest, lengths, planar=cut.plane)
    return origin + (end - origin) * share[:, np.newaxis]
