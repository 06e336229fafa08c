"""Calls of tools that nobody has."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from mcp import MCPError
from mcp.types import INVALID_PARAMS, CallToolRequestParams

from mcp_server.protocol.process_tools import ProcessTools
from mcp_server.protocol.tools import Context, Tools
from tests.mcp_server.offerings import Offering, catalog_of, described, names

pytestmark = pytest.mark.anyio

CONTEXT = cast("Context", SimpleNamespace(protocol_version="2025-06-18"))


async def test_servers_are_read_again_for_the_first_unknown_tool_and_for_no_other(home: Path) -> None:
    server = Offering("one", "buffer")
    catalog = catalog_of(home, server)
    nothing = cast("Any", None)
    tools = Tools(catalog, nothing, {}, ProcessTools(catalog, ("one",)), nothing, 8192)
    assert await names(catalog) == ["buffer"]
    asked = server.asked
    for name, suggestion in (("bufer", "did you mean 'buffer'?"), ("xyz", "tools/list tells those there are")):
        with pytest.raises(MCPError, match=f"there is no tool '{name}'") as caught:
            await tools.call(CONTEXT, CallToolRequestParams(name=name))
        assert caught.value.error.code == INVALID_PARAMS
        assert suggestion in caught.value.error.message
    assert server.asked == asked + 1, "whoever asks for what is not there could have the servers asked without end"


async def test_a_tool_that_came_since_the_last_reading_is_found(home: Path) -> None:
    server = Offering("one", "buffer")
    catalog = catalog_of(home, server)
    nothing = cast("Any", None)
    tools = Tools(catalog, nothing, {}, ProcessTools(catalog, ("one",)), nothing, 8192)
    assert await names(catalog) == ["buffer"]
    server.raws["clip"] = described("clip", inputs={"x": {"schema": {"type": "number"}}})
    answer = await tools.call(CONTEXT, CallToolRequestParams(name="clip", arguments={}))
    assert "$.x: is required" in str(cast("Any", answer).content[0].text)
