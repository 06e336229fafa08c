"""A job store and the engine that works on it, as settings describe them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.geo.vector.datasets import Datasets
from backend.jobs.admission import Bounds
from backend.jobs.callbacks.delivery import Deliveries
from backend.jobs.engine import Engine
from backend.jobs.limits import read_limits
from backend.jobs.local import LocalExecutor
from backend.jobs.retention import Retention
from backend.jobs.store import JobStore
from backend.jobs.sweeping import Sweeping
from backend.jobs.worker_config import WorkerConfig
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class ProcessSetting:
    """How one process is run."""

    processor: Mapping[str, Any]
    """pygeoapi's processor definition."""
    concurrency: int | None = None
    """Jobs of it that may run at once; None is what the settings say."""
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Members of `JobLimits` that are other than the settings say."""


@dataclass(frozen=True, slots=True)
class JobService:
    """What accepts jobs, runs them and keeps their results."""

    store: JobStore
    engine: Engine
    sweeping: Sweeping | None = None
    """Removes jobs that need no longer be kept."""
    deliveries: Deliveries | None = None
    """Tells subscribers, where the settings permit any."""

    @classmethod
    def open(
        cls, settings: Settings, processes: Mapping[str, ProcessSetting], *, base_url: str, warm: bool
    ) -> "JobService":
        """Open the store of the settings' home and start an engine on it. Blocks.

        processes: process id → how it is run.
        base_url: root of this server's URLs; inputs below it refer to own results.
        warm: start the worker processes now, not with the first job.

        Raises:
            BackendError: a newer release wrote the store, or its database cannot be used.
        """
        config = _worker_config(settings, processes, base_url)
        store = open_store(settings, Retention.of(settings))
        engine = Engine(
            store,
            LocalExecutor(config, workers=settings.workers, warm=warm, append_log=store.append_log),
            Bounds(settings.workers, _concurrency(settings, processes), settings.max_queued),
            lease_seconds=settings.lease_seconds,
            dismiss_wait_seconds=settings.dismiss_wait_seconds,
        )
        engine.start()
        sweeping = Sweeping(store.sweeper)
        sweeping.start()
        return cls(store, engine, sweeping)

    def close(self) -> None:
        """End the workers, give unfinished jobs back to the store, and close it. Blocks."""
        if self.deliveries is not None:
            self.deliveries.stop()
        if self.sweeping is not None:
            self.sweeping.stop()
        self.engine.stop()
        self.store.close()


def open_store(settings: Settings, retention: Retention) -> JobStore:
    """Open the store of the settings' home or database, which keeps jobs so long. Blocks.

    Raises:
        BackendError: a newer release wrote the store, or its database cannot be used.
    """
    return JobStore.open(
        settings.home,
        lease_seconds=settings.lease_seconds,
        url=_jobs_url(settings),
        files=settings.jobs_folder,
        retention=retention,
    )


def _jobs_url(settings: Settings) -> str | None:
    return None if settings.jobs_url is None else settings.jobs_url.get_secret_value()


def _worker_config(settings: Settings, processes: Mapping[str, ProcessSetting], base_url: str) -> WorkerConfig:
    usual = settings.job_limits
    return WorkerConfig(
        home=settings.home,
        lease_seconds=settings.lease_seconds,
        inline_result_bytes=settings.inline_result_bytes,
        max_reference_bytes=settings.max_reference_bytes,
        import_paths=settings.import_paths,
        processes={process_id: one.processor for process_id, one in processes.items()},
        base_url=base_url,
        log_level=settings.worker_log_level,
        log_format=settings.log_format,
        jobs_url=_jobs_url(settings),
        jobs_folder=settings.jobs_folder,
        limits=read_limits(usual),
        own_limits={process_id: read_limits({**usual, **one.limits}) for process_id, one in processes.items()},
        max_jobs=settings.worker_jobs,
        max_memory_bytes=settings.worker_memory_bytes,
        datasets=datasets_of(settings),
    )


def datasets_of(settings: Settings) -> Datasets:
    """The files that inputs may refer to: the user's, and the packaged ones."""
    return Datasets.within(settings.dataset_folders, max_vector_bytes=settings.max_dataset_bytes)


def _concurrency(settings: Settings, processes: Mapping[str, ProcessSetting]) -> Mapping[str, int]:
    most = {process_id: one.concurrency or settings.process_concurrency for process_id, one in processes.items()}
    return {process_id: number for process_id, number in most.items() if number is not None}
