"""The store by itself: what is written is read, by any number of processes, and only legal transitions happen."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from databases import Place, opened

from backend.errors import (
    BackendError,
    JobLostError,
    NoSuchJobError,
    NoSuchOutputError,
    ProcessRefusedError,
    ResultDamagedError,
    ResultGoneError,
    ResultNotReadyError,
)
from backend.jobs import result_files
from backend.jobs.connection import Connection
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Failure, Job, JobRequest, NewResult, StartedJob
from backend.jobs.states import TRANSITIONS, JobStatus
from backend.jobs.store import JobStore
from backend.jobs.texts import CUT, LONGEST_MESSAGE
from tests.backend.jobs.attempts import finish

ENGINE = "an-engine"
REQUEST = JobRequest("buffer", {"distance": 5, "name": "Zürich"}, ("area",), "document", idempotent=False)
ME = ProcessIdentity.current()


@pytest.fixture
def store(place: Place) -> Iterator[JobStore]:
    """On each of the databases."""
    yield from opened(place)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def common(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[JobStore, Path]]:
    """One store on each of the databases, and its home, for many jobs that have nothing to do with each other."""
    home = tmp_path_factory.mktemp("common")
    url = request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else None
    for store in opened(Place(home, url)):
        yield store, home


def accept(store: JobStore, request: JobRequest = REQUEST) -> Job:
    return store.insert(request, owner=ENGINE, durable=True)


def start(store: JobStore, job: Job) -> StartedJob:
    started = store.start(job.id, ENGINE, ME)
    assert started is not None
    return started


def succeed(store: JobStore, data: bytes = b"[1]") -> Job:
    job = accept(store)
    finish(store, start(store, job), [NewResult("area", "application/json", data, {"kind": "array"})])
    return store.get(job.id)


def test_an_accepted_job_is_read_as_it_was_written(store: JobStore) -> None:
    job = accept(store)
    assert store.get(job.id) == job
    assert (job.status, job.outputs, job.response, job.version) == ("accepted", ("area",), "document", 1)
    started = start(store, job)
    assert started.inputs == {"distance": 5, "name": "Zürich"}
    assert (started.outputs, started.attempt, started.durable) == (("area",), 1, True)


def test_large_inputs_reach_the_worker_and_do_not_outlive_the_job(store: JobStore, home: Path) -> None:
    job = accept(store, JobRequest("buffer", {"text": "x" * 100_000}, None, "raw", idempotent=False))
    assert len(list((home / "inputs").iterdir())) == 1
    started = start(store, job)
    assert started.inputs == {"text": "x" * 100_000}
    finish(store, started, [])
    assert list((home / "inputs").iterdir()) == []


@pytest.mark.parametrize("data", [b"[1]", b"[" + b"1," * 1000 + b"1]"], ids=["small", "large"])
def test_a_result_is_read_back_whole(store: JobStore, data: bytes) -> None:
    job = succeed(store, data)
    record, content = store.read(job.id, "area")
    assert (content.read_bytes() if isinstance(content, Path) else content) == data
    assert isinstance(content, Path) == (len(data) > 8)
    assert (record.media_type, record.size, record.summary) == ("application/json", len(data), {"kind": "array"})
    assert store.results(job.id) == [(record, content)]


def test_a_store_without_a_place_for_large_values_is_not_opened(home: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("no folder")
    with pytest.raises(BackendError, match="of large values cannot be made: Not a directory"):
        JobStore.open(home, lease_seconds=15, files=taken / "values")


def test_each_reason_for_the_lack_of_a_result_has_its_error(store: JobStore) -> None:
    with pytest.raises(NoSuchJobError):
        store.read("none", "area")
    waiting = accept(store)
    with pytest.raises(ResultNotReadyError):
        store.read(waiting.id, "area")
    with pytest.raises(NoSuchOutputError, match="no output 'volume': it has area"):
        store.read(succeed(store).id, "volume")
    dismissed = store.dismiss(succeed(store).id)
    with pytest.raises(ResultGoneError):
        store.results(dismissed.id)
    refused = accept(store)
    store.fail(start(store, refused), Failure("refused", "too large", "$.inputs.distance"))
    with pytest.raises(ProcessRefusedError, match="too large") as caught:
        store.results(refused.id)
    assert caught.value.path == "$.inputs.distance"


@pytest.mark.parametrize("damage", [b"x" * 50, b"x" * 99 + b"y", b"x" * 101], ids=["cut", "altered", "longer"])
def test_a_damaged_result_is_told_as_such_and_never_read(store: JobStore, damage: bytes) -> None:
    job = succeed(store, b"x" * 100)
    _, path = store.read(job.id, "area")
    assert isinstance(path, Path)
    path.write_bytes(damage)
    with pytest.raises(ResultDamagedError):
        store.read(job.id, "area")


def test_of_so_many_files_and_no_more_it_is_known_that_they_are_whole(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_files, "_REMEMBERED", 2)
    for _ in range(4):
        store.read(succeed(store, b"x" * 100).id, "area")
    assert len(store._files._whole) == 2


def test_a_result_whose_file_was_removed_is_gone(store: JobStore) -> None:
    job = succeed(store, b"x" * 100)
    _, path = store.read(job.id, "area")
    assert isinstance(path, Path)
    path.unlink()
    with pytest.raises(ResultGoneError):
        store.read(job.id, "area")


def test_dismissing_a_finished_job_deletes_its_results_and_may_be_repeated(store: JobStore, home: Path) -> None:
    job = succeed(store, b"x" * 100)
    dismissed = store.dismiss(job.id)
    assert dismissed.status is JobStatus.DISMISSED
    assert list((home / "results").iterdir()) == []
    assert store.dismiss(job.id) == dismissed


def bring_to(store: JobStore, status: JobStatus) -> Job:
    job = accept(store)
    if status is JobStatus.DISMISSED:
        store.dismiss(job.id)
    elif status is not JobStatus.ACCEPTED:
        started = start(store, job)
        if status is JobStatus.SUCCESSFUL:
            finish(store, started, [])
        elif status is JobStatus.FAILED:
            store.fail(started, Failure("failed", "no"))
    return store.get(job.id)


def source_of_failure(job: Job) -> str:
    """Who says that a job has failed: its worker or, before any has begun, its engine."""
    return "engine" if job.status is JobStatus.ACCEPTED else "worker"


def try_to_move(store: JobStore, job: Job, target: JobStatus) -> None:
    started = StartedJob(job.id, job.process_id, {}, None, 0 if job.started is None else 1, durable=True)
    with suppress(BackendError):
        match target:
            case JobStatus.RUNNING:
                store.start(job.id, ENGINE, ME)
            case JobStatus.SUCCESSFUL:
                finish(store, started, [NewResult("area", "text/plain", b"x" * 100, {})])
            case JobStatus.FAILED if source_of_failure(job) == "engine":
                store.leases.fail(job.id, ENGINE, Failure("failed", "no"))
            case JobStatus.FAILED:
                store.fail(started, Failure("failed", "no"))
            case JobStatus.DISMISSED:
                store.dismiss(job.id)
            case JobStatus.ACCEPTED:
                store.leases.settle(job.id, ENGINE, "died", stopped=True)


@pytest.mark.parametrize("target", JobStatus)
@pytest.mark.parametrize("source", JobStatus)
def test_only_legal_transitions_happen(common: tuple[JobStore, Path], source: JobStatus, target: JobStatus) -> None:
    store, home = common
    job = bring_to(store, source)
    try_to_move(store, job, target)
    after = store.get(job.id)
    # A running job is dismissed, or returned to the queue, by whoever confirms that its process has ended.
    guarded = source is JobStatus.RUNNING and target in {JobStatus.DISMISSED, JobStatus.ACCEPTED}
    if target in TRANSITIONS[source] and not guarded:
        assert after.status is target
        assert after.version > job.version
    elif source is not JobStatus.RUNNING or target is JobStatus.RUNNING:
        assert after.status is source
        assert not list(home.glob(f"results/{job.id}/*"))


def test_a_running_job_is_not_dismissed_before_its_process_has_ended(store: JobStore) -> None:
    job = accept(store)
    started = start(store, job)
    asked = store.dismiss(job.id)
    assert (asked.status, asked.dismiss_requested) == (JobStatus.RUNNING, True)
    store.progress(started, 70, "still at work")
    assert store.get(job.id).message == asked.message
    store.leases.settle(job.id, ENGINE, "killed")
    assert store.get(job.id).status is JobStatus.DISMISSED


def test_a_worker_that_was_taken_for_dead_cannot_end_the_next_attempt(store: JobStore, home: Path) -> None:
    job = accept(store, JobRequest("buffer", {}, None, "raw", idempotent=True))
    first = start(store, job)
    store.leases.settle(job.id, ENGINE, "no sign of life")
    assert store.leases.claim("another-engine", ["buffer"]) == (job.id, "buffer")
    second = store.start(job.id, "another-engine", ME)
    assert second is not None
    late = [NewResult("area", "text/plain", b"late" * 100, {})]
    assert not finish(store, first, late)
    assert not store.fail(first, Failure("failed", "late"))
    assert not list(home.glob("results/*/*"))
    assert finish(store, second, [NewResult("area", "text/plain", b"right" * 100, {})])
    _, content = store.read(job.id, "area")
    assert isinstance(content, Path)
    assert content.read_bytes() == b"right" * 100


def test_a_worker_that_was_taken_for_dead_cannot_end_a_job_that_waits_for_its_next_attempt(store: JobStore) -> None:
    job = accept(store, JobRequest("buffer", {}, None, "raw", idempotent=True))
    first = start(store, job)
    store.leases.settle(job.id, ENGINE, "no sign of life")
    assert not store.fail(first, Failure("failed", "late"))
    assert not finish(store, first, [])
    assert store.get(job.id).status is JobStatus.ACCEPTED


def test_a_second_end_of_the_same_attempt_leaves_the_first_ones_results_alone(store: JobStore) -> None:
    job = accept(store)
    started = start(store, job)
    results = [NewResult("area", "text/plain", b"x" * 100, {})]
    assert finish(store, started, results)
    assert not finish(store, started, results)
    assert store.read(job.id, "area")[0].size == 100


def test_an_interrupted_job_that_may_not_run_again_has_failed_and_says_why(store: JobStore) -> None:
    job = accept(store)
    start(store, job)
    store.leases.settle(job.id, ENGINE, "The server died.")
    failed = store.get(job.id)
    assert (failed.status, failed.failure) == (JobStatus.FAILED, Failure("lost", "The server died."))
    with pytest.raises(JobLostError, match="The server died"):
        store.results(job.id)


def test_jobs_are_claimed_oldest_first_and_once(store: JobStore) -> None:
    ids = [store.insert(REQUEST, owner=None, durable=False).id for _ in range(3)]
    assert [store.leases.claim(engine, ["buffer"]) for engine in ("a", "b", "a")] == [(one, "buffer") for one in ids]
    assert store.leases.claim("b", ["buffer"]) is None


def test_a_watch_notices_the_commits_of_others_only_once(store: JobStore) -> None:
    watch = store.watch()
    watch.changed()
    assert not watch.changed()
    accept(store)
    assert watch.changed()
    assert not watch.changed()
    watch.close()


def test_what_is_read_of_a_job_that_ends_meanwhile_is_of_one_time(
    store: JobStore, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = accept(store)
    started, other = start(store, job), place.open()
    read = store._get  # pyright: ignore[reportPrivateUsage] - what stands between the two questions

    def end_first(connection: Connection, job_id: str) -> Job:
        finish(other, started, [NewResult("area", "application/json", b"1", {})])
        return read(connection, job_id)

    monkeypatch.setattr(store, "_get", end_first)
    with pytest.raises(ResultNotReadyError):
        store.results(job.id)
    other.close()
    assert [record.output_id for record, _ in store.results(job.id)] == ["area"]


ODD_TEXTS = {
    "half of a surrogate pair": ("caf\ud800", "caf?"),
    "bytes": (b"half-way", "b'half-way'"),
    "too long": ("x" * (LONGEST_MESSAGE + 1), "x" * (LONGEST_MESSAGE - len(CUT)) + CUT),
}


@pytest.mark.parametrize(("given", "told"), ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_a_process_may_say_anything_of_its_progress_and_of_its_failure(
    common: tuple[JobStore, Path], given: Any, told: str
) -> None:
    store, _ = common
    job = accept(store)
    started = start(store, job)
    store.progress(started, 50, given)
    assert store.get(job.id).message == told
    assert store.fail(started, Failure("failed", given))
    failed = store.get(job.id)
    assert (failed.message, failed.failure) == (told, Failure("failed", told))
