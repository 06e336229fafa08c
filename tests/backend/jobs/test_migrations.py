"""Stores of other releases: older ones are brought up to date, newer ones are refused."""

from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from databases import Place

from backend.errors import BackendError
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import JobRequest, NewResult
from backend.jobs.schema import SCHEMA_VERSION
from tests.backend.jobs.attempts import finish

FIRST = """
CREATE TABLE engines (id VARCHAR(32) NOT NULL PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL,
    process_started DOUBLE PRECISION NOT NULL, lease_expires DOUBLE PRECISION NOT NULL);
CREATE TABLE jobs (id VARCHAR(32) NOT NULL PRIMARY KEY, process_id TEXT NOT NULL, status VARCHAR(16) NOT NULL,
    created DOUBLE PRECISION NOT NULL, started DOUBLE PRECISION, finished DOUBLE PRECISION,
    updated DOUBLE PRECISION NOT NULL, progress INTEGER NOT NULL, message TEXT NOT NULL, response VARCHAR(16) NOT NULL,
    outputs TEXT, inputs TEXT, idempotent BOOLEAN NOT NULL, durable BOOLEAN NOT NULL, attempts INTEGER NOT NULL,
    owner VARCHAR(32), worker_pid INTEGER, worker_started DOUBLE PRECISION, dismiss_requested BOOLEAN NOT NULL,
    failure_kind VARCHAR(16), failure_message TEXT, failure_path TEXT, version INTEGER NOT NULL);
CREATE INDEX jobs_by_age ON jobs (created, id);
CREATE INDEX jobs_by_status ON jobs (status, owner, created);
CREATE TABLE results (job_id VARCHAR(32) NOT NULL REFERENCES jobs (id), output_id TEXT NOT NULL,
    position INTEGER NOT NULL, media_type TEXT NOT NULL, size BIGINT NOT NULL, sha256 VARCHAR(64) NOT NULL,
    summary TEXT NOT NULL, data {bytes}, file TEXT, PRIMARY KEY (job_id, output_id),
    CONSTRAINT one_place CHECK ((data IS NULL) <> (file IS NULL)));
INSERT INTO jobs (id, process_id, status, created, updated, progress, message, response, inputs, idempotent, durable,
    attempts, dismiss_requested, version)
VALUES ('old', 'buffer', 'accepted', 1, 1, 0, '', 'raw', '{{"distance"\\:5}}', false, true, 0, false, 1)
"""
"""The tables of version 1, with a job that waits."""


def make_first(place: Place) -> None:
    place.execute(*FIRST.format(bytes="BLOB" if place.url is None else "BYTEA").split(";"))
    set_version(place, 1)


def set_version(place: Place, version: int) -> None:
    if place.url is None:
        place.execute(f"PRAGMA user_version={version}")
        return
    place.execute("CREATE TABLE IF NOT EXISTS job_store (version INTEGER NOT NULL, id VARCHAR(32) NOT NULL)")
    place.execute("DELETE FROM job_store", "INSERT INTO job_store VALUES (:version, 'one')", version=version)
    place.home.mkdir(exist_ok=True)
    (place.home / ".job-store").write_text("one")


def kind(type_: Any) -> str:
    """SQLite keeps the name that a column's type was given, and treats these two alike."""
    name = str(type_).partition("(")[0]
    return "DOUBLE" if name == "REAL" else name


def tables(place: Place) -> dict[str, Any]:
    """Columns and indexes of each table."""
    engine = place.engine()
    inspector = sa.inspect(engine)
    found = {
        table: (
            {column["name"]: (kind(column["type"]), column["nullable"]) for column in columns},
            sorted((index["name"], tuple(index["column_names"])) for index in inspector.get_indexes(table)),
            inspector.get_pk_constraint(table)["constrained_columns"],
        )
        for table in inspector.get_table_names()
        if (columns := inspector.get_columns(table))
    }
    engine.dispose()
    return found


def test_a_store_of_the_first_release_is_brought_up_to_date(place: Place) -> None:
    make_first(place)
    with closing(place.open()) as store:
        assert store.get("old").by_reference == ()
        assert store.leases.claim("an-engine", ["buffer"])
        started = store.start("old", "an-engine", ProcessIdentity.current())
        assert started is not None
        assert started.inputs == {"distance": 5}
        finish(store, started, [NewResult("area", "text/plain", b"1", {})])
        request = JobRequest("buffer", {}, None, "raw", idempotent=False, by_reference=("area",))
        assert store.get(store.insert(request, owner=None, durable=False).id).by_reference == ("area",)
    with closing(place.open()) as store:
        assert store.get("old").status == "successful"


def test_a_store_that_was_brought_up_to_date_is_as_a_new_one(
    place: Place, request: pytest.FixtureRequest, tmp_path: Any
) -> None:
    make_first(place)
    place.open().close()
    url = None if place.url is None else request.getfixturevalue("postgres").new_database()
    fresh = Place(tmp_path / "fresh", url)
    fresh.open().close()
    assert tables(place) == tables(fresh)


def test_the_store_of_a_newer_release_is_refused(place: Place) -> None:
    place.open().close()
    set_version(place, SCHEMA_VERSION + 1)
    with pytest.raises(BackendError, match="newer release"):
        place.open()


def test_tables_of_other_software_are_left_alone(place: Place) -> None:
    place.execute("CREATE TABLE jobs (id INTEGER)")
    with pytest.raises(BackendError, match="other software: jobs"):
        place.open()
    assert list(tables(place)["jobs"][0]) == ["id"]
