"""The pieces of overlays: which dimension they have, how wide they are, how large."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import shapely
from pyproj import CRS

from backend.geo.geodesy.crs import metres_per_unit
from backend.geo.geodesy.ellipsoid import METRES_PER_DEGREE, Array, Booleans, Integers
from backend.geo.geodesy.measure import measure_each
from backend.geo.geodesy.shapes import Shapes, flat, of_type, parts_of, plain, union_of, with_parts_united
from backend.geo.vector.feature_measures import areas, lengths, overlapping, planar_areas, planar_lengths
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import with_measures_named
from backend.geo.vector.measuring import same_ground

MEASURES = ("area_m2", "planar_area_m2", "length_m", "planar_length_m")
"""Fields that pieces get; what came under these names was true of a whole feature, not of its piece."""
MOST_COMPARED = 10_000
"""Pieces that are compared with each other: with more it would take longer than the overlay."""
LINE, POLYGON = 1, 2
_ROUNDING = 1e-9
"""Share of a length by which that of a line that is cut where it crosses itself may differ."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Geometries, and for each the indices of the features of two sources that it comes from; -1 for none."""

    shapes: Shapes
    first: Integers
    second: Integers

    def turned(self) -> Self:
        """With the two sources exchanged."""
        return replace(self, first=self.second, second=self.first)


def joined(pieces: Sequence[Pieces]) -> Pieces:
    """All pieces, one after the other."""
    return Pieces(
        np.concatenate([one.shapes for one in pieces]),
        np.concatenate([one.first for one in pieces]),
        np.concatenate([one.second for one in pieces]),
    )


def dimensions_of(shapes: Shapes) -> Integers:
    """0 for points, 1 for lines, 2 for polygons; -1 for none."""
    return shapely.get_dimensions(shapes).astype(np.intp)


def in_two_dimensions(features: Features) -> Features:
    """The same features without heights."""
    if not bool(shapely.has_z(features.shapes).any()):
        return features
    return features.with_shapes(shapely.force_2d(features.shapes)).warned("Heights were ignored.")


def uniform(features: Features) -> Features:
    """Features in the plane, none of which mixes points, lines and polygons: such collections become several."""
    features = in_two_dimensions(features)
    mixed = int(of_type(features.shapes, shapely.GeometryType.GEOMETRYCOLLECTION).sum())
    if not mixed:
        return features
    every = np.zeros(len(features), dtype=np.intp)
    shapes, index = of_dimensions(features.shapes, every, every + POLYGON)
    told = f"{mixed} geometry collections were taken apart into points, lines and polygons."
    return features.take(index).with_shapes(shapes).warned(told)


def with_each_way_once(features: Features) -> Features:
    """Features whose lines go along no way twice, told where some did: what is cut or united has each way once."""
    index = np.flatnonzero(dimensions_of(features.shapes) == LINE)
    index = index[~shapely.is_simple(features.shapes[index])]
    lines = features.shapes[index]
    united: Any = shapely.union_all(lines[:, np.newaxis], axis=1)
    once: Shapes = united
    twice = shapely.length(once) < shapely.length(lines) * (1 - _ROUNDING)
    count = int(np.count_nonzero(twice))
    if not count:
        return features
    shapes = features.shapes.copy()
    shapes[index[twice]] = once[twice]
    return features.with_shapes(shapes).warned(f"{count} lines go along the same way twice, which counts once here.")


def of_dimensions(shapes: Shapes, lowest: Integers, highest: Integers) -> tuple[Shapes, Integers]:
    """What of each geometry is of these dimensions, one geometry for each of them, and the index where it was.

    Collections are taken apart; other geometries stay as they are or go.
    """
    dimensions = shapely.get_dimensions(shapes)
    collections = of_type(shapes, shapely.GeometryType.GEOMETRYCOLLECTION)
    kept = np.flatnonzero(~collections & ~shapely.is_empty(shapes) & (dimensions >= lowest) & (dimensions <= highest))
    kept = kept[~shapely.is_missing(shapes[kept])]
    if not collections.any():
        return shapes[kept], kept
    parts, owners = _parts(shapes, np.flatnonzero(collections))
    found, places = [shapes[kept]], [kept]
    makers: Any = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)
    for dimension, make in enumerate(makers):
        chosen = shapely.get_dimensions(parts) == dimension
        chosen &= (lowest[owners] <= dimension) & (dimension <= highest[owners])
        groups, place = np.unique(owners[chosen], return_inverse=True)
        if groups.size:
            multis = plain(make(parts[chosen], indices=place))
            # Polygons of a collection may overlap or be neighbours, which those of a multipolygon may not.
            found.append(with_parts_united(multis, ~shapely.is_valid(multis)))
            places.append(groups)
    index = np.concatenate(places)
    order = np.argsort(index, kind="stable")
    return np.concatenate(found)[order], index[order]


def _parts(shapes: Shapes, index: Integers) -> tuple[Shapes, Integers]:
    """The points, lines and polygons of some collections, and to which each belongs."""
    parts, place = flat(shapes[index])
    owners = index[place]
    there = ~shapely.is_empty(parts)
    return parts[there], owners[there]


