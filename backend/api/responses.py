"""Responses of JSON, and of what is read while it is sent."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from backend.api.encoding import encode


class PiecesResponse(StreamingResponse):
    """A body that is made while it is sent. Whoever makes it is told when the client has gone: it may hold files."""

    def __init__(self, pieces: AsyncGenerator[bytes], **rest: Any) -> None:
        super().__init__(pieces, **rest)
        self._pieces = pieces

    async def stream_response(self, send: Send) -> None:
        """Send it."""
        async with aclosing(self._pieces):
            await super().stream_response(send)


def json_response(document: Any, headers: Mapping[str, str], *, status: int = 200) -> Response:
    """`document` as application/json; bytes are JSON already."""
    body = document if isinstance(document, bytes) else encode(document)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
