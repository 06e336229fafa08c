"""Which engine a job belongs to, and what becomes of it when that engine or its worker dies."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from backend.jobs import statements
from backend.jobs.database import Database
from backend.jobs.liveness import ProcessIdentity, host
from backend.jobs.records import Failure
from backend.jobs.result_files import JobFiles
from backend.jobs.silence import Silence
from backend.jobs.states import JobStatus

MAX_ATTEMPTS = 3
"""An idempotent job whose workers keep dying is run this often."""

_REAP_SECONDS = 1.0

_DIED = "The server that ran the job died."


@dataclass(frozen=True, slots=True)
class Observed:
    """What an engine watches of a job."""

    id: str
    status: JobStatus
    owner: str | None
    version: int
    attempts: int
    """That were begun."""
    dismiss_requested: bool
    worker: ProcessIdentity | None


class Leases:
    """The engines that share the store, and the jobs each has claimed. A lease covers all jobs of an engine."""

    def __init__(self, database: Database, files: JobFiles, *, lease_seconds: float) -> None:
        self._database = database
        self._files = files
        self._lease_seconds = lease_seconds
        self._host = host()
        self._silence = Silence(lease_seconds)

    def register(self, engine: str) -> None:
        """Make an engine of this process known, with a fresh lease."""
        me = ProcessIdentity.current()
        row = {
            "id": engine,
            "host": self._host,
            "pid": me.pid,
            "process_started": me.started,
            "lease_expires": time.time() + self._lease_seconds,
        }
        with self._database.transaction(durable=False) as connection:
            connection.execute(statements.INSERT_ENGINE, row)

    def renew(self, engine: str) -> None:
        """Extend the engine's lease; register it again if others have meanwhile taken it for dead."""
        values = {"engine": engine, "expires": time.time() + self._lease_seconds}
        with self._database.transaction(durable=False) as connection:
            known = connection.execute(statements.RENEW_ENGINE, values).changed == 1
        if not known:
            self.register(engine)

    def claim(self, engine: str, process_ids: Collection[str]) -> tuple[str, str] | None:
        """Claim the oldest job of these processes that waits for an engine: its id and its process's, None for none."""
        values = {"engine": engine, "now": time.time(), "processes": list(process_ids)}
        with self._database.transaction(durable=False) as connection:
            row = connection.execute(statements.CLAIM, values).one_or_none()
        return None if row is None else (row.id, row.process_id)

    def claim_one(self, engine: str, job_id: str) -> bool:
        """Claim this very job; False when it no longer waits for an engine."""
        values = {"engine": engine, "job": job_id, "now": time.time()}
        with self._database.transaction(durable=False) as connection:
            return connection.execute(statements.CLAIM_ONE, values).changed == 1

    def adopt(self, engine: str, job_id: str, attempts: int) -> bool:
        """Take this job over from whichever engine has claimed it; tells whether it could be taken.

        It cannot once it has begun or ended, nor once another attempt at it has been made.

        attempts: how many had been made when the engine was asked for the next one.
        """
        values = {"engine": engine, "job": job_id, "attempt": attempts, "now": time.time()}
        with self._database.transaction(durable=False) as connection:
            return connection.execute(statements.ADOPT, values).changed == 1

    def explain(self, engine: str, job_id: str, text: str) -> None:
        """Tell why an engine's job still waits; without effect on one that does not."""
        values = {"engine": engine, "job": job_id, "text": text, "now": time.time()}
        with self._database.transaction(durable=False) as connection:
            connection.execute(statements.EXPLAIN, values)

    def waiting(self, process_ids: Collection[str]) -> bool:
        """Whether any job of these processes waits for an engine."""
        with self._database.reading() as connection:
            row = connection.execute(statements.OLDEST_UNCLAIMED, {"processes": list(process_ids)})
            return row.scalar() is not None

    def observe(self, job_ids: Collection[str]) -> list[Observed]:
        """The state of several jobs at once."""
        if not job_ids:
            return []
        with self._database.reading() as connection:
            rows = connection.execute(statements.OBSERVE, {"jobs": list(job_ids)}).rows
        return [
            Observed(
                id=row.id,
                status=JobStatus(row.status),
                owner=row.owner,
                version=row.version,
                attempts=row.attempts,
                dismiss_requested=bool(row.dismiss_requested),
                worker=_worker(row),
            )
            for row in rows
        ]

    def jobs_of(self, engine: str) -> list[tuple[str, ProcessIdentity | None]]:
        """The unfinished jobs of an engine, each with the worker that runs it, if one does."""
        with self._database.reading() as connection:
            rows = connection.execute(statements.JOBS_OF_ENGINE, {"engine": engine}).rows
        return [(row.id, _worker(row)) for row in rows]

    def settle(self, job_id: str, engine: str, reason: str, *, stopped: bool = False) -> None:
        """Decide what becomes of an engine's job whose worker is dead; without effect on a job that has ended.

        A job that was to be dismissed is. One that is complete is successful. One that had not started, or may be run
        again, goes back to the queue. Any other has failed, and says why.

        stopped: the server was told to stop, which does not count towards `MAX_ATTEMPTS`.
        """
        now = time.time()
        with self._database.transaction(durable=True) as connection:
            row = connection.execute(statements.INTERRUPTED, {"job": job_id, "engine": engine}).one_or_none()
            if row is None:
                return
            if row.dismiss_requested:
                connection.execute(statements.DELETE_RESULTS, {"job": job_id})
                connection.execute(statements.DISMISS, {"job": job_id, "now": now})
            elif row.complete:
                connection.execute(statements.SUCCEED, _end(job_id, row.attempts))
            elif row.status == JobStatus.ACCEPTED:
                connection.execute(statements.RETURN_TO_QUEUE, {"job": job_id, "now": now, "text": "", "stops": 0})
                return
            elif row.idempotent and (stopped or row.attempts - (row.stops or 0) < MAX_ATTEMPTS):
                text = f"{reason} It will be run again."
                values = {"job": job_id, "now": now, "text": text, "stops": int(stopped)}
                connection.execute(statements.RETURN_TO_QUEUE, values)
                return
            else:
                connection.execute(statements.FAIL, _failure(job_id, row.attempts, Failure("lost", reason)))
        self._delete_files(job_id, results=row.dismiss_requested or not row.complete)

    def fail(self, job_id: str, engine: str, failure: Failure) -> None:
        """End an engine's job as failed, whether it had started or not; one that is complete has not failed."""
        with self._database.transaction(durable=True) as connection:
            row = connection.execute(statements.INTERRUPTED, {"job": job_id, "engine": engine}).one_or_none()
            if row is None:
                return
            if row.complete:
                connection.execute(statements.SUCCEED, _end(job_id, row.attempts))
            else:
                connection.execute(statements.FAIL, _failure(job_id, row.attempts, failure))
        self._delete_files(job_id, results=not row.complete)

    def _delete_files(self, job_id: str, *, results: bool) -> None:
        if results:
            self._files.delete_results(job_id)
        self._files.delete_inputs(job_id)

    def release(self, engine: str, reason: str) -> None:
        """Give up everything an engine has, after its workers have ended: it closes."""
        for job_id, _worker_identity in self.jobs_of(engine):
            self.settle(job_id, engine, reason, stopped=True)
        self._forget(engine)

    def take_over(self, engine: str) -> None:
        """Settle the jobs of all other engines that are dead. For one thread, which calls this again and again.

        An engine of this host is dead as soon as its process is gone. Any engine is dead when it has not renewed its
        lease for `lease_seconds`, by the clock of this process alone: the clocks of other hosts may be wrong.
        """
        with self._database.reading() as connection:
            others = connection.execute(statements.OTHER_ENGINES, {"engine": engine}).rows
            unregistered = connection.execute(statements.UNREGISTERED_OWNERS, {"engine": engine}).rows
        signs: dict[str, float | None] = {other.id: other.lease_expires for other in others}
        signs |= {row.owner: None for row in unregistered}
        silent = self._silence.silent(signs, time.monotonic())
        for other in others:
            here = other.host == self._host
            if here and not ProcessIdentity(other.pid, other.process_started).alive():
                self._inherit(other.id, _DIED, reap=True)
            elif other.id in silent:
                self._inherit(other.id, "The server that ran the job gave no sign of life.", reap=here)
        for row in unregistered:
            if row.owner in silent:
                self._inherit(row.owner, _DIED, reap=False)

    def _inherit(self, engine: str, reason: str, *, reap: bool) -> None:
        for job_id, worker in self.jobs_of(engine):
            # A worker that outlives its server must not work beside the next attempt; the next round tries again.
            if reap and worker is not None and not worker.kill(wait_seconds=_REAP_SECONDS):
                continue
            self.settle(job_id, engine, reason)
        self._forget(engine)

    def _forget(self, engine: str) -> None:
        with self._database.transaction(durable=False) as connection:
            connection.execute(statements.DELETE_ENGINE, {"engine": engine})


def _failure(job_id: str, attempt: int, failure: Failure) -> dict[str, Any]:
    return _end(job_id, attempt) | {"kind": failure.kind, "reason": failure.message, "path": failure.path}


def _end(job_id: str, attempt: int) -> dict[str, Any]:
    return {"job": job_id, "attempt": attempt, "now": time.time()}


def _worker(row: Any) -> ProcessIdentity | None:
    return None if row.worker_pid is None else ProcessIdentity(row.worker_pid, row.worker_started)
