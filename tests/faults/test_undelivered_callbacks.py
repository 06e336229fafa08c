"""Servers and subscribers die and come back: of every job that was accepted, its end is told."""

import random
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from tests.faults.injection import Backend, client_of, histogram, statuses
from tests.receiving import TAKEN, Notified, receiving

pytestmark = [pytest.mark.long(12), pytest.mark.anyio]

LONGEST = 0.6
ASYNC = {"Prefer": "respond-async"}


async def submit(url: str, number: int, receiver: str) -> set[str]:
    """Short jobs that give results or fail, each with a subscriber; the ids of those that were acknowledged."""
    accepted: set[str] = set()
    subscriber = {"successUri": f"{receiver}/successful", "failedUri": f"{receiver}/failed"}
    async with client_of(url) as client:
        for index in range(number):
            inputs = {"seconds": 0.1} if index % 2 else {}
            body = {"inputs": inputs, "subscriber": subscriber}
            process = "once" if index % 2 else "quick"
            reply = await client.post(f"/processes/{process}/execution", json=body, headers=ASYNC)
            accepted.add(reply.raise_for_status().json()["jobID"])
    return accepted


def told(notices: Iterable[Notified]) -> dict[str, list[str]]:
    """Job → where its end was told, as often as it was."""
    found: dict[str, list[str]] = {}
    for notice in notices:
        job = notice.headers["link"].partition(">")[0].rpartition("/")[2]
        found.setdefault(job, []).append(notice.target.removeprefix("/"))
    return found


async def until_told(came: list[Notified], accepted: set[str], *, within: float) -> dict[str, list[str]]:
    with anyio.fail_after(within):
        while not accepted <= told(came).keys():
            await anyio.sleep(0.05)
    return told(came)


async def test_a_living_server_tells_what_killed_ones_have_not(
    serve: Callable[..., Backend], serve_here: Callable[..., str], home: Path, rng: random.Random, full: bool
) -> None:
    """At the time of the kill jobs run, have ended and are about to be told, or are being told."""
    accepted: set[str] = set()
    delays: list[float] = []

    def unreliable(_: Notified) -> bytes | None:
        return rng.choice((TAKEN, TAKEN, None, b"HTTP/1.1 500 Oh\r\n\r\n", b""))

    told_soon = {"callback_origins": "http://127.0.0.1:*", "callback_seconds": 1}
    async with receiving(unreliable) as receiver:
        survivor = await anyio.to_thread.run_sync(partial(serve_here, **told_soon))
        for _ in range(20 if full else 1):
            backend = await anyio.to_thread.run_sync(partial(serve, **told_soon))
            for url in (survivor, backend.url):
                accepted |= await submit(url, 6, receiver.url)
            delays.append(rng.uniform(0, LONGEST))
            await anyio.sleep(delays[-1])
            await anyio.to_thread.run_sync(backend.kill)
        receiver.answer = lambda _: TAKEN
        found = await until_told(receiver.came, accepted, within=180)
    histogram(delays, of=LONGEST, what=f"server killed × {len(delays)}, {len(accepted)} jobs with a subscriber")
    ended = await anyio.to_thread.run_sync(statuses, home)
    assert {job: {ended[job]} for job in accepted} == {job: set(where) for job, where in found.items()}
