"""Tables in CSV: their fields, and the geometries of their rows."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.features import Features

LONGITUDES = ("longitude", "lon", "lng", "long", "x", "easting", "east")
LATITUDES = ("latitude", "lat", "y", "northing", "north")
TEXTS = ("wkt", "geometry", "geom", "the_geom", "shape")
_DELIMITERS = ",;\t|"
_COMMAS = ";\t|"
"""Delimiters beside which a comma may be that of a decimal number."""
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WITH_COMMA = re.compile(r"-?(?:0|[1-9]\d*)(?:,\d+)?")


def read_csv(text: str, crs: CRS | None = None) -> Features:
    """The rows of a table with a line of field names.

    A column is of numbers where each of its values is written as one, without leading zeros: `001` stays a text. Fields
    that are called `longitude` and `latitude` (or lon, lat, x, y, easting, northing) or `wkt` make the geometry,
    whatever their order; without them no row has one. Where no comma parts the values, it may be the decimal sign of
    whole columns, which is told.

    Raises:
        ProcessRefusedError: it is no table.
    """
    lines = text.lstrip("\ufeff").splitlines()
    if not lines:
        refuse("the CSV is empty")
    delimiter = max(_DELIMITERS, key=lines[0].count)
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error as error:
        refuse(f"the CSV cannot be read: {error}")
    names, warnings = _unique([name.strip() for name in rows[0]])
    uneven = next((index for index, row in enumerate(rows[1:], 2) if len(row) != len(names)), None)
    if uneven is not None:
        refuse(f"row {uneven} of the CSV has {len(rows[uneven - 1])} values, its first line {len(names)} names")
    columns = {name: [row[index].strip() for row in rows[1:]] for index, name in enumerate(names)}
    if delimiter in _COMMAS:
        warnings += _decimal_points(columns)
    shapes = _shapes(columns, len(rows) - 1)
    # The text of a geometry is out of date as soon as the geometry is changed.
    written = _named(columns, TEXTS)
    fields: dict[str, Sequence[Any]] = {name: typed(column) for name, column in columns.items() if name != written}
    return Features(shapes, fields, crs or CRS84, tuple(warnings))


def typed(column: Sequence[str]) -> list[Any]:
    """The values of a column: integers or numbers where all are, else texts; None for nothing."""
    present = [value for value in column if value]
    if present and all(_INTEGER.fullmatch(value) for value in present):
        return [int(value) if value else None for value in column]
    if present and all(_NUMBER.fullmatch(value) for value in present):
        return [float(value) if value else None for value in column]
    return [value or None for value in column]


def _decimal_points(columns: dict[str, list[str]]) -> list[str]:
    """Write the numbers of columns that have decimal commas with points; a warning that tells which were taken so."""
    warnings: list[str] = []
    for name, column in columns.items():
        example = next((value for value in column if "," in value), None)
        if example is not None and all(_WITH_COMMA.fullmatch(value) for value in column if value):
            columns[name] = [value.replace(",", ".") for value in column]
            read = example.replace(",", ".")
            warnings.append(f"In {name!r} the comma was read as a decimal comma: {example} is {read}.")
    return warnings


def _unique(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names that are all different, and a warning for each that was changed for it."""
    counts: Counter[str] = Counter()
    unique: list[str] = []
    for position, name in enumerate(names, 1):
        plain = name or f"field_{position}"
        counts[plain] += 1
        unique.append(plain if counts[plain] == 1 else f"{plain}_{counts[plain]}")
    twice = sorted(name for name, count in counts.items() if count > 1)
    return unique, [f"The field {name!r} is there more than once; the others got a number." for name in twice]


def _named(columns: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The field that has the first of these names that there is, in whatever case."""
    by_name = {name.lower(): name for name in columns}
    return next((by_name[name] for name in names if name in by_name), None)


def _shapes(columns: Mapping[str, Sequence[str]], count: int) -> Shapes:
    text, x, y = (_named(columns, names) for names in (TEXTS, LONGITUDES, LATITUDES))
    if text is not None:
        try:
            # Numbers beyond the range of a float are read as infinite, and refused as such later.
            with np.errstate(all="ignore"):
                return shapely.from_wkt(np.array([value or None for value in columns[text]], dtype=object))
        except ShapelyError as error:
            refuse(f"a geometry of the CSV is no WKT: {str(error)[:100]}")
    shapes = np.full(count, None, dtype=object)
    if x is None or y is None:
        return shapes
    pairs = zip(columns[x], columns[y], strict=True)
    present = np.array([bool(first) and bool(second) for first, second in pairs], dtype=bool)
    shapes[present] = shapely.points(_numbers(columns[x], present), _numbers(columns[y], present))
    return shapes


def _numbers(column: Iterable[str], present: Any) -> list[float]:
    numbers: list[float] = []
    for row, (value, wanted) in enumerate(zip(column, present, strict=True), 2):
        if wanted:
            try:
                numbers.append(float(value))
            except ValueError:
                refuse(f"row {row} of the CSV has {value[:40]!r} where a coordinate in decimal notation should be")
    return numbers
