"""The author's own example execution, in any of its shapes."""

from typing import Any

from mcp_server.schema.plain import JsonObject, as_list, as_object, first_of
from mcp_server.schema.validation import fits

_QUALIFIERS = frozenset({"value", "mediaType", "encoding", "schema", "format", "type", "dataType"})


def example_inputs(raw: JsonObject) -> JsonObject | None:
    """The inputs of a description's example by input id, or None where there is none.

    Reads `example` and `examples`, an execute request or bare inputs, and WPS's list of `{id, value}`.
    """
    documents = [raw.get("example"), *_alternatives(raw.get("examples"))]
    for document in documents:
        request = as_object(document)
        request = as_object(request.get("value")) if set(request) <= {"value", "summary", "description"} else request
        inputs = inputs_by_id(request["inputs"]) if "inputs" in request else None
        if inputs is not None:
            return inputs
    return None


def inputs_by_id(inputs: Any) -> JsonObject | None:
    """The inputs of an execute request by id; None where they are neither an object nor a list of `{id, value}`."""
    if isinstance(inputs, dict):
        return as_object(inputs)
    if not isinstance(inputs, list):
        return None
    result: JsonObject = {}
    for entry in map(as_object, as_list(inputs)):
        name = first_of(entry, "id", "identifier")
        value = _listed_value(entry)
        if not isinstance(name, str) or value is None:
            continue
        if name in result:
            before = result[name]
            result[name] = [*(as_list(before) if isinstance(before, list) else [before]), value]
        else:
            result[name] = value
    return result


def unqualified(value: Any, schema: JsonObject) -> Any:
    """The value within a qualified value (`{"value": …}`, with its format or without).

    Anything that the canonical schema takes as it is, is left alone: it may be an object with a member `value`.
    """
    members = as_object(value)
    if "value" not in members or not members.keys() <= _QUALIFIERS or fits(value, schema):
        return value
    return members["value"]


def _alternatives(examples: Any) -> list[Any]:
    return list(as_object(examples).values()) if isinstance(examples, dict) else as_list(examples)


def _listed_value(entry: JsonObject) -> Any:
    nested = as_object(entry.get("input"))
    found = first_of(entry, "value", "data") if not nested else first_of(nested, "value", "data")
    if found is not None:
        return found
    href = first_of(entry, "href") or first_of(nested, "href")
    return {"href": href} if isinstance(href, str) else None
