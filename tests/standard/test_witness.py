"""Every backend of these tests is witnessed, wherever it runs, and what is wrong fails the test that saw it."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from backend.app import create_app
from backend.settings import Settings
from mcp_server.session import call, open_session
from mcp_server.settings import Settings as BridgeSettings
from tests.serving import served
from tests.standard.answers import SCHEMAS
from tests.standard.clients import conforming, conforming_async
from tests.standard.witness import Witness, Witnessed

ROOT = Path(__file__).resolve().parents[2]


async def _without_links(_: Request) -> JSONResponse:
    return JSONResponse({"title": "a landing page that leads nowhere"})


BROKEN = Starlette(routes=[Route("/", _without_links)])


def test_every_schema_is_held_against_what_a_server_in_a_thread_answers(witness: Witness, home: Path) -> None:
    assert witness.faults() == []
    before = Counter(witness.check.counts)
    with (
        served(lambda url: create_app(Settings(home=home, public_url=url, workers=1))) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        for path in ("/", "/conformance", "/processes", "/processes/hello-world", "/jobs", "/nothing"):
            client.get(path)
        inputs = {"inputs": {"name": "Ada"}, "response": "document"}
        done = client.post("/processes/hello-world/execution", json=inputs)
        client.get(done.headers["Location"])
        client.get(done.headers["Location"] + "/results")
    assert witness.faults() == []
    assert witness.check.counts - before == dict.fromkeys(SCHEMAS, 1) | {"results.yaml": 2}


@pytest.mark.anyio
async def test_the_backend_within_a_bridge_is_witnessed(witness: Witness, home: Path) -> None:
    assert witness.faults() == []
    before = Counter(witness.check.counts)
    async with open_session(BridgeSettings(home=home, demo_tools=True)) as client:
        await call(client, "hello_world", {"name": "Ada"})
    assert witness.faults() == []
    assert {"landingPage.yaml", "processList.yaml", "process.yaml"} <= (witness.check.counts - before).keys()


def test_what_a_server_in_a_thread_answers_wrongly_is_found(witness: Witness) -> None:
    own = Witness(witness.check)
    with served(lambda _: Witnessed(BROKEN, own)) as url:
        assert httpx.get(url, timeout=30).status_code == 200
    (fault,) = own.faults()
    assert fault.startswith("GET / → 200 application/json: not as landingPage.yaml has it")
    assert own.faults() == []


def test_a_client_of_a_server_in_another_process_finds_it_itself(witness: Witness) -> None:
    with served(lambda _: BROKEN) as url, httpx.Client(timeout=30, event_hooks=conforming()) as client:
        with pytest.raises(AssertionError, match="landingPage"):
            client.get(url)
        assert client.head(url).status_code == 200


@pytest.mark.anyio
async def test_so_does_an_asynchronous_client(witness: Witness) -> None:
    transport = httpx.ASGITransport(BROKEN)
    async with httpx.AsyncClient(transport=transport, event_hooks=conforming_async()) as client:
        with pytest.raises(AssertionError, match="landingPage"):
            await client.get("http://localhost/")


WRONG = """
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse

from backend.api.metadata import Metadata
from backend.app import create_app
from backend.settings import Settings


async def wrong(*_):
    return JSONResponse({"conformsTo": "everything"})


@pytest.mark.anyio
async def test_one(tmp_path, monkeypatch):
    monkeypatch.setattr(Metadata, "get_conformance", wrong)
    transport = httpx.ASGITransport(app=create_app(Settings(home=tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/conformance")).status_code == 200


def test_two():
    pass
"""


def test_the_test_whose_backend_answers_wrongly_fails(witness: Witness, tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text(WRONG, encoding="utf-8")
    command = ["-p", "tests.standard.plugin", "-p", "no:cacheprovider", "-n", "0", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), *command, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "FAILED" in done.stdout
    assert "GET /conformance → 200 application/json: not as confClasses.yaml has it" in done.stdout


def test_without_the_schemas_clients_are_not_hindered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.standard.clients.standard_schemas", lambda: None)
    assert conforming() == {}
    assert conforming_async() == {}
