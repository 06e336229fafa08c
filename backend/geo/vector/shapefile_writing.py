"""Features as a zipped shapefile, with a word on all that it cannot hold. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType
from typing import Any

import numpy as np
import pyogrio.raw

from backend.errors import refuse
from backend.geo.vector.archives import DATE, zipped
from backend.geo.vector.features import Features
from backend.geo.vector.fields import listed, shown
from backend.geo.vector.file_columns import DAYS, FINE_TIMES, Column, column, texts
from backend.geo.vector.file_description import Written
from backend.geo.vector.writing import all_with_heights, geometry_type, kinds_of, one_type, written

_FORMAT = "$.inputs.format"
_LONGEST_NAME = 10
_LONGEST_TEXT = 254
"""Both in bytes of UTF-8."""
_MOST_WHOLE = 10**18
"""Whole numbers from here on are read as floating-point ones again."""
_MOST = 1e20
"""Numbers from here on do not fit into the width that GDAL gives them."""
_RENAMED = 3
"""Fields of which the warning tells the new names."""
_SHAPES = ({"Point", "MultiPoint"}, {"LineString", "MultiLineString"}, {"Polygon", "MultiPolygon"})
_OPTIONS = {"ENCODING": "UTF-8", "DBF_DATE_LAST_UPDATE": "{:04}-{:02}-{:02}".format(*DATE)}
"""The table too is the same whenever it is made."""


def shapefile(features: Features, layer: str) -> Written[bytes]:
    """A zip of the files that make up a shapefile, in the features' CRS, its texts in UTF-8.

    Where fields have other names in it, one more file tells which.

    Raises:
        ProcessRefusedError: the geometries are of several kinds, or there are none.
    """
    made = all_with_heights(_of_one_kind(features))
    columns = [_column(values) for values in made.fields.values()]
    named = replace(made, fields=_named(made.fields)).warned(*_as_texts(made, columns), *_unheld_shift(made))
    kind = geometry_type(named)
    files = written(named, columns, layer, "ESRI Shapefile", kind, read=Path.read_bytes, options=_OPTIONS)
    # A table without fields gets one of GDAL's.
    losses = _losses(named, columns, _read_again(files, layer)) if named.fields else []
    renamed = [(short, name) for name, short in zip(made.fields, named.fields, strict=True) if name != short]
    if renamed:
        table = f"{layer}_fields.csv"
        files[table] = _table_of_names(renamed)
        losses.append(_renamings(renamed, table))
    return Written(zipped(files), named.warned(*losses))


def _of_one_kind(features: Features) -> Features:
    kinds = kinds_of(features)
    if not kinds:
        refuse("a shapefile needs geometries, and no feature has one: ask for csv or geopackage", _FORMAT)
    series = next((series for series in _SHAPES if kinds <= series), None)
    if series is None:
        told = ", ".join(sorted(kinds))
        refuse(f"a shapefile holds one kind of geometry, not {told}: ask for geopackage", _FORMAT)
    return one_type(features)


def _column(values: Sequence[Any]) -> Column:
    made = column(values, DAYS)
    if made.values.dtype.kind not in "if":
        return made
    largest = np.abs(made.values[~made.missing].astype(np.float64)).max(initial=0)
    fits = largest < (_MOST_WHOLE if made.values.dtype.kind == "i" else _MOST)
    return made if fits and not made.inexact else texts(values)


def _unheld_shift(features: Features) -> list[str]:
    """A warning of a CRS that tells how it lies to WGS 84, for which the .prj of a shapefile has no place."""
    if not features.crs.is_bound:
        return []
    told = "A shapefile cannot hold the datum shift to WGS 84 that the CRS has: whoever reads it finds the places"
    return [f"{told} elsewhere, by up to hundreds of metres. A GeoPackage keeps it."]


def _as_texts(features: Features, columns: Sequence[Column]) -> list[str]:
    """A warning of numbers that are written as texts, so that they keep their digits."""
    pairs = zip(features.fields.items(), columns, strict=True)
    names = [name for (name, values), one in pairs if one.values.dtype.kind == "O" and _are_numbers(values)]
    return [f"Numbers of more digits than a shapefile holds are texts in it: {listed(names)}."] if names else []


def _are_numbers(values: Sequence[Any]) -> bool:
    kinds = set[type](map(type, values)) - {NoneType}
    return bool(kinds) and kinds <= {int, float}


def _named(fields: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """The fields by names of ten bytes, which differ in more than case."""
    taken: set[str] = set()
    named: dict[str, Sequence[Any]] = {}
    # Those that fit keep their names, whichever way the others are cut.
    fitting = {name.lower() for name in fields if _cut(name, _LONGEST_NAME) == name}
    for name, values in fields.items():
        short, number = _cut(name, _LONGEST_NAME), 1
        while short.lower() in taken or (short != name and short.lower() in fitting):
            end = f"_{number}"
            short, number = _cut(name, _LONGEST_NAME - len(end)) + end, number + 1
        taken.add(short.lower())
        named[short] = values
    return named


def _renamings(renamed: Sequence[tuple[str, str]], table: str) -> str:
    """The warning of new names, of which all may be too many for a summary."""
    pairs = ", ".join(f"{shown(name)} is {short!r}" for short, name in renamed[:_RENAMED])
    some = ", such as" if len(renamed) > _RENAMED else ":"
    return f"{len(renamed)} fields have other names in the shapefile, which {table} in the zip tells{some} {pairs}."


def _table_of_names(renamed: Sequence[tuple[str, str]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([("shapefile_name", "original_name"), *renamed])
    return text.getvalue().encode()


def _cut(text: str, longest: int) -> str:
    return text.encode()[:longest].decode(errors="ignore")


def _read_again(files: Mapping[str, bytes], layer: str) -> list[Any]:
    """The columns as whoever reads the file gets them."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        return list(pyogrio.raw.read(Path(folder, f"{layer}.shp"), read_geometry=False, datetime_as_string=True)[3])


