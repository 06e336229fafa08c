"""Small process descriptions."""

from typing import Any

from mcp_server.schema.normalise import normalise
from mcp_server.schema.process import InputSpec


def described(inputs: Any, **members: Any) -> dict[str, Any]:
    return {"id": "p", "version": "1", "inputs": inputs, **members}


def only_input(raw: Any, **members: Any) -> InputSpec:
    (spec,) = normalise(described({"x": raw}, **members)).inputs
    return spec


def schema_of(schema: Any) -> dict[str, Any]:
    return only_input({"schema": schema}).schema
