"""What features are like: their fields, their geometries, and what a person should know before using them."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError

from backend.geo.geodesy.crs import CRS84, Transformation, code_of
from backend.geo.geodesy.shapes import Shapes, counted_types
from backend.geo.places.coordinates_columns import angle_columns
from backend.geo.vector.features import Features
from backend.geo.vector.fields import shown
from backend.geo.vector.geojson_parsing import parse_json
from backend.geo.vector.topojson import is_topology

type JsonObject = dict[str, Any]

MOST_VALUES = 10
"""Values that are told of a field, the most frequent first."""
_EXAMPLES = 3
_LONGEST = 80
_MOST_REASONS = 5


def describe_features(features: Features, *, knows_crs: bool = True) -> JsonObject:
    """Count, geometry types, extent, validity, and each field.

    knows_crs: false where the CRS of `features` stands for one that is not known.
    """
    shapes = features.shapes
    present = features.present
    fields = [describe_field(name, column) for name, column in features.fields.items()]
    return {
        "features": len(features),
        "without_geometry": int(len(features) - present.sum()),
        "geometry_types": counted_types(shapes),
        "vertices": int(shapely.get_num_coordinates(shapes).sum()),
        "heights": bool(shapely.has_z(shapes).any()),
        "duplicate_geometries": _duplicates(shapes[present]),
        "validity": _validity(shapes[present]),
        "crs": _crs(features) if knows_crs and present.any() else None,
        "extent": extent(features),
        "bbox": _bbox(features) if knows_crs else None,
        "fields": fields,
        "warnings": _warnings(features, fields, knows_crs),
    }


def describe_field(name: str, column: Sequence[Any]) -> JsonObject:
    """Type, nulls, unique values, range of numbers and texts, and the most frequent values."""
    known = [value for value in column if value is not None]
    counts = _counts(known)
    kind = _kind(known)
    told: JsonObject = {"name": name, "type": kind, "nulls": len(column) - len(known), "unique": len(counts)}
    if kind in ("integer", "number"):
        told |= {"min": min(known), "max": max(known), **_middle(known)}
    elif kind == "text":
        told |= {"min": _short(min(known)), "max": _short(max(known))}
    frequent = counts.most_common(MOST_VALUES)
    if len(counts) > MOST_VALUES and frequent[0][1] == 1:
        return told | {"examples": [_short(key) for key, _ in frequent[:_EXAMPLES]]}
    values = [{"value": _short(key), "count": count} for key, count in frequent]
    return told | {"values": values, "all_values": len(counts) <= MOST_VALUES}


def _middle(numbers: Sequence[int | float]) -> JsonObject:
    """Mean and median; None where they are beyond what a number holds."""
    try:
        values = np.array(numbers, dtype=np.float64)
    except OverflowError:  # an integer of more than 308 digits
        return {"mean": None, "median": None}
    with np.errstate(over="ignore", invalid="ignore"):
        figures = {"mean": float(values.mean()), "median": float(np.median(values))}
    return {name: figure if math.isfinite(figure) else None for name, figure in figures.items()}


def _counts(values: Sequence[Any]) -> Counter[Any]:
    kinds = set[type](map(type, values))
    if len(kinds) == 1 and kinds < {str, int, float, bool}:
        return Counter(values)
    # True, 1 and 1.0 are one key in Python; objects and arrays are none at all.
    counted: Counter[Any] = Counter()
    for (_, key), count in Counter((type(value).__name__, _key(value)) for value in values).items():
        counted[key if key not in counted else json.dumps(key)] += count
    return counted


def _key(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True)


def validity_as_given(document: Any, repaired: Mapping[str, Any]) -> Mapping[str, Any]:
    """The validity of GeoJSON, an object or a text, as it came: reading it has repaired what was invalid.

    repaired: what is known of it where it is none.
    """
    try:
        parsed = parse_json(document) if isinstance(document, str) else document
        if is_topology(parsed):
            return repaired
        members: list[Any] = parsed.get("features", [parsed])
        geometries = [json.dumps(member.get("geometry", member)) for member in members]
        shapes = shapely.from_geojson(np.array(geometries, dtype=object), on_invalid="ignore")
    except (ValueError, AttributeError, ShapelyError):
        return repaired
    return _validity(shapes[~shapely.is_missing(shapes)])


def _kind(values: Sequence[Any]) -> str:
    kinds = {_KINDS.get(kind, "object") for kind in set[type](map(type, values))}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "empty"


_KINDS: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", str: "text"}


def _short(value: Any) -> Any:
    return f"{value[:_LONGEST]}…" if isinstance(value, str) and len(value) > _LONGEST else value


def _duplicates(shapes: Shapes) -> int:
    """Features whose geometry another one has before them."""
    return len(shapes) - len(set(shapely.to_wkb(shapes).tolist())) if len(shapes) else 0


def _validity(shapes: Shapes) -> JsonObject:
    broken = shapes[~shapely.is_valid(shapes)]
    reasons = Counter(str(reason).split("[")[0] for reason in np.atleast_1d(shapely.is_valid_reason(broken)).tolist())
    return {"invalid": len(broken), "reasons": dict(reasons.most_common(_MOST_REASONS))}


def _crs(features: Features) -> JsonObject:
    crs = features.crs
    unit = crs.axis_info[0].unit_name if crs.axis_info else None
    return {
        "code": code_of(crs),
        "name": crs.name,
        "kind": "projected" if crs.is_projected else "geographic",
        "unit": unit,
    }


def extent(features: Features) -> list[float] | None:
    """Smallest x and y, largest x and y, in the CRS; None where nothing has a place."""
    return shapely.total_bounds(features.shapes).tolist() if features.present.any() else None


def _bbox(features: Features) -> list[float] | None:
    """West, south, east, north in degrees."""
    bounds = extent(features)
    if bounds is None or features.crs == CRS84:
        return bounds
    west, south, east, north = bounds
    way = Transformation.between(features.crs, CRS84).transformer
    degrees = way.transform_bounds(west, south, east, north)
    return list(degrees) if np.isfinite(degrees).all() else None


def _warnings(features: Features, fields: Sequence[JsonObject], knows_crs: bool) -> list[str]:
    warnings = list(features.warnings)
    if not len(features):
        warnings.append("There are no features.")
    dimensions = set(shapely.get_dimensions(features.shapes[features.present]).tolist())
    if len(dimensions) > 1:
        warnings.append("Points, lines or areas are mixed: counts, lengths and areas over all of them mean little.")
    if not knows_crs:
        warnings.append("No CRS is told, and none may be guessed: assign-crs takes the data with the right one.")
    for columns in angle_columns(list(features.fields)):
        names = ", ".join(columns.parts.values())
        warnings.append(f"The fields {names} are a {columns.axis} in parts: parse-coordinates makes degrees of them.")
    warnings += [
        f"Mean or median of {field['name']!r} are beyond what a number holds, so null: a value of it is "
        f"{shown(max(field['min'], field['max'], key=abs))}, which may say that there is none."
        for field in fields
        if "mean" in field and None in (field["mean"], field["median"])
    ]
    mixed = [field["name"] for field in fields if field["type"] == "mixed"]
    if mixed:
        warnings.append(f"Values of different types stand in {', '.join(mixed)}.")
    keys = [field["name"] for field in fields if _looks_numeric(features.fields[field["name"]], field["type"])]
    if keys:
        warnings.append(f"Texts of digits stand in {', '.join(keys)}: codes, perhaps, or numbers that became texts.")
    return warnings


def _looks_numeric(column: Sequence[Any], kind: str) -> bool:
    known = [value for value in column if value is not None] if kind == "text" else []
    return bool(known) and all(value.strip().lstrip("-").replace(".", "", 1).isdigit() for value in known)
