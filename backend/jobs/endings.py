"""How an attempt at a job ends in the store: its results and its final state, or nothing of it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal

import sqlalchemy as sa

from backend.errors import StoreUnavailableError
from backend.jobs import statements
from backend.jobs.database import Database
from backend.jobs.patience import patiently
from backend.jobs.records import CompleteAttempt, Failure, KeptResult, NewResult, StartedJob, WrittenFile
from backend.jobs.result_files import JobFiles
from backend.jobs.rows import result_row
from backend.jobs.states import JobStatus
from backend.jobs.texts import LONGEST_MESSAGE, storable

type HandedIn = Literal["ended", "complete", "late"]
"""`complete`: all is stored, and `confirm` ends the job. `late`: the job is no longer this attempt's."""


class Endings:
    """Ends jobs on behalf of the workers that ran them."""

    def __init__(self, database: Database, files: JobFiles) -> None:
        self._database = database
        self._files = files
        self.sync_seconds = 0.0
        """How long the disk took when it was last waited for here."""

    def keep(self, job: StartedJob, results: Iterable[Iterable[bytes]], *, inline_bytes: int) -> list[KeptResult]:
        """Take the bytes of all results, part by part: as they are while they are few, else into a file.

        Files are complete and on the disk before anything tells of them: `hand_in` must follow.

        Raises:
            StoreFullError: the disk has no room for them.
            Exception: whatever the making of the parts raises; nothing is kept then.
        """
        kept: list[KeptResult] = []
        try:
            for position, parts in enumerate(results):
                kept.append(self._keep_one(job, position, iter(parts), inline_bytes))
        except BaseException:
            self._discard(kept)
            raise
        return kept

    def _keep_one(self, job: StartedJob, position: int, parts: Iterator[bytes], inline_bytes: int) -> KeptResult:
        few: list[bytes] = []
        size = 0
        for part in parts:
            few.append(part)
            size += len(part)
            if size > inline_bytes:
                return self._files.write_result(job, position, chain(few, parts))
        return b"".join(few)

    def _discard(self, kept: Iterable[KeptResult]) -> None:
        self._files.discard_results(one.name for one in kept if isinstance(one, WrittenFile))

    def hand_in(self, job: StartedJob, outputs: Sequence[NewResult]) -> HandedIn:
        """Store all results, as they were kept. Where the end has to reach the disk, that is left to `confirm`."""
        apart = job.durable and self._database.shares_sync()
        try:
            rows = [result_row(job.id, position, output) for position, output in enumerate(outputs)]
            stored = self._complete(job, rows) if apart else self._end(job, statements.SUCCEED, {}, rows)
        except StoreUnavailableError:
            raise  # the rows that name the files may be stored: the files are removed with the job, not here
        except BaseException:
            self._discard(output.data for output in outputs)
            raise
        if not stored:
            self._discard(output.data for output in outputs)
            return "late"
        return "complete" if apart else "ended"

    def confirm(self, complete: Sequence[CompleteAttempt]) -> int:
        """End complete jobs, by their ids and attempts, once all that was stored is on the disk; tells how many it did.

        Where this fails they stay complete, and another call, or `Leases.settle`, ends them as successful.
        """
        began = time.monotonic()
        self._database.sync()
        self.sync_seconds = time.monotonic() - began
        ended = patiently(lambda _tried: self._try_to_confirm(complete))
        for job_id in ended:
            self._files.delete_inputs(job_id)
        return len(ended)

    def _try_to_confirm(self, complete: Sequence[CompleteAttempt]) -> list[str]:
        now = time.time()
        with self._database.transaction(durable=False) as connection:
            return [
                job_id
                for job_id, attempt in complete
                if connection.execute(statements.SUCCEED, {"job": job_id, "attempt": attempt, "now": now}).changed
            ]

    def _complete(self, job: StartedJob, rows: Sequence[dict[str, Any]]) -> bool:
        """Store the results and mark the job as complete; to clients it still runs.

        To end it in the same, durable, transaction would keep all other writers waiting while that is synced.
        """
        return patiently(lambda _tried: self._try_to_complete(job, rows))

    def _try_to_complete(self, job: StartedJob, rows: Sequence[dict[str, Any]]) -> bool:
        with self._database.transaction(durable=False) as connection:
            complete = connection.execute(statements.COMPLETE, {"job": job.id, "attempt": job.attempt}).changed == 1
            if complete:
                for row in rows:
                    connection.execute(statements.INSERT_RESULT, row)
        return complete

    def fail(self, job: StartedJob, failure: Failure) -> bool:
        """End the job as failed; False when the job is no longer this attempt's."""
        reason = storable(failure.message, LONGEST_MESSAGE)
        path = None if failure.path is None else storable(failure.path, LONGEST_MESSAGE)
        values = {"kind": failure.kind, "reason": reason, "path": path}
        return self._end(job, statements.FAIL_ATTEMPT, values, [])

    def _end(self, job: StartedJob, move: sa.Update, values: dict[str, Any], rows: Sequence[dict[str, Any]]) -> bool:
        every = {"job": job.id, "attempt": job.attempt, "now": time.time(), **values}
        ended = patiently(lambda tried: self._try_to_end(job, move, every, rows, tried=tried))
        if ended and job.inputs_apart:
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
                # The try before may have been committed, and only its confirmation been lost. Nobody else ends this
                # attempt as successful: a job that is, is so by that commit.
                key = {"job": job.id, "attempt": job.attempt}
                ended = connection.execute(statements.STATUS_OF_ATTEMPT, key).scalar() == JobStatus.SUCCESSFUL
        return ended
