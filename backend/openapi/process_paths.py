"""Paths of single processes: their own request and result schemas, made of their descriptions. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from backend.openapi.execution import Answer, execute_operation
from backend.openapi.keywords import members
from backend.openapi.names import component_name
from backend.openapi.parameters import parameter
from backend.openapi.paths import ANY_PAGE, PROCESSES, PathItem
from backend.openapi.responses import problems, response
from backend.openapi.standard_schemas import qualified, schema_of
from backend.openapi.translation import Schema, translate
from backend.processes.occurrences import max_occurs, min_occurs, schema_of_input

type Description = Mapping[str, Any]

_REQUEST = ("inputs", "outputs", "response", "mode")


@dataclass(frozen=True, slots=True)
class Process:
    """A process on offer."""

    description: Description
    """As it is served."""
    media_types: Mapping[str, Collection[str]]
    """Output id → the media types it is declared to come as; JSON where it says nothing of them."""


@dataclass(frozen=True, slots=True)
class ProcessPaths:
    """What one process adds to the document."""

    paths: dict[str, PathItem]
    schemas: dict[str, Schema]


def process_paths(process: Process) -> ProcessPaths:
    """The two resources of a process."""
    description = process.description
    process_id = str(description["id"])
    schemas: dict[str, Schema] = {}
    inputs = _inputs(process_id, description, schemas)
    outputs = _outputs(process_id, process, schemas)
    title = _text(description, "title") or process_id
    name = component_name("execute", process_id)
    schemas[name] = _request(inputs, outputs)
    example = description.get("example")
    media = {"example": _request_example(cast("Description", example))} if isinstance(example, Mapping) else {}
    operation = execute_operation(name, f"Run: {title}", schema_of(name), _answer(outputs), **media)
    explanation = _text(description, "description")
    described = {
        "operationId": component_name("describe", process_id),
        "summary": f"The description of: {title}",
        "tags": [PROCESSES],
        "parameters": [parameter("f")],
        "responses": {
            "200": response("Process"),
            **problems("Page", *ANY_PAGE),
        },
    }
    path = f"/processes/{quote(process_id, safe='')}"
    run = {"tags": [PROCESSES], **({"description": explanation} if explanation else {}), **operation}
    return ProcessPaths({path: {"get": described}, f"{path}/execution": {"post": run}}, schemas)


@dataclass(frozen=True, slots=True)
class _Inputs:
    schema: Schema
    required: bool


@dataclass(frozen=True, slots=True)
class _Output:
    schema: Schema
    media_types: Collection[str]


def _inputs(process_id: str, description: Description, schemas: dict[str, Schema]) -> _Inputs:
    """The object of all inputs; any where they are not described by id."""
    described = description.get("inputs", {})
    if not isinstance(described, Mapping):
        return _Inputs({"type": "object", "additionalProperties": True}, required=False)
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for name, one in cast("Mapping[str, Any]", described).items():
        input_ = members(one)
        properties[name] = _input(component_name("input", process_id, name), input_, schemas)
        if min_occurs(input_) > 0:
            required.append(name)
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return _Inputs(schema | ({"required": required} if required else {}), required=bool(required))


def _input(component: str, described: Description, schemas: dict[str, Schema]) -> Schema:
    """A value, a qualified value or a link; an array of them where it may occur more than once."""
    schemas |= _component(component, described)
    value = schema_of(component)
    one: Schema = {"anyOf": [value, qualified(value), schema_of("link")]}
    least, most = min_occurs(described), max_occurs(described)
    if most != 1:
        several: Schema = {"type": "array", "items": one, "minItems": max(1, least)}
        if most is not None:
            several["maxItems"] = most
        one = several if least > 1 else {"anyOf": [*one["anyOf"], several]}
    text = _text(described, "description") or _text(described, "title")
    return {"description": text, **one} if text else one


def _component(component: str, described: Description) -> dict[str, Schema]:
    translated = translate(schema_of_input(described), component)
    texts = {key: text for key in ("title", "description") if (text := _text(described, key))}
    own = {**texts, **translated.schema} if "$ref" not in translated.schema else {**texts, "allOf": [translated.schema]}
    return {**translated.components, component: own}


def _outputs(process_id: str, process: Process, schemas: dict[str, Schema]) -> dict[str, _Output]:
    found: dict[str, _Output] = {}
    for name, one in members(process.description.get("outputs")).items():
        component = component_name("output", process_id, name)
        schemas |= _component(component, members(one))
        found[name] = _Output(schema_of(component), process.media_types.get(name) or ("application/json",))
    return found


def _request(inputs: _Inputs, outputs: Mapping[str, _Output]) -> Schema:
    selection: Schema = {"type": "object", "properties": {name: schema_of("output") for name in outputs}}
    selection["additionalProperties"] = not outputs
    properties = {"inputs": inputs.schema, "outputs": selection}
    properties |= {"response": schema_of("response"), "mode": schema_of("mode")}
    return {"type": "object", "properties": properties, **({"required": ["inputs"]} if inputs.required else {})}


def _answer(outputs: Mapping[str, _Output]) -> Answer:
    single: dict[str, Any] = {}
    for output in outputs.values():
        for media_type in sorted(output.media_types):
            single.setdefault(media_type, {"anyOf": []})["anyOf"].append(output.schema)
    results: Schema = {"type": "object"}
    results["properties"] = {name: _sent(output) for name, output in outputs.items()}
    return Answer(single, results, several=len(outputs) > 1)


def _sent(output: _Output) -> Schema:
    """An output within a results document."""
    return {"anyOf": [output.schema, qualified({}), schema_of("link")]}


def _request_example(example: Description) -> dict[str, Any]:
    return {name: value for name, value in example.items() if name in _REQUEST}


def _text(described: Description, key: str) -> str | None:
    text = described.get(key)
    return text if isinstance(text, str) and text else None
