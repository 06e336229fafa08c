"""What the number of stored jobs costs: an execution beside 0 and 10,000 of them, a page of the list out of 100,000."""

import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import httpx

from backend.jobs.store import JobStore
from benchmarks.servers import backend_over_http
from benchmarks.table import Figure, milliseconds

EXECUTIONS = 150
PAGES = 50

_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :jobs)
INSERT INTO jobs (id, process_id, status, created, started, finished, updated, progress, message, response, idempotent,
    durable, attempts, dismiss_requested, version)
SELECT printf('%032x', i), CASE i % 3 WHEN 0 THEN 'hello-world' ELSE 'geometry-buffer' END,
    CASE i % 10 WHEN 0 THEN 'failed' ELSE 'successful' END, :now - i, :now - i, :now - i, :now - i, 100,
    'The process has finished.', 'raw', 0, 0, 1, 0, 3 FROM n
"""
_RESULTS = """
INSERT INTO results (job_id, output_id, position, media_type, size, sha256, summary, data)
SELECT id, 'echo', 0, 'application/json', 4, '', '{}', x'6e756c6c' FROM jobs WHERE status = 'successful'
"""


async def stored_jobs(folder: Path) -> list[Figure]:
    """The same requests over HTTP to servers on stores of several sizes."""
    empty, _ = await _with(folder / "empty", 0, _execute, EXECUTIONS)
    full, _ = await _with(folder / "full", 10_000, _execute, EXECUTIONS)
    page, page_p95 = await _with(folder / "list", 100_000, _list, PAGES)
    selected, selected_p95 = await _with(folder / "selection", 100_000, _select, PAGES)
    return [
        Figure("hello-world, 10,000 jobs stored / none", full / empty, "×", 1.3, f"HTTP; {full:.1f} / {empty:.1f} ms"),
        Figure("20 of 100,000 jobs", page, "ms", 20, f"median; p95 {page_p95:.1f} ms"),
        Figure("20 of 100,000 jobs, one process, one state", selected, "ms", note=f"median; p95 {selected_p95:.1f} ms"),
    ]


type Ask = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


async def _with(home: Path, jobs: int, ask: Ask, times: int) -> tuple[float, float]:
    _fill(home, jobs)
    with backend_over_http(home) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            for _ in range(10):
                (await ask(client)).raise_for_status()
            return milliseconds([await _timed(client, ask) for _ in range(times)])


async def _timed(client: httpx.AsyncClient, ask: Ask) -> float:
    begin = time.perf_counter()
    (await ask(client)).raise_for_status()
    return time.perf_counter() - begin


def _fill(home: Path, jobs: int) -> None:
    JobStore.open(home, lease_seconds=15).close()
    if not jobs:
        return
    with closing(sqlite3.connect(home / "jobs.sqlite")) as connection:
        connection.execute(_FILL, {"jobs": jobs, "now": time.time()})
        connection.execute(_RESULTS)
        connection.commit()


async def _execute(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/processes/hello-world/execution", json={"inputs": {"name": "Ada"}})


async def _list(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/jobs", params={"limit": 20})


async def _select(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/jobs", params={"limit": 20, "processID": "hello-world", "status": "successful"})
