"""Every error the backend raises on purpose. `backend/api/problems.py` maps each to a problem document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One thing wrong with a request, and where."""

    path: str
    """JSON path from the request's root, e.g. `$.inputs.distance`."""
    message: str
    """What is wrong and, where it can be said, what would be right."""


class BackendError(Exception):
    """Root of the tree. The message is for people: it never carries paths of the machine or a traceback."""


class InvalidRequestError(BackendError):
    """The request cannot be accepted; nothing was queued. `problems` holds every fault found, not the first."""

    def __init__(self, message: str, problems: Sequence[InputProblem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class RequestTooLargeError(BackendError):
    """The request body is larger than this server accepts."""


class RequestTooSlowError(BackendError):
    """The request body did not arrive in time."""


class UnsupportedMediaTypeError(BackendError):
    """The request body is not JSON."""


class ReferenceRefusedError(InvalidRequestError):
    """An input refers to something this server does not read."""


class NotAcceptableError(BackendError):
    """The client takes none of the media types in which the answer could be sent."""


class RangeNotSatisfiableError(BackendError):
    """The value has not the bytes that were asked for; it has `size` of them."""

    def __init__(self, message: str, size: int) -> None:
        super().__init__(message)
        self.size = size


class NoSuchProcessError(BackendError):
    """There is no process of that id."""


class NoSuchJobError(BackendError):
    """There is no job of that id."""


class NoSuchOutputError(BackendError):
    """The job has no output of that id."""


class ResultNotReadyError(BackendError):
    """The job has not ended: there is no result yet."""


class ResultGoneError(BackendError):
    """The job was dismissed or its result has expired."""


class JobExpiredError(ResultGoneError):
    """The job ended so long ago, or so many have ended since, that the server keeps nothing of it any more."""


class ResultDamagedError(BackendError):
    """The stored bytes of the result are not those that the process gave: they are never served."""


class ProcessRefusedError(BackendError):
    """The process understood its inputs and will not answer: `reason`, and what would make it answerable.

    Raised by processes. The job ends `failed`; a synchronous caller gets a 400 with `path` where one input is at fault.
    """

    def __init__(self, reason: str, *, path: str | None = None) -> None:
        super().__init__(reason)
        self.path = path


class NoSuchDatasetError(ProcessRefusedError):
    """There is no dataset of that id."""


class NoItemsError(BackendError):
    """The dataset has no such items, or none that can be read: a raster, an unknown layer, a file that is none."""


def refuse(reason: str, path: str | None = None) -> NoReturn:
    """Raise `ProcessRefusedError`: in the middle of a computation one word says it, and type checkers see its end."""
    raise ProcessRefusedError(reason, path=path)


def refuse_input(reason: str, name: str) -> NoReturn:
    """Refuse for what is wrong with the input of this name."""
    refuse(reason, f"$.inputs.{name}")


class ProcessFailedError(BackendError):
    """The process ended with an error of its own."""


class LimitExceededError(BackendError):
    """The job reached one of its limits (time, processor, memory, size of a file or of its results)."""


class JobLostError(BackendError):
    """The process that ran the job died (killed, crashed, out of memory), and the job may not be run again."""


class ServerBusyError(BackendError):
    """The server takes no more jobs now."""


class QueueFullError(ServerBusyError):
    """As many jobs wait for a worker as may: nothing was accepted."""


class StoreFullError(BackendError):
    """There is no room on the disk for the job store: nothing was written."""


class StoreLockedError(ServerBusyError):
    """Others write to the job store: nothing was written, and it may be tried again."""


class StoreUnavailableError(ServerBusyError):
    """The database of the job store does not answer. Whether a change that was under way was made is not known."""
