"""More processes than tools may be: found, described and run through a real client; and what happens at the limit."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from mcp import MCPError

from benchmarks.invented import Invented
from tests.contract.calls import text, told
from tests.contract.city import City
from tests.contract.conftest import REFRESH_SECONDS, Connection, Era, Launch, connect
from tests.serving import served

pytestmark = pytest.mark.anyio

FINDING = ["find_processes", "describe_process", "run_process"]


@pytest.fixture(params=["legacy", "2026-07-28"])
async def city(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[City, Connection]]:
    era: Era = request.param
    server = City(*(f"echo{number}" for number in range(6)))
    with served(lambda _: server.app) as url:
        settings = {
            "servers": {"city": url},
            "embedded": False,
            "refresh_seconds": REFRESH_SECONDS,
            "max_tools": 5,
            "pinned": ("echo3",),
        }
        async with connect("memory", era, Launch(tmp_path, settings, {})) as connection:
            yield server, connection


async def listed(connection: Connection) -> list[str]:
    return [tool.name for tool in (await connection.client.list_tools()).tools]


async def test_processes_are_found_described_and_run_as_if_they_were_tools(city: tuple[City, Connection]) -> None:
    _, connection = city
    client = connection.client
    assert (await listed(connection))[:4] == ["echo3", *FINDING]
    assert all(name in (client.instructions or "") for name in FINDING)
    found = told(await client.call_tool("find_processes", {"query": "echo4"}))
    assert found["processes"][0]["name"] == "echo4"
    (described,) = told(await client.call_tool("describe_process", {"names": ["echo4"]}))["processes"]
    assert described["input_schema"]["properties"]["text"]["type"] == "string"
    run = told(await client.call_tool("run_process", {"process": "echo4", "inputs": {"text": "hello"}}))
    direct = told(await client.call_tool("echo4", {"text": "hello"}))
    assert run["outputs"]["text"]["value"] == direct["outputs"]["text"]["value"] == "hello"


async def test_what_is_wrong_is_told_before_anything_is_run(city: tuple[City, Connection]) -> None:
    client = city[1].client
    wrong = await client.call_tool("run_process", {"process": "echo4", "inputs": {"txt": "hello"}})
    assert wrong.is_error
    assert "$.inputs.txt" in text(wrong)
    unknown = await client.call_tool("run_process", {"process": "ehco4"})
    assert unknown.is_error
    assert "echo4" in text(unknown)


async def test_at_the_limit_tools_take_the_place_of_finding_and_clients_are_told(
    city: tuple[City, Connection],
) -> None:
    server, connection = city
    await listed(connection)
    with anyio.fail_after(60):
        server.processes = {name: server.processes[name] for name in ("echo1", "echo3")}
        while (await listed(connection))[:2] != ["echo1", "echo3"]:
            await anyio.sleep(0.05)
        while connection.era == "legacy" and "notifications/tools/list_changed" not in connection.notices:
            await anyio.sleep(0.05)
    assert not set(FINDING) & set(await listed(connection))
    with pytest.raises(MCPError, match="there is no tool"):
        await connection.client.call_tool("find_processes", {"query": "echo"})


async def test_600_processes_on_three_servers_are_listed_and_searched_in_bounded_time(tmp_path: Path) -> None:
    invented = Invented(3, 200)
    with served(lambda _: invented.app) as url:
        servers = {f"s{number}": f"{url}/{number}" for number in range(3)}
        launch = Launch(tmp_path, {"servers": servers, "embedded": False}, {})
        async with connect("memory", "2026-07-28", launch) as connection:
            began = time.perf_counter()
            assert (await listed(connection))[:3] == FINDING
            assert time.perf_counter() - began < 60
            for words, part in (
                ("zone round the parcels", "buffer"),
                ("smaller number of points in roads", "simplify"),
            ):
                found = told(await connection.client.call_tool("find_processes", {"query": words}))
                assert found["processes"][0]["title"].lower().startswith(part)
            began = time.perf_counter()
            for _ in range(10):
                await connection.client.call_tool("find_processes", {"query": "count the schools"})
            assert (time.perf_counter() - began) / 10 < 6
