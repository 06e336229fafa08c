"""The store's statements, built once: SQLAlchemy's construction of one costs more than SQLite's execution of it.

Every change of a job's state names the states it may come from, so that no two processes ever both succeed with one.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from backend.jobs.records import JobQuery
from backend.jobs.schema import engines, expired_jobs, job_callbacks, job_log, jobs, results
from backend.jobs.states import FINAL, JobStatus, sources

UNFINISHED = tuple(sorted(set(JobStatus) - FINAL))

# What statements ask of a job, and of the engine and the attempt that they are executed for.
_ID = jobs.c.id == bindparam("job")
_OWNED = jobs.c.owner == bindparam("engine")
_ATTEMPT = jobs.c.attempts == bindparam("attempt")
_WAITS = jobs.c.status == JobStatus.ACCEPTED.value
_UNCLAIMED = sa.and_(_WAITS, jobs.c.owner.is_(None))
_RUNS = jobs.c.status == JobStatus.RUNNING.value
_UNFINISHED = jobs.c.status.in_(UNFINISHED)
_ENDED = jobs.c.status.in_(tuple(sorted(FINAL)))

_TOLD_SECONDS = 0.001
"""Times are told to the millisecond: a client that asks for the one it was told asks for all of it."""


def _now(*earlier: sa.ColumnElement[float]) -> sa.ColumnElement[float]:
    """The time, but never before one of those: a clock may have been set back since."""
    now = bindparam("now", type_=sa.Double)
    return sa.case(*((moment > now, moment) for moment in earlier), else_=now)


def _change(*conditions: sa.ColumnElement[bool], **values: Any) -> sa.Update:
    return sa.update(jobs).where(*conditions).values(version=jobs.c.version + 1, updated=_now(jobs.c.updated), **values)


def _move(target: JobStatus, *conditions: sa.ColumnElement[bool], **values: Any) -> sa.Update:
    legal = jobs.c.status.in_(tuple(sorted(sources(target))))
    return _change(_ID, legal, *conditions, status=target.value, **values)


_VISIBLE = [column for column in jobs.c if column.name not in ("inputs", "complete", "stops")]

INSERT_JOB = sa.insert(jobs)
CREATED = sa.select(jobs.c.created).where(_ID)
GET_JOB = sa.select(*_VISIBLE).where(_ID)
LOCK_JOB = GET_JOB.with_for_update()
"""Nobody else changes the job until the transaction has ended; on SQLite that holds for every one that writes."""
_COUNT_JOBS = sa.select(sa.func.count()).select_from(jobs)
_LIST_JOBS = (
    sa.select(*_VISIBLE)
    .order_by(jobs.c.created.desc(), jobs.c.id.desc())
    .limit(bindparam("page_limit"))
    .offset(bindparam("page_offset"))
)


def list_jobs(query: JobQuery, now: float) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Two statements: how many jobs a query selects, and one page of them, newest first."""
    conditions = list(_conditions(query, now))
    return _COUNT_JOBS.where(*conditions), _LIST_JOBS.where(*conditions)


def behind(page: sa.Select[Any]) -> sa.Select[Any]:
    """The same page of the jobs that follow one job in the list: `last_id`, whose `CREATED` is `last_created`."""
    last = bindparam("last_created", type_=sa.Double)
    # The first condition is what an index is good for.
    return page.where(jobs.c.created <= last, sa.or_(jobs.c.created < last, jobs.c.id < bindparam("last_id")))


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


