"""How many jobs a server does, and how soon one that nobody waits for is done, through HTTP on loopback.

How many it does is asked by threads with the standard library's HTTP client: they share two cores with the server, and
httpx would take almost as much of a processor as the server and its workers together.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import psutil

from benchmarks.servers import OWN_PROCESSES, backend_over_http
from benchmarks.table import Figure, milliseconds

CLIENTS = 8
SECONDS = 10
POLLED = 100
POLL_SECONDS = 0.01
SHORT_CALLS = 50

_ASYNC = {"Prefer": "respond-async"}
_HELLO = json.dumps({"inputs": {"name": "Ada"}}).encode()
_QUEUE_FULL = 503


async def throughput(folder: Path) -> list[Figure]:
    """Jobs per second from eight clients, asked for with and without waiting; polled jobs; calls beside long jobs."""
    with backend_over_http(folder / "home", *OWN_PROCESSES) as url:
        _execute_for(url, 1)
        before = psutil.cpu_times()
        waited = _execute_for(url, SECONDS)
        between = psutil.cpu_times()
        accepted, drained = _submit_for(url, SECONDS)
        after = psutil.cpu_times()
        polled, polled_p95 = milliseconds(await _polled(url))
        beside, beside_p95 = milliseconds(await _beside_long_jobs(url))
    return [
        # The bar is a smallest value: told as milliseconds per job.
        Figure("hello-world sustained, waited for", 1000 / waited, "ms per job", 5,
               f"{waited:.0f} per second{_taken(before, between)}"),
        Figure("hello-world sustained, as jobs, to the last one's end", 1000 / drained, "ms per job", 5,
               f"{drained:.0f} per second; accepted {accepted:.0f} per second{_taken(between, after)}"),
        Figure("async submit → successful by polls of 10 ms", polled, "ms", 25, f"median; p95 {polled_p95:.1f} ms"),
        Figure("hello-world, waited for, while long jobs hold all workers", beside, "ms", 25,
               f"median; p95 {beside_p95:.1f} ms"),
    ]  # fmt: skip


def _taken(before: Any, after: Any) -> str:
    """What the machine's other guests took of its processors meanwhile, where the system tells: jobs wait for it."""
    spans = [later - earlier for earlier, later in zip(before, after, strict=True)]
    stolen = getattr(after, "steal", 0) - getattr(before, "steal", 0)
    return f"; {stolen / sum(spans):.0%} of the processors was taken by others" if stolen else ""


def _execute_for(url: str, seconds: float) -> float:
    """Executions per second of clients that each wait for one after the other."""
    begin = time.perf_counter()
    return _asked_for(url, begin + seconds, {}) / (time.perf_counter() - begin)


def _submit_for(url: str, seconds: float) -> tuple[float, float]:
    """Jobs accepted per second, and jobs per second until the last one has ended."""
    begin = time.perf_counter()
    jobs = _asked_for(url, begin + seconds, _ASYNC)
    accepted = jobs / (time.perf_counter() - begin)
    with closing(_connected(url)) as http:
        while _answer(http, "GET", "/jobs?status=accepted&status=running&limit=1")["numberMatched"]:
            time.sleep(POLL_SECONDS)
    return accepted, jobs / (time.perf_counter() - begin)


def _asked_for(url: str, end: float, headers: dict[str, str]) -> int:
    """How many executions all clients were answered that ask for one after the other."""

    def client(_: int) -> int:
        with closing(_connected(url)) as http:
            return _answered(http, end, headers)

    with ThreadPoolExecutor(CLIENTS) as clients:
        return sum(clients.map(client, range(CLIENTS)))


def _answered(http: HTTPConnection, end: float, headers: dict[str, str]) -> int:
    count = 0
    while time.perf_counter() < end:
        if _answer(http, "POST", "/processes/hello-world/execution", _HELLO, headers) is None:
            time.sleep(0.05)
        else:
            count += 1
    return count


def _answer(
    http: HTTPConnection, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Any:
    """The document that is answered; None where the queue is full."""
    http.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
    reply = http.getresponse()
    content = reply.read()
    if reply.status == _QUEUE_FULL:
        return None
    if reply.status >= 400:
        raise RuntimeError(f"{method} {path} was answered {reply.status}: {content[:200]!r}")
    return json.loads(content)


def _connected(url: str) -> HTTPConnection:
    return HTTPConnection(urlsplit(url).netloc, timeout=60)


async def _polled(url: str) -> list[float]:
    times: list[float] = []
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        for _ in range(POLLED):
            begin = time.perf_counter()
            job = (await _hello(http, _ASYNC)).json()["jobID"]
            while (await http.get(f"/jobs/{job}")).json()["status"] != "successful":
                await anyio.sleep(POLL_SECONDS)
            times.append(time.perf_counter() - begin)
    return times


async def _beside_long_jobs(url: str) -> list[float]:
    """Calls while native code holds all workers and more of it waits; the first one starts a worker, and counts."""
    times: list[float] = []
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        long = [
            (await http.post("/processes/burn/execution", json={"inputs": {}}, headers=_ASYNC)).json()["jobID"]
            for _ in range(6)
        ]
        for _ in range(SHORT_CALLS):
            begin = time.perf_counter()
            await _hello(http, {})
            times.append(time.perf_counter() - begin)
        for job in long:
            await http.delete(f"/jobs/{job}")
    return times


async def _hello(http: httpx.AsyncClient, headers: dict[str, str]) -> httpx.Response:
    reply = await http.post("/processes/hello-world/execution", json={"inputs": {"name": "Ada"}}, headers=headers)
    return reply.raise_for_status()
