"""`POST /processes/{id}/execution`: modes, forms of the answer, and everything that is refused."""

import base64
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

pytestmark = pytest.mark.anyio

BASE = "https://maps.example/ogc"
POINT = {"type": "Point", "coordinates": [0, 0]}


async def run(client: httpx.AsyncClient, process: str, prefer: str = "", **body: Any) -> httpx.Response:
    headers = {"Prefer": prefer} if prefer else {}
    with anyio.fail_after(30):
        return await client.post(f"/processes/{process}/execution", json=body, headers=headers)


async def finished(client: httpx.AsyncClient, job: str) -> dict[str, Any]:
    """The job's status once it has ended."""
    with anyio.fail_after(30):
        response = await client.get(job)
        while response.json()["status"] in ("accepted", "running"):
            headers = {"If-None-Match": response.headers["etag"], "Prefer": "wait=10"}
            later = await client.get(job, headers=headers)
            response = response if later.status_code == 304 else later
    return response.json()


def local(url: str) -> str:
    assert url.startswith(BASE + "/")
    return url.removeprefix(BASE)


async def test_hello_world_runs_unchanged(client: httpx.AsyncClient) -> None:
    response = await run(client, "hello-world", inputs={"name": "World", "message": "An optional message."})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"id": "echo", "value": "Hello World! An optional message."}


async def test_shapely_functions_runs_unchanged(client: httpx.AsyncClient) -> None:
    inputs = {"operation": "measurement:distance", "geoms": ["POINT (0 0)", {"type": "Point", "coordinates": [3, 4]}]}
    response = await run(client, "shapely-functions", inputs=inputs | {"output_format": "wkt"})
    assert response.status_code == 200
    assert response.json() == {"operation": "measurement:distance", "result": 5.0}


async def test_a_typed_process_answers_with_its_own_media_type(client: httpx.AsyncClient) -> None:
    response = await run(client, "geometry-buffer", inputs={"geometry": POINT, "distance": 500})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/geo+json"
    assert response.json()["geometry"]["type"] == "Polygon"


async def test_a_synchronous_answer_names_its_job(client: httpx.AsyncClient) -> None:
    response = await run(client, "hello-world", inputs={"name": "x"})
    status = (await client.get(local(response.headers["location"]))).json()
    assert (status["status"], status["processID"]) == ("successful", "hello-world")


@pytest.mark.parametrize(
    ("prefer", "body"),
    [
        ("respond-async", {}),
        ("respond-async; why=long, handling=lenient", {}),
        ("", {"mode": "async"}),
        ("respond-async", {"mode": "auto"}),
    ],
)
async def test_an_asynchronous_execution_answers_with_its_job_and_later_its_result(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None], prefer: str, body: dict[str, Any]
) -> None:
    response = await run(client, "hello-world", prefer, inputs={"name": "later"}, **body)
    assert response.status_code == 201
    assert ("respond-async" in response.headers.get("preference-applied", "")) == bool(prefer)
    conforms(response.json(), "statusInfo.yaml")
    job = local(response.headers["location"])
    assert job == f"/jobs/{response.json()['jobID']}"
    status = await finished(client, job)
    conforms(status, "statusInfo.yaml")
    assert status["status"] == "successful"
    assert status["created"] <= status["started"] <= status["finished"] <= status["updated"]
    results = next(link["href"] for link in status["links"] if link["rel"].endswith("/results"))
    assert (await client.get(local(results))).json()["value"] == "Hello later!"


@pytest.mark.parametrize(
    ("process", "prefer", "mode", "status"),
    [
        ("sync-only", "respond-async", "auto", 200),
        ("sync-only", "", "async", 200),
        ("async-only", "", "auto", 201),
        ("async-only", "", "sync", 201),
        ("hello-world", "respond-async", "sync", 200),
        ("hello-world", "", "auto", 200),
    ],
)
async def test_the_mode_is_never_one_the_process_does_not_declare(
    client: httpx.AsyncClient, process: str, prefer: str, mode: str, status: int
) -> None:
    inputs = {"name": "x"} if process == "hello-world" else {}
    assert (await run(client, process, prefer, inputs=inputs, mode=mode)).status_code == status


