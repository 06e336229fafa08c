"""Tables that come as JSON: an array of objects, and what `sql` and `summarize` answer with."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import shapely
from pyproj import CRS

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84
from backend.geo.vector.csv_features import LATITUDES, LONGITUDES
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import is_number

type Rows = Sequence[Mapping[str, Any]]


def read_rows(value: Any, crs: CRS | None = None) -> Features | None:
    """The rows of a table, with a point where fields are called longitude and latitude, as in CSV.

    The fields are those of all rows in order of appearance. None for what is no such table.

    Raises:
        ProcessRefusedError: the objects are GeoJSON, which is no table.
    """
    rows = _rows(value)
    if rows is None:
        return None
    if any(row.get("type") == "Feature" or "coordinates" in row for row in rows):
        refuse("an array of GeoJSON objects is no GeoJSON: give a FeatureCollection")
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    shapes = np.full(len(rows), None, dtype=object)
    x, y = (_numbers(columns, words) for words in (LONGITUDES, LATITUDES))
    if x is not None and y is not None:
        there = ~(np.isnan(x) | np.isnan(y))
        shapes[there] = shapely.points(x[there], y[there])
    return Features(shapes, columns, crs or CRS84)


def _rows(value: Any) -> Rows | None:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        if "type" in members:
            return None
        groups = _objects(members.get("groups"))
        if groups and all(_is_group(one) for one in groups):
            return [_of_group(one) for one in groups]
        return _objects(members.get("rows"))
    return _objects(value) or None


def _objects(value: Any) -> Rows | None:
    """An array of objects; None for everything else."""
    if not isinstance(value, list):
        return None
    items = cast("list[Any]", value)
    return cast("list[Mapping[str, Any]]", items) if all(isinstance(one, Mapping) for one in items) else None


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


def _numbers(columns: Mapping[str, Sequence[Any]], words: Sequence[str]) -> Any:
    """The column of the first of these names that there is, NaN for null; None where it has something else."""
    by_name = {name.lower(): name for name in columns}
    name = next((by_name[word] for word in words if word in by_name), None)
    if name is None or not all(one is None or is_number(one) for one in columns[name]):
        return None
    return np.array([np.nan if one is None else one for one in columns[name]], dtype=np.float64)
