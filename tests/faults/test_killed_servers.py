"""A server is killed under load: what it accepted ends all the same, and nothing of it is left running."""

import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import psutil
import pytest

from backend.jobs.leases import MAX_ATTEMPTS
from tests.faults.injection import (
    PATIENCE,
    Backend,
    OpenService,
    Within,
    client_of,
    expect_whole,
    histogram,
    request_for,
    statuses,
    still_there,
)

pytestmark = [pytest.mark.long(20), pytest.mark.anyio]

LOAD_SECONDS = 1.0
CLIENTS = 3
MOST = 8
"""Jobs of one client: what one server leaves to the next must not fill the queue in the end."""
UNFINISHED = {"accepted", "running"}
ASYNC = {"Prefer": "respond-async"}


async def submit_while_it_lives(url: str, accepted: dict[str, str], rng: random.Random) -> None:
    async with client_of(url) as client:
        for _ in range(MOST):
            name = rng.choice(("once", "again", "quick"))
            inputs = {} if name == "quick" else {"seconds": rng.uniform(0, 0.2)}
            try:
                reply = await client.post(f"/processes/{name}/execution", json={"inputs": inputs}, headers=ASYNC)
            except httpx.TransportError:
                return
            accepted[reply.raise_for_status().json()["jobID"]] = name
            await anyio.sleep(0.03)


async def until_at_work(home: Path, accepted: dict[str, str], before: int) -> None:
    """Wait until as many jobs are accepted as there are clients, and any job runs."""
    with anyio.fail_after(PATIENCE):
        while len(accepted) < before + CLIENTS or "running" not in statuses(home).values():
            await anyio.sleep(0.01)


async def kill_under_load(
    backend: Backend, home: Path, accepted: dict[str, str], rng: random.Random, *, delay: float, longest: float
) -> None:
    """Kill the server after some seconds of load, at work or just started; its processes are gone after `longest`."""
    descendants: list[psutil.Process] = []
    before = len(accepted)
    async with anyio.create_task_group() as clients:
        for _ in range(CLIENTS):
            own = random.Random(rng.random())  # noqa: S311 - repeatable, not secret
            clients.start_soon(submit_while_it_lives, backend.url, accepted, own)
        if rng.random() < 0.75:
            await until_at_work(home, accepted, before)  # else its workers may still be about to start
        await anyio.sleep(delay)
        descendants += psutil.Process(backend.pid).children(recursive=True)
        await anyio.to_thread.run_sync(backend.kill)
    assert await anyio.to_thread.run_sync(lambda: still_there(descendants, seconds=longest)) == []


async def until_all_ended(home: Path, accepted: dict[str, str], *, within: float) -> dict[str, str]:
    with anyio.fail_after(within):
        while True:
            found = await anyio.to_thread.run_sync(statuses, home)
            assert accepted.keys() <= found.keys()
            if not UNFINISHED & set(found.values()):
                return found
            await anyio.sleep(0.1)


def attempts_of_failed(home: Path, process_id: str) -> set[int]:
    with closing(sqlite3.connect(home / "jobs.sqlite", timeout=60)) as database:
        rows = database.execute("SELECT attempts FROM jobs WHERE status = 'failed' AND process_id = ?", (process_id,))
        return {attempts for (attempts,) in rows}


async def test_every_acknowledged_job_of_a_killed_server_ends(  # noqa: PLR0917
    serve: Callable[..., Backend],
    open_service: OpenService,
    home: Path,
    rng: random.Random,
    full: bool,
    within: Within,
) -> None:
    delays: list[float] = []
    accepted: dict[str, str] = {}
    for _ in range(20 if full else 2):
        backend = await anyio.to_thread.run_sync(serve)
        delays.append(rng.uniform(0, LOAD_SECONDS))
        await kill_under_load(backend, home, accepted, rng, delay=delays[-1], longest=within(5))
    service = open_service()
    found = await until_all_ended(home, accepted, within=240)
    ended = Counter(f"{name} {found[job]}" for job, name in accepted.items())
    histogram(delays, of=LOAD_SECONDS, what=f"server killed × {len(delays)}, {dict(ended)}")
    assert set(ended) <= {"once successful", "once failed", "again successful", "again failed", "quick successful"}
    # One that is run again and again, and cut off each time, is given up in the end.
    assert attempts_of_failed(home, "again") <= {MAX_ATTEMPTS}
    expect_whole(service, service.store.list(limit=10_000, offset=0)[0])


async def test_of_two_servers_on_one_home_the_living_one_ends_what_the_dead_one_left(
    serve: Callable[..., Backend], open_service: OpenService, home: Path, rng: random.Random, within: Within
) -> None:
    gate = home.with_name("gate")
    survivor = open_service()
    ours = survivor.engine.submit(request_for("patient", marker=str(gate)), durable=True)
    backend = await anyio.to_thread.run_sync(serve)
    accepted: dict[str, str] = {}
    await kill_under_load(backend, home, accepted, rng, delay=0.2, longest=within(5))
    killed = time.monotonic()
    gate.touch()
    found = await until_all_ended(home, accepted, within=240)
    sys.stderr.write(f"\n{len(accepted)} jobs of the dead server ended in {time.monotonic() - killed:.1f} s\n")
    assert found[ours.id] == "successful"
    lost = [job for job in accepted if found[job] == "failed"]
    assert {accepted[job] for job in lost} <= {"once"}
    assert {survivor.store.get(job).message for job in lost} <= {"The server that ran the job died."}
    assert len(lost) <= 2
