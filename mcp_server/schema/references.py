"""Where in an input a reference may stand for the value."""

from mcp_server.schema.combine import ANNOTATIONS, branches, is_any, union
from mcp_server.schema.plain import JsonObject
from mcp_server.schema.process import InputSpec

HREF: JsonObject = {"type": "object", "properties": {"href": {"type": "string"}}, "required": ["href"]}
"""A value by reference (OGC 18-062r2, link.yaml)."""
URI: JsonObject = {"type": "string", "pattern": "^(?:[A-Za-z][A-Za-z0-9+.-]*://|(?:data|file|urn):)"}
"""A URI in place of a complex value; many servers take one where they declare an object. `sum:area` is none."""

QUALIFIED: JsonObject = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}
"""Encoded content with its media type beside it (OGC 18-062r2, qualifiedInputValue.yaml)."""
COLLECTION: JsonObject = {
    "type": "object",
    "properties": {"collection": {"type": "string"}},
    "required": ["collection"],
}
"""A collection of an OGC API in place of its content (OGC API – Processes – Part 3, collection input)."""
STAND_INS = (URI, HREF, QUALIFIED, COLLECTION)


def is_complex(branch: JsonObject) -> bool:
    """Whether a single-typed schema is of an object or of encoded content."""
    return branch.get("type") == "object" or "contentMediaType" in branch or "contentEncoding" in branch


def takes_reference(schema: JsonObject) -> bool:
    """Whether a reference may stand for a value of a canonical schema: objects, arrays, encoded content, any value."""
    return is_any(schema) or any(branch.get("type") == "array" or is_complex(branch) for branch in branches(schema))


def accepted(spec: InputSpec) -> JsonObject:
    """What an input takes: one value or, where it occurs several times, many; a reference wherever one may stand."""
    one = widened(spec.schema)
    if not spec.multiple or is_any(one):
        return one
    # An array that "occurs" several times is an author's word for its length: one array will do.
    single = [branch for branch in branches(one) if spec.min_items <= 1 or branch["type"] == "array"]
    return {"anyOf": [*single, many(spec, one)]}


def many(spec: InputSpec, one: JsonObject) -> JsonObject:
    """An array of values that `one` is the schema of, as many as an input takes that occurs several times."""
    bounds = {"minItems": spec.min_items if spec.min_items > 1 else None, "maxItems": spec.max_items}
    return {"type": "array", "items": one} | {name: count for name, count in bounds.items() if count is not None}


def occurring(spec: InputSpec) -> JsonObject:
    """The canonical schema of what an input takes: one value or, where it occurs several times, an array of them."""
    if not spec.multiple or is_any(spec.schema):
        return spec.schema
    return union([spec.schema, {"type": "array", "items": spec.schema}])


def widened(schema: JsonObject, depth: int = 0) -> JsonObject:
    """The canonical schema that also takes a reference: for the whole value, and for complex values inside it."""
    if is_any(schema):
        return {}
    options = [_widened_inside(branch, depth) for branch in branches(schema)]
    if takes_reference(schema) if depth == 0 else any(is_complex(branch) for branch in branches(schema)):
        options += [URI, HREF]
    if any("contentMediaType" in branch for branch in branches(schema)):
        options += [QUALIFIED, COLLECTION]
    return options[0] if len(options) == 1 else {"anyOf": options}


def _widened_inside(branch: JsonObject, depth: int) -> JsonObject:
    result = {key: value for key, value in branch.items() if key not in ANNOTATIONS}
    if "items" in result:
        result["items"] = widened(result["items"], depth + 1)
    if "properties" in result:
        result["properties"] = {name: widened(member, depth + 1) for name, member in result["properties"].items()}
    return result
