"""Fault 9: two servers on one PostgreSQL, one killed, the database restarted."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from backend.errors import BackendError, StoreUnavailableError
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import JobRequest, NewResult
from backend.jobs.service import JobService, ProcessSetting
from backend.jobs.states import JobStatus
from backend.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "backend" / "jobs"))

from databases import Place, Postgres

from tests.faults.injection import Within

pytestmark = [pytest.mark.long(30), pytest.mark.anyio]

SLOW = {"slow-steps": ProcessSetting({"name": "backend.processes.slow_steps.slow_steps"})}

SERVER = """
import sys
import time
from pathlib import Path
from backend.jobs import leases
leases.host = lambda: "another machine"
from tests.faults.test_database_of_several import SLOW, service, slow
first = service(Path(sys.argv[1]), sys.argv[2])
jobs = [first.engine.submit(slow(idempotent=number == 0), durable=True).id for number in range(2)]
while any(first.store.get(job).status == "accepted" for job in jobs):
    time.sleep(0.01)
print(*jobs, flush=True)
sys.stdin.read()
"""


def service(home: Path, url: str) -> JobService:
    settings = Settings(home=home, jobs_url=url, workers=2, lease_seconds=3)
    return JobService.open(settings, SLOW, base_url="http://localhost:5001", warm=True)


def slow(*, idempotent: bool, seconds: float = 4) -> JobRequest:
    return JobRequest("slow-steps", {"seconds": seconds}, None, "raw", idempotent)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.close()


async def test_the_jobs_of_a_killed_server_of_another_machine_are_taken_over_within_two_leases(
    postgres: Postgres, home: Path, within: Within
) -> None:
    url = postgres.new_database()
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", SERVER, str(home), url]
    pipe = subprocess.PIPE
    other = await anyio.to_thread.run_sync(
        lambda: subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=root)
    )
    try:
        with anyio.fail_after(60):
            assert other.stdout is not None
            again, once = (await anyio.to_thread.run_sync(other.stdout.readline)).split()
            here = await anyio.to_thread.run_sync(service, home, url)
            with closing(here):
                other.kill()
                killed = time.monotonic()
                lost = await here.engine.wait(once, timeout=60)
                assert time.monotonic() - killed < within(2 * 3)
                assert (lost.status, lost.failure and lost.failure.kind) == (JobStatus.FAILED, "lost")
                assert (await here.engine.wait(again, timeout=60)).status is JobStatus.SUCCESSFUL
    finally:
        other.kill()
        other.communicate()


@pytest.mark.parametrize("seconds", [0, 1], ids=["while workers start", "while jobs run"])
async def test_a_restart_of_the_database_loses_no_job_and_runs_none_twice(
    postgres: Postgres, home: Path, seconds: float
) -> None:
    with anyio.fail_after(90), closing(await anyio.to_thread.run_sync(service, home, postgres.new_database())) as here:
        jobs = [here.engine.submit(slow(idempotent=False, seconds=2), durable=True).id for _ in range(4)]
        await anyio.sleep(seconds)
        await anyio.to_thread.run_sync(postgres.stop)
        with pytest.raises(StoreUnavailableError):
            here.store.get(jobs[0])
        with pytest.raises(BackendError):
            here.engine.submit(slow(idempotent=False), durable=True)
        await anyio.to_thread.run_sync(postgres.start)
        for job in jobs:
            assert (await here.engine.wait(job, timeout=60)).status is JobStatus.SUCCESSFUL


def test_a_worker_that_has_done_its_work_waits_for_the_database(postgres: Postgres, home: Path) -> None:
    with closing(Place(home, postgres.new_database()).open()) as store:
        job = store.insert(slow(idempotent=False), owner="an-engine", durable=True)
        started: Any = store.start(job.id, "an-engine", ProcessIdentity.current())
        postgres.stop()
        back = threading.Timer(1, postgres.start)
        back.start()
        assert store.succeed(started, [NewResult("a", "text/plain", b"x" * 100, {})], inline_bytes=8)
        back.join()
        assert store.read(job.id, "a")[0].size == 100
