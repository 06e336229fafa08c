"""Waiting for a job on behalf of a client that may go away meanwhile."""

from collections.abc import Awaitable, Callable

import anyio
from starlette.requests import Request

from backend.errors import BackendError
from backend.jobs.records import Job


async def wait_with_client(request: Request, wait: Callable[[], Awaitable[Job]]) -> Job | None:
    """What `wait` gives, or None as soon as the client has gone. The request's body must have been read."""
    job: Job | None = None
    failure: BackendError | None = None

    async with anyio.create_task_group() as group:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(watch)
        try:
            job = await wait()
        except BackendError as error:
            # Raised in here it would leave the group wrapped.
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return job
