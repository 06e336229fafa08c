"""The types that a schema declares, in all their spellings, or that its other keywords tell."""

import re
from typing import Any

from mcp_server.schema.kinds import GEOJSON_FORMATS, media_type_schemas, type_of
from mcp_server.schema.plain import JsonObject, as_list
from summaries.values import is_json

_CONTENT: JsonObject = {"type": "string", "contentMediaType": "application/octet-stream"}
_SPELLINGS: tuple[tuple[str, JsonObject], ...] = (
    ("string str text char varchar nvarchar literal path iso-string password charactervarying", {"type": "string"}),
    ("number double decimal real numeric num doubleprecision angle length scale", {"type": "number"}),
    ("integer int long short bigint smallint tinyint", {"type": "integer"}),
    ("nonnegativeinteger unsignedint unsignedlong unsignedshort", {"type": "integer", "minimum": 0}),
    ("positiveinteger", {"type": "integer", "minimum": 1}),
    ("boolean bool logical", {"type": "boolean"}),
    ("array list tuple sequence set", {"type": "array"}),
    ("object dict dictionary json map mapping complex", {"type": "object"}),
    ("null none nonetype", {"type": "null"}),
    ("date-time datetime timestamp", {"type": "string", "format": "date-time"}),
    ("date", {"type": "string", "format": "date"}),
    ("time", {"type": "string", "format": "time"}),
    ("duration", {"type": "string", "format": "duration"}),
    ("email", {"type": "string", "format": "email"}),
    ("uri url anyuri", {"type": "string", "format": "uri"}),
    ("uuid", {"type": "string", "format": "uuid"}),
    ("wkt", {"type": "string", "format": "wkt"}),
    ("base64 base64binary", {"type": "string", "contentEncoding": "base64"}),
    ("file directory binary blob", _CONTENT),
    ("geotiff tiff raster", {"type": "string", "contentMediaType": "image/tiff"}),
    ("netcdf", {"type": "string", "contentMediaType": "application/netcdf"}),
    ("csv", {"type": "string", "contentMediaType": "text/csv"}),
    ("xml", {"type": "string", "contentMediaType": "application/xml"}),
    ("gml", {"type": "string", "contentMediaType": "application/gml+xml"}),
    ("kml", {"type": "string", "contentMediaType": "application/vnd.google-earth.kml+xml"}),
    (
        "geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection",
        {"type": "object", "format": "geojson-geometry"},
    ),
    ("geojson", {"type": "object", "format": "geojson"}),
    ("feature", {"type": "object", "format": "geojson-feature"}),
    ("featurecollection", {"type": "object", "format": "geojson-feature-collection"}),
    ("bbox boundingbox", {"type": "object", "format": "ogc-bbox"}),
)
_SYNONYMS = {name: meaning for names, meaning in _SPELLINGS for name in names.split()}
_SIZED = ((r"u?int\d+", {"type": "integer"}), (r"float\d*", {"type": "number"}))

_KEYWORD_TYPES = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("pattern", "minLength", "maxLength", "contentEncoding", "contentMediaType", "contentSchema"),
}

_MEDIA_TYPE = re.compile(r"(?:application|audio|font|image|model|multipart|text|video)/\S.*", re.IGNORECASE)
_LONGEST = 200
"""A longer text is no name of a type."""


def declared_types(declared: Any) -> list[JsonObject] | None:
    """The schemas that a `type` means, one per type; None where it says nothing that is understood.

    Reads a name in any case, synonyms (`float`, `bool`, `dateTime`, `xs:double`), lists, alternatives in one string
    (`string or array`, `float, string`), arrays of something (`list of strings`), Python's and CWL's words
    (`Optional[int]`, `float?`) and media types.
    """
    match declared:
        case str() if len(declared) > _LONGEST:
            return None
        case str() if _MEDIA_TYPE.fullmatch(declared.strip()):
            return media_type_schemas(declared.strip())
        case str():
            words = _alternatives(re.sub(r"^\S*://\S*#", "", declared.strip()))
        case list():
            words = [one for word in as_list(declared) if isinstance(word, str) for one in _alternatives(word)]
        case _:
            return None
    meanings = [_meaning(word) for word in words if word]
    return [meaning for meaning in meanings if meaning is not None] if meanings and all(meanings) else None


def inferred_types(node: JsonObject) -> list[JsonObject] | None:
    """The schemas that a node without `type` means by its other keywords; None where they tell nothing."""
    text_format = node.get("format")
    if isinstance(text_format, str):
        if geojson_format(text_format) or text_format in ("ogc-bbox", "bbox"):
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


def geojson_format(name: str) -> str | None:
    """The format of GeoJSON that a name means, `geojson-polygon` being one of a geometry; None for another format."""
    if name in GEOJSON_FORMATS:
        return name
    meaning = _SYNONYMS.get(name.removeprefix("geojson-"), {}) if name.startswith("geojson-") else {}
    return meaning.get("format")


def _alternatives(text: str) -> list[str]:
    """The types that one text names: `int or float`, `Union[int, str]`, `Optional[int]`, `int?`."""
    if len(text) > _LONGEST:
        return [text]
    text = re.sub(r"<class '([\w.]+)'>", r"\1", text.strip())
    wrapped = re.fullmatch(r"(?:\w+\.)?(Optional|Union)\[(.*)\]|(.*\S)\s*\?", text)
    if wrapped:
        inner = _alternatives(wrapped[2] or wrapped[3] or "")
        return inner if wrapped[1] == "Union" else [*inner, "null"]
    return re.split(r"\s+or\s+|\s*[,|/]\s*", text)


def _meaning(word: str) -> JsonObject | None:
    if len(word) > _LONGEST:
        return None
    word = re.sub(r"\(.*\)$", "", word.strip().lower()).rsplit(":", 1)[-1]
    of = re.fullmatch(r"(?:list|array|tuple)\s*(?:of\s+|\[|<)\s*([\w-]+?)s?\s*[\]>]?|([\w-]+)\[\]", word)
    if of:
        item = _named(of[1] or of[2])
        return {"type": "array", "items": item} if item else {"type": "array"}
    return _named(word)


def _named(word: str) -> JsonObject | None:
    """What one name means, whatever module it is of (`np.float32`)."""
    bare = word.rsplit(".", 1)[-1]
    found = _SYNONYMS.get(bare) or _SYNONYMS.get(re.sub(r"[-_ ]", "", bare))
    found = found or next((meaning for pattern, meaning in _SIZED if re.fullmatch(pattern, bare)), None)
    return dict(found) if found else None
