"""Dissolves features: those with the same attributes become one."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from backend.geo.geodesy.ellipsoid import Integers
from backend.geo.geodesy.shapes import LINEAL, POLYGONAL, Shapes, batches, flat, of_type, plain, shapes_of
from backend.geo.geodesy.unions import merged
from backend.geo.relations.overlay_pieces import (
    POLYGON,
    dimensions_of,
    in_two_dimensions,
    narrower,
    with_each_way_once,
)
from backend.geo.relations.relations_fields import Columns, Statistic, statistics_of
from backend.geo.vector.feature_measures import areas
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import column_of, is_number, keys_of, listed, text_of
from backend.geo.vector.measuring import rounding

BY = "$.inputs.by"
_BATCH = 100_000
"""Vertices whose cracks are looked for at once."""
CRACK = 0.001
"""Metres of mean width (twice area over perimeter) below which a hole comes from rounding."""


@dataclass(frozen=True, slots=True)
class Dissolved:
    """The united features, and what they were made of."""

    features: Features
    overlap_m2: float
    """How much the areas of the single features add up to more than the ground they cover."""


def dissolve(features: Features, by: Sequence[str], statistics: Mapping[str, Collection[Statistic]]) -> Dissolved:
    """Unite features that have the same values in all fields `by`; without any, all of them.

    Inner boundaries go. Lines are united and merged where only two meet; of equal points one stays.

    Raises:
        ProcessRefusedError: there is no such field, or statistics cannot be computed.
    """
    features = with_each_way_once(in_two_dimensions(features))
    groups, first, warnings = groups_of(features, by)
    count = len(first)
    rows = np.arange(len(features))
    columns: Columns = {name: [features.fields[name][at] for at in first.tolist()] for name in by}
    columns[free_name("feature_count", columns)] = np.bincount(groups, minlength=count).tolist()
    found, told = statistics_of(features, statistics, rows, groups, count)
    for name, column in found.items():
        columns[free_name(name, columns)] = column
    shapes, cracks = _without_cracks(_united(features.shapes, groups, count), features.crs)
    warnings += [*told, *cracks, *_mixed(shapes)]
    made = Features(shapes, columns, features.crs, features.warnings).warned(*warnings)
    overlap, told = _overlap(features, groups, made)
    return Dissolved(made.warned(*told), overlap)


def groups_of(features: Features, by: Sequence[str]) -> tuple[Integers, Integers, list[str]]:
    """The group of each feature, in the order in which they come, the first feature of each, and what to know of them.

    Raises:
        ProcessRefusedError: there is no such field.
    """
    columns = [column_of(features, name, f"{BY}[{index}]") for index, name in enumerate(by)]
    numbers: dict[tuple[Hashable, ...], int] = {}
    keys = zip(*(keys_of(column) for column in columns), strict=True) if by else [()] * len(features)
    groups = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)
    _, first = np.unique(groups, return_index=True)
    warnings = [told for name, column in zip(by, columns, strict=True) for told in _doubtful(name, column)]
    return groups, first, warnings


def _doubtful(name: str, column: Sequence[Any]) -> list[str]:
    """What makes more or fewer groups than a person may have meant."""
    found: list[str] = []
    nulls = sum(value is None for value in column)
    if nulls:
        found.append(f"{nulls} features have no value in {name!r}: they are a group of their own.")
    alike: dict[str, set[Hashable]] = {}
    for key in dict.fromkeys(keys_of(column)):
        if isinstance(key, str) or is_number(key):
            alike.setdefault(text_of(key).strip().casefold(), set()).add(key)
    several = [folded for folded, forms in alike.items() if len(forms) > 1]
    if several:
        told = f"Values of {name!r} differ only in spelling, capitals, blanks or type"
        found.append(f"{told}, and are groups of their own: {listed(several[:3])}.")
    return found


def _united(shapes: Shapes, groups: Integers, count: int) -> Shapes:
    there = np.flatnonzero(~shapely.is_missing(shapes))
    order = there[np.argsort(groups[there], kind="stable")]
    unions, present = merged(shapes[order], groups[order])
    linear = of_type(unions, *LINEAL)
    unions[linear] = shapely.line_merge(unions[linear])
    united = shapes_of([None] * count)
    united[present] = unions
    return united


def _without_cracks(shapes: Shapes, crs: CRS) -> tuple[Shapes, list[str]]:
    """Without holes that rounding left between neighbours, and how many these were."""
    areal = of_type(shapes, *POLYGONAL)
    # A batch at a time, as the parts of a multipolygon are copies.
    closed = [_closed(some, crs) for some in batches(shapes[areal], _BATCH)]
    count = sum(cracks for _, cracks in closed)
    if not count:
        return shapes, []
    mended = shapes.copy()
    mended[areal] = np.concatenate([made for made, _ in closed])
    return mended, [f"{count} cracks between neighbours, narrower than {CRACK * 1000:g} mm, were closed."]


def _closed(polygons: Shapes, crs: CRS) -> tuple[Shapes, int]:
    """Polygons without their cracks, and how many these were."""
    parts, owners = flat(polygons)
    count = 0
    for at in np.flatnonzero(shapely.get_num_interior_rings(parts) > 0).tolist():
        rings: Shapes = shapely.get_rings(parts[at])
        real = ~narrower(shapes_of(map(shapely.Polygon, rings[1:])), crs, CRACK)[0]
        if not real.all():
            count += int((~real).sum())
            parts[at] = shapely.Polygon(rings[0], rings[1:][real])
    return (plain(shapely.multipolygons(parts, indices=owners)), count) if count else (polygons, 0)


def _mixed(shapes: Shapes) -> list[str]:
    mixed = int(of_type(shapes, shapely.GeometryType.GEOMETRYCOLLECTION).sum())
    if not mixed:
        return []
    return [f"{mixed} of the united features mix points, lines and polygons; what lies within polygons went with them."]


def _overlap(features: Features, groups: Integers, made: Features) -> tuple[float, list[str]]:
    """By how many m² the areas of single features exceed those of their unions, and a warning if any do."""
    areal = dimensions_of(features.shapes) == POLYGON
    if not areal.any():
        return 0.0, []
    planar = np.bincount(groups, np.nan_to_num(shapely.area(features.shapes)), minlength=len(made))
    united = np.nan_to_num(shapely.area(made.shapes))
    allowed = np.bincount(groups, np.nan_to_num(rounding(features.shapes, features.crs)), minlength=len(made))
    several = (planar - united) > allowed
    if not several.any():
        return 0.0, []
    among = several[groups]
    single, whole = areas(features.take(among)), areas(made.take(several))
    overlap = float(single.sum() - whole.sum())
    told = f"Features overlap within {int(several.sum())} groups: their single areas add up to {overlap:.6g} m² more"
    return overlap, [f"{told} than the ground they cover, which area_m2 is; sums of fields count the overlap twice."]
