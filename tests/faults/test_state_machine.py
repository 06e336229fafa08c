"""Any order of what servers, workers, clients and clocks may do to jobs, against a model of their legal states.

Short by default; `--full` runs many more and longer ones.
"""

import sys
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from backend.errors import BackendError, JobExpiredError, ResultNotReadyError
from backend.jobs import retention, statements
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Failure, JobRequest, NewResult, StartedJob
from backend.jobs.retention import Retention
from backend.jobs.states import FINAL, TRANSITIONS, JobStatus
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import finish

sys.path.insert(0, str(Path(__file__).parents[1] / "backend" / "jobs"))

from databases import Place, Postgres

pytestmark = pytest.mark.long(15)

ENGINES = st.sampled_from(["first", "second"])
LATEST = st.sampled_from([None, None, 0, 1])
"""None is the latest attempt at a job."""

OWNER = st.sampled_from([None, None, None, "first", "second"])
"""None is the engine that owns the job: what is refused is tried less often."""
ME = ProcessIdentity.current()


class DeadError(Exception):
    """A worker has died."""


@contextmanager
def dying_before_sync(store: JobStore) -> Generator[None]:
    """Whoever uses the store dies before anything is brought to the disk, where that is a step of its own."""
    database: Any = store._database

    def die() -> None:
        raise DeadError

    sync, database.sync = database.sync, die
    yield
    database.sync = sync


@dataclass
class Known:
    """What the model knows of a job."""

    id: str
    idempotent: bool
    seen: JobStatus = JobStatus.ACCEPTED
    version: int = 1
    owner: str | None = None
    attempts: list[StartedJob] = field(default_factory=list[StartedJob])
    asked: bool = False
    data: bytes | None = None
    expired: bool = False


