"""What an error of a server says, in the many forms of errors → message, type and single faults. Pure."""

import html
import re
from typing import Any, Final, cast

from mcp_server.errors import ArgumentProblem, InvalidServerReplyError
from mcp_server.ogc.documents import parse_json, plain, words
from mcp_server.ogc.reply import Reply
from summaries.values import is_json

type Problem = tuple[str, str | None, tuple[ArgumentProblem, ...]]
"""Message, type URI and single faults."""

_TELLING: Final = ("detail", "description", "message", "error", "exception", "title", "code")
"""Members that tell what is wrong, the most telling first."""
_WITHIN: Final = ("detail", "description", "message", "msg", "text", "reason", "title", "code")
"""The same of an object that stands in place of a text."""
_LOWEST: Final = 400
_BEYOND: Final = 600
"""Statuses of errors are from the one to below the other."""
_TYPED: Final = frozenset({"type", "title", "status", "detail", "instance"})
"""The members of problem details."""
_WORD: Final = re.compile(r"(?=[A-Za-z]*[a-z][A-Z])[A-Z][A-Za-z]{2,99}")
"""Several words in one, as codes of OGC exceptions are written."""
_READ: Final = 8000
"""Bytes of an error that is no JSON which are looked into."""
_MOST_FAULTS: Final = 100
_EXCEPTION: Final = re.compile(
    r"<(?:\w+:)?(?:Service)?Exception\b([^>]*)>(.*?)</(?:\w+:)?(?:Service)?Exception>", re.DOTALL
)
_CODE: Final = re.compile(r"""\b(?:exceptionCode|code)\s*=\s*["']([^"']*)["']""")
_TAGS: Final = re.compile(r"<!\[CDATA\[(.*?)\]\]>|<[^>]*>", re.DOTALL)


def told_by(reply: Reply) -> Problem:
    """What an answer with an error says.

    Reads what `problem` does, the exception reports of OWS, and plain text.
    """
    document: Any = None
    if is_json(reply.media_type) or reply.body[:200].lstrip()[:1] == b"{":
        try:
            document = parse_json(reply.text_body)
        except InvalidServerReplyError:
            document = None
    text = "" if document is not None else _text(reply)
    return (text, None, ()) if text else problem(reply.status, document)


def problem(status: int, document: object) -> Problem:
    """Message, type URI and single faults of an error document.

    Reads problem details (RFC 9457), the OGC exception `{code, description}`, exception reports of OWS as JSON, and
    what frameworks send: `errors` as objects or texts, a `detail` that is a list of faults, an object in place of a
    text.
    """
    if not isinstance(document, dict):
        return f"HTTP status {status}", None, ()
    members = cast("dict[str, Any]", document)
    faults = [fault for key in ("errors", "detail") for fault in map(_fault, _list(members.get(key))) if fault]
    message = next((found for key in _TELLING if (found := _message(members.get(key)))), None)
    message = message or "; ".join(filter(None, map(_exception, _list(members.get("exceptions")))))
    code = members.get("code")
    if message and " " not in message and isinstance(code, str) and code != message:
        # Of an unknown job pygeoapi says its id, and nothing else.
        message = f"{plain(code, length=100)}: {message}"
    uri = members.get("type") or members.get("code")
    named = plain(uri, length=200) if isinstance(uri, str) else None
    told = words(message) if message else f"the request was refused (HTTP status {status})" if faults else ""
    return told or f"HTTP status {status}", named, tuple(faults[:_MOST_FAULTS])


def problem_status(document: object) -> int:
    """The status that an error document tells of itself; 500 where it tells none of an error."""
    told = cast("dict[str, Any]", document).get("status") if isinstance(document, dict) else None
    return told if isinstance(told, int) and not isinstance(told, bool) and _LOWEST <= told < _BEYOND else 500


def is_problem(document: object) -> bool:
    """Whether a document can be nothing but problem details (RFC 9457) that tell the status of an error."""
    if not isinstance(document, dict):
        return False
    members = cast("dict[str, Any]", document)
    tells = any(isinstance(members.get(name), str) for name in ("title", "detail"))
    return tells and "status" in members and members["status"] == problem_status(members) and members.keys() <= _TYPED


def is_exception(document: object) -> bool:
    """Whether a document has the form of an OGC exception of the drafts, `{code, description}`, a code in one word.

    pygeoapi adds a `type`.
    """
    if not isinstance(document, dict):
        return False
    members = cast("dict[str, Any]", document)
    code, description = members.get("code"), members.get("description")
    known = isinstance(description, str) and members.keys() <= {"code", "description", "type"}
    return known and isinstance(code, str) and bool(_WORD.fullmatch(code))


def _message(told: object) -> str:
    """A text, or the most telling text of an object in its place."""
    if isinstance(told, dict):
        members = cast("dict[str, Any]", told)
        told = next((members[key] for key in _WITHIN if isinstance(members.get(key), str) and members[key].strip()), "")
    return words(told) if isinstance(told, str) else ""


def _fault(entry: object) -> ArgumentProblem | None:
    """One fault: ours, `{path, message}`; of FastAPI, `{loc, msg}`; a text. None where it tells nothing."""
    if isinstance(entry, str):
        return ArgumentProblem("$", words(entry)) if entry.strip() else None
    if not isinstance(entry, dict):
        return None
    members = cast("dict[str, Any]", entry)
    told = next((members[key] for key in ("message", "detail", "msg") if isinstance(members.get(key), str)), "")
    if "loc" in members:
        return ArgumentProblem(_located(members["loc"]), words(told)) if told else None
    return ArgumentProblem(_path(str(members.get("path", "$"))), words(told))


def _located(steps: object) -> str:
    """The path of a fault that is told as a list of steps; they begin with the part of the request."""
    named = _list(steps)
    named = named[1:] if named[:1] == ["body"] else named
    return _path("$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in named))


def _path(text: str) -> str:
    return plain(words(text), length=200)


def _exception(entry: object) -> str:
    """One exception of OWS as JSON, `{code, locator, text}`."""
    members = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    code = next((members[key] for key in ("code", "exceptionCode") if isinstance(members.get(key), str)), "")
    told: Any = next((members[key] for key in ("text", "exceptionText", "ExceptionText") if key in members), "")
    text = " ".join(map(str, _list(told))) or (told if isinstance(told, str) else "")
    return ": ".join(part for part in (code, text) if part)


def _text(reply: Reply) -> str:
    """What an error says that is no JSON: plain text, or the exceptions in XML; empty for any other."""
    body = reply.text_body[:_READ].decode("utf-8", "replace")
    if "xml" in reply.media_type and "html" not in reply.media_type:
        return words("; ".join(_of_xml(match) for match in _EXCEPTION.finditer(body)))
    is_text = reply.media_type == "text/plain" or (not reply.media_type and "\0" not in body)
    return words(body[:2000]) if is_text and body.lstrip()[:1] != "<" else ""


def _of_xml(match: re.Match[str]) -> str:
    code = _CODE.search(match[1])
    text = " ".join(html.unescape(_TAGS.sub(lambda tag: tag[1] or " ", match[2])).split())
    return ": ".join(part for part in (code[1] if code else "", text) if part)


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
