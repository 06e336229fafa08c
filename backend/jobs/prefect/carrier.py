"""Runs one job on behalf of a run of Prefect's: an engine of its own on the job store, with one worker process.

It knows nothing of Prefect. Limits, logs, progress and endings are those of any job, and the engine's lease tells all
servers of the store that the job is being worked on.
"""

import signal
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from backend.errors import StoreUnavailableError
from backend.jobs.admission import Bounds
from backend.jobs.engine import Engine
from backend.jobs.fork_server import start_fork_server
from backend.jobs.local import LocalExecutor
from backend.jobs.prefect.deployments import Deployment, JobOrder
from backend.jobs.records import Job, JobRequest
from backend.jobs.retention import Retention
from backend.jobs.service import ProcessSetting, configure_workers, open_store
from backend.jobs.states import FINAL
from backend.jobs.store import JobStore
from backend.processes.running import load_processor
from backend.settings import Settings

_LOOK_SECONDS = 0.2

_END_SECONDS = 8.0
"""How long the end of a job that was cancelled in Prefect is waited for."""


class _OnDemand(LocalExecutor):
    """Runs what it is given."""

    @property
    def process_ids(self) -> frozenset[str]:
        """None: the engine takes nothing from the queue on its own."""
        return frozenset()


class Carrier:
    """One job, from its claim to its end."""

    def __init__(self, store: JobStore, engine: Engine, deployment: Deployment) -> None:
        self._store = store
        self._engine = engine
        self._deployment = deployment

    def take(self, order: JobOrder) -> bool:
        """Begin the attempt that was ordered; False when the job does not wait for it any more.

        Raises:
            NoSuchJobError, JobExpiredError: the store has no such job.
        """
        self._store.get(order.job_id)
        return self._engine.adopt(order.job_id, self._deployment.process_id, order.attempts)

    def accept(self, inputs: Mapping[str, Any]) -> str:
        """Make a job of inputs, and begin it; returns its id.

        Raises:
            BackendError: the process cannot be loaded.
        """
        processor = load_processor(self._deployment.processor)
        idempotent = bool(getattr(processor, "idempotent", False))
        request = JobRequest(self._deployment.process_id, inputs, None, "document", idempotent)
        return self._engine.submit(request, durable=True).id

    def works_on(self, job_id: str) -> bool:
        """Wait a moment; tells whether the job is still at work here, as far as is known."""
        time.sleep(_LOOK_SECONDS)
        try:
            (job,) = self._store.leases.observe([job_id]) or [None]
        except StoreUnavailableError:
            return True  # a database that is restarted ends no job
        return job is not None and job.status not in FINAL and job.owner == self._engine.id

    def dismiss(self, job_id: str) -> None:
        """End a job because its run was cancelled, and wait for that, bounded; one that has ended stays as it is."""
        if self.works_on(job_id):
            self._store.dismiss(job_id)
        deadline = time.monotonic() + _END_SECONDS
        while self.works_on(job_id) and time.monotonic() < deadline:
            pass

    def job(self, job_id: str) -> Job:
        """The job as it now is.

        Raises:
            NoSuchJobError: there is none of that id.
        """
        return self._store.get(job_id)


@contextmanager
def _deaf_to_termination() -> Generator[None]:
    """What is started meanwhile ignores SIGTERM.

    Prefect sends it to our whole group. The fork server would die of it at once, and the job with it, before we could
    learn why we are to end, and tell the store.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)


@contextmanager
def carrying(deployment: Deployment, base_url: str | None) -> Generator[Carrier]:
    """A carrier on the job store that this machine's settings name; a job it still has at the end is given back.

    base_url: root of the server's URLs; None is what the settings say.

    Raises:
        BackendError: the store cannot be used.
    """
    settings = Settings()
    sys.path[:0] = [path for path in settings.import_paths if path not in sys.path]
    processes = {deployment.process_id: ProcessSetting(deployment.processor, limits=deployment.limits)}
    config = configure_workers(settings, processes, base_url or settings.base_url)
    store = open_store(settings, Retention.of(settings))
    executor = _OnDemand(config, workers=1, warm=True, append_log=store.append_log)
    engine = Engine(
        store,
        executor,
        Bounds(1),
        lease_seconds=settings.lease_seconds,
        dismiss_wait_seconds=settings.dismiss_wait_seconds,
    )
    with _deaf_to_termination():
        start_fork_server()
    engine.start()
    try:
        yield Carrier(store, engine, deployment)
    finally:
        engine.stop()
        store.close()