def _losses(features: Features, columns: Sequence[Column], found: Sequence[Any]) -> list[str]:
    """Warnings of what the file cannot hold, by what is in it."""
    found_in: dict[str, list[str]] = {}
    for name, one, again in zip(features.fields, columns, found, strict=True):
        lost = _of_texts(one, again) if one.values.dtype.kind == "O" else _of_numbers(one, again)
        lost += ["A shapefile has no times of day: they are texts"] if one.unheld in FINE_TIMES else []
        for text in lost:
            found_in.setdefault(text, []).append(name)
    return [f"{text}, in: {listed(names)}." for text, names in found_in.items()]


def _of_texts(one: Column, again: Any) -> list[str]:
    lost: list[str] = []
    pairs = [(text or "", back or "") for text, back in zip(one.values, again, strict=True)]
    if any(len(text.encode()) > _LONGEST_TEXT for text, _ in pairs):
        lost.append("Texts were cut to the 254 bytes that a shapefile holds")
    if any(text != back and len(text.encode()) <= _LONGEST_TEXT for text, back in pairs):
        lost.append("Spaces at the ends of texts are not kept")
    if any(text == "" for text in one.values):
        lost.append("Empty texts are the same as none in a shapefile")
    return lost


def _of_numbers(one: Column, again: Any) -> list[str]:
    lost: list[str] = []
    kind = one.values.dtype.kind
    there = ~one.missing
    if kind in "if" and (one.missing.any() or not np.isfinite(one.values).all()):
        lost.append("A shapefile has no null for numbers: where there is none, some programs will read 0")
        there &= np.isfinite(one.values)
    if kind == "f" and (one.values[there] != np.asarray(again, dtype=np.float64)[there]).any():
        lost.append("Numbers were rounded to 15 decimals")
    return lost
