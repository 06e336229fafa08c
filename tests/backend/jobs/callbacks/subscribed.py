"""Jobs with a subscriber, taken through their states by hand: no worker is needed to tell of one."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from backend.jobs.callbacks.delivery import Deliveries
from backend.jobs.callbacks.destinations import Origins
from backend.jobs.callbacks.posting import Poster
from backend.jobs.callbacks.telling import Notice, Persistence
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Failure, Job, JobRequest, NewResult, StartedJob, Subscriber
from backend.jobs.rows import compact
from backend.jobs.schema import job_callbacks
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import finish

ENGINE = "the-engine"
FAILURE = Failure("failed", "It broke.")
BRISK = Persistence(attempts=5, seconds=3600, first_pause=0.02, progress_pause=0.1)


def subscriber(url: str) -> Subscriber:
    return Subscriber(f"{url}/success", f"{url}/failed", f"{url}/progress")


def accept(store: JobStore, to: Subscriber | None, *, owner: str = ENGINE) -> Job:
    request = JobRequest("echo", {}, None, "raw", idempotent=False, subscriber=to)
    return store.insert(request, owner=owner, durable=False)


def start(store: JobStore, job: Job, *, owner: str = ENGINE) -> StartedJob:
    started = store.start(job.id, owner, ProcessIdentity.current())
    assert started is not None
    return started


def succeed(store: JobStore, job: Job) -> None:
    assert finish(store, start(store, job), [NewResult("value", "text/plain", b"1", {})])


def fail(store: JobStore, job: Job) -> None:
    assert store.fail(start(store, job), FAILURE)


async def compose(job: Job) -> Notice:
    """Notices that tell which job they are of, and how it was."""
    return Notice(compact({"job": job.id, "status": job.status.value, "progress": job.progress}), {})


@contextmanager
def delivering(store: JobStore, *, engine: str = ENGINE, **of: Any) -> Generator[Deliveries]:
    """Deliveries to loopback, with short pauses."""
    chosen = {"persistence": BRISK, "compose": compose, "seconds": 30.0, **of}
    poster = Poster(Origins.of(["http://127.0.0.1:*"]), chosen["seconds"])
    deliveries = Deliveries(store, engine, poster, chosen["compose"], chosen["persistence"])
    deliveries.start()
    try:
        yield deliveries
    finally:
        deliveries.stop()


def pending(store: JobStore) -> set[str]:
    """Jobs whose subscriber is still to be told, or was claimed to be."""
    return set(_rows(store))


def attempts(store: JobStore, job: Job) -> int:
    """How often the end of a job could not be told."""
    return _rows(store)[job.id].attempts


def due(store: JobStore, job: Job) -> float:
    """When it may be told again; 0 where it was never put off."""
    return _rows(store)[job.id].due


def _rows(store: JobStore) -> dict[str, Any]:
    with store._database.reading() as connection:
        return {row.job_id: row for row in connection.execute(job_callbacks.select()).rows}
