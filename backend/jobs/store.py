"""The job store: the one truth about a job, whoever runs it and whoever asks."""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from backend.errors import (
    JobExpiredError,
    NoSuchJobError,
    NoSuchOutputError,
    QueueFullError,
    ResultDamagedError,
    ResultGoneError,
)
from backend.jobs import statements
from backend.jobs.acceptance import Acceptance
from backend.jobs.callbacks.outbox import Outbox
from backend.jobs.connection import Connection, Values
from backend.jobs.database import ChangeWatch, Database, open_database
from backend.jobs.endings import Endings, HandedIn
from backend.jobs.job_log import JobLog
from backend.jobs.leases import Leases
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.patience import patiently
from backend.jobs.records import (
    CompleteAttempt,
    Failure,
    Job,
    JobQuery,
    JobRequest,
    KeptResult,
    NewJob,
    NewResult,
    StartedJob,
    StoredResult,
)
from backend.jobs.result_files import JobFiles
from backend.jobs.retention import KEEP_ALL, Retention, Sweeper
from backend.jobs.rows import job_record, require_success, result_record
from backend.jobs.states import JobStatus
from backend.jobs.texts import LONGEST_MESSAGE, storable


class JobStore:
    """Jobs, their results and their logs. Any number of threads and processes may share them."""

    def __init__(self, database: Database, files: JobFiles, *, lease_seconds: float, retention: Retention) -> None:
        self._database = database
        self._files = files
        self._keep_seconds = retention.seconds
        self.leases = Leases(database, files, lease_seconds=lease_seconds)
        self.sweeper = Sweeper(database, files, retention)
        self.outbox = Outbox(database)
        self._acceptance = Acceptance(database, files)
        self._endings = Endings(database, files)
        self._logs = JobLog(database)

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        lease_seconds: float,
        url: str | None = None,
        files: Path | None = None,
        retention: Retention = KEEP_ALL,
    ) -> "JobStore":
        """Open the store and create what is missing.

        url: a PostgreSQL database that several servers share; without it, a file in the home folder.
        files: folder of large results and inputs, which the same servers share; without it, the home folder.

        Raises:
            BackendError: a newer release wrote the store, or its database or folder cannot be used.
        """
        folder = files or home
        kept = JobFiles(folder)
        if files is not None:
            kept.require_folders()
        return cls(open_database(home, folder, url), kept, lease_seconds=lease_seconds, retention=retention)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def watch(self) -> ChangeWatch:
        """A watch for changes made by anyone."""
        return self._database.watch()

    @property
    def answers_at_once(self) -> bool:
        """Whether a read takes microseconds, so that an event loop may make it itself; else it is made in a thread."""
        return self._database.answers_at_once

    def insert(
        self,
        request: JobRequest,
        *,
        owner: str | None,
        durable: bool,
        patient: bool = True,
        max_queued: int | None = None,
    ) -> Job:
        """Accept a job, claimed by the engine `owner` or by nobody yet: then at most `max_queued` may wait.

        `durable`: the job, and later its end, are on the disk before anybody is told.

        Raises:
            QueueFullError: as many wait as may.
            StoreFullError: the disk has no room for it.
            StoreLockedError: others write, and have done so for long or, where we are not `patient`, just now.
        """
        new = [NewJob(request, owner)]
        (outcome,) = self.insert_all(new, durable=durable, patient=patient, max_queued=max_queued)
        if isinstance(outcome, QueueFullError):
            raise outcome
        return outcome

    def insert_all(
        self, new: Sequence[NewJob], *, durable: bool, patient: bool = True, max_queued: int | None = None
    ) -> Sequence[Job | QueueFullError]:
        """Accept jobs in one transaction, each as `insert` does; one that may not wait keeps no other out.

        Raises:
            StoreFullError, StoreLockedError: as with `insert`; none is accepted.
        """
        return self._acceptance.insert(new, durable=durable, patient=patient, max_queued=max_queued)

    def get(self, job_id: str) -> Job:
        """The job as it now is.

        Raises:
            NoSuchJobError: there is none of that id.
        """
        with self._database.reading() as connection:
            return self._get(connection, job_id)

    def list(
        self, *, limit: int, offset: int, where: JobQuery | None = None, after: str | None = None
    ) -> tuple[Sequence[Job], int]:
        """One page of the jobs, newest first, and the number of jobs on all pages.

        after: the job behind which the page begins, wherever that is by now; at `offset` where it is gone.
        """
        count, select = statements.list_jobs(where or JobQuery(), time.time())
        values = {"page_limit": limit, "page_offset": offset}
        with self._database.reading() as connection:
            total = connection.execute(count).scalar()
            before = None if after is None else connection.execute(statements.CREATED, {"job": after}).scalar()
            if before is not None:
                select = statements.behind(select)
                values |= {"page_offset": 0, "last_created": before, "last_id": after}
            rows = connection.execute(select, values).rows
        return [job_record(row, self._keep_seconds) for row in rows], total

    def append_log(self, job_id: str, lines: Sequence[str]) -> None:
        """Add to what a job's process wrote; without effect once the job has expired."""
        self._logs.append(job_id, lines)

    def log(self, job_id: str, *, tail: int | None = None) -> Sequence[str]:
        """What the job's process wrote, or its last `tail` lines.

        Raises:
            NoSuchJobError, JobExpiredError: there is no such job.
        """
        lines = self._logs.last(job_id, tail)
        if not lines:
            self.get(job_id)
        return lines

    def results(self, job_id: str) -> Sequence[StoredResult]:
        """What a successful job gave, in the order of its outputs; `verify` before the bytes are used.

        Raises:
            NoSuchJobError, ResultNotReadyError, ResultGoneError, JobExpiredError: there are no results.
            ProcessRefusedError, ProcessFailedError, JobLostError: why the job failed.
        """
        with self._database.reading() as connection:
            rows = connection.execute(statements.LIST_RESULTS, {"job": job_id}).rows
            if not rows:
                require_success(self._get(connection, job_id))
        return [self._stored(row) for row in rows]

    def read(self, job_id: str, output_id: str) -> StoredResult:
        """One result, verified.

        Raises:
            NoSuchOutputError: the job has no output of that id.
            And all that `results` and `verify` raise.
        """
        found = self.find(job_id, output_id)
        self.verify(found)
        return found

    def find(self, job_id: str, output_id: str) -> StoredResult:
        """One result; `verify` before its bytes are used.

        Raises:
            NoSuchOutputError: the job has no output of that id.
            And all that `results` raises.
        """
        with self._database.reading() as connection:
            row = connection.execute(statements.GET_RESULT, {"job": job_id, "output": output_id}).one_or_none()
            if row is None:
                require_success(self._get(connection, job_id))
                there = [one.output_id for one in connection.execute(statements.LIST_RESULTS, {"job": job_id}).rows]
                raise NoSuchOutputError(f"The job has no output '{output_id}': it has {', '.join(there) or 'none'}.")
        return self._stored(row)

    def verify(self, stored: StoredResult) -> None:
        """Make sure that the bytes are those that the process gave. Takes as long as to read a large file once.

        Raises:
            ResultGoneError: the file was removed behind the store's back.
            ResultDamagedError: the bytes are others.
        """
        record, content = stored
        if isinstance(content, Path):
            self._files.verify(content, record.size, record.sha256)
        elif hashlib.sha256(content).hexdigest() != record.sha256:
            raise ResultDamagedError("The stored result is damaged: its bytes are not those that the process gave.")

    def is_whole(self, stored: StoredResult) -> bool:
        """Whether `verify` finds nothing: for whoever can do without the bytes."""
        try:
            self.verify(stored)
        except (ResultDamagedError, ResultGoneError):
            return False
        return True

    def start(self, job_id: str, engine: str, worker: ProcessIdentity) -> StartedJob | None:
        """Begin an attempt at a job that the engine has claimed; None when the job is no longer there to be run."""
        pid, process_start = astuple(worker)
        values = {"job": job_id, "engine": engine, "now": time.time(), "pid": pid, "process_start": process_start}
        row = patiently(lambda tried: self._try_to_start(values, tried=tried))
        if row is None:
            return None
        inputs = self._files.read_inputs(job_id) if row.inputs is None else row.inputs
        outputs = None if row.outputs is None else tuple(json.loads(row.outputs))
        return StartedJob(
            job_id,
            row.process_id,
            json.loads(inputs),
            outputs,
            row.attempts,
            durable=bool(row.durable),
            inputs_apart=row.inputs is None,
            trace=row.trace,
        )

    def _try_to_start(self, values: Values, *, tried: bool) -> Any:
        with self._database.transaction(durable=False) as connection:
            row = connection.execute(statements.START, values).one_or_none()
            # The commit may have been made, and only its confirmation been lost.
            return connection.execute(statements.STARTED, values).one_or_none() if row is None and tried else row

    def progress(self, job: StartedJob, percent: int, message: str | None) -> None:
        """Tell how far the attempt is; without effect when it is no longer the job's latest or is being dismissed."""
        text = None if message is None else storable(message, LONGEST_MESSAGE)
        values = {"job": job.id, "attempt": job.attempt, "now": time.time(), "percent": percent, "text": text}
        with self._database.transaction(durable=False) as connection:
            connection.execute(statements.PROGRESS, values)

    def keep(self, job: StartedJob, results: Iterable[Iterable[bytes]], *, inline_bytes: int) -> Sequence[KeptResult]:
        """Take the bytes of results as they are made, so that large ones never are in memory as a whole."""
        return self._endings.keep(job, results, inline_bytes=inline_bytes)

    def hand_in(self, job: StartedJob, outputs: Sequence[NewResult]) -> HandedIn:
        """Store all results, and end the job unless that is left to `confirm`, which does it for many at once."""
        return self._endings.hand_in(job, outputs)

    @property
    def sync_seconds(self) -> float:
        """How long the disk took when `confirm` last waited for it; 0 before that."""
        return self._endings.sync_seconds

    def confirm(self, complete: Sequence[CompleteAttempt]) -> int:
        """End jobs, by their ids and attempts, of which all results are stored; tells how many still were to be."""
        return self._endings.confirm(complete)

    def fail(self, job: StartedJob, failure: Failure) -> bool:
        """End the job as failed; False when the job is no longer this attempt's."""
        return self._endings.fail(job, failure)

    def dismiss(self, job_id: str) -> Job:
        """Dismiss a job that no process works on, or ask the owner of a running one to end it.

        Returns the job as it then is: dismissed, or still running with `dismiss_requested`.

        Raises:
            NoSuchJobError: there is none of that id.
        """
        values = {"job": job_id, "now": time.time()}
        with self._database.transaction(durable=True) as connection:
            job = self._get(connection, job_id, statements.LOCK_JOB)
            if job.status is JobStatus.RUNNING:
                connection.execute(statements.REQUEST_DISMISSAL, values)
            elif job.status is not JobStatus.DISMISSED:
                connection.execute(statements.DELETE_RESULTS, {"job": job_id})
                connection.execute(statements.DISMISS, values)
            job = self._get(connection, job_id)
        if job.final:
            self._files.delete_results(job_id)
            self._files.delete_inputs(job_id)
        return job

    def _stored(self, row: Any) -> StoredResult:
        return result_record(row), row.data if row.data is not None else self._files.result(row.file)

    def _get(self, connection: Connection, job_id: str, statement: sa.Select[Any] = statements.GET_JOB) -> Job:
        row = connection.execute(statement, {"job": job_id}).one_or_none()
        if row is None:
            if connection.execute(statements.GET_EXPIRED, {"job": job_id}).rows:
                raise JobExpiredError(f"The job '{job_id}' has expired: nothing of it is kept any more.")
            raise NoSuchJobError(f"There is no job '{job_id}'.")
        return job_record(row, self._keep_seconds)
