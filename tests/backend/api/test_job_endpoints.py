"""Jobs: list, status, held status, results, pages of results, dismissal."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import anyio
import httpx
import pytest

pytestmark = pytest.mark.anyio

BASE = "https://maps.example/ogc"


async def accept(client: httpx.AsyncClient, process: str, inputs: dict[str, Any]) -> str:
    """The path of a new job."""
    response = await client.post(
        f"/processes/{process}/execution", json={"inputs": inputs}, headers={"Prefer": "respond-async"}
    )
    assert response.status_code == 201
    return response.headers["location"].removeprefix(BASE)


async def succeed(client: httpx.AsyncClient, process: str, inputs: dict[str, Any]) -> str:
    """The path of a job that has succeeded."""
    response = await client.post(f"/processes/{process}/execution", json={"inputs": inputs})
    assert response.status_code == 200
    return response.headers["location"].removeprefix(BASE)


async def test_jobs_are_listed_newest_first_in_pages(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    made = [await succeed(client, "hello-world", {"name": str(index)}) for index in range(5)]
    document = (await client.get("/jobs?limit=2")).json()
    conforms(document, "jobList.yaml")
    assert document["numberMatched"] >= 5
    assert document["numberReturned"] == 2
    seen = [job["jobID"] for job in document["jobs"]]
    while len(seen) < 5:
        next_page = next(link["href"] for link in document["links"] if link["rel"] == "next")
        document = (await client.get(next_page.removeprefix(BASE))).json()
        seen += [job["jobID"] for job in document["jobs"]]
    assert [f"/jobs/{job}" for job in seen[:5]] == made[::-1]


async def test_an_unchanged_job_is_not_sent_again(client: httpx.AsyncClient) -> None:
    job = await succeed(client, "hello-world", {"name": "x"})
    tag = (await client.get(job)).headers["etag"]
    for condition in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        response = await client.get(job, headers={"If-None-Match": condition})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag)
    assert (await client.get(job, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_finished_job_is_not_held(client: httpx.AsyncClient) -> None:
    job = await succeed(client, "hello-world", {"name": "x"})
    tag = (await client.get(job)).headers["etag"]
    with anyio.fail_after(40):
        response = await client.get(job, headers={"If-None-Match": tag, "Prefer": "wait=60"})
    assert response.status_code == 304


async def test_the_status_is_held_until_the_job_changes_and_tells_its_progress(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        job = await accept(client, "slow-steps", {"seconds": 1.5, "steps": 3})
        response = await client.get(job)
        seen = [response.json()]
        with anyio.fail_after(60):
            while seen[-1]["status"] in ("accepted", "running"):
                held = {"If-None-Match": response.headers["etag"], "Prefer": "wait=60"}
                response = await client.get(job, headers=held)
                assert response.status_code == 200
                assert response.headers["preference-applied"] == "wait=60"
                seen.append(response.json())
        assert seen[-1]["status"] == "successful"
        progress = [status["progress"] for status in seen]
        assert progress == sorted(progress)
        # Each answer came because something had changed, not because a poll was due.
        assert len(seen) < 12
        if any("step 1 of 3" in status["message"] for status in seen):
            break  # or the machine stood still, and the next step came before anybody was told
    assert any(0 < percent < 100 for percent in progress)
    assert any("step 1 of 3" in status["message"] for status in seen)


async def test_a_held_status_that_does_not_change_in_time_is_not_modified(
    client: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    job = await accept(client, "busy", {"note": str(tmp_path_factory.mktemp("notes") / "held")})
    response = await client.get(job)
    with anyio.fail_after(40):
        while response.json()["status"] != "running":
            headers = {"If-None-Match": response.headers["etag"], "Prefer": "wait=30"}
            response = await client.get(job, headers=headers)
    held = await client.get(job, headers={"If-None-Match": response.headers["etag"], "Prefer": "wait=1"})
    assert held.status_code == 304
    assert (await client.delete(job)).json()["status"] == "dismissed"


async def test_results_of_a_job_under_way_are_not_ready(
    client: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    job = await accept(client, "busy", {"note": str(tmp_path_factory.mktemp("notes") / "under way")})
    for path in (f"{job}/results", f"{job}/results/nothing"):
        response = await client.get(path)
        assert response.status_code == 404
        assert response.json()["type"].endswith("/result-not-ready")
    await client.delete(job)


async def test_a_running_job_is_dismissed_and_stays_so(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    job = await accept(client, "busy", {"note": str(tmp_path_factory.mktemp("notes") / "dismissed")})
    for _ in range(2):
        with anyio.fail_after(40):
            response = await client.delete(job)
        assert response.status_code == 200
        conforms(response.json(), "statusInfo.yaml")
        assert response.json()["status"] == "dismissed"
    response = await client.get(f"{job}/results")
    assert response.status_code == 410
    assert (await client.get(job)).json()["status"] == "dismissed"


async def test_dismissing_a_finished_job_removes_its_results(client: httpx.AsyncClient) -> None:
    job = await succeed(client, "hello-world", {"name": "x"})
    assert (await client.get(f"{job}/results/echo")).status_code == 200
    assert (await client.delete(job)).json()["status"] == "dismissed"
    for path in (f"{job}/results", f"{job}/results/echo"):
        assert (await client.get(path)).status_code == 410


async def test_an_output_that_the_job_has_not_is_a_problem(client: httpx.AsyncClient) -> None:
    job = await succeed(client, "hello-world", {"name": "x"})
    response = await client.get(f"{job}/results/nothing")
    assert (response.status_code, response.json()["title"]) == (404, "No such output")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", range(20)),
        ("?limit=3", range(3)),
        ("?offset=18", range(18, 20)),
        ("?offset=5&limit=2", range(5, 7)),
        ("?offset=99&limit=2", range(0)),
        ("?limit=0", range(0)),
    ],
)
async def test_pages_of_features_and_items_are_features_and_items(
    client: httpx.AsyncClient, query: str, expected: range
) -> None:
    job = await succeed(client, "sequence", {"kind": "features", "count": 20})
    response = await client.get(f"{job}/results/sequence{query}")
    assert response.headers["content-type"] == "application/geo+json"
    collection = response.json()
    assert collection["type"] == "FeatureCollection"
    assert [feature["properties"]["index"] for feature in collection["features"]] == list(expected)
    if query:
        assert (collection["numberMatched"], collection["numberReturned"]) == (20, len(expected))
    job = await succeed(client, "sequence", {"kind": "array", "count": 20})
    response = await client.get(f"{job}/results/sequence{query}")
    assert [index for index, _ in response.json()] == list(expected)
    assert response.headers.get("ogc-numbermatched") == ("20" if query else None)


async def test_pages_of_a_large_file_are_read_from_it(client: httpx.AsyncClient) -> None:
    job = await succeed(client, "sequence", {"kind": "features", "count": 2000, "filling": 1000})
    page = (await client.get(f"{job}/results/sequence?offset=1990&limit=50")).json()
    assert (page["numberMatched"], page["numberReturned"]) == (2000, 10)


async def test_what_has_no_pages_comes_whole(client: httpx.AsyncClient) -> None:
    job = await succeed(client, "sequence", {"kind": "text", "count": 3})
    response = await client.get(f"{job}/results/sequence?limit=1")
    assert (response.headers["content-type"], response.text) == ("text/plain", "0\n1\n2")
    job = await succeed(client, "hello-world", {"name": "x"})
    assert (await client.get(f"{job}/results/echo?limit=1")).json()["value"] == "Hello x!"


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "offset=1.5", "limit=", f"offset={math.inf}"])
async def test_a_page_that_is_none_is_refused(client: httpx.AsyncClient, query: str) -> None:
    job = await succeed(client, "sequence", {"kind": "array", "count": 3})
    assert (await client.get(f"{job}/results/sequence?{query}")).status_code == 400


async def test_results_can_be_asked_for_in_their_minimal_form_later(client: httpx.AsyncClient) -> None:
    job = await succeed(client, "hello-world", {"name": "x"})
    response = await client.get(f"{job}/results", headers={"Prefer": "return=minimal"})
    assert response.headers["preference-applied"] == "return=minimal"
    assert response.json()["echo"]["href"] == f"{BASE}{job}/results/echo"


async def test_jobs_are_filtered_by_process_and_status_and_pages_keep_the_filter(client: httpx.AsyncClient) -> None:
    for index in range(3):
        await succeed(client, "sequence", {"kind": "array", "count": index})
    await client.post("/processes/trouble/execution", json={"inputs": {"kind": "failed"}})
    page = (await client.get("/jobs?processID=sequence&status=successful,running&limit=1")).json()
    assert page["numberMatched"] >= 3
    following = next(link["href"] for link in page["links"] if link["rel"] == "next").removeprefix(BASE)
    page = (await client.get(following)).json()
    assert [(job["processID"], job["status"]) for job in page["jobs"]] == [("sequence", "successful")]
    failed = (await client.get("/jobs?status=failed")).json()["jobs"]
    assert {job["status"] for job in failed} == {"failed"}
    assert (await client.get("/jobs?type=collection")).json()["jobs"] == []


@pytest.mark.parametrize("query", ["status=done", "datetime=yesterday", "minDuration=1.5", "maxDuration=-1"])
async def test_a_filter_that_is_none_is_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/jobs?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["path"] == query.split("=", maxsplit=1)[0]


async def test_a_job_has_the_times_at_which_it_was_made_began_and_ended(client: httpx.AsyncClient) -> None:
    job = await accept(client, "slow-steps", {"seconds": 0.3, "steps": 1})
    accepted = (await client.get(job)).json()
    assert "finished" not in accepted
    with anyio.fail_after(40):
        while (status := (await client.get(job)).json())["status"] in ("accepted", "running"):
            await anyio.sleep(0.01)
    moments = {name: datetime.fromisoformat(status[name]) for name in ("created", "started", "finished", "updated")}
    assert status["created"] == accepted["created"]
    assert moments["created"] <= moments["started"]
    assert (moments["finished"] - moments["started"]).total_seconds() >= 0.3
    assert moments["updated"] >= moments["finished"]
    assert status["progress"] == 100


async def test_jobs_are_filtered_by_when_they_were_made_and_how_long_they_took(client: httpx.AsyncClient) -> None:
    first = await succeed(client, "slow-steps", {"seconds": 1.1, "steps": 1})
    for _ in range(5):
        second = await succeed(client, "slow-steps", {"seconds": 0, "steps": 1})
        status = (await client.get(second)).json()
        began, ended = (datetime.fromisoformat(status[name]) for name in ("started", "finished"))
        if (ended - began).total_seconds() <= 1:
            break  # or the machine stood still
    made = [(await client.get(job)).json()["created"] for job in (first, second)]

    async def listed(**query: Any) -> set[str]:
        document = (await client.get("/jobs", params={"processID": "slow-steps", **query})).json()
        assert document["numberMatched"] >= len(document["jobs"])
        return {f"/jobs/{job['jobID']}" for job in document["jobs"]} & {first, second}

    assert await listed(datetime=f"{made[1]}/..") == {second}
    assert await listed(datetime=f"{made[0]}/") >= {first, second}
    assert await listed(datetime="../2020-01-01T00:00:00Z") == set()
    assert await listed(minDuration=1) == {first}
    assert await listed(maxDuration=1) == {second}
    assert await listed(minDuration=1, datetime=f"{made[1]}/..") == set()
