"""How long one small call takes, beside the same execution on stock pygeoapi, interleaved in one run."""

import time
from pathlib import Path

import httpx
from mcp import Client

from benchmarks.servers import stdio_client
from benchmarks.table import Figure, milliseconds
from mcp_server.app import open_bridge
from mcp_server.settings import Settings
from tests.interop.stock_pygeoapi import stock_pygeoapi

CALLS = 100
ARGUMENTS = {"name": "Ada"}


async def against_stock_pygeoapi(folder: Path) -> list[Figure]:
    """The first executions of a fresh store: MCP over stdio, and raw HTTP on stock pygeoapi with TinyDB."""
    ours: list[float] = []
    theirs: list[float] = []
    (folder / "stock").mkdir()
    with stock_pygeoapi(folder / "stock") as url:
        async with httpx.AsyncClient(trust_env=False) as raw, stdio_client(folder / "home") as client:
            await client.list_tools()
            for _ in range(CALLS):
                ours.append(await _call(client))
                theirs.append(await _execute(raw, url))
    mine, mine_p95 = milliseconds(ours)
    stock, stock_p95 = milliseconds(theirs)
    return [
        Figure("hello-world, MCP over stdio / raw HTTP on stock pygeoapi", mine / stock, "×", 0.7, "medians, one run"),
        Figure("hello-world, MCP over stdio", mine, "ms", note=f"p95 {mine_p95:.1f} ms"),
        Figure("hello-world, raw HTTP on stock pygeoapi with TinyDB", stock, "ms", note=f"p95 {stock_p95:.1f} ms"),
    ]


async def in_memory(folder: Path) -> list[Figure]:
    """The same calls with client and server in one process."""
    async with open_bridge(Settings(home=folder / "home")) as bridge, Client(bridge.server) as client:
        await client.list_tools()
        times = [await _call(client) for _ in range(CALLS)]
    middle, p95 = milliseconds(times)
    return [Figure("hello-world, MCP in memory", middle, "ms", 6, f"median; p95 {p95:.1f} ms")]


async def _call(client: Client) -> float:
    begin = time.perf_counter()
    result = await client.call_tool("hello_world", ARGUMENTS)
    assert not result.is_error, result.content
    return time.perf_counter() - begin


async def _execute(raw: httpx.AsyncClient, url: str) -> float:
    begin = time.perf_counter()
    reply = await raw.post(f"{url}/processes/hello-world/execution", json={"inputs": ARGUMENTS})
    assert reply.status_code == 200, reply.text
    return time.perf_counter() - begin
