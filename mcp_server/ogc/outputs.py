"""Results, as servers write them, → outputs. Pure."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, cast

from mcp_server.ogc.documents import as_object, compact, process_id
from mcp_server.ogc.models import ABSENT, OutputResult

JSON = "application/json"
GEOJSON = "application/geo+json"
_GEOJSON_TYPES = frozenset(
    {
        "Feature",
        "FeatureCollection",
        "GeometryCollection",
        "LineString",
        "MultiLineString",
        "MultiPoint",
        "MultiPolygon",
        "Point",
        "Polygon",
    }
)
_QUALIFIERS = frozenset({"value", "mediaType", "encoding", "schema", "format"})


def keyed_outputs(document: object) -> tuple[OutputResult, ...]:
    """Outputs of a results document: output id → value, qualified value or link.

    Raises: InvalidServerReplyError.
    """
    return tuple(_keyed(name, member) for name, member in as_object(document).items())


def bare_outputs(value: Any, media_type: str, declared: Sequence[str]) -> tuple[OutputResult, ...]:
    """Outputs of a server that answers with what its process returned, without ids around it.

    declared: output ids of the description. One of them, or none: the whole value is that output. Several: an object
    with these keys, or a list of `{id, value}`, is taken apart; else the whole value is the first.
    """
    if isinstance(value, dict) and declared and set(cast("dict[str, Any]", value)) == set(declared):
        return keyed_outputs(cast("object", value))
    if isinstance(value, list) and len(declared) > 1:
        entries = cast("list[object]", value)
        named = {process_id(cast("object", e)): cast("dict[str, Any]", e) for e in entries if isinstance(e, dict)}
        if named and len(named) == len(entries) and set(named) <= set(declared):
            return tuple(_keyed(str(name), {"value": e.get("value")}) for name, e in named.items())
    name = declared[0] if declared else "result"
    return (value_output(name, value, media_type),)


def value_output(name: str, value: Any, media_type: str, *, href: str | None = None) -> OutputResult:
    """An output whose value is at hand, with the size of its compact form."""
    if media_type in ("", JSON) and not isinstance(value, bytes):
        media_type = GEOJSON if _is_geojson(value) else JSON
    size = len(value) if isinstance(value, bytes) else _size(value)
    return OutputResult(name, media_type or "application/octet-stream", size, None, value, href)


def page(output: OutputResult, offset: int | None, limit: int | None) -> OutputResult:
    """Part of a FeatureCollection or an array; any other value, or no bounds: the output itself."""
    if offset is None and limit is None:
        return output
    start = offset or 0
    stop = None if limit is None else start + limit
    value = output.value
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return _replace(output, items[start:stop], len(items))
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        features = members.get("features")
        if members.get("type") == "FeatureCollection" and isinstance(features, list):
            every = cast("list[Any]", features)
            part = every[start:stop]
            counts = {"numberMatched": len(every), "numberReturned": len(part)}
            return _replace(output, {**members, "features": part, **counts}, len(every))
    return output


def number_matched(value: object) -> int | None:
    """`numberMatched` of a page of features."""
    found = cast("dict[str, Any]", value).get("numberMatched") if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _keyed(name: str, member: Any) -> OutputResult:
    if isinstance(member, dict):
        members = cast("dict[str, Any]", member)
        if isinstance(members.get("href"), str):
            return _linked(name, members)
        if "value" in members and members.keys() <= _QUALIFIERS:
            media_type, encoding = _qualities(members)
            return value_output(name, _decoded(members["value"], encoding), media_type)
    return value_output(name, member, "")


def _linked(name: str, members: Mapping[str, Any]) -> OutputResult:
    length, summary = members.get("length"), members.get("summary")
    return OutputResult(
        id=name,
        media_type=str(members.get("type") or JSON).partition(";")[0].strip(),
        size=length if isinstance(length, int) else None,
        summary=cast("Mapping[str, Any]", summary) if isinstance(summary, dict) else None,
        value=members.get("value", ABSENT),
        href=members["href"],
    )


def _qualities(members: Mapping[str, Any]) -> tuple[str, str]:
    stated: Any = members.get("format")
    more: Mapping[str, Any] = cast("dict[str, Any]", stated) if isinstance(stated, dict) else {}
    media_type = members.get("mediaType") or more.get("mediaType") or ""
    return str(media_type).partition(";")[0].strip().lower(), str(members.get("encoding") or more.get("encoding") or "")


def _decoded(value: Any, encoding: str) -> Any:
    if encoding.lower() != "base64" or not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return value


def _replace(output: OutputResult, value: Any, matched: int) -> OutputResult:
    size = _size(value)
    return OutputResult(output.id, output.media_type, size, None, value, output.href, matched)


def _is_geojson(value: object) -> bool:
    return isinstance(value, dict) and cast("dict[str, Any]", value).get("type") in _GEOJSON_TYPES


def _size(value: Any) -> int:
    return len(compact(value).encode(errors="surrogatepass"))
