"""The whole backend: what keeps it from starting, what a user adds to it, and how it does over real HTTP."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest

from backend.api.configuration import ConfigurationError
from backend.app import create_app
from backend.jobs.manager import JobManager
from backend.settings import Settings
from tests.serving import served

OWN_PROCESSES = Path(__file__).parent / "api" / "own_processes"


def settings(home: Path, **other: object) -> Settings:
    return Settings.model_validate({"home": home, "workers": 2, **other})


def own_config(folder: Path, processor: str) -> Path:
    file = folder / "own.yml"
    file.write_text(f"resources:\n  mine: {{type: process, processor: {{name: {processor}}}}}\n", "utf-8")
    return file


@pytest.mark.anyio
@pytest.mark.parametrize("processor", ["NoSuchPlugin", "no_such_module.Process", "json.no_such_class", "json.loads"])
async def test_a_process_that_cannot_be_loaded_is_named_in_the_log_and_the_others_are_served(
    home: Path, tmp_path: Path, processor: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = own_config(tmp_path, processor)
    app = create_app(settings(home, config=file, warm=False))
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"{file}: process `mine`" in warning
    assert "\n" not in warning
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://inside") as client,
    ):
        listed = [process["id"] for process in (await client.get("/processes")).json()["processes"]]
        assert "hello-world" in listed
        assert "mine" not in listed
        assert (await client.get("/processes/mine")).status_code == 404
        assert "mine" not in app.state.pygeoapi().config["resources"]


def test_a_folder_of_processes_that_does_not_exist_is_named(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        create_app(settings(home, processes=(tmp_path / "nowhere",)))


def test_creating_an_application_touches_no_state(home: Path) -> None:
    create_app(settings(home))
    assert not home.exists()


@pytest.mark.anyio
async def test_the_applications_jobs_are_pygeoapis_process_manager(home: Path) -> None:
    app = create_app(settings(home, warm=False, public_url="https://maps.example", root_path="/ogc"))
    async with app.router.lifespan_context(app):
        api = app.state.pygeoapi()
        assert isinstance(api.manager, JobManager)
        assert api.base_url == "https://maps.example/ogc"
        assert "hello-world" in api.manager.processes


@pytest.mark.anyio
async def test_a_synchronous_execution_beyond_the_longest_wait_is_answered_with_its_job(home: Path) -> None:
    app = create_app(settings(home, workers=1, max_wait_seconds=0.1))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost:5001", timeout=30) as client,
    ):
        with anyio.fail_after(60):
            response = await client.post("/processes/slow-steps/execution", json={"inputs": {"seconds": 60}})
            assert response.status_code == 201
            assert (await client.delete(response.headers["location"])).json()["status"] == "dismissed"


def test_starting_and_stopping_writes_nothing_to_standard_output(home: Path) -> None:
    program = """
import anyio, logging, sys
from backend.app import create_app
from backend.settings import Settings

async def main():
    app = create_app(Settings(home=sys.argv[1], workers=1, warm=True))
    async with app.router.lifespan_context(app):
        logging.getLogger("anything").error("a log line")

if __name__ == "__main__":
    anyio.run(main)
"""
    script = home.with_suffix(".py")
    script.write_text(program, "utf-8")
    done = subprocess.run([sys.executable, str(script), str(home)], capture_output=True, timeout=120, check=True)
    assert done.stdout == b""
    assert b"a log line" in done.stderr


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    own = {"config": OWN_PROCESSES / "trial.yml", "processes": (OWN_PROCESSES,)}
    with served(lambda _: create_app(settings(home, max_body_bytes=2**20, **own))) as url:
        yield url


def test_an_execution_over_http_answers_with_its_result(url: str) -> None:
    response = httpx.post(f"{url}/processes/hello-world/execution", json={"inputs": {"name": "HTTP"}}, timeout=30)
    assert response.json()["value"] == "Hello HTTP!"


def test_a_result_in_a_file_is_served_in_ranges(url: str) -> None:
    body = {"inputs": {"kind": "bytes", "count": 300_000}}
    job = httpx.post(f"{url}/processes/sequence/execution", json=body, timeout=30).headers["location"]
    output = f"{url}/jobs/{job.rsplit('/', 1)[-1]}/results/sequence"
    assert len(httpx.get(output, timeout=30).content) == 300_000
    part = httpx.get(output, headers={"Range": "bytes=256-511"}, timeout=30)
    assert (part.status_code, part.content) == (206, bytes(range(256)))


@pytest.mark.parametrize("declared", [True, False])
def test_sixty_megabytes_are_refused_and_the_server_stays_up(url: str, declared: bool) -> None:
    chunk = b" " * 2**20
    content = chunk * 60 if declared else (chunk for _ in range(60))
    response = httpx.post(f"{url}/processes/hello-world/execution", content=content, timeout=30)
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert httpx.get(f"{url}/conformance", timeout=30).status_code == 200


async def the_running_job(client: httpx.AsyncClient) -> str:
    """The path of the only job that runs, once one does."""
    with anyio.fail_after(60):
        while not (jobs := (await client.get("/jobs?status=running&processID=busy")).json()["jobs"]):
            await anyio.sleep(0.01)
    return f"/jobs/{jobs[0]['jobID']}"


async def ended(client: httpx.AsyncClient, job: str) -> str:
    """The status of the job once it is final."""
    with anyio.fail_after(60):
        response = await client.get(job)
        while response.json()["status"] in ("accepted", "running"):
            headers = {"If-None-Match": response.headers["etag"], "Prefer": "wait=20"}
            response = await client.get(job, headers=headers)
    return response.json()["status"]


@pytest.mark.anyio
@pytest.mark.parametrize("prefer", ["wait=60", "respond-async, wait=60"])
async def test_an_execution_is_dismissed_when_its_client_disconnects(url: str, tmp_path: Path, prefer: str) -> None:
    body = {"inputs": {"note": str(tmp_path / "note")}}

    async def execute() -> None:
        async with httpx.AsyncClient(timeout=60) as leaving:
            await leaving.post(f"{url}/processes/busy/execution", json=body, headers={"Prefer": prefer})

    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(execute)
            job = await the_running_job(client)
            group.cancel_scope.cancel()
        assert await ended(client, job) == "dismissed"
