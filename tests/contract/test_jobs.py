"""Long work: progress, handles, waiting on, listing, dismissing, cancelling."""

from typing import Any

import anyio
import pytest
from mcp import Client

from tests.contract.calls import finished, text, told
from tests.contract.conftest import WAIT_SECONDS, Connection

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def outlasted(connection: Connection) -> list[dict[str, Any]]:
    """The answers to two calls, at once, that took longer than the wait budget: the job of the first ends soon."""
    answers: list[dict[str, Any]] = [{}, {}]

    async def call(number: int, seconds: float, steps: int) -> None:
        for more in (0, 5, 20):  # where a machine stands still, the first may end within its call
            arguments = {"seconds": seconds + more, "steps": steps}
            answers[number] = told(await connection.client.call_tool("slow_steps", arguments))
            if "outputs" not in answers[number]:
                return

    with anyio.fail_after(120):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, 0, WAIT_SECONDS + 1, 20)
            tasks.start_soon(call, 1, 90, 60)
    return answers


async def test_a_call_that_takes_longer_than_the_wait_budget_answers_with_its_job(
    client: Client, outlasted: list[dict[str, Any]]
) -> None:
    envelope = outlasted[0]
    assert envelope["status"] in ("accepted", "running")
    assert envelope["job"] in envelope["next"]
    assert "outputs" not in envelope
    with anyio.fail_after(60):
        done = told(await client.call_tool("get_job", {"job": envelope["job"], "wait": 45}))
    assert done["status"] == "successful"
    assert done["outputs"]["done"]["value"]["steps"] == 20


async def test_get_job_looks_without_waiting_and_a_dismissed_job_has_ended_and_is_listed_so(
    client: Client, outlasted: list[dict[str, Any]]
) -> None:
    job = outlasted[1]["job"]
    with anyio.fail_after(60):
        while (envelope := told(await client.call_tool("get_job", {"job": job, "wait": 0})))["status"] == "accepted":
            await anyio.sleep(0.01)
        assert envelope["status"] == "running"
        assert 0 <= envelope["progress"] < 100
        assert told(await client.call_tool("dismiss_job", {"job": job}))["status"] == "dismissed"
    listed = told(await client.call_tool("list_jobs", {"limit": 5}))["jobs"]
    assert next(entry["status"] for entry in listed if entry["job"] == job) == "dismissed"


async def test_jobs_are_listed_newest_first_with_their_process(client: Client) -> None:
    envelope = await finished(client, "hello_world", {"name": "Listed"})
    listed = told(await client.call_tool("list_jobs", {"limit": 1, "server": "local"}))["jobs"]
    assert [(entry["job"], entry["process"], entry["status"]) for entry in listed] == [
        (envelope["job"], "hello-world", "successful")
    ]


# What follows happens while a call waits. Where a machine stands still, the call's wait budget may pass before: the
# call then answers with its job, which says nothing of what is tested, so that it is tried again.
ATTEMPTS = range(5)


async def test_progress_is_told_while_a_process_runs_and_a_cancelled_call_leaves_no_job_running(
    client: Client,
) -> None:
    for attempt in ATTEMPTS:
        seen, outlasted = await _cancelled_after_progress(client, {"seconds": 31 + attempt, "steps": 310})
        if outlasted is None:
            break
        await client.call_tool("dismiss_job", {"job": outlasted})
    else:
        pytest.fail("no call was cancelled within its wait budget")
    values = [progress for progress, _, _ in seen]
    assert values == sorted(set(values))
    assert all(total == 100 for _, total, _ in seen)
    with anyio.fail_after(60):
        while True:
            newest = told(await client.call_tool("list_jobs", {"limit": 1}))["jobs"][0]
            if newest["status"] == "dismissed":
                break
            assert newest["status"] == "running"
    assert newest["process"] == "slow-steps"


type Progress = tuple[float, float | None, str | None]


async def _cancelled_after_progress(client: Client, arguments: dict[str, Any]) -> tuple[list[Progress], str | None]:
    """The progress told until the call was cancelled, and the job of a call that had been answered before."""
    seen: list[Progress] = []
    answered: list[str] = []
    told_enough = anyio.Event()

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))
        if len(seen) >= 2 and any(message and "step" in message for _, _, message in seen):
            told_enough.set()

    async def call() -> None:
        answer = await client.call_tool("slow_steps", arguments, progress_callback=on_progress)
        answered.append(told(answer)["job"])
        told_enough.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        with anyio.fail_after(60):
            await told_enough.wait()
        tasks.cancel_scope.cancel()
    return seen, answered[0] if answered else None


async def test_the_same_call_made_twice_has_one_job_and_both_are_told_of_its_dismissal(client: Client) -> None:
    for attempt in ATTEMPTS:
        job, answers = await _called_twice_and_dismissed(client, {"seconds": 32 + attempt, "steps": 320})
        if not any('"status":"running"' in answer for answer in answers):
            break
    assert answers == [f"job {job} was dismissed before it ended; call the tool again"] * 2


async def _called_twice_and_dismissed(client: Client, arguments: dict[str, Any]) -> tuple[str, list[str]]:
    """The one job of two calls at once, dismissed while it runs, and what each call answered."""
    begun = [anyio.Event(), anyio.Event()]
    answers: list[str] = []

    async def call(number: int) -> None:
        async def on_progress(_progress: float, _total: float | None, message: str | None) -> None:
            if message and "step" in message:
                begun[number].set()

        answers.append(text(await client.call_tool("slow_steps", arguments, progress_callback=on_progress)))
        begun[number].set()

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for number in (0, 1):
                tasks.start_soon(call, number)
                await begun[number].wait()
            newest, before = told(await client.call_tool("list_jobs", {"limit": 2}))["jobs"]
            assert before["status"] != "running"
            await client.call_tool("dismiss_job", {"job": newest["job"]})
    return newest["job"], answers


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_job", {"job": "ogc://local/jobs/no-such-job"}),
        ("dismiss_job", {"job": "no-such-job"}),
        ("read_result", {"uri": "ogc://local/jobs/no-such-job/results/out"}),
        ("read_result", {"uri": "ogc://elsewhere/jobs/1/results/out"}),
        ("get_job", {"job": "ogc://elsewhere/jobs/1"}),
        ("list_jobs", {"limit": 0}),
        ("get_job", {}),
    ],
)
async def test_what_cannot_be_is_a_tool_error_in_one_clear_text(
    client: Client, tool: str, arguments: dict[str, object]
) -> None:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert text(result)
    assert "unexpectedly" not in text(result)


async def test_an_unknown_output_of_a_job_is_told_with_those_there_are(client: Client) -> None:
    envelope = await finished(client, "hello_world", {"name": "Outputs"})
    result = await client.call_tool("read_result", {"uri": f"{envelope['job']}/results/nothing"})
    assert result.is_error
    assert "nothing" in text(result)
