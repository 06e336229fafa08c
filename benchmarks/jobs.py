"""What the number of stored jobs costs: an execution beside thousands of them, a page of the list out of 100,000."""

import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

import httpx

from backend.jobs.store import JobStore
from benchmarks.servers import backend_over_http
from benchmarks.table import Figure, milliseconds
from tests.interop.stock_pygeoapi import stock_pygeoapi

ROUNDS = 110
WARM = 10
"""Rounds that are not counted."""
SECONDS = 120
"""Rounds end by then: the more jobs TinyDB has, the longer each one takes."""
PAGES = 50
OURS = (0, 10_000)
THEIRS = (0, 1_000, 5_000)

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
    executions = await _executions(folder / "executions")
    page, page_p95 = await _with(folder / "list", 100_000, _list, PAGES)
    selected, selected_p95 = await _with(folder / "selection", 100_000, _select, PAGES)
    return [
        *executions,
        Figure("20 of 100,000 jobs", page, "ms", 20, f"median; p95 {page_p95:.1f} ms"),
        Figure("20 of 100,000 jobs, one process, one state", selected, "ms", note=f"median; p95 {selected_p95:.1f} ms"),
    ]


async def _executions(folder: Path) -> list[Figure]:
    """One execution on each server in turn, ours and stock pygeoapi with TinyDB, all on stores of their own."""
    with ExitStack() as servers:
        urls = {f"ours, {jobs:,}": servers.enter_context(_ours(folder / f"ours-{jobs}", jobs)) for jobs in OURS}
        urls |= {f"stock, {jobs:,}": servers.enter_context(_stock(folder / f"stock-{jobs}", jobs)) for jobs in THEIRS}
        times = await _in_turn(urls)
    found = {name: milliseconds(taken) for name, taken in times.items()}
    empty, full = (found[f"ours, {jobs:,}"][0] for jobs in OURS)
    note = f"medians, one run, in turn; {full:.1f} / {empty:.1f} ms"
    return [
        Figure("hello-world, 10,000 jobs stored / none", full / empty, "×", 1.3, note),
        *(
            Figure(
                f"hello-world on stock pygeoapi with TinyDB, {jobs:,} jobs stored",
                middle,
                "ms",
                note=f"p95 {p95:.0f} ms",
            )
            for jobs in THEIRS
            for middle, p95 in [found[f"stock, {jobs:,}"]]
        ),
    ]


async def _in_turn(urls: Mapping[str, str]) -> Mapping[str, Sequence[float]]:
    times: dict[str, list[float]] = {name: [] for name in urls}
    end = time.monotonic() + SECONDS
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for number in range(ROUNDS):
            if time.monotonic() > end:
                break
            for name, url in urls.items():
                begin = time.perf_counter()
                body = {"inputs": {"name": "Ada"}}
                (await client.post(f"{url}/processes/hello-world/execution", json=body)).raise_for_status()
                if number >= WARM:
                    times[name].append(time.perf_counter() - begin)
    return times


def _ours(home: Path, jobs: int) -> AbstractContextManager[str]:
    _fill(home, jobs)
    return backend_over_http(home)


def _stock(folder: Path, jobs: int) -> AbstractContextManager[str]:
    """Stock pygeoapi, with jobs as it stores them itself."""
    folder.mkdir(parents=True)
    documents = {str(number): _stock_job(number) for number in range(1, jobs + 1)}
    (folder / "jobs.db").write_text(json.dumps({"_default": documents}), encoding="utf-8")
    return stock_pygeoapi(folder)


def _stock_job(number: int) -> dict[str, object]:
    moment = "2026-01-01T00:00:00.000000Z"
    return {
        "type": "process",
        "identifier": f"{number:08x}-0000-11f0-8000-000000000000",
        "process_id": "hello-world",
        "created": moment,
        "started": moment,
        "updated": moment,
        "finished": moment,
        "status": "successful",
        "location": f"/results/hello-world-{number}",
        "mimetype": "application/json",
        "message": "Job complete",
        "progress": 100,
    }


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


async def _list(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/jobs", params={"limit": 20})


async def _select(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/jobs", params={"limit": 20, "processID": "hello-world", "status": "successful"})
