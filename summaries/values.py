"""`summarise`: the first answers about any result. Pure."""

import copy
import json
import math
from collections.abc import Buffer, Callable, Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

from summaries.extent import GEOMETRY_TYPES, crs_of, describe
from summaries.table import ColumnsOfRows, fields, shorten, trim

MAX_BYTES = 2000
"""No summary is larger as compact JSON."""
_MAX_ROWS = 3
_MAX_WARNINGS = 4
_MAX_WARNINGS_OF_FILES = 8
"""A file has no place of its own for them."""
_OF_COLLECTIONS = frozenset({"type", "features", "bbox", "crs", "coordRefSys", "links", "warnings"})
"""Members that a FeatureCollection has by its standard, or that are told by others."""
_START = 200


@runtime_checkable
class Located(Protocol):
    """GeoJSON whose geometries are no objects, and need not become any to be summarised."""

    def extent(self) -> dict[str, Any]:
        """What `summaries.extent.describe` tells of the geometries."""
        ...


@runtime_checkable
class FeatureTable(Located, Protocol):
    """A FeatureCollection that has its features as columns: nobody needs to make objects of them to summarise it."""

    @property
    def members(self) -> Mapping[str, Any]:
        """All members but `type` and `features`."""
        ...

    @property
    def count(self) -> int:
        """How many features there are."""
        ...

    @property
    def columns(self) -> Mapping[str, Sequence[Any]]:
        """Property name → one JSON value for each feature."""
        ...


@runtime_checkable
class DescribedFile(Protocol):
    """A text or bytes that tell what is in them, as a file of features does."""

    @property
    def about(self) -> Mapping[str, Any]:
        """Members of the summary, of bounded size but for `fields` and `warnings`."""
        ...


def summarise(value: Any, media_type: str) -> dict[str, Any]:
    """Tell what a person would ask first about a result, in at most about 2 kB of JSON. Never raises.

    `value` is a JSON value, or text or bytes for a media type that is not JSON. Coordinates and `bbox` are in the CRS
    that `crs` names: OGC:CRS84, longitude before latitude, for GeoJSON. Lengths of texts are in characters, of binary
    values in bytes.
    """
    try:
        summary = _summarise(value, media_type)
        return _fit(summary) if _size(summary) > MAX_BYTES else summary
    except Exception:  # a result must never be lost for want of its summary
        return {"kind": _kind(value, media_type)}


def _summarise(value: Any, media_type: str) -> dict[str, Any]:
    kind = _kind(value, media_type)
    summariser = _SUMMARISERS.get(kind)
    told = {"kind": kind} | (summariser(value) if summariser else {})
    if kind not in ("text", "binary") or type(value) in (str, bytes) or not isinstance(value, DescribedFile):
        return told
    # A copy: what is dropped for want of room stays where it came from.
    about = copy.deepcopy(dict(value.about))
    return told | about | _warnings(about, _MAX_WARNINGS_OF_FILES)


def _kind(value: Any, media_type: str) -> str:
    if isinstance(value, Mapping):
        return _kind_of_object(cast("Mapping[str, Any]", value))
    if isinstance(value, str):
        return "string" if is_json(media_type) else "text"
    if isinstance(value, Buffer):
        return "text" if media_type.startswith("text/") else "binary"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "null" if value is None else "array"


def _kind_of_object(document: Mapping[str, Any]) -> str:
    # To ask for a protocol takes longer than all else of a small value's summary.
    if not isinstance(document, dict) and isinstance(document, FeatureTable):
        return "FeatureCollection"
    kind = document.get("type")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return "FeatureCollection"
    if kind == "Feature" and "geometry" in document:
        return "Feature"
    if (
        isinstance(kind, str)
        and kind in GEOMETRY_TYPES
        and not document.keys().isdisjoint(("coordinates", "geometries"))
    ):
        return "Geometry"
    return "object"


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON or built on it (RFC 6839), parameters or not."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence == "application/json" or essence.endswith("+json")


