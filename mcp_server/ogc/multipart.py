"""Several outputs in one answer: `multipart/related` (RFC 2387, OGC 18-062r2, 7.11.4). Pure."""

import base64
import binascii
import quopri
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from mcp_server.errors import InvalidServerReplyError
from mcp_server.ogc import replies
from mcp_server.ogc.documents import media_type
from mcp_server.ogc.link_header import parameters_in
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.ogc.reader import sound
from mcp_server.ogc.reply import Reply
from summaries.values import is_json

_MOST_PARTS = 1000
_LONGEST_HEAD = 16_000
"""Bytes of the headers of one part."""
_UNSTATED = "text/plain"
"""The media type of a part that names none (RFC 2046, 5.1)."""
_FOLD = re.compile(rb"\r?\n[ \t]+")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part, with its headers in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def content_id(self) -> str:
        """`Content-ID`, without the angle brackets that RFC 2392 asks for and OGC 18-062r2 does not mention."""
        return self.headers.get("content-id", "").strip().removeprefix("<").removesuffix(">")


def parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of a body; none where it is not a whole multipart one.

    Raises: ValueError for a part whose transfer encoding is damaged.
    """
    boundary = parameters_in(content_type).get("boundary")
    if not boundary:
        return []
    found: list[Part] = []
    begin: int | None = None
    # The delimiter is looked for as it stands, which is quick; that it begins a line is asked of each one found.
    delimiter = re.compile(
        rb"--" + re.escape(boundary.encode("utf-8", "surrogateescape")) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
    )
    for match in delimiter.finditer(body):
        if match.start() and body[match.start() - 1] != ord("\n"):
            continue
        if begin is not None:
            found.append(_part(_between(body, begin, match.start())))
        if match[1]:
            return found
        begin = match.end()
        if len(found) == _MOST_PARTS:
            break
    return []


def related_outputs(reply: Reply, declared: Sequence[str]) -> tuple[OutputResult, ...]:
    """The outputs of a multipart answer, a part each: by its `Content-ID`, else by its place.

    An empty part with a `Content-Location` is an output by reference.

    declared: output ids of the description.

    Raises: InvalidServerReplyError where it is not what it says, or a part of it is not.
    """
    try:
        found = parts(reply.headers.get("content-type", ""), reply.body)
    except ValueError as error:
        raise InvalidServerReplyError(f"the server's {reply.media_type} answer has a damaged part: {error}") from error
    if not found:
        raise InvalidServerReplyError(f"the server's {reply.media_type} answer is not one: it has no whole parts")
    outputs: dict[str, OutputResult] = {}
    for place, part in enumerate(found):
        name = _name(part, place, declared)
        outputs.setdefault(name, _output(name, part, reply))
    return tuple(outputs.values())


def _name(part: Part, place: int, declared: Sequence[str]) -> str:
    """The id of the output that a part is: percent-encoded, or with a domain behind it, where it cannot stand bare."""
    told = part.content_id
    spellings = (told, unquote(told), unquote(told.partition("@")[0]))
    if (known := next((one for one in spellings if one in declared), None)) is not None:
        return known
    if told:
        return unquote(told)
    return declared[place] if place < len(declared) else f"result-{place + 1}"


def _output(name: str, part: Part, whole: Reply) -> OutputResult:
    headers = {"content-type": part.headers.get("content-type", _UNSTATED)}
    reply = replace(whole, headers=headers, body=part.body)
    location = part.headers.get("content-location")
    if location and not part.body.strip():
        return OutputResult(
            name, media_type(reply.media_type) or "application/octet-stream", None, None, ABSENT, location
        )
    return replies.single_output(name, sound(reply) if is_json(reply.media_type) else reply, href=location)


def _part(text: bytes) -> Part:
    """A part, from the end of the line of its delimiter on."""
    blank = _BLANK_LINE.search(text)
    head, body = (text, b"") if blank is None else (text[: blank.start()], text[blank.end() :])
    if len(head) > _LONGEST_HEAD:
        raise ValueError(f"its headers are longer than {_LONGEST_HEAD} bytes")
    headers = _headers(head)
    return Part(headers, _decoded(body, headers.get("content-transfer-encoding", "")))


def _headers(head: bytes) -> dict[str, str]:
    """The first header of each name. The standard library reads them too, but some it takes for ever to read."""
    unfolded = _FOLD.sub(b" ", head).decode("utf-8", "replace")
    found: dict[str, str] = {}
    for line in unfolded.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _decoded(body: bytes, encoding: str) -> bytes:
    match encoding.strip().lower():
        case "base64":
            try:
                return base64.b64decode(body)
            except binascii.Error as error:
                raise ValueError(str(error)) from error
        case "quoted-printable":
            return quopri.decodestring(body)
        case _:
            return body


def _between(body: bytes, begin: int, end: int) -> bytes:
    """What stands between two delimiters; the line break before the second, as that after the first, is none of it."""
    long = body[begin : begin + 2] == b"\r\n" == body[end - 2 : end]
    return body[begin : end - (2 if long else 1)]
