"""Results, as servers write them, → outputs. Pure."""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from mcp_server.ogc import documents
from mcp_server.ogc.documents import as_object, compact, process_id
from mcp_server.ogc.link_header import HeaderLink
from mcp_server.ogc.models import ABSENT, OutputResult
from summaries.values import is_json

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
_GEOJSON_CONTENT = frozenset({"coordinates", "features", "geometries", "geometry"})
_QUALIFIERS = frozenset({"value", "mediaType", "mimeType", "encoding", "schema", "format"})
_VALUES = frozenset({"value", "data", "href"})
_WRAPPERS = ("outputs", "results")
NO_OUTPUTS = frozenset({"self", "monitor", "up", "alternate"})
"""Relations of links that stand beside those to outputs."""
_LINE_BREAKS = str.maketrans("", "", " \t\r\n")
_BESIDE_WRAPPED = frozenset({"links", "jobID", "processID", "status"})


def keyed_outputs(document: object) -> tuple[OutputResult, ...]:
    """Outputs of a results document: output id → value, qualified value or link.

    Raises: InvalidServerReplyError.
    """
    members = as_object(document).items()
    return tuple(_keyed(name, member) for name, member in members if len(name) <= documents.LONGEST_ID)


def taken_apart(document: object, declared: Collection[str], *, keyed: bool) -> tuple[OutputResult, ...] | None:
    """The outputs of a document that holds them by id, in any of the shapes servers use; None: it is one output itself.

    An object by id, a list of `{id, value}` or `{id, href}`, either within `outputs` or `results`.

    declared: output ids of the description, as far as they are known.
    keyed: what an object is whose shape leaves it open.

    Raises: InvalidServerReplyError.
    """
    if isinstance(document, list):
        return _listed(cast("list[object]", document), declared)
    if not isinstance(document, dict):
        return None
    members = cast("dict[str, Any]", document)
    if members and members.keys() <= set(declared):
        return keyed_outputs(members)
    within = _within(members, declared)
    if within is not None:
        return within
    if _is_geojson(members) and members.keys() & _GEOJSON_CONTENT:
        return None
    return keyed_outputs(members) if keyed else None


def leaves_open(document: object) -> bool:
    """Whether what a document's members are is told by the names that its process declares: a list, or in a wrapper."""
    return isinstance(document, list) or (isinstance(document, dict) and any(name in document for name in _WRAPPERS))


def bare_output(value: Any, media_type: str, declared: Sequence[str]) -> OutputResult:
    """The output of a server that answers with what its process returned, without an id around it.

    declared: output ids of the description; it is taken for the first.
    """
    return value_output(declared[0] if declared else "result", value, media_type)


def value_output(name: str, value: Any, media_type: str, *, href: str | None = None) -> OutputResult:
    """An output whose value is at hand, with the size of the text that it is, or of its JSON in compact form."""
    media_type = documents.media_type(media_type)
    if media_type in ("", JSON) and not isinstance(value, bytes):
        media_type = GEOJSON if _is_geojson(value) else JSON
    text = text_in(value, media_type)
    size = len(value) if isinstance(value, bytes) else _size(value) if text is None else documents.utf8_size(text)
    return OutputResult(name, media_type or "application/octet-stream", size, None, value, href)


def text_in(value: Any, media_type: str) -> str | None:
    """A text within JSON that is of another media type, as a table or XML is; None for any other value."""
    return value if isinstance(value, str) and media_type and not is_json(media_type) else None


def linked_outputs(links: Sequence[HeaderLink], declared: Sequence[str]) -> tuple[OutputResult, ...]:
    """Outputs by reference that are links in the header of an answer (OGC 18-062r2, table 11).

    No rule says how such a link names its output: by its relation or title, or by its place.

    declared: output ids of the description.
    """
    told = [link for link in links if link.relation in declared or link.title in declared]
    told = told or list({link.href: link for link in links if link.relation not in NO_OUTPUTS}.values())
    found: dict[str, OutputResult] = {}
    for place, link in enumerate(told):
        named = next((name for name in (link.relation, link.title) if name in declared), None)
        name = named or (declared[place] if place < len(declared) else f"result-{place + 1}")
        found.setdefault(name, _linked(name, {"href": link.href, "type": link.media_type}))
    return tuple(found.values())


