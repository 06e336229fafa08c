"""A call that its client cancels, and a client that comes back: over every transport, in both eras."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from mcp import Client

from tests.contract.calls import finished, running, told
from tests.contract.conftest import WAIT_SECONDS, Era, Transport
from tests.contract.taking_tasks import bridges, launch_in

pytestmark = [pytest.mark.long(20), pytest.mark.anyio]


@asynccontextmanager
async def connected(bridge: Callable[[], Any], era: Era) -> AsyncGenerator[Client]:
    async with Client(bridge(), mode="legacy" if era == "legacy" else "auto", cache=None) as client:
        await finished(client, "hello_world", {"name": "World"})
        yield client


async def cancelled(client: Client) -> psutil.Process:
    """The process that ran an execution whose call was cancelled as soon as it had told of itself."""
    workers: list[psutil.Process] = []
    begun = anyio.Event()

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        if message and message.startswith("pid "):
            assert (progress, total) == (1, 100)
            workers.append(psutil.Process(int(message.removeprefix("pid "))))
            begun.set()

    async with anyio.create_task_group() as tasks:

        async def call() -> None:
            await client.call_tool("tells_pid", {}, progress_callback=on_progress)

        tasks.start_soon(call)
        await begun.wait()
        tasks.cancel_scope.cancel()
    return workers[0]


def gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("transport", ["memory", "stdio", "http"])
async def test_a_cancelled_call_ends_its_process_and_who_connects_again_finds_the_jobs(
    transport: Transport, tmp_path: Path, own_processes: dict[str, Any]
) -> None:
    # Who comes back in one era is the next to cancel in it: over stdio each connection is a start of its own, so that
    # there the last to come back does without a process of its own.
    launch = launch_in(tmp_path, own_processes)
    with anyio.fail_after(120):
        async with bridges(transport, launch) as bridge:
            async with connected(bridge, "legacy") as client:
                job = await cancelled_and_another_running(client)
            async with connected(bridge, "2026-07-28") as client:
                await expect_found(client, job)
                job = await cancelled_and_another_running(client)
            if transport != "stdio":
                async with connected(bridge, "legacy") as client:
                    await expect_found(client, job)
        if transport == "stdio":
            async with bridges("memory", launch) as bridge, connected(bridge, "legacy") as client:
                await expect_found(client, job)


async def cancelled_and_another_running(client: Client) -> str:
    """Cancel a call, whose process is gone then; the URI of a job that was begun beside it, and still runs."""
    jobs: list[str] = []

    async def another() -> None:
        jobs.append(await running(client, WAIT_SECONDS + 1))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(another)
        worker = await cancelled(client)
        while not gone(worker):
            await anyio.sleep(0.01)
    return jobs[0]


async def expect_found(client: Client, job: str) -> None:
    """The cancelled job is listed as dismissed, and the one that ran is waited for to its end."""
    listed = told(await client.call_tool("list_jobs", {"limit": 5}))["jobs"]
    # The newest of each process.
    states = {one["process"]: (one["job"], one["status"]) for one in reversed(listed)}
    assert states["tells-pid"][1] == "dismissed"
    assert states["slow-steps"][0] == job
    again = told(await client.call_tool("get_job", {"job": job, "wait": 30}))
    assert again["outputs"]["done"]["value"]["steps"] == 60
