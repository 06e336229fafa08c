"""Jobs of the bridge as a client meets them: a real server that makes no jobs and takes its time."""

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from mcp import Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp_server.session import Answer, call, open_session
from mcp_server.settings import Settings
from tests.serving import served

pytestmark = pytest.mark.anyio

PROCESS = {"id": "slow", "title": "Slow", "version": "1", "jobControlOptions": ["sync-execute"]}
DESCRIPTION = PROCESS | {"inputs": {}, "outputs": {"out": {"schema": {"type": "number"}}}}


class SlowSite:
    """Answers an execution once it is let, unless its caller goes away first."""

    def __init__(self) -> None:
        self.released, self.cut = threading.Event(), threading.Event()
        self.executions = 0
        self.app = Starlette(
            routes=[
                Route("/", lambda _: JSONResponse({"links": []})),
                Route("/conformance", lambda _: JSONResponse({"conformsTo": []})),
                Route("/processes", lambda _: JSONResponse({"processes": [PROCESS]})),
                Route("/processes/slow", lambda _: JSONResponse(DESCRIPTION)),
                Route("/processes/slow/execution", self._execute, methods=["POST"]),
            ]
        )

    async def _execute(self, request: Request) -> Response:
        await request.json()
        self.executions += 1
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch, request, group.cancel_scope)
            while not self.released.is_set():
                await anyio.to_thread.run_sync(self.released.wait, 0.05)
            group.cancel_scope.cancel()
        return JSONResponse({"out": 42})

    async def _watch(self, request: Request, waiting: anyio.CancelScope) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self.cut.set()
        waiting.cancel()


@pytest.fixture
def site() -> SlowSite:
    return SlowSite()


@pytest.fixture
def settings(home: Path, site: SlowSite) -> Generator[Settings]:
    with served(lambda _: site.app) as url:
        yield Settings(home=home, embedded=False, servers={"far": url}, wait_seconds=0.3)  # pyright: ignore[reportArgumentType]


async def told(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await call(client, tool, arguments)
    assert answer.structured is not None, answer.text
    return dict(answer.structured)


async def test_a_slow_execution_becomes_a_job_whose_outputs_can_be_read(settings: Settings, site: SlowSite) -> None:
    with anyio.fail_after(60):
        async with open_session(settings) as client:
            running = await told(client, "slow")
            assert running["status"] == "running"
            assert running["job"].startswith("ogc://bridge/jobs/")
            assert running["next"] == f"call get_job with job={running['job']}"
            (listed,) = (await told(client, "list_jobs"))["jobs"]
            assert (listed["job"], listed["process"], listed["status"]) == (running["job"], "slow", "running")
            site.released.set()
            ended = await told(client, "get_job", job=running["job"], wait=30)
            assert ended["status"] == "successful"
            assert ended["outputs"]["out"]["value"] == 42
            read = await told(client, "read_result", uri=ended["outputs"]["out"]["uri"])
    assert read["value"] == 42
    assert site.executions == 1


async def test_dismissing_it_breaks_the_connection(settings: Settings, site: SlowSite) -> None:
    with anyio.fail_after(60):
        async with open_session(settings) as client:
            job = (await told(client, "slow"))["job"]
            dismissed = await told(client, "dismiss_job", job=job)
            assert dismissed["status"] == "dismissed"
            assert "may go on" in dismissed["message"]
            assert await anyio.to_thread.run_sync(site.cut.wait, 30)


async def test_after_a_restart_its_outcome_is_unknown(settings: Settings, site: SlowSite) -> None:
    with anyio.fail_after(60):
        async with open_session(settings) as client:
            job = (await told(client, "slow"))["job"]
        assert await anyio.to_thread.run_sync(site.cut.wait, 30), "nobody waits for it any more"
        async with open_session(settings) as client:
            answer: Answer = await call(client, "get_job", {"job": job, "wait": 30})
            (listed,) = (await told(client, "list_jobs"))["jobs"]
    assert answer.failed
    assert "outcome unknown: the bridge stopped while server 'far' was working on 'slow'" in answer.text
    assert listed["status"] == "failed"
