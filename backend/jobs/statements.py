"""The store's statements, built once: SQLAlchemy's construction of one costs more than SQLite's execution of it.

Every change of a job's state names the states it may come from, so that no two processes ever both succeed with one.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from backend.jobs.records import JobQuery
from backend.jobs.schema import engines, jobs, results
from backend.jobs.states import FINAL, JobStatus, sources

UNFINISHED = tuple(sorted(set(JobStatus) - FINAL))

_ID = jobs.c.id == bindparam("job")
_OWNED = jobs.c.owner == bindparam("engine")
_ATTEMPT = jobs.c.attempts == bindparam("attempt")


def _change(*conditions: sa.ColumnElement[bool], **values: Any) -> sa.Update:
    return sa.update(jobs).where(*conditions).values(version=jobs.c.version + 1, updated=bindparam("now"), **values)


def _move(target: JobStatus, *conditions: sa.ColumnElement[bool], **values: Any) -> sa.Update:
    legal = jobs.c.status.in_(tuple(sorted(sources(target))))
    return _change(_ID, legal, *conditions, status=target.value, **values)


_VISIBLE = [column for column in jobs.c if column.name != "inputs"]

INSERT_JOB = sa.insert(jobs)
GET_JOB = sa.select(*_VISIBLE).where(_ID)
_COUNT_JOBS = sa.select(sa.func.count()).select_from(jobs)
_LIST_JOBS = (
    sa.select(*_VISIBLE)
    .order_by(jobs.c.created.desc(), jobs.c.id.desc())
    .limit(bindparam("page_limit"))
    .offset(bindparam("page_offset"))
)


_TOLD_SECONDS = 0.001
"""Times are told to the millisecond: a client that asks for the one it was told asks for all of it."""


def list_jobs(query: JobQuery, now: float) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Two statements: how many jobs a query selects, and one page of them, newest first."""
    conditions = list(_conditions(query, now))
    return _COUNT_JOBS.where(*conditions), _LIST_JOBS.where(*conditions)


def _conditions(query: JobQuery, now: float) -> Iterator[sa.ColumnElement[bool]]:
    if query.process_ids:
        yield jobs.c.process_id.in_(query.process_ids)
    if query.statuses:
        yield jobs.c.status.in_([status.value for status in query.statuses])
    if query.created_from is not None:
        yield jobs.c.created >= query.created_from.timestamp()
    if query.created_to is not None:
        yield jobs.c.created < query.created_to.timestamp() + _TOLD_SECONDS
    seconds = sa.func.coalesce(jobs.c.finished, now) - jobs.c.started
    if query.min_seconds is not None:
        yield seconds >= query.min_seconds
    if query.max_seconds is not None:
        yield seconds <= query.max_seconds


START = _move(
    JobStatus.RUNNING,
    _OWNED,
    started=bindparam("now"),
    worker_pid=bindparam("pid"),
    worker_started=bindparam("process_start"),
    attempts=jobs.c.attempts + 1,
    progress=0,
    message="",
).returning(jobs.c.process_id, jobs.c.inputs, jobs.c.outputs, jobs.c.attempts, jobs.c.durable)
PROGRESS = _change(
    _ID,
    _ATTEMPT,
    jobs.c.status == JobStatus.RUNNING.value,
    sa.not_(jobs.c.dismiss_requested),
    progress=bindparam("percent"),
    message=sa.func.coalesce(bindparam("text", type_=sa.Text), jobs.c.message),
)
SUCCEED = _move(
    JobStatus.SUCCESSFUL, _ATTEMPT, finished=bindparam("now"), progress=100, message="The process has finished."
)
FAIL = _move(
    JobStatus.FAILED,
    _ATTEMPT,
    finished=bindparam("now"),
    message=bindparam("reason"),
    failure_kind=bindparam("kind"),
    failure_message=bindparam("reason"),
    failure_path=bindparam("path"),
)
DISMISS = _move(
    JobStatus.DISMISSED,
    finished=sa.func.coalesce(jobs.c.finished, bindparam("now")),
    message="The job was dismissed.",
    failure_kind=None,
    failure_message=None,
    failure_path=None,
)
REQUEST_DISMISSAL = _change(
    _ID,
    jobs.c.status == JobStatus.RUNNING.value,
    sa.not_(jobs.c.dismiss_requested),
    dismiss_requested=True,
    message="The job is being dismissed: its process has not ended yet.",
)
RETURN_TO_QUEUE = _change(
    _ID,
    jobs.c.status.in_(UNFINISHED),
    status=JobStatus.ACCEPTED.value,
    owner=None,
    worker_pid=None,
    worker_started=None,
    progress=0,
    message=bindparam("text"),
)

INSERT_RESULT = sa.insert(results)
LIST_RESULTS = sa.select(results).where(results.c.job_id == bindparam("job")).order_by(results.c.position)
GET_RESULT = sa.select(results).where(results.c.job_id == bindparam("job"), results.c.output_id == bindparam("output"))
DELETE_RESULTS = sa.delete(results).where(results.c.job_id == bindparam("job"))

_OLDEST_UNCLAIMED = (
    sa.select(jobs.c.id)
    .where(
        jobs.c.status == JobStatus.ACCEPTED.value,
        jobs.c.owner.is_(None),
        jobs.c.process_id.in_(bindparam("processes", expanding=True)),
    )
    .order_by(jobs.c.created)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
CLAIM = _change(jobs.c.id == _OLDEST_UNCLAIMED, jobs.c.owner.is_(None), owner=bindparam("engine")).returning(jobs.c.id)
UNCLAIMED = sa.select(_OLDEST_UNCLAIMED)
OBSERVE = sa.select(
    jobs.c.id,
    jobs.c.status,
    jobs.c.owner,
    jobs.c.version,
    jobs.c.dismiss_requested,
    jobs.c.worker_pid,
    jobs.c.worker_started,
).where(jobs.c.id.in_(bindparam("jobs", expanding=True)))
INTERRUPTED = sa.select(
    jobs.c.status,
    jobs.c.idempotent,
    jobs.c.durable,
    jobs.c.attempts,
    jobs.c.dismiss_requested,
).where(_ID, _OWNED, jobs.c.status.in_(UNFINISHED))
JOBS_OF_ENGINE = sa.select(jobs.c.id, jobs.c.worker_pid, jobs.c.worker_started).where(
    _OWNED, jobs.c.status.in_(UNFINISHED)
)

INSERT_ENGINE = sa.insert(engines)
RENEW_ENGINE = sa.update(engines).where(engines.c.id == bindparam("engine")).values(lease_expires=bindparam("expires"))
OTHER_ENGINES = sa.select(engines).where(engines.c.id != bindparam("engine"))
DELETE_ENGINE = sa.delete(engines).where(
    engines.c.id == bindparam("engine"),
    sa.not_(sa.exists().where(_OWNED, jobs.c.status.in_(UNFINISHED))),
)
UNREGISTERED_OWNERS = (
    sa.select(jobs.c.owner)
    .distinct()
    .where(
        jobs.c.status.in_(UNFINISHED),
        jobs.c.owner.is_not(None),
        jobs.c.owner != bindparam("engine"),
        jobs.c.updated < bindparam("before"),
        jobs.c.owner.not_in(sa.select(engines.c.id)),
    )
)