async def test_with_wait_an_asynchronous_execution_answers_with_the_result_if_it_is_soon_ready(
    client: httpx.AsyncClient,
) -> None:
    response = await run(client, "hello-world", "respond-async, wait=20", inputs={"name": "soon"})
    assert response.status_code == 200
    assert response.headers["preference-applied"] == "wait=20"
    assert response.json()["value"] == "Hello soon!"


@pytest.mark.parametrize("prefer", ["respond-async, wait=0", "wait=0"])
async def test_with_wait_an_execution_that_takes_longer_answers_with_its_job(
    client: httpx.AsyncClient, prefer: str
) -> None:
    response = await run(client, "slow-steps", prefer, inputs={"seconds": 30, "steps": 1})
    assert response.status_code == 201
    assert response.json()["status"] in ("accepted", "running")
    assert "wait=0" in response.headers["preference-applied"]
    assert (await client.delete(local(response.headers["location"]))).json()["status"] == "dismissed"


async def test_an_empty_body_is_enough_where_nothing_is_required(client: httpx.AsyncClient) -> None:
    response = await client.post("/processes/sync-only/execution")
    assert (response.status_code, response.json()) == (200, True)


async def test_several_raw_outputs_come_as_a_results_document(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    for response in (await run(client, "many-outputs"), await run(client, "many-outputs", response="document")):
        document = response.json()
        conforms(document, "results.yaml")
        assert list(document) == ["number", "place", "table", "picture"]
        assert document["number"] == 1.5
        assert document["place"]["mediaType"] == "application/geo+json"
        assert document["place"]["value"]["geometry"] == {"type": "Point", "coordinates": [1, 2]}
        assert document["table"] == {"mediaType": "text/csv", "value": "a,b\n1,é\n"}
        assert document["picture"] == {
            "mediaType": "image/png",
            "encoding": "base64",
            "value": "iVBOR/+JUE5H/4lQTkf/",
        }


async def test_a_single_raw_output_is_the_value_itself(client: httpx.AsyncClient) -> None:
    response = await run(client, "many-outputs", outputs={"table": {}})
    assert (response.headers["content-type"], response.text) == ("text/csv", "a,b\n1,é\n")
    response = await run(client, "many-outputs", outputs={"picture": {"format": {"mediaType": "image/png"}}})
    assert (response.headers["content-type"], response.content) == ("image/png", b"\x89PNG\xff" * 3)


async def test_the_document_form_holds_the_outputs_asked_for(client: httpx.AsyncClient) -> None:
    outputs = {"place": None, "number": {"transmissionMode": "value"}}
    document = (await run(client, "many-outputs", outputs=outputs, response="document")).json()
    assert list(document) == ["place", "number"]
    echo = (await run(client, "hello-world", inputs={"name": "x"}, response="document")).json()
    assert echo == {"echo": {"mediaType": "application/json", "value": {"id": "echo", "value": "Hello x!"}}}


async def test_outputs_asked_for_by_reference_are_links(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    reference = {"transmissionMode": "reference"}
    document = (await run(client, "many-outputs", outputs={"number": {}, "place": reference})).json()
    conforms(document, "results.yaml")
    assert document["number"] == 1.5
    assert (await client.get(local(document["place"]["href"]))).json()["type"] == "Feature"
    response = await run(client, "many-outputs", outputs={"picture": reference})
    assert (response.status_code, response.content) == (204, b"")
    href = response.headers["link"].split(">")[0].lstrip("<")
    assert (await client.get(local(href))).content == b"\x89PNG\xff" * 3


async def test_minimal_results_have_links_summaries_and_small_values(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    response = await run(client, "many-outputs", "return=minimal, wait=20")
    assert response.headers["preference-applied"] == "wait=20, return=minimal"
    document = response.json()
    conforms(document, "results.yaml")
    number = document["number"]
    assert (number["rel"], number["type"], number["length"], number["value"]) == ("item", "application/json", 3, 1.5)
    assert number["summary"]["kind"] == "number"
    assert document["table"]["value"] == "a,b\n1,é\n"
    assert "value" not in document["picture"]
    assert (await client.get(local(document["picture"]["href"]))).content == b"\x89PNG\xff" * 3


async def test_minimal_results_leave_out_values_that_are_large_together(client: httpx.AsyncClient) -> None:
    inputs = {"kind": "features", "count": 1000, "filling": 5000}
    response = await run(client, "sequence", "return=minimal", inputs=inputs)
    document = response.json()["sequence"]
    assert "value" not in document
    assert document["length"] > 5_000_000
    assert document["summary"]["count"] == 1000
    assert len(response.content) < 8000


async def test_a_result_that_stands_in_a_file_comes_whole_in_every_form(client: httpx.AsyncClient) -> None:
    inputs = {"kind": "features", "count": 100, "filling": 5000}
    raw = await run(client, "sequence", inputs=inputs)
    assert len(raw.json()["features"]) == 100
    document = await run(client, "sequence", inputs=inputs, response="document")
    assert document.json()["sequence"]["value"] == raw.json()
    picture = await run(client, "sequence", inputs={"kind": "bytes", "count": 700_000}, response="document")
    assert base64.b64decode(picture.json()["sequence"]["value"]) == bytes(index % 256 for index in range(700_000))


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

    with anyio.fail_after(30):
        response = await client.post("/processes/hello-world/execution", content=endless())
    assert response.status_code == 413
    assert sent < 10 * 2**20


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


async def test_a_media_type_that_no_header_can_carry_is_not_passed_on(client: httpx.AsyncClient) -> None:
    response = await run(client, "trouble", inputs={"kind": "header"})
    assert response.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in response.headers


async def test_two_hundred_concurrent_executions_of_different_processes_are_never_mixed_up(
    client: httpx.AsyncClient,
) -> None:
    wrong: list[Any] = []

    async def one(index: int) -> None:
        if index % 3 == 0:
            response = await run(client, "hello-world", inputs={"name": f"n{index}"})
            right = response.json().get("value") == f"Hello n{index}!"
        elif index % 3 == 1:
            inputs = {"operation": "measurement:distance", "geoms": ["POINT (0 0)", f"POINT ({index} 0)"]}
            response = await run(client, "shapely-functions", inputs=inputs | {"output_format": "wkt"})
            right = response.json().get("result") == float(index)
        else:
            response = await run(client, "hello-world", "respond-async", inputs={"name": f"n{index}"})
            job = local(response.headers["location"])
            await finished(client, job)
            right = (await client.get(f"{job}/results")).json().get("value") == f"Hello n{index}!"
        if not right:
            wrong.append((index, response.status_code, response.text))

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            for index in range(200):
                group.start_soon(one, index)
    assert not wrong


async def test_the_server_answers_while_all_workers_are_busy(client: httpx.AsyncClient, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("notes")
    jobs: list[str] = []
    for index in range(3):
        response = await run(client, "busy", "respond-async", inputs={"note": str(folder / str(index))})
        jobs.append(local(response.headers["location"]))
    with anyio.fail_after(5):
        for _ in range(50):
            assert (await client.get("/processes/hello-world")).status_code == 200
    for job in jobs:
        assert (await client.delete(job)).json()["status"] == "dismissed"


async def test_an_execution_that_its_client_abandons_is_dismissed(
    client: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    note = tmp_path_factory.mktemp("notes") / "abandoned"
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: run(client, "busy", inputs={"note": str(note)}))
        with anyio.fail_after(20):
            while not (jobs := (await client.get("/jobs?status=running&processID=busy")).json()["jobs"]):
                await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert (await client.get(f"/jobs/{jobs[0]['jobID']}")).json()["status"] == "dismissed"


@pytest.mark.parametrize("process", ["geometry-buffer", "geometry-measure", "slow-steps", "hello-world"])
async def test_the_example_in_a_description_is_a_call_that_succeeds(client: httpx.AsyncClient, process: str) -> None:
    example = (await client.get(f"/processes/{process}")).json()["example"]
    assert (await run(client, process, **example)).status_code == 200
