"""Features as files of vector data. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import csv
import json
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from itertools import takewhile
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, authority_code
from backend.geo.geodesy.shapes import of_type
from backend.geo.vector.features import Features
from backend.geo.vector.number_columns import NumberColumn

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?P<time>[T ]\d\d:\d\d:\d\d(?:\.\d{1,3})?(?P<zone>Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_WITH_DATES = frozenset(("GPKG",))
"""Formats that have days, and not only times of a day."""
_DAY = np.dtype("datetime64[D]")
_UTC = 100
_QUARTER = 15
"""GDAL's number of UTC, and the minutes of a step away from it."""


@dataclass(frozen=True, slots=True)
class _Column:
    """The values of a field in a type that a file's table has."""

    values: NDArray[Any]
    missing: NDArray[np.bool_]
    zones: NDArray[np.intp] | None = None
    """Time zones as GDAL numbers them."""


def geopackage(features: Features, layer: str) -> bytes:
    """A GeoPackage of one layer, in the features' CRS.

    Raises:
        ProcessRefusedError: names of fields differ in case alone, which no GeoPackage tells apart.
    """
    names = [name.lower() for name in features.fields]
    if len(set(names)) < len(names):
        twice = sorted({name for name in features.fields if names.count(name.lower()) > 1})
        raise ProcessRefusedError(
            f"the fields {', '.join(twice)} differ in case alone, which no GeoPackage tells apart: ask for flatgeobuf",
            path="$.inputs.format",
        )
    return _written(features, layer, "GPKG", ".gpkg", SPATIAL_INDEX="YES", **_own_columns(names))


def flatgeobuf(features: Features, layer: str) -> bytes:
    """A FlatGeobuf in the features' CRS; its index has no place for features without a geometry."""
    return _written(features, layer, "FlatGeobuf", ".fgb", SPATIAL_INDEX="YES" if features.present.all() else "NO")


def comma_separated(features: Features) -> str:
    """A CSV in the features' CRS, geometries as longitude and latitude (x and y) of points, else as WKT."""
    columns = dict(features.fields)
    present = features.present
    if present.any() and of_type(features.shapes[present], shapely.GeometryType.POINT).all():
        names = ("x", "y") if features.crs.is_projected else ("longitude", "latitude")
        for name, get in zip(names, (shapely.get_x, shapely.get_y), strict=True):
            values: list[float] = get(features.shapes).tolist()
            columns[name] = [value if there else None for value, there in zip(values, present.tolist(), strict=True)]
    elif present.any():
        columns["wkt"] = shapely.to_wkt(features.shapes, rounding_precision=-1).tolist()
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    rows = zip(*columns.values(), strict=True) if columns else ()
    writer.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue()


def _written(features: Features, layer: str, driver: str, suffix: str, **options: str) -> bytes:
    columns = [_column(values, dates=driver in _WITH_DATES) for values in features.fields.values()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, layer + suffix)
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(features.shapes),
            field_data=[column.values for column in columns],
            field_mask=[column.missing for column in columns],
            fields=list(features.fields),
            gdal_tz_offsets={
                name: column.zones
                for name, column in zip(features.fields, columns, strict=True)
                if column.zones is not None
            },
            geometry_type=_geometry_type(features),
            crs=_code(features),
            driver=driver,
            layer=layer,
            layer_options=options,
        )
        return path.read_bytes()


def _code(features: Features) -> str:
    """Of the CRS, or its WKT. Files have longitude first whatever the authority says; what reads them knows EPSG's."""
    return "EPSG:4326" if features.crs == CRS84 else authority_code(features.crs) or features.crs.to_wkt()


def _own_columns(names: Sequence[str]) -> dict[str, str]:
    """Names of the columns that a GeoPackage adds, which no field may have."""
    return {"FID": _free("fid", names), "GEOMETRY_NAME": _free("geom", names)}


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _geometry_type(features: Features) -> str:
    present = features.shapes[features.present]
    if len(np.unique(shapely.get_type_id(present))) != 1:
        return "Unknown"
    return str(present[0].geom_type) + (" Z" if shapely.has_z(present).any() else "")


def _column(values: Sequence[Any], *, dates: bool) -> _Column:
    return _Column(values.values, ~values.known) if isinstance(values, NumberColumn) else _typed(values, dates=dates)


def _typed(values: Sequence[Any], *, dates: bool) -> _Column:
    every = set[type](map(type, values))
    kinds = every - {NoneType}
    missing = np.zeros(len(values), dtype=np.bool_)
    if kinds != every:
        missing = np.array([value is None for value in values], dtype=np.bool_)
    if kinds == {bool}:
        return _Column(np.array(values, dtype=np.bool_), missing)
    if kinds == {int}:
        # Those that are larger become floating-point numbers.
        with suppress(OverflowError):
            filled = [0 if value is None else value for value in values] if kinds != every else values
            return _Column(np.array(filled, dtype=np.int64), missing)
    if kinds and kinds <= {int, float}:
        return _Column(np.array(values, dtype=np.float64), missing)
    if kinds == {str}:
        moments = _moments(values, missing)
        if moments is not None and (dates or moments.values.dtype != _DAY):
            return moments
        return _Column(np.fromiter(values, dtype=object, count=len(values)), missing)
    return _texts(values, missing)


def _moments(values: Sequence[str | None], missing: NDArray[np.bool_]) -> _Column | None:
    """Dates or times, where all values are written as such (ISO 8601), with one form of time zone; else None."""
    present = [value for value in values if value is not None]
    # Most texts are neither, which the first of them shows.
    forms = list(takewhile(bool, map(_MOMENT.fullmatch, present)))
    if len(forms) < len(present) or len({(form["time"] is None, form["zone"] is None) for form in forms if form}) != 1:
        return None
    zones = [
        "" if form is None else form["zone"] or "" for form in (_MOMENT.fullmatch(value or "") for value in values)
    ]
    offsets = [0 if zone in ("", "Z") else _minutes(zone) for zone in zones]
    plain = [None if value is None else value.removesuffix(zone) for value, zone in zip(values, zones, strict=True)]
    unit = "D" if forms[0] and forms[0]["time"] is None else "ms"
    try:
        moments = np.array(plain, dtype=f"datetime64[{unit}]")
    except ValueError:
        return None
    if any(offset % _QUARTER for offset in offsets):
        return None
    utc = np.array([_UTC + offset // _QUARTER for offset in offsets]) if any(zones) else None
    return _Column(moments, missing, utc)


def _minutes(zone: str) -> int:
    """East of Greenwich, of an offset such as `+01:00`."""
    hours, minutes = zone[1:].split(":")
    return (60 * int(hours) + int(minutes)) * (-1 if zone[0] == "-" else 1)


def _texts(values: Sequence[Any], missing: NDArray[np.bool_]) -> _Column:
    texts = np.empty(len(values), dtype=object)
    texts[:] = [None if value is None else str(_plain(value)) for value in values]
    return _Column(texts, missing)


def _plain(value: Any) -> Any:
    """A value that a cell of a table can hold: what has parts is written as JSON."""
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False)
    return value
