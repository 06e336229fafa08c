"""Our own backend keeps every requirement of every class that it declares."""

from collections.abc import Iterator

import httpx
import pytest

from backend.app import create_app
from backend.settings import Settings
from mcp_server.validate import ConformanceClass, Options, Report, Verdict, reports, validate
from tests.serving import served

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def own_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of our backend on a loopback port."""
    home = tmp_path_factory.mktemp("own")
    with served(lambda url: create_app(Settings(home=home, workers=2, public_url=url))) as url:
        yield url


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


async def test_callbacks_are_declared_and_made_where_the_operator_permits_them(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = tmp_path_factory.mktemp("calling")
    origins = ("http://127.0.0.1:*",)
    with served(lambda url: create_app(Settings(home=home, public_url=url, callback_origins=origins))) as url:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            # The suite waits for a callback no longer than a worker may take to start on a busy machine.
            body = {"inputs": {"name": "Ada"}}
            assert (await client.post(f"{url}/processes/hello-world/execution", json=body)).is_success
        report = await validate(url, Options(classes=(ConformanceClass.CALLBACK,)))
    assert [(one.id, one.verdict) for one in report.results] == [("/conf/callback/job-callback", Verdict.PASSED)]
