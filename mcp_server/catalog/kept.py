"""What servers offered when they were last read, in a file: tools are there at once at the next start."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from mcp_server.catalog.records import Change, Offer, Offered
from mcp_server.discovery.facts import facts_as_json, facts_from_json
from mcp_server.discovery.records import Words
from mcp_server.ogc.dialects import DIALECTS
from mcp_server.ogc.models import ServerIdentity

_log = logging.getLogger(__name__)

_FILE: Final = "catalog.sqlite3"
_BUSY_SECONDS: Final = 5.0
_FORMAT: Final = 2
_SCHEMA: Final = f"""
DROP TABLE IF EXISTS server;
DROP TABLE IF EXISTS process;
CREATE TABLE server (
    name TEXT PRIMARY KEY, url TEXT NOT NULL, dialect TEXT NOT NULL, known_by TEXT NOT NULL
);
CREATE TABLE process (
    server TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, listed TEXT NOT NULL, words TEXT NOT NULL,
    roles TEXT NOT NULL, facts TEXT, digest TEXT, description TEXT, changed TEXT,
    PRIMARY KEY (server, id)
);
PRAGMA user_version = {_FORMAT};
"""
_KEEP_PROCESS: Final = """
INSERT INTO process VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (server, id) DO UPDATE SET
    position = excluded.position, listed = excluded.listed, words = excluded.words, roles = excluded.roles,
    facts = excluded.facts, digest = coalesce(excluded.digest, digest),
    description = coalesce(excluded.description, description), changed = excluded.changed
"""
_KEEP_SERVER: Final = "INSERT OR REPLACE INTO server VALUES (?, ?, ?, ?)"
_FORGET_MOVED: Final = "DELETE FROM process WHERE server IN (SELECT name FROM server WHERE name = ? AND url <> ?)"
_DROP_OTHERS: Final = "DELETE FROM process WHERE server = ? AND id NOT IN (SELECT value FROM json_each(?))"
_WAS: Final = """
SELECT digest, description, changed FROM process JOIN server ON server.name = process.server
WHERE name = ? AND url = ? AND id = ? AND digest IS NOT NULL AND description IS NOT NULL
"""
_LOAD: Final = """
SELECT id, listed, words, roles, facts, digest, changed FROM process WHERE server = ? ORDER BY position
"""
_DESCRIPTION: Final = "SELECT description FROM process WHERE server = ? AND id = ?"


@dataclass(frozen=True, slots=True)
class Was:
    """A description as it was last read."""

    digest: str
    description: Mapping[str, Any]
    changed: Change | None = None


class Kept:
    """One file of a home folder, which any number of bridges may share.

    It is only a copy: whatever goes wrong with it is logged, and counts as nothing kept.
    """

    def __init__(self, home: Path, *, key: str = "") -> None:
        """key: whatever else the embedded server's processes depend on (its configuration, its folders); what was kept
        of it under another key is not loaded. Nor is, of any server, what another version of this package kept."""
        self._path = home / _FILE
        self._key = key
        self._version = version("ogc-processes-mcp")
        self._turn = threading.Lock()
        """For this process's threads: SQLite has those that wait look again at ever longer intervals."""

    def load(
        self, servers: Iterable[ServerIdentity], *, descriptions_up_to: int, pinned: Callable[[str, str], bool]
    ) -> dict[str, Offer]:
        """The offers of servers as they are configured now.

        descriptions_up_to: with descriptions where all servers together offer no more processes than this; else only
        with those of the `pinned` ones, by name of the server and id.
        """

        def read(database: sqlite3.Connection) -> dict[str, Offer]:
            found = (self._as_kept(database, identity) for identity in servers)
            kept = [identity for identity in found if identity is not None]
            whole = sum(_count(database, identity.name) for identity in kept) <= descriptions_up_to
            offers = (Offer(one, dict(_processes(database, one.name, whole=whole, pinned=pinned))) for one in kept)
            return {offer.identity.name: offer for offer in offers if offer.processes}

        return self._within(read) or {}

    def was(self, server: ServerIdentity, ids: Collection[str]) -> dict[str, Was]:
        """The descriptions of some processes as they were last read at this URL, by whichever version."""

        def read(database: sqlite3.Connection) -> dict[str, Was]:
            rows = {name: database.execute(_WAS, (server.name, server.url, name)).fetchone() for name in ids}
            found = ((name, row) for name, row in rows.items() if row is not None)
            return {name: Was(row[0], json.loads(row[1]), _change(row[2])) for name, row in found}

        return self._within(read) or {}

    def save(self, offer: Offer, before: Offer | None) -> None:
        """Keep an offer, beside those of other servers; `before` is what was saved, or loaded, last."""
        identity = offer.identity
        known: Mapping[str, Offered] = before.processes if before is not None else {}
        changed = [
            _row(identity.name, position, name, offered)
            for position, (name, offered) in enumerate(offer.processes.items())
            if known.get(name) is not offered
        ]

        def write(database: sqlite3.Connection) -> None:
            database.execute(_FORGET_MOVED, (identity.name, identity.url))
            known_by = self._known_by(identity)
            database.execute(_KEEP_SERVER, (identity.name, identity.url, identity.dialect, known_by))
            ids = json.dumps(list(offer.processes))
            database.execute(_DROP_OTHERS, (identity.name, ids))
            database.executemany(_KEEP_PROCESS, changed)

        self._within(write)

    def _within[T](self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do something in one transaction; None where the file cannot be used. A damaged one is begun anew."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._turn, closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as database:
                if database.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
                    database.executescript(_SCHEMA)
                with database:
                    return work(database)
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            _log.warning("the catalog %s could not be used: %s", self._path, error)
            if not isinstance(error, sqlite3.OperationalError | OSError):
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)
            return None

    def _as_kept(self, database: sqlite3.Connection, identity: ServerIdentity) -> ServerIdentity | None:
        """A server with the dialect it was found to speak, if what is kept of it holds."""
        asked = "SELECT dialect FROM server WHERE name = ? AND url = ? AND known_by = ?"
        row = database.execute(asked, (identity.name, identity.url, self._known_by(identity))).fetchone()
        return replace(identity, dialect=row[0]) if row is not None and row[0] in DIALECTS else None

    def _known_by(self, identity: ServerIdentity) -> str:
        """What the kept words depend on besides the server."""
        return f"{self._version} {self._key}" if identity.embedded else self._version


