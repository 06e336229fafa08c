"""Accepts a job and runs it, all in this process, and kills itself at one step."""

import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.jobs.executor import Assignment
from backend.jobs.records import JobRequest
from backend.jobs.store import JobStore
from backend.jobs.worker import Worker
from backend.jobs.worker_config import WorkerConfig

HERE = Path(__file__).parent


class Crash:
    """Kills this process just before or just after a step."""

    def __init__(self, step: str, when: str) -> None:
        self._at = (step, when)
        self.step = ""

    def here(self, when: str) -> None:
        if self._at == (self.step, when):
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, store: JobStore) -> None:
        """Crash at the commit of a transaction of this store."""
        database: Any = store._database  # pyright: ignore[reportPrivateUsage] - to crash between two of its steps
        begin = database.transaction

        @contextmanager
        def transaction(**options: Any) -> Generator[Any]:
            with begin(**options) as connection:
                yield connection
                self.here("before")
            self.here("after")

        database.transaction = transaction
        sync = database.sync

        def synced() -> None:
            sync()
            self.step = "confirm" if self.step == "commit" else self.step

        database.sync = synced

    def replacing(self, replace: Callable[..., None]) -> Callable[..., None]:
        """Crash at the renaming of a file."""

        def replaced(*arguments: Any, **options: Any) -> None:
            step, self.step = self.step, "rename"
            self.here("before")
            replace(*arguments, **options)
            self.here("after")
            self.step = step

        return replaced


def run_until_crash(home: Path, step: str, when: str) -> None:
    """Run one job to its end, unless the crash comes first, `before` or `after` the step."""
    crash = Crash(step, when)
    store = JobStore.open(home, lease_seconds=15)
    store.leases.register("crashing")
    crash.watch(store)
    os.replace = crash.replacing(os.replace)
    crash.step = "insert"
    request = JobRequest("once", {"seconds": 0}, None, "document", idempotent=False)
    job = store.insert(request, owner="crashing", durable=True)
    processes = {"once": {"name": "faulty.once"}}
    sys.path.insert(0, str(HERE / "import_path"))
    worker = Worker(WorkerConfig(home, 15, 1024, 0, (), processes, "http://localhost", "error"))
    crash.watch(worker._store)  # pyright: ignore[reportPrivateUsage] - as above
    crash.step = "start"
    begin = worker._results  # pyright: ignore[reportPrivateUsage] - the step between start and end

    def results(*arguments: Any) -> Any:
        crash.step = "run"
        outputs = begin(*arguments)
        crash.step = "commit"
        return outputs

    worker._results = results  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    report = worker.work(Assignment(job.id, "once", "crashing"))
    if report.complete is not None:
        store.confirm([(job.id, report.complete)])
