"""The composition root: settings become an OGC API – Processes server."""

import copy
import logging
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from backend.api.asgi import refuse
from backend.api.callback_notices import Notices
from backend.api.configuration import Configuration, ConfigurationError, load_configuration
from backend.api.metadata import Metadata
from backend.api.middleware import api_middleware
from backend.api.offerings import Offerings, load_offerings
from backend.api.request_ids import RequestIds
from backend.api.routes import api_routes, resource
from backend.api.service import Service
from backend.html.renderer import HtmlRenderer
from backend.jobs.callbacks.delivery import Deliveries
from backend.jobs.callbacks.destinations import Origins
from backend.jobs.callbacks.posting import Poster
from backend.jobs.callbacks.telling import Persistence
from backend.jobs.limits import JobLimits
from backend.jobs.observer import JobObserver
from backend.jobs.readers import DatasetReaders
from backend.jobs.service import JobService, ProcessSetting
from backend.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer
    from pygeoapi.api import API

    from backend.api.metrics import Metrics
    from backend.api.traces import JobTraces

__all__ = ["ConfigurationError", "create_app"]

_CLOSE_SECONDS = 7.0
"""Longest time the server waits for its workers to end. What is left of them ends with the server's process."""

_log = logging.getLogger(__name__)

type Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(settings: Settings, *, tracer: "Tracer | None" = None) -> Starlette:
    """The server of these settings. Its lifespan opens the job store, and starts and stops the workers.

    tracer: makes the spans, where the settings ask for some; the process's own one unless it is given.

    Raises:
        ConfigurationError: A configuration file, a folder of processes or a process in it cannot be used.
    """
    origins = _callback_origins(settings)
    _extend_import_path(settings)
    _require_data_folders(settings)
    configuration = load_configuration(settings.config)
    offerings = load_offerings(configuration, settings.base_url)
    configuration = configuration.only(offerings.by_id)
    routes = api_routes(Metadata.of(configuration, offerings, settings.base_url, callbacks=bool(origins)))
    layers = api_middleware(settings)
    if settings.log_format == "json":
        layers.insert(0, Middleware(RequestIds))
    observers: list[JobObserver] = []
    if settings.metrics:
        metrics = _metrics(lambda: app.state.jobs)
        observers.append(metrics)
        routes.append(resource("/metrics", GET=metrics.get))
        layers.append(metrics.layer())  # innermost: other layers hide the route
    if settings.traces:
        traces = _traces(tracer)
        observers.append(traces)
        layers.append(traces.layer())
    app = Starlette(
        routes=routes,
        middleware=layers,
        exception_handlers={HTTPException: refuse},
        lifespan=_lifespan(settings, configuration, offerings, tuple(observers)),
    )
    app.router.redirect_slashes = False
    app.state.html = HtmlRenderer(configuration.title, settings.base_url)
    return app


def _extend_import_path(settings: Settings) -> None:
    for folder in settings.processes:
        if not folder.is_dir():
            raise ConfigurationError(f"The folder of processes {folder} does not exist.")
    sys.path[:0] = [path for path in settings.import_paths if path not in sys.path]


def _require_data_folders(settings: Settings) -> None:
    for folder in settings.data:
        if not folder.is_dir():
            raise ConfigurationError(f"The data folder {folder} does not exist.")


def _callback_origins(settings: Settings) -> Origins:
    try:
        return Origins.of(settings.callback_origins)
    except ValueError as error:
        raise ConfigurationError(f"OGC_PROCESSES_CALLBACK_ORIGINS: {error}.") from None


def _traces(tracer: "Tracer | None") -> "JobTraces":
    from opentelemetry.trace import get_tracer  # noqa: PLC0415 - hardly any server needs it

    from backend.api.traces import JobTraces  # noqa: PLC0415

    return JobTraces(tracer or get_tracer("ogc-processes-backend"))


def _metrics(find_jobs: "Callable[[], JobService]") -> "Metrics":
    try:
        from backend.api.metrics import Metrics  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError as error:
        message = "OGC_PROCESSES_METRICS is set, and needs what `pip install 'ogc-processes-mcp[metrics]'` installs."
        raise ConfigurationError(message) from error
    return Metrics(find_jobs)


def _lifespan(
    settings: Settings, configuration: Configuration, offerings: Offerings, observers: tuple[JobObserver, ...]
) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        jobs = await anyio.to_thread.run_sync(_start, settings, configuration)
        jobs.engine.observers = observers
        app.state.jobs = jobs
        readers = DatasetReaders(JobLimits(memory_bytes=settings.max_job_memory_bytes))
        app.state.service = Service(settings, offerings, jobs.store, jobs.engine, readers)
        app.state.pygeoapi = cache(partial(_pygeoapi, settings, configuration, jobs))
        try:
            yield
        finally:
            with anyio.move_on_after(_CLOSE_SECONDS, shield=True) as scope:
                await anyio.to_thread.run_sync(readers.close, abandon_on_cancel=True)
                await anyio.to_thread.run_sync(jobs.close, abandon_on_cancel=True)
            if scope.cancelled_caught:
                _log.error("the worker processes did not end within %g s", _CLOSE_SECONDS)

    return lifespan


def _start(settings: Settings, configuration: Configuration) -> JobService:
    processes = {
        entry.id: ProcessSetting(entry.processor, entry.concurrency, entry.limits, entry.executor)
        for entry in configuration.processes
    }
    jobs = JobService.open(settings, processes, base_url=settings.base_url, warm=settings.warm)
    origins = Origins.of(settings.callback_origins)
    if not origins:
        return jobs
    deliveries = Deliveries(
        jobs.store,
        jobs.engine.id,
        Poster(origins, settings.callback_seconds),
        Notices(jobs.store, settings.base_url, settings.callback_result_bytes).of,
        Persistence(settings.callback_attempts, settings.callback_keep_seconds),
    )
    deliveries.start()
    return replace(jobs, deliveries=deliveries)


def _pygeoapi(settings: Settings, configuration: Configuration, jobs: JobService) -> "API":
    """pygeoapi's own view of this server: its configuration and, as its process manager, our jobs.

    For code written for pygeoapi. Nothing here asks for it: its import takes as long as all else of the start.
    """
    from pygeoapi.api import API  # noqa: PLC0415

    from backend.jobs.manager import JobManager  # noqa: PLC0415

    document = copy.deepcopy(dict(configuration.document))  # `API` alters what it is given
    document["server"] = {**document["server"], "url": settings.base_url}
    # Without any handler pygeoapi would send the log of the whole program to standard output.
    logger, nothing = logging.getLogger(), logging.NullHandler()
    logger.addHandler(nothing)
    try:
        api = API(document, {})
    finally:
        logger.removeHandler(nothing)
    api.manager = JobManager({
        "name": "backend.jobs.manager.JobManager",
        "engine": jobs.engine,
        "store": jobs.store,
        "processes": document["resources"],
        "connection": str(settings.home),
        "base_url": settings.base_url,
    })  # fmt: skip
    return api
