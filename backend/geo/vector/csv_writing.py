"""Features as the text of a CSV table."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import shapely

from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.geodesy.shapes import of_type
from backend.geo.vector.coordinate_fields import LATITUDES, LONGITUDES, coordinate_fields
from backend.geo.vector.csv_features import TEXTS
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import listed
from backend.geo.vector.file_columns import plain
from backend.geo.vector.file_description import Written

_WKT = "wkt"
_HEIGHT = "z"


def comma_separated(features: Features) -> Written[str]:
    """A CSV in the features' CRS, geometries as longitude and latitude (x and y) of points, else as WKT.

    Fields that hold just these coordinates are not written twice. Those that a reader would take for the geometry
    in their place get other names.
    """
    geometry = _geometry_columns(features)
    features = _named_apart(features, geometry)
    columns = {**features.fields, **geometry}
    made = features.with_fields(geometry)
    if features.crs != CRS84 and features.present.any():
        where = ", ".join(_told_columns(features, geometry))
        made = made.warned(
            f"{where} are in {code_of(features.crs)}, which a CSV has no place to tell: keep it with it."
        )
    blurred = [name for name, values in features.fields.items() if "" in values and None in values]
    if blurred:
        made = made.warned(f"Empty texts and missing values are the same in a CSV, in: {listed(blurred)}.")
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    rows = zip(*columns.values(), strict=True) if columns else ()
    writer.writerows([plain(value) for value in row] for row in rows)
    return Written(text.getvalue(), made)


def _named_apart(features: Features, geometry: Mapping[str, Any]) -> Features:
    """The features with other names for fields that would be read as the geometry before what is written of it.

    So has a field with the name of the heights' column that holds others than these.
    """
    before = _read_before([name for name in geometry if name != _HEIGHT])
    replaced = {name for name in geometry if name in features.fields and _same(features.fields[name], geometry[name])}
    fields: dict[str, Sequence[Any]] = {}
    renamed: list[str] = []
    for name, values in features.fields.items():
        kept = name
        if (name.strip().lower() in before or name in geometry) and name not in replaced:
            kept = free_name(name, {*features.fields, *geometry, *fields})
            renamed.append(f"{name} is {kept}")
        fields[kept] = values
    if not renamed:
        return features
    return replace(features, fields=fields).warned(
        f"Fields whose names would be read as the geometry have others in the CSV: {listed(renamed)}."
    )


def _read_before(written: Sequence[str]) -> set[str]:
    """Names, in small letters, which the reader looks for before those of the geometry's columns, and these too."""
    if written == [_WKT]:
        return {_WKT}
    if not written:
        return set(TEXTS)
    first, second = written
    return {*TEXTS, *LONGITUDES[: LONGITUDES.index(first) + 1], *LATITUDES[: LATITUDES.index(second) + 1]}


def _geometry_columns(features: Features) -> dict[str, list[Any]]:
    """The columns that the geometries need beside the fields; an empty one where others would be taken for them."""
    present = features.present
    if not present.any():
        needed = not features.fields or _seem_geometry(features.fields)
        return {_WKT: [None] * len(features)} if needed else {}
    if not of_type(features.shapes[present], shapely.GeometryType.POINT).all():
        return {_WKT: shapely.to_wkt(features.shapes, rounding_precision=-1).tolist()}
    x, y = (_known(values, present) for values in (shapely.get_x(features.shapes), shapely.get_y(features.shapes)))
    heights: dict[str, list[Any]] = {}
    if shapely.has_z(features.shapes).any():
        z = shapely.get_z(features.shapes)
        heights = {_HEIGHT: _known(z, np.isfinite(z))}
    if _are_there(features, x, y):
        return heights
    first, second = ("x", "y") if features.crs.is_projected else ("longitude", "latitude")
    return {first: x, second: y, **heights}


def _seem_geometry(fields: Mapping[str, Sequence[Any]]) -> bool:
    """Whether a reader would take some of the fields for a geometry."""
    columns = {name.strip(): values for name, values in fields.items()}
    pair = coordinate_fields(columns)
    points = pair is not None and any(None not in values for values in zip(*map(columns.get, pair), strict=True))
    return points or any(name.lower() in TEXTS for name in columns)


def _known(values: Array, known: Booleans) -> list[float | None]:
    return [value if there else None for value, there in zip(values.tolist(), known.tolist(), strict=True)]


def _are_there(features: Features, x: Sequence[float | None], y: Sequence[float | None]) -> bool:
    """Whether the fields from which points are read hold these; half a pair makes none."""
    names = coordinate_fields(features.fields)
    if names is None:
        return False
    fields = [features.fields[name] for name in names]
    whole = [None not in pair for pair in zip(*fields, strict=True)]
    first, second = ([value if there else None for value, there in zip(field, whole, strict=True)] for field in fields)
    return _same(first, x) and _same(second, y)


def _same(field: Sequence[Any], values: Sequence[Any]) -> bool:
    return all(
        type(one) in (int, float, str) and one == other if other is not None else one is None
        for one, other in zip(field, values, strict=True)
    )


def _told_columns(features: Features, geometry: dict[str, list[Any]]) -> Sequence[str]:
    """The names of the columns that hold the coordinates."""
    if set(geometry) - {_HEIGHT}:
        return [name for name in geometry if name != _HEIGHT]
    return coordinate_fields(features.fields) or ()
