"""Where application servers find the backend: `gunicorn 'backend.asgi:create()'`, `uvicorn --factory ...:create`."""

from starlette.applications import Starlette

from backend.api.asgi import AnsweredAtStop
from backend.app import create_app
from backend.settings import Settings
from telemetry.logs import configure
from telemetry.tracing import start_tracing


def create() -> Starlette:
    """The server of the settings in the environment. Every worker process of an application server calls it once.

    Raises:
        ConfigurationError: A configuration file, a folder of processes or a process in it cannot be used.
        ValidationError: A setting is not valid.
        TracingUnavailableError: Traces are asked for, and what makes them is not installed.
    """
    settings = Settings()
    configure(settings.log_format, settings.log_level)
    if settings.traces:
        start_tracing("ogc-processes-backend")
    app = create_app(settings)
    app.add_middleware(AnsweredAtStop)
    return app
