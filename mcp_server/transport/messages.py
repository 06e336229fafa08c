"""The messages of one client as the SDK's session takes and gives them: straight from and to the wire.

The SDK's own transport has a task and a queue of its own for each direction, and reads each message twice.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import anyio
from mcp import types
from mcp.shared.message import SessionMessage

from mcp_server.transport.wire import LineWriter


class _Stream:
    """What both directions have. The wire is not theirs to close."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Nothing is held."""


class Incoming(_Stream):
    """What the client says."""

    def __init__(self, messages: AsyncIterator[types.JSONRPCMessage]) -> None:
        self._messages = messages

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        return SessionMessage(await anext(self._messages))

    async def receive(self) -> SessionMessage:
        """The next message.

        Raises: anyio.EndOfStream after the last one.
        """
        try:
            return await anext(self)
        except StopAsyncIteration:
            raise anyio.EndOfStream from None


class Outgoing(_Stream):
    """What is said to the client."""

    def __init__(self, lines: LineWriter, gone: Callable[[], None]) -> None:
        """`gone` is called when it turns out that the client reads no more."""
        self._lines = lines
        self._gone = gone

    async def send(self, item: SessionMessage) -> None:
        """Send a message.

        Raises: anyio.BrokenResourceError where the client reads no more.
        """
        await self._say(item.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n")

    async def answer(self, line: str) -> None:
        """Write a line to a client that is no session's concern, whether it reads or not."""
        with suppress(anyio.BrokenResourceError):
            await self._say(line)

    async def _say(self, line: str) -> None:
        try:
            await self._lines.write(line)
            await self._lines.flush()
        except OSError as error:
            self._gone()
            raise anyio.BrokenResourceError from error
