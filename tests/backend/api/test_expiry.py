"""What a client is told of the end of a job's life, and of what its process wrote."""

from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from backend.app import create_app
from backend.settings import Settings

ARRAY = {"inputs": {"geometry": {"type": "Point", "coordinates": [8.5, 47.4]}, "distance": 100}}


@pytest.fixture
def client(home: Path) -> Any:
    settings = Settings(home=home, inline_result_bytes=16, keep_seconds=3600, workers=1)
    with TestClient(create_app(settings), base_url=settings.base_url) as client:
        yield client


def run(client: TestClient) -> tuple[str, httpx.Response]:
    answer = client.post("/processes/geometry-buffer/execution", json=ARRAY)
    assert answer.status_code == 200
    return answer.headers["Location"], answer


def store(client: TestClient) -> Any:
    app: Any = client.app
    return app.state.service.store


def test_every_answer_about_an_ended_job_tells_when_it_expires(client: TestClient) -> None:
    job, executed = run(client)
    status = client.get(job)
    assert status.json()["expires"] > status.json()["finished"]
    (output,) = store(client).results(job.rpartition("/")[2])
    others = [status, client.get(f"{job}/results"), client.get(f"{job}/results/{output[0].output_id}")]
    others.append(client.delete(job))
    told = {parsedate_to_datetime(answer.headers["Sunset"]) for answer in (executed, *others)}
    assert len(told) == 1


def test_an_expired_job_is_gone_with_a_type_of_its_own(client: TestClient, home: Path) -> None:
    job, _ = run(client)
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(home / "jobs.sqlite")))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE jobs SET finished = finished - 7200"))
    engine.dispose()
    assert store(client).sweeper.sweep() == 1
    for answer in (client.get(job), client.get(f"{job}/results"), client.get(f"{job}/log"), client.delete(job)):
        assert answer.status_code == 410
        assert answer.json()["type"] == "urn:ogc-processes-mcp:exception:job-expired"


def test_a_damaged_result_is_never_served(client: TestClient, home: Path) -> None:
    job, _ = run(client)
    (file,) = (path for path in home.glob("results/*/*"))
    file.write_bytes(b"x" * file.stat().st_size)
    (output,) = store(client).results(job.rpartition("/")[2])
    for answer in (client.get(f"{job}/results"), client.get(f"{job}/results/{output[0].output_id}")):
        assert answer.status_code == 500
        assert answer.json()["type"] == "urn:ogc-processes-mcp:exception:result-damaged"
    minimal = client.get(f"{job}/results", headers={"Prefer": "return=minimal"})
    assert minimal.status_code == 200  # it has links, and none of the bytes


def test_the_log_of_a_job_is_text(client: TestClient) -> None:
    job, _ = run(client)
    job_id = job.rpartition("/")[2]
    store(client).append_log(job_id, ["one", "two"])
    links = {link["rel"]: link["href"] for link in client.get(job).json()["links"]}
    answer = client.get(links["urn:ogc-processes-mcp:rel:log"])
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines()[-2:] == ["one", "two"]
    assert client.get(f"{job}/log", params={"tail": 1}).text == "two\n"
    assert client.get(f"{job}/log", params={"tail": 0}).status_code == 400
    assert client.get(f"{job[:-4]}none/log").status_code == 404
