"""Execute requests that are refused, and executions that fail."""

from typing import Any

import anyio
import httpx
import pytest

from backend.settings import Settings
from tests.backend.api.calls import BASE, local, run

pytestmark = pytest.mark.anyio

POINT = {"type": "Point", "coordinates": [0, 0]}


async def test_results_of_one_execution_are_inputs_of_the_next_without_being_sent(client: httpx.AsyncClient) -> None:
    first = await run(client, "geometry-buffer", "return=minimal", inputs={"geometry": POINT, "distance": 1000})
    reference = {"href": first.json()["buffer"]["href"], "type": "application/geo+json"}
    second = await run(client, "geometry-buffer", inputs={"geometry": reference, "distance": 1000})
    direct = await run(client, "geometry-buffer", inputs={"geometry": POINT, "distance": 2000})
    assert second.status_code == 200
    wide = max(x for x, _ in second.json()["geometry"]["coordinates"][0])
    assert wide == pytest.approx(max(x for x, _ in direct.json()["geometry"]["coordinates"][0]), rel=0.01)


@pytest.mark.parametrize(
    "href",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:22/",
        "file:///etc/passwd",
        "data:application/json,1",
        f"{BASE}/jobs/none/results/out",
    ],
)
async def test_references_to_anything_but_existing_own_results_are_refused(
    client: httpx.AsyncClient, href: str
) -> None:
    before = (await client.get("/jobs?limit=1")).json()["numberMatched"]
    response = await run(client, "geometry-buffer", inputs={"geometry": {"href": href}, "distance": 1})
    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == ["$.inputs.geometry"]
    assert response.json()["title"] == "An input refers to what this server does not read"
    assert (await client.get("/jobs?limit=1")).json()["numberMatched"] == before


async def test_a_reference_to_an_output_that_a_job_has_not_is_refused(client: httpx.AsyncClient) -> None:
    job = (await run(client, "hello-world", inputs={"name": "x"})).headers["location"]
    inputs = {"geometry": {"href": f"{job}/results/nothing"}, "distance": 1}
    response = await run(client, "geometry-buffer", inputs=inputs)
    assert response.status_code == 400
    assert "no output" in response.json()["detail"]


async def test_all_faults_of_a_request_are_told_at_once_and_nothing_is_queued(client: httpx.AsyncClient) -> None:
    before = (await client.get("/jobs?limit=1")).json()["numberMatched"]
    response = await run(
        client,
        "geometry-buffer",
        inputs={"geometry": 3, "distanse": 1, "units": "parsec"},
        outputs={"buffr": {}, "buffer": {"transmissionMode": "pigeon", "format": {"mediaType": "image/png"}}},
        response="xml",
        mode="later",
        subscriber={"successUri": "http://127.0.0.1/"},
        input={},
    )
    assert response.status_code == 400
    assert {error["path"] for error in response.json()["errors"]} == {
        "$.inputs.geometry",
        "$.inputs.distanse",
        "$.inputs.distance",
        "$.inputs.units",
        "$.outputs.buffr",
        "$.outputs.buffer.transmissionMode",
        "$.outputs.buffer.format.mediaType",
        "$.response",
        "$.mode",
        "$.subscriber",
        "$.input",
    }
    assert (await client.get("/jobs?limit=1")).json()["numberMatched"] == before


@pytest.mark.parametrize(
    ("member", "value", "path"),
    [
        ("subscriber", "http://127.0.0.1/", "$.subscriber"),
        ("outputs", {"picture": {"format": "image/png"}}, "$.outputs.picture.format"),
        ("outputs", {"picture": {"format": {"mediaType": 3}}}, "$.outputs.picture.format.mediaType"),
        ("outputs", {"picture": {"format": {"mediaType": "image/tiff"}}}, "$.outputs.picture.format.mediaType"),
        ("outputs", {"picture": {"transmissionMode": ["value"]}}, "$.outputs.picture.transmissionMode"),
        ("outputs", {"picture": True}, "$.outputs.picture"),
        ("response", ["raw"], "$.response"),
        ("mode", {}, "$.mode"),
    ],
)
async def test_a_malformed_member_is_refused_with_its_path(
    client: httpx.AsyncClient, member: str, value: Any, path: str
) -> None:
    response = await run(client, "many-outputs", **{member: value})
    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == [path]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.mine+json", ""])
