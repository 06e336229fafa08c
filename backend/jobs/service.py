"""A job store and the engine that works on it, as settings describe them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from backend.errors import BackendError
from backend.geo.vector.datasets import Datasets
from backend.jobs.admission import Bounds
from backend.jobs.callbacks.delivery import Deliveries
from backend.jobs.engine import Engine
from backend.jobs.executor import WorkerCounts
from backend.jobs.lanes import Lane
from backend.jobs.limits import read_limits
from backend.jobs.local import LocalExecutor
from backend.jobs.retention import Retention
from backend.jobs.store import JobStore
from backend.jobs.sweeping import Sweeping
from backend.jobs.worker_config import WorkerConfig
from backend.settings import ExecutorName, Settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from backend.jobs.prefect.orchestrator import Orchestrator

_AT_PREFECT = 500
"""Jobs that one server follows at Prefect at once; more wait in the store."""


@dataclass(frozen=True, slots=True)
class ProcessSetting:
    """How one process is run."""

    processor: Mapping[str, Any]
    """pygeoapi's processor definition."""
    concurrency: int | None = None
    """Jobs of it that may run at once; None is what the settings say."""
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Members of `JobLimits` that are other than the settings say."""
    executor: ExecutorName | None = None
    """What runs it; None is what the settings say."""


@dataclass(frozen=True, slots=True)
class JobService:
    """What accepts jobs, runs them and keeps their results."""

    store: JobStore
    engine: Engine
    sweeping: Sweeping | None = None
    """Removes jobs that need no longer be kept."""
    deliveries: Deliveries | None = None
    """Tells subscribers, where the settings permit any."""
    workers: Callable[[], WorkerCounts] | None = None
    """Counts the worker processes of this machine, if it has own ones."""

    @classmethod
    def open(
        cls, settings: Settings, processes: Mapping[str, ProcessSetting], *, base_url: str, warm: bool
    ) -> "JobService":
        """Open the store of the settings' home and start an engine on it. Blocks.

        processes: process id → how it is run.
        base_url: root of this server's URLs; inputs below it refer to own results.
        warm: start the worker processes now, not with the first job.

        Raises:
            BackendError: a newer release wrote the store, its database cannot be used, or a process is to be run by
                an executor that is not installed.
        """
        remote = {id_: one for id_, one in processes.items() if (one.executor or settings.executor) == "prefect"}
        local = {id_: one for id_, one in processes.items() if id_ not in remote}
        if remote and find_spec("prefect") is None:
            raise BackendError("The executor `prefect` needs what `pip install 'ogc-processes-mcp[prefect]'` installs.")
        config = configure_workers(settings, local, base_url)
        store = open_store(settings, Retention.of(settings))
        executor = LocalExecutor(config, workers=settings.workers, warm=warm, append_log=store.append_log)
        engine = Engine(
            store,
            executor,
            Bounds(settings.workers, _concurrency(settings, processes), settings.max_queued),
            lease_seconds=settings.lease_seconds,
            dismiss_wait_seconds=settings.dismiss_wait_seconds,
            others=_prefect_lane(settings, remote, base_url, store) if remote else (),
        )
        engine.start()
        sweeping = Sweeping(store.sweeper)
        sweeping.start()
        return cls(store, engine, sweeping, workers=executor.counts)

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


def _prefect_lane(
    settings: Settings, processes: Mapping[str, ProcessSetting], base_url: str, store: JobStore
) -> Sequence[Lane]:
    from backend.jobs.prefect.deployments import Deployment  # noqa: PLC0415 - hardly any server needs it
    from backend.jobs.prefect.executor import PrefectExecutor  # noqa: PLC0415

    def connect() -> "AbstractContextManager[Orchestrator]":
        from backend.jobs.prefect.orchestrator import connected  # noqa: PLC0415 - takes seconds: in its own thread

        return connected(settings.prefect_pool)

    executor = PrefectExecutor(
        store,
        connect,
        [Deployment(process_id, one.processor, one.limits) for process_id, one in processes.items()],
        base_url=base_url,
        start_seconds=settings.prefect_start_seconds,
    )
    return (Lane(executor, Bounds(_AT_PREFECT, _concurrency(settings, processes))),)


def configure_workers(settings: Settings, processes: Mapping[str, ProcessSetting], base_url: str) -> WorkerConfig:
    """What workers need to know that run these processes."""
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
