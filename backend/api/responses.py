"""JSON responses, and query parameters that are numbers."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from backend.errors import InputProblem, InvalidRequestError


def encode(document: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`document` as application/json; bytes are JSON already."""
    body = document if isinstance(document, bytes) else encode(document)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def integer_parameter(request: Request, name: str, *, default: int, least: int, most: int) -> int:
    """A whole number of the query; larger ones than `most` are taken for `most` (OGC 18-062r2, 7.9.3).

    Raises:
        InvalidRequestError: It is no whole number, or smaller than `least`.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:20]) < least:
        raise InvalidRequestError(
            f"The query parameter `{name}` is not valid.",
            [InputProblem(name, f"must be a whole number, {least} or more, not `{text[:40]}`")],
        )
    return min(int(text[:20]), most)
