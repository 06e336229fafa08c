"""A stock pygeoapi 0.24 as a remote server, with all its deviations, through the whole bridge."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from mcp_server.errors import RemoteProblemError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.connecting import open_http
from mcp_server.ogc.models import Accepted, Completed
from mcp_server.session import Answer, call, list_tools, open_session
from mcp_server.settings import Settings

pytestmark = [pytest.mark.long(9), pytest.mark.anyio]

GREETING = {"id": "echo", "value": "Hello Ada!"}


def settings(home: Path, url: str, **more: Any) -> Settings:
    return Settings(**{"home": home, "embedded": False, "wait_seconds": 60, "servers": {"stock": url}, **more})


@pytest.fixture
async def client(stock_pygeoapi: str, home: Path) -> AsyncIterator[Client]:
    async with open_session(settings(home, stock_pygeoapi)) as client:
        yield client


@pytest.fixture
async def server(stock_pygeoapi: str) -> AsyncIterator[OgcClient]:
    """The server without MCP and tools: for what they never ask of it."""
    async with open_http() as http:
        yield OgcClient("stock", stock_pygeoapi, http, embedded=False, max_reply_bytes=2**20)


def structured(answer: Answer) -> dict[str, Any]:
    assert not answer.failed, answer.text
    assert answer.structured is not None
    return answer.structured


async def test_it_is_recognised_by_its_landing_page(server: OgcClient) -> None:
    assert (await server.connect()).dialect == "pygeoapi"


async def test_every_process_becomes_a_tool_beyond_its_page_of_ten_too(client: Client) -> None:
    tools = {tool.name: tool for tool in await list_tools(client)}
    assert {"hello_world", "nap", "stumble", *(f"hello_{number}" for number in range(10))} <= set(tools)
    assert tools["hello_world"].input_schema["required"] == ["name"]


async def test_an_asynchronous_execution_is_followed_to_its_result(client: Client) -> None:
    told: list[float] = []

    async def note(percent: float | None, _: str | None) -> None:
        told.extend([] if percent is None else [percent])

    answer = structured(await call(client, "hello_world", {"name": "Ada"}, note))
    assert answer["status"] == "successful"
    echo = answer["outputs"]["echo"]
    assert echo["uri"] == f"{answer['job']}/results/echo"
    assert echo["value"] == GREETING
    assert echo["summary"]["kind"] == "object"
    assert json.loads((await call(client, "read_result", {"uri": echo["uri"]})).text)["value"] == GREETING
    assert told == sorted(told)
    assert told[-1] == 100


async def test_a_synchronous_execution_is_answered_at_once_though_no_tool_asks_for_one(server: OgcClient) -> None:
    """It adds async-execute to every description, so that every call of a tool becomes a job."""
    assert "async-execute" in (await server.describe("hello-world")).raw["jobControlOptions"]
    reply = await server.execute("hello-world", {"inputs": {"name": "Ada"}}, prefer=None)
    assert isinstance(reply, Completed)
    assert [(output.id, output.value) for output in reply.outputs] == [("echo", GREETING)]
    assert reply.job_id is None


async def test_its_results_go_into_an_execution_of_another_server(stock_pygeoapi: str, home: Path) -> None:
    with anyio.fail_after(40):
        async with open_session(settings(home, stock_pygeoapi, embedded=True, demo_tools=True)) as client:
            slept = structured(await call(client, "stock_nap", {"seconds": 0.01}))["outputs"]["answer"]
            echoed = structured(await call(client, "local_echo", {"document": slept["uri"]}))
    (output,) = echoed["outputs"].values()
    assert output["value"] == slept["value"] == {"slept": 0.01}


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_failure_tells_the_true_reason(asynchronous: bool, client: Client, server: OgcClient) -> None:
    if asynchronous:
        answer = await call(client, "stumble", {})
        assert answer.failed
        assert "the ground was uneven" in answer.text
    else:
        with pytest.raises(RemoteProblemError, match="the ground was uneven") as caught:
            await server.execute("stumble", {"inputs": {"a": 1}}, prefer=None)
        assert caught.value.status == 400


async def test_a_job_longer_than_the_budget_is_answered_with_its_handle_and_found_again(
    stock_pygeoapi: str, home: Path
) -> None:
    with anyio.fail_after(120):
        async with open_session(settings(home, stock_pygeoapi, wait_seconds=0.3)) as client:
            for seconds in (1.5, 6, 24):  # on a busy machine a short job ends before it is found again
                first = structured(await call(client, "nap", {"seconds": seconds}))
                again = structured(await call(client, "nap", {"seconds": seconds}))
                if again["job"] == first["job"]:
                    break
            assert first["status"] in ("accepted", "running")
            assert again["job"] == first["job"]
            ended = first
            while ended["status"] in ("accepted", "running"):
                ended = structured(await call(client, "get_job", {"job": first["job"], "wait": 0.3}))
    assert ended["status"] == "successful"
    assert ended["outputs"]["answer"]["value"] == {"slept": seconds}


async def test_a_cancelled_call_leaves_no_job_behind(client: Client) -> None:
    async def jobs() -> set[str]:
        listed = structured(await call(client, "list_jobs", {"limit": 100}))
        return {job["job"] for job in listed["jobs"]}

    before = await jobs()
    with anyio.move_on_after(0.5) as scope:
        await call(client, "nap", {"seconds": 3})
    assert scope.cancelled_caught
    with anyio.fail_after(40):
        while await jobs() - before:
            await anyio.sleep(0.05)


async def test_a_dismissed_job_is_gone(client: Client) -> None:
    job = structured(await call(client, "hello_world", {"name": "Ada"}))["job"]
    listed = structured(await call(client, "list_jobs", {"limit": 1}))
    assert [entry["job"] for entry in listed["jobs"]] == [job], "its first page has the oldest"
    assert structured(await call(client, "dismiss_job", {"job": job}))["status"] == "dismissed"
    again = await call(client, "get_job", {"job": job})
    assert again.failed
    assert "no such job" in again.text


async def test_its_job_list_is_read_to_the_newest_however_many_there_are(server: OgcClient, client: Client) -> None:
    """Its first page has the ten oldest, newest first."""
    made: list[str] = []
    for number in range(12):
        reply = await server.execute("hello-world", {"inputs": {"name": f"n{number}"}}, prefer="respond-async")
        assert isinstance(reply, Accepted)
        made.append(f"ogc://stock/jobs/{reply.status.job_id}")
    listed = structured(await call(client, "list_jobs", {"limit": 5}))
    assert [entry["job"] for entry in listed["jobs"]] == made[:-6:-1]


async def test_an_unknown_process_is_refused_in_the_servers_words(server: OgcClient) -> None:
    with pytest.raises(RemoteProblemError, match="not found") as caught:
        await server.execute("no-such", {"inputs": {}}, prefer=None)
    assert caught.value.status == 404
