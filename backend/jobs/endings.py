"""How an attempt at a job ends in the store: its results and its final state at once, or nothing of it."""

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from backend.errors import StoreUnavailableError
from backend.jobs import statements
from backend.jobs.database import Database
from backend.jobs.records import Failure, NewResult, StartedJob
from backend.jobs.result_files import JobFiles
from backend.jobs.rows import result_row
from backend.jobs.states import JobStatus

OUTAGE_SECONDS = 60.0
"""How long the end of a job waits for a database that does not answer."""

_RETRY_SECONDS = 0.5


class Endings:
    """Ends jobs on behalf of the workers that ran them."""

    def __init__(self, database: Database, files: JobFiles) -> None:
        self._database = database
        self._files = files

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
        except StoreUnavailableError:
            raise  # whether they are told of in the store is not known: they go with the job
        except BaseException:
            self._files.discard_results(files)
            raise
        if not stored:
            self._files.discard_results(files)
        return stored

    def fail(self, job: StartedJob, failure: Failure) -> bool:
        """End the job as failed; False when the job is no longer this attempt's."""
        values = {"kind": failure.kind, "reason": failure.message, "path": failure.path}
        return self._end(job, statements.FAIL_ATTEMPT, values, [])

    def _end(self, job: StartedJob, move: sa.Update, values: dict[str, Any], rows: Sequence[dict[str, Any]]) -> bool:
        """End the job; while the database does not answer, again and again: its process has done all the work."""
        every = {"job": job.id, "attempt": job.attempt, "now": time.time(), **values}
        deadline = time.monotonic() + OUTAGE_SECONDS
        ended = None
        tried = False
        while ended is None:
            try:
                ended = self._try_to_end(job, move, every, rows, tried=tried)
            except StoreUnavailableError:
                if time.monotonic() > deadline:
                    raise
                tried = True
                time.sleep(_RETRY_SECONDS)
        if ended:
            self._files.delete_inputs(job.id)
        return ended

    def _try_to_end(
        self, job: StartedJob, move: sa.Update, values: dict[str, Any], rows: Sequence[dict[str, Any]], *, tried: bool
    ) -> bool:
        with self._database.transaction(durable=job.durable) as connection:
            ended = connection.execute(move, values).changed == 1
            if ended:
                for row in rows:
                    connection.execute(statements.INSERT_RESULT, row)
            elif tried and move is statements.SUCCEED:
                # The commit may have been made, and only its confirmation been lost: nobody else makes such a one.
                key = {"job": job.id, "attempt": job.attempt}
                ended = connection.execute(statements.STATUS_OF_ATTEMPT, key).scalar() == JobStatus.SUCCESSFUL
        return ended
