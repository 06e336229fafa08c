"""What the author's own example tells against the author's own schema."""

from typing import Any

from mcp_server.schema.combine import branches, union
from mcp_server.schema.kinds import is_of_type, type_of
from mcp_server.schema.plain import JsonObject, is_number


def with_evidence(schema: JsonObject, value: Any) -> JsonObject:
    """The canonical schema, also taking the type or the listed value that the example shows to be taken.

    `value` does not fit the schema. One of the two is wrong, and only the server knows which.
    """
    same_type = [branch for branch in branches(schema) if is_of_type(value, branch["type"])]
    if not same_type:
        annotations = {key: schema[key] for key in ("description",) if key in schema}
        return union([*branches(schema), {"type": type_of(value)}]) | annotations
    if not any("enum" in branch for branch in same_type) or not (is_number(value) or isinstance(value, str)):
        return schema
    extended = [
        {**branch, "enum": [*branch["enum"], value]} if branch in same_type and "enum" in branch else branch
        for branch in branches(schema)
    ]
    return {**schema, "anyOf": extended} if "anyOf" in schema else extended[0]
