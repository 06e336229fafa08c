"""What a client sends that is no JSON-RPC message: answered, where the SDK would say nothing."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from mcp import types
from pydantic import ValidationError

from mcp_server.transport.owed import Owed

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
_NO_ID: Final = "Invalid request: the id of a request is a string or an integer"

type Answer = Callable[[str], Awaitable[None]]
"""Writes one line."""


async def sound_messages(
    lines: AsyncIterator[str | None], answer: Answer, max_bytes: int, owed: Owed
) -> AsyncIterator[types.JSONRPCMessage]:
    """The JSON-RPC messages among the lines; each other line (None: it was too long) is answered with what is wrong.

    They end once the client is owed no answer any more: with their end the session ends.
    """
    async for line in lines:
        if line is None:
            await answer(json.dumps(too_large(max_bytes)) + "\n")
            continue
        # Some editors and shells begin a file with a mark of its byte order (RFC 8259, 8.1).
        text = line.removeprefix("\ufeff")
        if not text.strip():
            continue
        try:
            message = types.jsonrpc_message_adapter.validate_json(text, by_name=False)
        except ValidationError as error:
            await answer(json.dumps(_fault(text, error)) + "\n")
            continue
        if isinstance(message, types.JSONRPCNotification) and "id" in json.loads(text):
            # The SDK takes it for a notification, and its client would wait for ever.
            await answer(json.dumps(_error(None, INVALID_REQUEST, _NO_ID)) + "\n")
            continue
        owed.heard(message)
        yield message
    await owed.settled()


def too_large(max_bytes: int) -> dict[str, Any]:
    """The answer to a message that was not read to its end."""
    return _error(None, INVALID_REQUEST, f"Request too large: a message has {max_bytes} bytes at most")


def _fault(line: str, error: ValidationError) -> dict[str, Any]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    malformed = found[0]["type"] == "json_invalid"
    message = f"Parse error: {found[0]['msg']}" if malformed else "Invalid request: no JSON-RPC 2.0 message"
    return _error(_id_in(line), PARSE_ERROR if malformed else INVALID_REQUEST, message)


def _id_in(line: str) -> str | int | None:
    """The id of a message that is not sound, where it can be read all the same."""
    try:
        message: Any = json.loads(line)
        found = message["id"]
    except (ValueError, RecursionError, TypeError, KeyError, IndexError):
        return None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def _error(message_id: str | int | None, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message_id, "error": {"code": code, "message": message}}
