"""A canonical process → an MCP tool."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp_server.ogc.documents import compact
from mcp_server.schema.inputs import input_property
from mcp_server.schema.names import argument_names
from mcp_server.schema.outputs import output_schema, told_outputs
from mcp_server.schema.plain import JsonObject
from mcp_server.schema.process import CanonicalProcess
from mcp_server.schema.reduction import DETAILS, any_value
from mcp_server.schema.text import brief
from mcp_server.schema.validation import fits
from mcp_server.settings import EMBEDDED
from mcp_server.texts import is_harmless

_DESCRIPTION_LENGTH = 400
_INPUTS_LENGTH = 2000
"""What is longer is told in less detail."""
_MOST_INPUTS_LENGTH = 20_000
"""No model can read more of one tool: of what is longer still, as much is told as there is room for."""
_TITLE_LENGTH = 80
_EXAMPLE_LENGTH = 200
_OUTPUTS_LENGTH = 120


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A process as a tool."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    """Of the portable subset (portable.py)."""
    output_schema: dict[str, Any] | None
    """None: the tool answers with content alone."""
    argument_names: Mapping[str, str]
    """Property of the tool → id of the input."""
    process: CanonicalProcess


def tool_spec(process: CanonicalProcess, *, name: str, server: str) -> ToolSpec:
    """Make a tool of a process. `server` is told in the title unless it is the embedded backend."""
    names = argument_names(spec.id for spec in process.inputs)
    schema = _input_schema(process, names)
    title = brief(process.title or process.id, _TITLE_LENGTH) or name
    return ToolSpec(
        name=name,
        title=title if server == EMBEDDED else f"{title} ({server})",
        description=_description(process, names, schema),
        input_schema=schema,
        output_schema=output_schema(process),
        argument_names={name: input_id for input_id, name in names.items()},
        process=process,
    )


def _input_schema(process: CanonicalProcess, names: Mapping[str, str]) -> JsonObject:
    """The schema of all inputs, in as much detail as a model can afford to read."""
    schema: JsonObject = {}
    for detail in DETAILS:
        schema = {
            "type": "object",
            "properties": {names[spec.id]: input_property(spec, detail) for spec in process.inputs},
            "required": [names[spec.id] for spec in process.inputs if spec.required],
            "additionalProperties": False,
        }
        if len(compact(schema)) <= _INPUTS_LENGTH:
            break
    return schema if len(compact(schema)) <= _MOST_INPUTS_LENGTH else _within_bounds(schema)


def _within_bounds(schema: JsonObject) -> JsonObject:
    """The schema of as many inputs as there is room for, by their names and types, the required ones first.

    What is not told is taken all the same: arguments are checked against the process itself.
    """
    required: list[str] = schema["required"]
    told: JsonObject = {}
    room = _MOST_INPUTS_LENGTH
    for name in dict.fromkeys([*required, *schema["properties"]]):
        one = _by_type(schema["properties"][name])
        room -= len(compact({name: one}))
        if room < 0:
            break
        told[name] = one
    return {**schema, "properties": told, "required": [name for name in required if name in told]}


def _by_type(one: JsonObject) -> JsonObject:
    """An input of which the type is told; any value where there are several, or it has parts."""
    kind = one.get("type")
    return {"type": kind} if kind not in (None, "array") else any_value(DETAILS[-1])


def _description(process: CanonicalProcess, names: Mapping[str, str], schema: JsonObject) -> str:
    text = brief(process.description, _DESCRIPTION_LENGTH) or brief(process.title or process.id, _TITLE_LENGTH)
    returns = brief(told_outputs(process), _OUTPUTS_LENGTH)
    untold = len(process.inputs) - len(schema["properties"])
    more = f"{untold} more inputs are told in its whole description alone." if untold else ""
    return "\n".join(part for part in (text, more, returns, _example(process, names, schema)) if part)


def _example(process: CanonicalProcess, names: Mapping[str, str], schema: JsonObject) -> str:
    """The author's example as arguments, where it is short and right."""
    if not process.example:
        return ""
    arguments = {names[input_id]: value for input_id, value in process.example.items()}
    written = compact(arguments)
    if len(written) > _EXAMPLE_LENGTH or not is_harmless(process.example) or not fits(arguments, schema):
        return ""
    return f"Example: {written}"
