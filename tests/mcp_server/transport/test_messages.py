"""The messages of one client as the SDK's session takes and gives them."""

import os
from collections.abc import AsyncIterator

import anyio
import pytest
from mcp import types
from mcp.shared.message import SessionMessage

from mcp_server.transport.messages import Incoming, Outgoing
from mcp_server.transport.wire import LineWriter

pytestmark = pytest.mark.anyio


def ping(number: int) -> types.JSONRPCRequest:
    return types.JSONRPCRequest(jsonrpc="2.0", id=number, method="ping")


async def two_pings() -> AsyncIterator[types.JSONRPCMessage]:
    for number in (1, 2):
        yield ping(number)


async def test_what_comes_in_ends_with_the_client() -> None:
    async with Incoming(two_pings()) as incoming:
        assert [one.message async for one in incoming] == [ping(1), ping(2)]
    with pytest.raises(anyio.EndOfStream):
        await incoming.receive()


async def test_a_message_is_one_line_without_what_nobody_said() -> None:
    read, write = os.pipe()
    async with Outgoing(LineWriter(write), lambda: None) as outgoing:
        await outgoing.send(SessionMessage(ping(1)))
    assert os.read(read, 1000) == b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'


async def test_a_client_that_reads_no_more_is_noticed_and_no_answer_to_it_fails() -> None:
    read, write = os.pipe()
    gone: list[str] = []
    lines = LineWriter(write)
    outgoing = Outgoing(lines, lambda: gone.append("gone"))
    os.close(read)
    await outgoing.send(SessionMessage(ping(1)))  # into the void: the pipe breaks by it
    await lines.drain()  # on Windows a thread writes
    assert gone == []
    with pytest.raises(anyio.BrokenResourceError):
        await outgoing.send(SessionMessage(ping(2)))
    assert gone == ["gone"]
    await outgoing.answer("what is wrong\n")
    assert gone == ["gone", "gone"]


async def test_what_is_said_to_a_client_that_reads_nothing_is_not_kept_without_end() -> None:
    read, write = os.pipe()
    writer = LineWriter(write)
    outgoing = Outgoing(writer, lambda: None)
    said = 0
    with anyio.move_on_after(0.5) as scope:
        for _ in range(1000):
            await outgoing.answer("x" * 10_000 + "\n")
            said += 1
    assert scope.cancelled_caught
    assert said < 200
    os.close(read)
    with anyio.fail_after(40):
        await writer.drain()
