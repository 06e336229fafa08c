"""The job store: the one truth about a job, whoever runs it and whoever asks."""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from backend.errors import NoSuchJobError, NoSuchOutputError, ResultGoneError
from backend.jobs import statements
from backend.jobs.connection import Connection
from backend.jobs.database import ChangeWatch, Database
from backend.jobs.leases import Leases
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Failure, Job, JobQuery, JobRequest, NewResult, StartedJob, StoredResult
from backend.jobs.result_files import JobFiles
from backend.jobs.rows import accepted_job, compact, job_record, job_row, require_success, result_record, result_row
from backend.jobs.states import JobStatus

INLINE_INPUT_BYTES = 64 * 1024
"""Inputs up to this size are kept in the job's row, larger ones in a file."""


class JobStore:
    """Jobs and their results under one home folder. Any number of threads and processes may share it."""

    def __init__(self, database: Database, files: JobFiles, *, lease_seconds: float) -> None:
        self._database = database
        self._files = files
        self.leases = Leases(database, files, lease_seconds=lease_seconds)

    @classmethod
    def open(cls, home: Path, *, lease_seconds: float) -> "JobStore":
        """Open the store of a home folder and create what is missing.

        Raises:
            BackendError: a newer release wrote the store.
        """
        return cls(Database(home / "jobs.sqlite"), JobFiles(home), lease_seconds=lease_seconds)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def watch(self) -> ChangeWatch:
        """A watch for changes made by anyone."""
        return self._database.watch()

    def insert(self, request: JobRequest, *, owner: str | None, durable: bool, patient: bool = True) -> Job:
        """Accept a job, claimed by the engine `owner` or by nobody yet.

        `durable`: the job, and later its end, are on the disk before anybody is told.

        Raises:
            StoreLockedError: others write, and have done so for long or, where we are not `patient`, just now.
        """
        # As a datetime tells it: a client that filters by the time it was told finds the job.
        job_id, now = uuid.uuid4().hex, round(time.time(), 6)
        inputs = compact(dict(request.inputs))
        large = len(inputs) > INLINE_INPUT_BYTES
        row = job_row(job_id, request, now, owner=owner, durable=durable)
        row["inputs"] = None if large else inputs.decode()
        if large:
            self._files.write_inputs(job_id, inputs, durable=durable)
        try:
            with self._database.transaction(durable=durable, patient=patient) as connection:
                connection.execute(statements.INSERT_JOB, row)
        except BaseException:
            self._files.delete_inputs(job_id)
            raise
        return accepted_job(job_id, request, now)

    def get(self, job_id: str) -> Job:
        """The job as it now is.

        Raises:
            NoSuchJobError: there is none of that id.
        """
        with self._database.reading() as connection:
            return _get(connection, job_id)

    def list(self, *, limit: int, offset: int, where: JobQuery | None = None) -> tuple[Sequence[Job], int]:
        """One page of the jobs, newest first, and the number of jobs on all pages."""
        count, select = statements.list_jobs(where or JobQuery(), time.time())
        with self._database.reading() as connection:
            total = connection.execute(count).scalar()
            rows = connection.execute(select, {"page_limit": limit, "page_offset": offset}).rows
        return [job_record(row) for row in rows], total

    def results(self, job_id: str) -> Sequence[StoredResult]:
        """What a successful job gave, in the order of its outputs.

        Raises:
            NoSuchJobError, ResultNotReadyError, ResultGoneError: there are no results.
            ProcessRefusedError, ProcessFailedError, JobLostError: why the job failed.
        """
        with self._database.reading() as connection:
            rows = connection.execute(statements.LIST_RESULTS, {"job": job_id}).rows
            if not rows:
                require_success(_get(connection, job_id))
        return [self._stored(row) for row in rows]

    def read(self, job_id: str, output_id: str) -> StoredResult:
        """One result.

        Raises:
            NoSuchOutputError: the job has no output of that id.
            ResultGoneError: dismissed, or the file was removed behind the store's back.
            And all that `results` raises.
        """
        with self._database.reading() as connection:
            row = connection.execute(statements.GET_RESULT, {"job": job_id, "output": output_id}).one_or_none()
            if row is None:
                require_success(_get(connection, job_id))
                raise NoSuchOutputError(f"The job has no output '{output_id}'.")
        return self._stored(row)

    def start(self, job_id: str, engine: str, worker: ProcessIdentity) -> StartedJob | None:
        """Begin an attempt at a job that the engine has claimed; None when the job is no longer there to be run."""
        pid, process_start = astuple(worker)
        values = {"job": job_id, "engine": engine, "now": time.time(), "pid": pid, "process_start": process_start}
        with self._database.transaction(durable=False) as connection:
            row = connection.execute(statements.START, values).one_or_none()
        if row is None:
            return None
        inputs = self._files.read_inputs(job_id) if row.inputs is None else row.inputs
        outputs = None if row.outputs is None else tuple(json.loads(row.outputs))
        return StartedJob(job_id, row.process_id, json.loads(inputs), outputs, row.attempts, bool(row.durable))

    def progress(self, job: StartedJob, percent: int, message: str | None) -> None:
        """Tell how far the attempt is; without effect when it is no longer the job's latest or is being dismissed."""
        values = {"job": job.id, "attempt": job.attempt, "now": time.time(), "percent": percent, "text": message}
        with self._database.transaction(durable=False) as connection:
            connection.execute(statements.PROGRESS, values)

    def succeed(self, job: StartedJob, outputs: Sequence[NewResult], *, inline_bytes: int) -> bool:
        """Store all results and end the job in one transaction; False when the job is no longer this attempt's.

        Results larger than `inline_bytes` go to files, which are complete before the transaction begins.
        """
        files: list[str] = []
        try:
            rows: list[dict[str, Any]] = []
            for position, output in enumerate(outputs):
                row = result_row(job.id, position, output)
                if len(output.data) > inline_bytes:
                    name = self._files.write_result(job.id, job.attempt, position, output.data, durable=job.durable)
                    files.append(name)
                    row |= {"data": None, "file": name}
                rows.append(row)
            stored = self._end(job, statements.SUCCEED, {}, rows)
        except BaseException:
            self._files.discard_results(files)
            raise
        if not stored:
            self._files.discard_results(files)
        return stored

    def fail(self, job: StartedJob, failure: Failure) -> bool:
        """End the job as failed; False when the job is no longer this attempt's."""
        values = {"kind": failure.kind, "reason": failure.message, "path": failure.path}
        return self._end(job, statements.FAIL, values, [])

    def dismiss(self, job_id: str) -> Job:
        """Dismiss a job that no process works on, or ask the owner of a running one to end it.

        Returns the job as it then is: dismissed, or still running with `dismiss_requested`.

        Raises:
            NoSuchJobError: there is none of that id.
        """
        values = {"job": job_id, "now": time.time()}
        with self._database.transaction(durable=True) as connection:
            job = _get(connection, job_id)
            if job.status is JobStatus.RUNNING:
                connection.execute(statements.REQUEST_DISMISSAL, values)
            elif job.status is not JobStatus.DISMISSED:
                connection.execute(statements.DELETE_RESULTS, {"job": job_id})
                connection.execute(statements.DISMISS, values)
            job = _get(connection, job_id)
        if job.final:
            self._files.delete_results(job_id)
            self._files.delete_inputs(job_id)
        return job

    def _stored(self, row: Any) -> StoredResult:
        record = result_record(row)
        if row.data is not None:
            return record, row.data
        file = self._files.result(row.file)
        if not file.is_file() or file.stat().st_size != record.size:
            raise ResultGoneError(f"The file of the output '{record.output_id}' is no longer there.")
        return record, file

    def _end(self, job: StartedJob, move: sa.Update, values: dict[str, Any], rows: Sequence[dict[str, Any]]) -> bool:
        key = {"job": job.id, "attempt": job.attempt, "now": time.time()}
        with self._database.transaction(durable=job.durable) as connection:
            ended = connection.execute(move, key | values).changed == 1
            if ended:
                for row in rows:
                    connection.execute(statements.INSERT_RESULT, row)
        if ended:
            self._files.delete_inputs(job.id)
        return ended


def _get(connection: Connection, job_id: str) -> Job:
    row = connection.execute(statements.GET_JOB, {"job": job_id}).one_or_none()
    if row is None:
        raise NoSuchJobError(f"There is no job '{job_id}'.")
    return job_record(row)
