"""A part of a stored result by the bytes it consists of (RFC 9110, 14). Pure."""

import re
from collections.abc import Mapping

from starlette.datastructures import Headers

from backend.errors import RangeNotSatisfiableError

_RANGE = re.compile(r"bytes=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\s*", re.ASCII | re.IGNORECASE)


def requested_range(headers: Headers, size: int) -> range | None:
    """The bytes that a GET request asks for, of a value of `size` bytes; None for all of them.

    Several ranges, other units and what cannot be read are answered with the whole, as the RFC permits; so is
    `If-Range`, as there is no validator that it could name.

    Raises:
        RangeNotSatisfiableError: There are no such bytes.
    """
    match = _RANGE.fullmatch(headers.get("range", ""))
    if match is None or "if-range" in headers:
        return None
    first, last, final = match.groups()
    if final is not None:
        start, stop = max(0, size - int(final)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise RangeNotSatisfiableError(f"The value has {size} bytes.", size)
    return range(start, stop)


def range_headers(part: range, size: int) -> Mapping[str, str]:
    """What a partial answer says of itself."""
    return {"Content-Range": f"bytes {part.start}-{part.stop - 1}/{size}", "Content-Length": str(len(part))}
