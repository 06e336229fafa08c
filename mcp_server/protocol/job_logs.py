"""The log of a job as an agent sees it: the last of it, each line cleaned."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mcp_server.errors import BridgeError, RemoteProblemError
from mcp_server.texts import harmless

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor
    from mcp_server.references import JobReference

MOST_LINES: Final = 20
MOST_BYTES: Final = 2000
"""Of UTF-8, of all lines together; a longer last line is cut at its end."""
_SECONDS: Final = 5.0
_CUT: Final = "…"

_log = logging.getLogger(__name__)


async def last_lines(executor: "Executor", job: "JobReference") -> tuple[str, ...]:
    """The last lines of the log of a job; none where there is none, or where it cannot be read: it is an extra."""
    try:
        lines = await executor.log(job, lines=MOST_LINES, seconds=_SECONDS)
    except BridgeError as error:
        _log.info("the log of %s could not be read: %s", job, error)
        return ()
    return told(lines)


def told(lines: Sequence[str]) -> tuple[str, ...]:
    """The last of these lines, as many as may be told, each harmless; empty ones are left out."""
    kept: list[str] = []
    room = MOST_BYTES
    for line in filter(None, map(harmless, reversed(lines[-MOST_LINES:]))):
        size = len(line.encode())
        if size > room:
            if not kept:
                kept.append(line.encode()[: room - len(_CUT.encode())].decode(errors="ignore") + _CUT)
            break
        kept.append(line)
        room -= size
    return tuple(reversed(kept))


def with_log(error: RemoteProblemError, lines: Sequence[str]) -> RemoteProblemError:
    """The reason of a failed job, followed by the last lines of its log where there are any."""
    if not lines:
        return error
    # Marked line by line: none can be taken for words of the bridge, or of anyone else's turn.
    text = "\n".join([str(error), "The last lines of its log:", *(f"| {line}" for line in lines)])
    return error.retold(text)
