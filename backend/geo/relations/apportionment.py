"""Area-weighted interpolation: numbers known for some polygons, estimated for others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.geodesy.shapes import Shapes, of_type, union_of
from backend.geo.relations.overlay import with_partners
from backend.geo.relations.overlay_pieces import (
    MOST_COMPARED,
    POLYGON,
    dimensions_of,
    narrower,
    of_dimensions,
    uniform,
)
from backend.geo.relations.relations import Pairs, Together, matching, related, together
from backend.geo.relations.relations_fields import Columns
from backend.geo.vector.feature_measures import areas
from backend.geo.vector.features import Features, no_geometry
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import check_size, numbers_of
from backend.geo.vector.measuring import same_ground

type Kind = Literal["count", "rate"]

ROUNDING = 1e-5
"""Share of an area that overlays may lose or win, and edges that are bent on the ground."""
TOUCHING = 1e-6
"""Metres of mean width below which what two polygons share comes from rounding."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What part of the area of each source lies in each zone; only pairs that share some."""

    pairs: Pairs
    """Source and zone."""
    share: Array
    area: Array
    """m² of each pair."""
    outside: Array
    """What part of each source lies in no zone."""
    overlapping: Booleans
    """Sources of which some ground lies in several zones."""


@dataclass(frozen=True, slots=True)
class Total:
    """Where the total of a field went."""

    total: float
    in_zones: float
    outside: float
    counted_twice: float
    """What zones that overlap have in common."""


@dataclass(frozen=True, slots=True)
class Apportioned:
    """The zones with their estimates."""

    features: Features
    crs_decision: str
    totals: Mapping[str, Total]


def apportion(sources: Features, zones: Features, fields: Sequence[str], kind: Kind) -> Apportioned:
    """Estimate numbers for zones, as if they were spread evenly over each source polygon.

    kind: a count is divided among the zones by area; of a rate (share, density, mean) the zones get the mean, weighted
    by area.

    Raises:
        ProcessRefusedError: there are other geometries than polygons, or a field has no numbers.
    """
    numbers = {name: numbers_of(sources, name, f"$.inputs.fields[{index}]") for index, name in enumerate(fields)}
    for index, (name, values) in enumerate(numbers.items()):
        check_size(values, name, f"$.inputs.fields[{index}]")
    for name, side in (("features", sources), ("zones", zones)):
        _check(side, name)
    met = together(_flat(sources), _flat(zones))
    shares = shares_of(met)
    columns: Columns = {}
    totals: dict[str, Total] = {}
    warnings = [*met.warnings, *_told(met, shares, kind)]
    for name, values in numbers.items():
        nulls = int(np.isnan(values).sum())
        if nulls:
            warnings.append(f"The field {name!r} is null in {nulls} features: these count for nothing in it.")
        known = np.nan_to_num(values)
        made = free_name(f"{name}_apportioned", {*met.second.fields, *columns})
        columns[made] = _counts(known, shares, len(zones)) if kind == "count" else _rates(values, shares, len(zones))
        if kind == "count":
            totals[name] = _total(known, shares)
    columns[free_name("covered_share", {*met.second.fields, *columns})] = _covered(met, shares)
    made = Features(zones.shapes, {**zones.fields, **columns}, zones.crs).warned(*warnings)
    return Apportioned(made, met.crs_decision, totals)


def shares_of(met: Together) -> Shares:
    """What part of each source's area lies in which zone, and in none."""
    pairs, pieces, entire = _pieces(met)
    whole = areas(met.first)
    area = whole[pairs.first]
    area[~entire] = areas(Features(pieces, crs=met.first.crs))
    count = len(whole)
    within = np.bincount(pairs.first[entire], minlength=count) > 0
    rest = np.where(within, 0.0, whole)
    cut = pairs.take(~within[pairs.first])
    left, touched = with_partners(met.first.shapes, met.second.shapes, cut, shapely.difference)
    rest[touched] = areas(Features(left, crs=met.first.crs))
    inside = np.bincount(pairs.first, area, minlength=count)
    # Pieces and rest make up the polygon; what its pieces have in excess lies in several zones.
    excess = inside + rest - whole
    overlapping = excess > ROUNDING * whole
    base = np.where(overlapping, whole, inside + rest)
    known = base > 0
    share = np.divide(area, base[pairs.first], out=np.zeros(len(area)), where=known[pairs.first])
    # What has no area lies in no zone.
    outside = np.divide(rest, base, out=np.ones(count), where=known)
    return Shares(pairs, share, area, outside, overlapping)


