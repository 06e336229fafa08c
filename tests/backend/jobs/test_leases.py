"""Signs of life: who is dead is told by his process on this host, and by his silence on any other."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import Place, Postgres

from backend.jobs import leases as leases_module
from backend.jobs import statements
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Job, JobRequest
from backend.jobs.silence import Silence
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

ONCE = JobRequest("buffer", {}, None, "raw", idempotent=False)
AGAIN = JobRequest("buffer", {}, None, "raw", idempotent=True)


class Clock:
    """The monotonic clock that an observer reads."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return time.time()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(leases_module, "time", clock)
    return clock


@pytest.fixture
def opened_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], JobStore]]:
    """Opens the store as a server on a host of that name does."""
    made: list[JobStore] = []

    def open_on(host: str) -> JobStore:
        monkeypatch.setattr(leases_module, "host", lambda: host)
        made.append(place.open(lease_seconds=15))
        return made[-1]

    yield open_on
    for store in made:
        store.close()


def running(store: JobStore, request: JobRequest, engine: str) -> Job:
    job = store.insert(request, owner=engine, durable=False)
    assert store.start(job.id, engine, ProcessIdentity.current())
    return store.get(job.id)


def watch(store: JobStore, clock: Clock, seconds: int, between: Callable[[], Any] = lambda: None) -> None:
    for _ in range(seconds):
        store.leases.take_over("observer")
        clock.now += 1
        between()


def test_jobs_of_another_host_are_taken_over_after_a_lease_of_silence(
    opened_on: Callable[[str], JobStore], clock: Clock
) -> None:
    there, here = opened_on("there"), opened_on("here")
    there.leases.register("silent")
    once, again = running(there, ONCE, "silent"), running(there, AGAIN, "silent")
    watch(here, clock, 15)
    assert here.get(once.id).status is JobStatus.RUNNING
    watch(here, clock, 1)
    assert here.get(once.id).status is JobStatus.FAILED
    assert "no sign of life" in here.get(once.id).message
    assert here.get(again.id).status is JobStatus.ACCEPTED


@pytest.mark.parametrize("wrong_by", [-86400.0, 86400.0])
def test_a_wrong_clock_of_another_host_neither_kills_nor_keeps_it(
    opened_on: Callable[[str], JobStore], place: Place, clock: Clock, wrong_by: float
) -> None:
    there, here = opened_on("there"), opened_on("here")
    there.leases.register("other")
    job = running(there, ONCE, "other")
    engine, shift = place.engine(), sa.text("UPDATE engines SET lease_expires = lease_expires + :by")

    def renew_wrongly() -> None:
        there.leases.renew("other")
        with engine.begin() as connection:
            connection.execute(shift, {"by": wrong_by})

    watch(here, clock, 40, renew_wrongly)
    engine.dispose()
    assert here.get(job.id).status is JobStatus.RUNNING
    watch(here, clock, 17)
    assert here.get(job.id).status is JobStatus.FAILED


def test_a_process_of_this_host_that_is_gone_is_dead_at_once(
    opened_on: Callable[[str], JobStore], place: Place, clock: Clock
) -> None:
    here = opened_on("here")
    here.leases.register("killed")
    job = here.insert(AGAIN, owner="killed", durable=False)
    place.execute("UPDATE engines SET process_started = process_started - 1000")
    watch(here, clock, 1)
    assert here.leases.claim("observer", ["buffer"]) == (job.id, "buffer")


def test_jobs_of_an_owner_that_nobody_knows_are_taken_over(opened_on: Callable[[str], JobStore], clock: Clock) -> None:
    here = opened_on("here")
    job = here.insert(AGAIN, owner="forgotten", durable=False)
    watch(here, clock, 15)
    assert here.leases.claim("observer", ["buffer"]) is None
    watch(here, clock, 2)
    assert here.leases.claim("observer", ["buffer"]) == (job.id, "buffer")


