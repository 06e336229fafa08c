"""Arguments of a tool call → execute request: validated whole, mended where there is one reading. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from mcp_server.errors import ArgumentProblem, InvalidArgumentsError
from mcp_server.schema.coercion import meant, meant_inside, parsed_json
from mcp_server.schema.combine import branches
from mcp_server.schema.examples import unqualified
from mcp_server.schema.explanation import MOST_EXPLAINED, explained, name_meant
from mcp_server.schema.plain import JsonObject
from mcp_server.schema.process import InputSpec
from mcp_server.schema.references import accepted, occurring
from mcp_server.schema.referencing import with_references
from mcp_server.schema.sendable import unsendable
from mcp_server.schema.text import brief
from mcp_server.schema.tool import ToolSpec
from mcp_server.schema.validation import fits, violations

_PROBLEMS_PER_INPUT = 8
_SHOWN_NAME = 80
_READ_NAME = 200


@dataclass(frozen=True, slots=True)
class ExecuteRequest:
    """One execution, ready to be sent once its references are resolved."""

    process_id: str
    inputs: dict[str, Any]
    """Values by input id; a `ValueReference` stands where the value is given by reference."""


def build_request(tool: ToolSpec, arguments: Mapping[str, Any] | None) -> ExecuteRequest:
    """Validate the arguments of a call and key them by input id.

    What connectors are known to do is mended: the inputs wrapped in `inputs`, objects, arrays and numbers sent as JSON
    texts, null for an optional input, an input's own id in place of the tool's name for it.
    Raises: InvalidArgumentsError with every problem, its JSON path and, where there is one, what would be right.
    """
    specs = {spec.id: spec for spec in tool.process.inputs}
    problems: list[ArgumentProblem] = []
    inputs: dict[str, Any] = {}
    given = _unwrapped(tool, arguments or {})
    unknown = 0
    for name, value in given.items():
        spec = specs.get(tool.argument_names.get(name, name))
        if spec is None:
            problems.append(_unknown(name, given, tool, explain=unknown < MOST_EXPLAINED))
            unknown += 1
        elif value is not None:
            inputs[spec.id], wrong = _taken(spec, value, f"$.{name}")
            problems += wrong
    problems += [
        _missing(name, specs[input_id], null=given.get(name, "") is None)
        for name, input_id in tool.argument_names.items()
        if specs[input_id].required and input_id not in inputs
    ]
    if problems:
        raise InvalidArgumentsError(problems)
    return ExecuteRequest(tool.process.id, inputs)


def _unwrapped(tool: ToolSpec, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments without the `inputs` around them that callers of the HTTP API are used to."""
    if set(arguments) != {"inputs"} or "inputs" in tool.argument_names:
        return arguments
    inner = arguments["inputs"]
    if isinstance(inner, str):
        try:
            inner = parsed_json(inner)
        except ValueError:
            return arguments
    return cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else arguments


def _missing(name: str, spec: InputSpec, *, null: bool) -> ArgumentProblem:
    if null and any(branch.get("type") in ("number", "integer") for branch in branches(spec.schema)):
        # Where JSON has no word for a number, clients write null.
        return ArgumentProblem(f"$.{name}", "must be a finite number, not null, NaN or an infinity")
    return ArgumentProblem(f"$.{name}", "is required", brief(spec.description, 120) or None)


def _unknown(name: str, given: Mapping[str, Any], tool: ToolSpec, *, explain: bool) -> ArgumentProblem:
    shown = brief(name[:_READ_NAME], _SHOWN_NAME)
    if not explain:
        return ArgumentProblem(f"$.{shown}", f"unknown input `{shown}`")
    known = brief(", ".join(tool.argument_names), 300) or "none"
    needed = {spec.id for spec in tool.process.inputs if spec.required}
    required = [one for one, input_id in tool.argument_names.items() if input_id in needed]
    suggestion = name_meant(name, given, tool.argument_names, required) or f"the inputs are: {known}"
    return ArgumentProblem(f"$.{shown}", f"unknown input `{shown}`", suggestion)


def _taken(spec: InputSpec, value: Any, path: str) -> tuple[Any, list[ArgumentProblem]]:
    """The value to send for one input, and what is wrong with it."""
    problem = unsendable(value, path)
    if problem is None:
        fitted, problems = _fitted(spec, value, path)
        # What was read out of a JSON text has not been looked at yet.
        problem = unsendable(fitted, path) if fitted is not value else None
        if problem is None:
            return (fitted, problems) if problems else with_references(fitted, spec, path)
    return value, [problem]


def _fitted(spec: InputSpec, value: Any, path: str) -> tuple[Any, list[ArgumentProblem]]:
    """The reading of a value that its input takes, else the value and its problems."""
    schema = accepted(spec)
    reading = _meant(spec, value)
    problems = _problems(schema, reading, path)
    if problems:
        inside = meant_inside(reading, occurring(spec))
        remaining = _problems(schema, inside, path)
        if len(remaining) <= len(problems):
            reading, problems = inside, remaining
    inner = unqualified(value, spec.schema) if problems else value
    if inner is not value:
        inner = _meant(spec, inner)
        if not _problems(schema, inner, path):
            return inner, []
    return reading, problems


def _meant(spec: InputSpec, value: Any) -> Any:
    reading = meant(value, occurring(spec))
    # What is one value as it stands needs no reading as several.
    if spec.multiple and not fits(reading, spec.schema) and isinstance(reading, list):
        return [meant(one, spec.schema) for one in cast("list[Any]", reading)]
    return reading


def _problems(schema: JsonObject, value: Any, path: str) -> list[ArgumentProblem]:
    found = (problem for error in violations(value, schema) for problem in explained(error, path))
    return list(islice(found, _PROBLEMS_PER_INPUT))
