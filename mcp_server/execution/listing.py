"""The newest jobs of all servers and of the bridge, each server asked for a bounded time."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime

import anyio

from mcp_server.errors import BridgeError, RemoteProblemError
from mcp_server.execution.records import Execution, JobList
from mcp_server.execution.wording import wording
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.documents import moment
from mcp_server.ogc.models import StatusInfo
from mcp_server.references import JobReference

type Newest = Callable[[int], Awaitable[list[Execution]]]
"""Tells at most so many of the newest jobs of one server."""

_AT_FIRST = datetime.min.replace(tzinfo=UTC)

_log = logging.getLogger(__name__)

_NO_LIST = frozenset({404, 405, 501})
"""What servers answer that have no job list: it is a conformance class of its own (OGC 18-062r2, `job-list`)."""


def standing(client: OgcClient, status: StatusInfo) -> Execution:
    """A job of a server as its status tells it."""
    job = JobReference(client.identity.name, status.job_id)
    message = status.message and wording(client).text(status.message)
    created = status.created or status.started or status.updated or status.finished
    return Execution(
        server=job.server,
        process_id=status.process_id or "",
        status=status.status,
        job=job,
        progress=status.progress,
        message=message,
        created=created,
    )


async def of_server(client: OgcClient, limit: int) -> list[Execution]:
    """The newest jobs of one server.

    Raises: RemoteProblemError where it has no list of jobs, and what asking may raise.
    """
    try:
        return [standing(client, status) for status in await client.jobs(limit=limit)]
    except RemoteProblemError as error:
        if error.status not in _NO_LIST:
            raise
        reason = f"server {client.identity.name!r} has no list of jobs: {error}"
        raise RemoteProblemError(reason, status=error.status) from error


async def of_all(servers: Mapping[str, Newest], own: Newest, limit: int, *, seconds: float) -> JobList:
    """The newest jobs of all servers together. Of several, each is waited for at most `seconds`.

    A server without a list of jobs has none to tell; any other that tells none is named in the warnings.

    Raises: what asking may raise, if no server answers and the bridge has no jobs either.
    """
    found = await own(limit)
    errors: dict[str, BridgeError] = {}
    bound = seconds if len(servers) > 1 else None

    async def ask(name: str, newest: Newest) -> None:
        try:
            with anyio.fail_after(bound):
                found.extend(await newest(limit))
        except TimeoutError:
            errors[name] = BridgeError(f"no answer within {seconds:g} s")
        except BridgeError as error:
            if not (isinstance(error, RemoteProblemError) and error.status in _NO_LIST):
                errors[name] = error

    async with anyio.create_task_group() as group:
        for name, newest in servers.items():
            group.start_soon(ask, name, newest)
    if errors and len(errors) == len(servers) and not found:
        raise next(iter(errors.values()))
    for name, error in errors.items():
        _log.info("jobs of %s: %s", name, error)
    warnings = tuple(f"jobs of server {name!r} are missing: {errors[name]}" for name in servers if name in errors)
    return JobList(_newest_first(found, limit), warnings)


def _newest_first(jobs: Iterable[Execution], limit: int) -> tuple[Execution, ...]:
    """Jobs of which it is not known when they were made come last."""
    return tuple(sorted(jobs, key=lambda job: moment(job.created) or _AT_FIRST, reverse=True)[:limit])
