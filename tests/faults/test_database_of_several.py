"""Fault 9: two servers on one PostgreSQL, one killed, the database restarted."""

import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from backend.errors import BackendError, StoreUnavailableError
from backend.jobs.connection import Connection
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.postgresql import PostgresqlDatabase
from backend.jobs.records import JobRequest, NewResult
from backend.jobs.service import JobService, ProcessSetting
from backend.jobs.states import JobStatus
from backend.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "backend" / "jobs"))

from databases import Place, Postgres

from tests.backend.jobs.attempts import finish
from tests.faults.injection import IMPORT_PATH, Within

pytestmark = [pytest.mark.long(20), pytest.mark.anyio]

PROCESSES = {
    "patient": ProcessSetting({"name": "faulty.patient"}),
    "slow-steps": ProcessSetting({"name": "backend.processes.slow_steps.slow_steps"}),
}

SERVER = """
import sys
import time
from pathlib import Path
from backend.jobs import leases
leases.host = lambda: "another machine"
from tests.faults.test_database_of_several import patient, service
home = Path(sys.argv[1])
first = service(home, sys.argv[2])
jobs = [first.engine.submit(patient(home, idempotent=number == 0), durable=True).id for number in range(2)]
while any(first.store.get(job).status == "accepted" for job in jobs):
    time.sleep(0.01)
print(*jobs, flush=True)
sys.stdin.read()
"""


def service(home: Path, url: str) -> JobService:
    settings = Settings(home=home, jobs_url=url, workers=2, lease_seconds=3, processes=(IMPORT_PATH,))
    return JobService.open(settings, PROCESSES, base_url="http://localhost:5001", warm=True)


def slow(*, seconds: float = 4) -> JobRequest:
    return JobRequest("slow-steps", {"seconds": seconds}, None, "raw", idempotent=False)


def patient(home: Path, *, idempotent: bool) -> JobRequest:
    """A job that ends once there is `gate(home)`."""
    return JobRequest("patient", {"marker": str(gate(home))}, None, "raw", idempotent)


def gate(home: Path) -> Path:
    return home / "gate"


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
                gate(home).touch()
                assert (await here.engine.wait(again, timeout=60)).status is JobStatus.SUCCESSFUL
    finally:
        other.kill()
        other.communicate()


@pytest.mark.parametrize("begun", [False, True], ids=["while workers start", "while jobs run"])
async def test_a_restart_of_the_database_loses_no_job_and_runs_none_twice(
    postgres: Postgres, home: Path, begun: bool
) -> None:
    with anyio.fail_after(90), closing(await anyio.to_thread.run_sync(service, home, postgres.new_database())) as here:
        jobs = [here.engine.submit(slow(seconds=1), durable=True).id for _ in range(4)]
        while begun and all(here.store.get(job).status is JobStatus.ACCEPTED for job in jobs):
            await anyio.sleep(0.01)
        await anyio.to_thread.run_sync(postgres.stop)
        with pytest.raises(StoreUnavailableError):
            here.store.get(jobs[0])
        with pytest.raises(BackendError):
            here.engine.submit(slow(), durable=True)
        await anyio.to_thread.run_sync(postgres.start)
        for job in jobs:
            assert (await here.engine.wait(job, timeout=60)).status is JobStatus.SUCCESSFUL


def test_a_worker_that_has_done_its_work_waits_for_the_database(postgres: Postgres, home: Path) -> None:
    with closing(Place(home, postgres.new_database()).open()) as store:
        job = store.insert(slow(), owner="an-engine", durable=True)
        started: Any = store.start(job.id, "an-engine", ProcessIdentity.current())
        postgres.stop()
        back = threading.Timer(1, postgres.start)
        back.start()
        assert finish(store, started, [NewResult("a", "text/plain", b"x" * 100, {})])
        back.join()
        assert store.read(job.id, "a")[0].size == 100


def test_a_worker_that_is_about_to_begin_waits_for_the_database(postgres: Postgres, home: Path) -> None:
    with closing(Place(home, postgres.new_database()).open()) as store:
        job = store.insert(slow(), owner="an-engine", durable=True)
        postgres.stop()
        back = threading.Timer(1, postgres.start)
        back.start()
        started = store.start(job.id, "an-engine", ProcessIdentity.current())
        back.join()
        assert started is not None
        assert (started.attempt, started.inputs) == (1, {"seconds": 4})


def test_a_worker_whose_beginning_was_stored_but_not_confirmed_begins_once(
    postgres: Postgres, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Place(home, postgres.new_database()).open()) as store:
        job = store.insert(slow(), owner="an-engine", durable=True)
        whole = PostgresqlDatabase.transaction
        unconfirmed = iter([True])

        @contextmanager
        def transaction(database: PostgresqlDatabase, **kind: Any) -> Generator[Connection]:
            with whole(database, **kind) as connection:
                yield connection
            if next(unconfirmed, False):
                raise StoreUnavailableError("The database of the job store does not answer.")

        monkeypatch.setattr(PostgresqlDatabase, "transaction", transaction)
        started = store.start(job.id, "an-engine", ProcessIdentity.current())
        assert started is not None
        assert started.attempt == 1
        assert store.start(job.id, "an-engine", ProcessIdentity.current()) is None
