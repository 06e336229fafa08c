"""How a server introduces itself: its title, what it declares, and what follows for a client."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass

from mcp_server.doctor.records import Feature, ProcessFinding
from mcp_server.errors import InvalidServerReplyError, RemoteProblemError
from mcp_server.ogc import documents, replies
from mcp_server.ogc.reader import Reader
from mcp_server.schema.plain import as_object
from mcp_server.schema.process import Mode
from mcp_server.schema.text import brief, in_one_language

_TITLE_LENGTH = 120
_CLASSES: tuple[tuple[Feature, frozenset[str]], ...] = (
    ("dismiss", frozenset({"dismiss"})),
    ("job_list", frozenset({"job-list"})),
    ("callback", frozenset({"callback"})),
    ("html", frozenset({"html"})),
    ("openapi", frozenset({"oas30", "oas31"})),
    ("deploy", frozenset({"deploy-replace-undeploy"})),
)


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a server says of itself before it is asked for a process."""

    title: str
    conformance: tuple[str, ...]
    pages: bool | None
    """Whether it lists its processes page by page where that is asked for; None where it cannot be told."""


async def introduced(reader: Reader, processes: int) -> Introduction:
    """Ask a server to introduce itself.

    processes: how many it lists.

    Raises: BridgeError.
    """
    _, landing = await reader.introduction("")
    _, declaration = await reader.introduction("conformance")
    title = brief(in_one_language(as_object(landing).get("title")), _TITLE_LENGTH)
    classes = tuple(sorted(brief(uri, 300) for uri in documents.conformance_classes(declaration)))
    return Introduction(title, classes, await _pages(reader) if processes > 1 else None)


def features(introduction: Introduction, processes: Iterable[ProcessFinding]) -> dict[Feature, bool | None]:
    """What a server can do, by what it declares and by what its processes declare."""
    modes: set[Mode] = {mode for process in processes for mode in process.modes}
    told: dict[Feature, bool | None] = {
        "synchronous": "sync-execute" in modes if modes else None,
        "asynchronous": "async-execute" in modes if modes else None,
        "paging": introduction.pages,
    }
    names = {uri.rstrip("/").rpartition("/")[2] for uri in introduction.conformance}
    told.update((feature, _declared(classes, names)) for feature, classes in _CLASSES)
    return told


def _declared(classes: Collection[str], names: set[str]) -> bool | None:
    return not names.isdisjoint(classes) if names else None


async def _pages(reader: Reader) -> bool | None:
    """A server that keeps `limit` answers with one process of several."""
    with suppress(RemoteProblemError, InvalidServerReplyError):
        reply = await reader.path("processes", params={"limit": 1})
        return len(documents.process_summaries(replies.json_of(reply))) == 1
    return None
