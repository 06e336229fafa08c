"""The outbox's statements, built once."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from backend.jobs.schema import engines, job_callbacks, jobs
from backend.jobs.states import FINAL, JobStatus

_THIS = job_callbacks.c.job_id == bindparam("job")
_HELD = sa.and_(_THIS, job_callbacks.c.owner == bindparam("engine"))
# An engine that has died is removed from `engines` by the others: a claim lasts as long as its lease.
_FREE = sa.or_(job_callbacks.c.owner.is_(None), job_callbacks.c.owner.not_in(sa.select(engines.c.id)))
_HAS_NEWS = sa.or_(
    jobs.c.status.in_(tuple(sorted(FINAL))),
    sa.and_(jobs.c.status == JobStatus.RUNNING.value, job_callbacks.c.progress_uri.is_not(None)),
)
# One that is due later than anybody would have it was put off before the clock was set back.
_DUE = sa.or_(job_callbacks.c.due <= bindparam("now"), job_callbacks.c.due > bindparam("latest"))

INSERT = sa.insert(job_callbacks)
WAITING = (
    sa.select(job_callbacks.c.job_id)
    .join(jobs, jobs.c.id == job_callbacks.c.job_id)
    .where(_FREE, _HAS_NEWS, _DUE)
    .order_by(job_callbacks.c.due, jobs.c.updated)
    .limit(bindparam("most"))
)
CLAIM = (
    sa.update(job_callbacks)
    .where(_THIS, _FREE, _DUE)
    .values(owner=bindparam("engine"))
    .returning(
        job_callbacks.c.job_id,
        job_callbacks.c.success_uri,
        job_callbacks.c.failed_uri,
        job_callbacks.c.progress_uri,
        job_callbacks.c.attempts,
    )
)
PUT_OFF = (
    sa.update(job_callbacks).where(_HELD).values(owner=None, attempts=bindparam("failures"), due=bindparam("again"))
)
DELETE = sa.delete(job_callbacks).where(_HELD)
