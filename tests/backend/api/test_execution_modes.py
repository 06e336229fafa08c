"""Who waits for what: `jobControlOptions`, `mode` and `Prefer` together (OGC 18-062r2, 7.11.2.3)."""

from contextlib import closing

import anyio
import httpx
import pytest

from backend.api.modes import Agreement, Mode, agree
from backend.api.preferences import parse_preferences
from backend.jobs.sqlite import SqliteDatabase
from backend.settings import Settings
from tests.backend.api.calls import run

SYNC, ASYNC = "sync-execute", "async-execute"


@pytest.mark.parametrize(
    ("control", "mode", "prefer", "agreement"),
    [
        ([SYNC], "auto", "", Agreement(600)),
        ([SYNC], "auto", "wait=1", Agreement(600)),
        ([SYNC], "async", "respond-async, wait=0", Agreement(600)),
        ([SYNC, ASYNC], "sync", "respond-async, wait=0", Agreement(600)),
        ([SYNC, ASYNC], "auto", "", Agreement(600)),
        ([SYNC, ASYNC], "auto", "wait=0", Agreement(0, wait=0)),
        ([SYNC, ASYNC], "auto", "respond-async", Agreement(0, respond_async=True)),
        ([SYNC, ASYNC], "auto", "respond-async, wait=5", Agreement(5, wait=5, respond_async=True)),
        ([SYNC, ASYNC], "auto", "wait=1234567", Agreement(600, wait=600)),
        ([SYNC, ASYNC], "async", "", Agreement(0)),
        ([ASYNC], "sync", "", Agreement(0)),
        ([ASYNC], "auto", "wait=3", Agreement(3, wait=3)),
        ([ASYNC], "auto", "respond-async", Agreement(0, respond_async=True)),
        ([], "auto", "", Agreement(600)),
        ([], "auto", "respond-async", Agreement(0, respond_async=True)),
        ([], "sync", "respond-async", Agreement(600)),
    ],
)
def test_what_is_agreed_is_never_against_what_the_process_declares(
    control: list[str], mode: Mode, prefer: str, agreement: Agreement
) -> None:
    assert agree(mode, parse_preferences([prefer]), frozenset(control), 600) == agreement


@pytest.mark.anyio
@pytest.mark.parametrize("prefer", ["wait=0", "respond-async, wait=0", "respond-async"])
async def test_a_process_that_only_runs_synchronously_is_waited_for(client: httpx.AsyncClient, prefer: str) -> None:
    response = await run(client, "sync-only", prefer)
    assert (response.status_code, response.json()) == (200, True)
    assert "preference-applied" not in response.headers


@pytest.mark.anyio
async def test_what_the_body_asks_to_be_synchronous_is_waited_for(client: httpx.AsyncClient) -> None:
    response = await run(client, "hello-world", "respond-async, wait=0", inputs={"name": "x"}, mode="sync")
    assert response.status_code == 200
    assert "preference-applied" not in response.headers


@pytest.mark.anyio
@pytest.mark.parametrize(("asked", "told"), [("wait=601", "wait=600"), ("wait=1234567", "wait=600")])
async def test_the_wait_that_is_told_is_the_one_that_applies(client: httpx.AsyncClient, asked: str, told: str) -> None:
    response = await run(client, "hello-world", asked, inputs={"name": "x"})
    assert response.headers["preference-applied"] == told
    tag = (await client.get(f"/jobs/{response.headers['location'].rsplit('/', 1)[1]}")).headers["etag"]
    job = f"/jobs/{response.headers['location'].rsplit('/', 1)[1]}"
    held = await client.get(job, headers={"If-None-Match": tag, "Prefer": asked})
    assert held.headers["preference-applied"] == told


@pytest.mark.anyio
@pytest.mark.parametrize("prefer", ["", "respond-async"])
async def test_no_request_waits_while_another_process_writes_to_the_store(
    client: httpx.AsyncClient, settings: Settings, prefer: str
) -> None:
    answers: list[httpx.Response] = []

    async def execute() -> None:
        answers.append(await run(client, "hello-world", prefer, inputs={"name": "Ada"}))

    with anyio.fail_after(40), closing(SqliteDatabase(settings.home / "jobs.sqlite")) as others:
        async with anyio.create_task_group() as tasks:
            with others.transaction(durable=False):
                tasks.start_soon(execute)
                await anyio.wait_all_tasks_blocked()
                assert (await client.get("/conformance")).status_code == 200
                assert answers == []
    assert answers[0].status_code == (201 if prefer else 200)