def _count(database: sqlite3.Connection, server: str) -> int:
    return int(database.execute("SELECT count(*) FROM process WHERE server = ?", (server,)).fetchone()[0])


def _processes(
    database: sqlite3.Connection, server: str, *, whole: bool, pinned: Callable[[str, str], bool]
) -> Generator[tuple[str, Offered]]:
    for process_id, *row in database.execute(_LOAD, (server,)):
        described = whole or pinned(server, process_id)
        text = database.execute(_DESCRIPTION, (server, process_id)).fetchone()[0] if described else None
        yield process_id, _offered(row, text)


def _offered(row: Sequence[Any], description: str | None) -> Offered:
    listed, words, roles, facts, digest, changed = row
    title, text, keywords, input_names = json.loads(words)
    return Offered(
        str(listed),
        Words(title, text, tuple(keywords), tuple(input_names)),
        frozenset(json.loads(roles)),
        facts_from_json(json.loads(facts)) if facts is not None else None,
        digest,
        json.loads(description) if description is not None else None,
        _change(changed),
    )


def _change(text: str | None) -> Change | None:
    return Change(**json.loads(text)) if text is not None else None


def _row(server: str, position: int, process_id: str, offered: Offered) -> tuple[Any, ...]:
    words = offered.words
    return (
        server,
        process_id,
        position,
        offered.listed,
        json.dumps([words.title, words.description, words.keywords, words.input_names]),
        json.dumps(sorted(offered.roles)),
        json.dumps(facts_as_json(offered.facts)) if offered.facts is not None else None,
        offered.digest,
        json.dumps(offered.description) if offered.description is not None else None,
        json.dumps(asdict(offered.changed)) if offered.changed is not None else None,
    )
