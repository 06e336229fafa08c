"""What the configuration offers and cannot be: it is named in the log, and everything else is served."""

import json
from pathlib import Path

import httpx
import pytest

from backend.app import create_app
from backend.settings import Settings

pytestmark = pytest.mark.anyio

OWN_PROCESSES = Path(__file__).parent / "own_processes"


def configured(home: Path, tmp_path: Path, **processors: str) -> Settings:
    """Settings of a server with these processes, id → class."""
    resources = {name: {"type": "process", "processor": {"name": path}} for name, path in processors.items()}
    file = tmp_path / "own.yml"
    file.write_text(json.dumps({"resources": resources}), "utf-8")
    return Settings(home=home, config=file, processes=(OWN_PROCESSES,), warm=False, workers=1)


async def offered(settings: Settings) -> list[str]:
    transport = httpx.ASGITransport(app=create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:5001") as client:
        return [process["id"] for process in (await client.get("/processes")).json()["processes"]]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("process_id", ["", ".", "..", "my/process", "/", "a\nb", "a\x00", "a\x7f"])
async def test_a_process_whose_id_no_url_can_name_is_left_out(
    home: Path, tmp_path: Path, process_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = await offered(configured(home, tmp_path, **{process_id: "odd_processes.Odd", "mine": "odd_processes.Odd"}))
    assert "mine" in found
    assert process_id not in found
    (warning,) = warnings(caplog)
    assert "cannot stand in a URL" in warning
    assert warning.isprintable()


@pytest.mark.parametrize("name", ["SlashedOutput", "DottedOutput"])
async def test_a_process_with_an_output_that_no_url_can_name_is_left_out(
    home: Path, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = await offered(configured(home, tmp_path, odd=f"odd_processes.{name}", mine="odd_processes.Odd"))
    assert "mine" in found
    assert "odd" not in found
    (warning,) = warnings(caplog)
    assert "process `odd` cannot be offered" in warning


@pytest.mark.parametrize("process_id", ["a b", "ü", "50%", "a?b#c", "urn:x:y", "a..b"])
async def test_any_other_id_is_served_under_its_url(home: Path, tmp_path: Path, process_id: str) -> None:
    app = create_app(configured(home, tmp_path, **{process_id: "odd_processes.Odd"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:5001") as client:
        processes = (await client.get("/processes")).json()["processes"]
        (mine,) = [process for process in processes if process["id"] == process_id]
        href = next(link["href"] for link in mine["links"] if link["rel"] == "self")
        assert (await client.get(href)).json()["id"] == process_id


async def test_a_packaged_process_is_offered_where_a_users_override_of_it_cannot_be(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(configured(home, tmp_path, **{"hello-world": "odd_processes.Unloadable"}))
    (warning,) = warnings(caplog)
    assert "process `hello-world` cannot be offered" in warning
    assert "the packaged process of this id is offered instead" in warning
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost:5001", timeout=30) as client,
    ):
        response = await client.post("/processes/hello-world/execution", json={"inputs": {"name": "x"}})
        assert response.json()["value"] == "Hello x!"
