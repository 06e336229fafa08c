"""Inputs and outputs of every generation → the schema they mean: OGC API, WPS 2 bindings, ZOO-Project, pywps."""

from typing import Any

from mcp_server.schema.domains import KINDS, literal_domain
from mcp_server.schema.kinds import media_type_schemas
from mcp_server.schema.plain import JsonObject, as_list, as_object, first_of
from mcp_server.schema.spelling import conventional
from mcp_server.schema.substitutes import BBOX

_SCHEMA_KEYWORDS = frozenset(
    {
        "type", "enum", "const", "format", "default", "nullable", "items", "properties", "required", "oneOf", "anyOf",
        "allOf", "$ref", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern",
        "minLength", "maxLength", "minItems", "maxItems", "additionalProperties", "contentMediaType", "contentEncoding",
    }
)  # fmt: skip
_NESTED = ("input", "output", "complexData", "complexOutput")
_BOUNDING_BOXES = ("boundingBoxDomain", "boundingBoxData", "boundingBoxOutput")
_BESIDE_SCHEMA = ("enum", "default", "nullable", "minimum", "maximum")


def written_schema(raw: JsonObject) -> Any:
    """The schema of one input or output as its author wrote it, wherever that stands; None where there is none.

    Constraints written beside `schema` (an `enum`, a `default`, a literal data domain) are added to it. `raw` has its
    members in conventional spelling.
    """
    schema = raw.get("schema")
    if isinstance(schema, list):
        schema = {"anyOf": as_list(raw["schema"])}
    if not isinstance(schema, dict | str | bool) or schema == "":
        schema = raw.get("extended-schema")
    if schema is None:
        return _without_schema(raw)
    if not isinstance(schema, dict):
        return schema
    beside = {key: raw[key] for key in _BESIDE_SCHEMA if raw.get(key) is not None}
    if as_object(raw.get("extended-schema")).get("nullable") in (True, "true"):
        beside["nullable"] = True
    domain = literal_domain(raw)
    return {**(domain or {}), **beside, **as_object(schema)}


def _without_schema(raw: JsonObject) -> Any:
    for name in _NESTED:
        if isinstance(raw.get(name), dict):
            inner = written_schema(conventional(as_object(raw[name])))
            if inner is not None:
                return inner
    domain = literal_domain(raw)
    if domain is not None:
        return domain
    kind = raw.get("type")
    bounding_box = any(raw.get(name) is not None for name in ("supportedCRS", *_BOUNDING_BOXES))
    if bounding_box or (isinstance(kind, str) and kind.lower() in ("bbox", "boundingbox")):
        return BBOX
    formats = _formats(raw)
    if formats is not None:
        return formats
    own = {key: value for key, value in raw.items() if key in _SCHEMA_KEYWORDS and value is not None}
    if isinstance(kind, str) and kind.lower() in KINDS:
        del own["type"]
    if own and raw.get("defaultValue") is not None:
        own.setdefault("default", raw["defaultValue"])
    # `required` as a flag says how often the input occurs, not what it looks like.
    if not isinstance(own.get("required"), list):
        own.pop("required", None)
    return own or None


def _formats(raw: JsonObject) -> JsonObject | None:
    """WPS formats, the default one first: alternatives, each with its media type."""
    listed = first_of(raw, "formats", "supportedFormats", "dataFormat", "format")
    found = [conventional(as_object(one)) for one in (as_list(listed) or [listed])]
    schemas: list[JsonObject] = []
    for one in sorted(found, key=lambda one: one.get("default") not in (True, "true")):
        media_type = first_of(one, "mediaType", "mimeType")
        if isinstance(media_type, str) and media_type:
            encoding = one.get("encoding")
            schemas += media_type_schemas(media_type, encoding if isinstance(encoding, str) else None)
    return {"anyOf": schemas} if schemas else None
