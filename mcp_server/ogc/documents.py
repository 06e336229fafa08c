"""Documents of an OGC API – Processes server → records. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from mcp_server.errors import InvalidServerReplyError
from mcp_server.ogc.models import ProcessSummary, StatusInfo
from mcp_server.texts import harmless

_STATES: Mapping[str, str] = MappingProxyType(
    {
        word: state
        for state, words in {
            "accepted": "accepted pending queued created submitted scheduled waiting",
            "running": "running started processing paused in-progress",
            "successful": "successful succeeded success completed finished done",
            "failed": "failed failure error errored exception",
            "dismissed": "dismissed dismissing cancelled canceled revoked aborted",
        }.items()
        for word in words.split()
    }
)
"""What servers call the five states: the standard, its drafts, WPS 2.0, and the engines behind them."""
ROOT_HINT = "the URL of a server is that of its landing page"
"""Most often the URL of another page was copied."""
_WRAPPERS = ("statusInfo", "StatusInfo")
LONGEST_ID = 2000
"""Characters. A longer id fits no URL: what has it cannot be asked for."""
LONGEST_LINK = 2000
"""Characters of a server's link that are told."""
_TEXT_LENGTH = 600
_MEDIA_TYPE = re.compile(r"\s*([A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9*][\w!#$&^.+-]{0,126})\s*(?:;|\Z)", re.ASCII)


def plain(text: object, *, length: int = _TEXT_LENGTH) -> str:
    """A text of a server as one line of printable characters, at most `length`."""
    given = str(text)[: 4 * length]
    # Nearly every text is printable: to find that out takes a hundredth of looking at each character.
    printable = given if given.isprintable() else "".join(c if c.isprintable() else " " for c in given)
    line = " ".join(printable.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def words(text: object) -> str:
    """What a server says in its own words, one short line without anything hidden or misleading."""
    return plain(harmless(str(text)[: 4 * _TEXT_LENGTH]))


def media_type(text: object) -> str:
    """A media type without its parameters, in small letters; empty for what is none (RFC 6838, 4.2)."""
    found = _MEDIA_TYPE.match(text) if isinstance(text, str) else None
    return found[1].lower() if found else ""


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
    """JSON without spaces, as it is read at the least cost; an infinity, which `1e999` is read as, becomes null."""
    return _written(value, separators=(",", ":"))


def indented(value: object) -> str:
    """JSON as people read it, a member a line; an infinity becomes null."""
    return _written(value, indent=1)


def utf8_size(text: str) -> int:
    """Bytes of a text as it is sent; a half of a character counts for one."""
    return len(text.encode(errors="replace"))


def _written(value: object, **how: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, **how)
    except ValueError:
        finite = json.loads(json.dumps(value, ensure_ascii=False), parse_constant=lambda _: None)
        return json.dumps(finite, ensure_ascii=False, **how)


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
    """The members of a process list that have a usable id: `{"processes": […]}`, or the bare array some servers send.

    Raises: InvalidServerReplyError.
    """
    if not isinstance(document, list):
        document = as_object(document).get("processes")
    if not isinstance(document, list):
        raise InvalidServerReplyError(f"the server's process list has no `processes`; {ROOT_HINT}")
    named = ((process_id(entry), entry) for entry in cast("list[Mapping[str, Any]]", document))
    return [ProcessSummary(name, entry) for name, entry in named if name and len(name) <= LONGEST_ID]


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


def job_in(url: str | None) -> str | None:
    """Id of the job that a `Location` or a result's URL names."""
    try:
        segments = urlsplit(url or "").path.split("/")
    except ValueError:
        return None
    if "jobs" not in segments:
        return None
    following = segments[len(segments) - segments[::-1].index("jobs") :]
    return unquote(following[0]) or None if following else None


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
    """Whether a document is a job's status rather than a result.

    A result may have a member `status` as well, and an `id`: then only the standard's own words count, unless a process
    is named beside them.
    """
    members = _status_members(document)
    state = _state(members)
    if state is None:
        return False
    if _job_id(members) is not None:
        return True
    return bool(members.get("id")) and (state == members.get("status") or "processid" in members)


def status_info(
    document: object, *, job_id: str | None = None, etag: str | None = None, retry_after: float | None = None
) -> StatusInfo:
    """A `statusInfo` document; `job_id` stands in where the document names none.

    Raises: InvalidServerReplyError.
    """
    as_object(document)
    members = _status_members(document)
    found = _job_id(members) or (_bare_id(members["id"]) if members.get("id") else job_id)
    state = _state(members)
    if found is None or state is None:
        told = members.get("status")
        raise InvalidServerReplyError(f"the server sent a job status without id or with the status {told!r:.40}")
    return StatusInfo(
        job_id=found,
        process_id=_text(_first(members, "processid", "process")),
        status=state,
        progress=_percent(_first(members, "progress", "percentcompleted")),
        message=_said(members),
        created=_text(members.get("created")),
        started=_text(members.get("started")),
        finished=_text(members.get("finished")),
        updated=_text(members.get("updated")),
        etag=etag,
        retry_after=retry_after,
        expires=_text(members.get("expires")),
    )


def statuses(document: object) -> list[StatusInfo]:
    """Jobs of a job list, or of the bare array some servers send; entries that cannot be asked for are left out."""
    entries = cast("list[object]", document) if isinstance(document, list) else _list(document, "jobs")
    found = (status_info(entry) for entry in entries if is_status(entry))
    return [status for status in found if len(status.job_id) <= LONGEST_ID]


def _status_members(document: object) -> Mapping[str, Any]:
    """The members of a status by their names in lower case: `jobID`, `jobId` and `JobID` are one."""
    members = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    inner = next((members[name] for name in _WRAPPERS if isinstance(members.get(name), dict)), members)
    return {name.lower(): value for name, value in cast("dict[str, Any]", inner).items()}


def _said(members: Mapping[str, Any]) -> str | None:
    """The message of a status; without one, what its `exception` says (Part 1, 2.0)."""
    exception = members.get("exception")
    told: list[object] = [members.get("message")]
    if isinstance(exception, dict):
        told += [cast("dict[str, Any]", exception).get(name) for name in ("detail", "title")]
    return next((words(text) for text in told if text), None)


def _state(members: Mapping[str, Any]) -> str | None:
    word = members.get("status")
    return _STATES.get(word.strip().lower().replace("_", "-")) if isinstance(word, str) else None


def _job_id(members: Mapping[str, Any]) -> str | None:
    found = _first(members, "jobid", "job_id", "job-id")
    return _bare_id(found) if isinstance(found, str | int) else None


def _bare_id(told: object) -> str:
    """A job's id, also where its whole URL is told in its place."""
    text = str(told)
    return (job_in(text) or text) if text.startswith(("http://", "https://")) else text


def _first(members: Mapping[str, Any], *names: str) -> Any:
    return next((members[name] for name in names if members.get(name) not in (None, "")), None)


def _list(document: object, key: str) -> list[object]:
    found = cast("dict[str, Any]", document).get(key) if isinstance(document, dict) else None
    return cast("list[object]", found) if isinstance(found, list) else []


def moment(text: str | None) -> datetime | None:
    """A time as servers write it, with any offset or none (UTC then); None where it is no time."""
    try:
        told = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def _percent(value: object) -> float | None:
    if isinstance(value, str) and value.strip().removesuffix("%").strip().isdecimal():
        value = float(value.strip().removesuffix("%"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Before it is a float: an integer may be too large to be one.
    return float(min(100, max(0, value)))


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
