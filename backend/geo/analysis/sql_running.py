"""Runs a checked query in a database of its own, in memory, that reaches nothing else. Needs the extra `sql`."""

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn, cast

import duckdb
import numpy as np
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.analysis.sql_checking import check
from backend.geo.analysis.sql_tables import table_of
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.closed_database import LOCKED, SETTINGS
from backend.geo.vector.features import Features

MOST_ROWS = 200_000
SECONDS = 30.0
MEMORY = "1GB"
_SETTINGS = {
    **SETTINGS,
    "python_enable_replacements": "false",
    "memory_limit": MEMORY,
    "threads": "2",
}
_LOCKED = (
    # Longitude before latitude in every function on the ellipsoid.
    "SET geometry_always_xy = true",
    *LOCKED,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query."""

    fields: dict[str, list[Any]]
    """JSON values, all columns but the geometry."""
    shapes: Shapes | None
    """The first column of geometries; None where there is none."""
    rows: int
    warnings: tuple[str, ...]


def run_query(query: str, tables: Mapping[str, Features]) -> Answer:
    """Run one SELECT over features, all in one CRS.

    Raises:
        ProcessRefusedError: it is not allowed, is wrong, or takes too long, too much memory or too many rows.
    """
    projected = next(iter(tables.values())).crs.is_projected
    with duckdb.connect(":memory:", config={**_SETTINGS, "allow_unsigned_extensions": "true"}) as database:
        check(_tree(database, query), list(tables), projected=projected)
        database.execute(f"LOAD '{_signed(_extension())}'")
        warnings = _fill(database, tables)
        for setting in _LOCKED:
            database.execute(setting)
        timer = threading.Timer(SECONDS, database.interrupt)
        timer.start()
        try:
            cursor = database.execute(query)
            names = [(str(column[0]), str(column[1])) for column in cursor.description or []]
            rows = cursor.fetchmany(MOST_ROWS + 1)
        except duckdb.InterruptException:
            _refuse(f"the query took longer than {SECONDS:g} s")
        except duckdb.OutOfMemoryException:
            _refuse(f"the query needs more than {MEMORY} of memory")
        except duckdb.Error as error:
            _refuse(_told(error))
        finally:
            timer.cancel()
    if len(rows) > MOST_ROWS:
        _refuse(f"the query has more than {MOST_ROWS} rows: add a LIMIT, a condition or a GROUP BY")
    return _answer(names, rows, warnings)


def _told(error: duckdb.Error) -> str:
    text = str(error).split("\n\n")[0].replace("\n", " ")[:300]
    if "VARCHAR" in text and ("DATE" in text or "TIMESTAMP" in text):
        text += " (dates and times of features are texts: write CAST(name AS DATE) or CAST(name AS TIMESTAMP))"
    return text


def _tree(database: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    found = database.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchone()
    return json.loads(found[0]) if found else {"error": True}


def _fill(database: duckdb.DuckDBPyConnection, tables: Mapping[str, Features]) -> tuple[str, ...]:
    warnings: list[str] = []
    for name, features in tables.items():
        table = table_of(features, f"raw_{name}")
        # DuckDB reads NumPy arrays without pandas; its type hints do not say so.
        database.register(f"raw_{name}", cast("Any", table.columns))
        database.execute(f"CREATE TABLE {name} AS {table.select}")
        database.unregister(f"raw_{name}")
        warnings += table.warnings
    return tuple(warnings)


def _extension() -> Path:
    """The file of DuckDB's spatial extension, of the package that carries it."""
    found = find_spec("duckdb_extension_spatial")
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        path = Path(place) / "extensions" / f"v{duckdb.__version__}" / "spatial.duckdb_extension"
        if path.is_file() and "'" not in str(path):
            return path
    raise ProcessRefusedError(
        "DuckDB's spatial extension is missing or of another version: pip install 'ogc-processes-mcp[sql]'"
    )


@cache
def _signed(extension: Path) -> Path:
    """The extension, once DuckDB has found its signature right: hashing its 80 MB takes longer than most queries.

    What has been loaded stays in the process: later loads bring what was checked, whatever the file has become.
    """
    with duckdb.connect(":memory:", config=_SETTINGS) as database:
        database.execute(f"LOAD '{extension}'")
    return extension


def _answer(names: list[tuple[str, str]], rows: list[Any], warnings: tuple[str, ...]) -> Answer:
    told = list(warnings)
    spatial = [index for index, (_, kind) in enumerate(names) if _is_geometry(kind)]
    fields: dict[str, list[Any]] = {}
    lost = 0
    for index, (name, _) in enumerate(names):
        if spatial[:1] == [index]:
            continue
        column = [row[index] for row in rows]
        if index in spatial:
            column = shapely.to_wkt(_geometries(column)).tolist()
        values = [_json(value) for value in column]
        lost += sum(value is None and item is not None for value, item in zip(values, column, strict=True))
        if name in fields:
            told.append(f"Several columns are called {name!r}: the last one counts. Name them with AS.")
        fields[name] = values
    if lost:
        told.append(f"{lost} values that are no numbers (NaN, infinity) are null.")
    shapes = _geometries([row[spatial[0]] for row in rows]) if spatial else None
    return Answer(fields, shapes, len(rows), tuple(told))


def _is_geometry(kind: str) -> bool:
    """Whether it is the type of geometries, which may name a CRS in brackets; GEOMETRY_TYPE is that of their kinds."""
    return kind == "WKB_BLOB" or kind.partition("(")[0] == "GEOMETRY"


def _geometries(column: list[Any]) -> Shapes:
    binary = np.empty(len(column), dtype=object)
    binary[:] = column
    try:
        shapes = np.array(shapely.from_wkb(binary), dtype=object)
    except shapely.GEOSException as error:
        _refuse(f"the query makes a geometry that is none: {str(error).split('Exception: ')[-1].strip()}")
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        _refuse("the query makes a geometry whose coordinates are no finite numbers")
    return shapes


def _json(value: Any) -> Any:
    """What a value of DuckDB is in JSON; None for what is no number."""
    match value:
        case None | bool() | int() | str():
            told = value
        case float() | Decimal():
            told = float(value) if math.isfinite(value) else None
        case date() | time():
            told = value.isoformat()
        case bytes():
            told = value.hex()
        case dict():
            told = {str(key): _json(item) for key, item in cast("dict[Any, Any]", value).items()}
        case list() | tuple():
            told = [_json(item) for item in cast("list[Any]", value)]
        case _:
            told = str(value)
    return told


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.query")
