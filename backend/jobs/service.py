"""A job store and the engine that works on it, as settings describe them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.jobs.engine import Engine
from backend.jobs.local import LocalExecutor
from backend.jobs.store import JobStore
from backend.jobs.worker import WorkerConfig
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class JobService:
    """What accepts jobs, runs them and keeps their results."""

    store: JobStore
    engine: Engine

    @classmethod
    def open(
        cls, settings: Settings, processes: Mapping[str, Mapping[str, Any]], *, base_url: str, warm: bool
    ) -> "JobService":
        """Open the store of the settings' home and start an engine on it. Blocks.

        processes: process id → pygeoapi's processor definition.
        base_url: root of this server's URLs; inputs below it refer to own results.
        warm: start the worker processes now, not with the first job.

        Raises:
            BackendError: a newer release wrote the store.
        """
        config = WorkerConfig(
            home=settings.home,
            lease_seconds=settings.lease_seconds,
            inline_result_bytes=settings.inline_result_bytes,
            max_reference_bytes=settings.max_reference_bytes,
            import_paths=settings.import_paths,
            processes=processes,
            base_url=base_url,
            log_level=settings.worker_log_level,
        )
        store = JobStore.open(settings.home, lease_seconds=settings.lease_seconds)
        engine = Engine(
            store,
            LocalExecutor(config, workers=settings.workers, warm=warm),
            lease_seconds=settings.lease_seconds,
            dismiss_wait_seconds=settings.dismiss_wait_seconds,
        )
        engine.start()
        return cls(store, engine)

    def close(self) -> None:
        """End the workers, give unfinished jobs back to the store, and close it. Blocks."""
        self.engine.stop()
        self.store.close()
