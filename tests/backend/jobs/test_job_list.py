"""The list of jobs: its order, its pages, and the jobs that a query selects."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import JobQuery, JobRequest, NewJob, NewResult
from backend.jobs.sqlite import SqliteDatabase
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import finish
from tests.backend.jobs.databases import Place

ENGINE = "an-engine"
HOUR = timedelta(hours=1)


def accept(store: JobStore, process_id: str = "buffer") -> str:
    request = JobRequest(process_id, {}, None, "raw", idempotent=False)
    return store.insert(request, owner=ENGINE, durable=False).id


def run(store: JobStore, job_id: str, *, end: bool) -> None:
    started = store.start(job_id, ENGINE, ProcessIdentity.current())
    assert started is not None
    if end:
        finish(store, started, [NewResult("area", "application/json", b"1", {})])


def found(store: JobStore, where: JobQuery) -> list[str]:
    jobs, total = store.list(limit=10, offset=0, where=where)
    assert total == len(jobs)
    return [job.id for job in jobs]


def test_the_list_is_newest_first_in_pages(store: JobStore) -> None:
    ids = [accept(store) for _ in range(5)]
    page, total = store.list(limit=2, offset=1)
    assert ([job.id for job in page], total) == ([ids[3], ids[2]], 5)


def test_jobs_are_selected_by_process_and_by_state(store: JobStore) -> None:
    buffer, measure, dismissed = accept(store), accept(store, "measure"), accept(store)
    store.dismiss(dismissed)
    assert found(store, JobQuery(process_ids=("measure",))) == [measure]
    assert found(store, JobQuery(process_ids=("measure", "buffer"))) == [dismissed, measure, buffer]
    assert found(store, JobQuery(statuses=(JobStatus.DISMISSED, JobStatus.FAILED))) == [dismissed]
    assert found(store, JobQuery(("buffer",), (JobStatus.ACCEPTED,))) == [buffer]
    assert found(store, JobQuery(process_ids=("no such",))) == []


def test_jobs_are_selected_by_the_time_of_their_creation_bounds_included(store: JobStore) -> None:
    first, second = accept(store), accept(store)
    created = store.get(second).created
    now = datetime.now(UTC)
    assert found(store, JobQuery(created_from=created, created_to=created)) == [second]
    assert found(store, JobQuery(created_from=now - HOUR)) == [second, first]
    assert found(store, JobQuery(created_to=now - HOUR)) == []
    assert found(store, JobQuery(created_from=now + HOUR)) == []


def test_the_duration_of_a_job_is_that_of_its_process_so_far(store: JobStore, home: Path) -> None:
    ended, running, waiting = accept(store), accept(store), accept(store)
    run(store, ended, end=True)
    run(store, running, end=False)
    with closing(SqliteDatabase(home / "jobs.sqlite")) as database, database.transaction(durable=False) as connection:
        connection.execute(sa.text("UPDATE jobs SET started = started - 100 WHERE started IS NOT NULL"))
    assert found(store, JobQuery(min_seconds=50)) == [running, ended]
    assert found(store, JobQuery(max_seconds=50)) == []
    assert found(store, JobQuery(min_seconds=99, max_seconds=200)) == [running, ended]
    assert waiting not in found(store, JobQuery(min_seconds=0))


def test_a_page_of_a_query_comes_with_the_number_of_all_it_selects(store: JobStore) -> None:
    for process_id in ("buffer", "measure", "buffer", "buffer"):
        accept(store, process_id)
    page, total = store.list(limit=1, offset=1, where=JobQuery(process_ids=("buffer",)))
    assert (len(page), total) == (1, 3)


def test_a_page_that_follows_a_job_begins_behind_it_whatever_came_or_left_meanwhile(store: JobStore) -> None:
    ids = [accept(store) for _ in range(5)]
    accept(store)
    page, total = store.list(limit=2, offset=2, after=ids[3])
    assert ([job.id for job in page], total) == ([ids[2], ids[1]], 6)
    store.dismiss(ids[4])
    waiting = JobQuery(statuses=(JobStatus.ACCEPTED,))
    page, total = store.list(limit=9, offset=2, where=waiting, after=ids[3])
    assert ([job.id for job in page], total) == ([ids[2], ids[1], ids[0]], 5)


def test_of_jobs_that_were_accepted_at_the_same_time_those_that_follow_one_are_told_once(place: Place) -> None:
    with closing(place.open()) as store:
        request = JobRequest("buffer", {}, None, "raw", idempotent=False)
        store.insert_all([NewJob(request, ENGINE)] * 4, durable=False)
        every = [job.id for job in store.list(limit=9, offset=0)[0]]
        for index, job_id in enumerate(every):
            assert [job.id for job in store.list(limit=9, offset=0, after=job_id)[0]] == every[index + 1 :]


def test_a_page_that_follows_a_job_that_is_gone_begins_at_its_offset(store: JobStore) -> None:
    ids = [accept(store) for _ in range(3)]
    page, _ = store.list(limit=9, offset=1, after="no such job")
    assert [job.id for job in page] == [ids[1], ids[0]]