class Jobs(RuleBasedStateMachine):
    """Two stores on one database, as two servers have them. Every rule may be refused; none may do wrong."""

    stores: Sequence[JobStore]
    outside: sa.Engine
    jobs = Bundle("jobs")
    begun_again = Bundle("begun_again")
    """Jobs of which an earlier attempt was given up."""

    @initialize()
    def begin(self) -> None:
        self.known: list[Known] = []
        self.execute(*(f"DELETE FROM {table}" for table in ("job_log", "results", "jobs", "expired_jobs")))  # noqa: S608

    def execute(self, *texts: str, **values: Any) -> None:
        with self.outside.begin() as connection:
            for text in texts:
                connection.execute(sa.text(text), values)

    def store(self, engine: str) -> JobStore:
        return self.stores[engine == "second"]

    @rule(target=jobs, owner=st.none() | ENGINES, idempotent=st.booleans(), durable=st.booleans())
    def accept(self, owner: str | None, idempotent: bool, durable: bool) -> Known:
        request = JobRequest("buffer", {}, None, "raw", idempotent)
        job = self.store(owner or "first").insert(request, owner=owner, durable=durable)
        known = Known(job.id, idempotent, owner=owner)
        self.known.append(known)
        return known

    @rule(target=jobs, owner=ENGINES, idempotent=st.booleans())
    def accept_and_start(self, owner: str, idempotent: bool) -> Known:
        known = self.accept(owner, idempotent, durable=False)
        self.start(known, owner)
        known.seen = JobStatus.RUNNING
        return known

    @rule(target=begun_again, job=jobs)
    def lose_and_start_again(self, job: Known) -> Any:
        self.settle(job, job.owner)
        if job.expired:
            return multiple()
        job.seen = self.stores[0].get(job.id).status
        while job.seen is JobStatus.ACCEPTED and job.owner is None:
            self.claim("second")
        self.start(job, job.owner)
        return job if len(job.attempts) > 1 else multiple()

    @rule(targets=(jobs, begun_again), owner=ENGINES)
    def accept_start_lose_and_start_again(self, owner: str) -> Known:
        job = self.accept_and_start(owner, idempotent=True)
        self.lose_and_start_again(job)
        return job

    @rule(job=begun_again, told=st.sampled_from(["success", "failure", "progress"]))
    def hear_of_an_earlier_attempt(self, job: Known, told: str) -> None:
        """Its worker was taken for dead, and is not."""
        if job.expired:
            return
        before, earlier = self.stores[0].get(job.id), job.attempts[-2]
        if told == "success":
            assert not finish(self.stores[1], earlier, [NewResult("a", "text/plain", b"late", {})])
        elif told == "failure":
            assert not self.stores[1].fail(earlier, Failure("failed", "late"))
        else:
            self.stores[1].progress(earlier, 99, "late")
        assert self.stores[0].get(job.id) == before

    @rule(engine=ENGINES)
    def claim(self, engine: str) -> None:
        claimed: Any = self.store(engine).leases.claim(engine, ["buffer"])
        waiting = [job for job in self.known if job.seen is JobStatus.ACCEPTED and job.owner is None]
        assert (claimed is not None) == bool(waiting), "a waiting job is claimed whenever there is one"
        if claimed is not None:
            next(job for job in waiting if job.id == claimed[0]).owner = engine

    @rule(job=jobs, engine=OWNER)
    def start(self, job: Known, engine: str | None) -> None:
        engine = engine or job.owner or "first"
        started = self.store(engine).start(job.id, engine, ME)
        may = job.seen is JobStatus.ACCEPTED and job.owner == engine
        assert (started is not None) == may
        if started is not None:
            assert started.attempt == len(job.attempts) + 1
            job.attempts.append(started)

    @rule(job=jobs, percent=st.integers(0, 100))
    def progress(self, job: Known, percent: int) -> None:
        if job.attempts:
            self.stores[0].progress(job.attempts[0], percent, "at work")

    @rule(job=jobs, engine=ENGINES, which=LATEST, size=st.sampled_from([1, 100]))
    def succeed(self, job: Known, engine: str, which: int | None, size: int) -> None:
        if not job.attempts:
            return
        which = len(job.attempts) - 1 if which is None else which % len(job.attempts)
        data = bytes([65 + which]) * size
        ended = finish(self.store(engine), job.attempts[which], [NewResult("a", "text/plain", data, {})])
        assert ended == (job.seen is JobStatus.RUNNING and which == len(job.attempts) - 1)
        job.data = data if ended else job.data

    @rule(job=jobs, engine=ENGINES, size=st.sampled_from([1, 100]))
    def die_with_all_results_in_the_store(self, job: Known, engine: str, size: int) -> None:
        """Before they are on the disk: nobody is told of them yet."""
        if job.owner is None or job.seen is not JobStatus.RUNNING or not job.attempts[-1].durable:
            return
        results, store = [NewResult("a", "text/plain", b"c" * size, {})], self.store(engine)
        died = False
        with dying_before_sync(store):
            try:
                finish(store, job.attempts[-1], results)
            except DeadError:
                died = True
        ended = not died or not job.asked
        if died:
            assert self.stores[0].get(job.id).status is JobStatus.RUNNING
            with pytest.raises(ResultNotReadyError):
                self.stores[0].results(job.id)
            store.leases.settle(job.id, job.owner, "The worker died.")
        assert self.stores[0].get(job.id).status is (JobStatus.SUCCESSFUL if ended else JobStatus.DISMISSED)
        job.data = results[0].data if ended else job.data

    @rule(job=jobs, which=LATEST)
    def fail(self, job: Known, which: int | None) -> None:
        if job.attempts:
            which = len(job.attempts) - 1 if which is None else which % len(job.attempts)
            ended = self.stores[0].fail(job.attempts[which], Failure("failed", "no"))
            assert ended == (job.seen is JobStatus.RUNNING and which == len(job.attempts) - 1)

    @rule(job=jobs, engine=ENGINES)
    def dismiss(self, job: Known, engine: str) -> None:
        if job.expired:
            with pytest.raises(JobExpiredError):
                self.store(engine).dismiss(job.id)
            return
        after = self.store(engine).dismiss(job.id)
        running = job.seen is JobStatus.RUNNING
        assert after.status is (JobStatus.RUNNING if running else JobStatus.DISMISSED)
        job.asked = job.asked or running

    @rule(job=jobs, engine=OWNER)
    def settle(self, job: Known, engine: str | None) -> None:
        """Its worker is dead."""
        engine = engine or job.owner or "first"
        self.store(engine).leases.settle(job.id, engine, "The worker died.")
        if job.owner != engine or job.seen in FINAL or job.expired:
            return
        status = self.stores[0].get(job.id).status
        if job.asked:
            assert status is JobStatus.DISMISSED
        elif job.seen is JobStatus.ACCEPTED or (job.idempotent and len(job.attempts) < 3):
            assert status is JobStatus.ACCEPTED
            job.owner = None
        else:
            assert status is JobStatus.FAILED

    @rule(hours=st.integers(-5, 5))
    def step_clock(self, hours: int) -> None:
        """As if all that is stored had been written while the clock was so much behind, or ahead."""
        columns = ", ".join(f"{name} = {name} - :by" for name in ("created", "started", "finished", "updated"))
        self.execute(f"UPDATE jobs SET {columns}", by=hours * 3600.0)  # noqa: S608

    @rule()
    def sweep(self) -> None:
        self.stores[1].sweeper.sweep()
        for job in self.known:
            try:
                self.stores[0].get(job.id)
            except JobExpiredError:
                assert job.seen in FINAL, "only what has ended expires"
                job.expired = True

    @invariant()
    def every_state_is_legal(self) -> None:
        for job in getattr(self, "known", []):
            if not job.expired:
                self._look_at(job)

    def _look_at(self, job: Known) -> None:
        now = self.stores[0].get(job.id)
        assert now == self.stores[1].get(job.id)
        if now.status is not job.seen:
            assert now.status in TRANSITIONS[job.seen]
            assert now.version > job.version
        assert now.version >= job.version
        assert now.final == (now.finished is not None)
        assert now.created <= (now.started or now.created) <= (now.finished or now.updated)
        job.seen, job.version = now.status, now.version
        try:
            ((_, content),) = self.stores[0].results(job.id)
        except BackendError:
            assert now.status is not JobStatus.SUCCESSFUL
        else:
            assert now.status is JobStatus.SUCCESSFUL
            self.stores[0].verify(self.stores[0].find(job.id, "a"))
            assert (content.read_bytes() if isinstance(content, Path) else content) == job.data