def _collection(document: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(document, FeatureTable):
        first = [
            {name: column[at] for name, column in document.columns.items()}
            for at in range(min(document.count, _MAX_ROWS))
        ]
        return _members(document.members, document.count, document.extent()) | _table(document.columns, first)
    members = cast("Sequence[object]", document["features"])
    features = [cast("Mapping[str, Any]", member) for member in members if isinstance(member, Mapping)]
    extent = describe((feature.get("geometry") for feature in features), crs_of(document))
    properties = (feature.get("properties") for feature in features)
    rows = [cast("Mapping[str, Any]", row) for row in properties if isinstance(row, Mapping)]
    return _members(document, len(members), extent) | _rows(rows)


def _members(document: Mapping[str, Any], count: int, extent: Mapping[str, Any]) -> dict[str, Any]:
    """What a FeatureCollection tells of all its features, and its further members."""
    told: dict[str, Any] = {"count": count, "crs": crs_of(document), **_warnings(document), **extent}
    rest = {name: member for name, member in document.items() if name not in _OF_COLLECTIONS}
    return told | ({"members": trim(rest)} if rest else {})


def _rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return _table(ColumnsOfRows(rows), rows[:_MAX_ROWS])


def _table(columns: Mapping[str, Sequence[Any]], first: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the rows hold, of which the first are given."""
    if not columns or not first:
        return {}
    told: dict[str, Any] = {"fields": fields(columns), "rows": [trim(row, depth=1) for row in first]}
    untold = len(columns) - len(told["fields"])
    return told | ({"more_fields": untold} if untold > 0 else {})


def _feature(document: Mapping[str, Any]) -> dict[str, Any]:
    crs = crs_of(document)
    told: dict[str, Any] = {"crs": crs} | _extent_of(document, crs)
    properties = document.get("properties")
    if not isinstance(properties, Mapping):
        return told
    members = cast("Mapping[str, Any]", properties)
    rest = _without_warnings(members)
    return told | _warnings(members) | ({"properties": trim(rest)} if rest else {})


def _extent_of(feature: Mapping[str, Any], crs: str) -> dict[str, Any]:
    if not isinstance(feature, dict) and isinstance(feature, Located):
        return feature.extent()
    return describe([feature["geometry"]], crs)


def _geometry(document: Mapping[str, Any]) -> dict[str, Any]:
    crs = crs_of(document)
    return {"crs": crs} | describe([document], crs)


def _object(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"count": len(document), **_warnings(document), "members": trim(_without_warnings(document))}


def _warnings(members: Mapping[str, Any], most: int = _MAX_WARNINGS) -> dict[str, list[str]]:
    """The first `warnings` of a result, in more words than other texts get: who acts on the result needs them."""
    found = members.get("warnings")
    if not isinstance(found, list):
        return {}
    texts = [text for text in cast("list[object]", found) if isinstance(text, str)]
    return {"warnings": [shorten(text, _START) for text in texts[:most]]} if texts else {}


def _without_warnings(members: Mapping[str, Any]) -> dict[str, Any]:
    return {n: member for n, member in members.items() if n != "warnings" or (member and not _warnings(members))}


def _array(items: Sequence[Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"length": len(items)}
    if items and all(isinstance(item, dict) for item in items):
        return told | _rows(cast("Sequence[Mapping[str, Any]]", items))
    if items and all(type(item) in (int, float) and math.isfinite(item) for item in items):
        told |= {"min": min(items), "max": max(items), "mean": math.fsum(items) / len(items)}
    return told | {"members": [trim(item, depth=1) for item in items[:_MAX_ROWS]]}


def _text(value: str | bytes) -> dict[str, Any]:
    text = value if isinstance(value, str) else bytes(value).decode("utf-8", errors="replace")
    return {"length": len(text), "start": shorten(text, _START)}


_SUMMARISERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "FeatureCollection": _collection,
    "Feature": _feature,
    "Geometry": _geometry,
    "object": _object,
    "array": _array,
    "text": _text,
    "string": _text,
    "number": lambda value: {"value": trim(value)},
    "boolean": lambda value: {"value": value},
    "binary": lambda value: {"length": memoryview(value).nbytes},
}


def _size(summary: Mapping[str, Any]) -> int:
    return len(json.dumps(summary, separators=(",", ":"), ensure_ascii=False).encode("utf-8", errors="replace"))


def _fit(summary: dict[str, Any]) -> dict[str, Any]:
    """Drop rows, then the details of fields, then the last fields and members, until the summary fits."""
    rows = summary.get("rows", [])
    while rows and _size(summary) > MAX_BYTES:
        rows.pop()
    if not rows:
        summary.pop("rows", None)
    for field in reversed(list(summary.get("fields", {}).values())):
        if _size(summary) <= MAX_BYTES:
            return summary
        for detail in ("examples", "values"):
            field.pop(detail, None)
    for part, rest in (("fields", "more_fields"), ("properties", "more_properties"), ("members", "more_members")):
        members = summary.get(part)
        while members and _size(summary) > MAX_BYTES:
            members.popitem() if isinstance(members, dict) else members.pop()
            summary[rest] = summary.get(rest, 0) + 1
    return summary
