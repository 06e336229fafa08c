"""Documents of an OGC API – Processes server → records. Pure."""

import json
from collections.abc import Mapping
from typing import Any, cast

from mcp_server.errors import ArgumentProblem, InvalidServerReplyError
from mcp_server.ogc.models import ProcessSummary, StatusInfo

_STATES = frozenset({"accepted", "running", "successful", "failed", "dismissed"})
_TEXT_LENGTH = 600


def plain(text: object, *, length: int = _TEXT_LENGTH) -> str:
    """A text of a server as one line of printable characters, at most `length`."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)[: 4 * length]).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def parse_json(body: bytes) -> Any:
    """A JSON body; NaN and infinities, which are not JSON, become null.

    Raises: InvalidServerReplyError.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        start = plain(body[:80].decode("utf-8", "replace"), length=60)
        raise InvalidServerReplyError(f"the server's answer is no JSON document; it begins {start!r}") from error


def compact(value: object) -> str:
    """JSON without spaces, as it is read at the least cost."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_object(value: object) -> Mapping[str, Any]:
    """A JSON object.

    Raises: InvalidServerReplyError.
    """
    if not isinstance(value, dict):
        raise InvalidServerReplyError(f"the server answered with {_kind(value)} in place of a JSON object")
    return cast("Mapping[str, Any]", value)


def conformance_classes(document: object) -> frozenset[str]:
    """`conformsTo` of a conformance declaration; empty where there is none."""
    return frozenset(str(c) for c in _list(document, "conformsTo"))


def process_summaries(document: object) -> list[ProcessSummary]:
    """The members of a process list that have an id: `{"processes": […]}`, or the bare array some servers send.

    Raises: InvalidServerReplyError.
    """
    if not isinstance(document, list):
        document = as_object(document).get("processes")
    if not isinstance(document, list):
        raise InvalidServerReplyError("the server's process list has no `processes`")
    named = ((process_id(entry), entry) for entry in cast("list[Mapping[str, Any]]", document))
    return [ProcessSummary(name, entry) for name, entry in named if name]


def process_id(document: object) -> str | None:
    """`id` of a process, in any of its spellings and wrappers."""
    if not isinstance(document, dict):
        return None
    members = cast("dict[str, Any]", document)
    for key in ("id", "identifier"):
        if isinstance(members.get(key), str | int):
            return str(members[key])
    for wrapper in ("process", "processDescription", "processOffering"):
        if wrapper in members:
            return process_id(members[wrapper])
    return None


def described_process_ids(openapi: object) -> list[str]:
    """Ids of the processes whose execution an OpenAPI document describes."""
    paths = cast("dict[str, Any]", openapi).get("paths") if isinstance(openapi, dict) else None
    if not isinstance(paths, dict):
        return []
    segments = (str(path).strip("/").split("/") for path in cast("dict[str, Any]", paths))
    return [s[1] for s in segments if len(s) == 3 and s[0] == "processes" and s[2] == "execution" and "{" not in s[1]]


def link(document: object, relation: str) -> str | None:
    """`href` of the first link of a relation."""
    for entry in _list(document, "links"):
        if isinstance(entry, dict):
            members = cast("dict[str, Any]", entry)
            if members.get("rel") == relation and isinstance(members.get("href"), str):
                return members["href"]
    return None


def output_ids(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of a process's outputs, in the order of its description."""
    outputs: Any = description.get("outputs")
    if isinstance(outputs, dict):
        return tuple(cast("dict[str, Any]", outputs))
    entries = cast("list[object]", outputs) if isinstance(outputs, list) else []
    return tuple(name for name in (process_id(entry) for entry in entries) if name)


def is_status(document: object) -> bool:
    """Whether a document is a job's status rather than a result."""
    if not isinstance(document, dict):
        return False
    members = cast("dict[str, Any]", document)
    return members.get("status") in _STATES and any(k in members for k in ("jobID", "jobId", "id"))


def status_info(
    document: object, *, job_id: str | None = None, etag: str | None = None, retry_after: float | None = None
) -> StatusInfo:
    """A `statusInfo` document; `job_id` stands in where the document names none.

    Raises: InvalidServerReplyError.
    """
    members = as_object(document)
    found = next((str(members[k]) for k in ("jobID", "jobId", "id") if members.get(k)), job_id)
    status = members.get("status")
    if found is None or status not in _STATES:
        raise InvalidServerReplyError(f"the server sent a job status without id or with the status {status!r:.40}")
    return StatusInfo(
        job_id=found,
        process_id=_text(members.get("processID") or members.get("processId")),
        status=status,
        progress=_percent(members.get("progress")),
        message=plain(members["message"]) if members.get("message") else None,
        created=_text(members.get("created")),
        started=_text(members.get("started")),
        finished=_text(members.get("finished")),
        updated=_text(members.get("updated")),
        etag=etag,
        retry_after=retry_after,
    )


def statuses(document: object) -> list[StatusInfo]:
    """Jobs of a job list; entries that are no status are left out."""
    return [status_info(entry) for entry in _list(document, "jobs") if is_status(entry)]


def problem(status: int, document: object) -> tuple[str, str | None, tuple[ArgumentProblem, ...]]:
    """Message, type URI and single faults of an error document.

    Reads problem details (RFC 9457), the OGC exception `{code, description}` and what frameworks send.
    """
    if not isinstance(document, dict):
        return f"HTTP status {status}", None, ()
    members = cast("dict[str, Any]", document)
    faults: list[ArgumentProblem] = []
    for entry in _list(members, "errors"):
        if isinstance(entry, dict):
            fault = cast("dict[str, Any]", entry)
            text = fault.get("message") or fault.get("detail") or ""
            faults.append(ArgumentProblem(plain(fault.get("path", "$"), length=200), plain(text)))
    words = (members.get(k) for k in ("detail", "description", "message", "error", "title", "code"))
    message = next((plain(w) for w in words if isinstance(w, str) and w.strip()), None)
    uri = members.get("type") or members.get("code")
    return message or f"HTTP status {status}", plain(uri, length=200) if isinstance(uri, str) else None, tuple(faults)


def _list(document: object, key: str) -> list[object]:
    found = cast("dict[str, Any]", document).get(key) if isinstance(document, dict) else None
    return cast("list[object]", found) if isinstance(found, list) else []


def _percent(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return min(100.0, max(0.0, float(value)))


def _text(value: object) -> str | None:
    return plain(value, length=100) if isinstance(value, str | int) else None


def _kind(value: object) -> str:
    match value:
        case list():
            return "an array"
        case str():
            return "a string"
        case None:
            return "null"
        case bool():
            return "a boolean"
        case _:
            return "a number"
