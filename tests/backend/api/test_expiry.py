"""What a client is told of the end of a job's life, and of what its process wrote."""

import sqlite3
from contextlib import closing
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
    told = {answer.headers["Sunset"] for answer in (executed, *others)}
    assert len(told) == 1
    (sunset,) = told
    assert parsedate_to_datetime(sunset)
    assert sunset.endswith(" GMT")  # RFC 9110, 5.6.7: no other zone


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


@pytest.mark.parametrize("bytes_in_rows", [16, 1000], ids=["in a file", "in its row"])
def test_a_small_result_that_is_damaged_is_a_link_alone(home: Path, bytes_in_rows: int) -> None:
    settings = Settings(home=home, inline_result_bytes=bytes_in_rows, workers=1)
    with TestClient(create_app(settings), base_url=settings.base_url) as client:
        answer = client.post("/processes/hello-world/execution", json={"inputs": {"name": "Ada"}})
        results = f"{answer.headers['Location']}/results"
        minimal = {"Prefer": "return=minimal"}
        assert client.get(results, headers=minimal).json()["echo"]["value"]["value"] == "Hello Ada!"
        for file in home.glob("results/*/*"):
            file.write_bytes(file.read_bytes().replace(b"Ada", b"Bob"))
        with closing(sqlite3.connect(home / "jobs.sqlite")) as connection, connection:
            connection.execute("UPDATE results SET data = CAST(replace(data, 'Ada', 'Bob') AS BLOB) WHERE data <> ''")
        linked = client.get(results, headers=minimal)
        assert "value" not in linked.json()["echo"]
        assert "Bob" not in client.get(results, params={"f": "html"}).text
        damaged = client.get(linked.json()["echo"]["href"])
        assert damaged.json()["type"] == "urn:ogc-processes-mcp:exception:result-damaged"


def test_a_damaged_result_that_was_asked_for_by_reference_spoils_no_document(client: TestClient, home: Path) -> None:
    job, _ = run(client)
    (output,) = store(client).results(job.rpartition("/")[2])
    name = output[0].output_id
    body = {**ARRAY, "response": "document", "outputs": {name: {"transmissionMode": "reference"}}}
    linked = client.post("/processes/geometry-buffer/execution", json=body).headers["Location"]
    for file in home.glob("results/*/*"):
        file.write_bytes(b"x" * file.stat().st_size)
    document = client.get(f"{linked}/results")
    assert (document.status_code, client.get(document.json()[name]["href"]).status_code) == (200, 500)


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
