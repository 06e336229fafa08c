"""What the handlers work with."""

from dataclasses import dataclass, field

from anyio import CapacityLimiter
from starlette.requests import Request

from backend.api.bodies import BodyLimits
from backend.api.offerings import Offerings
from backend.geo.vector.datasets import Datasets
from backend.jobs.callbacks.destinations import Origins
from backend.jobs.engine import Engine
from backend.jobs.readers import DatasetReaders
from backend.jobs.service import datasets_of
from backend.jobs.store import JobStore
from backend.settings import Settings

_MOST_READING = 8


@dataclass(frozen=True, slots=True)
class Service:
    """A running backend."""

    settings: Settings
    offerings: Offerings
    store: JobStore
    engine: Engine
    readers: DatasetReaders = field(default_factory=DatasetReaders)
    """What opens datasets that somebody looks at."""
    reading: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_MOST_READING))
    """Of the threads that wait for it: everything else has threads of its own."""

    @property
    def base_url(self) -> str:
        """The root of every link."""
        return self.settings.base_url

    @property
    def datasets(self) -> Datasets:
        """The files that inputs may refer to."""
        return datasets_of(self.settings)

    @property
    def callback_origins(self) -> Origins:
        """Whom subscribers may have called."""
        return Origins.of(self.settings.callback_origins)

    @property
    def body_limits(self) -> BodyLimits:
        """What a request body may be at most."""
        return BodyLimits(self.settings.max_body_bytes, self.settings.max_nesting, self.settings.max_body_seconds)


def service_of(request: Request) -> Service:
    """The backend that serves the request: there is one while the application's lifespan lasts."""
    service: Service = request.app.state.service
    return service
