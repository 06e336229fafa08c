"""Servers that no connection comes about with: the tools that are known stay, and calls tell why."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from mcp_server.app import open_bridge
from mcp_server.session import call
from mcp_server.settings import Settings
from tests.mcp_server.faults.misbehaving import Misbehaving
from tests.mcp_server.faults.session_of import BOUND_SECONDS, bridge_to, unhelpful
from tests.mcp_server.faults.test_faults_of_executions import answers_of
from tests.mcp_server.ogc.certificates import Authority, secure_server

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def untrusted(tmp_path: Path) -> AsyncGenerator[str]:
    async with secure_server(Authority(tmp_path, "stranger")) as (url, _):
        yield url


async def test_nothing_is_sent_where_no_connection_comes_about(
    home: Path, tmp_path: Path, free_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = Misbehaving()
    sites.site("good")
    async with sites.running(), untrusted(tmp_path) as secure:
        servers: dict[str, Any] = {
            "good": {"url": sites.url("good"), "read_seconds": BOUND_SECONDS},
            "refused": f"http://127.0.0.1:{free_tcp_port}",
            "nameless": "http://nowhere.invalid",
            "untrusted": secure,
            "no-tls": sites.url("good").replace("http:", "https:"),
        }
        async with bridge_to(sites, home, servers=servers, read_seconds=1.5) as (client, bridge):
            # On a busy machine the good one may need longer than such lists are waited for.
            monkeypatch.setattr(bridge.catalog, "_first_seconds", BOUND_SECONDS / 2)
            monkeypatch.setattr(await bridge.executor(), "_list_seconds", BOUND_SECONDS)
            with anyio.fail_after(2 * BOUND_SECONDS):
                listed = [tool.name for tool in (await client.list_tools()).tools]
                jobs = await call(client, "list_jobs", {})
                calls = {name: ("get_job", {"job": f"ogc://{name}/jobs/j1"}) for name in servers}
                told = await answers_of(client, calls)
    assert "good_work" in listed
    assert jobs.structured is not None
    assert len(jobs.structured["warnings"]) == 4
    assert not told.pop("good").failed
    assert {name: one.text for name, one in told.items() if not one.failed or unhelpful(one.text)} == {}
    assert all(f"server '{name}'" in one.text for name, one in told.items())
    assert sites.sites["good"].asked["execute"] == 0


async def test_a_server_that_is_gone_keeps_its_tools_and_a_call_tells_that_nothing_was_sent(home: Path) -> None:
    sites = Misbehaving()
    sites.site("leaving")
    async with sites.running(), bridge_to(sites, home) as (_, bridge):
        await bridge.catalog.refresh()
    settings = Settings(home=home, embedded=False, servers=sites.urls)  # pyright: ignore[reportArgumentType]
    async with open_bridge(settings) as bridge, Client(bridge.server) as client:
        with anyio.fail_after(40):
            assert "work" in [tool.name for tool in (await client.list_tools()).tools]
            result = await call(client, "work", {"number": 1})
    assert result.failed
    assert "'leaving' cannot be reached" in result.text
    assert unhelpful(result.text) == []
