"""Tools whose arguments are judged, and how."""

from collections.abc import Mapping
from typing import Any

import pytest

from mcp_server.errors import ArgumentProblem, InvalidArgumentsError
from mcp_server.execution.request import ExecuteRequest, build_request
from mcp_server.references import KeptReference, ResultReference
from mcp_server.schema.normalise import normalise
from mcp_server.schema.tool import ToolSpec, tool_spec

POINT = {"type": "Point", "coordinates": [7.1, 50.7]}
RESULT = ResultReference("local", "j1", "buffer")
KEPT = KeptReference("r1", "out")


def tool_with(**schemas: Any) -> ToolSpec:
    inputs = {name: {"schema": schema, "minOccurs": 0} for name, schema in schemas.items()}
    return tool_spec(normalise({"id": "p", "inputs": inputs}), name="p", server="local")


GEOMETRY = {"anyOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]}
BUFFER = tool_spec(
    normalise(
        {
            "id": "geometry-buffer",
            "inputs": {
                "geometry": {"description": "What to buffer.", "schema": GEOMETRY},
                "distance": {"description": "How far.", "schema": {"type": "number", "minimum": 0.001, "maximum": 1e6}},
                "units": {"schema": {"type": "string", "enum": ["metre", "kilometre", "foot"], "default": "metre"}},
                "resolution": {"schema": {"type": "integer", "exclusiveMinimum": 0}, "minOccurs": 0},
            },
        }
    ),
    name="geometry_buffer",
    server="local",
)


def sent(tool: ToolSpec, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    return build_request(tool, arguments).inputs


def problems_of(tool: ToolSpec, arguments: Mapping[str, Any] | None) -> list[ArgumentProblem]:
    with pytest.raises(InvalidArgumentsError) as raised:
        build_request(tool, arguments)
    return list(raised.value.problems)


def outcome(tool: ToolSpec, arguments: Mapping[str, Any]) -> ExecuteRequest | tuple[ArgumentProblem, ...]:
    try:
        return build_request(tool, arguments)
    except InvalidArgumentsError as error:
        return error.problems


def many(schema: Any, **occurrence: Any) -> ToolSpec:
    return tool_spec(normalise({"id": "p", "inputs": {"x": {"schema": schema, **occurrence}}}), name="p", server="s")


NESTED = {
    "type": "object",
    "properties": {
        "value": {"type": "number"},
        "uom": {"type": "string", "enum": ["m", "km"]},
        "at": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["value", "uom"],
    "additionalProperties": False,
}
