"""Inputs and outputs of every generation → the schema they mean: OGC API, WPS 2 bindings, ZOO-Project, pywps."""

import re
from typing import Any

from mcp_server.schema.kinds import is_of_type, media_type_schemas
from mcp_server.schema.plain import JsonObject, as_list, as_object, first_of, is_number
from mcp_server.schema.substitutes import BBOX

_SCHEMA_KEYWORDS = frozenset(
    {
        "type", "enum", "const", "format", "default", "nullable", "items", "properties", "required", "oneOf", "anyOf",
        "allOf", "$ref", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern",
        "minLength", "maxLength", "minItems", "maxItems", "additionalProperties", "contentMediaType", "contentEncoding",
    }
)  # fmt: skip
_BESIDE_SCHEMA = ("enum", "default", "nullable", "minimum", "maximum")
_PYWPS_KINDS = frozenset({"literal", "complex", "bbox", "boundingbox"})


def written_schema(raw: JsonObject) -> Any:
    """The schema of one input or output as its author wrote it, wherever that stands; None where there is none.

    Constraints written beside `schema` (an `enum`, a `default`, a literal data domain) are added to it.
    """
    schema = raw.get("schema")
    if not isinstance(schema, dict | str | bool) or schema == "":
        schema = raw.get("extended-schema")
    if schema is None:
        return _without_schema(raw)
    if not isinstance(schema, dict):
        return schema
    beside = {key: raw[key] for key in _BESIDE_SCHEMA if raw.get(key) is not None}
    domain = _literal_domain(raw)
    return {**(domain or {}), **beside, **as_object(schema)}


def _without_schema(raw: JsonObject) -> Any:
    nested = first_of(raw, "input", "output")
    if isinstance(nested, dict):
        inner = written_schema(as_object(nested))
        if inner is not None:
            return inner
    domain = _literal_domain(raw)
    if domain is not None:
        return domain
    kind = raw.get("type")
    if raw.get("supportedCRS") is not None or raw.get("boundingBoxDomain") is not None:
        return BBOX
    if isinstance(kind, str) and kind.lower() in ("bbox", "boundingbox"):
        return BBOX
    formats = _formats(raw)
    if formats is not None:
        return formats
    own = {key: value for key, value in raw.items() if key in _SCHEMA_KEYWORDS and value is not None}
    if isinstance(kind, str) and kind.lower() in _PYWPS_KINDS:
        del own["type"]
    # `required` as a flag says how often the input occurs, not what it looks like.
    if not isinstance(own.get("required"), list):
        own.pop("required", None)
    return own or None


def _literal_domain(raw: JsonObject) -> JsonObject | None:
    """A WPS literal data domain, or pywps's flat form of one."""
    domain = first_of(raw, "literalDataDomain", "literalDataDomains", "LiteralDataDomain", "literalData")
    flat = "data_type" in raw or "allowed_values" in raw
    if domain is None and not flat:
        return None
    chosen = as_object(next(iter(as_list(domain)), None) if isinstance(domain, list) else domain)
    written = as_object(chosen.get("valueDefinition"))
    source = {**(raw if flat else {}), **chosen, **written}
    schema: JsonObject = {}
    named = first_of(source, "dataType", "data_type")
    kind = first_of(as_object(named), "name", "reference") if isinstance(named, dict) else named
    if isinstance(kind, str):
        schema["type"] = re.split(r"[#/:]", kind)[-1]
    default = first_of(source, "defaultValue", "default", "data")
    if default is not None:
        schema["default"] = default
    return schema | _domain_range(source) | _allowed_values(source)


def _domain_range(source: JsonObject) -> JsonObject:
    low = first_of(source, "minimum", "minimumValue", "rangeMinimum")
    high = first_of(source, "maximum", "maximumValue", "rangeMaximum")
    pairs = {
        "exclusiveMinimum" if source.get("exclusive_min") else "minimum": low,
        "exclusiveMaximum" if source.get("exclusive_max") else "maximum": high,
    }
    return {key: value for key, value in pairs.items() if value is not None}


def _allowed_values(source: JsonObject) -> JsonObject:
    allowed = first_of(source, "allowedValues", "allowed_values", "valueList")
    values = as_list(allowed)
    ranges = [as_object(value) for value in values if isinstance(value, dict)] or [as_object(allowed)]
    if len(ranges) == 1 and ranges[0]:
        return _domain_range(ranges[0])
    single = [value for value in values if is_number(value) or isinstance(value, str | bool)]
    return {"enum": single} if single else {}


def _formats(raw: JsonObject) -> JsonObject | None:
    """WPS formats, the default one first: alternatives, each with its media type."""
    listed = first_of(raw, "formats", "supported_formats") or [first_of(raw, "data_format", "format")]
    formats = sorted((as_object(one) for one in as_list(listed)), key=lambda one: one.get("default") is not True)
    schemas: list[JsonObject] = []
    for one in formats:
        media_type = first_of(one, "mediaType", "mimeType", "mime_type")
        if is_of_type(media_type, "string") and media_type:
            encoding = one.get("encoding")
            schemas += media_type_schemas(media_type, encoding if isinstance(encoding, str) else None)
    return {"anyOf": schemas} if schemas else None
