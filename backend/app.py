"""The composition root: settings become an OGC API – Processes server."""

import copy
import logging
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
import anyio.to_thread
from pygeoapi.api import API
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.asgi import Endpoint, TrailingSlashes, answering, by_method
from backend.api.configuration import Configuration, ConfigurationError, load_configuration
from backend.api.execute import execute
from backend.api.jobs import dismiss_job, get_job, list_jobs
from backend.api.metadata import Metadata
from backend.api.offerings import Offerings, load_offerings
from backend.api.problems import http_error_response
from backend.api.results import get_output, get_results
from backend.api.service import Service
from backend.jobs.engine import Engine
from backend.jobs.local import LocalExecutor
from backend.jobs.manager import JobManager
from backend.jobs.store import JobStore
from backend.jobs.worker import WorkerConfig
from backend.settings import Settings

type Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(settings: Settings) -> Starlette:
    """The server of these settings. Its lifespan opens the job store, and starts and stops the workers.

    Raises:
        ConfigurationError: A configuration file, a folder of processes or a process in it cannot be used.
    """
    _extend_import_path(settings)
    configuration = load_configuration(settings.config)
    offerings = load_offerings(configuration, settings.base_url)
    app = Starlette(
        routes=_routes(Metadata.of(configuration, offerings, settings.base_url)),
        middleware=[Middleware(TrailingSlashes)],
        exception_handlers={HTTPException: _refuse},
        lifespan=_lifespan(settings, configuration, offerings),
    )
    app.router.redirect_slashes = False
    return app


def _extend_import_path(settings: Settings) -> None:
    for folder in settings.processes:
        if not folder.is_dir():
            raise ConfigurationError(f"The folder of processes {folder} does not exist.")
    sys.path[:0] = [path for path in _import_paths(settings) if path not in sys.path]


def _import_paths(settings: Settings) -> tuple[str, ...]:
    return tuple(str(folder.resolve()) for folder in settings.processes)


def _routes(metadata: Metadata) -> list[Route]:
    def route(path: str, **endpoints: Endpoint) -> Route:
        return Route(path, answering(by_method(endpoints)), methods=list(endpoints))

    return [
        route("/", GET=metadata.get_landing_page),
        route("/conformance", GET=metadata.get_conformance),
        route("/processes", GET=metadata.list_processes),
        route("/processes/{process}", GET=metadata.get_process),
        route("/processes/{process}/execution", POST=execute),
        route("/jobs", GET=list_jobs),
        route("/jobs/{job}", GET=get_job, DELETE=dismiss_job),
        route("/jobs/{job}/results", GET=get_results),
        route("/jobs/{job}/results/{output}", GET=get_output),
    ]


async def _refuse(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return http_error_response(error)


def _lifespan(settings: Settings, configuration: Configuration, offerings: Offerings) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        service = await anyio.to_thread.run_sync(_start, settings, configuration, offerings)
        app.state.service = service
        app.state.pygeoapi = _pygeoapi(settings, configuration, service)
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_stop, service)

    return lifespan


def _start(settings: Settings, configuration: Configuration, offerings: Offerings) -> Service:
    store = JobStore.open(settings.home, lease_seconds=settings.lease_seconds)
    config = WorkerConfig(
        home=settings.home,
        lease_seconds=settings.lease_seconds,
        inline_result_bytes=settings.inline_result_bytes,
        import_paths=_import_paths(settings),
        processes={entry.id: entry.processor for entry in configuration.processes},
        base_url=settings.base_url,
    )
    executor = LocalExecutor(config, workers=settings.workers, warm=settings.warm)
    engine = Engine(
        store, executor, lease_seconds=settings.lease_seconds, dismiss_wait_seconds=settings.dismiss_wait_seconds
    )
    engine.start()
    return Service(settings, offerings, store, engine)


def _stop(service: Service) -> None:
    service.engine.stop()
    service.store.close()


def _pygeoapi(settings: Settings, configuration: Configuration, service: Service) -> API:
    """pygeoapi's own view of this server: its configuration and, as its process manager, our jobs."""
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
        "engine": service.engine,
        "store": service.store,
        "processes": document["resources"],
        "connection": str(settings.home),
        "base_url": settings.base_url,
    })  # fmt: skip
    return api
