"""What a query may do, decided on its syntax tree before it runs: read the tables that were given, and compute."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NoReturn, cast

from backend.errors import ProcessRefusedError
from backend.geo.vector.fields import listed

type Tree = Mapping[str, Any]

TABLE_FUNCTIONS = frozenset(("range", "generate_series", "unnest"))
"""All others read files, settings or other databases."""
CLOSED = frozenset((
    "current_setting", "getenv", "getvariable", "nextval", "currval", "write_log", "setseed",
    # Definitions of a CRS may name files, and authority codes are what transform-coordinates takes.
    "st_transform", "st_setcrs",
))  # fmt: skip
IN_UNITS = frozenset((
    "st_area", "st_length", "st_perimeter", "st_distance", "st_dwithin", "st_buffer", "st_distance_3d", "st_3ddistance",
))  # fmt: skip
"""Functions whose result or argument is in units of the coordinates."""
ON_THE_ELLIPSOID = ("_spheroid", "_sphere")


def check(document: Tree, tables: Collection[str], *, projected: bool) -> None:
    """Refuse a query that is more than one SELECT over the tables, or takes degrees for metres.

    `document` is what DuckDB's json_serialize_sql makes of the query; `projected` says that coordinates are in a plane.

    Raises:
        ProcessRefusedError: tells what is not allowed and what is.
    """
    if document.get("error_type") == "not implemented":
        _refuse("only SELECT is run, one at a time: a query reads the tables and changes nothing")
    if document.get("error"):
        _refuse(f"the query is no SELECT that can be read: {str(document.get('error_message'))[:200]}")
    statements: list[Any] = document["statements"]
    if not statements:
        _refuse("the query is empty: give one SELECT")
    if len(statements) > 1:
        _refuse("one query is run at a time: leave out all but one")
    nodes = list(_nodes(statements[0]))
    named = {str(entry["key"]).lower() for node in nodes for entry in _entries(node)}
    for node in nodes:
        kind = node.get("type")
        if kind == "SHOW_REF":
            _refuse("only SELECT is run; describe-dataset tells of fields and types")
        if kind == "BASE_TABLE":
            _check_table(node, named.union(tables), tables)
        if kind == "TABLE_FUNCTION":
            _check_table_function(node)
        if node.get("class") == "FUNCTION":
            _check_function(str(node.get("function_name")).lower(), projected=projected)


def _check_table(node: Tree, allowed: Collection[str], tables: Collection[str]) -> None:
    name = str(node.get("table_name"))
    if node.get("schema_name") or node.get("catalog_name") or name.lower() not in allowed:
        _refuse(f"there is no table {name[:60]!r}; the inputs are the tables {listed(tables)}")


def _check_table_function(node: Tree) -> None:
    function = cast("Tree", node.get("function") or {})
    name = str(function.get("function_name")).lower()
    if name not in TABLE_FUNCTIONS or function.get("schema") or function.get("catalog"):
        _refuse(f"{name[:60]} is not available: a query reads the tables that are its inputs and nothing else")


def _check_function(name: str, *, projected: bool) -> None:
    if name in CLOSED:
        also = "; use the output features of transform-coordinates" if name.startswith("st_") else ""
        _refuse(f"{name} is not available{also}")
    if not projected and name in IN_UNITS:
        _refuse(
            f"{name} counts in degrees here, which are no lengths: bring the features to a projected CRS first (the "
            "output features of transform-coordinates), or use ST_Area_Spheroid, ST_Length_Spheroid, ST_Distance_Sphere"
        )
    if projected and name.startswith("st_") and name.endswith(ON_THE_ELLIPSOID):
        _refuse(
            f"{name} takes longitude and latitude, but the coordinates are in a plane: without the suffix it counts "
            "there, which is true in a CRS made for the place; else bring the features to OGC:CRS84 "
            "(transform-coordinates)"
        )


def _nodes(value: Any) -> Iterator[Tree]:
    """Every object of a JSON document."""
    pending = [value]
    while pending:
        item: Any = pending.pop()
        if isinstance(item, dict):
            node = cast("dict[str, Any]", item)
            yield node
            pending.extend(node.values())
        elif isinstance(item, list):
            pending.extend(cast("list[Any]", item))


def _entries(node: Tree) -> list[Tree]:
    """Names that WITH gives to queries."""
    names: Any = node.get("cte_map")
    return cast("list[Tree]", names["map"]) if isinstance(names, dict) and "map" in names else []


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.query")
