"""A foreign server behind the bridge, without the embedded backend: its tools, their changes, its results."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from mcp import MCPError
from mcp.client.subscriptions import ToolsListChanged

from tests.contract.calls import told
from tests.contract.city import City
from tests.contract.conftest import CONNECTIONS, REFRESH_SECONDS, Connection, Launch, connect
from tests.serving import served

pytestmark = pytest.mark.anyio


@pytest.fixture(params=CONNECTIONS, ids="-".join)
async def city(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[tuple[City, Connection]]:
    transport, era = request.param
    server = City("echo")
    with served(lambda _: server.app) as url:
        settings = {"servers": {"city": url}, "embedded": False, "refresh_seconds": REFRESH_SECONDS}
        async with connect(transport, era, Launch(tmp_path, settings, {})) as connection:
            yield server, connection


async def test_a_foreign_server_is_served_alone_and_its_new_processes_are_announced(
    city: tuple[City, Connection],
) -> None:
    server, connection = city
    client = connection.client
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    echo = tools["echo"]
    assert echo.title == "Echo echo (city)"
    assert echo.annotations is not None
    assert echo.annotations.read_only_hint is False
    assert echo.annotations.open_world_hint is True
    assert "city" in (client.instructions or "")

    envelope = told(await client.call_tool("echo", {"text": "hello"}))
    assert envelope["outputs"]["text"]["value"] == "hello"
    uri = envelope["outputs"]["text"]["uri"]
    assert uri.startswith("ogc://bridge/results/")
    assert told(await client.call_tool("read_result", {"uri": uri}))["value"] == "hello"
    assert (await client.read_resource(uri)).contents

    with anyio.fail_after(60):
        if connection.era == "legacy":
            server.offer("shout")
            while "notifications/tools/list_changed" not in connection.notices:
                await anyio.sleep(0.05)
        else:
            async with client.listen(tools_list_changed=True) as events:
                server.offer("shout")
                async for event in events:
                    assert isinstance(event, ToolsListChanged)
                    break
    assert "shout" in [tool.name for tool in (await client.list_tools()).tools]
    with pytest.raises(MCPError, match="did you mean 'shout'"):
        await client.call_tool("shoutt", {})
