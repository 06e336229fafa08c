"""Features as the text of a CSV table."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

import numpy as np
import shapely

from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.geodesy.shapes import of_type
from backend.geo.vector.csv_features import coordinate_fields
from backend.geo.vector.features import Features
from backend.geo.vector.file_columns import plain
from backend.geo.vector.file_description import Written

_WKT = "wkt"
_HEIGHT = "z"


def comma_separated(features: Features) -> Written[str]:
    """A CSV in the features' CRS, geometries as longitude and latitude (x and y) of points, else as WKT.

    Fields that hold just these coordinates are not written twice.
    """
    geometry = _geometry_columns(features)
    columns = {**features.fields, **geometry}
    lost = [name for name in geometry if name in features.fields and not _same(features.fields[name], geometry[name])]
    made = features.with_fields(geometry)
    if lost:
        made = made.warned(f"Other values stood in {', '.join(lost)}: the geometry's took their place.")
    if features.crs != CRS84 and features.present.any():
        where = ", ".join(_told_columns(features, geometry))
        made = made.warned(
            f"{where} are in {code_of(features.crs)}, which a CSV has no place to tell: keep it with it."
        )
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    rows = zip(*columns.values(), strict=True) if columns else ()
    writer.writerows([plain(value) for value in row] for row in rows)
    return Written(text.getvalue(), made)


def _geometry_columns(features: Features) -> dict[str, list[Any]]:
    """The columns that the geometries need beside the fields."""
    present = features.present
    if not present.any():
        return {}
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
