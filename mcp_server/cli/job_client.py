"""The jobs of one server as an operator's commands ask for them: of the home's store, or over HTTP."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import anyio

from mcp_server.cli.named_server import server_named
from mcp_server.connections import remote_client, remote_reader
from mcp_server.embedded import EMBEDDED_URL, open_jobs_app
from mcp_server.errors import RemoteProblemError
from mcp_server.ogc import listing
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.connecting import open_http
from mcp_server.ogc.dialects import OWN
from mcp_server.ogc.exchange import Exchange
from mcp_server.ogc.in_process import InProcessTransport
from mcp_server.ogc.models import StatusInfo
from mcp_server.ogc.reader import Reader
from mcp_server.settings import EMBEDDED, Settings

_FOLLOW_SECONDS: Final = 0.6
"""Between two looks at a log. A server stores what a job writes twice a second, and the last of it with its end."""

_NO_LOG: Final = (404, 405)
_TEXT: Final = {"Accept": "text/plain"}


@dataclass(frozen=True, slots=True)
class JobClient:
    """Asks one server for its jobs."""

    client: OgcClient
    reader: Reader

    async def list(self, process: str | None, status: str | None, limit: int) -> Sequence[StatusInfo]:
        """The newest jobs, newest first: all of them, or those of a process or in a state.

        A server that does not select jobs is asked for as many, and those that were not wanted are left out.

        Raises: BridgeError.
        """
        await self.client.connect()
        known = self.client.dialect
        chosen = {name: value for name, value in (("processID", process), ("status", status)) if value is not None}
        found = await listing.read_jobs(
            self.reader.pages("jobs", {**known.query, **known.jobs_query, **chosen}),
            known.list_limit,
            wanted=limit,
            newest_first=known.newest_first,
        )
        return [job for job in found if process in (None, job.process_id) and status in (None, job.status)]

    async def log(self, job_id: str, tail: int | None) -> Sequence[str]:
        """The lines that a job's process has written, or the last `tail` of them.

        Raises: NoSuchJobError, RemoteProblemError where the server keeps no logs.
        """
        params = {} if tail is None else {"tail": tail}
        try:
            reply = await self.reader.path("jobs", job_id, "log", params=params, headers=_TEXT)
        except RemoteProblemError as error:
            if error.status not in _NO_LOG:
                raise
            # It may be the job that there is not.
            await self.client.standing(job_id)
            name = self.client.identity.name
            raise RemoteProblemError(f"server {name!r} keeps no logs of its jobs", status=404) from None
        return reply.body.decode("utf-8", "replace").splitlines()

    async def follow(self, job_id: str, tail: int | None, show: Callable[[Sequence[str]], None]) -> StatusInfo:
        """Show what a job's process has written, and what it writes until the job ends; the job as it then is.

        Raises: as `log`.
        """
        shown = await self.log(job_id, None)
        show(shown if tail is None else shown[-tail:])
        final = False
        while True:
            status = await self.client.standing(job_id)
            now = await self.log(job_id, None)
            show(added(shown, now))
            shown = now
            if final:
                return status
            # What it wrote last may reach the log after its end is told: one more look.
            final = status.final
            await anyio.sleep(_FOLLOW_SECONDS)


def added(before: Sequence[str], now: Sequence[str]) -> Sequence[str]:
    """The lines of a log that came since: it grows at its end and, once it is long, is cut at its beginning."""
    tails = (before[cut:] for cut in range(len(before) + 1))
    # Where nothing of it is left there is the empty one.
    kept = next(tail for tail in tails if list(now[: len(tail)]) == list(tail))
    return now[len(kept) :]


@asynccontextmanager
async def open_job_client(url: str | None, settings: Settings) -> AsyncGenerator[JobClient]:
    """A client of the server with that URL or configured name, else of the jobs in the home, none of which it runs.

    Raises: ConfigurationError.
    """
    if url is None:
        async with open_jobs_app(settings) as app, InProcessTransport(app) as http:
            limit = settings.max_reply_bytes
            client = OgcClient(EMBEDDED, EMBEDDED_URL, http, embedded=True, max_reply_bytes=limit, dialect=OWN)
            exchange = Exchange(EMBEDDED, http, max_reply_bytes=limit, read_seconds=settings.read_seconds, access=None)
            yield JobClient(client, Reader(exchange, EMBEDDED_URL))
        return
    name, server = server_named(url, settings)
    async with open_http(ca_file=server.ca_file) as http:
        yield JobClient(remote_client(name, server, http, settings), remote_reader(name, server, http, settings))
