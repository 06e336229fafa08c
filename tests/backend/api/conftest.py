"""One running backend for all tests of its API, with its real engine and workers."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from backend.app import create_app
from backend.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
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
async def client(settings: Settings, schemas: Conforms | None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running backend. Links begin with `BASE`, as behind a proxy that strips `/ogc`.

    Every answer is validated by the standard's schema of its resource.
    """

    async def validate(response: httpx.Response) -> None:
        schema = schema_of(response)
        if schemas is not None and schema is not None:
            await response.aread()
            schemas(response.json(), schema)

    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://inside", timeout=30, event_hooks={"response": [validate]}
        ) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def conforms(schemas: Conforms | None) -> Conforms:
    """Validates a document against a schema of OGC API – Processes, Part 1, 1.0."""
    if schemas is None:
        pytest.skip("the schemas of the standard are not beside this checkout")
    return schemas


@pytest.fixture(scope="session")
def schemas() -> Conforms | None:
    """`conforms`, or None where the schemas are absent."""
    folder = ROOT.parent / "shared" / "ogc" / "schemas-1.0"
    if not folder.is_dir():
        return None
    documents = {file.name: _loosened(yaml.safe_load(file.read_text("utf-8"))) for file in folder.glob("*.yaml")}
    root = "https://schemas.example/"
    resources = [
        (root + name, DRAFT4.create_resource({"id": root + name, **schema})) for name, schema in documents.items()
    ]
    registry = Registry().with_resources(resources)

    def validate(document: Any, name: str) -> None:
        validator = Draft4Validator({"$ref": root + name}, registry=registry)
        errors = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]
        assert not errors, errors

    return validate


_SCHEMAS = {
    r"/": "landingPage.yaml",
    r"/conformance": "confClasses.yaml",
    r"/processes": "processList.yaml",
    r"/processes/[^/]+": "process.yaml",
    r"/processes/[^/]+/execution": "results.yaml",
    r"/jobs": "jobList.yaml",
    r"/jobs/[^/]+": "statusInfo.yaml",
    r"/jobs/[^/]+/results": "results.yaml",
}


def schema_of(response: httpx.Response) -> str | None:
    """The schema that the answer must conform to; None where its form is the process's own."""
    if response.headers.get("content-type") == "application/problem+json":
        return "exception.yaml"
    request, path = response.request, response.url.path.rstrip("/") or "/"
    if request.method == "HEAD" or response.headers.get("content-type") != "application/json":
        return None
    if response.status_code == 201:
        return "statusInfo.yaml"
    schema = next((name for pattern, name in _SCHEMAS.items() if re.fullmatch(pattern, path)), None)
    if schema != "results.yaml" or "return=minimal" in response.headers.get("preference-applied", ""):
        return schema
    # The content of a request that was sent in pieces is not kept.
    asked = getattr(request, "_content", b"")
    return schema if b'"response":"document"' in asked else None


def _loosened(schema: Any) -> Any:
    """`anyOf` for the standard's `oneOf`s: an integer, a string and a `$ref` each match two of its branches."""
    if isinstance(schema, dict):
        # The schema of schemas also has a property of that name, which is no list.
        return {
            "anyOf" if name == "oneOf" and isinstance(value, list) else name: _loosened(value)
            for name, value in schema.items()
        }
    return [_loosened(item) for item in schema] if isinstance(schema, list) else schema
