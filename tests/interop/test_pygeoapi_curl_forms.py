"""The requests that pygeoapi's documentation shows, sent by a real `curl`, against our backend."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.interop.own_backend import until

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")

SQUARE = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
POINT = "POINT(83.27651071580385 22.593553859283745)"
LINE = {"type": "LineString", "coordinates": [[102.0, 0.0], [103.0, 1.0], [104.0, 0.0]]}


@dataclass(frozen=True, slots=True)
class Answer:
    """What curl got."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


type Curl = Callable[..., Answer]


@pytest.fixture
def curl(own_backend: str) -> Curl:
    """Runs `curl [OPTIONS] URL` for a path, with a JSON body where one is given."""

    def run(path: str, *options: str, body: dict[str, Any] | None = None) -> Answer:
        sent = () if body is None else ("-H", "Content-Type: application/json", "-d", json.dumps(body))
        told = "\n%{http_code}\n%{header_json}"
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "20", "-w", told, *options, *sent, own_backend + path],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=30,
            check=True,
        )
        content, status, headers = _parted(done.stdout)
        return Answer(int(status), {name: values[0] for name, values in json.loads(headers).items()}, content)

    return run


def _parted(output: str) -> tuple[str, str, str]:
    """Body, status and headers of one answer; the headers are one JSON object over several lines."""
    start = output.rindex("\n{")
    content, _, status = output[:start].rpartition("\n")
    return content, status, output[start:]


def greet(curl: Curl, *options: str, **more: Any) -> Answer:
    return curl(
        "/processes/hello-world/execution", "-X", "POST", *options, body={"inputs": {"name": "hi there2"}, **more}
    )


@pytest.mark.parametrize(
    ("path", "member"), [("/processes", "processes"), ("/processes/hello-world", "inputs"), ("/jobs", "jobs")]
)
def test_what_there_is_can_be_read(curl: Curl, path: str, member: str) -> None:
    answer = curl(path)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert member in answer.json


def test_an_execution_is_answered_with_the_raw_result(curl: Curl) -> None:
    answer = greet(curl)
    assert (answer.status, answer.json) == (200, {"id": "echo", "value": "Hello hi there2!"})


def test_an_execution_is_answered_with_a_document(curl: Curl) -> None:
    answer = greet(curl, response="document")
    assert (answer.status, answer.json["echo"]["value"]) == (200, {"id": "echo", "value": "Hello hi there2!"})


def test_an_asynchronous_execution_is_followed_to_its_result_and_dismissed(curl: Curl, own_backend: str) -> None:
    accepted = greet(curl, "-H", "Prefer: respond-async")
    assert accepted.status == 201
    assert accepted.headers["preference-applied"] == "respond-async"
    job = f"/jobs/{accepted.json['jobID']}"
    assert accepted.headers["location"] == own_backend + job
    ended = until(lambda: curl(job).json, lambda now: now["status"] not in ("accepted", "running"))
    assert ended["status"] == "successful"
    assert curl(f"{job}/results").json == {"id": "echo", "value": "Hello hi there2!"}
    dismissed = curl(job, "-X", "DELETE")
    assert (dismissed.status, dismissed.json["status"]) == (200, "dismissed")
    assert curl(f"{job}/results").status in (404, 410)


def test_a_subscriber_whom_nobody_would_call_is_refused_and_not_forgotten(curl: Curl) -> None:
    answer = greet(curl, subscriber={"successUri": "https://www.example.com/success"})
    assert answer.status == 400
    assert [error["path"] for error in answer.json["errors"]] == ["$.subscriber"]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"operation": "measurement:bounds", "geoms": [POINT]}, "83.27651"),
        ({"operation": "measurement:area", "geoms": [SQUARE]}, "1.0"),
        ({"operation": "measurement:distance", "geoms": [SQUARE, POINT]}, "85.06295"),
        ({"operation": "set:difference", "geoms": [SQUARE, POINT], "output_format": "geojson"}, "Polygon"),
        ({"operation": "set:difference", "geoms": [SQUARE, POINT], "output_format": "wkt"}, "POLYGON"),
        ({"operation": "constructive:buffer", "geoms": [LINE], "output_format": "wkt"}, "POLYGON"),
    ],
    ids=lambda value: "-".join([value["operation"], value.get("output_format", "")]) if isinstance(value, dict) else "",
)
def test_the_shapely_functions_answer_as_shown(curl: Curl, inputs: dict[str, Any], expected: str) -> None:
    answer = curl("/processes/shapely-functions/execution", "-X", "POST", body={"inputs": inputs})
    assert answer.status == 200
    assert expected in answer.body
