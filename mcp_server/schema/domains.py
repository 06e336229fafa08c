"""Literal data domains of WPS, in the forms of its JSON bindings, ZOO-Project and pywps → the schema they mean."""

import re
from typing import Any

from mcp_server.schema.declarations import declared_types
from mcp_server.schema.defaults import fitting
from mcp_server.schema.plain import JsonObject, as_list, as_object, first_of, is_number
from mcp_server.schema.spelling import conventional

KINDS = frozenset(
    {"literal", "complex", "bbox", "boundingbox", "literaldata", "complexdata", "boundingboxdata", "literaldatatype"}
)
"""Words for what sort of input it is, where other descriptions tell the type of its values."""


def literal_domain(raw: JsonObject) -> JsonObject | None:
    """The schema that an input's literal data domain means, or pywps's flat form of one; None where it tells nothing.

    `raw` has its members in conventional spelling.
    """
    domain = first_of(raw, "literalDataDomain", "literalDataDomains", "literalData", "literalOutput")
    flat = "dataType" in raw or "allowedValues" in raw
    if domain is None and not flat:
        return None
    chosen = conventional(as_object(next(iter(as_list(domain)), None) if isinstance(domain, list) else domain))
    if "literalDataDomain" in chosen:
        return literal_domain(chosen)
    written = conventional(as_object(chosen.get("valueDefinition")))
    source = {**(raw if flat else {}), **chosen, **written}
    schema = _typed(source)
    default = first_of(source, "defaultValue", "default", "data")
    # `default` of a domain may also be the flag that it is the default one.
    if default is not None and not (isinstance(default, bool) and schema.get("type") not in ("boolean", "bool")):
        schema["default"] = default
    return {**schema, **_range(source), **_allowed(source, schema)} or None


def _typed(source: JsonObject) -> JsonObject:
    named = source.get("dataType")
    if isinstance(named, dict):
        named = first_of(conventional(as_object(named)), "name", "content", "value", "reference")
    kind = re.split(r"[#/:]", named)[-1] if isinstance(named, str) else ""
    return {"type": kind} if kind and kind.lower() not in KINDS else {}


def _range(source: JsonObject) -> JsonObject:
    low = first_of(source, "minimum", "minimumValue", "rangeMinimum", "minval")
    high = first_of(source, "maximum", "maximumValue", "rangeMaximum", "maxval")
    closure = first_of(source, "rangeClosure")
    open_low = source.get("exclusiveMin") or closure in ("open", "open-closed")
    open_high = source.get("exclusiveMax") or closure in ("open", "closed-open")
    pairs = {
        "exclusiveMinimum" if open_low else "minimum": low,
        "exclusiveMaximum" if open_high else "maximum": high,
    }
    return {key: value for key, value in pairs.items() if value is not None}


def _allowed(source: JsonObject, schema: JsonObject) -> JsonObject:
    """Values and ranges: one of either, or alternatives."""
    allowed = first_of(source, "allowedValues", "possibleValues", "options", "valueList")
    listed = _flattened(allowed)
    objects = [conventional(as_object(one)) for one in listed]
    ranges = [found for members in objects if (found := _range(members))]
    values = [_read(members.get("value", one), schema) for one, members in zip(listed, objects, strict=True)]
    single = [value for value in values if is_number(value) or isinstance(value, str | bool)]
    alternatives = [*ranges, *([{"enum": single}] if single else [])]
    if not alternatives[1:]:
        return alternatives[0] if alternatives else {}
    kind = {"type": schema["type"]} if "type" in schema else {}
    return {"anyOf": [{**kind, **one} for one in alternatives]}


def _flattened(allowed: Any) -> list[Any]:
    """The members of a list, or of WPS's `{"value": […], "range": […]}`."""
    if not isinstance(allowed, dict):
        return as_list(allowed)
    members = as_object(allowed)
    nested = [one for name in ("value", "Value", "range", "Range") for one in as_list(members.get(name))]
    return nested or ([members] if members else [])


def _read(value: Any, schema: JsonObject) -> Any:
    """A value of the domain's type: WPS writes all of them as text."""
    kinds = declared_types(schema.get("type"))
    if kinds is None or not isinstance(value, str):
        return value
    found = fitting(value, {"type": kinds[0]["type"]})
    return value if found is None else found[0]
