"""Distances in filters: S_DWITHIN, which CQL2 does not have, but CQL before it and its servers do (DWITHIN, BEYOND)."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from backend.errors import refuse
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.geodesy.units import METRES, LengthUnit
from backend.geo.vector.columns import Column, condition
from backend.geo.vector.features import Features
from backend.geo.vector.fields import is_number, listed, shown

type Within = Callable[[Features, Features, float], tuple[Booleans, Sequence[str]]]
"""Of which of the first features any of the second is at most so many metres away, and warnings."""

METHOD = "distances: shortest geodesics on the WGS 84 ellipsoid"
_NAMES: Mapping[LengthUnit, Sequence[str]] = {
    "metre": ("m", "metre", "metres", "meter", "meters"),
    "kilometre": ("km", "kilometre", "kilometres", "kilometer", "kilometers"),
    "foot": ("ft", "foot", "feet"),
    "mile": ("mi", "mile", "miles", "statute miles"),
    "nautical-mile": ("nmi", "nautical-mile", "nautical miles", "nautical mile"),
}
_METRES = {name: METRES[unit] for unit, names in _NAMES.items() for name in names}


def compared_by_distance(
    sides: Sequence[Features], features: Features, metres: float, within: Within | None
) -> tuple[Column, Sequence[str]]:
    """Where the geometry of a feature is at most so far from that of the filter, and warnings.

    sides: the two that are compared, one of which is that of the features.

    Raises:
        ProcessRefusedError: it is not, or nothing compares distances here.
    """
    others = [one for one in sides if one is not features]
    if len(others) != 1 or within is None:
        refuse(
            "S_DWITHIN compares the property geometry with one geometry of the filter (WKT, BBOX); select-by-location "
            "takes distances to other features"
        )
    near, warnings = within(features, others[0], metres)
    return condition(near, features.present), warnings


def metres_of(distance: Any, units: Sequence[Any]) -> float:
    """A distance with its unit, if it has one: the metre by default.

    units: a text, or the name that stands without quotes and is read as a property.

    Raises:
        ProcessRefusedError: it is no distance, or its unit is not known.
    """
    if not is_number(distance) or not math.isfinite(distance) or distance < 0:
        refuse(f"S_DWITHIN needs a number from 0 on as its distance, not {shown(distance)}")
    if not units:
        return float(distance)
    unit = units[0]
    name = cast("Mapping[str, Any]", unit).get("property") if isinstance(unit, Mapping) else unit
    if not isinstance(name, str) or name.strip().lower() not in _METRES:
        refuse(f"{shown(name)} is no unit of a distance; there are {listed(_NAMES)}")
    return distance * _METRES[name.strip().lower()]
