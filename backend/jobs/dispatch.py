"""What an engine runs: which jobs it claims from the store, and when each begins."""

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial

from backend.jobs.admission import ANY, Bounds, Call, Slot, Slots
from backend.jobs.executor import Assignment, Executor, Outcome
from backend.jobs.leases import Leases

_log = logging.getLogger(__name__)

type JobEnded = Callable[[str, Outcome], None]
"""Job id, and how its run ended."""


class Dispatcher:
    """Of one engine. The threads of the engine and of its executor share it."""

    def __init__(self, engine: str, leases: Leases, executor: Executor, bounds: Bounds, ended: JobEnded) -> None:
        self._engine = engine
        self._leases = leases
        self._executor = executor
        self._bounds = bounds
        self._ended = ended
        self._lock = threading.Lock()
        self._claimed = threading.Condition(self._lock)
        self._claiming = 0
        self._runs: dict[str, Slot] = {}
        self._slots = Slots(bounds)
        self._calls: dict[str, Call] = {}
        """Jobs in the store that somebody waits for, which found no worker."""
        self._backlog = True
        """Whether a job may be waiting in the store. False saves a question to it; a wrong True costs one."""
        self._filling = threading.Lock()
        self._stopping = threading.Event()

    @property
    def claiming(self) -> int:
        """How many jobs are about to become this engine's."""
        return self._claiming

    def stop(self) -> None:
        """Begin and end no more jobs."""
        self._stopping.set()

    def finish_claims(self, seconds: float) -> None:
        """Wait, at most some seconds, for jobs on their way into the store."""
        with self._claimed:
            self._claimed.wait_for(lambda: self._claiming == 0, timeout=seconds)

    def own(self) -> frozenset[str]:
        """The jobs that run."""
        with self._lock:
            return frozenset(self._runs)

    def runs(self, job_id: str) -> bool:
        """Whether the job is one of those that run."""
        with self._lock:
            return job_id in self._runs

    def direct(self, process_id: str) -> bool:
        """Whether a job may begin as soon as it is stored.

        Those of a process that may not take all workers are begun by one thread at a time: see `fill`.
        """
        return process_id not in self._bounds.concurrency

    def queued(self, job_id: str, call: Call) -> None:
        """A job waits in the store."""
        if call.waited_until:
            self._calls[job_id] = call
        self.expect()

    def expect(self) -> None:
        """A job may be waiting in the store."""
        self._backlog = True

    def look(self) -> None:
        """Ask whether jobs wait, after others have changed the store, and begin them."""
        if not self._slots.free:
            # The store tells of this change only now: remembered, it is looked into once a worker is free.
            self._backlog = True
        elif not self._backlog:
            self._backlog = self._leases.waiting(self._executor.process_ids)
        self.fill()

    def begin(self, job_id: str, process_id: str, slot: Slot) -> None:
        """Run a job that the engine has claimed. While it is being stopped it runs none: its claims are given back."""
        with self._lock:
            if self._stopping.is_set():
                return
            if job_id in self._runs:
                # An earlier run of it has ended, and the job was claimed again, before the executor told us of that.
                self._slots.give_back(self._runs[job_id])
            self._runs[job_id] = slot
            self._slots.use(slot, process_id)
        self._executor.run(Assignment(job_id, process_id, self._engine), partial(self._ended, job_id))

    def release(self, job_id: str) -> bool:
        """A run has ended; False where there is none, or the engine is being stopped."""
        with self._lock:
            slot = None if self._stopping.is_set() else self._runs.pop(job_id, None)
            if slot is None:
                return False
            self._slots.give_back(slot)
            # A process of which no more might run may have jobs that wait, whatever was found of others.
            self._backlog |= slot.process_id in self._bounds.concurrency
        return True

    @contextmanager
    def slot(self, call: Call, *, usable: bool = True) -> Generator[Slot | None]:
        """Take a slot for a job that is claimed meanwhile; it is given back unless the job then runs."""
        with self._lock:
            slot = self._slots.take(call) if usable and not self._stopping.is_set() else None
            self._claiming += slot is not None
        try:
            yield slot
        finally:
            if slot is not None:
                with self._claimed:
                    self._slots.give_back_unused(slot)
                    self._claiming -= 1
                    self._claimed.notify_all()

    def fill(self) -> None:
        """Claim waiting jobs while any may begin: first those that somebody waits for, then the oldest.

        Blocks while others write to the store.
        """
        # One thread at a time, so that no process gets more workers than it may have. A thread that finds another one
        # here may leave at once: it has set `_calls` or `_backlog` before, and the other one reads both again after it
        # has released the lock.
        while (self._calls or self._backlog) and not self._stopping.is_set():
            if not self._filling.acquire(blocking=False):
                return
            try:
                more = self._begin_calls() | self._begin_oldest()
            finally:
                self._filling.release()
            if not more:
                return

    def _begin_calls(self) -> bool:
        """Claim what somebody waits for; tells whether to look again."""
        begun = False
        for job_id, call in tuple(self._calls.items()):
            if call.waited_until <= time.monotonic():
                self._calls.pop(job_id, None)  # a job like any other by now
                continue
            with self.slot(call) as slot:
                if slot is None:
                    continue
                self._calls.pop(job_id, None)
                if self._claims(partial(self._leases.claim_one, self._engine, job_id)):
                    self.begin(job_id, call.process_id, slot)
                    begun = True
        return begun

    def _begin_oldest(self) -> bool:
        """Claim the job that has waited longest; tells whether to look again."""
        if not self._backlog or not self._executor.process_ids:
            return False
        with self.slot(ANY) as slot:
            if slot is None:
                return False
            # Cleared before the claim and set after an insertion: a job that comes in between is not overlooked.
            self._backlog = False
            with self._lock:
                possible = self._executor.process_ids - self._slots.full_processes()
            claimed = self._claims(partial(self._leases.claim, self._engine, possible))
            if not claimed:
                return False
            self._backlog = True
            self.begin(*claimed, slot)
        return True

    def _claims[T](self, claim: Callable[[], T]) -> T | None:
        try:
            return claim()
        except Exception:
            # Whoever submitted a job, or waits for another one, is not to blame; the keeper will try again.
            _log.exception("no job could be claimed")
            self._backlog = True
            return None
