"""Layers one after the other in one: fields united by name, coordinates in one CRS."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features, settle
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import check_cells, listed, text_of
from backend.geo.vector.file_columns import plain
from backend.geo.vector.number_columns import NumberColumn

SOURCE_FIELD = "layer"
"""Added to merged features, as QGIS names it; with a number where a layer has a field of that name."""
_KINDS: Mapping[type, str] = {int: "numbers", float: "numbers", bool: "truth values", str: "texts"}
_PARTED = "objects or arrays"
_DIMENSIONS = ("points", "lines", "polygons")


@dataclass(frozen=True, slots=True)
class Layer:
    """Features that are to be one part of a merged layer."""

    features: Features
    name: str | None = None
    """Of the dataset and its layer, or as the GeoJSON is called; None where nothing tells it."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The features of all layers, and where they came from."""

    features: Features
    """With what is to be told of all layers."""
    layers: Sequence[Mapping[str, Any]]
    """Name, number of features, CRS and missing fields of each."""


def read_layer(value: Any) -> Layer:
    """Features as `read_features` reads them, and what they are called.

    Raises:
        ProcessRefusedError: they cannot be read.
    """
    if isinstance(value, DatasetFile):
        return Layer(read_features(value), f"{value.id}#{value.layer}" if value.layer else value.id)
    name = cast("Mapping[str, Any]", value).get("name") if isinstance(value, Mapping) else None
    return Layer(read_features(value), name if isinstance(name, str) and name else None)


def merge(layers: Sequence[Layer]) -> Merged:
    """All features of the layers, in their order.

    What is in one CRS stays there, else all come in longitude and latitude, edges straight between their vertices. A
    field is null where a layer does not have it; where layers have values of several kinds, they become texts. A
    further field tells the name of the layer that a feature is from, or else its number.

    Raises:
        ProcessRefusedError: a position has no longitude and latitude, or there are too many values.
    """
    names = _names(layers)
    crs, told = _common_crs(layers)
    parts = [_in_crs(layer.features, crs) for layer in layers]
    fields = list(dict.fromkeys(field for part in parts for field in part.fields))
    source_field = free_name(SOURCE_FIELD, fields)
    check_cells(len(fields) + 1, sum(map(len, parts)))
    warnings = [*told, *_told_by_layers(names, parts), *_missing_told(names, parts), *_alike_told(fields)]
    columns = {field: _column(field, names, parts, warnings) for field in fields}
    columns[source_field] = [name for name, part in zip(names, parts, strict=True) for _ in range(len(part))]
    shapes = np.concatenate([part.shapes for part in parts])
    warnings += _mixed_told(shapes)
    merged = Features(shapes, columns, crs, noise=max(part.noise for part in parts)).warned(*warnings)
    about = [
        {"layer": name, "features": len(part), "crs": code_of(layer.features.crs)} | _missing(part, fields)
        for name, layer, part in zip(names, layers, parts, strict=True)
    ]
    return Merged(merged, about)


def _names(layers: Sequence[Layer]) -> list[str]:
    names: list[str] = []
    for number, layer in enumerate(layers, 1):
        names.append(free_name(layer.name or str(number), names))
    return names


def _common_crs(layers: Sequence[Layer]) -> tuple[CRS, list[str]]:
    """The one CRS of all layers, else longitude and latitude, and what is to be told of that."""
    # A table has no geometries, and no CRS that would matter.
    placed = [layer.features.crs for layer in layers if layer.features.present.any()]
    if not placed or all(crs == placed[0] for crs in placed):
        return placed[0] if placed else CRS84, []
    found = ", ".join(dict.fromkeys(map(code_of, placed)))
    return CRS84, [f"The layers are in several CRSs ({found}): all are in longitude and latitude now (OGC:CRS84)."]


def _in_crs(features: Features, crs: CRS) -> Features:
    if not features.present.any():
        return Features(features.shapes, features.fields, crs, features.warnings)
    return features if features.crs == crs else settle(features.in_crs(crs))


def _missing(part: Features, fields: Sequence[str]) -> dict[str, list[str]]:
    missing = [field for field in fields if field not in part.fields] if len(part) else []
    return {"missing_fields": missing} if missing else {}


def _told_by_layers(names: Sequence[str], parts: Sequence[Features]) -> list[str]:
    """What was told of each layer, with its name."""
    return [f"{name}: {warning}" for name, part in zip(names, parts, strict=True) for warning in part.warnings]


def _missing_told(names: Sequence[str], parts: Sequence[Features]) -> list[str]:
    """Which fields some layers with features do not have."""
    filled = [(name, part) for name, part in zip(names, parts, strict=True) if len(part)]
    having = Counter(field for _, part in filled for field in part.fields)
    missing = [field for field, count in having.items() if count < len(filled)]
    return [f"Fields that not all layers have are null where they are missing: {listed(missing)}."] if missing else []


def _alike_told(fields: Sequence[str]) -> list[str]:
    folded = Counter(field.strip().casefold() for field in fields)
    alike = [field for field in fields if folded[field.strip().casefold()] > 1]
    if not alike:
        return []
    return [f"The fields {listed(alike)} differ in case or spaces alone; they stay fields of their own."]


def _mixed_told(shapes: NDArray[Any]) -> list[str]:
    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    counts = np.bincount(shapely.get_dimensions(there), minlength=len(_DIMENSIONS)).tolist()
    told = [f"{count} {kind}" for count, kind in zip(counts, _DIMENSIONS, strict=True) if count]
    if len(told) < 2:
        return []
    return [f"The layers hold geometries of several kinds ({', '.join(told)}), for which some formats have no layer."]


def _column(field: str, names: Sequence[str], parts: Sequence[Features], warnings: list[str]) -> Sequence[Any]:
    """The values of a field in all layers: as they are where they are of one kind, else as texts."""
    own = [part.fields.get(field) for part in parts]
    kinds = [_kinds(column) for column in own]
    values = [[None] * len(part) if column is None else column for column, part in zip(own, parts, strict=True)]
    if len(set[str]().union(*kinds)) < 2 or all(len(kind) > 1 for kind in kinds if kind):
        return _joined(values)
    told = [f"{' and '.join(sorted(kind))} in {name}" for name, kind in zip(names, kinds, strict=True) if kind]
    warnings.append(f"The field {field!r} holds {', '.join(told)}: all its values became texts.")
    return [None if value is None else text_of(_written(value)) for column in values for value in column]


def _written(value: Any) -> Any:
    return plain(value) if isinstance(value, dict | list) else value


def _kinds(column: Sequence[Any] | None) -> set[str]:
    if column is None:
        return set()
    if isinstance(column, NumberColumn):
        truth = column.values.dtype == np.bool_
        return ({"truth values"} if truth else {"numbers"}) if column.known.any() else set()
    return {_KINDS.get(kind, _PARTED) for kind in set[type](map(type, column)) - {NoneType}}


def _joined(columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
    numbers = [column for column in columns if isinstance(column, NumberColumn)]
    if len(numbers) == len(columns) and len({column.values.dtype for column in numbers}) == 1:
        known = np.concatenate([column.known for column in numbers])
        return NumberColumn.of(np.concatenate([column.values for column in numbers]), ~known)
    return [value for column in columns for value in column]
