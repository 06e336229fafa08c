"""Waiting for a job on behalf of a client that may go away meanwhile."""

import time
from typing import Protocol

import anyio
from starlette.requests import Request

from backend.errors import BackendError
from backend.jobs.records import Job

_UNWATCHED_SECONDS = 0.05
"""To watch a client costs more than many a process; one that leaves so soon is noticed so much later."""


class Wait(Protocol):
    """Waits for news of a job: `Engine.wait` of that job."""

    async def __call__(self, *, timeout: float) -> Job: ...  # noqa: ASYNC109 - as the engine has it


async def wait_with_client(request: Request, wait: Wait, seconds: float) -> Job | None:
    """What `wait` gives within some seconds, or None as soon as the client has gone. The body must have been read."""
    began = time.monotonic()
    unwatched = min(seconds, _UNWATCHED_SECONDS)
    job = await wait(timeout=unwatched)
    # A timer may be early by a little. Where there was news late in this wait, the next one tells it at once.
    if unwatched == seconds or time.monotonic() - began < unwatched / 2:
        return job
    return await _watched(request, wait, seconds - unwatched)


async def _watched(request: Request, wait: Wait, seconds: float) -> Job | None:
    job: Job | None = None
    failure: BackendError | None = None

    async with anyio.create_task_group() as group:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(watch)
        try:
            job = await wait(timeout=seconds)
        except BackendError as error:
            # Raised in here it would leave the group wrapped.
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return job
