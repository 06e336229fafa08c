"""Units of length and what they are in metres."""

from collections.abc import Mapping
from typing import Literal

type LengthUnit = Literal["metre", "kilometre", "foot", "mile", "nautical-mile"]

METRES: Mapping[LengthUnit, float] = {
    "metre": 1.0,
    "kilometre": 1000.0,
    "foot": 0.3048,
    "mile": 1609.344,
    "nautical-mile": 1852.0,
}
"""Metres in one unit: all exact by definition (the international foot and mile)."""

type AreaUnit = Literal["hectare", "acre"]

SQUARE_METRES: Mapping[AreaUnit, float] = {"hectare": 10_000.0, "acre": 4046.8564224}
"""Square metres in one unit that is the square of none; the international acre, 43,560 square feet."""