def test_an_observer_does_not_take_its_own_jobs_for_those_of_a_dead_one(
    opened_on: Callable[[str], JobStore], clock: Clock
) -> None:
    here = opened_on("here")
    job = running(here, AGAIN, "observer")
    watch(here, clock, 40)
    assert here.get(job.id).status is JobStatus.RUNNING


def test_an_engine_that_was_forgotten_is_known_again_once_it_gives_a_sign(
    opened_on: Callable[[str], JobStore], place: Place, clock: Clock
) -> None:
    there, here = opened_on("there"), opened_on("here")
    there.leases.register("other")
    job = running(there, AGAIN, "other")
    place.execute("DELETE FROM engines")
    watch(here, clock, 40, lambda: there.leases.renew("other"))
    assert here.get(job.id).status is JobStatus.RUNNING


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker that its server did not take along."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("server", ["gone", "silent"])
def test_a_worker_that_outlives_its_server_is_ended_before_its_job_is_run_again(
    opened_on: Callable[[str], JobStore],
    place: Place,
    clock: Clock,
    worker: subprocess.Popen[bytes],
    *,
    monkeypatch: pytest.MonkeyPatch,
    server: str,
) -> None:
    here = opened_on("here")
    here.leases.register(server)
    job = here.insert(AGAIN, owner=server, durable=False)
    assert here.start(job.id, server, ProcessIdentity.of(worker.pid))
    if server == "gone":
        place.execute("UPDATE engines SET process_started = process_started - 1000")
    with monkeypatch.context() as patched:
        patched.setattr(ProcessIdentity, "kill", lambda _worker, wait_seconds: False)  # it takes its time  # noqa: ARG005
        watch(here, clock, 17)
    assert here.get(job.id).status is JobStatus.RUNNING
    watch(here, clock, 1)
    assert here.get(job.id).status is JobStatus.ACCEPTED
    assert worker.wait(30)


def test_who_did_not_look_for_a_while_judges_nobody_by_that_time() -> None:
    silence = Silence(15)
    assert silence.silent({"a": 1}, 0) == frozenset()
    assert silence.silent({"a": 1}, 60) == frozenset()  # its machine slept, and so may the other's have
    for second in range(61, 75):
        assert silence.silent({"a": 1}, second) == frozenset()
    assert silence.silent({"a": 1}, 75) == {"a"}
    assert silence.silent({"a": 2}, 76) == frozenset()


def test_jobs_are_observed_in_any_number_and_order(store: JobStore) -> None:
    jobs = [store.insert(AGAIN, owner="an-engine", durable=False).id for _ in range(70)]
    for count in (3, 1, 3, 70, 2, *range(1, 71)):
        chosen = jobs[-count:]
        assert {one.id for one in store.leases.observe(chosen)} == set(chosen)
    assert store.leases.claim("an-engine", []) is None


def test_an_engine_that_is_closed_is_forgotten_and_its_ended_jobs_are_not(place: Place) -> None:
    with closing(place.open()) as store:
        store.leases.register("closed")
        ended = store.insert(ONCE, owner="closed", durable=False)
        store.dismiss(ended.id)
        store.leases.release("closed", "It was closed.")
        assert place.rows("engines") == 0
        assert store.get(ended.id).status is JobStatus.DISMISSED


@pytest.mark.parametrize("look", [statements.LOCK_JOB, statements.INTERRUPTED, statements.LOCK_ID])
def test_a_job_whose_next_state_is_being_decided_is_changed_by_nobody_else(
    postgres: Postgres, home: Path, look: sa.Select[Any]
) -> None:
    place = Place(home, postgres.new_database())
    with closing(place.open()) as store:
        job = running(store, ONCE, "an-engine")
        free = "SELECT id FROM jobs FOR UPDATE SKIP LOCKED"
        other = place.engine()
        with other.connect() as connection:
            assert connection.execute(sa.text(free)).scalars().all() == [job.id]
        with store._database.transaction(durable=True) as deciding, other.connect() as connection:
            assert deciding.execute(look, {"job": job.id, "engine": "an-engine"}).rows
            assert connection.execute(sa.text(free)).scalars().all() == []
        other.dispose()
