"""Tables that come as JSON: an array of objects, and what `sql` and `summarize` answer with."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import shapely
from pyproj import CRS

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.coordinate_fields import coordinate_fields, told_of
from backend.geo.vector.csv_features import TEXTS
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import columns_of, is_number, shown
from backend.geo.vector.half_characters import with_whole_characters
from backend.geo.vector.text_columns import NUMBER

type Rows = Sequence[Mapping[str, Any]]

NO_ROWS = "The table has no rows."
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "Feature": ("geometry", "properties"),
    "FeatureCollection": ("features",),
    "GeometryCollection": ("geometries",),
    **dict.fromkeys(
        ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"), ("coordinates",)
    ),
}
"""Members that GeoJSON of each type has; a table may have fields of their names, and one called `type` beside."""


def read_rows(value: Any, crs: CRS | None = None) -> Features | None:
    """The rows of a table.

    The fields are those of all rows in order of appearance. They make the geometry under the same names as in CSV: WKT,
    whose field goes, or longitude and latitude, which may be texts. Other than in CSV, such names may have other values
    too: then they are fields like others, which is told. None for what is no such table.

    Raises:
        ProcessRefusedError: the objects are GeoJSON, which is no table, or a part of the geometries is no WKT.
    """
    rows = _rows(value)
    if rows is None:
        return None
    if any(_is_geojson(row) for row in rows):
        refuse("an array of GeoJSON objects is no GeoJSON: give a FeatureCollection")
    columns = columns_of(rows)
    warnings = [] if rows else [NO_ROWS]
    shapes = _written(columns, warnings)
    if shapes is None:
        shapes = _points(columns, len(rows), warnings)
    return with_whole_characters(Features(shapes, columns, crs or CRS84, tuple(warnings)))


def is_table(value: Any) -> bool:
    """Whether it is an array of objects, or what `sql` and `summarize` answer with."""
    return _rows(value) is not None


def _rows(value: Any) -> Rows | None:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        if "type" in members:
            return None
        groups = _objects(members.get("groups"))
        if groups and all(_is_group(one) for one in groups):
            return [_of_group(one) for one in groups]
        return _objects(members.get("rows"))
    return _objects(value)


def _objects(value: Any) -> Rows | None:
    """An array of objects; None for everything else."""
    if not isinstance(value, list):
        return None
    items = cast("list[Any]", value)
    return cast("list[Mapping[str, Any]]", items) if all(isinstance(one, Mapping) for one in items) else None


def _is_geojson(row: Mapping[str, Any]) -> bool:
    kind = row.get("type")
    return isinstance(kind, str) and any(member in row for member in _MEMBERS.get(kind, ()))


def _is_group(group: Mapping[str, Any]) -> bool:
    return isinstance(group.get("by"), Mapping) and isinstance(group.get("fields"), Mapping)


def _of_group(group: Mapping[str, Any]) -> dict[str, Any]:
    """What it is grouped by, how many rows it has, and FIELD_STATISTIC for each single value."""
    row = dict(cast("Mapping[str, Any]", group["by"]))
    row[free_name("rows", row)] = group.get("rows")
    for field, statistics in cast("Mapping[str, Mapping[str, Any]]", group["fields"]).items():
        for statistic, found in statistics.items():
            if not isinstance(found, list | dict):
                row[free_name(f"{field}_{statistic}", row)] = found
    return row


def _written(columns: dict[str, list[Any]], warnings: list[str]) -> Shapes | None:
    """The geometries of a field of WKT, which is taken out, as it would be out of date once they change."""
    by_name = {name.lower(): name for name in columns}
    name = next((by_name[word] for word in TEXTS if word in by_name), None)
    if name is None or all(one is None or one == "" for one in columns[name]):
        return None
    texts = [one if isinstance(one, str) and one else None for one in columns[name]]
    # Numbers beyond the range of a float are read as infinite, and refused as such later.
    with np.errstate(all="ignore"):
        shapes: Shapes = shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore")
    read = ~shapely.is_missing(shapes)
    wrong = next((at for at, one in enumerate(columns[name]) if not (read[at] or one is None or one == "")), None)
    if not read.any():
        warnings.append(f"The field {name!r} holds no WKT: no geometries were made of it.")
        return None
    if wrong is not None:
        refuse(f"row {wrong + 1} of the table has {shown(columns[name][wrong])} in {name!r} where WKT should be")
    del columns[name]
    return shapes


def _points(columns: Mapping[str, Sequence[Any]], count: int, warnings: list[str]) -> Shapes:
    """Points where the fields of longitudes and latitudes both have a number."""
    shapes = np.full(count, None, dtype=object)
    pair = coordinate_fields(columns)
    if pair is None:
        return shapes
    x, y = (_numbers(columns[name]) for name in pair)
    named = f"{pair[0]!r} and {pair[1]!r}"
    if x is None or y is None:
        warnings.append(f"The fields {named} hold other values than numbers: no points were made of them.")
        return shapes
    warnings += told_of(pair)
    there = ~(np.isnan(x) | np.isnan(y))
    shapes[there] = shapely.points(x[there], y[there])
    return shapes


def _numbers(column: Sequence[Any]) -> Array | None:
    """Numbers, NaN for null and the empty text; None where there is something else."""
    numbers: list[float] = []
    for value in column:
        if value is None or value == "":
            numbers.append(np.nan)
        elif is_number(value) or (isinstance(value, str) and NUMBER.fullmatch(value.strip())):
            numbers.append(float(value))
        else:
            return None
    return np.array(numbers)
