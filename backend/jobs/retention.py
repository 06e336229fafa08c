"""How long ended jobs are kept, and their removal."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.jobs import statements
from backend.jobs.connection import Connection
from backend.jobs.database import Database
from backend.jobs.result_files import JobFiles

if TYPE_CHECKING:  # the workers open stores too, and read no settings
    from backend.settings import Settings

UNTOUCHED_SECONDS = 60.0
"""A job that ended less than this ago is kept whatever the limits are: somebody is about to read its results."""

READING_SECONDS = 3600.0
"""Files outlive their job by this, for those who were reading them when it expired."""

REMEMBERED = 100_000
"""Expired jobs whose ids are kept: a client is told that they have expired, not that there was never such a job."""

_AT_ONCE = 200
"""Jobs removed in one transaction: nobody waits long for its lock."""

_ANY_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept at most of the jobs that have ended; the oldest go first. None: without limit."""

    seconds: float | None
    """Since the end of the job."""
    jobs: int | None
    result_bytes: int | None
    """Of all results together."""

    @classmethod
    def of(cls, settings: "Settings") -> "Retention":
        """As the settings have it, in which 0 is no limit."""
        return cls(settings.keep_seconds or None, settings.keep_jobs or None, settings.keep_result_bytes or None)


KEEP_ALL = Retention(None, None, None)


class Sweeper:
    """Removes what a store need not keep any longer. Several may do so at once, from any number of processes."""

    def __init__(self, database: Database, files: JobFiles, retention: Retention) -> None:
        self._database = database
        self._files = files
        self._retention = retention

    def sweep(self) -> int:
        """Remove some of the jobs that are beyond the limits; returns how many: 0 when none is left to be removed.

        Never one that has not ended. Of a removed job nothing is left but that there was one; its files stay for
        those who are reading them, and go with a later sweep.
        """
        with self._database.reading() as connection:
            doomed = self._doomed(connection, time.time(), _AT_ONCE)
        removed = self._remove(doomed) if doomed else 0
        self._delete_files()
        return removed

    def due(self) -> int:
        """How many jobs are beyond the limits now: what sweeping until none is left would remove."""
        with self._database.reading() as connection:
            return len(self._doomed(connection, time.time(), _ANY_NUMBER))

    def _doomed(self, connection: Connection, now: float, most: int) -> list[str]:
        kept = self._retention
        untouched = now - UNTOUCHED_SECONDS
        found: dict[str, None] = {}
        if kept.seconds is not None:
            values = {"before": now - kept.seconds, "most": most}
            found |= dict.fromkeys(row.id for row in connection.execute(statements.ENDED_BEFORE, values).rows)
        if kept.jobs is not None:
            surplus = min(connection.execute(statements.COUNT_ENDED).scalar() - kept.jobs, most)
            if surplus > 0:
                values = {"before": untouched, "most": surplus}
                found |= dict.fromkeys(row.id for row in connection.execute(statements.ENDED_BEFORE, values).rows)
        if kept.result_bytes is not None:
            surplus = (connection.execute(statements.SUM_RESULTS).scalar() or 0) - kept.result_bytes
            if surplus > 0:
                values = {"before": untouched, "most": most}
                for row in connection.execute(statements.LARGE_ENDED_BEFORE, values).rows:
                    if surplus <= 0:
                        break
                    found[row.id] = None
                    surplus -= row.size
        return list(found)[:most]

    def _remove(self, job_ids: list[str]) -> int:
        with self._database.transaction(durable=False) as connection:
            # Another sweeper may have been faster, and one that is at it is not waited for.
            rows = connection.execute(statements.LOCK_ENDED, {"jobs": job_ids}).rows
            removed = [row.id for row in rows]
            if not removed:
                return 0
            now = time.time()
            marks = [{"id": job_id, "expired": now, "files": True} for job_id in removed]
            connection.execute_each(statements.INSERT_EXPIRED, marks)
            for statement in (
                statements.DELETE_LOGS_OF,
                statements.DELETE_CALLBACKS_OF,
                statements.DELETE_RESULTS_OF,
                statements.DELETE_JOBS,
            ):
                connection.execute(statement, {"jobs": removed})
        return len(removed)

    def _delete_files(self) -> None:
        now = time.time()
        with self._database.reading() as connection:
            values = {"before": now - READING_SECONDS, "most": _AT_ONCE}
            expired = [row.id for row in connection.execute(statements.EXPIRED_WITH_FILES, values).rows]
            forgotten = connection.execute(statements.COUNT_EXPIRED).scalar() - REMEMBERED
        gone = [job_id for job_id in expired if self._files.delete_results(job_id)]
        if not gone and forgotten <= 0:
            return
        with self._database.transaction(durable=False) as connection:
            if gone:
                connection.execute(statements.FILES_GONE, {"jobs": gone})
            if forgotten > 0:
                connection.execute(statements.FORGET_EXPIRED, {"most": min(forgotten, 10 * _AT_ONCE)})
