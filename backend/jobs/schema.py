"""The tables of the job store. Times are seconds since the epoch, UTC."""

import sqlalchemy as sa

MIGRATIONS = (("ALTER TABLE jobs ADD COLUMN by_reference TEXT",),)
"""What makes the tables of version 1 those of version 2, and so on."""

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
    sa.Column("inputs", sa.Text),  # JSON object; null when it stands in a file
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
    sa.Index("jobs_by_age", "created", "id"),
    sa.Index("jobs_by_status", "status", "owner", "created"),
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
