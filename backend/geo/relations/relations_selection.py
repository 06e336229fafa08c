"""Selects features by where they are: in some relation to others, or near them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from backend.geo.geodesy.crs import code_of, metres_per_unit
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.relations.nearest import nearest
from backend.geo.relations.relations import Predicate, Together, dense_lonlat, left_out, together
from backend.geo.relations.rounding import settled
from backend.geo.vector.features import Features


@dataclass(frozen=True, slots=True)
class Selected:
    """Some of the features, as they came."""

    features: Features
    crs_decision: str


def related(features: Features, other: Features, predicate: Predicate, *, invert: bool) -> Selected:
    """The features of which `feature predicate other` holds for any of the others; inverted, for none of them.

    Raises:
        ProcessRefusedError: the pairs are too many.
    """
    met = together(features, other)
    pairs, rounded = settled(met, predicate)
    chosen = np.zeros(len(features), dtype=np.bool_)
    chosen[pairs.first] = True
    told = (*rounded, *left_out(met, pairs, predicate))
    return _selected(features, met, chosen, told, invert=invert)


def near(features: Features, other: Features, metres: float, *, invert: bool) -> Selected:
    """The features at most so far from any of the others, on the WGS 84 ellipsoid; inverted, those farther from all."""
    lonlat, chosen, told = _near(features, other, metres)
    made = _selected(features, lonlat, chosen, told, invert=invert)
    return Selected(made.features, "distances on the WGS 84 ellipsoid, edges straight in longitude and latitude")


def within(features: Features, other: Features, metres: float) -> tuple[Booleans, Sequence[str]]:
    """Which of the features are at most so far from any of the others, on the WGS 84 ellipsoid; and warnings."""
    lonlat, chosen, told = _near(features, other, metres)
    return chosen, (*lonlat.warnings, *told)


def _near(features: Features, other: Features, metres: float) -> tuple[Together, Booleans, tuple[str, ...]]:
    """Both in longitude and latitude, which of the first are near, and what the plane would say otherwise."""
    met = together(features, other)
    lonlat = together(dense_lonlat(features), dense_lonlat(other))
    links, _ = nearest(lonlat.first.shapes, lonlat.second.shapes, 1, metres)
    chosen = np.zeros(len(features), dtype=np.bool_)
    chosen[links.first] = True
    return lonlat, chosen, _otherwise_in_the_plane(met, chosen, metres)


def _selected(features: Features, met: Together, chosen: Booleans, told: tuple[str, ...], *, invert: bool) -> Selected:
    kept = (~chosen if invert else chosen) & features.present
    warnings = (*met.warnings, *met.empty(), *told, *(met.apart() if not chosen.any() else ()))
    return Selected(features.take(kept).warned(*warnings), met.crs_decision)


def _otherwise_in_the_plane(met: Together, chosen: Booleans, metres: float) -> tuple[str, ...]:
    """A warning where the plane of a projected CRS would decide otherwise, as its distances are not quite true."""
    unit = metres_per_unit(met.first.crs)
    if unit is None:
        return ()
    index = shapely.STRtree(met.second.shapes).query(met.first.shapes, predicate="dwithin", distance=metres / unit)
    planar = np.zeros(len(chosen), dtype=np.bool_)
    planar[index[0]] = True
    different = int((planar != chosen).sum())
    if not different:
        return ()
    code = code_of(met.first.crs)
    return (f"In the plane of {code}, whose distances differ from true ones, {different} features fall otherwise.",)
