"""A bridge to ten servers of 500 processes each: lists, searches, memory: `python -m benchmarks.many_processes`."""

import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import httpx
import psutil
from mcp import Client

from benchmarks.servers import invented_servers, stdio_client
from benchmarks.table import Figure, markdown, milliseconds

SERVERS = 10
EACH = 500
LISTS = 50
REQUESTS = (
    "zone of 200 metres round the wells",
    "how steep is it where the landslides were",
    "cut the roads at the city limits",
    "which hospitals lie close to a river",
    "fewer points in the outlines of forests",
    "count accidents in each district",
    "addresses of schools to coordinates",
    "estimate what the stations measure everywhere in between",
    "hide where people live who had an acident",
    "pixels of vineyards as shapes",
)
ROUNDS = 10
IDLE_PERCENT = 20
_BACKGROUND_SECONDS = 600


async def many_processes(folder: Path) -> list[Figure]:
    """Figures of a bridge over stdio; that it reads all descriptions in the background is waited for."""
    async with _bridge(folder / "empty") as (client, process):
        await client.list_tools()
        empty = process.memory_info().rss
    with invented_servers(SERVERS, EACH) as url:
        servers = [word for number in range(SERVERS) for word in ("--server", f"s{number}={url}/{number}")]
        begin = time.perf_counter()
        async with _bridge(folder / "many", *servers) as (client, process):
            first = await _timed(client.list_tools)
            from_start = time.perf_counter() - begin
            listed = [await _timed(client.list_tools) for _ in range(LISTS)]
            after_list = process.memory_info().rss
            await _search(client, REQUESTS[0])
            busy = [await _timed(lambda asked=asked: _search(client, asked)) for asked in REQUESTS * ROUNDS]
            await _until_described(client, url)
            background = time.perf_counter() - begin
            after_reading = process.memory_info().rss
            while process.cpu_percent(1.0) > IDLE_PERCENT:
                pass
            searched = [await _timed(lambda asked=asked: _search(client, asked)) for asked in REQUESTS * ROUNDS]
            after_search = process.memory_info().rss
        async with _bridge(folder / "many", *servers) as (client, _):
            kept = await _timed(client.list_tools)
    return [
        Figure("first tools/list, nothing kept", first, "s", 3, f"{from_start:.1f} s from the start of the process"),
        Figure("first tools/list of a later start", kept, "s", 3),
        *_percentiles("tools/list, warm", listed),
        *_percentiles("find_processes", searched),
        *_percentiles("find_processes while descriptions are read", busy, bar=None),
        Figure("all descriptions read in the background", background, "s", note=f"{SERVERS * EACH} processes"),
        _memory("memory after the first lists", after_list, empty),
        _memory("memory after all descriptions", after_reading, empty),
        _memory("memory after the searches", after_search, empty),
    ]


@asynccontextmanager
async def _bridge(home: Path, *options: str) -> AsyncGenerator[tuple[Client, psutil.Process]]:
    before = {child.pid for child in psutil.Process(os.getpid()).children()}
    async with stdio_client(home, "--no-embedded", *options) as client:
        (process,) = (child for child in psutil.Process(os.getpid()).children() if child.pid not in before)
        yield client, process


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await work()
    return time.perf_counter() - begin


async def _search(client: Client, words: str) -> list[dict[str, object]]:
    result = await client.call_tool("find_processes", {"query": words, "limit": 20})
    assert not result.is_error, result.content
    assert result.structured_content is not None
    found: list[dict[str, object]] = result.structured_content["processes"]
    assert found, words
    return found


async def _until_described(client: Client, url: str) -> None:
    with anyio.fail_after(_BACKGROUND_SECONDS):
        async with httpx.AsyncClient(trust_env=False) as direct:
            while (await direct.get(f"{url}/described")).json() < SERVERS * EACH:
                await anyio.sleep(0.5)
        for words in REQUESTS:
            while not all("inputs" in row for row in await _search(client, words)):
                await anyio.sleep(0.5)


def _percentiles(what: str, seconds: list[float], bar: float | None = 50) -> list[Figure]:
    middle, high = milliseconds(seconds)
    return [Figure(f"{what}, median", middle, "ms", bar), Figure(f"{what}, 95th percentile", high, "ms", bar)]


def _memory(what: str, measured: int, empty: int) -> Figure:
    note = f"over {empty / 2**20:.0f} MB of a bridge to no server"
    return Figure(what, (measured - empty) / 2**20, "MB more", 100, note)


def main() -> int:
    """Print the table; exit 1 where a bar is not met."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        figures = anyio.run(many_processes, Path(folder))
    print(markdown(figures))
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
