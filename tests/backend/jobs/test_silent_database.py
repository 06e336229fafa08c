"""A database that accepts questions and does not answer: whoever asks something else is answered meanwhile."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import anyio
import httpx
import psutil
import pytest
from databases import Postgres
from sqlalchemy.pool import QueuePool

from backend.api.service import Service
from backend.app import create_app
from backend.jobs import asking
from backend.jobs.postgresql import PostgresqlDatabase
from backend.jobs.records import JobRequest
from backend.settings import Settings

pytestmark = pytest.mark.anyio

PATIENCE = 30
OF_NOBODY = JobRequest("of-nobody", {}, None, "raw", idempotent=False)
"""A job that no worker takes."""
HELD = {"If-None-Match": '"1"', "Prefer": "wait=1"}


@contextmanager
def silent(postgres: Postgres) -> Iterator[threading.Event]:
    """Meanwhile it stands still, though not for ever; the event tells that it had to be woken."""
    # The first of them, so that it makes no others meanwhile, which would answer.
    postgres.processes()[0].suspend()
    processes = postgres.processes()
    woken = threading.Event()

    def wake() -> None:
        woken.set()
        resume(processes)

    guard = threading.Timer(PATIENCE, wake)
    guard.start()
    try:
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # whose connection has just been closed
                process.suspend()
        yield woken
    finally:
        guard.cancel()
        resume(processes)


def resume(processes: list[psutil.Process]) -> None:
    for process in processes:
        if process.is_running():
            process.resume()


@pytest.fixture
async def server(postgres: Postgres, home: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Service]]:
    app = create_app(Settings(home=home, jobs_url=postgres.new_database(), workers=1))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=2 * PATIENCE) as client,
    ):
        yield client, app.state.service


def lent(service: Service) -> int:
    """Connections that somebody has: who is waited for no longer gives his back once the database goes on."""
    database = service.store._database
    assert isinstance(database, PostgresqlDatabase)
    pool = database._reads.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/jobs/{job}", {}, 200),
        ("/jobs/{job}", HELD, 304),
        ("/jobs/{job}/results", {}, 404),
        ("/jobs/{job}/results/area", {}, 404),
        ("/jobs/{job}/log", {}, 200),
    ],
)
async def test_a_question_that_the_database_does_not_answer_keeps_nobody_else_waiting(
    server: tuple[httpx.AsyncClient, Service], postgres: Postgres, path: str, headers: dict[str, str], status: int
) -> None:
    client, service = server
    job = service.store.insert(OF_NOBODY, owner=None, durable=True)
    answers: list[httpx.Response] = []

    async def ask() -> None:
        answers.append(await client.get(path.format(job=job.id), headers=headers))

    async with anyio.create_task_group() as tasks:
        with silent(postgres) as woken:
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            assert (await client.get("/conformance")).status_code == 200
            assert not answers
            assert not woken.is_set()
    (answer,) = answers
    assert answer.status_code in (status, 503)  # a new connection is not waited for as long


@pytest.mark.parametrize(
    "path", ["/jobs", "/jobs/{job}", "/jobs/{job}/results", "/jobs/{job}/results/area", "/jobs/{job}/log"]
)
async def test_a_question_that_the_database_does_not_answer_is_given_up_after_a_while(
    server: tuple[httpx.AsyncClient, Service], postgres: Postgres, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(asking, "_LONGEST_SECONDS", 0.1)
    client, service = server
    job = service.store.insert(OF_NOBODY, owner=None, durable=True)
    with silent(postgres) as woken:
        answer = await client.get(path.format(job=job.id))
        assert not woken.is_set()
    with anyio.fail_after(PATIENCE):
        while lent(service):
            await anyio.sleep(0.01)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["title"] == "The job store does not answer"


async def test_who_waits_for_a_job_keeps_nobody_else_waiting(
    server: tuple[httpx.AsyncClient, Service], postgres: Postgres
) -> None:
    client, service = server
    job = service.store.insert(OF_NOBODY, owner=None, durable=True)
    async with anyio.create_task_group() as tasks:
        with silent(postgres) as woken:
            tasks.start_soon(lambda: service.engine.wait(job.id, timeout=0))
            await anyio.wait_all_tasks_blocked()
            assert (await client.get("/conformance")).status_code == 200
            assert not woken.is_set()


def test_a_machine_that_is_gone_without_a_word_is_noticed_soon_or_when_the_url_says_so(
    postgres: Postgres, home: Path
) -> None:
    database = PostgresqlDatabase(f"{postgres.new_database()}&keepalives_idle=77", home)
    with closing(database), database.reading() as connection:
        told = connection._driver.driver_connection.info.get_parameters()
    assert (told["keepalives_idle"], told["tcp_user_timeout"]) == ("77", "25000")
    assert int(told["keepalives_interval"]) * int(told["keepalives_count"]) <= 20
