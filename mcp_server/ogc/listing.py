"""Lists that come in pages, however their server turns them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import anyio

from mcp_server.errors import RemoteProblemError
from mcp_server.ogc import documents
from mcp_server.ogc.models import ProcessSummary, StatusInfo

type ReadPage = Callable[[str | None, Mapping[str, int]], Awaitable[Page | None]]
"""Reads one page, by a link of the page before it or by parameters of the list; None where the link leads elsewhere."""

_REFUSED = (400, 422)
"""How servers answer to a `limit` larger than theirs, or to a parameter they do not know."""
_PAGES = 100
_JOB_PAGES = 10
_JOB_SECONDS = 2.0
"""How long pages of jobs are turned: some are told soon, rather than all too late."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list."""

    document: Any
    next_link: str | None
    """Where the header of the answer says that the next one is (RFC 8288)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How the next page is asked for."""

    href: str | None
    """A link of the server's; else by parameters."""
    params: Mapping[str, int]


async def read_processes(read: ReadPage, limit: int) -> list[ProcessSummary]:
    """All processes of a list, each once.

    limit: how many are asked for at once.

    Raises: InvalidServerReplyError, and what reading a page may raise.
    """
    return await _read_list(read, documents.process_summaries, lambda one: one.id, limit=limit, pages=_PAGES)


async def read_jobs(read: ReadPage, limit: int, *, wanted: int, newest_first: bool) -> list[StatusInfo]:
    """The newest jobs of a list, newest first, as far as some pages of it tell them.

    limit: how many are asked for at once. newest_first: the list has this order, and need not be read to its end;
    others have the oldest first, or turn pages one way and sort each the other.

    Raises: as `read_processes`.
    """
    pages = 1 if newest_first else _JOB_PAGES
    asked = wanted if newest_first else limit
    found = await _read_list(
        read, documents.statuses, lambda one: one.job_id, limit=asked, pages=pages, seconds=_JOB_SECONDS
    )
    return sorted(found, key=lambda one: one.created or one.started or "", reverse=True)[:wanted]


async def _read_list[T](
    read: ReadPage,
    entries: Callable[[object], list[T]],
    key: Callable[[T], str],
    *,
    limit: int,
    pages: int,
    seconds: float | None = None,
) -> list[T]:
    """The entries of a list, each once, by key.

    limit: left out where the server refuses it. pages: how many are read at most. seconds: how long those after the
    first are read.
    """
    asked: dict[str, int] = {"limit": limit}
    try:
        page = await read(None, asked)
    except RemoteProblemError as error:
        if error.status not in _REFUSED:
            raise
        asked = {}
        page = await read(None, asked)
    found: dict[str, T] = {}
    with anyio.move_on_after(seconds):
        for number in range(1, pages + 1):
            if page is None:
                break
            fresh = {key(entry): entry for entry in reversed(entries(page.document)) if key(entry) not in found}
            found |= dict(reversed(fresh.items()))
            turn = following(page, len(found))
            if turn is None or not fresh or number == pages:
                break
            page = await _turned(read, turn, asked)
    return list(found.values())


def following(page: Page, found: int) -> Turn | None:
    """How the page after this one is asked for, where there is one: by its `next` link, else by what it counts.

    found: how many entries have been read so far.
    """
    href = documents.link(page.document, "next") or page.next_link
    if href is not None:
        return Turn(href, {})
    if not isinstance(page.document, dict):
        return None
    members = cast("dict[str, Any]", page.document)
    total = next((members[name] for name in ("numberMatched", "numberTotal", "total") if _counts(members, name)), 0)
    if found >= total:
        return None
    # Weaver numbers its pages, from 0; others skip entries.
    return Turn(None, {"page": members["page"] + 1} if _counts(members, "page") else {"offset": found})


async def _turned(read: ReadPage, turn: Turn, asked: Mapping[str, int]) -> Page | None:
    """The next page; None where there is none, as the server sees it."""
    if turn.href is not None:
        return await read(turn.href, {})
    try:
        return await read(None, {**asked, **turn.params})
    except RemoteProblemError as error:
        if error.status not in _REFUSED:
            raise
        return None


def _counts(members: Mapping[str, Any], name: str) -> bool:
    return isinstance(members.get(name), int) and not isinstance(members[name], bool)
