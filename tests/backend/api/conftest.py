"""One running backend for all tests of its API, with its real engine and workers."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.app import create_app
from backend.settings import Settings
from tests.standard.schemas import standard_schemas

OWN_PROCESSES = Path(__file__).parent / "own_processes"

type Conforms = Callable[[Any, str], None]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        home=tmp_path_factory.mktemp("home"),
        config=OWN_PROCESSES / "trial.yml",
        processes=(OWN_PROCESSES,),
        public_url="https://maps.example",
        root_path="/ogc",
        workers=2,
        max_body_bytes=4 * 2**20,
    )


@pytest.fixture(scope="session")
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running backend. Links begin with `BASE`, as behind a proxy that strips `/ogc`."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://inside", timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def conforms() -> Conforms:
    """Validates a document against a schema of OGC API – Processes, Part 1, 1.0."""
    schemas = standard_schemas()
    if schemas is None:
        pytest.skip("the schemas of the standard are not beside this checkout")
    return schemas.require