_TO_RUN = (jobs.c.process_id, jobs.c.inputs, jobs.c.outputs, jobs.c.attempts, jobs.c.durable, jobs.c.trace)
START = _move(
    JobStatus.RUNNING,
    _OWNED,
    started=_now(jobs.c.created),
    worker_pid=bindparam("pid"),
    worker_started=bindparam("process_start"),
    attempts=jobs.c.attempts + 1,
    progress=0,
    message="",
    complete=None,
).returning(*_TO_RUN)
STARTED = sa.select(*_TO_RUN).where(
    _ID,
    _OWNED,
    _RUNS,
    jobs.c.worker_pid == bindparam("pid"),
    jobs.c.worker_started == bindparam("process_start"),
)
"""What `START` gave to the process that has executed it."""
PROGRESS = _change(
    _ID,
    _ATTEMPT,
    _RUNS,
    sa.not_(jobs.c.dismiss_requested),
    progress=bindparam("percent"),
    message=sa.func.coalesce(bindparam("text", type_=sa.Text), jobs.c.message),
)
COMPLETE = sa.update(jobs).where(_ID, _ATTEMPT, _RUNS).values(complete=True)
"""All results are stored: any engine may now execute `SUCCEED`. To clients the job still runs until one does."""
# Ends free the inputs: nobody asks for those of a job that has ended.
SUCCEED = _move(
    JobStatus.SUCCESSFUL,
    _ATTEMPT,
    finished=_now(jobs.c.started),
    progress=100,
    message="The process has finished.",
    inputs=None,
)
FAIL = _move(
    JobStatus.FAILED,
    _ATTEMPT,
    finished=_now(jobs.c.started, jobs.c.created),
    inputs=None,
    message=bindparam("reason"),
    failure_kind=bindparam("kind"),
    failure_message=bindparam("reason"),
    failure_path=bindparam("path"),
)
FAIL_ATTEMPT = FAIL.where(_RUNS)
"""For the worker that ran the attempt: a job that was given back to the queue meanwhile must not fail."""
DISMISS = _move(
    JobStatus.DISMISSED,
    finished=sa.func.coalesce(jobs.c.finished, _now(jobs.c.started, jobs.c.created)),
    inputs=None,
    message="The job was dismissed.",
    failure_kind=None,
    failure_message=None,
    failure_path=None,
)
REQUEST_DISMISSAL = _change(
    _ID,
    _RUNS,
    sa.not_(jobs.c.dismiss_requested),
    dismiss_requested=True,
    message="The job is being dismissed: its process has not ended yet.",
)
RETURN_TO_QUEUE = _change(
    _ID,
    _UNFINISHED,
    status=JobStatus.ACCEPTED.value,
    owner=None,
    worker_pid=None,
    worker_started=None,
    progress=0,
    message=bindparam("text"),
    stops=sa.func.coalesce(jobs.c.stops, 0) + bindparam("stops", type_=sa.Integer),
)

STATUS_OF_ATTEMPT = sa.select(jobs.c.status).where(_ID, _ATTEMPT)
LOCK_ID = sa.select(jobs.c.id).where(_ID).with_for_update()

INSERT_RESULT = sa.insert(results)
# Those of a job that is complete are there before it is successful.
_SUCCESSFUL = sa.select(jobs.c.id).where(_ID, jobs.c.status == JobStatus.SUCCESSFUL.value).scalar_subquery()
LIST_RESULTS = sa.select(results).where(results.c.job_id == _SUCCESSFUL).order_by(results.c.position)
GET_RESULT = sa.select(results).where(results.c.job_id == _SUCCESSFUL, results.c.output_id == bindparam("output"))
DELETE_RESULTS = sa.delete(results).where(results.c.job_id == bindparam("job"))

LAST_LINE = sa.select(sa.func.max(job_log.c.number)).where(job_log.c.job_id == bindparam("job"))
INSERT_LINE = sa.insert(job_log)
DELETE_LINES = sa.delete(job_log).where(job_log.c.job_id == bindparam("job"), job_log.c.number <= bindparam("last"))
LAST_LINES = (
    sa.select(job_log.c.line)
    .where(job_log.c.job_id == bindparam("job"))
    .order_by(job_log.c.number.desc())
    .limit(bindparam("most"))
)

