"""A worker is killed at any moment of a job's life: the job ends within two seconds, or is run again."""

import os
import random
import signal
import time
from collections import Counter

import anyio
import pytest

from backend.jobs.records import Job
from backend.jobs.service import JobService
from backend.jobs.states import JobStatus
from tests.faults.injection import OpenService, Within, expect_whole, histogram, request_for

pytestmark = [pytest.mark.long(10), pytest.mark.anyio]

SECONDS = 0.3
"""About the life of one job."""


async def kill_in(service: JobService, job: Job, delay: float) -> bool:
    """Kill the worker that runs the job after some seconds; False when none does any more."""
    await anyio.sleep(delay)
    (observed,) = service.store.leases.observe([job.id])
    if observed.status is not JobStatus.RUNNING or observed.worker is None:
        return False
    os.kill(observed.worker.pid, signal.SIGKILL)
    return True


async def test_no_job_is_stuck_when_its_worker_is_killed(
    open_service: OpenService, rng: random.Random, full: bool, within: Within
) -> None:
    service = open_service()
    delays: list[float] = []
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    await service.engine.wait(service.engine.submit(request_for("quick"), durable=False).id, timeout=60)
    while len(delays) < (50 if full else 8):
        job = service.engine.submit(request_for(rng.choice(("once", "again")), seconds=SECONDS / 2), durable=True)
        delay = rng.uniform(0, SECONDS)
        if not await kill_in(service, job, delay):
            await service.engine.wait(job.id, timeout=60)
            continue
        killed = time.monotonic()
        delays.append(delay)
        with anyio.fail_after(60):
            ended = await service.engine.wait(job.id, timeout=60)
        slowest = max(slowest, time.monotonic() - killed)
        outcomes[f"{ended.process_id} {ended.status}"] += 1
        if ended.status is JobStatus.FAILED:
            assert ended.failure is not None
            assert (ended.failure.kind, ended.process_id) == ("lost", "once")
            assert "SIGKILL" in ended.message
        expect_whole(service, [ended])
    histogram(delays, of=SECONDS, what=f"worker killed × {len(delays)}, {dict(outcomes)}, slowest {slowest:.2f} s")
    assert slowest < within(2 + SECONDS)
    assert sum(outcomes.values()) == len(delays)


async def test_idle_workers_that_are_killed_are_replaced(open_service: OpenService) -> None:
    service = open_service()
    with anyio.fail_after(60):
        for _ in range(5):
            job = service.engine.submit(request_for("once", seconds=0), durable=False)
            while (observed := service.store.leases.observe([job.id])[0]).worker is None:
                await anyio.sleep(0.001)
            await service.engine.wait(job.id, timeout=60)
            os.kill(observed.worker.pid, signal.SIGKILL)
            following = [service.engine.submit(request_for("quick"), durable=False) for _ in range(4)]
            for one in following:
                assert (await service.engine.wait(one.id, timeout=60)).status is JobStatus.SUCCESSFUL
