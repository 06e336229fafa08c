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


async def ended(client: Client, name: str, arguments: dict[str, Any]) -> CallToolResult:
    """The result of a call, or of its job where that took longer than the wait budget, waited for as an agent does."""
    with anyio.fail_after(60):
        result = await client.call_tool(name, arguments)
        while (result.structured_content or {}).get("status") in ("accepted", "running"):
            result = await client.call_tool("get_job", {"job": told(result)["job"], "wait": 20})
    return result


async def finished(client: Client, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The envelope of a call that was successful."""
    return told(await ended(client, name, arguments))


async def picture(client: Client, name: str) -> CallToolResult:
    """The result of a process that makes a picture; asked for again until it came within the wait budget."""
    with anyio.fail_after(60):
        while (result := await client.call_tool(name, {})).structured_content is not None:
            pass
    return result


async def running(client: Client, seconds: float) -> str:
    """The URI of a job that runs for that long, or longer: where a machine stands still it may end within its call."""
    for more in (0, 6, 24):
        envelope = told(await client.call_tool("slow_steps", {"seconds": seconds + more, "steps": 60}))
        if envelope["status"] in ("accepted", "running"):
            break
    assert envelope["status"] in ("accepted", "running")
    return envelope["job"]
