"""Clients that send all they have to ask and end their input, as a shell's pipe does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import types

from mcp_server.transport.owed import Owed

HELLO: dict[str, Any] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "a shell", "version": "1"},
}
POINT = {"geometry": "POINT (7.6 51.9)", "distance": 500}
SCRIPT: list[dict[str, Any]] = [
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "geometry_buffer", "arguments": POINT}},
    {"jsonrpc": "2.0", "id": "three", "method": "tools/call", "params": {"name": "geometry_bufer", "arguments": {}}},
]


def lines_of(*messages: dict[str, Any]) -> str:
    return "".join(json.dumps(message) + "\n" for message in messages)


def answers_in(text: str) -> dict[Any, dict[str, Any]]:
    return {message.get("id"): message for message in map(json.loads, text.splitlines())}


def server(home: Path, *options: str) -> list[str]:
    return [sys.executable, "-P", "-m", "mcp_server", "--home", str(home), *options]


def test_a_script_that_ends_its_input_at_once_is_answered_all_that_it_asked(home: Path) -> None:
    script = lines_of(*SCRIPT)
    done = subprocess.run(server(home), input=script, capture_output=True, text=True, timeout=120, check=True)
    answers = answers_in(done.stdout)
    assert answers[1]["result"]["serverInfo"]["name"] == "ogc-processes-mcp"
    assert answers[2]["result"]["structuredContent"]["status"] == "successful"
    assert "three" in answers, "the wrong name of a tool has an answer, too"


@pytest.mark.parametrize("way", ["pipe", "file"])
def test_a_script_of_more_messages_than_are_read_ahead_is_answered_to_its_last(
    home: Path, tmp_path: Path, way: str
) -> None:
    pings = [{"jsonrpc": "2.0", "id": number, "method": "ping"} for number in range(2, 302)]
    script = tmp_path / "messages.jsonl"
    script.write_text("no message\n" + lines_of(SCRIPT[0], SCRIPT[1], *pings).rstrip(), encoding="utf-8")
    with script.open(encoding="utf-8") as file:
        given: dict[str, Any] = {"stdin": file} if way == "file" else {"input": file.read()}
        done = subprocess.run(
            server(home, "--no-embedded"), **given, capture_output=True, text=True, timeout=120, check=True
        )
    assert set(answers_in(done.stdout)) == {None, *range(1, 302)}


class Client:
    """What comes of one client's messages."""

    def __init__(self, *, hasty: bool, seconds: float = 60) -> None:
        self.hasty = hasty
        self.owed = Owed(lambda: self.hasty, seconds=seconds)
        self.settled = False

    def asks(self, *ids: int) -> None:
        for number in ids:
            self.owed.heard(types.JSONRPCRequest(jsonrpc="2.0", id=number, method="ping"))

    def cancels(self, number: Any) -> None:
        self.notes("notifications/cancelled", number)

    def notes(self, method: str, number: Any) -> None:
        params = {"requestId": number}
        self.owed.heard(types.JSONRPCNotification(jsonrpc="2.0", method=method, params=params))

    def reads(self, **message: Any) -> None:
        self.owed.said(json.dumps({"jsonrpc": "2.0"} | message) + "\n")

    async def settle(self) -> None:
        await self.owed.settled()
        self.settled = True


@pytest.mark.anyio
async def test_the_end_of_a_script_waits_for_each_answer_and_for_no_other_message() -> None:
    client = Client(hasty=True)
    client.asks(1, 2, 3)
    client.cancels(3)
    client.cancels(["no id"])
    client.notes("notifications/message", 2)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.settle)
            first: dict[str, Any] = {"id": 1, "result": {}}
            for message in (first, {"method": "notifications/progress"}, {"id": 2, "method": "x"}):
                client.reads(**message)
                await anyio.wait_all_tasks_blocked()
                assert not client.settled
            client.reads(id=2, error={})


@pytest.mark.anyio
async def test_a_client_that_was_answered_before_its_end_is_not_kept_waiting_by_what_it_asked_last() -> None:
    client = Client(hasty=False)
    client.asks(1)
    client.reads(id=None, error={})
    client.reads(id=1, result={})
    client.asks(2)
    client.hasty = True
    with anyio.fail_after(20):
        await client.settle()


@pytest.mark.anyio
async def test_a_script_that_is_told_of_a_fault_before_its_end_was_read_is_owed_its_answers_all_the_same() -> None:
    client = Client(hasty=False)
    client.reads(id=None, error={})
    client.asks(1)
    client.hasty = True
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.settle)
            await anyio.wait_all_tasks_blocked()
            assert not client.settled
            client.reads(id=1, result={})


@pytest.mark.anyio
async def test_the_answers_of_a_script_are_waited_for_within_bounds() -> None:
    client = Client(hasty=True, seconds=0.01)
    client.asks(1)
    with anyio.fail_after(20):
        await client.settle()
