"""Every error the bridge raises on purpose. `mcp_server/protocol/outcomes.py` maps each to what the client sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self


@dataclass(frozen=True, slots=True)
class ArgumentProblem:
    """One thing wrong with the arguments of a tool call."""

    path: str
    """JSON path from the arguments' root, e.g. `$.distance`."""
    message: str
    suggestion: str | None = None
    """What would be right, e.g. `did you mean \"name\"?`."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" + (f"; {self.suggestion}" if self.suggestion else "")


class BridgeError(Exception):
    """Root of the tree. The message is written for the model that made the call."""


class InvalidArgumentsError(BridgeError):
    """The arguments do not fit the tool; nothing was sent. Every fault is listed, not the first."""

    def __init__(self, problems: Sequence[ArgumentProblem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message.removesuffix('.')}" for p in problems))
        self.problems = tuple(problems)


class InvalidReferenceError(BridgeError):
    """A result or job URI is malformed, or names a server that is not configured."""


class ReferenceRefusedError(BridgeError):
    """A reference points where this bridge does not read."""


class UnknownToolError(BridgeError):
    """There is no tool of that name: a protocol error."""


class UnknownResourceError(BridgeError):
    """There is no resource of that URI: a protocol error."""


class ServerUnreachableError(BridgeError):
    """The server could not be reached, or did not answer in time, before anything was asked of it."""


class OutcomeUnknownError(BridgeError):
    """An execution was sent and no answer came: it may have run. The message tells how to find out."""


class InvalidServerReplyError(BridgeError):
    """The server answered with something that is not what the standard asks (not JSON, truncated, too large)."""


class RemoteProblemError(BridgeError):
    """The server refused or failed: its own words, so that the model can mend its call."""

    def __init__(
        self, message: str, *, status: int, type_uri: str | None = None, problems: Sequence[ArgumentProblem] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type_uri = type_uri
        self.problems = tuple(problems)

    def retold(self, message: str, problems: Sequence[ArgumentProblem] | None = None) -> Self:
        """The same error in other words; None keeps its problems as they are."""
        problems = self.problems if problems is None else problems
        return type(self)(message, status=self.status, type_uri=self.type_uri, problems=problems)


class NoSuchJobError(RemoteProblemError):
    """The server knows no such job (404)."""


class ResultGoneError(RemoteProblemError):
    """The job was dismissed or its result has expired (410)."""


class ConfigurationError(BridgeError):
    """A setting, a file or a command-line argument is wrong. One clear line."""


REQUEST_ERRORS: Final = (
    ServerUnreachableError,
    InvalidServerReplyError,
    ReferenceRefusedError,
    RemoteProblemError,
)
"""What any request to a server may raise. Docstrings name only what means something more."""
