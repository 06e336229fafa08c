"""Reads GeoParquet (version 1) by DuckDB, which reaches no other file. Needs the extra `sql`; for workers only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from backend.errors import refuse
from backend.geo.vector.closed_database import LOCKED, SETTINGS
from backend.geo.vector.fields import with_finite_numbers
from backend.geo.vector.file_values import as_written

_AS_BYTES = "SET enable_geoparquet_conversion = false"
_SIMPLE = (str, int, float, bytes, date, time, Decimal)
_PATTERN = frozenset("*?[")
"""In a path they would stand for other files."""


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """What stands in a file."""

    columns: Mapping[str, Sequence[Any]]
    """All but that of geometries; missing values are None."""
    geometries: Sequence[bytes | None] | None
    """WKB; None where the file does not say that it has any."""
    crs: str | None
    """Code or PROJJSON; None where the file says that it is not known."""
    spherical: bool
    """Edges are meant as shortest paths on the Earth."""


def read_parquet(path: Path) -> ParquetTable:
    """The rows of one file.

    Raises:
        ProcessRefusedError: it is no Parquet, or its geometries are in a form that is not read.
    """
    if _PATTERN & set(str(path)):
        refuse("its path holds one of * ? [, which stand for other files here; rename it")
    with duckdb.connect(":memory:", config=SETTINGS) as database:
        try:
            database.execute("SET allowed_paths = $1", [[str(path)]])
            for setting in (_AS_BYTES, *LOCKED):
                database.execute(setting)
            query = "SELECT decode(value) FROM parquet_kv_metadata($1) WHERE decode(key) = 'geo'"
            told = database.execute(query, [str(path)]).fetchone()
            cursor = database.execute("SELECT * FROM read_parquet($1)", [str(path)])
            names = [str(column[0]) for column in cursor.description or ()]
            singles = {str(column[0]) for column in cursor.description or () if str(column[1]) == "FLOAT"}
            rows = cursor.fetchall()
        except duckdb.Error as error:
            refuse(str(error).partition("\n")[0].replace(str(path), "it")[:200])
    values: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    columns = {
        name: _decimals(column) if name in singles else _plain(column)
        for name, column in zip(names, values, strict=True)
    }
    if told is None:
        return ParquetTable(columns, None, None, spherical=False)
    return _with_geometries(columns, _geometry(str(told[0])))


@dataclass(frozen=True, slots=True)
class _Geometry:
    name: str
    members: Mapping[str, Any]
    """What the metadata say of the column."""


def _geometry(metadata: str) -> _Geometry:
    try:
        document: Any = json.loads(metadata)
        name = document["primary_column"]
        members = document["columns"][name]
        encoding = members["encoding"]
    except (ValueError, RecursionError, KeyError, TypeError):
        refuse("its GeoParquet metadata do not tell a column of geometries")
    if encoding != "WKB":
        refuse(
            f"its geometries are encoded as {str(encoding)[:40]}; WKB is read, which GeoPandas writes by "
            "geometry_encoding='WKB'"
        )
    return _Geometry(name, members)


def _with_geometries(columns: dict[str, list[Any]], geometry: _Geometry) -> ParquetTable:
    if geometry.name not in columns:
        refuse(f"it has no column {geometry.name[:80]!r}, which its metadata say the geometries are in")
    geometries = [None if one is None else bytes(one) for one in columns.pop(geometry.name)]
    # Boxes by which rows are found: of no meaning once a geometry is another one.
    columns = {name: values for name, values in columns.items() if name not in _covering(geometry)}
    declared: Any = geometry.members.get("crs", "OGC:CRS84")
    crs = declared if declared is None or isinstance(declared, str) else json.dumps(declared)
    return ParquetTable(columns, geometries, crs, spherical=geometry.members.get("edges") == "spherical")


def _covering(geometry: _Geometry) -> frozenset[str]:
    """The names of the columns that hold the bounding boxes of the geometries."""
    try:
        paths: list[list[str]] = list(geometry.members["covering"]["bbox"].values())
        return frozenset(str(path[0]) for path in paths)
    except (KeyError, TypeError, AttributeError, IndexError):
        return frozenset()


def _plain(column: Sequence[Any]) -> list[Any]:
    """Numbers and texts as they are, and what is neither, nor a time, as JSON has it."""
    if all(value is None or isinstance(value, _SIMPLE) for value in column):
        return list(column)
    return with_finite_numbers([one if isinstance(one, _SIMPLE) else _as_json(one) for one in column])


def _decimals(column: Sequence[float | None]) -> list[float | None]:
    """Numbers of single precision as the decimals that they stand for."""
    decimals = as_written(np.array(column, dtype=np.float32)).tolist()
    return [None if value is None else decimal for value, decimal in zip(column, decimals, strict=True)]


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda part: float(part) if isinstance(part, Decimal) else str(part)))
