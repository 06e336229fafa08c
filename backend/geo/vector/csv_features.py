"""Tables in CSV: their fields, and the geometries of their rows."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.coordinate_fields import coordinate_fields, named, told_of
from backend.geo.vector.features import Features
from backend.geo.vector.geometry_texts import read_geometry_texts
from backend.geo.vector.text_columns import NUMBER, typed_column

_QUOTED = re.compile(r'(?<![^,;\t|])"[^"]*(?:""[^"]*)*"')
"""A value that begins with a quotation mark, up to the one that ends it: what is within may part neither values nor
lines."""
_NAMES = re.compile(rf"(?:{_QUOTED.pattern}|[^\r\n])*")
"""The line of names, in each of which a line may break."""
TEXTS = ("wkt", "geometry", "geom", "the_geom", "shape", "wkb_geometry", "wkb")
_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r'"?sep=(?P<separator>[,;\t|])"?\r?\n', re.IGNORECASE)
_COMMAS = ";\t|"
"""Delimiters beside which a comma may be that of a decimal number."""
_NOTHING = frozenset(("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "-"))
"""What stands among numbers where there is none. Among texts it may be one, as Namibia's code."""
_WITH_COMMA = re.compile(r"-?(?:0|[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d*)(?:,\d+)?")
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(?:\.\d{3})+")
"""A whole number as it is written where the comma is the decimal sign; else one with three decimals."""
_SIGNS = "'\u2019\u00a0\u202f"
"""Apostrophes and spaces that do not break: nothing else that they part is a number."""
_WITHOUT_SIGNS = str.maketrans("", "", _SIGNS)
_PARTED = re.compile(rf"-?[1-9]\d{{0,2}}(?:[{_SIGNS}]\d{{3}})+(?:[.,]\d+)?")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,2}(?:\.\d{3})*)")
_WITH_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")


def read_csv(text: str, crs: CRS | None = None) -> Features:
    """The rows of a table with a line of field names.

    A column is of numbers where each of its values is written as one, without leading zeros: `001` stays a text; `NA`
    and the like among numbers are no values, which is told; of truth values where each is true or false. Fields
    that are called `longitude` and `latitude` (or lon, lat, x, y, easting, northing) or `wkt` make the geometry,
    whatever their order; else single fields with such a word in their name, as `stop_lon` and `stop_lat`, which is
    told, or a pair of names such as `POINT_X` and `POINT_Y`; without them no row has one. Where no comma parts the
    values, it may be the decimal sign of whole columns, and beside decimal points that of thousands, which is told. A
    first line such as `sep=;`, which spreadsheets read and hide, tells the delimiter.

    Raises:
        ProcessRefusedError: it is no table.
    """
    text, delimiter = _delimited(text.lstrip("\ufeff\r\n"))
    # The WKT of a country is longer than the values that the module expects; the limit is for all of the process.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        rows = [row for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        refuse(f"the CSV cannot be read: {error}")
    names, warnings = _unique([name.strip() for name in rows[0]])
    uneven = next((index for index, row in enumerate(rows[1:], 2) if len(row) != len(names)), None)
    if uneven is not None:
        refuse(f"row {uneven} of the CSV has {len(rows[uneven - 1])} values, its first line {len(names)} names")
    columns = {name: [row[index].strip() for row in rows[1:]] for index, name in enumerate(names)}
    warnings += _thousands_by_signs(columns, commas=delimiter in _COMMAS)
    if delimiter in _COMMAS:
        warnings += _decimal_points(columns)
    warnings += _thousands_by_comma(columns)
    warnings += _gaps(columns)
    # The text of a geometry is out of date as soon as the geometry is changed.
    written = named(columns, TEXTS)
    pair = coordinate_fields(columns)
    if written is None and pair is not None:
        warnings += told_of(pair)
    shapes, told = _shapes(columns, written, pair, len(rows) - 1)
    others = [name for name in columns if name != written]
    fields: dict[str, Sequence[Any]] = {name: typed_column(name, columns[name], warnings) for name in others}
    return Features(shapes, fields, told or crs or CRS84, tuple(warnings))


def _delimited(text: str) -> tuple[str, str]:
    """The lines from that of the names on, and what parts their values.

    Raises:
        ProcessRefusedError: there are none.
    """
    told = _SEPARATOR.match(text)
    lines = text[told.end() :].lstrip("\r\n") if told else text
    if not lines:
        refuse("the CSV is empty")
    names = _NAMES.match(lines)
    first = _QUOTED.sub("", names[0] if names else "")
    return lines, told["separator"] if told else max(_DELIMITERS, key=first.count)


def _gaps(columns: dict[str, list[str]]) -> list[str]:
    """Empty what stands for no number in columns of numbers; a warning for each that was changed."""
    warnings: list[str] = []
    for name, column in columns.items():
        marks = sorted(_NOTHING.intersection(column))
        others = [value for value in column if value and value not in _NOTHING]
        if marks and others and all(NUMBER.fullmatch(value) for value in others):
            count = sum(value in _NOTHING for value in column)
            columns[name] = ["" if value in _NOTHING else value for value in column]
            warnings.append(f"In {name!r}, of numbers else, {', '.join(marks)} was read as no value ({count} times).")
    return warnings


