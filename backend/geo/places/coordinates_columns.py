"""Tables whose degrees, minutes, seconds and hemispheres stand in columns of their own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import shapely

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.places.coordinates_angles import sexagesimal
from backend.geo.vector.features import Features

type Axis = Literal["latitude", "longitude"]

_AXES: Mapping[Axis, str] = {"latitude": r"lat(?:itude)?", "longitude": r"(?:lon(?:g|gitude)?|lng)"}
_PARTS: Mapping[str, str] = {
    "degrees": r"d(?:eg(?:rees?)?)?",
    "minutes": r"m(?:in(?:utes?)?)?",
    "seconds": r"s(?:ec(?:onds?)?)?",
    "hemisphere": r"(?:h(?:em(?:i(?:sphere)?)?)?|dir(?:ection)?|ns|ew)",
}
_SIGNS: Mapping[Axis, Mapping[str, int]] = {"latitude": {"N": 1, "S": -1}, "longitude": {"E": 1, "W": -1}}
_LIMITS: Mapping[Axis, float] = {"latitude": 90, "longitude": 180}
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the fields that make up an angle."""

    axis: Axis
    parts: Mapping[str, str] = field(default_factory=dict[str, str])
    """`degrees`, `minutes`, perhaps `seconds` and `hemisphere` → field name."""


def angle_columns(names: Sequence[str]) -> list[Columns]:
    """The angles that fields of these names make up: both degrees and minutes must be among them."""
    found: list[Columns] = []
    for axis, stem in _AXES.items():
        parts: dict[str, str] = {}
        for part, ending in _PARTS.items():
            pattern = re.compile(rf"{stem}[\W_]*{ending}|{ending}[\W_]+{stem}", re.IGNORECASE)
            name = next((name for name in names if pattern.fullmatch(name.strip())), None)
            if name is not None:
                parts[part] = name
        if {"degrees", "minutes"} <= parts.keys():
            found.append(Columns(axis, parts))
    return found


def with_decimal_degrees(features: Features) -> Features:
    """The rows with `latitude` and `longitude` in decimal degrees, and with points where both are known.

    Raises:
        ProcessRefusedError: no columns of degrees and minutes are there.
    """
    found = angle_columns(list(features.fields))
    if not found:
        refuse("no columns of degrees and minutes are there, such as lat_deg, lat_min, lat_sec, lat_hem")
    warnings: list[str] = []
    degrees = {columns.axis: _column(features, columns, warnings) for columns in found}
    made = features.with_fields(degrees).warned(*warnings)
    if len(degrees) < 2:
        return made
    pairs = zip(degrees["longitude"], degrees["latitude"], strict=True)
    return made.with_shapes(shapes_of(None if x is None or y is None else shapely.Point(x, y) for x, y in pairs))


def _column(features: Features, columns: Columns, warnings: list[str]) -> list[float | None]:
    fields = [features.fields.get(columns.parts.get(part, "")) for part in _PARTS]
    rows = zip(*(values if values is not None else [None] * len(features) for values in fields), strict=True)
    degrees: list[float | None] = []
    wrong: list[str] = []
    for number, row in enumerate(rows, 1):
        try:
            degrees.append(_angle(columns.axis, row))
        except ProcessRefusedError as error:
            degrees.append(None)
            wrong.append(f"row {number} ({error})")
    if wrong:
        warnings.append(f"No {columns.axis} could be made of {len(wrong)} rows: {'; '.join(wrong[:_MOST_TOLD])}.")
    first = features.fields[columns.parts["degrees"]]
    if "hemisphere" not in columns.parts:
        warnings.append(f"No column tells the hemisphere of the {columns.axis}: positive is taken for north and east.")
        if any(value == 0 for value in first) and any(isinstance(value, int | float) and value < 0 for value in first):
            warnings.append(f"A {columns.axis} of 0 degrees does not tell whether its minutes are negative.")
    return degrees


def _angle(axis: Axis, row: Sequence[Any]) -> float | None:
    degrees, minutes, seconds, hemisphere = row
    if degrees is None:
        return None
    parts = [0.0 if part is None else _number(part) for part in (degrees, minutes, seconds)]
    magnitude = sexagesimal(abs(parts[0]), parts[1], parts[2])
    if magnitude > _LIMITS[axis]:
        refuse(f"{magnitude:g} is no {axis}")
    sign = -1 if parts[0] < 0 else 1
    letter = str(hemisphere or "").strip().upper()[:1]
    if not letter:
        return sign * magnitude
    if letter not in _SIGNS[axis]:
        refuse(f"{hemisphere!r} is no hemisphere of a {axis}")
    if sign < 0:
        refuse(f"{degrees!r} and {hemisphere!r} both tell a hemisphere")
    return _SIGNS[axis][letter] * magnitude


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        refuse(f"{str(value)[:20]!r} is no number")
