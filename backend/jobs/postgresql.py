"""The job store's database as one of a PostgreSQL server, for servers on several machines."""

import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from backend.errors import BackendError, StoreLockedError, StoreUnavailableError
from backend.jobs.connection import Compiler, Connection
from backend.jobs.schema import SCHEMA_VERSION, bring_up_to_date

_CONNECT_SECONDS = 5
_VANISHED: Mapping[str, int] = {
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000,
}  # fmt: skip
"""Seconds, tries, milliseconds: a machine that is gone without a word is noticed after less than half a minute.

The system's own patience is a quarter of an hour for what was sent, and two hours for an answer."""
_LOCK_MILLISECONDS = 10_000
_MARK = ".job-store"
_SETTING = "OGC_PROCESSES_JOBS_URL"
"""By which the operator knows the URL."""
# Held while the tables are made or changed: any number that other software hardly uses.
_PREPARING = 0x6F67_6370_6A6F_6273

_store = sa.Table(
    "job_store",
    sa.MetaData(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("id", sa.String(32), nullable=False),
)


class PostgresqlDatabase:
    """Connections to one database of a PostgreSQL server."""

    def __init__(self, url: str, files: Path) -> None:
        self._url = _driver_url(url)
        # All is on the disk: the end of the database server must not undo what a worker elsewhere has begun.
        self._writes = self._connect("SET synchronous_commit TO on")
        self._reads = self._connect("SET default_transaction_isolation TO 'repeatable read'")
        self._compiler = Compiler(self._reads.dialect, encode=_without_nul)
        try:
            with self._told():
                self._prepare(files)
        except (StoreUnavailableError, exc.DBAPIError) as error:
            self.close()
            kind = StoreUnavailableError if isinstance(error, StoreUnavailableError) else BackendError
            raise kind(f"{_SETTING}: the database cannot be used: {_reason(error)}.") from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(
        self,
        *,
        durable: bool,  # noqa: ARG002
        patient: bool = True,
        seen_before: bool = False,  # noqa: ARG002
    ) -> Generator[Connection]:
        """One transaction, always durable; reads see what is committed when they begin, and lock where they say so."""
        if not patient:
            raise StoreLockedError("The job store is on another machine: to write to it takes its time.")
        with self._begun(self._writes) as pooled:
            yield Connection(pooled, self._compiler)
            pooled.commit()

    @property
    def answers_at_once(self) -> bool:
        """Never: it is on another machine, which may be busy, or gone."""
        return False

    def shares_sync(self) -> bool:
        """Never: the server does that itself."""
        return False

    def sync(self) -> None:
        """Nothing: every commit is on the disk."""

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A connection for reading: all that is read with it was true at one time."""
        with self._begun(self._reads) as pooled:
            yield Connection(pooled, self._compiler)

    def watch(self) -> "PostgresqlWatch":
        """A watch for commits by anyone else, this process's other connections included."""
        return PostgresqlWatch(self)

    def close(self) -> None:
        """Close every idle connection."""
        for engine in (self._writes, self._reads):
            engine.dispose()

    def _connect(self, setting: str) -> sa.Engine:
        given = {"connect_timeout": _CONNECT_SECONDS, "application_name": "ogc-processes-mcp", **_VANISHED}
        missing = {name: value for name, value in given.items() if name not in self._url.query}
        try:
            # The ping finds connections that a restart of the server has cut.
            engine = sa.create_engine(
                self._url, connect_args=missing, pool_pre_ping=True, pool_timeout=_CONNECT_SECONDS
            )
        except ModuleNotFoundError as error:
            reason = "A job store on PostgreSQL needs the extra 'postgres': pip install 'ogc-processes-mcp[postgres]'."
            raise BackendError(reason) from error

        def configure(connection: Any, _record: Any) -> None:
            connection.autocommit = True
            connection.execute(setting)
            connection.execute(f"SET lock_timeout TO {_LOCK_MILLISECONDS}")
            connection.autocommit = False

        event.listen(engine, "connect", configure)
        return engine

    @contextmanager
    def _begun(self, engine: sa.Engine) -> Generator[sa.PoolProxiedConnection]:
        """A pooled connection; what is not committed is rolled back.

        Raises:
            StoreUnavailableError: the server does not answer, or ended the connection.
        """
        with self._told():
            pooled = engine.raw_connection()
            try:
                yield pooled
            except self._faults:
                pooled.invalidate()
                raise
            finally:
                pooled.close()

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except (*self._faults, exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
            raise StoreUnavailableError("The database of the job store does not answer.") from error

    @property
    def _faults(self) -> tuple[type[Exception], ...]:
        driver: Any = self._reads.dialect.loaded_dbapi
        return driver.OperationalError, driver.InterfaceError

    def _prepare(self, files: Path) -> None:
        """Make the tables what this release expects; several servers may do so at once."""
        with self._writes.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_PREPARING)))
            _store.create(connection, checkfirst=True)
            row = connection.execute(sa.select(_store)).one_or_none()
            if row is None:
                bring_up_to_date(connection, 0)
                connection.execute(sa.insert(_store), {"version": SCHEMA_VERSION, "id": _marked(files)})
                return
            bring_up_to_date(connection, row.version)
            if row.version != SCHEMA_VERSION:
                connection.execute(sa.update(_store).values(version=SCHEMA_VERSION))
        _require_shared(files, row.id)


class PostgresqlWatch:
    """Tells whether anything was committed since it was last asked, at the cost of one question to the server."""

    # It changes with the begin and the end of every transaction that writes, and with nothing else.
    _SNAPSHOT = sa.select(sa.cast(sa.func.pg_current_snapshot(), sa.Text))

    def __init__(self, database: PostgresqlDatabase) -> None:
        self._database = database
        self._seen: str | None = None

    def changed(self) -> bool:
        """True the first time, and whenever there was a commit since the last call."""
        with self._database.reading() as connection:
            snapshot = connection.execute(self._SNAPSHOT).scalar()
        changed = snapshot != self._seen
        self._seen = snapshot
        return changed

    def close(self) -> None:
        """Its connections are the database's: nothing is left to be closed."""


def _driver_url(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError):
        raise BackendError(f"{_SETTING} is not the URL of a database.") from None
    name = parsed.get_backend_name()
    if name != "postgresql":
        raise BackendError(f"{_SETTING}: a job store cannot be kept in '{name}': PostgreSQL or no URL at all.")
    return parsed.set(drivername="postgresql+psycopg")


def _reason(error: Exception) -> str:
    """What the driver says of it, for the operator: the first of its lines, and no password."""
    cause = error.__cause__ if isinstance(error, StoreUnavailableError) else error
    said = str(cause.orig if isinstance(cause, exc.DBAPIError) else cause)
    return said.partition("\n")[0].rstrip(".")


def _without_nul(value: Any) -> Any:
    """A text that PostgreSQL takes: all characters but this one."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) and "\0" in value else value


def _marked(files: Path) -> str:
    """The id of a new store, which its folder of files bears."""
    store_id = uuid.uuid4().hex
    files.mkdir(parents=True, exist_ok=True)
    (files / _MARK).write_text(store_id, encoding="ascii")
    return store_id


def _require_shared(files: Path, store_id: str) -> None:
    """Refuse a folder that the others do not use: their results would not be found in it.

    Raises:
        BackendError: it is another one.
    """
    found = ""
    with suppress(OSError):
        found = (files / _MARK).read_text(encoding="ascii")
    if found != store_id:
        raise BackendError(
            f"OGC_PROCESSES_JOBS_FOLDER: the folder of results {files} is not the one that the other servers of this"
            " job store use: give all of them the same."
        )
