"""The backend as the bridge's distribution runs it: embedded in a bridge, alone, or for the jobs of its home."""

import json
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread

from backend.jobs.fork_server import start_fork_server
from backend.settings import Settings as BackendSettings
from mcp_server.errors import ConfigurationError
from mcp_server.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)

EMBEDDED_URL: Final = "http://ogc-processes.localhost"
"""By this URL the embedded backend knows itself. Nothing listens there: requests stay in the process."""
_STOP_SECONDS: Final = 8.0


def backend_settings(settings: Settings, **overrides: Any) -> BackendSettings:
    """Settings of the backend embedded in a bridge of these settings: the same home, and no URL of its own."""
    shared: dict[str, Any] = {"home": settings.home, "log_format": settings.log_format, "traces": settings.traces}
    given: dict[str, Any] = shared | overrides | {"public_url": EMBEDDED_URL, "root_path": ""}
    return BackendSettings(**given)


def create_backend_app(*, reached_at: str, **settings: Any) -> "tuple[Starlette, str]":
    """The backend alone, as an ASGI application, and the root URL of its links.

    reached_at: its public URL where no setting names one.

    Raises: ConfigurationError if it cannot start with these settings.
    """
    given = BackendSettings(**settings)
    if "public_url" not in given.model_fields_set:
        given = given.model_copy(update={"public_url": reached_at})
    app = _load_backend(given)
    from backend.api.asgi import AnsweredAtStop  # noqa: PLC0415  # loaded by now

    app.add_middleware(AnsweredAtStop)
    lifespan = app.router.lifespan_context
    app.router.lifespan_context = lambda served: _running(lifespan(served))
    return app, given.base_url


@asynccontextmanager
async def _running(lifespan: AbstractAsyncContextManager[Any]) -> AsyncGenerator[Any]:
    """What the lifespan of an application on a job store gives.

    Raises: ConfigurationError if the store cannot be opened.
    """
    async with AsyncExitStack() as stack:
        with _unusable_store_told():
            state = await stack.enter_async_context(lifespan)
        yield state


@asynccontextmanager
async def open_jobs_app(settings: Settings) -> "AsyncGenerator[Starlette]":
    """The jobs in the home of these settings as a running ASGI application, asked at `EMBEDDED_URL`; it runs none.

    Raises: ConfigurationError if the store cannot be opened.
    """
    from backend.api import administration  # noqa: PLC0415

    app = administration.create_jobs_app(backend_settings(settings))
    async with _running(app.router.lifespan_context(app)):
        yield app


def remove_ended_jobs(settings: Settings, *, older_than: float | None, dry_run: bool) -> int:
    """Remove ended jobs of the home of these settings, or count them; returns how many.

    older_than: seconds since their end, in place of what the settings keep.

    Raises: ConfigurationError if the store cannot be opened.
    """
    from backend.api import administration  # noqa: PLC0415

    with _unusable_store_told():
        return administration.remove_ended_jobs(backend_settings(settings), older_than=older_than, dry_run=dry_run)


@contextmanager
def _unusable_store_told() -> Generator[None]:
    """Raises: ConfigurationError with the reason, where the store cannot be opened."""
    from backend.errors import BackendError  # noqa: PLC0415

    try:
        yield
    except BackendError as error:
        raise ConfigurationError(str(error)) from error


def processes_key(settings: BackendSettings) -> str:
    """Changes with what decides which processes a backend has, and how they describe themselves."""
    config = settings.config
    text = config.read_bytes() if config is not None and config.is_file() else b""
    sources = [str(config), *(source for folder in settings.processes for source in _sources(folder))]
    return sha256(json.dumps(sources).encode() + text).hexdigest()


def _sources(folder: Path) -> Iterator[str]:
    """A folder of processes, and each file of code in it with its size and the time of its last change."""
    yield str(folder.absolute())
    for file in sorted(folder.rglob("*.py")):
        with suppress(OSError):
            found = file.stat()
            yield f"{file}:{found.st_size}:{found.st_mtime_ns}"


def _load_backend(settings: BackendSettings) -> "Starlette":
    if settings.warm:
        start_fork_server()  # beside which the backend is loaded
    # It takes longer than all else of the start, and no list of kept tools needs it.
    from backend import app  # noqa: PLC0415

    try:
        return app.create_app(settings)
    except app.ConfigurationError as error:
        raise ConfigurationError(str(error)) from error


class EmbeddedBackend:
    """The embedded backend as an ASGI application that may be called while it still loads."""

    def __init__(self, settings: BackendSettings, on_failure: Callable[[str], None]) -> None:
        self._settings = settings
        self._on_failure = on_failure
        self._app: Starlette | None = None
        self.url = EMBEDDED_URL
        self.known = anyio.Event()
        """It runs, or it is known that it cannot."""
        self.failure: str | None = None
        """Why it could not start."""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Load the backend in a thread and run it; the end of its workers is waited for, bounded."""
        stopping = anyio.Event()
        # Its end must be waited for even when all else is cancelled: it owns processes.
        scope = anyio.CancelScope(shield=True)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run, stopping, scope)
            try:
                yield
            finally:
                scope.deadline = anyio.current_time() + _STOP_SECONDS
                stopping.set()
        if scope.cancelled_caught:
            logger.warning("the embedded backend did not stop within %g s", _STOP_SECONDS)

    async def _run(self, stopping: anyio.Event, scope: anyio.CancelScope) -> None:
        with scope:
            try:
                app = await anyio.to_thread.run_sync(_load_backend, self._settings, abandon_on_cancel=True)
                if stopping.is_set():
                    return
                async with app.router.lifespan_context(app):
                    self._app = app
                    self.known.set()
                    await stopping.wait()
                    self._app = None
            except Exception as error:
                logger.debug("the embedded backend could not start", exc_info=error)
                self.failure = f"the embedded backend could not start: {error}"
                self._on_failure(self.failure)
            finally:
                self.known.set()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request as soon as the backend is there, or with 503 if it never will be."""
        if not self.known.is_set():
            await self.known.wait()
        if self._app is not None:
            await self._app(scope, receive, send)
            return
        problem = {
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": self.failure or "the embedded backend has stopped",
        }
        headers = [(b"content-type", b"application/problem+json")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(problem).encode()})
