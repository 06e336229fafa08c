"""JSON responses."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from backend.api.encoding import encode


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`document` as application/json; bytes are JSON already."""
    body = document if isinstance(document, bytes) else encode(document)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
