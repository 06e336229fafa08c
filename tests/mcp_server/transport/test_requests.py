"""Lines that are messages, and what is answered to those that are none."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mcp_server.transport.owed import Owed
from mcp_server.transport.requests import sound_messages

pytestmark = pytest.mark.anyio

PING = '{"jsonrpc": "2.0", "id": 1, "method": "ping"}'


async def heard(*lines: str | None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The messages that are passed on, and the answers to the other lines."""
    answers: list[dict[str, Any]] = []

    async def given() -> AsyncIterator[str | None]:
        for line in lines:
            yield line

    async def answer(line: str) -> None:
        answers.append(json.loads(line))

    messages = sound_messages(given(), answer, 1000, Owed(lambda: True, seconds=0))
    passed = [one.model_dump(mode="json", by_alias=True, exclude_unset=True) async for one in messages]
    return passed, answers


@pytest.mark.parametrize("told", ["null", "1.5", "1.0", "true", "[]", "{}"])
async def test_a_request_whose_id_is_neither_text_nor_integer_is_answered(told: str) -> None:
    passed, answers = await heard(f'{{"jsonrpc": "2.0", "id": {told}, "method": "ping"}}', PING)
    assert passed == [json.loads(PING)]
    assert [(one["id"], one["error"]["code"]) for one in answers] == [(None, -32600)]
    assert "the id of a request is a string or an integer" in answers[0]["error"]["message"]


async def test_an_id_that_is_a_truth_value_is_not_sent_back() -> None:
    _, answers = await heard('{"jsonrpc": "1.0", "id": true, "method": "ping"}')
    assert [one["id"] for one in answers] == [None]


async def test_a_mark_of_the_byte_order_is_no_part_of_a_message() -> None:
    passed, answers = await heard("\ufeff" + PING, "\ufeff")
    assert (passed, answers) == ([json.loads(PING)], [])


async def test_a_notification_is_passed_on() -> None:
    line = '{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3, "id": 4}}'
    assert await heard(line) == ([json.loads(line)], [])
