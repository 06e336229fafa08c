"""Requests of which thousands of things are wrong: judged at once, answered shortly, and nobody waits for that.

Times are those of this process on the processor: what others do on the machine counts for nothing.
"""

import json
import time
from typing import Any

import anyio
import httpx
import pytest

from tests.backend.api.calls import BASE

pytestmark = pytest.mark.anyio

LINK = {"href": "http://e/"}
FLOODS: dict[str, tuple[str, Any]] = {
    "foreign references in an array": ("echo", {"inputs": {"array": [LINK] * 6000}}),
    "foreign references in a repeated input": ("echo", {"inputs": {"repeated": [LINK] * 6000}}),
    "own references": ("echo", {"inputs": {"array": [{"href": f"{BASE}/jobs/1/results/{n}"} for n in range(4000)]}}),
    "unknown inputs": ("echo", {"inputs": {f"numbre{index}": 1 for index in range(8000)}}),
    "unknown outputs": ("many-outputs", {"outputs": {f"numbre{index}": {} for index in range(8000)}}),
    "misspelt members": ("echo", {f"input{index}": 1 for index in range(10_000)}),
    "media types": ("echo", {"inputs": {"image": [{"value": "", "mediaType": "image/x"}] * 5000}}),
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_is_answered_at_once_and_shortly_while_others_are_served(
    client: httpx.AsyncClient, flood: str
) -> None:
    process, body = FLOODS[flood]
    data = json.dumps(body, separators=(",", ":")).encode()
    assert 64_000 < len(data) < 300_000
    answers: list[httpx.Response] = []
    longest = 0.0

    async def send() -> None:
        headers = {"Content-Type": "application/json"}
        answers.append(await client.post(f"/processes/{process}/execution", content=data, headers=headers))

    began = time.process_time()
    with anyio.fail_after(200):
        async with anyio.create_task_group() as group:
            group.start_soon(send)
            while not answers:
                asked = time.process_time()
                await client.get("/conformance")
                await anyio.lowlevel.checkpoint()
                longest = max(longest, time.process_time() - asked)
    took = time.process_time() - began
    (response,) = answers
    assert response.status_code == 400
    assert len(response.json()["errors"]) <= 101
    assert len(response.content) < 50_000
    assert took < 30  # some seconds, also on a busy machine; quadratic, it took many minutes
    assert longest < 5


async def test_of_many_problems_the_first_are_told_and_the_number_of_the_others(client: httpx.AsyncClient) -> None:
    body = {"inputs": {f"numbre{index}": 1 for index in range(500)}}
    problem = (await client.post("/processes/echo/execution", json=body)).json()
    assert problem["errors"][0]["message"].endswith("Did you mean `number`?")
    assert problem["errors"][99] == {"path": "$.inputs.numbre99", "message": "is no input of the process."}
    assert problem["errors"][100] == {"path": "$", "message": "has 400 more problems"}
    assert problem["detail"].endswith("and 497 more")
