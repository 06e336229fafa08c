"""What the process of a job wrote while it ran: the last of it, a row a line."""

from collections.abc import Sequence

from backend.jobs import statements
from backend.jobs.database import Database
from backend.jobs.texts import storable

MOST_LINES = 1000
"""Of one job; the first ones go."""

LONGEST_LINE = 2000
"""Characters; the rest of a line goes."""


class JobLog:
    """The logs of a store's jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, job_id: str, lines: Sequence[str]) -> None:
        """Add lines to the log of a job; without effect where there is no such job."""
        kept = [storable(line, LONGEST_LINE) for line in lines[-MOST_LINES:]]
        if not kept:
            return
        with self._database.transaction(durable=False) as connection:
            if not connection.execute(statements.LOCK_ID, {"job": job_id}).rows:
                return
            last: int = connection.execute(statements.LAST_LINE, {"job": job_id}).scalar() or 0
            rows = [{"job_id": job_id, "number": last + 1 + index, "line": line} for index, line in enumerate(kept)]
            connection.execute_each(statements.INSERT_LINE, rows)
            oldest = last + len(kept) - MOST_LINES
            if oldest > 0:
                connection.execute(statements.DELETE_LINES, {"job": job_id, "last": oldest})

    def last(self, job_id: str, most: int | None = None) -> Sequence[str]:
        """The last lines, or all, in the order in which they were written."""
        values = {"job": job_id, "most": MOST_LINES if most is None else min(most, MOST_LINES)}
        with self._database.reading() as connection:
            rows = connection.execute(statements.LAST_LINES, values).rows
        return [row.line for row in reversed(rows)]
