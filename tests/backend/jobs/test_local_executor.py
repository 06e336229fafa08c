"""Worker processes of this machine: one that has done its share gets no more, and no more are kept than usual."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import job_server
import pytest

from backend.jobs import local
from backend.jobs.admission import Bounds
from backend.jobs.captured import is_supported
from backend.jobs.engine import Engine
from backend.jobs.executor import Assignment
from backend.jobs.local import LocalExecutor
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

pytestmark = pytest.mark.anyio

PATIENCE = 60

type Open = Callable[..., tuple[Engine, LocalExecutor]]


@pytest.fixture
def open_engine(home: Path, store: JobStore) -> Iterator[Open]:
    """Starts an engine for that many jobs at once, whose executor keeps so many workers."""
    made: list[Engine] = []

    def make(*, jobs: int, workers: int, **config: Any) -> tuple[Engine, LocalExecutor]:
        configured = replace(job_server.config(home), **config)
        executor = LocalExecutor(configured, workers=workers, warm=False, append_log=store.append_log)
        made.append(Engine(store, executor, Bounds(jobs), lease_seconds=15, dismiss_wait_seconds=10))
        made[-1].start()
        return made[-1], executor

    yield make
    for engine in made:
        engine.stop()


async def run_at_once(engine: Engine, count: int) -> list[JobStatus]:
    jobs = [engine.submit(job_server.request("Echo"), durable=False) for _ in range(count)]
    return [(await engine.wait(job.id, timeout=PATIENCE)).status for job in jobs]


async def test_a_worker_that_has_done_its_share_is_given_no_job_that_waits(open_engine: Open) -> None:
    engine, executor = open_engine(jobs=3, workers=3, max_jobs=1)
    assert await run_at_once(engine, 6) == [JobStatus.SUCCESSFUL] * 6
    assert executor.counts().ended >= 3


async def test_workers_beyond_the_usual_number_end_when_they_have_nothing_to_do(
    open_engine: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_IDLE_SECONDS", 0)
    engine, executor = open_engine(jobs=3, workers=1)
    assert await run_at_once(engine, 3) == [JobStatus.SUCCESSFUL] * 3
    with anyio.fail_after(PATIENCE):
        while executor.counts().alive != 1:
            await anyio.sleep(0.01)
    assert await run_at_once(engine, 1) == [JobStatus.SUCCESSFUL]


@pytest.mark.skipif(not is_supported(), reason="what workers write is not captured here")
async def test_what_a_process_printed_last_is_in_the_log_of_its_job(open_engine: Open, store: JobStore) -> None:
    engine, _ = open_engine(jobs=1, workers=1)
    job = engine.submit(job_server.request("Murmur"), durable=False)
    assert (await engine.wait(job.id, timeout=PATIENCE)).status is JobStatus.SUCCESSFUL
    with anyio.fail_after(PATIENCE):
        while job.id in engine._lanes.own():
            await anyio.sleep(0.01)
    assert store.log(job.id) == ["a murmur"]


async def test_a_bell_that_is_looked_at_before_it_is_heard_still_rings(home: Path, store: JobStore) -> None:
    executor = LocalExecutor(job_server.config(home), workers=1, warm=False, append_log=store.append_log)
    executor.run(Assignment("a-job", "Echo", "an-engine"), lambda _: None)
    executor.run(Assignment("another", "Echo", "an-engine"), lambda _: None)
    heard = executor._bell[0]
    assert heard.poll(PATIENCE)
    # Windows takes an empty message away from whoever comes after the one that looked.
    assert heard.recv_bytes() != b""
    assert not heard.poll()
    executor.stop()
