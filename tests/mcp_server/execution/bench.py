"""An executor on small servers, and what it told."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import anyio

from mcp_server.execution.executor import Executor
from mcp_server.execution.job_records import JobRecords
from mcp_server.execution.records import Execution, Notify
from mcp_server.execution.request import ExecuteRequest
from mcp_server.execution.submission import Tasks
from mcp_server.ogc.client import OgcClient
from mcp_server.references import JobReference
from mcp_server.results.store import KeptResults
from tests.mcp_server.execution.jobs_site import JobsSite


class Bench:
    """An executor on small servers, and what it told."""

    def __init__(
        self, home: Path, *sites: JobsSite, wait_seconds: float = 30, tasks: Tasks | None = None, **limits: Any
    ) -> None:
        self.kept = KeptResults(home)
        self.records = JobRecords(home)
        self.clients: Mapping[str, OgcClient] = {site.name: site.client() for site in sites}
        tasks = tasks or LooseTasks()
        self.executor = Executor(self.clients, self.kept, self.records, tasks, wait_seconds=wait_seconds, **limits)
        self.site = sites[0]
        self.told: list[tuple[float | None, str | None]] = []

    async def run(self, value: Any = 1, notify: Notify | None = None) -> Any:
        with anyio.fail_after(40):
            request = ExecuteRequest("p", {"value": value})
            return await self.executor.run(self.site.tool(), request, notify or self.note)

    async def note(self, percent: float | None, message: str | None) -> None:
        self.told.append((percent, message))

    async def until_told(self, calls: int) -> None:
        """Until each of so many calls has been told of a job's progress."""
        await until(lambda: len(self.told) >= calls)

    def sent(self) -> Any:
        return self.site.executions[-1]["inputs"]["value"]


class Impatient(Bench):
    """A bench whose first calls are soon out of time, and whose later ones are not."""

    def __init__(self, home: Path, site: JobsSite, **limits: Any) -> None:
        self.waits = {site.name: 0.1}
        super().__init__(home, site, waits=self.waits, **limits)

    async def outlasted(self, value: Any = 1) -> Execution:
        """The answer to a call that is out of time."""
        with anyio.fail_after(40):
            return await self.run(value)

    async def job(self) -> JobReference:
        """The job that a call out of time was answered with. Calls made from now on are patient."""
        job = (await self.outlasted()).job
        assert job is not None
        self.waits.clear()
        return job


class LooseTasks:
    """Tasks that end at the latest with the test: its event loop sees to that."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start_soon(self, func: Callable[..., Any], *args: object) -> None:
        self._tasks.add(asyncio.ensure_future(func(*args)))


async def until(condition: Callable[[], Any]) -> None:
    """Let the other tasks run until the condition holds; bounded by whoever waits."""
    while not condition():
        await anyio.sleep(0.001)


async def cancelled(call: Callable[[], Coroutine[Any, Any, Any]], *, once: Callable[[], Any]) -> None:
    """Make a call and cancel it as soon as the condition holds."""
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await until(once)
            group.cancel_scope.cancel()
