"""The `type` of a schema in all its spellings, and the types of values."""

import re
from collections.abc import Callable
from typing import Any

from mcp_server.schema.plain import JsonObject, as_list, is_number
from summaries.values import is_json

GEOJSON_FORMATS = frozenset({"geojson", "geojson-geometry", "geojson-feature", "geojson-feature-collection"})

_SPELLINGS: tuple[tuple[str, JsonObject], ...] = (
    ("string str text char varchar literal path file iso-string", {"type": "string"}),
    ("number float double decimal real numeric num float32 float64", {"type": "number"}),
    ("integer int long short int32 int64 bigint", {"type": "integer"}),
    ("nonnegativeinteger unsignedint", {"type": "integer", "minimum": 0}),
    ("positiveinteger", {"type": "integer", "minimum": 1}),
    ("boolean bool logical", {"type": "boolean"}),
    ("array list tuple sequence set", {"type": "array"}),
    ("object dict dictionary json map mapping complex", {"type": "object"}),
    ("null none", {"type": "null"}),
    ("date-time datetime timestamp", {"type": "string", "format": "date-time"}),
    ("date", {"type": "string", "format": "date"}),
    ("time", {"type": "string", "format": "time"}),
    ("uri url anyuri", {"type": "string", "format": "uri"}),
    ("uuid", {"type": "string", "format": "uuid"}),
    ("wkt", {"type": "string", "format": "wkt"}),
    ("geometry", {"type": "object", "format": "geojson-geometry"}),
    ("geojson", {"type": "object", "format": "geojson"}),
    ("feature", {"type": "object", "format": "geojson-feature"}),
    ("featurecollection", {"type": "object", "format": "geojson-feature-collection"}),
    ("bbox boundingbox", {"type": "object", "format": "ogc-bbox"}),
)
_SYNONYMS = {name: meaning for names, meaning in _SPELLINGS for name in names.split()}

_KEYWORD_TYPES = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("pattern", "minLength", "maxLength", "contentEncoding", "contentMediaType", "contentSchema"),
}

_TESTS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": lambda value: is_number(value) and (isinstance(value, int) or value.is_integer()),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}

_MEDIA_TYPE = re.compile(r"(?:application|audio|font|image|model|multipart|text|video)/\S.*", re.IGNORECASE)


def is_of_type(value: Any, kind: str) -> bool:
    """Whether a JSON value is of a JSON Schema type (1.0 is an integer)."""
    return _TESTS[kind](value)


def type_of(value: Any) -> str:
    """The narrowest JSON Schema type of a JSON value."""
    order = ("null", "boolean", "integer", "number", "string", "array")
    return next((kind for kind in order if is_of_type(value, kind)), "object")


def declared_types(declared: Any) -> list[JsonObject] | None:
    """The schemas that a `type` means, one per type; None where it says nothing that is understood.

    Reads a name in any case, synonyms (`float`, `bool`, `dateTime`, `xs:double`), lists, alternatives in one string
    (`string or array`, `float, string`), arrays of something (`list of strings`) and media types.
    """
    match declared:
        case str() if _MEDIA_TYPE.fullmatch(declared.strip()):
            return media_type_schemas(declared.strip())
        case str():
            words = re.split(r"\s+or\s+|\s*[,|/]\s*", re.sub(r"^\S*://\S*#", "", declared.strip()))
        case list():
            words = [word for word in as_list(declared) if isinstance(word, str)]
        case _:
            return None
    meanings = [_meaning(word) for word in words if word]
    return [meaning for meaning in meanings if meaning is not None] if meanings and all(meanings) else None


def inferred_types(node: JsonObject) -> list[JsonObject] | None:
    """The schemas that a node without `type` means by its other keywords; None where they tell nothing."""
    text_format = node.get("format")
    if isinstance(text_format, str):
        if text_format in GEOJSON_FORMATS or text_format in ("ogc-bbox", "bbox"):
            return [{"type": "object"}]
        meaning = _meaning(text_format)
        if meaning is not None:
            return [meaning]
    media_type = node.get("contentMediaType")
    if isinstance(media_type, str) and is_json(media_type):
        return media_type_schemas(media_type)
    for kind, keywords in _KEYWORD_TYPES.items():
        if any(keyword in node for keyword in keywords):
            return [{"type": kind}]
    values = as_list(node.get("enum"))
    if values:
        kinds = {type_of(value) for value in values}
        if {"integer", "number"} <= kinds:
            kinds.discard("integer")
        return [{"type": kind} for kind in sorted(kinds)]
    return None


def media_type_schemas(media_type: str, encoding: str | None = None) -> list[JsonObject]:
    """The schemas of a value of a media type: JSON is an object or an array, GeoJSON an object, all else is text."""
    annotation: JsonObject = {"contentMediaType": media_type}
    if encoding:
        annotation["contentEncoding"] = encoding
    if not is_json(media_type):
        return [{"type": "string", **annotation}]
    kinds = ("object",) if media_type.lower().startswith("application/geo+json") else ("object", "array")
    return [{"type": kind, **annotation} for kind in kinds]


def _meaning(word: str) -> JsonObject | None:
    word = word.strip().lower().rsplit(":", 1)[-1]
    of = re.fullmatch(r"(?:list|array|tuple)\s*(?:of\s+|\[|<)\s*([\w-]+?)s?\s*[\]>]?|([\w-]+)\[\]", word)
    if of:
        item = _SYNONYMS.get(of[1] or of[2])
        return {"type": "array", "items": dict(item)} if item else {"type": "array"}
    found = _SYNONYMS.get(word) or _SYNONYMS.get(word.replace("-", "").replace("_", ""))
    return dict(found) if found else None
