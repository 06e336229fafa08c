"""How soon a desktop client gets tools, and what the processes weigh."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks.servers import stdio_client
from benchmarks.table import Figure

STARTS = 5


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the server: seconds since spawn, memory in bytes."""

    listed: float
    called: float
    server_rss: int
    all_pss: int


async def start_up(folder: Path) -> list[Figure]:
    """First start on a fresh home, then starts that find the catalog of the one before."""
    first = [await _start(folder / f"first-{number}") for number in range(STARTS)]
    later = [await _start(folder / "first-0") for _ in range(STARTS)]
    megabyte = 2**20
    return [
        Figure("spawn → tools/list, first start", median(s.listed for s in first), "s", 2.8),
        Figure("spawn → tools/list, catalog kept", median(s.listed for s in later), "s", 1.8),
        Figure("spawn → first call answered, first start", median(s.called for s in first), "s", 4),
        Figure("spawn → first call answered, catalog kept", median(s.called for s in later), "s", 4),
        Figure("server, resident", max(s.server_rss for s in later) / megabyte, "MB", 180, "RSS after ten calls"),
        Figure("all processes together", max(s.all_pss for s in later) / megabyte, "MB", 250, "PSS after ten calls"),
    ]


async def _start(home: Path) -> Start:
    before = {child.pid for child in psutil.Process().children()}
    begin = time.perf_counter()
    async with stdio_client(home) as client:
        await client.list_tools()
        listed = time.perf_counter() - begin
        await client.call_tool("hello_world", {"name": "Ada"})
        called = time.perf_counter() - begin
        for _ in range(9):
            await client.call_tool("geometry_buffer", {"geometry": "POINT (13.4 52.5)", "distance": 500})
        [server] = [child for child in psutil.Process().children() if child.pid not in before]
        family = [server, *server.children(recursive=True)]
        pss = sum(member.memory_full_info().pss for member in family)
        return Start(listed, called, server.memory_info().rss, pss)
