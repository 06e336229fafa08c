"""The one table from an error of ours to what the client sees."""

import logging
from collections.abc import Mapping, Sequence
from enum import Enum

from mcp import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult

from mcp_server.errors import (
    ArgumentProblem,
    BridgeError,
    ConfigurationError,
    InvalidArgumentsError,
    InvalidReferenceError,
    InvalidServerReplyError,
    NoSuchJobError,
    OutcomeUnknownError,
    ReferenceRefusedError,
    RemoteProblemError,
    ResultGoneError,
    ServerUnreachableError,
    UnknownResourceError,
    UnknownToolError,
)
from mcp_server.results import presentation

logger = logging.getLogger(__name__)

MODERN = "2026-07-28"
"""The first revision without handshake; later ones compare larger."""
RESOURCE_NOT_FOUND = -32002
"""Before revision 2026-07-28, which uses INVALID_PARAMS."""
MAX_PROBLEMS = 20


class Outcome(Enum):
    """What becomes of an error."""

    TOOL_ERROR = "a result with `isError`, which the model reads and acts on"
    INVALID_PARAMS = "a protocol error: the request names what does not exist"
    NOT_FOUND = "as a resource: not found; from a tool: a result with `isError`"


OUTCOMES: Mapping[type[BridgeError], Outcome] = {
    BridgeError: Outcome.TOOL_ERROR,
    ConfigurationError: Outcome.TOOL_ERROR,
    InvalidArgumentsError: Outcome.TOOL_ERROR,
    InvalidReferenceError: Outcome.NOT_FOUND,
    ReferenceRefusedError: Outcome.TOOL_ERROR,
    UnknownToolError: Outcome.INVALID_PARAMS,
    UnknownResourceError: Outcome.NOT_FOUND,
    ServerUnreachableError: Outcome.TOOL_ERROR,
    OutcomeUnknownError: Outcome.TOOL_ERROR,
    InvalidServerReplyError: Outcome.TOOL_ERROR,
    RemoteProblemError: Outcome.TOOL_ERROR,
    NoSuchJobError: Outcome.NOT_FOUND,
    ResultGoneError: Outcome.NOT_FOUND,
}


def of_tool(error: Exception, tool: str) -> CallToolResult:
    """What a failed tool call answers.

    Raises: MCPError, where the table asks for a protocol error.
    """
    if not isinstance(error, BridgeError):
        logger.error("%s failed unexpectedly", tool, exc_info=error)
        return presentation.failure(f"{tool} failed unexpectedly; the log of this server tells more")
    if OUTCOMES[type(error)] is Outcome.INVALID_PARAMS:
        raise MCPError(INVALID_PARAMS, str(error)) from error
    return presentation.failure(_explain(error))


def of_resource(error: Exception, uri: str, protocol_version: str) -> MCPError:
    """What a failed read of a resource is answered with."""
    if not isinstance(error, BridgeError):
        logger.error("reading %s failed unexpectedly", uri, exc_info=error)
        return MCPError(INTERNAL_ERROR, "the resource could not be read; the log of this server tells more")
    if OUTCOMES[type(error)] is Outcome.NOT_FOUND:
        code = INVALID_PARAMS if protocol_version >= MODERN else RESOURCE_NOT_FOUND
        return MCPError(code, f"resource not found: {error}", {"uri": uri})
    return MCPError(INTERNAL_ERROR, str(error), {"uri": uri})


def _explain(error: BridgeError) -> str:
    match error:
        case InvalidArgumentsError(problems=problems):
            return "\n".join(["The arguments do not fit; nothing was run.", *_list(problems)])
        case RemoteProblemError(problems=problems) if problems:
            # Many servers join the problems to the message that stands beside them.
            message = str(error)
            repeats = any(problem.message in message for problem in problems)
            return "\n".join(["The arguments were refused." if repeats else message, *_list(problems)])
        case _:
            return str(error)


def _list(problems: Sequence[ArgumentProblem]) -> list[str]:
    every = list(dict.fromkeys(problems))
    lines = [f"- {problem}" for problem in every[:MAX_PROBLEMS]]
    return [*lines, f"- and {len(every) - MAX_PROBLEMS} more"] if len(every) > MAX_PROBLEMS else lines
