"""`sql`: a query over features."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated, Any, NotRequired, TypedDict

from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.vector.bending import in_one_crs
from backend.geo.vector.features import Features as Record
from backend.processes.base import Output, process
from backend.processes.inputs import Features

NAMES: tuple[str, ...] = ("features", "other")
METHOD = "DuckDB with its spatial extension; functions named Spheroid measure on WGS 84, longitude before latitude"


class Answered(TypedDict):
    """Features where the query gives geometries, else rows."""

    features: NotRequired[Mapping[str, Any]]
    rows: NotRequired[dict[str, Any]]


@process(
    id="sql",
    title="Spatial SQL query",
    keywords=["SQL", "DuckDB", "query", "select", "join", "aggregate", "vector", "table"],
    output=[
        Output(id="features", description="With geometries.", media_type="application/geo+json"),
        Output(id="rows", description="Without."),
    ],
    toolsets=("analysis",),
    idempotent=True,
    links=[
        {
            "rel": "about",
            "href": "https://duckdb.org/docs/stable/core_extensions/spatial/functions",
            "type": "text/html",
            "title": "DuckDB: spatial functions",
        }
    ],
    example={"features": "POINT (13 52)", "query": "SELECT ST_X(geometry) AS lon FROM features"},
)
def sql(
    features: Annotated[Features, Field(description="Table features.")],
    query: Annotated[
        str, Field(min_length=1, max_length=20_000, description="SELECT; column geometry, fields by name.")
    ],
    other: Annotated[Features | None, Field(description="Table other.")] = None,
) -> Answered:
    """Run one read-only SQL SELECT (DuckDB spatial) over features."""
    if find_spec("duckdb") is None:
        raise ProcessRefusedError("SQL needs the extra sql: pip install 'ogc-processes-mcp[sql]'")
    from backend.geo.analysis.sql_lengths import untrue_lengths
    from backend.geo.analysis.sql_running import run_query

    layers = in_one_crs(features, other) if other is not None else (features,)
    answer = run_query(query, dict(zip(NAMES, layers, strict=False)))
    read = [warning for layer in layers for warning in layer.warnings]
    warnings = list(dict.fromkeys([*read, *answer.warnings, *untrue_lengths(query, layers)]))
    about: dict[str, Any] = {
        "method": METHOD,
        "crs_decision": f"coordinates in the {layers[0].plane}",
        "count": answer.rows,
    }
    if answer.shapes is None:
        names = list(answer.fields)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*answer.fields.values(), strict=True)]
        return {"rows": {"rows": rows, **about, "warnings": warnings}}
    from backend.geo.vector.collections import feature_collection

    found = Record(answer.shapes, answer.fields, layers[0].crs)
    return {"features": feature_collection(found, warnings=warnings, **about)}
