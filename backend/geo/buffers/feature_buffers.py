"""Buffers of features, each by itself: with its attributes, and by a distance that may be its own."""

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.buffers.accuracy import boundary_error_percent
from backend.geo.buffers.boundary import Boundary
from backend.geo.buffers.buffer import buffer_each, error_bound
from backend.geo.buffers.strips import ROUND, Style
from backend.geo.buffers.zones import GENERALISATION
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.measure import area_each
from backend.geo.geodesy.shapes import Shapes, flat, of_type, union_of
from backend.geo.vector.bending import bent, bent_shapes
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import with_measures_named
from backend.geo.vector.reading import GeometryInput

DISTANCE_FIELD = "buffer_distance_m"
AREA_FIELD = "area_m2"


@dataclass(frozen=True, slots=True)
class FeatureBuffers:
    """The buffers of those features that have one."""

    features: Features
    """With their attributes, the distance and the area; with the warnings of what was left out."""
    max_error_percent: float
    """Of each one's distance."""
    left_out: int
    """Features without a distance, or narrower than twice theirs."""

    def union(self) -> Shapes:
        """The polygons of the union of all buffers, exterior rings counterclockwise."""
        return shapely.orient_polygons(flat(union_of(self.features.shapes))[0])


def buffer_features(  # noqa: PLR0917  # as `buffer` takes them
    geometry: GeometryInput,
    metres: float,
    field: str | None,
    resolution: int,
    tell: Callable[[float], None],
    style: Style = ROUND,
) -> FeatureBuffers:
    """Buffer each feature by a distance, or by its number in a field times that distance.

    Raises:
        ProcessRefusedError: there is no such field, no number in it, or a distance is not possible.
    """
    features, distances, warnings = _with_distances(geometry, metres, field)
    shapes = buffer_each(features.shapes, distances, resolution, tell, style)
    kept = ~shapely.is_missing(shapes)
    if not kept.any():
        raise ProcessRefusedError("nothing is left of any feature: give a shorter distance", path="$.inputs.distance")
    if not kept.all():
        warnings.append(
            f"{int((~kept).sum())} features are narrower than twice their distance: nothing is left of them."
        )
    made = with_measures_named(
        Features(shapes[kept], features.take(kept).fields),
        {DISTANCE_FIELD: distances[kept].tolist(), AREA_FIELD: area_each(shapes[kept]).tolist()},
    )
    punctual = bool(of_type(features.shapes, shapely.GeometryType.POINT).all())
    left_out = (geometry.features or 1) - int(kept.sum())
    return FeatureBuffers(made.warned(*warnings), _percent(error_bound(punctual, resolution)), left_out)


def on_the_ground(geometry: GeometryInput, metres: float) -> Shapes:
    """The geometries in longitude and latitude, their edges where they run in the plane in which they came."""
    return bent_shapes(geometry, GENERALISATION * abs(metres))


def error_percent(made: Shapes, source: Boundary, metres: float, resolution: int, style: Style = ROUND) -> float:
    """A bound of the deviation of the boundary of a buffer's polygons from the distance, in percent of it.

    What the construction promises is measured too, at some places; the worse of both counts. Ends and corners that are
    not round are elsewhere on purpose: there the bound is that of the sides, which are not measured.
    """
    if not style.round:
        return _percent(error_bound(source.punctual, resolution))
    measured = boundary_error_percent(made, source.lines, abs(metres)) / 100
    return _percent(max(error_bound(source.punctual, resolution), measured))


def _with_distances(geometry: GeometryInput, metres: float, field: str | None) -> tuple[Features, Array, list[str]]:
    """The features that have a distance, and these distances in metres."""
    features = bent(geometry.each(), GENERALISATION * abs(metres))
    warnings = [*features.warnings, *geometry.heights_ignored]
    if field is None:
        return features, np.full(len(features), metres), warnings
    if field not in features.fields:
        close = difflib.get_close_matches(field, features.fields, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"the fields are {', '.join(features.fields) or 'none'}"
        raise ProcessRefusedError(f"there is no field {field!r}; {hint}", path="$.inputs.field")
    values = np.array([_number(value) for value in features.fields[field]])
    usable = np.isfinite(values) & (values != 0)
    if not usable.any():
        raise ProcessRefusedError(f"no feature has a number other than 0 in {field!r}", path="$.inputs.field")
    if not usable.all():
        count = int((~usable).sum())
        warnings.append(f"{count} of {len(usable)} features have no number, or 0, in {field!r} and were left out.")
    distances = values * metres
    without_area = usable & (distances < 0) & (shapely.get_dimensions(features.shapes) < 2)
    if without_area.any():
        raise ProcessRefusedError(
            f"in {field!r} {int(without_area.sum())} points or lines have a distance below zero, such as "
            f"{values[without_area][0]:g}, and nothing to shrink: filter-features leaves them out",
            path="$.inputs.field",
        )
    return features.take(usable), distances[usable], warnings


def _number(value: Any) -> float:
    """NaN for what is no number; a text is not taken for one."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _percent(share: float) -> float:
    """Rounded up."""
    return math.ceil(share * 1e6) / 1e4