OLDEST_UNCLAIMED = (
    sa.select(jobs.c.id)
    .where(_UNCLAIMED, jobs.c.process_id.in_(bindparam("processes", expanding=True)))
    .order_by(jobs.c.created)
    .limit(1)
)
_CLAIMABLE = OLDEST_UNCLAIMED.with_for_update(skip_locked=True).scalar_subquery()
CLAIM = _change(jobs.c.id == _CLAIMABLE, _UNCLAIMED, owner=bindparam("engine")).returning(jobs.c.id, jobs.c.process_id)
CLAIM_ONE = _change(_ID, _UNCLAIMED, owner=bindparam("engine"))
ADOPT = _change(_ID, _ATTEMPT, _WAITS, owner=bindparam("engine"))
"""Takes the job from whichever engine has claimed it: for the one that was asked to make this very attempt."""
EXPLAIN = _change(_ID, _OWNED, _WAITS, message=bindparam("text"))
QUEUED = _COUNT_JOBS.where(_UNCLAIMED)
OBSERVE = sa.select(
    jobs.c.id,
    jobs.c.status,
    jobs.c.owner,
    jobs.c.version,
    jobs.c.attempts,
    jobs.c.dismiss_requested,
    jobs.c.worker_pid,
    jobs.c.worker_started,
).where(jobs.c.id.in_(bindparam("jobs", expanding=True)))
INTERRUPTED = (
    sa.select(
        jobs.c.status,
        jobs.c.idempotent,
        jobs.c.attempts,
        jobs.c.stops,
        jobs.c.dismiss_requested,
        jobs.c.complete,
    )
    .where(_ID, _OWNED, _UNFINISHED)
    .with_for_update()
)
JOBS_OF_ENGINE = sa.select(jobs.c.id, jobs.c.worker_pid, jobs.c.worker_started).where(_OWNED, _UNFINISHED)

INSERT_ENGINE = sa.insert(engines)
RENEW_ENGINE = sa.update(engines).where(engines.c.id == bindparam("engine")).values(lease_expires=bindparam("expires"))
OTHER_ENGINES = sa.select(engines).where(engines.c.id != bindparam("engine"))
DELETE_ENGINE = sa.delete(engines).where(
    engines.c.id == bindparam("engine"),
    sa.not_(sa.exists().where(_OWNED, _UNFINISHED)),
)
UNREGISTERED_OWNERS = (
    sa.select(jobs.c.owner)
    .distinct()
    .where(
        _UNFINISHED,
        jobs.c.owner.is_not(None),
        jobs.c.owner != bindparam("engine"),
        jobs.c.owner.not_in(sa.select(engines.c.id)),
    )
)

_AMONG = bindparam("jobs", type_=sa.String, expanding=True)

COUNT_ENDED = _COUNT_JOBS.where(_ENDED)
SUM_RESULTS = sa.select(sa.func.sum(results.c.size))
ENDED_BEFORE = (
    sa.select(jobs.c.id)
    .where(_ENDED, jobs.c.finished < bindparam("before"))
    .order_by(jobs.c.finished)
    .limit(bindparam("most"))
)
LARGE_ENDED_BEFORE = (
    sa.select(jobs.c.id, sa.func.sum(results.c.size).label("size"))
    .join(results, results.c.job_id == jobs.c.id)
    .where(_ENDED, jobs.c.finished < bindparam("before"))
    .group_by(jobs.c.id, jobs.c.finished)
    .order_by(jobs.c.finished)
    .limit(bindparam("most"))
)
LOCK_ENDED = sa.select(jobs.c.id).where(jobs.c.id.in_(_AMONG), _ENDED).with_for_update(skip_locked=True)
DELETE_LOGS_OF = sa.delete(job_log).where(job_log.c.job_id.in_(_AMONG))
DELETE_CALLBACKS_OF = sa.delete(job_callbacks).where(job_callbacks.c.job_id.in_(_AMONG))
DELETE_RESULTS_OF = sa.delete(results).where(results.c.job_id.in_(_AMONG))
DELETE_JOBS = sa.delete(jobs).where(jobs.c.id.in_(_AMONG))

INSERT_EXPIRED = sa.insert(expired_jobs)
GET_EXPIRED = sa.select(expired_jobs.c.expired).where(expired_jobs.c.id == bindparam("job"))
COUNT_EXPIRED = sa.select(sa.func.count()).select_from(expired_jobs)
EXPIRED_WITH_FILES = (
    sa.select(expired_jobs.c.id)
    .where(expired_jobs.c.files, expired_jobs.c.expired < bindparam("before"))
    .order_by(expired_jobs.c.expired)
    .limit(bindparam("most"))
)
FILES_GONE = sa.update(expired_jobs).where(expired_jobs.c.id.in_(_AMONG)).values(files=False)
FORGET_EXPIRED = sa.delete(expired_jobs).where(
    expired_jobs.c.id.in_(
        sa.select(expired_jobs.c.id)
        .where(sa.not_(expired_jobs.c.files))
        .order_by(expired_jobs.c.expired)
        .limit(bindparam("most"))
    )
)
