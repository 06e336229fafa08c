"""Stands in for Prefect's API where a test says what Prefect does: runs that begin, end and are lost at will."""

import threading
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

import job_server

from backend.jobs.prefect.deployments import Deployment, JobOrder, RunState, UnavailableError

WAITING = RunState("waiting", "Scheduled")
BEGINNING = RunState("beginning", "Pending")
CANCELLED = RunState("cancelled", "Cancelled")


def deployment(process_id: str) -> Deployment:
    """One of the processes of `jobs_under_test`."""
    return Deployment(process_id, job_server.PROCESSES[process_id])


class StandIn:
    """Runs by the key they were ordered with. A test's thread and an executor's share it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.down = False
        self.orders: dict[str, JobOrder] = {}
        self.cancelled: list[str] = []
        """Keys of the runs that were to be cancelled, each as often as that was asked."""
        self._ids: dict[str, UUID] = {}
        self._states: dict[UUID, RunState] = {}

    @contextmanager
    def connected(self) -> Generator["StandIn"]:
        self._answer()
        yield self

    def deploy(self, deployments: Sequence[Deployment]) -> Mapping[str, UUID]:
        self._answer()
        return {one.process_id: uuid.uuid4() for one in deployments}

    def submit(self, deployment: UUID, order: JobOrder) -> UUID:  # noqa: ARG002
        self._answer()
        with self._changed:
            self.orders[order.key] = order
            run = self._ids.setdefault(order.key, uuid.uuid4())
            self._states.setdefault(run, WAITING)
            self._changed.notify_all()
        return run

    def states(self, runs: Sequence[UUID]) -> Mapping[UUID, RunState]:
        self._answer()
        return {run: self._states[run] for run in runs if run in self._states}

    def cancel(self, run: UUID) -> None:
        self._answer()
        with self._changed:
            self._states[run] = CANCELLED
            self.cancelled += [key for key, one in self._ids.items() if one == run]
            self._changed.notify_all()

    def _answer(self) -> None:
        if self.down:
            raise UnavailableError("it is down")

    def set(self, key: str, state: RunState) -> None:
        """Let a run be in that state."""
        with self._changed:
            self._states[self._ids[key]] = state

    def until_ordered(self, number: int) -> list[JobOrder]:
        """Wait for so many orders; those there are, the oldest first."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.orders) >= number, 60)
            return list(self.orders.values())

    def until_cancelled(self, key: str) -> None:
        """Wait until a run was cancelled."""
        with self._changed:
            assert self._changed.wait_for(lambda: key in self.cancelled, 60)
