"""Tasks on event loops that wait for news of a job, and the threads that bring the news."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress


class Waiter:
    """One task that waits. Only its own loop touches the event."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.seen = 0
        """Version of the job that the task knows."""
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        """Let the task look at its job again; from any thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self.event.set)


class Waiters:
    """Who waits for which job."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_job: dict[str, set[Waiter]] = {}

    @contextmanager
    def waiting(self, job_id: str) -> Generator[Waiter]:
        """Wait for news of a job; from within a running event loop."""
        waiter = Waiter()
        with self._lock:
            self._by_job.setdefault(job_id, set()).add(waiter)
        try:
            yield waiter
        finally:
            with self._lock:
                remaining = self._by_job[job_id]
                remaining.discard(waiter)
                if not remaining:
                    del self._by_job[job_id]

    def job_ids(self) -> set[str]:
        """The jobs that anybody waits for."""
        with self._lock:
            return set(self._by_job)

    def wake(self, job_id: str, *, version: int | None = None) -> None:
        """Wake all who wait for the job, or those who know another version of it."""
        with self._lock:
            waiters = tuple(self._by_job.get(job_id, ()))
        for waiter in waiters:
            if version is None or waiter.seen != version:
                waiter.wake()

    def wake_all(self) -> None:
        """Wake everybody."""
        for job_id in self.job_ids():
            self.wake(job_id)
