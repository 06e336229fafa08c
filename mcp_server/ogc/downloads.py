"""Values of outputs as bytes: piece by piece as they come, or of a value that is at hand."""

import base64
import binascii
import re
from collections.abc import AsyncIterator
from typing import Final

from mcp_server.ogc.documents import compact
from mcp_server.ogc.models import Download, OutputResult
from mcp_server.ogc.outputs import text_in
from mcp_server.ogc.reply import Incoming

_SHA_256: Final = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")


def coming(incoming: Incoming, media_type: str = "") -> Download:
    """What a server sends of itself.

    media_type: what was said of it before, where its own answer does not say.
    """
    reply = incoming.reply
    digest = _digest(reply.headers.get("repr-digest", ""))
    return Download(reply.media_type or media_type, incoming.length, digest, incoming.pieces)


def at_hand(output: OutputResult) -> Download:
    """A value that was sent within its results: JSON in compact UTF-8, a text of another media type as it is."""
    value = output.value
    if not isinstance(value, bytes):
        text = text_in(value, output.media_type)
        value = (compact(value) if text is None else text).encode(errors="replace")
    return Download(output.media_type, len(value), None, _only(value))


def _digest(header: str) -> str | None:
    """SHA-256 of `Repr-Digest` (RFC 9530), in hex."""
    found = _SHA_256.search(header)
    try:
        return base64.b64decode(found[1], validate=True).hex() if found else None
    except binascii.Error:
        return None


async def _only(value: bytes) -> AsyncIterator[bytes]:
    yield value