def _thousands_by_signs(columns: dict[str, list[str]], *, commas: bool) -> list[str]:
    """Write numbers without the apostrophes or spaces that part their thousands; a warning for each column. `commas`:
    they may have decimal ones.
    """
    told: list[str] = []
    for name, column in columns.items():
        parted = [value for value in column if any(sign in value for sign in _SIGNS)]
        if not parted or not all(map(_PARTED.fullmatch, parted)):
            continue
        plain = [value.translate(_WITHOUT_SIGNS) for value in _present(column)]
        if all(NUMBER.fullmatch(value.replace(",", ".", 1) if commas else value) for value in plain):
            columns[name] = [value.translate(_WITHOUT_SIGNS) for value in column]
            number = parted[0].translate(_WITHOUT_SIGNS)
            told.append(f"In {name!r} apostrophes or spaces part thousands: {parted[0]} is {number}.")
    return told


def _decimal_points(columns: dict[str, list[str]]) -> list[str]:
    """Write the numbers of columns that have decimal commas with points; a warning that tells which were taken so."""
    told: list[str] = []
    others = {name: column for name, column in columns.items() if not any("," in value for value in column)}
    for name, column in columns.items():
        example = next((value for value in column if "," in value), None)
        if example is not None and all(map(_WITH_COMMA.fullmatch, _present(column))):
            columns[name] = [_with_point(value) for value in column]
            told.append(f"In {name!r} the comma was read as a decimal comma: {example} is {_with_point(example)}.")
    if told:
        positions = coordinate_fields(columns) or ()
        told += _thousands(columns, {name: column for name, column in others.items() if name not in positions})
    return told


def _thousands(columns: dict[str, list[str]], others: Mapping[str, list[str]]) -> list[str]:
    """Write whole numbers without the points that part their thousands, in those columns of a table with decimal
    commas that have none; a warning for each."""
    told: list[str] = []
    for name, column in others.items():
        example = next((value for value in column if _THOUSANDS.fullmatch(value)), None)
        if example is None:
            continue
        if all(map(_WHOLE.fullmatch, _present(column))):
            columns[name] = [_with_point(value) for value in column]
            told.append(f"In {name!r} points were read as those of thousands: {example} is {_with_point(example)}.")
        else:
            told.append(f"In {name!r} the point was left as it is, though others have decimal commas: {example}.")
    return told


def _thousands_by_comma(columns: dict[str, list[str]]) -> list[str]:
    """Write numbers without the commas that part their thousands where a decimal point shows that it is these; what is
    told of each column. Without one they may be decimal commas, or lists of codes.
    """
    told: list[str] = []
    for name, column in columns.items():
        parted = [one for one in column if "," in one]
        if not parted or not all(map(_WITH_THOUSANDS.fullmatch, parted)):
            continue
        if not all("," in one or NUMBER.fullmatch(one) for one in _present(column)):
            continue
        if any("." in one for one in parted):
            columns[name] = [one.replace(",", "") for one in column]
            number = parted[0].replace(",", "")
            told.append(f"In {name!r} commas were read as those of thousands: {parted[0]} is {number}.")
        else:
            made = f"number(replace({name if name.isidentifier() else f'field({name!r})'}, ',', ''))"
            why = f"{parted[0]} may have a comma of thousands; calculate-field makes numbers by {made}"
            told.append(f"{name!r} stayed texts: {why}.")
    return told


def _present(column: Sequence[str]) -> list[str]:
    """The values but for those that stand for none."""
    return [value for value in column if value and value not in _NOTHING]


def _with_point(text: str) -> str:
    """A number with a decimal comma, and maybe points between its thousands; what stands for none as it is."""
    return text if text in _NOTHING else text.replace(".", "").replace(",", ".")


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


def _shapes(
    columns: Mapping[str, Sequence[str]], text: str | None, pair: tuple[str, str] | None, count: int
) -> tuple[Shapes, CRS | None]:
    """The geometries of the rows, and the CRS that they tell."""
    if text is not None:
        try:
            values = np.array([value or None for value in columns[text]], dtype=object)
            # Numbers beyond the range of a float are read as infinite, and refused as such later.
            with np.errstate(all="ignore"):
                return read_geometry_texts(values)
        except ShapelyError as error:
            refuse(f"a geometry of the CSV is neither WKT, WKB in hexadecimal digits nor GeoJSON: {str(error)[:100]}")
    shapes = np.full(count, None, dtype=object)
    if pair is None:
        return shapes, None
    x, y = pair
    pairs = zip(columns[x], columns[y], strict=True)
    present = np.array([bool(first) and bool(second) for first, second in pairs], dtype=bool)
    shapes[present] = shapely.points(_numbers(columns[x], present), _numbers(columns[y], present))
    return shapes, None


def _numbers(column: Iterable[str], present: Any) -> list[float]:
    numbers: list[float] = []
    for row, (value, wanted) in enumerate(zip(column, present, strict=True), 2):
        if wanted:
            try:
                numbers.append(float(value))
            except ValueError:
                refuse(f"row {row} of the CSV has {value[:40]!r} where a coordinate in decimal notation should be")
    return numbers
