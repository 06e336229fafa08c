"""Jobs as the tasks of the extension, and what its requests and notifications carry. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from mcp.types import Notification, NotificationParams, RequestParams
from pydantic import model_serializer

from mcp_server.ogc.documents import moment
from mcp_server.ogc.models import StatusInfo

IDENTIFIER: Final = "io.modelcontextprotocol/tasks"
COMPLETED: Final = "completed"
ENDED: Final = frozenset({COMPLETED, "cancelled"})

_STATES: Final[Mapping[str, str]] = {
    "accepted": "working",
    "running": "working",
    "successful": COMPLETED,
    # To the extension an error of the protocol is a failure; a job that failed is a result with `isError`.
    "failed": COMPLETED,
    "dismissed": "cancelled",
}
_POLLS_PER_LIFE: Final = 10
_SHORTEST_POLL_SECONDS: Final = 0.5
_LONGEST_POLL_SECONDS: Final = 10.0


class TaskParams(RequestParams):
    """Parameters of `tasks/get` and `tasks/cancel`."""

    task_id: str


class UpdateParams(TaskParams):
    """Parameters of `tasks/update`."""

    input_responses: dict[str, Any]


class TaskNotificationParams(NotificationParams):
    """A whole task, as `tasks/get` tells it."""

    task: dict[str, Any]

    @model_serializer(mode="plain")
    def _flat(self) -> dict[str, Any]:
        # Members that are null must stay, which the SDK would leave out of a model.
        return {**self.task, "_meta": self.meta}


class TaskNotification(Notification[TaskNotificationParams, Literal["notifications/tasks"]]):
    """Something about a task is new."""

    method: Literal["notifications/tasks"] = "notifications/tasks"


def task(task_id: str, status: StatusInfo, *, now: datetime) -> dict[str, Any]:
    """A job as a task, without its result.

    `ttlMs` ends when its server will delete the job, and is null where it does not say so. While the task works,
    `pollIntervalMs` is a tenth of its age within bounds, or what the server asks for if that is longer.
    """
    created = _first(status.created, status.started, status.updated, status.finished) or now
    updated = _first(status.finished, status.updated, status.started) or created
    told: dict[str, Any] = {
        "taskId": task_id,
        "status": _STATES[status.status],
        "createdAt": created.isoformat(),
        "lastUpdatedAt": max(created, updated).isoformat(),
        "ttlMs": _milliseconds(created, _first(status.expires)),
    }
    message = _message(status)
    if message:
        told["statusMessage"] = message
    if not status.final:
        told["pollIntervalMs"] = round(1000 * _poll_seconds((now - created).total_seconds(), status.retry_after))
    return told


def _message(status: StatusInfo) -> str:
    """The message of a job, after its progress while it runs: a task has no member for that."""
    percent = f"{status.progress:.0f} %" if status.progress is not None and not status.final else ""
    return ": ".join(part for part in (percent, status.message) if part)


def _milliseconds(since: datetime, until: datetime | None) -> int | None:
    return None if until is None else max(0, round((until - since).total_seconds() * 1000))


def _poll_seconds(age: float, asked_for: float | None) -> float:
    seconds = min(max(age / _POLLS_PER_LIFE, _SHORTEST_POLL_SECONDS), _LONGEST_POLL_SECONDS)
    return max(seconds, asked_for or 0.0)


def _first(*texts: str | None) -> datetime | None:
    """The first of several times that can be read."""
    return next(filter(None, map(moment, texts)), None)
