"""What a server's answer means: its JSON, or the error it stands for. Pure."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from mcp_server.errors import InvalidServerReplyError, NoSuchJobError, RemoteProblemError, ResultGoneError
from mcp_server.ogc import documents, outputs
from mcp_server.ogc.models import OutputResult
from mcp_server.ogc.problems import problem_status, told_by
from mcp_server.ogc.reply import Reply
from summaries.values import is_json

_NO_SUCH_JOB = ("no-such-job", "nosuchjob")
_PROBLEMS = frozenset({"application/problem+json", "application/problem+xml"})
"""Media types of nothing but errors (RFC 9457)."""


def json_of(reply: Reply) -> Any:
    """The JSON document of an answer. A wrong media type is forgiven unless it is HTML.

    Raises: InvalidServerReplyError.
    """
    if reply.is_html:
        raise InvalidServerReplyError(f"the server answered {_path(reply)} with an HTML page in place of JSON")
    return documents.parse_json(reply.text_body)


def check(reply: Reply) -> None:
    """Pass what succeeded or has not changed. Problem details are an error whatever the status they came with.

    Raises: NoSuchJobError, ResultGoneError, RemoteProblemError with the server's own words, or InvalidServerReplyError
    where it has no words of its own (a redirect, an HTML page).
    """
    if reply.status < 300 and reply.media_type in _PROBLEMS:
        reply = replace(reply, status=_status_within(reply))
    if reply.status < 300 or reply.status == 304:
        return
    if reply.status < 400:
        raise InvalidServerReplyError(f"the server redirects {_path(reply)} (HTTP status {reply.status})")
    message, type_uri, problems = told_by(reply)
    if reply.status in (429, 503) and reply.retry_after is not None:
        message = f"{message} (may be asked again in {reply.retry_after:g} s)"
    if reply.status == 404 and _means_no_job(reply, type_uri):
        told = message if "job" in message.lower() else f"no such job ({message})"
        raise NoSuchJobError(told, status=404, type_uri=type_uri)
    if reply.status == 410:
        raise ResultGoneError(message, status=410, type_uri=type_uri)
    if reply.media_type == "text/html" and reply.status >= 500:
        raise InvalidServerReplyError(f"the server answered {_path(reply)} with an HTML page ({message})")
    raise RemoteProblemError(message, status=reply.status, type_uri=type_uri, problems=problems)


def single_output(name: str, reply: Reply, *, href: str | None) -> OutputResult:
    """The answer to a request for one output: its value, with the count of the whole where the value is a page."""
    body = json_of(reply) if is_json(reply.media_type) else reply.text_body
    output = outputs.value_output(name, body, reply.media_type, href=href)
    counted = reply.headers.get("ogc-numbermatched", "")
    matched = int(counted) if counted.isascii() and counted.isdigit() else outputs.number_matched(output.value)
    return replace(output, matched=matched)


def _status_within(reply: Reply) -> int:
    """The status that problem details tell of themselves, where it is one of an error."""
    try:
        document = documents.parse_json(reply.text_body)
    except InvalidServerReplyError:
        document = None
    return problem_status(document)


def _means_no_job(reply: Reply, type_uri: str | None) -> bool:
    """A 404 of a job itself; one below it may mean that the result is not ready, or that there is no such output."""
    segments = urlsplit(reply.url).path.rstrip("/").split("/")
    if len(segments) >= 2 and segments[-2] == "jobs":
        return True
    return any(word in (type_uri or "").lower() for word in _NO_SUCH_JOB)


def _path(reply: Reply) -> str:
    return urlsplit(reply.url).path or "/"
