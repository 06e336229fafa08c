"""A stock pygeoapi 0.24 as a remote server, with all its deviations."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_server.catalog import Catalog, ToolEntry
from mcp_server.errors import NoSuchJobError, RemoteProblemError
from mcp_server.execution.executor import Execution, Executor
from mcp_server.execution.request import build_request
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.exchange import open_http
from mcp_server.references import KeptReference, ResultReference
from mcp_server.results.store import KeptResults

pytestmark = pytest.mark.anyio


class Remote:
    """The bridge's own way to a remote server, without MCP on top."""

    def __init__(self, client: OgcClient, home: Path) -> None:
        clients = {"stock": client}
        self.client = client
        self.catalog = Catalog(clients, home, refresh_seconds=60)
        self.executor = Executor(clients, KeptResults(home), wait_seconds=10)
        self.told: list[tuple[float | None, str | None]] = []

    async def call(self, tool: str, arguments: dict[str, Any], executor: Executor | None = None) -> Execution:
        await self.catalog.tools()
        entry = self.catalog.find(tool)
        return await (executor or self.executor).run(entry, build_request(entry.spec, arguments), self._note)

    def entry(self, tool: str) -> ToolEntry:
        return self.catalog.find(tool)

    async def _note(self, percent: float | None, message: str | None) -> None:
        self.told.append((percent, message))


@pytest.fixture
async def remote(stock_pygeoapi: str, home: Path) -> AsyncIterator[Remote]:
    async with open_http() as http:
        yield Remote(OgcClient("stock", stock_pygeoapi, http, embedded=False, max_reply_bytes=2**20), home)


async def test_it_is_recognised_by_its_landing_page(remote: Remote) -> None:
    assert (await remote.client.connect()).dialect == "pygeoapi"


async def test_processes_beyond_its_page_of_ten_are_found(remote: Remote) -> None:
    names = [process.id for process in await remote.client.processes()]
    assert len(names) == len(set(names)) == 13
    assert {"hello-world", "nap", "stumble", "hello-9"} <= set(names)


async def test_its_processes_become_tools(remote: Remote) -> None:
    names = {entry.spec.name for entry in await remote.catalog.tools()}
    assert {"hello_world", "nap", "stumble"} <= names
    hello = remote.entry("hello_world")
    assert hello.spec.input_schema["required"] == ["name"]
    assert hello.server.name == "stock"


async def test_an_asynchronous_execution_is_followed_to_its_result(remote: Remote) -> None:
    with anyio.fail_after(10):
        execution = await remote.call("hello_world", {"name": "Ada"})
    assert execution.status == "successful"
    assert execution.job is not None
    (echo,) = execution.outputs
    assert echo.uri == ResultReference("stock", execution.job.job_id, "echo")
    assert echo.output.value == {"id": "echo", "value": "Hello Ada!"}
    assert echo.output.summary is not None
    assert echo.output.summary["kind"] == "object"
    assert (await remote.executor.read(echo.uri, None, None)).value == echo.output.value
    percents = [percent for percent, _ in remote.told if percent is not None]
    assert percents == sorted(percents)
    assert percents[-1] == 100


async def test_a_synchronous_result_is_kept_by_the_bridge(remote: Remote) -> None:
    await remote.client.connect()
    reply = await remote.client.execute("hello-world", {"inputs": {"name": "Grace"}}, prefer=None)
    assert reply.outputs[0].value == {"id": "echo", "value": "Hello Grace!"}  # type: ignore[union-attr]
    assert reply.job_id is None  # type: ignore[union-attr]


async def test_the_value_of_a_result_goes_into_the_next_call(remote: Remote) -> None:
    first = await remote.call("hello_world", {"name": "Ada"})
    entry = remote.entry("hello_world")
    request = build_request(entry.spec, {"name": "placeholder"})
    request.inputs["name"] = first.outputs[0].uri
    second = await remote.executor.run(entry, request, remote._note)
    # Stock pygeoapi resolves no references: it got the value itself, and greets it.
    assert second.outputs[0].output.value["value"] == "Hello {'id': 'echo', 'value': 'Hello Ada!'}!"


async def test_a_failed_job_tells_the_true_reason(remote: Remote) -> None:
    with pytest.raises(RemoteProblemError, match="the ground was uneven"):
        await remote.call("stumble", {})


async def test_a_refused_synchronous_execution_tells_the_true_reason(remote: Remote) -> None:
    await remote.client.connect()
    with pytest.raises(RemoteProblemError, match="the ground was uneven") as caught:
        await remote.client.execute("stumble", {"inputs": {"a": 1}}, prefer=None)
    assert caught.value.status == 400


async def test_a_job_longer_than_the_budget_is_answered_with_its_handle_and_found_again(
    remote: Remote, home: Path
) -> None:
    hasty = Executor({"stock": remote.client}, KeptResults(home), wait_seconds=0.3)
    first = await remote.call("nap", {"seconds": 1.5}, hasty)
    assert first.status in ("accepted", "running")
    assert first.job is not None
    again = await remote.call("nap", {"seconds": 1.5}, hasty)
    assert again.job == first.job
    with anyio.fail_after(10):
        ended = await remote.executor.follow(first.job, 10, remote._note)
    assert ended.status == "successful"
    assert ended.process_id == "nap"
    assert ended.outputs[0].output.value == {"slept": 1.5}


async def test_a_cancelled_call_leaves_no_job_behind(remote: Remote) -> None:
    before = {execution.job for execution in await remote.executor.jobs(100)}
    with anyio.move_on_after(0.5) as scope:
        await remote.call("nap", {"seconds": 5})
    assert scope.cancelled_caught
    assert {execution.job for execution in await remote.executor.jobs(100)} <= before


async def test_a_dismissed_job_is_gone(remote: Remote) -> None:
    execution = await remote.call("hello_world", {"name": "Ada"})
    assert execution.job is not None
    assert execution.job in [listed.job for listed in await remote.executor.jobs(100)]
    assert (await remote.executor.dismiss(execution.job)).status == "dismissed"
    with pytest.raises(NoSuchJobError):
        await remote.executor.follow(execution.job, 1, remote._note)


async def test_an_unknown_process_is_refused_in_the_servers_words(remote: Remote) -> None:
    with pytest.raises(RemoteProblemError, match="not found") as caught:
        await remote.client.execute("no-such", {"inputs": {}}, prefer=None)
    assert caught.value.status == 404


async def test_a_result_of_a_synchronous_process_can_be_read_after_a_restart(remote: Remote, home: Path) -> None:
    await remote.catalog.tools()
    entry = remote.entry("hello_world")
    sync_only = _with_modes(entry, frozenset({"sync-execute"}))
    execution = await remote.executor.run(sync_only, build_request(entry.spec, {"name": "Ada"}), remote._note)
    (echo,) = execution.outputs
    assert execution.job is None
    assert isinstance(echo.uri, KeptReference)
    kept = await KeptResults(home).read(echo.uri)
    assert kept.value == {"id": "echo", "value": "Hello Ada!"}


def _with_modes(entry: ToolEntry, modes: Any) -> ToolEntry:
    from dataclasses import replace

    return replace(entry, spec=replace(entry.spec, process=replace(entry.spec.process, modes=modes)))
