"""Rings around geometries: what lies between one distance and the next."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.buffers.feature_buffers import AREA_FIELD, DISTANCE_FIELD, FeatureBuffers, buffer_features
from backend.geo.buffers.strips import Style
from backend.geo.geodesy.antimeridian import collect
from backend.geo.geodesy.measure import area_each
from backend.geo.geodesy.shapes import Shapes, flat, of_type, plain, shapes_of
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import with_measures_named
from backend.geo.vector.reading import GeometryInput

RINGS = "$.inputs.rings"
MOST_RINGS = 20
FROM_FIELD = "from_m"


def buffer_rings(  # noqa: PLR0917  # as `buffer_features` takes them
    geometry: GeometryInput,
    distances: Sequence[float],
    field: str | None,
    resolution: int,
    tell: Callable[[float], None],
    style: Style,
    *,
    dissolve: bool,
) -> FeatureBuffers:
    """The rings of each feature, or of all as one, the nearest first: that one with what is buffered itself.

    distances: in metres, in any order; with a field each is multiplied by a feature's number in it.

    Raises:
        ProcessRefusedError: as `buffer_features`; a distance is there twice, or not above zero.
    """
    outer = sorted(distances)
    if len(outer) > MOST_RINGS:
        raise ProcessRefusedError(f"{len(outer)} distances: up to {MOST_RINGS} make rings at once", path=RINGS)
    if outer[0] <= 0 or len(set(outer)) < len(outer):
        raise ProcessRefusedError("distances of rings are above zero, and each another", path=RINGS)
    if dissolve and field is not None:
        raise ProcessRefusedError(
            "rings of all features as one have one distance each: give dissolve = false, or no field",
            path="$.inputs.field",
        )
    made: list[FeatureBuffers] = []
    for at, metres in enumerate(outer):
        one = buffer_features(
            geometry, metres, field, resolution, lambda share, at=at: tell((at + share) / len(outer)), style
        )
        made.append(_as_one(one, metres) if dissolve else one)
    features = _between([one.features for one in made])
    return FeatureBuffers(features, max(one.max_error_percent for one in made), made[0].left_out)


def _as_one(made: FeatureBuffers, metres: float) -> FeatureBuffers:
    together = Features(shapes_of([collect(made.union())]), {DISTANCE_FIELD: [metres]}, warnings=made.features.warnings)
    return replace(made, features=together)


def _between(buffers: Sequence[Features]) -> Features:
    """Each feature's rings, from buffers of the same features by ever longer distances."""
    if len({len(one) for one in buffers}) > 1:
        raise ProcessRefusedError("some features have no rings: they shrink", path="$.inputs.field")
    count, many = len(buffers[0]), len(buffers)
    shapes = [buffers[0].shapes]
    shapes += [_less(outer.shapes, inner.shapes) for inner, outer in pairwise(buffers)]
    reach = np.array([one.fields[DISTANCE_FIELD] for one in buffers])
    nearer = np.vstack([np.zeros((1, count)), reach[:-1]])
    rings = np.stack(shapes).T.ravel()
    plain = buffers[0].take(np.repeat(np.arange(count), many))
    attributes = {name: column for name, column in plain.fields.items() if name not in (DISTANCE_FIELD, AREA_FIELD)}
    return with_measures_named(
        Features(rings, attributes, warnings=buffers[0].warnings),
        {
            FROM_FIELD: nearer.T.ravel().tolist(),
            DISTANCE_FIELD: reach.T.ravel().tolist(),
            AREA_FIELD: area_each(rings).tolist(),
        },
    )


def _less(outer: Shapes, inner: Shapes) -> Shapes:
    """Polygons alone: where both have the same edge rounding may leave lines."""
    parts, of = flat(shapely.difference(outer, inner))
    areal = of_type(parts, shapely.GeometryType.POLYGON)
    made = np.full(len(outer), shapely.Polygon(), dtype=object)
    owners, of = np.unique(of[areal], return_inverse=True)
    made[owners] = plain(shapely.multipolygons(parts[areal], indices=of))
    return shapely.orient_polygons(made)
