"""What the store asks of its database, and which database it is."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from backend.jobs.connection import Connection
from backend.jobs.postgresql import PostgresqlDatabase
from backend.jobs.sqlite import SqliteDatabase


class ChangeWatch(Protocol):
    """Tells whether the database changed since it was last asked. For one thread at a time."""

    def changed(self) -> bool:
        """True the first time, and whenever there was a commit since the last call."""
        ...

    def close(self) -> None:
        """Close its connection."""
        ...


class Database(Protocol):
    """Connections to one database, which any number of processes share."""

    def transaction(
        self, *, durable: bool, patient: bool = True, seen_before: bool = False
    ) -> AbstractContextManager[Connection]:
        """One transaction. What it locks, or has read with a lock, is true until it ends.

        `durable`: it is on the disk when it ends. Any other survives the end of every process, and may be lost with
        the power. `seen_before`: others may see what is written a moment before it is on the disk; in return they may
        write while it is brought there. For what nobody relies on before its writer is answered.

        Raises:
            StoreLockedError: another one holds the lock: for long or, where we are not `patient`, at all.
            StoreUnavailableError: the database does not answer. Nothing is known of a commit that was under way.
        """
        ...

    @property
    def answers_at_once(self) -> bool:
        """Whether what is read is there within some microseconds, whatever others do."""
        ...

    def shares_sync(self) -> bool:
        """Whether what was committed without being durable is brought to the disk apart, by `sync`.

        Where it is not, a durable transaction keeps nobody else waiting for the disk.
        """
        ...

    def sync(self) -> None:
        """Bring all that was committed to the disk. Others may write meanwhile."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for reading: all that is read with it was true at one time, and nothing waits for a writer."""
        ...

    def watch(self) -> ChangeWatch:
        """A watch for commits by anyone else, this process's other connections included."""
        ...

    def close(self) -> None:
        """Close every idle connection."""
        ...


def open_database(home: Path, files: Path, url: str | None) -> Database:
    """The database at a URL or, without one, in the home folder; its tables are those of this release.

    files: the folder of large results, which all servers of one database share.

    Raises:
        BackendError: it cannot be reached, is none that can be used, or a newer release wrote it.
    """
    return SqliteDatabase(home / "jobs.sqlite") if url is None else PostgresqlDatabase(url, files)
