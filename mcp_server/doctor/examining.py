"""An examination: every process of one server is read, and judged as soon as it has come."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Final

import anyio
import anyio.to_thread

from mcp_server.catalog.changes import change_of
from mcp_server.catalog.kept import Kept, Was
from mcp_server.catalog.selection import Patterns
from mcp_server.connections import remote_client, remote_reader
from mcp_server.doctor.introduction import Introduction, features, introduced
from mcp_server.doctor.judging import judged
from mcp_server.doctor.records import Examination, Failure, ProcessFinding, ServerFinding
from mcp_server.errors import BridgeError, ConfigurationError, ServerUnreachableError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.connecting import open_http
from mcp_server.ogc.reader import Reader
from mcp_server.schema.names import tool_names
from mcp_server.schema.text import brief
from mcp_server.servers import ServerSettings
from mcp_server.settings import Settings

_AT_ONCE: Final = 8
_SHOWN: Final = 10

type OnProgress = Callable[[int, int], None]
"""Told how many processes have been read, and how many there are."""


async def examine(
    name: str,
    server: ServerSettings,
    settings: Settings,
    *,
    reserved: frozenset[str],
    process: str | None = None,
    seconds: float = 300,
    on_progress: OnProgress = lambda _done, _all: None,
) -> Examination:
    """Examine a server: its processes as the tools of a bridge that has this server alone.

    reserved: tool names that no process may have.
    process: the id of the only one to read.
    seconds: for all of it; a process that was not read by then is told as such.

    Raises: BridgeError if its list of processes cannot be read, ConfigurationError if it does not have `process`.
    """
    start = monotonic()
    async with open_http(ca_file=server.ca_file) as http:
        client = remote_client(name, server, http, settings)
        listed, introduction = await _met(client, remote_reader(name, server, http, settings), seconds)
        patterns = Patterns(server.include, server.exclude)
        taken = [one for one in listed if one == process or patterns.match(one)]
        ids = taken if process is None else _only(process, listed)
        names = tool_names([(name, one) for one in taken], prefixed=False, reserved=reserved)
        kept = Kept(settings.home) if name in settings.servers else None
        was = await anyio.to_thread.run_sync(kept.was, client.identity, ids) if kept is not None else {}
        reading = _Reading(client, {one: names[name, one] for one in ids}, was, on_progress)
        with anyio.move_on_after(seconds - (monotonic() - start)):
            await reading.run()
    processes = reading.findings()
    return Examination(
        server=ServerFinding(
            name=name,
            url=server.url,
            title=introduction.title,
            dialect=client.identity.dialect,
            conformance=introduction.conformance,
            features=features(introduction, processes),
        ),
        processes=processes,
        failures=reading.failures(f"was not read within {seconds:g} s"),
        excluded=len(listed) - len(taken),
        seconds=monotonic() - start,
    )


async def _met(client: OgcClient, reader: Reader, seconds: float) -> tuple[list[str], Introduction]:
    """The ids of the processes that a server lists, and what it says of itself."""
    try:
        with anyio.fail_after(seconds):
            listed = [summary.id for summary in await client.processes()]
            return listed, await introduced(reader, len(listed))
    except TimeoutError as error:
        late = f"server {client.identity.name!r} did not list its processes within {seconds:g} s"
        raise ServerUnreachableError(late) from error


def _only(process: str, listed: Collection[str]) -> list[str]:
    """The process that is named.

    Raises: ConfigurationError where there is none.
    """
    if process not in listed:
        some = brief(", ".join([*listed][:_SHOWN]), 200) or "none"
        more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
        raise ConfigurationError(f"--process {process}: the server has no such process; it has {some}{more}")
    return [process]


class _Reading:
    """Descriptions are read several at a time, and none is kept."""

    def __init__(
        self, client: OgcClient, names: dict[str, str], was: Mapping[str, Was], on_progress: OnProgress
    ) -> None:
        """names: the tools' names by id; was: the descriptions that a bridge read before."""
        self._client = client
        self._names = names
        self._was = was
        self._on_progress = on_progress
        self._found: dict[str, ProcessFinding] = {}
        self._failed: dict[str, str] = {}

    async def run(self) -> None:
        """Read all."""
        waiting = iter(self._names.items())

        async def work() -> None:
            for process_id, name in waiting:
                await self._judge(process_id, name)
                self._on_progress(len(self._found) + len(self._failed), len(self._names))

        async with anyio.create_task_group() as group:
            for _ in range(min(_AT_ONCE, len(self._names))):
                group.start_soon(work)

    def findings(self) -> tuple[ProcessFinding, ...]:
        """In the order of the server's list."""
        return tuple(self._found[one] for one in self._names if one in self._found)

    def failures(self, unread: str) -> tuple[Failure, ...]:
        """In the order of the server's list; `unread` is told of those that were not come to."""
        others = (one for one in self._names if one not in self._found)
        return tuple(Failure(one, self._failed.get(one, unread)) for one in others)

    async def _judge(self, process_id: str, name: str) -> None:
        try:
            description = await self._client.describe(process_id)
            was = self._was.get(process_id)
            changed = change_of(was, description.raw, datetime.now(UTC)) if was is not None else None
            self._found[process_id] = judged(description, name=name, changed=changed)
        except BridgeError as error:
            self._failed[process_id] = str(error)
        except Exception as error:  # whatever a description does to us, the others are judged all the same
            self._failed[process_id] = f"no tool can be made of its description ({error!r})"
