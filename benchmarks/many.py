"""A server of 500 processes: how long its list and a description take."""

import time
from pathlib import Path

import httpx
import yaml

from benchmarks.servers import HERE, backend_over_http
from benchmarks.table import Figure, milliseconds

PROCESSES = 500
PAGE = 25
REQUESTS = 200


async def many_processes(folder: Path) -> list[Figure]:
    """Requests over HTTP to a warm server, one after the other."""
    entry = {"type": "process", "processor": {"name": "burn.burn"}}
    config = folder / "many.yml"
    config.write_text(yaml.safe_dump({"resources": {f"burn-{n}": entry for n in range(PROCESSES)}}), encoding="utf-8")
    own = ["--config", str(config), "--processes", str(HERE / "processes")]
    with backend_over_http(folder / "home", *own) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            total = (await client.get("/processes", params={"limit": 10_000})).json()["numberMatched"]
            listed = [await _get(client, "/processes?limit=10000") for _ in range(REQUESTS)]
            described = [await _get(client, f"/processes/burn-{n}") for n in range(REQUESTS)]
            pages = [await _get(client, f"/processes?limit={PAGE}&offset={start}") for start in range(0, total, PAGE)]
    list_median, list_p95 = milliseconds(listed)
    describe_median, describe_p95 = milliseconds(described)
    note = f"{total} processes, p95 {{:.1f}} ms"
    return [
        Figure("list of 500 processes", list_median, "ms", 50, note.format(list_p95)),
        Figure("describe one of 500 processes", describe_median, "ms", 50, note.format(describe_p95)),
        Figure(f"the list by {len(pages)} pages of {PAGE}, all of them", sum(pages) * 1000, "ms", 50),
    ]


async def _get(client: httpx.AsyncClient, url: str) -> float:
    begin = time.perf_counter()
    (await client.get(url)).raise_for_status()
    return time.perf_counter() - begin
