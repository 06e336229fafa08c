"""Features as tables of DuckDB."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from backend.geo.vector.closed_database import quoted_name
from backend.geo.vector.features import Features
from backend.geo.vector.fields import is_number, text_of
from backend.geo.vector.file_columns import without_none
from backend.geo.vector.writable import clean_fields

GEOMETRY = "geometry"
_WHOLE: Mapping[str, tuple[int, int, type[np.generic]]] = {
    "BIGINT": (-(2**63), 2**63 - 1, np.int64),
    "UBIGINT": (0, 2**64 - 1, np.uint64),
}
"""DuckDB's types of whole numbers with the least and the greatest of them."""
type Column = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as DuckDB reads them, and the query that makes a table of them."""

    columns: dict[str, Column]
    select: str
    warnings: tuple[str, ...]


def table_of(features: Features, raw: str) -> Table:
    """The table of features: a column for each field, and their geometries; `raw` is the name of the columns' view.

    Names are told apart without regard to case, as SQL does.
    """
    shapes = without_none(shapely.to_wkb(features.shapes, flavor="iso"), b"")
    columns: dict[str, Column] = {"g": shapes, "n": shapely.is_missing(features.shapes)}
    parts = [f'ST_GeomFromWKB(CASE WHEN n THEN NULL ELSE g END) AS "{GEOMETRY}"']
    fields, warnings = clean_fields(features.fields)
    taken = {GEOMETRY}
    for number, (name, values) in enumerate(fields.items()):
        free = _free(name, taken)
        if free != name:
            warnings.append(
                f"The field {name!r} is called {free!r}: SQL takes no two columns that differ in case only."
            )
        taken.add(free.lower())
        kind, columns[f"v{number}"] = _column(values)
        columns[f"n{number}"] = np.array([value is None for value in values], dtype=bool)
        parts.append(f"CASE WHEN n{number} THEN NULL ELSE v{number} END::{kind} AS {quoted_name(free)}")
    return Table(columns, f"SELECT {', '.join([*parts[1:], parts[0]])} FROM {raw}", tuple(warnings))  # noqa: S608


def _free(name: str, taken: set[str]) -> str:
    free, number = name or "field", 1
    while free.lower() in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _column(values: Sequence[Any]) -> tuple[str, Column]:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool) for value in present):
        return "BOOLEAN", np.array([bool(value) for value in values])
    if present and all(is_number(value) for value in present):
        for kind, (least, greatest, dtype) in _WHOLE.items():
            if all(isinstance(value, int) and least <= value <= greatest for value in present):
                return kind, np.array([value or 0 for value in values], dtype=dtype)
        return "DOUBLE", np.array([value or 0 for value in values], dtype=np.float64)
    return "VARCHAR", without_none((None if value is None else text_of(value) for value in values), "")
