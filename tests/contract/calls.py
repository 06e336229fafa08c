"""What the tests of the contract say often."""

import json
from typing import Any

import anyio
from mcp import Client
from mcp.types import CallToolResult, TextContent

BERLIN = {"type": "Point", "coordinates": [13.4, 52.5]}


def text(result: CallToolResult) -> str:
    """The only text block of a result."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def told(result: CallToolResult) -> dict[str, Any]:
    """The structured content of a result that is no error and says the same in text."""
    assert not result.is_error, text(result)
    assert result.structured_content is not None
    assert json.loads(text(result)) == result.structured_content
    return result.structured_content


async def finished(client: Client, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The envelope of a call whose job has ended, waited for as an agent does."""
    with anyio.fail_after(60):
        envelope = told(await client.call_tool(name, arguments))
        while envelope["status"] in ("accepted", "running"):
            envelope = told(await client.call_tool("get_job", {"job": envelope["job"], "wait": 20}))
    return envelope


async def running(client: Client, seconds: float = 60) -> str:
    """The URI of a job that runs for that long."""
    envelope = told(await client.call_tool("slow_steps", {"seconds": seconds, "steps": 60}))
    assert envelope["status"] in ("accepted", "running")
    return envelope["job"]
