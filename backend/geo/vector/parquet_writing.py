"""Writes GeoParquet (version 1.1) by DuckDB, which reaches no other file. Needs the extra `sql`; for workers only."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import shapely

from backend.geo.geodesy.crs import CRS84
from backend.geo.vector.closed_database import LOCKED, SETTINGS, quoted_name, quoted_text
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.file_columns import DAYS, FINE_TIMES, Column, without_none
from backend.geo.vector.file_description import Written
from backend.geo.vector.writing import all_in_utc, all_named, check_names, kinds_of, typed

_GEOMETRY = "geometry"


def geoparquet(features: Features, layer: str) -> Written[bytes]:
    """A GeoParquet in the features' CRS; the column of geometries is called `geometry`, or the next free name.

    Raises:
        ProcessRefusedError: names of fields differ in case alone, which DuckDB does not tell apart.
    """
    check_names(features, "GeoParquet by DuckDB")
    features = all_named(features)
    columns, told = all_in_utc(*typed(features, DAYS | FINE_TIMES), "a GeoParquet")
    name = free_name(_GEOMETRY, {field.lower() for field in features.fields}, "_")
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:", config=SETTINGS) as database:
        database.execute("SET allowed_directories = $1", [[folder]])
        for setting in LOCKED:
            database.execute(setting)
        path = Path(folder, f"{layer}.parquet")
        database.register("made", _arrays(features, columns))
        query, metadata = _query(list(features.fields), columns, name), json.dumps(_metadata(features, name))
        database.execute(
            f"COPY ({query}) TO {quoted_text(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{geo: {quoted_text(metadata)}}})"
        )
        return Written(path.read_bytes(), told)


def _arrays(features: Features, columns: Sequence[Column]) -> dict[str, Any]:
    """By names of their own: DuckDB takes no masks, and no numbers of days."""
    shapes = without_none(shapely.to_wkb(features.shapes, flavor="iso"), b"")
    arrays: dict[str, Any] = {"g": shapes, "m": shapely.is_missing(features.shapes)}
    for at, one in enumerate(columns):
        arrays |= {f"v{at}": _array(one), f"m{at}": one.missing}
    return arrays


def _array(one: Column) -> Any:
    if one.values.dtype.kind == "O":
        return without_none(one.values, "")
    return one.values.astype("datetime64[us]") if one.values.dtype.kind == "M" else one.values


def _query(names: Sequence[str], columns: Sequence[Column], geometry: str) -> str:
    chosen = [
        f"CASE WHEN m{at} THEN NULL ELSE {_cast(f'v{at}', one)} END AS {quoted_name(name)}"
        for at, (name, one) in enumerate(zip(names, columns, strict=True))
    ]
    shape = f"CASE WHEN m THEN NULL ELSE g::BLOB END AS {quoted_name(geometry)}"
    return f"SELECT {', '.join([*chosen, shape])} FROM made"  # noqa: S608  # all names are quoted


def _cast(value: str, one: Column) -> str:
    if one.values.dtype.kind == "M" and one.zones is None:
        return f"{value}::DATE" if np.datetime_data(one.values.dtype)[0] in DAYS else value
    if one.zones is not None:
        return f"timezone('UTC', {value})"
    return f"{value}::VARCHAR" if one.values.dtype.kind == "O" else value


def _metadata(features: Features, name: str) -> dict[str, Any]:
    """What GeoParquet asks a file to tell of its geometries."""
    present = features.shapes[features.present]
    high = shapely.has_z(features.shapes)
    kinds = kinds_of(features.take(~high)) | {f"{kind} Z" for kind in kinds_of(features.take(high))}
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": sorted(kinds)}
    if features.crs != CRS84:
        column["crs"] = features.crs.to_json_dict()
    if len(present):
        column["bbox"] = shapely.total_bounds(present).tolist()
    return {"version": "1.1.0", "primary_column": name, "columns": {name: column}}
