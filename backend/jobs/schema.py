"""The tables of the job store. Times are seconds since the epoch, UTC."""

from itertools import chain

import sqlalchemy as sa

from backend.errors import BackendError

MIGRATIONS = (
    ("ALTER TABLE jobs ADD COLUMN by_reference TEXT",),
    (
        "CREATE INDEX jobs_by_end ON jobs (finished)",
        "CREATE INDEX jobs_by_process ON jobs (process_id, created)",
        """CREATE TABLE job_log (job_id VARCHAR(32) NOT NULL REFERENCES jobs (id), number INTEGER NOT NULL,
           line TEXT NOT NULL, PRIMARY KEY (job_id, number))""",
        """CREATE TABLE expired_jobs (id VARCHAR(32) NOT NULL PRIMARY KEY, expired DOUBLE PRECISION NOT NULL,
           files BOOLEAN NOT NULL)""",
        "CREATE INDEX expired_jobs_by_time ON expired_jobs (expired)",
    ),
    (
        """CREATE TABLE job_callbacks (job_id VARCHAR(32) NOT NULL PRIMARY KEY REFERENCES jobs (id), success_uri TEXT,
           failed_uri TEXT, progress_uri TEXT, attempts INTEGER NOT NULL, due DOUBLE PRECISION NOT NULL,
           owner VARCHAR(32))""",
    ),
    ("ALTER TABLE jobs ADD COLUMN trace VARCHAR(55)", "ALTER TABLE jobs ADD COLUMN complete BOOLEAN"),
    ("ALTER TABLE jobs ADD COLUMN stops INTEGER",),
)
"""What makes the tables of version 1 those of version 2, and so on: SQL that both databases take as it is."""

SCHEMA_VERSION = 1 + len(MIGRATIONS)
"""Grows with every change to the tables. A store with a higher one was written by a newer release."""

metadata = sa.MetaData()

engines = sa.Table(
    "engines",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    # Host, pid and start time: an engine that died on this host is recognised at once, not when its lease ends.
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_started", sa.Double, nullable=False),
    # By the engine's own clock. Nobody compares it with another: that it changes is the sign of life.
    sa.Column("lease_expires", sa.Double, nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("process_id", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("started", sa.Double),
    sa.Column("finished", sa.Double),
    sa.Column("updated", sa.Double, nullable=False),
    sa.Column("progress", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("response", sa.String(16), nullable=False),
    sa.Column("outputs", sa.Text),  # JSON array; null means all
    sa.Column("by_reference", sa.Text),  # JSON array
    sa.Column("inputs", sa.Text),  # JSON object; null when it stands in a file, or the job has ended
    sa.Column("idempotent", sa.Boolean, nullable=False),
    sa.Column("durable", sa.Boolean, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    # The engine whose lease covers the job. Null: the job waits for any engine with a free worker.
    sa.Column("owner", sa.String(32)),
    sa.Column("worker_pid", sa.Integer),
    sa.Column("worker_started", sa.Double),
    sa.Column("dismiss_requested", sa.Boolean, nullable=False),
    sa.Column("failure_kind", sa.String(16)),
    sa.Column("failure_message", sa.Text),
    sa.Column("failure_path", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    # Its results are all there, and are being brought to the disk: whatever happens now, it is successful, but is not
    # said to be yet.
    sa.Column("complete", sa.Boolean),
    sa.Column("trace", sa.String(55)),  # `traceparent` of the request that it was accepted with
    sa.Column("stops", sa.Integer),  # attempts that ended because their server was told to stop; null for none
    sa.Index("jobs_by_age", "created", "id"),
    sa.Index("jobs_by_status", "status", "owner", "created"),
    sa.Index("jobs_by_end", "finished"),
    sa.Index("jobs_by_process", "process_id", "created"),
)

results = sa.Table(
    "results",
    metadata,
    sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("output_id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("summary", sa.Text, nullable=False),  # JSON object
    # Exactly one of the two: the bytes, or the file that holds them, relative to the results folder.
    sa.Column("data", sa.LargeBinary),
    sa.Column("file", sa.Text),
    sa.CheckConstraint("(data IS NULL) <> (file IS NULL)", name="one_place"),
)

job_log = sa.Table(
    "job_log",
    metadata,
    sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Text, nullable=False),
)

job_callbacks = sa.Table(
    "job_callbacks",
    metadata,
    sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("success_uri", sa.Text),
    sa.Column("failed_uri", sa.Text),
    sa.Column("progress_uri", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    # When the end may be told again, by the clock of who could not tell it: another one may do so sooner, or later.
    sa.Column("due", sa.Double, nullable=False),
    # The engine that tells the subscriber. Null, or one that is gone: anybody may.
    sa.Column("owner", sa.String(32)),
)

expired_jobs = sa.Table(
    "expired_jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("expired", sa.Double, nullable=False),
    sa.Column("files", sa.Boolean, nullable=False),  # whether its files may still be there
    sa.Index("expired_jobs_by_time", "expired"),
)


def bring_up_to_date(connection: sa.Connection, version: int) -> None:
    """Make the tables of that version (0: there are none) those of this release, within the caller's transaction.

    Raises:
        BackendError: a newer release wrote them, or there are others of the same names.
    """
    if version > SCHEMA_VERSION:
        raise BackendError("The job store was written by a newer release of this software.")
    if version == 0:
        taken = sorted(set(sa.inspect(connection).get_table_names()) & set(metadata.tables))
        if taken:
            raise BackendError(
                f"The database has tables of other software: {', '.join(taken)}. Give the jobs their own."
            )
        metadata.create_all(connection, checkfirst=False)
    for statement in chain.from_iterable(MIGRATIONS[version - 1 :] if version else ()):
        connection.exec_driver_sql(statement)
