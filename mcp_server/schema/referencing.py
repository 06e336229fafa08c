"""URIs of results and datasets among the values of an input → parsed references."""

from typing import Any

from mcp_server.errors import ArgumentProblem, InvalidReferenceError
from mcp_server.references import (
    DatasetReference,
    JobReference,
    KeptReference,
    ResultReference,
    is_reference,
    parse,
)
from mcp_server.schema.combine import branches, is_any, union
from mcp_server.schema.explanation import in_place_of_reference
from mcp_server.schema.kinds import is_of_type
from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.schema.process import InputSpec
from mcp_server.schema.references import occurring, takes_reference

_DEPTH = 4
"""URIs are looked for in arrays and declared properties this far down, never inside data of unknown structure."""


def with_references(value: Any, spec: InputSpec, path: str) -> tuple[Any, list[ArgumentProblem]]:
    """The value with a reference in place of each `ogc://…` and `{"href": "ogc://…"}` that stands for a value.

    A text that is the URI of a result or a dataset, where only the text itself can stand, is a problem: no server can
    read it.
    """
    problems: list[ArgumentProblem] = []
    if not _mentions_one(value):
        return value, problems
    return _resolved(value, occurring(spec), path, problems, _DEPTH), problems


def _mentions_one(value: Any) -> bool:
    """Whether there is anything like a reference in a value: in most, some of them large, there is none."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending += as_object(one).values()
        elif isinstance(one, list):
            pending += (member for member in as_list(one) if isinstance(member, str | list | dict))
        elif is_reference(one):
            return True
    return False


def _resolved(value: Any, schema: JsonObject | None, path: str, problems: list[ArgumentProblem], depth: int) -> Any:
    """`schema`: what may stand here; None is unknown, and then nothing is a reference."""
    if schema is None:
        return value
    uri = as_object(value).get("href") if is_of_type(value, "object") else value
    if isinstance(uri, str) and is_reference(uri):
        if takes_reference(schema):
            return _parsed(uri, path, problems)
        if uri is value and (fault := _in_place_of_value(uri)) is not None:
            problems.append(ArgumentProblem(path, f"{uri} is no value", fault))
        return value
    if depth and is_of_type(value, "array"):
        return _resolved_items(as_list(value), schema, path, problems, depth - 1)
    if depth and is_of_type(value, "object"):
        return _resolved_members(as_object(value), schema, path, problems, depth - 1)
    return value


def _resolved_members(
    members: JsonObject, schema: JsonObject, path: str, problems: list[ArgumentProblem], depth: int
) -> JsonObject:
    declared = {name: member for branch in branches(schema) for name, member in _properties(branch).items()}
    if not declared:
        return members
    return {
        name: _resolved(one, declared.get(name), f"{path}.{name}", problems, depth) for name, one in members.items()
    }


def _resolved_items(
    members: list[Any], schema: JsonObject, path: str, problems: list[ArgumentProblem], depth: int
) -> list[Any]:
    items = _items(schema)
    if items is None:
        return members
    left = 0 if is_any(items) else depth
    return [_resolved(member, items, f"{path}[{n}]", problems, left) for n, member in enumerate(members)]


def _in_place_of_value(uri: str) -> str | None:
    """What to write where only a value can stand; None where the text may be meant as it is."""
    try:
        reference = parse(uri)
    except InvalidReferenceError:
        return None
    if isinstance(reference, DatasetReference):
        return "no dataset can stand here: it takes a value"
    return in_place_of_reference(uri, ()) if isinstance(reference, ResultReference | KeptReference) else None


def _parsed(uri: str, path: str, problems: list[ArgumentProblem]) -> Any:
    try:
        reference = parse(uri)
    except InvalidReferenceError as error:
        problems.append(ArgumentProblem(path, str(error)))
        return uri
    if not isinstance(reference, ResultReference | KeptReference | DatasetReference):
        job = isinstance(reference, JobReference)
        suggestion = f"get_job tells the URIs of its outputs, {reference.output_form}" if job else None
        problems.append(ArgumentProblem(path, f"{uri} is not the URI of a result", suggestion))
    return reference


def _items(schema: JsonObject) -> JsonObject | None:
    """What the members of an array may be; None where no array is expected."""
    if is_any(schema):
        return {}
    arrays = [branch for branch in branches(schema) if branch["type"] == "array"]
    return union([as_object(branch.get("items")) for branch in arrays]) if arrays else None


def _properties(branch: JsonObject) -> JsonObject:
    return as_object(branch.get("properties"))