async def test_json_by_any_of_its_names_or_none_is_taken(client: httpx.AsyncClient, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    body = b'{"inputs": {"name": "x"}}'
    response = await client.post("/processes/hello-world/execution", content=body, headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize("member", ["inputs", "outputs"])
@pytest.mark.parametrize("value", [[], "text", 3, True])
async def test_inputs_and_outputs_must_be_objects(client: httpx.AsyncClient, member: str, value: Any) -> None:
    response = await run(client, "sync-only", **{member: value})
    assert response.status_code == 400
    assert response.json()["errors"][0]["path"] == f"$.{member}"


def nested(depth: int) -> bytes:
    return b'{"inputs":{"name":' + b"[" * depth + b"]" * depth + b"}}"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"inputs": {', {}, 400),
        (b"[1]", {}, 400),
        (b'"text"', {}, 400),
        (b'{"inputs": {"name": NaN}}', {}, 400),
        (b'{"inputs": {"name": Infinity}}', {}, 400),
        (b'{"inputs": {"name": 1e999}}', {}, 400),
        (b'{"inputs": {"name": "\xff"}}', {}, 400),
        (rb'{"inputs": {"name": "\ud800"}}', {}, 400),
        (b"", {}, 400),
        (nested(10_000), {}, 400),
        (nested(1_500_000), {}, 400),
        (b'{"inputs": {"name": "' + b"x" * 5_000_000 + b'"}}', {}, 413),
        (b"name=World", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"<Execute/>", {"Content-Type": "text/xml"}, 415),
        (b'{"inputs": {"name": "x"}}', {"Content-Type": "text/plain"}, 415),
        (b"\x1f\x8b", {"Content-Encoding": "gzip"}, 415),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_bodies_that_are_no_execute_request_are_refused(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    headers = {"Content-Type": "application/json", **headers}
    response = await client.post("/processes/hello-world/execution", content=body, headers=headers)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert (await client.get("/processes/hello-world")).status_code == 200


async def test_a_body_of_unknown_length_is_not_read_beyond_the_limit(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 2**20
            yield b" " * 2**20

    with anyio.fail_after(40):
        response = await client.post("/processes/hello-world/execution", content=endless())
    assert response.status_code == 413
    assert sent < 10 * 2**20


async def test_a_body_of_exactly_as_many_bytes_as_there_may_be_is_taken(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    for more, status in ((0, 200), (1, 413)):
        body = b'{"inputs": {"name": "x"}}'.ljust(settings.max_body_bytes + more)
        assert (await client.post("/processes/hello-world/execution", content=body)).status_code == status


async def test_a_large_valid_body_is_taken(client: httpx.AsyncClient) -> None:
    name = "x" * 3_000_000
    response = await run(client, "hello-world", inputs={"name": name})
    assert response.json()["value"] == f"Hello {name}!"


@pytest.mark.parametrize(
    ("kind", "status", "detail"),
    [
        ("refused", 400, "there is no such place"),
        ("failed", 500, "the well is dry"),
        ("bug", 500, "KeyError: 'bucket'"),
        ("nan", 500, "JSON"),
        ("crash", 500, "died"),
    ],
)
async def test_a_failure_is_told_as_it_was_now_and_later(
    client: httpx.AsyncClient, kind: str, status: int, detail: str
) -> None:
    response = await run(client, "trouble", inputs={"kind": kind})
    assert response.status_code == status
    problem = response.json()
    assert detail in problem["detail"]
    assert "Traceback" not in response.text
    if kind == "refused":
        assert problem["errors"][0]["path"] == "$.inputs.kind"
    job = local(response.headers["location"])
    state = (await client.get(job)).json()
    assert state["status"] == "failed"
    assert detail in state["message"]
    later = await client.get(f"{job}/results")
    assert (later.status_code, later.json()) == (status, problem)
