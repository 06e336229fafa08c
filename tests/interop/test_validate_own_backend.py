"""Our own backend keeps every requirement of every class that it declares."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from backend.app import create_app
from backend.settings import Settings
from mcp_server.validate import ConformanceClass, Report, Verdict, reports, validate

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def own_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of our backend on a loopback port."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = create_app(Settings(home=tmp_path_factory.mktemp("own"), workers=2, public_url=url))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield url
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def report(own_backend: str) -> Report:
    return await validate(own_backend)


async def test_no_test_fails(report: Report) -> None:
    assert [reports.line(one) for one in report.results if one.verdict is Verdict.FAILED] == []


async def test_only_what_it_does_not_declare_or_have_is_not_applicable(report: Report) -> None:
    skipped = {one.id for one in report.results if one.verdict is Verdict.NOT_APPLICABLE}
    undeclared = {one.id for one in report.results if one.conformance_class not in report.declared}
    # It asks for no authentication.
    assert skipped - undeclared <= {"/conf/oas30/security"}


async def test_everything_but_callbacks_is_declared(report: Report) -> None:
    assert set(ConformanceClass) - {ConformanceClass.CALLBACK} <= set(report.declared)
