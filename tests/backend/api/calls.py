"""Calls of the running backend that many tests make."""

from typing import Any

import anyio
import httpx

BASE = "https://maps.example/ogc"
"""Where links of the backend under test begin."""


async def run(
    client: httpx.AsyncClient, process: str, prefer: str = "", accept: str = "*/*", **body: Any
) -> httpx.Response:
    """Execute a process."""
    headers = {"Accept": accept, **({"Prefer": prefer} if prefer else {})}
    with anyio.fail_after(120):
        return await client.post(f"/processes/{process}/execution", json=body, headers=headers)


async def finished(client: httpx.AsyncClient, job: str) -> dict[str, Any]:
    """The job's status once it has ended."""
    with anyio.fail_after(120):
        response = await client.get(job)
        while response.json()["status"] in ("accepted", "running"):
            headers = {"If-None-Match": response.headers["etag"], "Prefer": "wait=10"}
            later = await client.get(job, headers=headers)
            response = response if later.status_code == 304 else later
    return response.json()


def local(url: str) -> str:
    """The path of a link of ours."""
    assert url.startswith(BASE + "/")
    return url.removeprefix(BASE)
