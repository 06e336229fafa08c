"""Which jobs have a subscriber who is still to be told: rows beside the jobs', made with them in one transaction."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from backend.jobs.callbacks import statements
from backend.jobs.connection import Connection
from backend.jobs.database import Database
from backend.jobs.records import Subscriber


@dataclass(frozen=True, slots=True)
class Subscription:
    """A job that an engine has claimed, to tell its subscriber."""

    job_id: str
    subscriber: Subscriber
    attempts: int
    """Times that its end could not be told, by whichever engine."""


LONGEST_PAUSE = 1800.0
"""Seconds for which the end of a job is put off at most."""


class Outbox:
    """What is to be told is read from the job when it is told: nothing is kept here but to whom.

    A claim lasts until the subscriber was told of the job's end or could not be, or the engine is gone. Then another
    one goes on: the end is told at least once.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, engine: str, most: int) -> Sequence[Subscription]:
        """Claim some of the jobs that have news for their subscriber: first those that were never put off."""
        now = time.time()
        due = {"now": now, "latest": now + LONGEST_PAUSE}
        with self._database.reading() as connection:
            waiting = connection.execute(statements.WAITING, {**due, "most": most}).rows
        if not waiting:
            return ()
        claimed: list[Subscription] = []
        with self._database.transaction(durable=False) as connection:
            for row in waiting:
                # Another engine may have been faster.
                values = {**due, "job": row.job_id, "engine": engine}
                found = connection.execute(statements.CLAIM, values).one_or_none()
                if found is not None:
                    subscriber = Subscriber(found.success_uri, found.failed_uri, found.progress_uri)
                    claimed.append(Subscription(found.job_id, subscriber, found.attempts))
        return claimed

    def put_off(self, job_id: str, engine: str, *, failures: int, seconds: float) -> None:
        """Leave the job, whose end could not be told so often, to whoever tries again after some seconds."""
        again = time.time() + min(seconds, LONGEST_PAUSE)
        values = {"job": job_id, "engine": engine, "failures": failures, "again": again}
        with self._database.transaction(durable=False) as connection:
            connection.execute(statements.PUT_OFF, values)

    def settle(self, job_id: str, engine: str) -> None:
        """Nothing is left to be told, or will be."""
        with self._database.transaction(durable=False) as connection:
            connection.execute(statements.DELETE, {"job": job_id, "engine": engine})


def add_subscriber(connection: Connection, job_id: str, subscriber: Subscriber) -> None:
    """Have the subscriber of a job told, within the transaction that accepts the job."""
    row = {
        "job_id": job_id,
        "success_uri": subscriber.success_uri,
        "failed_uri": subscriber.failed_uri,
        "progress_uri": subscriber.progress_uri,
        "attempts": 0,
        "due": 0.0,
        "owner": None,
    }
    connection.execute(statements.INSERT, row)
