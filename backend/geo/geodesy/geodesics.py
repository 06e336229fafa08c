"""Single geodesics on the WGS 84 ellipsoid, with what is to be said of them."""

from dataclasses import dataclass
from typing import Any

from backend.geo.geodesy.ellipsoid import GEOD

POLAR = 90 - 1e-12
"""Degrees: a latitude that no float tells from the pole."""
HALF_MERIDIAN = 20_003_931.458
"""Metres from pole to pole: the longest of all shortest ways."""
NEARLY_ANTIPODAL = 19_936_000.0
"""Metres. Beyond it, two ways that set out in different directions may be equally short."""
type Position = tuple[float, float]
"""Longitude and latitude in degrees."""


@dataclass(frozen=True, slots=True)
class Way:
    """A geodesic from one position to another."""

    end: Position
    metres: float
    initial_bearing: float | None
    """Degrees clockwise from true north, 0 to 360, at the start; none where the way has no length."""
    final_bearing: float | None
    """The direction of travel at the end."""
    warnings: tuple[str, ...]


def geodesic(start: Position, end: Position) -> Way:
    """The shortest way from one position to another.

    Source: C. F. F. Karney, Algorithms for geodesics, Journal of Geodesy 87 (2013), as implemented in PROJ.
    """
    solved: Any = GEOD.inv(*start, *end)
    metres = float(solved[2])
    if metres == 0:
        return Way(end, 0.0, None, None, ())
    warnings = _at_poles(start, end)
    if metres > NEARLY_ANTIPODAL:
        warnings.append("The points are nearly antipodal: ways in other directions may be about as short.")
    return Way(end, metres, _compass(solved[0]), _compass(solved[1] + 180), tuple(warnings))


def destination(start: Position, bearing: float, metres: float) -> Way:
    """Where a geodesic leads that sets out in a direction, degrees clockwise from true north."""
    if metres == 0:
        return Way(start, 0.0, _compass(bearing), _compass(bearing), ())
    longitude, latitude, back = (float(value) for value in GEOD.fwd(*start, bearing, metres))
    end = (longitude, latitude)
    warnings = _at_poles(start, end)
    if metres > HALF_MERIDIAN:
        warnings.append("The way leads more than half around the Earth: a shorter one to the same point exists.")
    return Way(end, metres, _compass(bearing), _compass(back + 180), tuple(warnings))


def _at_poles(start: Position, end: Position) -> list[str]:
    named = [name for name, position in (("start", start), ("end", end)) if abs(position[1]) >= POLAR]
    return [f"The {name} is a pole: the bearing there refers to its meridian of longitude." for name in named]


def _compass(angle: float) -> float:
    turned = float(angle) % 360
    return turned if turned < 360 else 0.0
