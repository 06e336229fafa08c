"""Which answers are owed to a client that ends its input: all of them to a script, none to any other client.

A script sends all its requests, and ends its input, before it reads an answer. Any other client waits for the answer to
its first request: when its input ends it has gone.
"""

import json
from collections.abc import Callable
from typing import Any

import anyio
from mcp import types

_CANCELLED = "notifications/cancelled"


class Owed:
    """The requests of one client without an answer, as long as it may be a script."""

    def __init__(self, hasty: Callable[[], bool], *, seconds: float) -> None:
        """Take what tells whether the client has ended its input, or sent more than anybody who waits for an answer.

        seconds: how long the answers are waited for after the end.
        """
        self._hasty = hasty
        self._seconds = seconds
        self._script: bool | None = None
        """Whether the client is a script; None before the first answer."""
        self._requests: set[str | int] = set()
        self._answered = anyio.Event()

    def heard(self, message: types.JSONRPCMessage) -> None:
        """A message has come in."""
        if self._script is False:
            return
        match message:
            case types.JSONRPCRequest():
                self._requests.add(message.id)
            case types.JSONRPCNotification(method=method, params={"requestId": str() | int() as request}):
                if method == _CANCELLED:
                    self._requests.discard(request)
            case _:
                pass

    def said(self, line: str) -> None:
        """A line goes out."""
        if self._script is False:
            return
        message: dict[str, Any] = json.loads(line)
        if "method" in message or message.get("id") not in self._requests:
            return  # a notification, or the answer to what was no message: neither is owed
        if self._script is None:
            self._script = self._hasty()
        if not self._script:
            self._requests.clear()
        self._requests.discard(message["id"])
        self._answered.set()

    async def settled(self) -> None:
        """Wait, bounded, until a client that has ended its input is owed nothing more."""
        with anyio.move_on_after(self._seconds):
            while self._requests:
                self._answered = anyio.Event()
                await self._answered.wait()
