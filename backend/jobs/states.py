"""The states of a job and the transitions that exist. Pure."""

from collections.abc import Mapping
from enum import StrEnum


class JobStatus(StrEnum):
    """The standard's `statusCode` (OGC 18-062r2, 7.12)."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"


FINAL = frozenset({JobStatus.SUCCESSFUL, JobStatus.FAILED, JobStatus.DISMISSED})
"""States in which the process no longer runs. A finished job may still be dismissed: its results go."""

TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.ACCEPTED: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.DISMISSED}),
    # running → accepted: an idempotent job whose server died is run again.
    JobStatus.RUNNING: frozenset({JobStatus.ACCEPTED, JobStatus.SUCCESSFUL, JobStatus.FAILED, JobStatus.DISMISSED}),
    JobStatus.SUCCESSFUL: frozenset({JobStatus.DISMISSED}),
    JobStatus.FAILED: frozenset({JobStatus.DISMISSED}),
    JobStatus.DISMISSED: frozenset(),
}


def sources(target: JobStatus) -> frozenset[JobStatus]:
    """The states from which `target` may be reached: the `WHERE status IN (…)` of every update."""
    return frozenset(source for source, targets in TRANSITIONS.items() if target in targets)
