"""A result that is referred to is judged as if it had been sent, before anything is queued."""

from typing import Any

import httpx
import pytest

from backend.api.inputs import check_inputs, input_rules
from backend.api.referenced_values import judge_references
from backend.errors import NoSuchJobError
from backend.jobs.records import ResultRecord, StoredResult
from tests.backend.api.calls import run

BASE = "https://maps.example/ogc"


async def link(client: httpx.AsyncClient, process: str, output: str, **inputs: Any) -> dict[str, str]:
    """A reference to a result of a process run with these inputs."""
    response = await run(client, process, inputs=inputs)
    assert response.status_code == 200
    return {"href": f"{response.headers['location']}/results/{output}"}


async def count(client: httpx.AsyncClient) -> int:
    return (await client.get("/jobs?limit=1")).json()["numberMatched"]


@pytest.mark.anyio
@pytest.mark.parametrize("process", ["hello-world", "geometry-buffer"])
async def test_a_referenced_value_is_refused_as_it_is_when_sent(client: httpx.AsyncClient, process: str) -> None:
    name = {"hello-world": "name", "geometry-buffer": "units"}[process]
    others: dict[str, Any] = {} if process == "hello-world" else {"distance": 1, "geometry": "POINT (0 0)"}
    number = await link(client, "echo", "number", number=5)
    before = await count(client)
    sent = await run(client, process, inputs={**others, name: 5})
    referred = await run(client, process, inputs={**others, name: number})
    assert referred.status_code == 400
    assert referred.json() == sent.json()
    assert await count(client) == before


@pytest.mark.anyio
async def test_a_large_referenced_value_is_judged_for_a_process_that_does_not_check_its_inputs(
    client: httpx.AsyncClient,
) -> None:
    array = await link(client, "sequence", "sequence", kind="array", count=100, filling=2000)
    before = await count(client)
    response = await run(client, "hello-world", inputs={"name": array})
    assert response.json()["errors"] == [{"path": "$.inputs.name", "message": "must be a string, not an array"}]
    assert await count(client) == before


@pytest.mark.anyio
async def test_a_referenced_value_deep_within_an_input_is_judged_in_its_place(client: httpx.AsyncClient) -> None:
    number = await link(client, "echo", "number", number=5)
    response = await run(client, "echo", inputs={"nested": {"name": "n", "tags": ["a", number]}})
    assert response.json()["errors"] == [
        {"path": "$.inputs.nested.tags[1]", "message": "must be a string, not an integer"}
    ]
    good = await run(client, "echo", inputs={"nested": {"name": "n", "range": {"from": number, "to": 6}}})
    assert good.json()["range"] == {"from": 5, "to": 6}


@pytest.mark.anyio
async def test_bytes_are_judged_as_the_base64_they_would_be_sent_as(client: httpx.AsyncClient) -> None:
    picture = await link(client, "sequence", "sequence", kind="bytes", count=10)
    response = await run(client, "trouble", inputs={"kind": [picture]})
    assert response.json()["errors"][0]["message"] == "must be a string, not an array"
    assert (await run(client, "echo", inputs={"image": picture})).status_code == 200
    assert (await run(client, "echo", inputs={"document": picture})).status_code == 400


def judged(stored: bytes, *, most_bytes: int = 1000, times: int = 1, media_type: str = "application/json") -> Any:
    """What is said of an array of strings that are all the same reference."""
    rules = input_rules({"inputs": {"texts": {"schema": {"type": "array", "items": {"type": "string"}}}}})
    link = {"href": f"{BASE}/jobs/1/results/out"}
    reads: list[str] = []

    def read(job: str, output: str) -> StoredResult:
        reads.append(f"{job}/{output}")
        if not stored:
            raise NoSuchJobError("There is no job.")
        return ResultRecord("out", media_type, len(stored), "", {}), stored

    checked = check_inputs(rules, {"texts": [link] * times}, BASE)
    found = judge_references(checked, rules, read, most_bytes=most_bytes, checks_itself=False)
    assert len(reads) == 1
    return found


def test_each_result_is_read_once_and_all_that_is_judged_is_bounded() -> None:
    assert not judged(b'"x"', times=300).refused
    too_much = judged(b'"x"', times=300, most_bytes=30)
    assert len(too_much.refused) == 290
    assert too_much.refused[0].path == "$.inputs.texts[10]"


def test_what_cannot_be_read_is_told_apart_from_what_is_of_another_kind() -> None:
    assert [len(problems) for problems in (judged(b"").unreadable, judged(b"").refused)] == [1, 0]
    assert [len(problems) for problems in (judged(b"5").unreadable, judged(b"5").refused)] == [0, 1]
    assert judged(b"{broken").refused[0].message == "refers to what is no `application/json`, as it is called"
    assert not judged(b"\x00\xff", media_type="image/png").refused


def test_no_more_is_looked_up_once_a_hundred_references_could_not_be_read() -> None:
    reads: list[str] = []

    def read(job: str, _output: str) -> StoredResult:
        reads.append(job)
        raise NoSuchJobError("There is no job.")

    links = [{"href": f"{BASE}/jobs/{number:032x}/results/out"} for number in range(300)]
    checked = check_inputs(None, {"many": links}, BASE)
    found = judge_references(checked, None, read, most_bytes=1000, checks_itself=False)
    assert (len(reads), len(found.unreadable)) == (100, 100)


def test_what_is_too_much_to_be_judged_here_is_left_to_a_process_that_checks_itself() -> None:
    rules = input_rules({"inputs": {"number": {"schema": {"type": "number"}}}})
    checked = check_inputs(rules, {"number": {"href": f"{BASE}/jobs/{1:032x}/results/out"}}, BASE)

    def read(_job: str, _output: str) -> StoredResult:
        return ResultRecord("out", "application/json", 6, "", {}), b'"text"'

    refused = {
        (most, itself): len(judge_references(checked, rules, read, most_bytes=most, checks_itself=itself).refused)
        for most in (5, 6)
        for itself in (False, True)
    }
    assert refused == {(5, False): 1, (5, True): 0, (6, False): 1, (6, True): 1}
