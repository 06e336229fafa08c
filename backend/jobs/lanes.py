"""The executors of an engine side by side: what one of them is busy with keeps no job of another's waiting."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from backend.jobs.admission import Bounds
from backend.jobs.dispatch import Dispatcher, JobEnded
from backend.jobs.executor import Executor
from backend.jobs.leases import Leases


@dataclass(frozen=True, slots=True)
class Lane:
    """An executor, and how much of it jobs may take."""

    executor: Executor
    bounds: Bounds


class Lanes:
    """Of one engine: the first takes what no other can run."""

    def __init__(self, engine: str, leases: Leases, lanes: Sequence[Lane], ended: JobEnded) -> None:
        self._lanes = tuple(
            (lane.executor, Dispatcher(engine, leases, lane.executor, lane.bounds, ended)) for lane in lanes
        )

    def start(self) -> None:
        """Let every executor get ready."""
        for executor, _ in self._lanes:
            executor.start()

    def stop(self) -> None:
        """Begin and end no more jobs."""
        for _, dispatcher in self._lanes:
            dispatcher.stop()

    def stop_executors(self, claim_seconds: float) -> None:
        """End what runs, once no job is on its way into the store any more, for which some seconds are waited."""
        deadline = time.monotonic() + claim_seconds
        for _, dispatcher in self._lanes:
            dispatcher.finish_claims(max(0, deadline - time.monotonic()))
        for executor, _ in self._lanes:
            executor.stop()

    @property
    def claiming(self) -> int:
        """How many jobs are about to become this engine's."""
        return sum(dispatcher.claiming for _, dispatcher in self._lanes)

    def of(self, process_id: str) -> Dispatcher:
        """Who dispatches the jobs of a process."""
        others = (dispatcher for executor, dispatcher in self._lanes[1:] if process_id in executor.process_ids)
        return next(others, self._lanes[0][1])

    def own(self) -> frozenset[str]:
        """The jobs that run."""
        return frozenset[str]().union(*(dispatcher.own() for _, dispatcher in self._lanes))

    def kill(self, job_id: str) -> None:
        """End the run of a job."""
        for executor, dispatcher in self._lanes:
            if dispatcher.runs(job_id):
                executor.kill(job_id)

    def release(self, job_id: str) -> Dispatcher | None:
        """A run has ended: who dispatched it; None where there is none, or the engine is being stopped."""
        return next((dispatcher for _, dispatcher in self._lanes if dispatcher.release(job_id)), None)

    def expect(self) -> None:
        """A job may be waiting in the store."""
        for _, dispatcher in self._lanes:
            dispatcher.expect()

    def look(self) -> None:
        """Ask whether jobs wait, after others have changed the store, and begin them."""
        for _, dispatcher in self._lanes:
            dispatcher.look()

    def fill(self) -> None:
        """Begin what may begin by now, though nobody has changed the store: a short call may have become a long one."""
        for _, dispatcher in self._lanes:
            dispatcher.fill()
