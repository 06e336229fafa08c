"""A dismiss races the end of its job: there is one final state, and nothing is written after it."""

import random
import time
from collections import Counter
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from backend.jobs.liveness import ProcessIdentity
from backend.jobs.service import JobService
from backend.jobs.states import JobStatus
from tests.faults.injection import OpenService, Within, histogram, request_for, until_files

pytestmark = [pytest.mark.long(6), pytest.mark.anyio]

SECONDS = 0.12


async def dismiss_one(
    service: JobService, asked: JobService, delay: float, longest: float
) -> tuple[str, ProcessIdentity | None]:
    job = service.engine.submit(request_for("once", seconds=SECONDS / 2), durable=True)
    await anyio.sleep(delay)
    before = asked.store.get(job.id).status
    (observed,) = asked.store.leases.observe([job.id])
    with anyio.fail_after(longest):
        assert (await asked.engine.dismiss(job.id)).status is JobStatus.DISMISSED
    if before is not JobStatus.RUNNING:
        return str(before), None
    return "running", observed.worker


async def test_a_dismiss_that_races_the_end_leaves_one_final_state(
    open_service: OpenService, home: Path, rng: random.Random, full: bool, within: Within
) -> None:
    owner, other = open_service(), open_service(workers=1)
    others: Counter[str] = Counter()
    delays: list[float] = []
    slowest = 0.0
    await owner.engine.wait(owner.engine.submit(request_for("quick"), durable=False).id, timeout=60)
    for number in range(200 if full else 24):
        delays.append(rng.uniform(0, SECONDS * 1.5))
        began = time.monotonic()
        before, worker = await dismiss_one(owner, (owner, other)[number % 2], delays[-1], within(2 + SECONDS))
        slowest = max(slowest, time.monotonic() - began - delays[-1])
        others[before] += 1
        if worker is not None and before == "running":
            (observed,) = owner.store.leases.observe([job.id for job in owner.store.list(limit=1, offset=0)[0]])
            assert observed.status is JobStatus.DISMISSED
    histogram(
        delays, of=SECONDS * 1.5, what=f"dismissed × {len(delays)}, found {dict(others)}, slowest {slowest:.2f} s"
    )
    states = owner.store.list(limit=1000, offset=0)[0]
    await anyio.lowlevel.checkpoint()
    assert {job.status for job in states} <= {JobStatus.DISMISSED, JobStatus.SUCCESSFUL}
    await until_files(home / "results", 0)
    assert [job.version for job in owner.store.list(limit=1000, offset=0)[0]] == [job.version for job in states]
