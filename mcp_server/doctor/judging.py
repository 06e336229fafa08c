"""A description → what becomes of it. Pure."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from mcp_server.catalog.records import Change, ToolEntry
from mcp_server.doctor.records import Example, InputFinding, OutputFinding, ProcessFinding
from mcp_server.errors import InvalidArgumentsError
from mcp_server.execution.request import build_request
from mcp_server.ogc.models import ProcessDescription
from mcp_server.protocol.tools import definition
from mcp_server.schema.combine import is_any
from mcp_server.schema.normalise import understood
from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.schema.portable import lint
from mcp_server.schema.process import DEMONSTRATION, InputSpec
from mcp_server.schema.text import brief
from mcp_server.schema.tool import ToolSpec, tool_spec
from mcp_server.texts import visible

_TITLE_LENGTH = 200


def judged(description: ProcessDescription, *, name: str, changed: Change | None = None) -> ProcessFinding:
    """What becomes of a process. `name` is that of its tool; `changed`, how its description changed last."""
    process = understood(description.id, description.raw)
    inputs = {one.id: one for one in process.inputs}
    spec = tool_spec(process, name=name, server=description.server.name)
    problems = refusals(spec, process.example) if process.example else ()
    example: Example = "none" if not process.example else "refused" if problems else "accepted"
    return ProcessFinding(
        id=process.id,
        title=brief(process.title, _TITLE_LENGTH),
        tool=name,
        size=tool_bytes(ToolEntry(description.server, description, spec)),
        modes=process.modes,
        inputs=tuple(_input(inputs[one], name, spec) for name, one in spec.argument_names.items()),
        outputs=tuple(OutputFinding(output.id, output.media_type) for output in process.outputs),
        repairs=process.diagnostics,
        example=example,
        example_problems=problems,
        faults=schema_faults(spec),
        demonstration=DEMONSTRATION in process.roles,
        changed=str(changed) if changed is not None else None,
    )


def refusals(spec: ToolSpec, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a call with these inputs, by their ids, would be refused before any request; empty where it would be sent."""
    names = {input_id: argument for argument, input_id in spec.argument_names.items()}
    try:
        build_request(spec, {names.get(input_id, input_id): value for input_id, value in inputs.items()})
    except InvalidArgumentsError as error:
        return tuple(visible(f"{one.path}: {one.message}") for one in error.problems)
    return ()


def schema_faults(spec: ToolSpec) -> tuple[str, ...]:
    """What clients would not take of a tool's schemas: the portable subset, and JSON Schema 2020-12 itself."""
    faults = lint(spec.input_schema)
    for schema in (spec.input_schema, spec.output_schema or {}):
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            faults.append(error.message)
    return tuple(faults)


def tool_bytes(entry: ToolEntry) -> int:
    """The size of a tool as a client receives it, output schema and annotations included."""
    return len(definition(entry).model_dump_json(by_alias=True, exclude_none=True).encode())


def type_words(schema: JsonObject) -> str:
    """The types that a portable schema takes: `number`, `string (3 values) or array of string`."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_words(as_object(one)) for one in as_list(schema["anyOf"])))
    kind = str(schema.get("type"))
    if kind == "array":
        items = type_words(as_object(schema.get("items")))
        return f"array of ({items})" if " or " in items else f"array of {items}"
    if "enum" in schema:
        return f"{kind} ({len(as_list(schema['enum']))} values)"
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _input(spec: InputSpec, argument: str, tool: ToolSpec) -> InputFinding:
    free = is_any(spec.schema)
    told = as_object(tool.input_schema["properties"].get(argument))
    return InputFinding(
        id=spec.id,
        argument=argument,
        type="any value" if free else type_words(told) if told else "not told",
        required=spec.required,
        by_reference=spec.by_reference,
        any_value=free,
    )
