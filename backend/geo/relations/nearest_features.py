"""The nearest of other features to each feature, with their attributes, distance and direction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from backend.geo.geodesy.crs import metres_per_unit
from backend.geo.relations.nearest import Links, nearest
from backend.geo.relations.relations import Together, dense_lonlat, together, unpaired
from backend.geo.relations.relations_fields import paired_fields
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A row for each feature and each of its neighbours."""

    features: Features
    found: int
    """Ways from a feature to a neighbour."""
    without: int
    """Features without any neighbour within the distance."""
    tied: int
    """Features with more neighbours as near as the last that is told."""
    farthest_m: float | None


def nearest_features(first: Features, second: Features | None, count: int, limit: float) -> Neighbours:
    """The `count` nearest of the second features to each of the first, at most `limit` metres away.

    second: None for the nearest of the same features, each without itself.
    """
    met = together(first, first if second is None else second)
    a, b = dense_lonlat(met.first), dense_lonlat(met.second)
    if second is None:
        links, tied = nearest(a.shapes, b.shapes, count + 1, limit)
        links = _without_themselves(links, count)
    else:
        links, tied = nearest(a.shapes, b.shapes, count, limit)
    rank = 1 + np.arange(len(links)) - np.searchsorted(links.first, links.first)
    alone = unpaired(links.first, len(first))
    order = np.argsort(np.concatenate([links.first, alone]), kind="stable")
    left = np.concatenate([links.first, alone])[order]
    right = np.concatenate([links.second, np.full(len(alone), -1)])[order]
    columns = paired_fields([(met.first, left), (met.second, right)])
    bearings = np.ma.array(links.bearing, mask=np.isnan(links.bearing)).tolist()
    added: dict[str, Sequence[float | None]] = {
        "distance_m": links.metres.tolist(),
        "bearing": bearings,
        "rank": rank.tolist(),
        **_planar(met, links),
    }
    for name, values in added.items():
        padded = [*values, *[None] * len(alone)]
        columns[free_name(name, columns)] = list(map(padded.__getitem__, order.tolist())) if len(alone) else padded
    made = Features(first.shapes[left], columns, first.crs).warned(*met.warnings, *met.empty(), *_told(links, tied))
    farthest = float(links.metres.max()) if len(links) else None
    return Neighbours(made, len(links), len(alone), len(tied), farthest)


def _without_themselves(links: Links, count: int) -> Links:
    """No feature is its own neighbour; where equal ones took its place among the nearest, there is one too many."""
    links = links.take(links.first != links.second)
    rank = np.arange(len(links)) - np.searchsorted(links.first, links.first)
    return links.take(rank < count)


def _planar(met: Together, links: Links) -> dict[str, list[float]]:
    """Distances in the plane of a projected CRS, in metres; none for features in degrees."""
    unit = metres_per_unit(met.first.crs)
    if unit is None:
        return {}
    apart = shapely.distance(met.first.shapes[links.first], met.second.shapes[links.second])
    return {"planar_distance_m": (apart * unit).tolist()}


def _told(links: Links, tied: np.ndarray) -> list[str]:
    touching = int(np.isnan(links.bearing).sum())
    found: list[str] = []
    if touching:
        found.append(f"{touching} pairs touch or overlap: their distance is 0 and there is no bearing.")
    if len(tied):
        found.append(
            f"{len(tied)} features have further neighbours as near as the last one told; the first ones count."
        )
    return found
