"""Inputs → the execute request as its server wants it written. Pure."""

import re
from collections.abc import Mapping
from typing import Any, cast

from mcp_server.ogc.dialects import Dialect
from mcp_server.schema.combine import branches
from mcp_server.schema.plain import JsonObject, as_object
from mcp_server.schema.process import CanonicalProcess, InputSpec, Mode

_LINK_MEMBERS = frozenset({"href", "rel", "type", "hreflang", "title", "length"})
_QUALIFIERS = frozenset({"value", "mediaType", "encoding", "schema", "format"})
_BY_VALUE: Mapping[str, str] = {"transmissionMode": "value"}
_WKT = re.compile(r"\s*(?:SRID=\d+;)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|\s*GEOMETRYCOLLECTION", re.IGNORECASE)


def execute_body(process: CanonicalProcess, inputs: Mapping[str, Any], dialect: Dialect) -> JsonObject:
    """The body of an execute request (OGC 18-062r2, `execute.yaml`).

    inputs: JSON values by input id, without references of ours.
    """
    specs = {spec.id: spec for spec in process.inputs}
    body: JsonObject = {"inputs": {name: _written(value, specs.get(name), dialect) for name, value in inputs.items()}}
    if dialect.names_outputs and process.outputs:
        body["outputs"] = {spec.id: dict(_BY_VALUE) for spec in process.outputs}
    if dialect.sends_mode:
        body["mode"] = "async" if "async-execute" in process.modes else "auto"
    if dialect.response is not None:
        body["response"] = dialect.response
    return body


def prefer_header(modes: frozenset[Mode], dialect: Dialect) -> str | None:
    """`Prefer` of an execution of a process with these job control options; None sends none."""
    return dialect.prefer_async if "async-execute" in modes else dialect.prefer_sync


def _written(value: Any, spec: InputSpec | None, dialect: Dialect) -> Any:
    """One input. Numbers in texts stay texts: what they are was settled when the arguments were read."""
    schema = spec.schema if spec is not None else {}
    if not isinstance(value, list):
        return _single(value, schema, dialect)
    items = cast("list[Any]", value)
    if dialect.splits_arrays and spec is not None and not spec.multiple:
        return {"value": items}
    item = schema if spec is not None and spec.multiple else _items(schema)
    return [_single(one, item, dialect) for one in items]


def _single(value: Any, schema: JsonObject, dialect: Dialect) -> Any:
    """One value of an input, or one item of an array that is its value."""
    if isinstance(value, dict):
        return _object(cast("JsonObject", value), schema, dialect)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return {"value": items} if dialect.splits_arrays else items
    return _typed(value, schema) if isinstance(value, str) and dialect.typed_text else value


def _object(members: JsonObject, schema: JsonObject, dialect: Dialect) -> JsonObject:
    """A JSON object. Links, collections, bounding boxes and qualified values stand by themselves."""
    if "value" in members and members.keys() <= _QUALIFIERS and not _declares(schema, "value"):
        # GeoServer reads as text what has a media type, and loses an object.
        holds_json = dialect.typed_text and isinstance(members["value"], dict | list)
        return {"value": members["value"]} if holds_json else members
    stands_by_itself = leads_elsewhere(members) or _is_bbox(members)
    return {"value": members} if dialect.qualified_objects and not stands_by_itself else members


def leads_elsewhere(members: JsonObject) -> bool:
    """Whether a server takes an object for the place of a value: a link, or a collection."""
    is_link = isinstance(members.get("href"), str) and members.keys() <= _LINK_MEMBERS
    return is_link or (members.keys() == {"collection"} and "://" in str(members["collection"]))


def _is_bbox(members: JsonObject) -> bool:
    corners: Any = members.get("bbox")
    return members.keys() <= {"bbox", "crs"} and isinstance(corners, list) and len(cast("list[Any]", corners)) in (4, 6)


def _declares(schema: JsonObject, name: str) -> bool:
    """Whether an object with a member of that name is what the input is: then it is no qualified value."""
    return any(name in branch.get("properties", {}) for branch in branches(schema))


def _items(schema: JsonObject) -> JsonObject:
    items = [as_object(branch.get("items")) for branch in branches(schema) if branch.get("type") == "array"]
    return items[0] if items else {}


def _typed(text: str, schema: JsonObject) -> Any:
    """Encoded content with its media type, or the link to it; a literal as it is."""
    offered = [str(branch["contentMediaType"]) for branch in branches(schema) if "contentMediaType" in branch]
    if not offered:
        return text
    if text.startswith(("http://", "https://")):
        return {"href": text}
    return {"value": text, "mediaType": _media_type(text, offered)}


def _media_type(text: str, offered: list[str]) -> str:
    """Which of the media types an input takes a text is of, as far as its beginning tells; else the first."""
    start = text.lstrip()[:1]
    sign = "json" if start in ("{", "[") else "xml" if start == "<" else "wkt" if _WKT.match(text) else ""
    marked = [one for one in offered if sign and (sign in one.lower() or (sign == "xml" and "gml" in one.lower()))]
    return (marked or offered)[0]
