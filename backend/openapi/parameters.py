"""Parameters of the API's operations. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.openapi.names import reference
from backend.openapi.standard_schemas import choice, schema_of

type Parameter = dict[str, Any]

MOST_IN_A_PAGE = 10_000

ITEMS_IN_A_PAGE = 10
"""Features of a dataset, where nobody says how many."""

MOST_LINES = 1000
"""Of the log of a job."""


def parameter(name: str) -> Parameter:
    """A reference to a parameter of `parameters`."""
    return {"$ref": reference(name, "parameters")}


def parameters(process_ids: Sequence[str]) -> dict[str, Parameter]:
    """All parameters, by the name of their component."""
    return {**_paths(process_ids), **_paging(), **_features(), **_job_filters(), **_negotiation()}


def _paths(process_ids: Sequence[str]) -> Mapping[str, Parameter]:
    process = {"type": "string", **({"enum": list(process_ids)} if process_ids else {})}
    return {
        "processID": _path("processID", process, "Id of a process."),
        "collectionId": _path("collectionId", {"type": "string"}, "Id of a dataset, as the list of them tells it."),
        "featureId": _path("featureId", {"type": "string"}, "Place of a feature in its layer: 0 for the first."),
        "jobId": _path("jobId", {"type": "string"}, "Id of a job, as its `statusInfo` tells it."),
        "output": _path("output", {"type": "string"}, "Id of an output of the job's process."),
    }


def _paging() -> Mapping[str, Parameter]:
    whole = {"type": "integer", "minimum": 0, "maximum": 2**31}
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_IN_A_PAGE}
    return {
        "limit": _query("limit", limit, "Entries in a page; a larger number than there may be means as many."),
        "offset": _query("offset", {**whole, "default": 0}, "Entries to pass over."),
        "after": _query("after", {"type": "string"}, "Entries that follow this one, as the link `next` asks."),
        "items": _query("limit", whole, "Features or items in a page, of a result that is a sequence of either."),
        "tail": _query("tail", {"type": "integer", "minimum": 1, "maximum": MOST_LINES}, "The last lines alone."),
        "firstItem": _query("offset", {**whole, "default": 0}, "Features or items to pass over."),
    }


def _features() -> Mapping[str, Parameter]:
    corners = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    box = "Features that meet this box alone: west, south, east, north in degrees (OGC:CRS84); west may exceed east."
    most = {"type": "integer", "minimum": 1, "maximum": MOST_IN_A_PAGE, "default": ITEMS_IN_A_PAGE}
    return {
        "features": _query("limit", most, "Features in a page, which may have fewer where they are large."),
        "bbox": _query("bbox", corners, box, style="form", explode=False, example=[5, 47, 15, 55]),
        "layer": _query("layer", {"type": "string"}, "Name of a layer, of a file with several."),
    }


def _job_filters() -> Mapping[str, Parameter]:
    seconds = {"type": "integer", "minimum": 0, "maximum": 10**11}
    interval = (
        "A time of RFC 3339, or two with `/` between them, of which one may be `..`: "
        "jobs created then, or in between, both times included."
    )
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    half_open = rf"^({moment}/({moment}|\.\.)?|(\.\.)?/{moment})$"
    span = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "pattern": half_open}]}
    return {
        "type": _list("type", choice("process"), "Jobs of these types; all of ours are of processes."),
        "jobProcess": _list("processID", {"type": "string"}, "Jobs of these processes."),
        "status": _list("status", schema_of("statusCode"), "Jobs in these states."),
        "datetime": _query("datetime", span, interval, example="2026-01-01T00:00:00Z/.."),
        "minDuration": _query("minDuration", seconds, "Jobs that took so many seconds or more, or have by now."),
        "maxDuration": _query("maxDuration", seconds, "Jobs that took so many seconds or less, or have by now."),
    }


def _negotiation() -> Mapping[str, Parameter]:
    form = {"type": "string", "enum": ["json", "html", "application/json", "text/html"]}
    prefer = (
        "Preferences (RFC 7240): `respond-async`, `wait=N` seconds, `return=minimal` or `return=representation`. "
        "Others are ignored."
    )
    held = (
        "Preferences (RFC 7240): with `wait=N` and `If-None-Match` the answer is held until the job has changed, "
        "at most N seconds."
    )
    return {
        "f": _query("f", form, "The form of the answer; counts more than `Accept`."),
        "prefer": _header("Prefer", prefer, example="respond-async, wait=5"),
        "preferMinimal": _header("Prefer", prefer, example="return=minimal"),
        "preferWait": _header("Prefer", held, example="wait=10"),
        "range": _range(),
        "ifNoneMatch": _header("If-None-Match", "The entity tag of the status that the client has.", example='"3"'),
    }


def _path(name: str, schema: Mapping[str, Any], description: str) -> Parameter:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": dict(schema)}


def _query(name: str, schema: Mapping[str, Any], description: str, **rest: Any) -> Parameter:
    return {"name": name, "in": "query", "description": description, "schema": dict(schema), **rest}


def _range() -> Parameter:
    text = "Bytes of the value (RFC 9110); several ranges, and other units, are answered with all of it."
    schema = {"type": "string", "pattern": r"^bytes=([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})$"}
    return {**_header("Range", text, example="bytes=0-999"), "schema": schema}


def _list(name: str, item: Mapping[str, Any], description: str) -> Parameter:
    values = {"type": "array", "items": dict(item), "minItems": 1}
    return _query(name, values, description, style="form", explode=False)


def _header(name: str, description: str, **rest: Any) -> Parameter:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}, **rest}
