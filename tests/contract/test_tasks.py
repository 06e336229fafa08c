"""The Tasks extension as a client of the official SDK meets it, on every transport."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from mcp import Client, MCPError
from mcp.types import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
    ImageContent,
    SubscriptionsListenResult,
)

from tests.contract.calls import picture, text, told
from tests.contract.taking_tasks import IDENTIFIER, Taking, ask, launch_in, listening, taking

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=["memory", "stdio", "http"])
async def bridge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, own_processes: dict[str, Any]
) -> AsyncGenerator[Taking]:
    launch = launch_in(tmp_path_factory.mktemp("tasks"), own_processes)
    async with taking(request.param, launch) as connected:
        with anyio.fail_after(60):
            await connected.client.call_tool("hello_world", {"name": "World"})
        yield connected


async def test_a_long_call_is_a_task_and_its_result_is_that_of_the_call(bridge: Taking) -> None:
    handle = await bridge.brief(1.6, 5)
    job = handle["taskId"]
    assert job.startswith("ogc://local/jobs/")
    assert handle["status"] == "working"
    assert handle["ttlMs"] is None
    assert handle["createdAt"] <= handle["lastUpdatedAt"]
    assert "result" not in handle
    ended = await bridge.until(job, "completed")
    assert ended["resultType"] == "complete"
    assert ended["createdAt"] == handle["createdAt"]
    assert ended["lastUpdatedAt"] > handle["createdAt"]
    result = CallToolResult.model_validate(ended["result"])
    assert told(result)["outputs"]["done"]["value"]["steps"] == 5
    assert told(await bridge.client.call_tool("get_job", {"job": job})) == told(result)


async def test_the_sdk_resolves_a_task_into_the_result_of_its_call(bridge: Taking) -> None:
    before = bridge.extension.polls
    with anyio.fail_after(60):
        for seconds in (1.4, 6, 24):  # where a machine stands still, a brief call is answered at once
            result = await bridge.client.call_tool("slow_steps", {"seconds": seconds, "steps": 4})
            if bridge.extension.polls > before:
                break
    assert told(result)["outputs"]["done"]["value"]["steps"] == 4
    assert bridge.extension.polls > before


async def test_what_is_done_soon_is_answered_at_once(bridge: Taking) -> None:
    result = await bridge.client.session.call_tool("hello_world", {"name": "Soon"}, allow_claimed=True)
    assert isinstance(result, CallToolResult)
    assert told(result)["status"] == "successful"


async def test_the_progress_of_a_task_is_its_message(bridge: Taking) -> None:
    handle = await bridge.task("slow_steps", {"seconds": 30, "steps": 150})
    with anyio.fail_after(60):
        while "step" not in (found := await bridge.ask("tasks/get", handle["taskId"])).get("statusMessage", ""):
            await anyio.sleep(0.01)
    percent, _, message = found["statusMessage"].partition(" %: ")
    assert 0 <= float(percent) < 100
    assert message.endswith("of 150")
    assert found["pollIntervalMs"] >= 500
    await bridge.ask("tasks/cancel", handle["taskId"])


async def test_a_cancelled_task_is_dismissed_and_its_process_is_gone(bridge: Taking) -> None:
    handle = await bridge.task("tells_pid", {})
    with anyio.fail_after(60):
        while "pid" not in (found := await bridge.ask("tasks/get", handle["taskId"])).get("statusMessage", ""):
            await anyio.sleep(0.01)
        worker = psutil.Process(int(found["statusMessage"].rpartition(" ")[2]))
        assert worker.is_running()
        assert (await bridge.ask("tasks/cancel", handle["taskId"]))["resultType"] == "complete"
        ended = await bridge.until(handle["taskId"], "cancelled")
        assert "result" not in ended
        while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
            await anyio.sleep(0.01)
    listed = told(await bridge.client.call_tool("list_jobs", {"limit": 5}))["jobs"]
    assert next(job["status"] for job in listed if job["job"] == handle["taskId"]) == "dismissed"


async def test_to_cancel_a_task_that_has_ended_leaves_its_result(bridge: Taking) -> None:
    result = await bridge.client.call_tool("hello_world", {"name": "Kept"})
    job = told(result)["job"]
    await bridge.ask("tasks/cancel", job)
    await bridge.ask("tasks/update", job, input_responses={"nothing": {"action": "accept"}})
    assert (await bridge.ask("tasks/get", job))["result"]["structuredContent"] == told(result)


async def test_several_calls_at_once_are_several_tasks_and_equal_calls_are_one(bridge: Taking) -> None:
    handles: dict[int, list[str | None]] = {}

    async def call(seconds: float, steps: int) -> None:
        handle = await bridge.claimed("slow_steps", {"seconds": seconds, "steps": steps})
        handles.setdefault(steps, []).append(handle and handle["taskId"])

    for seconds in (1.6, 6, 24):  # where a machine stands still, calls as brief are not all made at once
        handles.clear()
        async with anyio.create_task_group() as tasks:
            for steps in (21, 22, 22):
                tasks.start_soon(call, seconds, steps)
        if None not in (*handles[21], *handles[22]) and len(set(handles[22])) == 1:
            break
    assert len({ids[0] for ids in handles.values()}) == 2
    assert len(set(handles[22])) == 1
    for steps, (task_id, *_) in handles.items():
        assert task_id is not None
        ended = await bridge.until(task_id, "completed")
        assert ended["result"]["structuredContent"]["outputs"]["done"]["value"]["steps"] == steps


async def test_a_task_that_fails_is_completed_with_the_error_of_the_call(bridge: Taking) -> None:
    empty: dict[str, Any] = {"geometry": {"type": "Polygon", "coordinates": []}, "distance": 10}
    failed = await bridge.client.session.call_tool("geometry_buffer", empty, allow_claimed=True)
    assert isinstance(failed, CallToolResult)
    listed = told(await bridge.client.call_tool("list_jobs", {"limit": 1}))["jobs"]
    found = await bridge.ask("tasks/get", listed[0]["job"])
    assert (listed[0]["status"], found["status"]) == ("failed", "completed")
    assert found["result"]["isError"] is True
    assert found["result"]["content"][0]["text"] == text(failed)


async def test_the_picture_of_a_task_is_content_and_nothing_else(bridge: Taking) -> None:
    shown = await picture(bridge.client, "one_pixel")
    job = text(CallToolResult(content=shown.content[1:])).split()[-1].partition("/results/")[0]
    result = CallToolResult.model_validate((await bridge.ask("tasks/get", job))["result"])
    assert isinstance(result.content[0], ImageContent)
    assert result.content == shown.content
    assert result.structured_content is None


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
@pytest.mark.parametrize(
    "task_id",
    ["nonsense", "ogc://local/jobs/no-such-job", "ogc://elsewhere/jobs/1", "ogc://local/processes/hello-world"],
)
async def test_an_unknown_task_is_told_as_invalid_parameters(bridge: Taking, method: str, task_id: str) -> None:
    with pytest.raises(MCPError) as caught:
        await bridge.ask(method, task_id, input_responses={})
    assert caught.value.error.code == INVALID_PARAMS
    assert task_id in caught.value.error.message


async def test_a_client_that_does_not_announce_the_extension_is_never_given_a_task(bridge: Taking) -> None:
    if bridge.others is None:
        pytest.skip("a bridge over stdio has one client")
    others, slow = bridge.others, ("slow_steps", {"seconds": 40, "steps": 400})
    jobs: list[str] = []

    async def expect_no_task(mode: str, code: int) -> None:
        async with Client(others, mode=mode, cache=None) as other:  # pyright: ignore[reportArgumentType]
            job = told(await other.call_tool(*slow))["job"]
            jobs.append(job)
            with pytest.raises(MCPError) as caught:
                await ask(other, "tasks/get", job)
            assert caught.value.error.code == code
            if mode == "legacy":
                assert not other.server_capabilities.extensions
            else:
                assert caught.value.error.data == {"requiredCapabilities": {"extensions": {IDENTIFIER: {}}}}

    async with anyio.create_task_group() as tasks:
        for mode, code in (("auto", MISSING_REQUIRED_CLIENT_CAPABILITY), ("legacy", METHOD_NOT_FOUND)):
            tasks.start_soon(expect_no_task, mode, code)
        handle = await bridge.task(*slow)
    assert jobs == [handle["taskId"]] * 2
    await bridge.ask("tasks/cancel", handle["taskId"])


async def test_the_extension_is_declared_to_clients_of_its_revision(bridge: Taking) -> None:
    assert bridge.client.server_capabilities.extensions == {IDENTIFIER: {}}


async def test_who_listens_is_told_each_state_of_a_task_to_its_end(bridge: Taking, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    handle = await bridge.task("waits", {"file": str(gate)})
    news = bridge.extension.news
    news.clear()
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            request = listening(handle["taskId"], "ogc://local/jobs/no-such-job")
            tasks.start_soon(bridge.client.session.send_request, request, SubscriptionsListenResult)
            while not news or news[-1].status == "working":
                await bridge.extension.more_news()
                gate.touch()
            tasks.cancel_scope.cancel()
    assert bridge.extension.agreed == [[handle["taskId"]]]
    assert {one.task_id for one in news} == {handle["taskId"]}
    assert [one.status for one in news[:-1]] == ["working"] * (len(news) - 1)
    assert len(news) > 1
    last = news[-1].model_dump(by_alias=True, exclude={"meta"})
    found = await bridge.ask("tasks/get", handle["taskId"])
    assert last == {name: value for name, value in found.items() if name not in ("resultType", "_meta")}


async def test_listening_for_tasks_is_refused_to_who_does_not_announce_the_extension(bridge: Taking) -> None:
    if bridge.others is None:
        pytest.skip("a bridge over stdio has one client")
    async with Client(bridge.others, cache=None) as other:
        with pytest.raises(MCPError) as caught, anyio.fail_after(60):
            await other.session.send_request(listening("ogc://local/jobs/1"), SubscriptionsListenResult)
    assert caught.value.error.code == MISSING_REQUIRED_CLIENT_CAPABILITY


async def test_a_task_survives_a_restart_of_the_bridge(tmp_path: Path, own_processes: dict[str, Any]) -> None:
    launch = launch_in(tmp_path, own_processes)
    async with taking("memory", launch) as first:
        done = told(await first.client.call_tool("hello_world", {"name": "World"}))
        handle = await first.brief(2, 4)
    async with taking("memory", launch) as second:
        # The embedded server stopped as well, and runs it again: its process is idempotent.
        ended = await second.until(handle["taskId"], "completed")
        again = await second.ask("tasks/get", done["job"])
    assert ended["createdAt"] == handle["createdAt"]
    assert ended["result"]["structuredContent"]["outputs"]["done"]["value"]["steps"] == 4
    assert again["result"]["structuredContent"] == done
