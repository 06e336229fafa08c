"""Tells subscribers of their jobs: in a thread of its own, so that nobody ever waits for a slow subscriber."""

import logging
import threading
import time
from collections.abc import Sequence
from functools import partial

import anyio
import anyio.to_thread

from backend.jobs.callbacks.outbox import Subscription
from backend.jobs.callbacks.posting import Poster
from backend.jobs.callbacks.telling import STORE_SECONDS, Compose, Persistence, Teller
from backend.jobs.complaints import Complaints
from backend.jobs.database import ChangeWatch
from backend.jobs.store import JobStore
from telemetry.logs import about

_TICK_SECONDS = 0.1
"""Longest time until news is noticed."""
_MOST_HELD = 1000
"""Jobs that one server tells of at once; more wait in the store."""

_log = logging.getLogger(__name__)


class Deliveries:
    """One per server that makes callbacks. It reads jobs, and never changes one."""

    def __init__(
        self, store: JobStore, engine: str, poster: Poster, compose: Compose, persistence: Persistence
    ) -> None:
        self._store = store
        self._engine = engine
        self._teller = partial(Teller, store, engine, poster, compose, persistence)
        self._watch: ChangeWatch | None = None
        self._held: set[str] = set()
        # What was put off becomes due without any change.
        self._every_seconds = persistence.first_pause
        self._look_again = 0.0
        self._unlooked = True
        """There may be news in the store that nobody has looked at."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=partial(anyio.run, self._run), name="job-callbacks", daemon=True)

    def start(self) -> None:
        """Begin: with what earlier servers have left, too."""
        self._thread.start()

    def stop(self) -> None:
        """End; whoever was not told yet will be by another server, or the next. Blocks."""
        self._stopping.set()
        self._thread.join()

    async def _run(self) -> None:
        teller = self._teller()
        complaints = Complaints(_log, "jobs with subscribers could not be looked for")
        pause = 0.0
        try:
            async with anyio.create_task_group() as tasks:
                while not self._stopping.is_set():
                    try:
                        changed, claimed = await anyio.to_thread.run_sync(self._look, pause)
                    except Exception as error:
                        pause = STORE_SECONDS
                        complaints.failed(error)
                        continue
                    complaints.went_well()
                    pause = _TICK_SECONDS
                    if changed:
                        teller.news.come()
                    for one in claimed:
                        tasks.start_soon(self._follow, teller, one)
                tasks.cancel_scope.cancel()
        finally:
            if self._watch is not None:
                self._watch.close()

    def _look(self, pause: float) -> tuple[bool, Sequence[Subscription]]:
        """After the pause, whether anything has changed, and the jobs that were claimed then."""
        if self._stopping.wait(pause):
            return False, ()
        if self._watch is None:
            self._watch = self._store.watch()
        changed = self._watch.changed()
        self._unlooked |= changed or time.monotonic() >= self._look_again
        room = _MOST_HELD - len(self._held)
        if not self._unlooked or room <= 0:
            return changed, ()
        self._look_again = time.monotonic() + self._every_seconds
        claimed = self._store.outbox.claim(self._engine, room)
        self._unlooked = len(claimed) == room
        self._held |= {one.job_id for one in claimed}
        return changed, claimed

    async def _follow(self, teller: Teller, one: Subscription) -> None:
        with about(job_id=one.job_id):
            await teller.follow(one)
        self._held.discard(one.job_id)
