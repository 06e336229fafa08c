"""What is done to one attempt at one job changes no other job, and no later attempt."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from databases import Place, opened

from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Failure, JobRequest, NewResult, StartedJob
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import finish, hand_in

ENGINE, OTHER = "an-engine", "another-engine"
AGAIN = JobRequest("buffer", {}, None, "raw", idempotent=True)
ME = ProcessIdentity.current()
FAILURE = Failure("failed", "It broke.", "$.inputs.a")
RESULTS = [NewResult("area", "text/plain", b"x" * 100, {})]

type Deed = Callable[[JobStore, StartedJob], object]

OF_WORKERS: Mapping[str, Deed] = {
    "progress": lambda store, job: store.progress(job, 50, "half-way"),
    "failure": lambda store, job: store.fail(job, FAILURE),
    "end": lambda store, job: finish(store, job, RESULTS),
    "results": lambda store, job: hand_in(store, job, RESULTS),
    "confirmation": lambda store, job: store.confirm([(job.id, job.attempt)]),
}
OF_ENGINES: Mapping[str, Deed] = {
    "dismissal": lambda store, job: store.dismiss(job.id),
    "death": lambda store, job: store.leases.settle(job.id, ENGINE, "It died."),
    "limit": lambda store, job: store.leases.fail(job.id, ENGINE, FAILURE),
    "log": lambda store, job: store.append_log(job.id, ["a line"]),
}
OF_WAITING: Mapping[str, Deed] = {
    "claim": lambda store, job: store.leases.claim_one(OTHER, job.id),
    "adoption": lambda store, job: store.leases.adopt(OTHER, job.id, 0),
    "explanation": lambda store, job: store.leases.explain(ENGINE, job.id, "It waits."),
    "start": lambda store, job: store.start(job.id, ENGINE, ME),
    "dismissal": lambda store, job: store.dismiss(job.id),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobStore]:
    """On each of the databases, for many jobs."""
    url = request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else None
    yield from opened(Place(Path(tmp_path_factory.mktemp("home")), url))


def accept(store: JobStore, owner: str | None = ENGINE) -> str:
    return store.insert(AGAIN, owner=owner, durable=True).id


def begin(store: JobStore, job_id: str, engine: str = ENGINE) -> StartedJob:
    started = store.start(job_id, engine, ME)
    assert started is not None
    return started


@pytest.mark.parametrize("deed", [*OF_WORKERS.values(), *OF_ENGINES.values()], ids=[*OF_WORKERS, *OF_ENGINES])
def test_what_befalls_one_running_job_changes_no_other(store: JobStore, deed: Deed) -> None:
    running, ended = begin(store, accept(store)), accept(store)
    finish(store, begin(store, ended), RESULTS)
    others = [running.id, ended, accept(store), accept(store, None)]
    before = [store.get(one) for one in others]
    deed(store, begin(store, accept(store)))
    assert [store.get(one) for one in others] == before
    assert store.log(running.id) == []
    assert store.read(ended, "area")[0].size == 100
    assert finish(store, running, RESULTS)


@pytest.mark.parametrize("deed", OF_WAITING.values(), ids=OF_WAITING)
def test_what_befalls_one_waiting_job_changes_no_other(store: JobStore, deed: Deed) -> None:
    others = [accept(store), accept(store, None), begin(store, accept(store)).id]
    before = [store.get(one) for one in others]
    for owner in (ENGINE, None):
        deed(store, StartedJob(accept(store, owner), "buffer", {}, None, 0, durable=True))
    assert [store.get(one) for one in others] == before
    (observed,) = store.leases.observe([others[0]])
    assert observed.owner == ENGINE


@pytest.mark.parametrize("deed", OF_WORKERS.values(), ids=OF_WORKERS)
def test_a_late_worker_changes_neither_the_queue_nor_the_next_attempt(store: JobStore, deed: Deed) -> None:
    job_id = accept(store)
    late = begin(store, job_id)
    store.leases.settle(job_id, ENGINE, "It gave no sign of life.")
    waiting = store.get(job_id)
    deed(store, late)
    assert store.get(job_id) == waiting
    assert store.leases.claim_one(OTHER, job_id)
    second = begin(store, job_id, OTHER)
    running = store.get(job_id)
    deed(store, late)
    assert store.get(job_id) == running
    store.leases.settle(job_id, OTHER, "It died.")
    assert store.get(job_id).status is JobStatus.ACCEPTED  # and is not taken for complete
    assert second.attempt == 2


@pytest.mark.parametrize("deed", [OF_ENGINES["death"], OF_ENGINES["limit"]], ids=["death", "limit"])
def test_an_engine_decides_nothing_of_a_job_that_is_another_ones_by_now(store: JobStore, deed: Deed) -> None:
    job_id = accept(store, OTHER)
    started = begin(store, job_id, OTHER)
    before = store.get(job_id)
    deed(store, started)
    assert store.get(job_id) == before
    assert store.start(job_id, ENGINE, ME) is None


def test_a_second_answer_to_one_order_begins_nothing(store: JobStore) -> None:
    job_id = accept(store)
    assert store.leases.adopt(OTHER, job_id, 0)
    begin(store, job_id, OTHER)
    assert not store.leases.adopt("a-third", job_id, 0)
    assert not store.leases.adopt("a-third", job_id, 1)
    store.leases.settle(job_id, OTHER, "It died.")
    assert not store.leases.adopt("a-third", job_id, 0)
    assert store.leases.adopt("a-third", job_id, 1)


def test_jobs_that_were_dismissed_while_they_waited_keep_no_other_waiting(store: JobStore) -> None:
    only = ["of-this-test"]
    request = JobRequest(only[0], {}, None, "raw", idempotent=False)
    dismissed = [store.insert(request, owner=None, durable=False).id for _ in range(2)]
    for job_id in dismissed:
        store.dismiss(job_id)
    assert not store.leases.waiting(only)
    assert store.leases.claim(ENGINE, only) is None
    waiting = store.insert(request, owner=None, durable=False).id
    assert store.leases.waiting(only)
    assert store.leases.claim(ENGINE, only) == (waiting, only[0])
    assert not store.leases.waiting(only)