def _check(features: Features, name: str) -> None:
    dimensions = dimensions_of(features.shapes[features.present])
    if not dimensions.size:
        raise ProcessRefusedError(no_geometry(features), path=f"$.inputs.{name}")
    if (dimensions != POLYGON).any():
        reason = "area-weighted shares need polygons: for points and lines spatial-join sums up fields by zone"
        raise ProcessRefusedError(reason, path=f"$.inputs.{name}")


def _flat(features: Features) -> Features:
    """The same features, in their order, in two dimensions."""
    collections = of_type(features.shapes, shapely.GeometryType.GEOMETRYCOLLECTION)
    if collections.any():
        shapes = features.shapes.copy()
        two = np.full(len(shapes), POLYGON)
        found, index = of_dimensions(shapes, two, two)
        shapes[index] = found
        features = features.with_shapes(shapes)
    return uniform(features)


def _pieces(met: Together) -> tuple[Pairs, Shapes, Booleans]:
    """Sources and zones that share some ground, in which of these pairs that is the source as it is, and what the
    others share.
    """
    a, b = met.first.shapes, met.second.shapes
    pairs = matching(a, b, "intersects", lonlat=False)
    # Most sources lie in one zone: seeing that takes a tenth of the time that cutting takes.
    entire = related(a, b, pairs, "covered_by")
    cut = np.flatnonzero(~entire)
    two = np.full(len(cut), POLYGON)
    pieces, index = of_dimensions(shapely.intersection(a[pairs.first[cut]], b[pairs.second[cut]]), two, two)
    # Neighbours share what rounding makes of their boundary: a rate would be that of whoever is beside the zone.
    real = ~narrower(pieces, met.first.crs, TOUCHING)[0]
    kept = entire.copy()
    kept[cut[index[real]]] = True
    return pairs.take(kept), pieces[real], entire[kept]


def _counts(known: Array, shares: Shares, zones: int) -> list[float]:
    return np.bincount(shares.pairs.second, known[shares.pairs.first] * shares.share, minlength=zones).tolist()


def _rates(values: Array, shares: Shares, zones: int) -> list[float | None]:
    there = ~np.isnan(values[shares.pairs.first])
    second, area = shares.pairs.second[there], shares.area[there]
    weighed = np.bincount(second, values[shares.pairs.first[there]] * area, minlength=zones)
    weights = np.bincount(second, area, minlength=zones)
    return [
        total / weight if weight > 0 else None for total, weight in zip(weighed.tolist(), weights.tolist(), strict=True)
    ]


def _total(known: Array, shares: Shares) -> Total:
    inside = float((known[shares.pairs.first] * shares.share).sum())
    outside = float((known * shares.outside).sum())
    total = float(known.sum())
    return Total(total, inside, outside, inside + outside - total if shares.overlapping.any() else 0.0)


def _covered(met: Together, shares: Shares) -> list[float | None]:
    """What part of each zone's area lies in sources; more than 1 where these overlap."""
    whole = areas(met.second)
    inside = np.bincount(shares.pairs.second, shares.area, minlength=len(whole))
    share = np.divide(inside, whole, out=np.zeros(len(whole)), where=whole > 0)
    share[(share > 1) & (share <= 1 + ROUNDING)] = 1
    return [part if all_ > 0 else None for part, all_ in zip(share.tolist(), whole.tolist(), strict=True)]


def _told(met: Together, shares: Shares, kind: Kind) -> list[str]:
    found = list(met.apart())
    lost = int((shares.outside > ROUNDING).sum())
    if lost:
        # Of rates there are no totals that could tell it.
        told = "what they hold there is told as outside" if kind == "count" else "of what is there no zone has a share"
        found.append(f"{lost} features lie partly or wholly in no zone: {told}.")
    if shares.overlapping.any():
        count = int(shares.overlapping.sum())
        found.append(f"Zones overlap each other on the ground of {count} features: what lies there is in each of them.")
    return [*found, *_overlap(met.first)]


def _overlap(features: Features) -> list[str]:
    shapes = features.shapes[features.present]
    if len(shapes) > MOST_COMPARED:
        return [f"Whether some of the {len(shapes)} features overlap each other was not looked into."]
    if same_ground(shapes, union_of(shapes), features.crs):
        return []
    return ["Features overlap each other: what they hold was spread over the ground of each for itself."]
