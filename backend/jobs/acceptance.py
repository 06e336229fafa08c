"""How jobs come into the store."""

import logging
import math
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backend.errors import QueueFullError
from backend.jobs import statements
from backend.jobs.callbacks.outbox import add_subscriber
from backend.jobs.connection import Connection
from backend.jobs.database import Database
from backend.jobs.records import Job, NewJob
from backend.jobs.result_files import JobFiles
from backend.jobs.rows import accepted_job, compact, job_row
from backend.jobs.states import JobStatus

INLINE_INPUT_BYTES = 64 * 1024
"""Inputs up to this size are kept in the job's row, larger ones in a file."""

_QUEUE_FULL = "As many jobs wait for a worker as may. Nothing was accepted; try again later."

_log = logging.getLogger(__name__)


class Acceptance:
    """Stores new jobs, any number of them in one transaction."""

    def __init__(self, database: Database, files: JobFiles) -> None:
        self._database = database
        self._files = files

    def insert(
        self, new: Sequence[NewJob], *, durable: bool, patient: bool, max_queued: int | None
    ) -> Sequence[Job | QueueFullError]:
        """Accept jobs, all at the same time; one that may not wait keeps no other out. See `JobStore.insert`."""
        # To the microsecond, as a `datetime` holds it: a client that filters by the time it was told finds the job.
        now = round(time.time(), 6)
        rows: list[dict[str, Any]] = []
        stored: Sequence[bool] = ()
        try:
            rows.extend(self._row(one, now, durable=durable) for one in new)
            with self._database.transaction(durable=durable, patient=patient, seen_before=True) as connection:
                stored = _insert(connection, new, rows, max_queued)
        except BaseException:
            self._delete_inputs(self._taken_back(rows, patient=patient) if stored else rows)
            raise
        self._delete_inputs(row for row, kept in zip(rows, stored, strict=True) if not kept)
        return [
            accepted_job(row["id"], one.request, now) if kept else QueueFullError(_QUEUE_FULL)
            for one, row, kept in zip(new, rows, stored, strict=True)
        ]

    def _row(self, new: NewJob, now: float, *, durable: bool) -> dict[str, Any]:
        """The row of a job, whose inputs are written into a file if they are large."""
        job_id = uuid.uuid4().hex
        row = job_row(job_id, new.request, now, owner=new.owner, durable=durable)
        inputs = compact(dict(new.request.inputs))
        large = len(inputs) > INLINE_INPUT_BYTES
        row["inputs"] = None if large else inputs.decode()
        if large:
            self._files.write_inputs(job_id, inputs, durable=durable)
        return row

    def _taken_back(self, rows: Sequence[Mapping[str, Any]], *, patient: bool) -> Sequence[Mapping[str, Any]]:
        """Remove jobs whose acceptance failed; returns the rows that are not in the store, or no longer.

        They may be in it: the commit may have succeeded, and only the sync to the disk, or the connection, have failed
        after that. Nobody is told that they were accepted, so they must not run.
        """
        try:
            with self._database.transaction(durable=False, patient=patient) as connection:
                return [row for row in rows if _take_back(connection, row["id"])]
        except Exception:
            _log.exception("jobs that were refused may still be in the store, and run")
            return ()

    def _delete_inputs(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            if row["inputs"] is None:
                self._files.delete_inputs(row["id"])


def _insert(
    connection: Connection, new: Sequence[NewJob], rows: Sequence[Mapping[str, Any]], max_queued: int | None
) -> list[bool]:
    """Insert the jobs for which there is room; tells of each whether it was inserted."""
    stored: list[bool] = []
    room = _room(connection, new, max_queued)
    for one, row in zip(new, rows, strict=True):
        waits = one.owner is None
        stored.append(not waits or room > 0)
        if stored[-1]:
            room -= waits
            connection.execute(statements.INSERT_JOB, row)
            if one.request.subscriber is not None:
                add_subscriber(connection, row["id"], one.request.subscriber)
    return stored


def _take_back(connection: Connection, job_id: str) -> bool:
    """Remove a job that nobody knows of; False where another engine has begun it meanwhile."""
    job = connection.execute(statements.LOCK_JOB, {"job": job_id}).one_or_none()
    if job is None:
        return True
    if job.status != JobStatus.ACCEPTED:
        return False
    for statement in (statements.DELETE_CALLBACKS_OF, statements.DELETE_JOBS):
        connection.execute(statement, {"jobs": [job_id]})
    return True


def _room(connection: Connection, new: Sequence[NewJob], max_queued: int | None) -> float:
    """How many more jobs may wait for a worker."""
    if max_queued is None or all(one.owner is not None for one in new):
        return math.inf
    return max_queued - connection.execute(statements.QUEUED).scalar()
