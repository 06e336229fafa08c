"""Waiting for a job: held requests where the server knows them, else a poll that slows down."""

import random
from collections.abc import Awaitable, Callable, Iterator

import anyio

from mcp_server.errors import NoSuchJobError, RemoteProblemError, ResultGoneError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.exchange import PASSING
from mcp_server.ogc.models import OutputResult, StatusInfo

type OnStatus = Callable[[StatusInfo], Awaitable[None]]
"""Told of every status that was read."""

_FIRST_SECONDS = 0.1
_FACTOR = 1.5
_LONGEST_SECONDS = 15.0
_JITTER = 0.2
_HOLD_SECONDS = 20.0
"""Longest time for which a server is asked to hold one answer."""
_READS = 5
"""How often results are asked for before they count as not there."""
_SOON_SECONDS = 5.0
"""Results are not asked for again beyond this: each answer may take its time."""
_MISSES = 7
"""How often in a row a job may not be found before it counts as gone: with the first pauses, some three seconds."""


def pauses(jitter: Callable[[float, float], float]) -> Iterator[float]:
    """Seconds between polls: 0.1, half as much again each time, at most 15, each ±20 %."""
    seconds = _FIRST_SECONDS
    while True:
        yield seconds * jitter(1 - _JITTER, 1 + _JITTER)
        seconds = min(seconds * _FACTOR, _LONGEST_SECONDS)


async def until_final(
    client: OgcClient,
    status: StatusInfo,
    *,
    wait: float,
    on_status: OnStatus,
    pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    jitter: Callable[[float, float], float] = random.uniform,
) -> StatusInfo:
    """Follow a job until it ends, at most `wait` seconds; its status as it then is.

    Some servers, or some of those that share one address, know a job only a moment after it was accepted.

    status: the last one known; it is told to `on_status` first.

    Raises: NoSuchJobError, once several reads in a row have found none, and what reading a status may raise.
    """
    deadline = anyio.current_time() + wait
    schedule = pauses(jitter)
    missed = 0
    await on_status(status)
    while not status.final and (remaining := deadline - anyio.current_time()) > 0:
        held = client.dialect.held_status and status.etag is not None
        asked_at = anyio.current_time()
        if not held:
            # The server's word wins, but for one that would have it asked without a pause.
            await pause(min(status.retry_after or next(schedule), remaining))
        hold = min(remaining, _HOLD_SECONDS)
        try:
            fresh = await client.status(status.job_id, etag=status.etag if held else None, wait=hold if held else None)
        except NoSuchJobError:
            missed += 1
            if client.dialect.keeps_results or missed == _MISSES:
                raise
            continue
        missed = 0
        if fresh is not None:
            status = fresh
            await on_status(status)
        elif anyio.current_time() - asked_at < hold / 2:
            # A server that answers "unchanged" at once would be asked again and again.
            await pause(min(next(schedule), max(0.0, deadline - anyio.current_time())))
    return status


async def readable_results(
    client: OgcClient, status: StatusInfo, *, pause: Callable[[float], Awaitable[None]]
) -> tuple[OutputResult, ...]:
    """The results of a successful job. Some servers call a job successful a moment before its results can be read.

    Raises: RemoteProblemError, ResultGoneError, once several reads have failed, or a slow one.
    """
    soon = anyio.current_time() + _SOON_SECONDS
    for attempt in range(_READS):
        try:
            return await client.outputs.of_job(status.job_id, process_id=status.process_id)
        except ResultGoneError:
            raise
        except RemoteProblemError as error:
            # What may pass by itself has been asked for several times already.
            last = attempt == _READS - 1 or error.status in PASSING or anyio.current_time() > soon
            if client.dialect.keeps_results or last:
                raise
            await pause(_FIRST_SECONDS * 2**attempt)
    raise AssertionError("the last attempt returns or raises")
