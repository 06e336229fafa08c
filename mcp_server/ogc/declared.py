"""What processes declare as their outputs, as far as reading an answer needs it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from mcp_server.ogc import documents


@dataclass(frozen=True, slots=True)
class Declared:
    """The outputs of one process."""

    ids: tuple[str, ...] = ()
    """In the order of its description."""
    html: bool = False
    """Whether one of them may be HTML: any page in place of results is then a result."""


class DeclaredOutputs:
    """The outputs of the processes of one server. Each process is described once, unless it is described anyway."""

    def __init__(
        self, describe: Callable[[str], Awaitable[object]], process_of: Callable[[str], Awaitable[str | None]]
    ) -> None:
        """describe: describes a process, and has its description learnt; process_of: the process of a job."""
        self._describe = describe
        self._process_of = process_of
        self._known: dict[str, Declared] = {}

    def learn(self, process_id: str, description: Mapping[str, Any]) -> None:
        """Take a description, as it was read."""
        html = "html" in documents.compact(description.get("outputs")).lower()
        self._known[process_id] = Declared(documents.output_ids(description), html)

    def known(self, process_id: str | None) -> Declared:
        """The outputs of a process, if they have been learnt."""
        return self._known.get(process_id or "", Declared())

    def hold(self, process_id: str, document: object) -> bool:
        """Whether a document has no members but outputs of a process, as far as they have been learnt."""
        return isinstance(document, dict) and set(self.known(process_id).ids).issuperset(
            cast("dict[str, Any]", document)
        )

    async def of(self, process_id: str | None, job_id: str | None) -> Declared:
        """The outputs of a process, or of the process of a job.

        Raises: what describing it may raise.
        """
        if process_id is None and job_id is not None:
            process_id = await self._process_of(job_id)
        if process_id is not None and process_id not in self._known:
            await self._describe(process_id)
        return self.known(process_id)
