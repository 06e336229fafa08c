"""One run against one server: what is asked once and judged by several tests."""

from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import Any, cast

import httpx

from mcp_server.ogc.addresses import segment
from mcp_server.schema.plain import as_list, as_object
from mcp_server.validate.declared import declared_classes
from mcp_server.validate.recorder import Answer, Recorder
from mcp_server.validate.records import ConformanceClass, InapplicableError, Options, UnansweredError, ViolationError

_MOST_DESCRIPTIONS = 30
"""A server may have thousands of processes; the first ones are judged."""
_MOST_UNANSWERED = 3
_TELLING = ("echo", "hello", "slow", "sleep")


class Session:
    """A server under test. Every document is asked for once, whatever number of tests judge it."""

    def __init__(self, recorder: Recorder, options: Options) -> None:
        self.recorder = recorder
        self.options = options
        self.late: list[str] = []
        """Processes of executions that took longer than the time limit, once for each."""
        self.jobs_by_default = False
        """Whether a process that declares no mode was made a job, unasked: the next one is, too."""
        self._kept: dict[Hashable, Any] = {}

    def resolved(self, href: str) -> str:
        """A link of the server as a URL."""
        return str(httpx.URL(f"{self.recorder.root}/").join(href))

    async def once[T](self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` gives, or raises, kept under `key` for whoever asks again."""
        if key not in self._kept:
            try:
                self._kept[key] = await make()
            except (ViolationError, InapplicableError) as error:
                self._kept[key] = error
        kept = self._kept[key]
        if isinstance(kept, ViolationError | InapplicableError):
            raise kept
        return cast("T", kept)

    async def landing_page(self) -> Answer:
        """`GET /`; where that is not found, the URL without its slash."""

        async def ask() -> Answer:
            answer = await self.recorder.get("/")
            bare = answer if answer.successful else await self.recorder.get("")
            return bare if bare.successful else answer

        return await self.once("landing page", ask)

    async def conformance(self) -> Answer:
        """`GET /conformance`."""
        return await self.once("conformance", lambda: self.recorder.get("/conformance"))

    async def process_list(self) -> Answer:
        """`GET /processes`."""
        return await self.once("process list", lambda: self.recorder.get("/processes"))

    async def job_list(self) -> Answer:
        """`GET /jobs`, as it is when first asked for."""
        return await self.once("job list", lambda: self.recorder.get("/jobs"))

    async def declared(self) -> tuple[ConformanceClass, ...]:
        """The classes that the server declares; none where it has no readable declaration."""
        try:
            return declared_classes((await self.conformance()).json())
        except (ViolationError, InapplicableError):
            return ()

    async def declares(self, conformance_class: ConformanceClass) -> bool:
        """Whether the server declares a class."""
        return conformance_class in await self.declared()

    async def listed_ids(self) -> list[str]:
        """Ids of the listed processes.

        Raises: ViolationError where there is no list; InapplicableError where it was not answered.
        """
        try:
            answer = await self.process_list()
        except UnansweredError as error:
            raise InapplicableError(str(error)) from error
        listed = as_list(as_object(answer.json()).get("processes"))
        return [str(entry["id"]) for entry in map(as_object, listed) if isinstance(entry.get("id"), str)]

    async def process_ids(self) -> tuple[str, ...]:
        """Ids of the listed processes, at most those that are judged.

        Raises: as `listed_ids` does; InapplicableError where the list is empty.
        """
        ids = await self.listed_ids()
        # Of many processes, those that are the best to execute must be among the judged.
        ids.sort(key=lambda name: not any(word in name.lower() for word in _TELLING))
        if self.options.process is not None:
            ids = [self.options.process, *(name for name in ids if name != self.options.process)]
        if not ids:
            raise InapplicableError("the server lists no process")
        return tuple(ids[:_MOST_DESCRIPTIONS])

    async def description(self, process_id: str) -> Answer:
        """`GET /processes/{processID}`."""
        path = f"/processes/{segment(process_id)}"
        return await self.once(("description", process_id), lambda: self.recorder.get(path))

    async def descriptions(self) -> dict[str, Answer]:
        """The descriptions of the judged processes by id, without those that were not answered.

        Raises: as `process_ids` does; InapplicableError where none was answered.
        """
        found: dict[str, Answer] = {}
        for number, process_id in enumerate(await self.process_ids()):
            if number - len(found) == _MOST_UNANSWERED:
                break
            with suppress(UnansweredError):
                found[process_id] = await self.description(process_id)
        if not found:
            raise InapplicableError("no description of a process was answered")
        return found
