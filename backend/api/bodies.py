"""Request bodies: bounded reading and strict JSON (RFC 8259: UTF-8, no NaN, no lone surrogates)."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.requests import Request

from backend.errors import (
    InputProblem,
    InvalidRequestError,
    RequestTooLargeError,
    RequestTooSlowError,
    UnsupportedMediaTypeError,
)
from backend.processes.explanations import json_path, json_type

_THREAD_FROM_BYTES = 16 * 1024
"""Parsing and judging less than this takes little more time than the way to a thread and back."""

# Possessive, and closed by the end of the text as well: linear for any input.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_TO_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BLANKS = re.compile(r"[ \t\n\r]*+")
_OUTER_LEVELS = 2
_MOST_REPEATED = 20
_REPEATED = "stands more than once: which of its values is meant cannot be told"
# Only numbers written like this can exceed a double (1.8e308).
_PERHAPS_INFINITE = re.compile(r"[eE]\+?\d{3}|\d{200}")


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a request body may be at most."""

    size: int
    """Bytes."""
    nesting: int
    """Levels of objects and arrays."""
    seconds: float = math.inf
    """Time that it may take to arrive."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request body that is a JSON object."""

    members: dict[str, Any]
    large: bool
    """What goes through all of it had better do so in a thread."""


async def read_json_object(request: Request, limits: BodyLimits) -> Body:
    """The JSON object in the request's body; an empty body is an empty object.

    Raises:
        UnsupportedMediaTypeError: The body declares itself to be something else than JSON.
        RequestTooSlowError: The body has not arrived in time.
        RequestTooLargeError: The body has more bytes than `limits` allow.
        InvalidRequestError: The body is not JSON, no object, or nested too deep.
    """
    data = await _read(request, limits)
    if data:
        _require_json(request.headers)
    if len(data) < _THREAD_FROM_BYTES:
        return Body(parse_object(data, limits.nesting), large=False)
    return Body(await anyio.to_thread.run_sync(parse_object, data, limits.nesting), large=True)


async def _read(request: Request, limits: BodyLimits) -> bytes:
    with anyio.move_on_after(limits.seconds):
        return await _read_whole(request, limits.size)
    raise RequestTooSlowError(f"The request body did not arrive within {limits.seconds:g} s.")


async def _read_whole(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> RequestTooLargeError:
    return RequestTooLargeError(f"The request body is larger than the {limit} bytes this server accepts.")


def _require_json(headers: Headers) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaTypeError(f"The content encoding `{encoding}` is not understood; send the body as it is.")
    declared = headers.get("content-type", "").strip()
    media_type = declared.partition(";")[0].strip().lower()
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaTypeError(
            f"The body is declared as `{media_type}`; send JSON with `Content-Type: application/json`."
        )


def parse_object(data: bytes, max_nesting: int) -> dict[str, Any]:
    """The JSON object in `data`.

    Raises:
        InvalidRequestError: `data` is not UTF-8, not JSON, no object, or nested deeper than `max_nesting`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    if not text.strip():
        return {}
    if nested_deeper(data, max_nesting):
        raise InvalidRequestError(
            f"The body nests objects and arrays deeper than the {max_nesting} levels this server accepts."
        )
    value = _parse(text)
    if not isinstance(value, dict):
        raise InvalidRequestError(
            'The body must be a JSON object such as {"inputs": {}}' + f", not {json_type(value)}."
        )
    return value  # pyright: ignore[reportUnknownVariableType] -- JSON: keys are strings


def nested_deeper(data: bytes, limit: int) -> bool:
    """Whether `data`, a JSON text perhaps malformed, nests deeper than `limit`: found without parsing it."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    brackets = _STRINGS.sub(b"", data).translate(_TO_SQUARE, _NO_BRACKETS)
    for _ in range(limit):
        # Each pass takes away the innermost level.
        peeled = brackets.replace(b"[]", b"")
        if len(peeled) == len(brackets):
            break
        brackets = peeled
    # What never closes is malformed, and the parser says where: unless it opens too often for the parser itself.
    return b"[]" in brackets or brackets.count(b"[") > limit


def _parse(text: str) -> Any:
    decoder = json.JSONDecoder(
        parse_constant=_refuse_constant, parse_float=_finite if _PERHAPS_INFINITE.search(text) else None
    )
    reading = _Reading(decoder, text)
    try:
        value = reading.whole()
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise InvalidRequestError(
            f"The body is not valid JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from None
    except UnicodeEncodeError:
        raise InvalidRequestError("The body holds half of a surrogate pair, which is no character.") from None
    except ValueError:
        # Python bounds the digits of an integer it will read.
        raise InvalidRequestError("The body holds an integer with more digits than this server reads.") from None
    if reading.repeated:
        problems = [InputProblem(path, _REPEATED) for path in reading.repeated[:_MOST_REPEATED]]
        raise InvalidRequestError(f"{problems[0].path} {_REPEATED}.", problems)
    return value


class _Reading:
    """Reads a text whose outer two levels of objects may have no name twice: a request, its inputs and its outputs.

    The decoder takes the last of several values for one name. Deeper in a value that is the value's own affair, and to
    look for it would take as long as all else.
    """

    def __init__(self, decoder: json.JSONDecoder, text: str) -> None:
        self._decoder = decoder
        self._text = text
        self.repeated: list[str] = []
        """Paths of what stands more than once."""

    def whole(self) -> Any:
        """The value.

        Raises:
            json.JSONDecodeError: The text is no JSON.
            ValueError: It holds an integer that is too long.
        """
        try:
            value, end = self._value(self._next(0), ())
        except (ValueError, IndexError):
            return self._decoder.decode(self._text)  # which says what is wrong, and where
        return value if self._next(end) == len(self._text) else self._decoder.decode(self._text)

    def _value(self, start: int, path: tuple[str, ...]) -> tuple[Any, int]:
        if len(path) < _OUTER_LEVELS and self._text[start] == "{":
            return self._object(start, path)
        return self._decoder.raw_decode(self._text, start)

    def _object(self, start: int, path: tuple[str, ...]) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        at = self._next(start + 1)
        if self._text[at] == "}":
            return members, at + 1
        while True:
            if self._text[at] != '"':
                raise ValueError(at)
            name, at = self._decoder.raw_decode(self._text, at)
            colon = self._next(at)
            if self._text[colon] != ":":
                raise ValueError(colon)
            value, at = self._value(self._next(colon + 1), (*path, name))
            if name in members:
                self.repeated.append(json_path("$", (*path, name)))
            members[name] = value
            at = self._next(at)
            if self._text[at] == "}":
                return members, at + 1
            if self._text[at] != ",":
                raise ValueError(at)
            at = self._next(at + 1)

    def _next(self, at: int) -> int:
        """Where the next token begins."""
        blanks = _BLANKS.match(self._text, at)
        return blanks.end() if blanks else at


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidRequestError(f"The body is not valid JSON: `{name}` is no JSON number.")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise InvalidRequestError(f"The body holds the number {digits[:40]}, which exceeds the range of a double.")
    return value