@pytest.fixture(scope="module")
def postgres() -> Any:
    server = Postgres()
    yield server
    server.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_no_order_of_events_brings_a_job_into_an_illegal_state(
    database: str, request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "UNTOUCHED_SECONDS", 0.0)
    server = request.getfixturevalue("postgres") if database == "postgresql" else None

    place = Place(home, None if server is None else server.new_database())
    kept = Retention(3600.0, None, None)
    with closing(place.open(retention=kept)) as first, closing(place.open(retention=kept)) as second:
        outside = place.engine()
        run_state_machine_as_test(
            type("OnDatabase", (Jobs,), {"stores": (first, second), "outside": outside}),
            settings=limits(full=bool(request.config.getoption("--full")), fast=server is None),
        )
        outside.dispose()


@pytest.mark.parametrize("name", ["SUCCEED", "FAIL_ATTEMPT", "PROGRESS"])
def test_a_store_that_hears_workers_of_earlier_attempts_is_found_out(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "UNTOUCHED_SECONDS", 0.0)
    monkeypatch.setattr(statements, name, without_attempt(getattr(statements, name)))
    place = Place(home, None)
    with closing(place.open()) as first, closing(place.open()) as second:
        outside = place.engine()
        with pytest.raises(AssertionError):
            run_state_machine_as_test(
                type("OnDatabase", (Jobs,), {"stores": (first, second), "outside": outside}),
                settings=settings(limits(full=False, fast=True), phases=[Phase.generate], print_blob=False),
            )
        outside.dispose()


def without_attempt(statement: Any) -> Any:
    """The statement without its condition on the attempt."""
    conditions = [str(condition) for condition in statement._where_criteria]
    assert "jobs.attempts = :attempt" in conditions
    changed = statement._generate()
    changed._where_criteria = tuple(
        condition for condition in statement._where_criteria if str(condition) != "jobs.attempts = :attempt"
    )
    return changed


def limits(*, full: bool, fast: bool) -> settings:
    return settings(
        max_examples=1000 if full else 25 if fast else 6,
        stateful_step_count=60 if full else 25,
        deadline=None,
        derandomize=not full,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
