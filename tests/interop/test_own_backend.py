"""Our own backend as a server among others, through the bridge's client side alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from backend.app import create_app
from backend.settings import Settings
from mcp_server.catalog import Catalog, Kept, Selection
from mcp_server.errors import NoSuchJobError, RemoteProblemError, ResultGoneError
from mcp_server.execution.executor import Executor
from mcp_server.execution.job_records import JobRecords
from mcp_server.execution.records import Execution
from mcp_server.execution.request import build_request
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.connecting import open_http
from mcp_server.references import JobReference, ResultReference
from mcp_server.results.store import KeptResults
from tests.mcp_server.execution.bench import cancelled

pytestmark = pytest.mark.anyio


class Bridge:
    """Catalog and executor over a running backend, and what they told."""

    def __init__(self, clients: dict[str, OgcClient], home: Path, executor: Executor) -> None:
        self.clients = clients
        self.catalog = Catalog(clients, Kept(home), Selection(demonstrations=True), refresh_seconds=60)
        self.executor = executor
        self.told: list[tuple[float | None, str | None]] = []

    async def call(self, tool: str, **arguments: Any) -> Execution:
        await self.catalog.tools()
        entry = self.catalog.find(tool)
        return await self.executor.run(entry, build_request(entry.spec, arguments), self.note)

    async def note(self, percent: float | None, message: str | None) -> None:
        self.told.append((percent, message))


@asynccontextmanager
async def bridge_to(home: Path, **remotes: str) -> AsyncIterator[Bridge]:
    settings = Settings(home=home, workers=2, warm=False, public_url="https://public.test/ogc")
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.ASGITransport(app) as embedded,
        open_http() as http,
    ):
        # Mounted under another URL than the one it knows itself by, as behind a proxy.
        clients = {"local": OgcClient("local", "http://inside.test", embedded, embedded=True, max_reply_bytes=2**24)}
        for name, url in remotes.items():
            clients[name] = OgcClient(name, url, http, embedded=False, max_reply_bytes=2**24)
        with anyio.fail_after(120):
            async with anyio.create_task_group() as tasks:
                executor = Executor(clients, KeptResults(home), JobRecords(home), tasks, wait_seconds=60)
                yield Bridge(clients, home, executor)


async def test_a_result_is_passed_on_by_reference_behind_a_proxy(home: Path) -> None:
    async with bridge_to(home) as bridge:
        made = await bridge.call("echo", string="red")
        entry = bridge.catalog.find("hello_world")
        request = build_request(entry.spec, {"name": "overwritten below: the schema wants a string"})
        request.inputs["name"] = made.outputs[0].uri
        assert made.outputs[0].uri == ResultReference("local", made.job.job_id if made.job else "", "string")
        # A value too large to be carried would be refused: the link is what is sent.
        async with anyio.create_task_group() as tasks:
            kept, records = KeptResults(home), JobRecords(home)
            executor = Executor(bridge.clients, kept, records, tasks, wait_seconds=60, max_carried_bytes=1)
            greeted = await executor.run(entry, request, bridge.note)
        assert greeted.outputs[0].output.value["value"] == "Hello red!"


async def test_a_buffer_is_measured_by_reference(home: Path) -> None:
    async with bridge_to(home) as bridge:
        point = {"type": "Point", "coordinates": [7.6, 51.9]}
        made = await bridge.call("geometry_buffer", geometry=point, distance=500)
        (buffer,) = made.outputs
        assert buffer.output.summary is not None
        assert buffer.output.summary["kind"] == "Feature"
        measured = await bridge.call("geometry_measure", geometry=str(buffer.uri))
        assert measured.status == "successful"
        assert (await bridge.executor.read(buffer.uri, None, None)).value["geometry"]["type"] == "Polygon"


async def test_progress_is_told_while_the_job_runs(home: Path) -> None:
    async with bridge_to(home) as bridge:
        for _ in range(5):  # what is told while a machine stands still is overtaken by what comes next
            bridge.told.clear()
            await bridge.call("slow_steps", seconds=2.4, steps=4)
            percents = [percent for percent, _ in bridge.told if percent is not None]
            assert percents == sorted(percents)
            if {50, 75, 100} <= set(percents):
                break
        assert {50, 75, 100} <= set(percents)


async def test_cancelling_dismisses_before_and_after_the_job_was_named(home: Path) -> None:
    async with bridge_to(home) as bridge:
        await bridge.call("hello_world", name="a worker is warm now")
        calling = partial(bridge.call, "slow_steps", seconds=60, steps=600)
        for named in (False, True):
            if named:
                bridge.told.clear()
                await cancelled(calling, once=lambda: any(percent for percent, _ in bridge.told))
            else:
                async with anyio.create_task_group() as group:
                    group.start_soon(calling)
                    while (await bridge.executor.jobs(1)).jobs[0].process_id != "slow-steps":
                        await anyio.sleep(0.01)
                    group.cancel_scope.cancel()
            job = (await bridge.executor.jobs(1)).jobs[0].job
            assert job is not None
            ended = await bridge.executor.follow(job, 30, bridge.note)
            assert (ended.process_id, ended.status) == ("slow-steps", "dismissed")


async def test_a_dismissed_result_is_gone_and_an_unknown_job_is_unknown(home: Path) -> None:
    async with bridge_to(home) as bridge:
        made = await bridge.call("hello_world", name="Ada")
        assert made.job is not None
        assert (await bridge.executor.dismiss(made.job)).status == "dismissed"
        with pytest.raises(ResultGoneError):
            await bridge.executor.read(made.outputs[0].uri, None, None)
        with pytest.raises(NoSuchJobError):
            await bridge.executor.follow(JobReference("local", "nowhere"), 0, bridge.note)


async def test_a_refusal_names_the_argument(home: Path) -> None:
    async with bridge_to(home) as bridge:
        with pytest.raises(RemoteProblemError) as caught:
            await bridge.call("geometry_buffer", geometry={"type": "Point", "coordinates": [500, 51]}, distance=5)
        assert [problem.path for problem in caught.value.problems] == ["$.geometry"]


async def test_a_result_crosses_from_our_backend_to_a_stock_pygeoapi(home: Path, stock_pygeoapi: str) -> None:
    async with bridge_to(home, stock=stock_pygeoapi) as bridge:
        made = await bridge.call("local_hello_world", name="Ada")
        await bridge.catalog.tools()
        entry = bridge.catalog.find("stock_hello_world")
        request = build_request(entry.spec, {"name": "overwritten below: the schema wants a string"})
        request.inputs["name"] = made.outputs[0].uri
        greeted = await bridge.executor.run(entry, request, bridge.note)
        assert greeted.outputs[0].output.value["value"] == "Hello {'id': 'echo', 'value': 'Hello Ada!'}!"
