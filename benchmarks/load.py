"""What a busy server still does: cancel native work, and describe processes."""

import re
import time
from pathlib import Path
from statistics import median

import anyio
import httpx
import psutil
from mcp import Client

from benchmarks.servers import OWN_PROCESSES, backend_over_http, stdio_client
from benchmarks.table import Figure, milliseconds

CANCELS = 20
DISMISSALS = 20
DESCRIBES = 300


async def cancel(folder: Path) -> list[Figure]:
    """From the client's cancel to the end of the worker that adds up integers in native code."""
    async with stdio_client(folder / "home", *OWN_PROCESSES) as client:
        times = [await _cancel_one(client) for _ in range(CANCELS)]
    return [
        Figure(
            "cancel → CPU-bound native job gone", median(times) * 1000, "ms", 100, f"worst {max(times) * 1000:.0f} ms"
        )
    ]


async def _cancel_one(client: Client) -> float:
    worker: list[int] = []
    with anyio.CancelScope() as call:

        async def watch(_progress: float, _total: float | None, message: str | None) -> None:
            if found := re.search(r"pid (\d+)", message or ""):
                worker.append(int(found[1]))
                call.cancel()

        await client.call_tool("burn", {}, progress_callback=watch)
    begin = time.perf_counter()
    while _runs(worker[0]):
        await anyio.sleep(0.002)
    return time.perf_counter() - begin


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def dismiss(folder: Path) -> list[Figure]:
    """`DELETE` of a running job that adds up integers, over HTTP: answered once its process is gone."""
    times: list[float] = []
    with backend_over_http(folder / "home", *OWN_PROCESSES) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            for _ in range(DISMISSALS):
                job = await _burn(client)
                await _until_running(client, job)
                begin = time.perf_counter()
                reply = await client.delete(f"/jobs/{job}")
                times.append(time.perf_counter() - begin)
                assert reply.json()["status"] == "dismissed", reply.text
    middle, p95 = milliseconds(times)
    return [Figure("dismiss answered, CPU-bound native job", middle, "ms", 200, f"median; p95 {p95:.0f} ms")]


async def describe(folder: Path) -> list[Figure]:
    """A process description over HTTP while every worker adds up integers."""
    with backend_over_http(folder / "home", *OWN_PROCESSES) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            idle = [await _describe(client) for _ in range(DESCRIBES)]
            jobs = [await _burn(client) for _ in range(8)]
            await _until_running(client, jobs[0])
            busy = [await _describe(client) for _ in range(DESCRIBES)]
            for job in jobs:
                await client.delete(f"/jobs/{job}")
    _, idle_p95 = milliseconds(idle)
    middle, p95 = milliseconds(busy)
    return [
        Figure(
            "describe while all workers are busy, p95",
            p95,
            "ms",
            15,
            f"median {middle:.1f}, idle p95 {idle_p95:.1f} ms",
        )
    ]


async def _describe(client: httpx.AsyncClient) -> float:
    begin = time.perf_counter()
    (await client.get("/processes/geometry-buffer")).raise_for_status()
    return time.perf_counter() - begin


async def _burn(client: httpx.AsyncClient) -> str:
    reply = await client.post("/processes/burn/execution", json={"inputs": {}}, headers={"Prefer": "respond-async"})
    return reply.raise_for_status().json()["jobID"]


async def _until_running(client: httpx.AsyncClient, job: str) -> None:
    with anyio.fail_after(20):
        while (await client.get(f"/jobs/{job}")).json()["status"] != "running":
            await anyio.sleep(0.02)
