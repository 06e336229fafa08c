"""An executor on small servers, and what it told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio

from mcp_server.execution.executor import Executor
from mcp_server.execution.records import Notify
from mcp_server.execution.request import ExecuteRequest
from mcp_server.ogc.client import OgcClient
from mcp_server.results.store import KeptResults
from tests.mcp_server.execution.jobs_site import JobsSite


class Bench:
    """An executor on small servers, and what it told."""

    def __init__(self, home: Path, *sites: JobsSite, wait_seconds: float = 5, **limits: Any) -> None:
        self.kept = KeptResults(home)
        self.clients: Mapping[str, OgcClient] = {site.name: site.client() for site in sites}
        self.executor = Executor(self.clients, self.kept, wait_seconds=wait_seconds, **limits)
        self.site = sites[0]
        self.told: list[tuple[float | None, str | None]] = []

    async def run(self, value: Any = 1, notify: Notify | None = None) -> Any:
        with anyio.fail_after(10):
            request = ExecuteRequest("p", {"value": value})
            return await self.executor.run(self.site.tool(), request, notify or self.note)

    async def note(self, percent: float | None, message: str | None) -> None:
        self.told.append((percent, message))

    def sent(self) -> Any:
        return self.site.executions[-1]["inputs"]["value"]
