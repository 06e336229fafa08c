"""How many jobs a server does, and how soon one that nobody waits for is done, through HTTP on loopback."""

import time
from pathlib import Path

import anyio
import httpx

from benchmarks.servers import OWN_PROCESSES, backend_over_http
from benchmarks.table import Figure, milliseconds

CLIENTS = 8
SECONDS = 10
POLLED = 100
POLL_SECONDS = 0.01
SHORT_CALLS = 50

_ASYNC = {"Prefer": "respond-async"}


async def throughput(folder: Path) -> list[Figure]:
    """Jobs per second from eight clients, asked for with and without waiting; polled jobs; calls beside long jobs."""
    with backend_over_http(folder / "home", *OWN_PROCESSES) as url:
        await _execute_for(url, 1)
        waited = await _execute_for(url, SECONDS)
        accepted, drained = await _submit_for(url, SECONDS)
        polled, polled_p95 = milliseconds(await _polled(url))
        beside, beside_p95 = milliseconds(await _beside_long_jobs(url))
    return [
        # The bar is a smallest value: told as milliseconds per job.
        Figure("hello-world sustained, waited for", 1000 / waited, "ms per job", 5, f"{waited:.0f} per second"),
        Figure("hello-world sustained, as jobs, to the last one's end", 1000 / drained, "ms per job", 5,
               f"{drained:.0f} per second; accepted {accepted:.0f} per second"),
        Figure("async submit → successful by polls of 10 ms", polled, "ms", 25, f"median; p95 {polled_p95:.1f} ms"),
        Figure("hello-world, waited for, while long jobs hold all workers", beside, "ms", 25,
               f"median; p95 {beside_p95:.1f} ms"),
    ]  # fmt: skip


async def _execute_for(url: str, seconds: float) -> float:
    """Executions per second of clients that each wait for one after the other."""
    done = 0

    async def client() -> None:
        nonlocal done
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            while time.perf_counter() < end:
                await _hello(http, {})
                done += 1

    begin = time.perf_counter()
    end = begin + seconds
    async with anyio.create_task_group() as clients:
        for _ in range(CLIENTS):
            clients.start_soon(client)
    return done / (time.perf_counter() - begin)


async def _submit_for(url: str, seconds: float) -> tuple[float, float]:
    """Jobs accepted per second, and jobs per second until the last one has ended."""
    jobs: list[str] = []

    async def client() -> None:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            while time.perf_counter() < end:
                reply = await http.post(
                    "/processes/hello-world/execution", json={"inputs": {"name": "Ada"}}, headers=_ASYNC
                )
                if reply.status_code == 503:  # the queue is full
                    await anyio.sleep(0.05)
                else:
                    jobs.append(reply.raise_for_status().json()["jobID"])

    begin = time.perf_counter()
    end = begin + seconds
    async with anyio.create_task_group() as clients:
        for _ in range(CLIENTS):
            clients.start_soon(client)
    accepted = len(jobs) / (time.perf_counter() - begin)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        while (await http.get("/jobs", params={"status": ["accepted", "running"]})).json()["numberMatched"]:
            await anyio.sleep(POLL_SECONDS)
    return accepted, len(jobs) / (time.perf_counter() - begin)


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
