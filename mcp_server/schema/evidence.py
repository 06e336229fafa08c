"""What the author's own example tells against the author's own schema."""

from typing import Any

from mcp_server.schema.combine import annotations, branches, is_any, union
from mcp_server.schema.kinds import is_of_type, type_of
from mcp_server.schema.plain import JsonObject, as_list, as_object, is_number


def with_evidence(schema: JsonObject, value: Any) -> JsonObject:
    """The canonical schema, also taking the type, the listed value or the nulls that the example shows to be taken.

    `value` does not fit the schema. One of the two is wrong, and only the server knows which.
    """
    schema = _with_nulls(schema, value)
    same_type = [branch for branch in branches(schema) if is_of_type(value, branch["type"])]
    if not same_type:
        return union([*branches(schema), {"type": type_of(value)}]) | annotations(schema)
    if not any("enum" in branch for branch in same_type) or not (is_number(value) or isinstance(value, str)):
        return schema
    extended = [
        {**branch, "enum": [*branch["enum"], value]} if branch in same_type and "enum" in branch else branch
        for branch in branches(schema)
    ]
    return {**schema, "anyOf": extended} if "anyOf" in schema else extended[0]


def _with_nulls(schema: JsonObject, value: Any) -> JsonObject:
    """The schema, taking null for those members of arrays and objects that are null in the example: an open range."""
    if is_any(schema):
        return schema
    if value is None:
        return union([*branches(schema), {"type": "null"}]) | annotations(schema)
    wider = [_with_null_members(branch, value) for branch in branches(schema)]
    return {**schema, "anyOf": wider} if "anyOf" in schema else wider[0]


def _with_null_members(branch: JsonObject, value: Any) -> JsonObject:
    if branch["type"] == "array" and "items" in branch:
        items: JsonObject = branch["items"]
        for member in as_list(value):
            items = _with_nulls(items, member)
        return {**branch, "items": items}
    if branch["type"] == "object" and "properties" in branch:
        shown = as_object(value)
        members: JsonObject = {
            name: _with_nulls(member, shown[name]) if name in shown else member
            for name, member in branch["properties"].items()
        }
        return {**branch, "properties": members}
    return branch