def without_slivers(pieces: Pieces, crs: CRS, width: float) -> tuple[Pieces, int, float]:
    """Pieces without polygons whose mean width is less than `width` metres, how many these are, and their m²."""
    areal = np.flatnonzero(shapely.get_dimensions(pieces.shapes) == POLYGON)
    if not areal.size or width <= 0:
        return pieces, 0, 0.0
    parts, place = parts_of(pieces.shapes[areal])
    narrow, area = narrower(parts, crs, width)
    if not narrow.any():
        return pieces, 0, 0.0
    shapes = pieces.shapes.copy()
    changed = np.unique(place[narrow])
    left = ~narrow & np.isin(place, changed)
    shapes[areal[changed]] = None
    groups, order = np.unique(place[left], return_inverse=True)
    if groups.size:
        shapes[areal[groups]] = plain(shapely.multipolygons(parts[left], indices=order))
    kept = ~shapely.is_missing(shapes)
    return Pieces(shapes[kept], pieces.first[kept], pieces.second[kept]), int(narrow.sum()), float(area[narrow].sum())


def narrower(polygons: Shapes, crs: CRS, width: float) -> tuple[Booleans, Array]:
    """Which polygons have a mean width (twice area over perimeter) of less than `width` metres, and their m², nearly.

    Of those in degrees most are so wide that no measuring is needed. Of the others a plane along the parallels tells
    which may be, and those are measured on the ellipsoid: one that has its vertices at the poles alone is nothing in
    that plane.
    """
    unit = metres_per_unit(crs)
    if unit is not None:
        area = shapely.area(polygons) * unit**2
        return 2 * area < width * shapely.length(polygons) * unit, area
    area = shapely.area(polygons) * METRES_PER_DEGREE**2 * _narrowing(polygons)
    # On the ground the area is as large or larger, but for some per cent, and the perimeter no longer: of twice the
    # area by the perimeter half would do.
    doubtful = np.flatnonzero(area <= width * shapely.length(polygons) * METRES_PER_DEGREE)
    stretched = shapely.transform(polygons[doubtful], _local)
    chosen = doubtful[2 * shapely.area(stretched) < width * shapely.length(stretched)]
    measured = measure_each(polygons[chosen])
    area[chosen] = measured.area
    narrow = np.zeros(len(polygons), dtype=np.bool_)
    narrow[chosen] = 2 * measured.area < width * measured.perimeter
    return narrow, area


def _narrowing(polygons: Shapes) -> Array:
    """The length of a degree of longitude by that of one of latitude, where polygons are nearest to a pole."""
    return np.cos(np.radians(np.abs(shapely.bounds(polygons)[:, [1, 3]]).max(axis=1)))


def _local(positions: Array) -> Array:
    return METRES_PER_DEGREE * np.column_stack([positions[:, 0] * np.cos(np.radians(positions[:, 1])), positions[:, 1]])


def with_measures(features: Features) -> tuple[Features, dict[str, float]]:
    """Features with the area of each polygon and the length of each line, and the sums of these."""
    dimensions = shapely.get_dimensions(features.shapes)
    measured: dict[str, tuple[Array, int]] = {}
    planar = features.crs.is_projected
    # Of nothing the measures are 0, not unknown.
    if (dimensions == POLYGON).any() or not dimensions.size:
        measured["area_m2"] = areas(features), POLYGON
        if planar:
            measured["planar_area_m2"] = planar_areas(features), POLYGON
    if (dimensions == LINE).any() or not dimensions.size:
        measured["length_m"] = lengths(features), LINE
        if planar:
            measured["planar_length_m"] = planar_lengths(features), LINE
    fields = {
        name: [
            value if of else None for value, of in zip(values.tolist(), (dimensions == wanted).tolist(), strict=True)
        ]
        for name, (values, wanted) in measured.items()
    }
    return with_measures_named(features, fields), {name: float(values.sum()) for name, (values, _) in measured.items()}


def covered_area(pieces: Features, totals: Mapping[str, float]) -> tuple[dict[str, float], tuple[str, ...]]:
    """The ground that polygons cover where some overlap, so that their areas add up to more than that."""
    areal = pieces.shapes[shapely.get_dimensions(pieces.shapes) == POLYGON]
    if len(areal) > MOST_COMPARED:
        return {}, (f"Whether some of the {len(areal)} pieces overlap each other was not looked into.",)
    if len(areal) < 2 or not overlapping(areal).any():
        return {}, ()
    ground = union_of(areal)
    if same_ground(areal, ground, pieces.crs):
        return {}, ()
    united = Features(ground, crs=pieces.crs)
    covered = {"covered_area_m2": float(areas(united)[0])}
    if pieces.crs.is_projected:
        covered["covered_planar_area_m2"] = float(planar_areas(united)[0])
    more = 100 * (totals["area_m2"] / covered["covered_area_m2"] - 1)
    told = f"Some pieces overlap each other: their areas add up to {more:.3g} % more than the ground they cover"
    return covered, (f"{told} (covered_area_m2).",)