def page(output: OutputResult, offset: int | None, limit: int | None) -> OutputResult:
    """Part of a FeatureCollection or an array; any other value, or no bounds: the output itself."""
    if offset is None and limit is None:
        return output
    start = offset or 0
    stop = None if limit is None else start + limit
    value = output.value
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return _with_page(output, items[start:stop], len(items))
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        features = members.get("features")
        if members.get("type") == "FeatureCollection" and isinstance(features, list):
            every = cast("list[Any]", features)
            part = every[start:stop]
            counts = {"numberMatched": len(every), "numberReturned": len(part)}
            return _with_page(output, {**members, "features": part, **counts}, len(every))
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


def _within(members: Mapping[str, Any], declared: Collection[str]) -> tuple[OutputResult, ...] | None:
    """The outputs within `outputs` or `results`, where that is all there is, and no output of that name."""
    names = [name for name in _WRAPPERS if name in members]
    if len(names) != 1 or names[0] in declared or members.keys() - {names[0]} - _BESIDE_WRAPPED:
        return None
    inner = members[names[0]]
    if isinstance(inner, dict):
        return keyed_outputs(cast("object", inner))
    entries = cast("list[object]", inner) if isinstance(inner, list) else []
    return _listed(entries, declared or [str(process_id(entry)) for entry in entries])


def _listed(entries: list[object], declared: Collection[str]) -> tuple[OutputResult, ...] | None:
    """Outputs of a list of `{id, value}` or `{id, href}`, where each is a declared one."""
    objects = [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]
    named = {process_id(members): members for members in objects if members.keys() & _VALUES}
    if not named or len(named) != len(entries) or not named.keys() <= set(declared):
        return None
    return tuple(_keyed(str(name), _entry(members)) for name, members in named.items())


def _entry(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """A list's entry as it would stand by its id."""
    if isinstance(members.get("href"), str):
        return members
    qualities = {name: members[name] for name in _QUALIFIERS - {"value"} if name in members}
    return {"value": members.get("value", members.get("data")), **qualities}


def _linked(name: str, members: Mapping[str, Any]) -> OutputResult:
    length, summary = members.get("length"), members.get("summary")
    return OutputResult(
        id=name,
        media_type=documents.media_type(members.get("type")) or documents.media_type(_qualities(members)[0]) or JSON,
        size=length if isinstance(length, int) and not isinstance(length, bool) and length >= 0 else None,
        summary=cast("Mapping[str, Any]", summary) if isinstance(summary, dict) else None,
        value=members.get("value", ABSENT),
        href=members["href"],
    )


def _qualities(members: Mapping[str, Any]) -> tuple[str, str]:
    stated: Any = members.get("format")
    more: Mapping[str, Any] = cast("dict[str, Any]", stated) if isinstance(stated, dict) else {}
    named = (source.get(name) for source in (members, more) for name in ("mediaType", "mimeType"))
    media_type = next((one for one in named if one), "")
    return str(media_type).partition(";")[0].strip().lower(), str(members.get("encoding") or more.get("encoding") or "")


def _decoded(value: Any, encoding: str) -> Any:
    if encoding.lower() != "base64" or not isinstance(value, str):
        return value
    try:
        # Many encoders break their lines (RFC 2045, 6.8).
        return base64.b64decode(value.translate(_LINE_BREAKS), validate=True)
    except ValueError:
        return value


def _with_page(output: OutputResult, value: Any, matched: int) -> OutputResult:
    """The output with a page of its value in place of the whole; its summary, which is of the whole, goes."""
    return replace(output, value=value, size=_size(value), summary=None, matched=matched)


def _is_geojson(value: object) -> bool:
    kind = cast("dict[str, Any]", value).get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind in _GEOJSON_TYPES


def _size(value: Any) -> int:
    return len(compact(value).encode(errors="surrogatepass"))
