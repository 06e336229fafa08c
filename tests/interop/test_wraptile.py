"""eozilla's wraptile 0.3 as a remote server, through the whole bridge."""

from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from mcp_server.session import Answer, call, list_tools, open_session
from mcp_server.settings import Settings
from tests.interop.wraptile import wraptile

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(find_spec("wraptile") is None, reason="wraptile (PyPI) is not installed"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with wraptile(tmp_path_factory.mktemp("wraptile")) as url:
        yield url


@pytest.fixture
async def client(url: str, home: Path) -> AsyncIterator[Client]:
    async with open_session(Settings(home=home, embedded=False, wait_seconds=60, servers={"eo": url})) as client:
        yield client


def structured(answer: Answer) -> dict[str, Any]:
    assert not answer.failed, answer.text
    assert answer.structured is not None
    return answer.structured


async def test_its_processes_become_tools(client: Client) -> None:
    tools = {tool.name: tool for tool in await list_tools(client)}
    assert {"primes_between", "sleep_a_while", "return_base_model", "simulate_scene"} <= set(tools)
    properties = tools["primes_between"].input_schema["properties"]
    assert properties["max_val"]["maximum"] == 100
    assert not tools["primes_between"].input_schema.get("required")


async def test_every_execution_is_a_job_though_its_processes_declare_none(client: Client) -> None:
    answer = structured(await call(client, "primes_between", {"max_val": 10}))
    assert answer["status"] == "successful"
    assert answer["job"].startswith("ogc://eo/jobs/")
    assert answer["outputs"]["return_value"]["value"] == [2, 3, 5, 7]
    read = await call(client, "read_result", {"uri": answer["outputs"]["return_value"]["uri"]})
    assert "[2,3,5,7]" in read.text


async def test_an_object_arrives_as_it_is(client: Client) -> None:
    scene = {"threshold": 0.5, "factor": 2}
    answer = structured(await call(client, "return_base_model", {"scene_spec": scene}))
    assert answer["outputs"]["return_value"]["value"] == scene


async def test_a_result_becomes_the_input_of_another_execution(client: Client) -> None:
    scene = {"threshold": 0.25, "factor": 4}
    first = structured(await call(client, "return_base_model", {"scene_spec": scene}))
    uri = first["outputs"]["return_value"]["uri"]
    second = structured(await call(client, "return_base_model", {"scene_spec": uri}))
    assert second["job"] != first["job"]
    assert second["outputs"]["return_value"]["value"] == scene


async def test_a_failure_tells_its_reason(client: Client) -> None:
    answer = await call(client, "sleep_a_while", {"duration": 0.1, "fail": True})
    assert answer.failed
    assert "Woke up too early" in answer.text


async def test_what_it_refuses_is_told_in_its_words(client: Client) -> None:
    answer = await call(client, "primes_between", {"min_val": 50, "max_val": 10})
    assert answer.failed
    assert "max_val must be greater" in answer.text


async def test_progress_is_told_while_a_job_runs(client: Client) -> None:
    told: list[float | None] = []

    async def note(percent: float | None, _: str | None) -> None:
        told.append(percent)

    for _ in range(5):  # what is told while a machine stands still is overtaken by the end
        told.clear()
        structured(await call(client, "sleep_a_while", {"duration": 1}, note))
        percents = [percent for percent in told if percent is not None]
        assert percents == sorted(percents)
        if any(0 < percent < 100 for percent in percents):
            break
    assert any(0 < percent < 100 for percent in percents)


async def test_a_running_job_is_handed_over_found_in_the_list_and_dismissed(url: str, home: Path) -> None:
    settings = Settings(home=home, embedded=False, wait_seconds=2, servers={"eo": url})
    with anyio.fail_after(40):
        async with open_session(settings) as client:
            started = structured(await call(client, "sleep_a_while", {"duration": 20}))
            assert started["status"] in ("accepted", "running")
            listed = structured(await call(client, "list_jobs", {"limit": 100}))
            assert listed["jobs"][0]["job"] == started["job"], "its list has the oldest first"
            dismissed = structured(await call(client, "dismiss_job", {"job": started["job"]}))
            assert dismissed["status"] == "dismissed"
            assert structured(await call(client, "get_job", {"job": started["job"]}))["status"] == "dismissed"


async def test_a_dismissed_job_that_had_ended_is_forgotten(client: Client) -> None:
    job = structured(await call(client, "primes_between", {"max_val": 7}))["job"]
    assert structured(await call(client, "dismiss_job", {"job": job}))["status"] == "dismissed"
    again = await call(client, "get_job", {"job": job})
    assert again.failed
    assert "does not exist" in again.text


async def test_its_lists_have_one_page_whatever_limit_is_asked_for(client: Client) -> None:
    for most in (3, 5, 7):
        structured(await call(client, "primes_between", {"max_val": most}))
    listed = structured(await call(client, "list_jobs", {"limit": 2}))
    assert len(listed["jobs"]) == 2


async def test_nothing_can_be_run_without_a_job(client: Client) -> None:
    """It has no synchronous execution: the answer is always a job, whatever was preferred."""
    answer = structured(await call(client, "process_pipeline", {"id": "x"}))
    assert answer["job"].startswith("ogc://eo/jobs/")
