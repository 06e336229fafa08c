"""Many clients at once, and clients that go away: nothing is lost, doubled or kept."""

from collections.abc import Callable
from pathlib import Path

import anyio
import httpx
import psutil
import pytest

from tests.faults.injection import Backend, client_of, statuses

pytestmark = [pytest.mark.long(20), pytest.mark.anyio]

ASYNC = {"Prefer": "respond-async"}


async def submit(url: str, numbers: range, jobs: dict[int, str]) -> None:
    async with client_of(url) as client:
        for number in numbers:
            body = {"inputs": {"number": number}}
            reply = await client.post("/processes/quick/execution", json=body, headers=ASYNC)
            jobs[number] = reply.raise_for_status().json()["jobID"]


async def test_submissions_from_many_clients_are_neither_lost_nor_doubled(
    serve: Callable[..., Backend], serve_here: Callable[..., str], home: Path, full: bool
) -> None:
    here, other = serve_here(), serve().url
    each = 125 if full else 6
    jobs: dict[int, str] = {}
    with anyio.fail_after(120):
        async with anyio.create_task_group() as clients:
            for number in range(8):
                url = (here, other)[number % 2]
                clients.start_soon(submit, url, range(number * each, (number + 1) * each), jobs)
        while set(statuses(home).values()) != {"successful"}:
            await anyio.sleep(0.05)
        async with client_of(other) as client:
            for number, job in jobs.items():
                reply = await client.get(f"/jobs/{job}/results")
                assert reply.json() == number
    assert len(set(jobs.values())) == 8 * each
    assert statuses(home) == dict.fromkeys(jobs.values(), "successful")


async def until_ended(client: httpx.AsyncClient, job: str) -> None:
    reply = await client.get(f"/jobs/{job}")
    while reply.json()["status"] != "successful":
        held = {"If-None-Match": reply.headers["etag"], "Prefer": "wait=10"}
        answer = await client.get(f"/jobs/{job}", headers=held)
        reply = reply if answer.status_code == 304 else answer


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def leave_mid_poll(client: httpx.AsyncClient, job: str) -> None:
    reply = await client.get(f"/jobs/{job}")
    with anyio.move_on_after(0.03):
        await client.get(f"/jobs/{job}", headers={"If-None-Match": reply.headers["etag"], "Prefer": "wait=60"})


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
async def test_clients_that_leave_in_mid_poll_cost_nothing(
    serve: Callable[..., Backend], full: bool, tmp_path: Path
) -> None:
    backend = serve(workers=1)
    times = 100 if full else 40
    async with client_of(backend.url) as client:
        gate = tmp_path / "gate"
        body = {"inputs": {"marker": str(gate)}}
        reply = await client.post("/processes/patient/execution", json=body, headers=ASYNC)
        job = reply.raise_for_status().json()["jobID"]
        for _ in range(times // 4):
            await leave_mid_poll(client, job)
        before, memory = open_files(backend.pid), psutil.Process(backend.pid).memory_info().rss
        for _ in range(times):
            await leave_mid_poll(client, job)
        gate.touch()
        await until_ended(client, job)
        assert (await client.get(f"/jobs/{job}/results")).status_code == 200
        # A connection whose client has left is closed a moment later.
        with anyio.fail_after(60):
            while open_files(backend.pid) > before + 4:
                await anyio.sleep(0.01)
        assert psutil.Process(backend.pid).memory_info().rss - memory < 8 * 2**20
