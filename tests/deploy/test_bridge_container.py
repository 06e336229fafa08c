"""The bridge as its image runs it, in front of the backend as its image runs it."""

from collections.abc import Iterator
from dataclasses import replace

import anyio
import httpx
import pytest
from mcp import Client

from tests.deploy.containers import Container, mcp_container, run_health_check
from tests.standard.clients import conforming

pytestmark = pytest.mark.anyio

JSON = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def mcp(container: Container, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with mcp_container(tmp_path_factory.mktemp("compose") / "mcp", container.url) as running:
        yield running


def test_the_health_check_of_the_compose_file_passes(mcp: Container) -> None:
    assert run_health_check("mcp", mcp) == 0


def test_the_health_check_fails_where_nothing_listens(mcp: Container) -> None:
    nowhere = replace(mcp, url="http://127.0.0.1:1")
    assert run_health_check("mcp", nowhere) != 0


async def test_a_tool_runs_on_the_backend_and_its_result_is_passed_on(mcp: Container) -> None:
    with anyio.fail_after(60):
        async with Client(f"{mcp.url}/mcp") as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert {"geometry_buffer", "hello_world"} <= names
            point = {"type": "Point", "coordinates": [7.6, 51.9]}
            made = await client.call_tool("geometry_buffer", {"geometry": point, "distance": 500})
            assert made.structured_content is not None
            assert not made.is_error
            reference = made.structured_content["outputs"]["buffer"]["uri"]
            assert reference.startswith("ogc://backend/jobs/")
            measured = await client.call_tool("geometry_measure", {"geometry": reference})
            assert not measured.is_error


def test_the_bridge_answers_to_no_name_that_a_foreign_site_made_up(mcp: Container) -> None:
    for host, status in (("localhost:8000", 400), ("rebound.example:8000", 421)):
        # An empty request, so 400, of a caller who is let in.
        assert httpx.post(f"{mcp.url}/mcp", json={}, headers={**JSON, "Host": host}).status_code == status, host


def test_the_backend_answers_to_the_name_that_the_bridge_calls_it_by(container: Container) -> None:
    with httpx.Client(base_url=container.url, event_hooks=conforming()) as client:
        for host, status in (("backend:5001", 200), ("localhost:5001", 200), ("rebound.example:5001", 421)):
            assert client.get("/conformance", headers={"Host": host}).status_code == status, host
