"""The inputs of a process as properties of a tool."""

import json
from dataclasses import replace

from mcp_server.ogc.models import ABSENT
from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.kinds import GEOJSON_FORMATS, is_bounding_box
from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.schema.portable import MAX_DEPTH, levels
from mcp_server.schema.process import InputSpec
from mcp_server.schema.reduction import STRUCTURE_DEPTH, Detail, any_of, is_enum_listed, reduced
from mcp_server.schema.references import is_complex, many
from mcp_server.schema.text import brief

_DEFAULT_BYTES = 200
_BOX = "bounding box"
_CORNERS = "[min x, min y, max x, max y]"
_URI = "ogc:// URI"
"""Of a result or a dataset."""


def input_property(spec: InputSpec, detail: Detail) -> JsonObject:
    """The portable schema of one input: one value, or one or many where the input takes several."""
    result = _within_depth(spec, detail)
    description = _described(spec, detail.description)
    if description:
        result = {**result, "description": description}
    if spec.default is not ABSENT and len(json.dumps(spec.default)) <= _DEFAULT_BYTES:
        result = {**result, "default": spec.default}
    return result


def _within_depth(spec: InputSpec, detail: Detail) -> JsonObject:
    """The schema with as much of its structure as may be nested in a tool: alternatives are levels of their own."""
    result: JsonObject = {}
    for depth in range(STRUCTURE_DEPTH + 1):
        for told in (detail, replace(detail, nested_arrays=False)):
            result = _one_or_many(spec, reduced(spec.schema, told, depth))
            if levels(result) <= MAX_DEPTH:
                return result
    return result


def _one_or_many(spec: InputSpec, one: JsonObject) -> JsonObject:
    # Authors of an array that "occurs" several times mean its length.
    if not spec.multiple or one.get("type") == "array":
        return one
    array = many(spec, one)
    return array if spec.min_items > 1 else any_of([one, array])


def _described(spec: InputSpec, length: int) -> str:
    suffix = _forms(spec)
    text = spec.description or spec.title
    if not suffix or "ogc://" in text:
        return brief(text, length)
    if "geojson" in text.lower() and suffix.startswith("GeoJSON"):
        suffix = f"Or an {_URI}."
    if _BOX in text.lower():
        suffix = suffix.removeprefix(f"{_BOX.capitalize()} ")
    head = brief(text, max(length - len(suffix) - 2, length // 2))
    if head and not head.endswith((".", "!", "?", "…", ":")):
        head += "."
    return f"{head} {suffix}".strip()


def _forms(spec: InputSpec) -> str:
    """In what forms a complex value may come, or the values of an enumeration too long to list."""
    if is_any(spec.schema):
        return ""
    kept = branches(spec.schema)
    of_items = [branch for one in kept for branch in branches(as_object(one.get("items")))]
    relevant = [branch for branch in (*kept, *of_items) if is_complex(branch)]
    if relevant:
        forms = ["GeoJSON"] if any(_is_geojson(branch) for branch in relevant) else []
        texts = any(branch.get("type") == "string" and not is_complex(branch) for branch in (*kept, *of_items))
        forms += ["WKT"] if forms and texts else []
        forms += [f"{_BOX.capitalize()} {_CORNERS}"] if any(map(is_bounding_box, relevant)) else []
        forms += [_content(branch) for branch in relevant if "contentMediaType" in branch and not _is_geojson(branch)]
        return f"{', '.join(dict.fromkeys(forms[:4])) or 'Object'} or {_URI}."
    values = next((as_list(branch["enum"]) for branch in kept if "enum" in branch), as_list(None))
    if values and not is_enum_listed(values):
        return f"One of {len(values)} values, such as {', '.join(map(str, values[:3]))}."
    return ""


def _is_geojson(branch: JsonObject) -> bool:
    return branch.get("format") in GEOJSON_FORMATS or "geo+json" in branch.get("contentMediaType", "")


def _content(branch: JsonObject) -> str:
    media_type = brief(branch["contentMediaType"], 60)
    return f"{media_type} as base64" if branch.get("contentEncoding") in ("base64", "binary") else media_type
