"""Answers of the API's operations: documents, problems, and the headers they come with. Pure."""

from collections.abc import Mapping
from typing import Any, Literal

from backend.openapi.names import reference
from backend.openapi.standard_schemas import schema_of

type Response = dict[str, Any]
type Content = dict[str, Any]

JSON = "application/json"
PROBLEM = "application/problem+json"

_STATUSES: Mapping[str, tuple[str, str]] = {
    "400": ("Invalid", "The request is not valid; `errors` says where and why, all of it at once."),
    "403": ("Forbidden", "The request comes from a page of another site."),
    "404": ("Unknown", "There is no such process, job, output or collection; or the job has not ended."),
    "406": ("NotAcceptable", "`Accept` takes no form that this resource has."),
    "408": ("TooSlow", "The request body did not arrive in time."),
    "410": ("Gone", "The job was dismissed, or its results have expired."),
    "413": ("TooLarge", "The request body is larger than this server accepts."),
    "415": ("NotJson", "The request body is not JSON."),
    "416": ("NotInRange", "The value has no such bytes."),
    "421": ("Misdirected", "The request names another host than this server."),
    "500": ("Failed", "The process failed, or the server met an error of its own."),
    "503": ("Busy", "The server takes no more now, or its job store does not answer."),
    "507": ("Full", "There is no room on the server's disk for it."),
}

_HEADERS: Mapping[str, tuple[dict[str, Any], str]] = {
    "Accept-Ranges": ({"type": "string", "enum": ["bytes"]}, "A part of the value may be asked for."),
    "Content-Range": ({"type": "string"}, "Which bytes of the value these are, and how many it has (RFC 9110)."),
    "Content-Security-Policy": ({"type": "string"}, "Of a page or a value: what a browser may load for it."),
    "ETag": ({"type": "string"}, "Tag of this state of the job."),
    "Link": ({"type": "string"}, "Where outputs stand (`item`), and the job that gives them (`monitor`; RFC 8288)."),
    "Location": ({"type": "string"}, "Where the job's status stands."),
    "OGC-NumberMatched": ({"type": "integer", "minimum": 0}, "Items of the whole array, of which this is a page."),
    "Preference-Applied": ({"type": "string"}, "The preferences that were heeded (RFC 7240)."),
    "Referrer-Policy": ({"type": "string"}, "Of a page: what it tells where its links lead."),
    "Retry-After": ({"type": "integer"}, "Seconds after which it is worth another try."),
    "Repr-Digest": ({"type": "string"}, "SHA-256 of the whole value (RFC 9530)."),
    "Sunset": ({"type": "string"}, "When the job and its results are removed at the latest (RFC 8594)."),
    "Vary": ({"type": "string"}, "What the form of the answer depends on."),
    "X-Content-Type-Options": ({"type": "string", "enum": ["nosniff"]}, "The media type is what it says."),
}


type Variant = Literal["", "Page", "Execution"]

_VARIANTS: Mapping[Variant, tuple[int, ...]] = {
    "": (400, 403, 404, 406, 421, 500, 503, 507),
    "Page": (400, 403, 404, 406, 410, 416, 421, 500, 503),
    "Execution": (400, 403, 404, 406, 408, 410, 413, 415, 421, 500, 503, 507),
}
"""Problems as JSON alone, as a page too for whoever reads pages, and of an execution, which may have made a job."""

_OF_PAGES = ("Vary", "Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options")
OF_VALUES = ("Content-Security-Policy", "Repr-Digest", "X-Content-Type-Options")
OF_EXECUTIONS = ("Link", "Location", "Preference-Applied", "Sunset")
_VARIANT_HEADERS: Mapping[Variant, tuple[str, ...]] = {"": (), "Page": _OF_PAGES, "Execution": OF_EXECUTIONS}
_STATUS_HEADERS: Mapping[int, tuple[str, ...]] = {416: ("Content-Range",), 503: ("Retry-After",)}
_PAGE: Content = {"text/html": {"schema": {"type": "string"}}}


def shared_responses() -> dict[str, Response]:
    """Components: every problem in each of its variants."""
    found: dict[str, Response] = {}
    for variant, statuses in _VARIANTS.items():
        for status in statuses:
            name, description = _STATUSES[str(status)]
            content: Content = {PROBLEM: {"schema": schema_of("exception")}}
            if variant == "Page":
                content |= _PAGE
            found[name + variant] = {"description": description, "content": content}
            told = (*_VARIANT_HEADERS[variant], *_STATUS_HEADERS.get(status, ()))
            if told:
                found[name + variant]["headers"] = headers(*told)
    return found


def response_headers() -> dict[str, Any]:
    """Components: every header."""
    return {name: {"description": text, "schema": schema} for name, (schema, text) in _HEADERS.items()}


def headers(*names: str) -> dict[str, Any]:
    """References to headers; each may be absent."""
    return {name: {"$ref": reference(name, "headers")} for name in names}


def response(component: str) -> Response:
    """A reference to a response."""
    return {"$ref": reference(component, "responses")}


def problems(variant: Variant, *statuses: int) -> dict[str, Response]:
    """The problems that an operation may answer with; all of the variant where none are named."""
    chosen = statuses or _VARIANTS[variant]
    return {str(status): response(_STATUSES[str(status)][0] + variant) for status in chosen}


def document(
    description: str, schema: Mapping[str, Any], *names: str, media_type: str = "application/json"
) -> Response:
    """A document that comes as JSON and as a page."""
    return {
        "description": description,
        "headers": headers(*_OF_PAGES, *names),
        "content": {media_type: {"schema": dict(schema)}, **_PAGE},
    }


def empty(description: str, *names: str) -> Response:
    """An answer without a body."""
    return {"description": description, "headers": headers(*names)}
