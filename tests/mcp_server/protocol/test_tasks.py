"""Jobs as tasks: what a server says of a job, in the words of the extension, whatever goes wrong meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
from mcp import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS
from starlette.responses import JSONResponse

from mcp_server.errors import ServerUnreachableError
from mcp_server.execution.executor import Executor
from mcp_server.execution.job_records import new_record
from mcp_server.execution.owners import Owner
from mcp_server.execution.request import ExecuteRequest
from mcp_server.ogc.models import StatusInfo
from mcp_server.protocol.tasks.extension import Tasks, job_of
from mcp_server.protocol.tasks.listening import TaskListening
from mcp_server.protocol.tasks.shapes import TaskNotification, TaskNotificationParams, TaskParams, task
from mcp_server.references import JobReference
from tests.mcp_server.execution.bench import Bench, until
from tests.mcp_server.execution.jobs_site import POINT, JobsSite, site_without_jobs

pytestmark = pytest.mark.anyio

NOW = datetime(2030, 1, 1, 0, 1, tzinfo=UTC)
STATUS = StatusInfo(
    job_id="1",
    process_id="p",
    status="running",
    progress=41.6,
    message="half way",
    created="2030-01-01T00:00:00Z",
    started="2030-01-01T00:00:01Z",
    finished=None,
    updated="2030-01-01T00:00:30Z",
    etag=None,
    retry_after=None,
)


class Announcing:
    """A request of a client that takes tasks."""

    protocol_version = "2026-07-28"
    method = "tasks/cancel"

    def __init__(self) -> None:
        self.session = self
        self.client_capabilities = self
        self.extensions: dict[str, Any] = {"io.modelcontextprotocol/tasks": {}}


class NoProcesses:
    async def cards(self) -> list[Any]:
        return []


def tasks_of(bench: Bench) -> Tasks:
    async def executor() -> Executor:
        return bench.executor

    return Tasks(cast("Any", NoProcesses()), executor, small_value_bytes=8192)


async def started(bench: Bench) -> JobReference:
    """The job of a call that does not wait for it; it runs until the test lets it end."""
    bench.site.polls = 99
    with anyio.fail_after(60):
        request = ExecuteRequest("p", {"value": 1})
        execution = await bench.executor.run(bench.site.tool(), request, bench.note, wait=0.1)
    assert execution.job is not None
    return execution.job


async def cancel(bench: Bench, job: JobReference) -> None:
    await tasks_of(bench).cancel(cast("Any", Announcing()), TaskParams(task_id=str(job)))


def test_a_running_job_is_a_working_task() -> None:
    assert task("ogc://x/jobs/1", STATUS, now=NOW) == {
        "taskId": "ogc://x/jobs/1",
        "status": "working",
        "statusMessage": "42 %: half way",
        "createdAt": "2030-01-01T00:00:00+00:00",
        "lastUpdatedAt": "2030-01-01T00:00:30+00:00",
        "ttlMs": None,
        "pollIntervalMs": 6000,
    }


def test_a_task_that_has_ended_tells_its_message_without_a_progress() -> None:
    ended = replace(STATUS, status="successful", progress=100.0, message="done")
    assert task("ogc://x/jobs/1", ended, now=NOW)["statusMessage"] == "done"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("accepted", "working"),
        ("running", "working"),
        ("successful", "completed"),
        ("failed", "completed"),
        ("dismissed", "cancelled"),
    ],
)
def test_every_state_of_a_job_is_a_state_of_a_task(state: str, expected: str) -> None:
    told = task("t", replace(STATUS, status=state), now=NOW)
    assert told["status"] == expected
    assert ("pollIntervalMs" in told) == (expected == "working")


@pytest.mark.parametrize(
    ("age", "retry_after", "milliseconds"), [(0, None, 500), (-9, None, 500), (9999, None, 10_000), (30, 20, 20_000)]
)
def test_the_older_a_task_the_longer_the_poll_and_the_servers_word_wins(
    age: float, retry_after: float | None, milliseconds: int
) -> None:
    created = (NOW - timedelta(seconds=age)).isoformat()
    told = task("t", replace(STATUS, created=created, retry_after=retry_after), now=NOW)
    assert told["pollIntervalMs"] == milliseconds


@pytest.mark.parametrize(
    ("created", "updated", "expected"),
    [
        (None, None, ("2030-01-01T00:01:00+00:00", "2030-01-01T00:01:00+00:00")),
        ("soon", None, ("2030-01-01T00:01:00+00:00", "2030-01-01T00:01:00+00:00")),
        ("2030-01-01T02:00:00+02:00", None, ("2030-01-01T02:00:00+02:00", "2030-01-01T02:00:00+02:00")),
        ("2030-01-01T00:00:09", "2029-01-01", ("2030-01-01T00:00:09+00:00", "2030-01-01T00:00:09+00:00")),
    ],
)
def test_moments_are_told_as_far_as_the_server_tells_them(
    created: str | None, updated: str | None, expected: tuple[str, str]
) -> None:
    told = task("t", replace(STATUS, created=created, started=None, updated=updated), now=NOW)
    assert (told["createdAt"], told["lastUpdatedAt"]) == expected


def test_a_task_lives_until_its_server_deletes_the_job() -> None:
    expiring = replace(STATUS, status="successful", expires="2030-01-02T00:00:00Z")
    assert task("t", expiring, now=NOW)["ttlMs"] == 86_400_000
    assert task("t", replace(expiring, expires="never"), now=NOW)["ttlMs"] is None


async def test_the_expiry_that_a_server_tells_of_a_job_is_that_of_the_task(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "successful", "expires": "2030-01-01T01:00:01Z"}
    bench = Bench(home, site)
    job = await started(bench)
    site.polls = 0
    assert (await tasks_of(bench).task(job))["ttlMs"] == 3_600_000


def test_a_notification_keeps_the_members_that_are_null() -> None:
    params = TaskNotificationParams(task={"taskId": "t", "ttlMs": None}, _meta={"a": 1})
    sent = TaskNotification(params=params).model_dump(by_alias=True, mode="json", exclude_none=True)
    assert sent == {"method": "notifications/tasks", "params": {"taskId": "t", "ttlMs": None, "_meta": {"a": 1}}}


async def test_a_task_is_the_job_of_its_server_and_ends_with_its_result(home: Path) -> None:
    site = JobsSite()
    bench = Bench(home, site)
    job = await started(bench)
    assert str(job) == "ogc://remote/jobs/j1"
    handle = await tasks_of(bench).created(job)
    assert (handle["resultType"], handle["status"]) == ("task", "working")
    site.polls = 0
    told = await tasks_of(bench).task(job)
    assert told["result"]["structuredContent"]["outputs"]["out"]["value"] == POINT
    assert len(site.executions) == 1


async def test_a_job_that_failed_is_a_completed_task_with_the_reason(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "failed", "message": "no memory"}
    site.results = JSONResponse({"title": "Failed", "detail": "it ran out of memory"}, 500)
    bench = Bench(home, site)
    job = await started(bench)
    site.polls = 0
    told = await tasks_of(bench).task(job)
    assert (told["status"], told["result"]["isError"]) == ("completed", True)
    assert "it ran out of memory" in told["result"]["content"][0]["text"]


async def test_a_server_that_cannot_be_asked_ends_no_task(home: Path) -> None:
    site = JobsSite()
    bench = Bench(home, site)
    job = await started(bench)
    site.broken = JSONResponse({"title": "Maintenance"}, 503)
    for asked in (tasks_of(bench).task(job), cancel(bench, job)):
        with pytest.raises(MCPError, match="Maintenance") as caught:
            await asked
        assert caught.value.error.code == INTERNAL_ERROR
    assert await tasks_of(bench).known(job)
    site.broken, site.polls = None, 0
    assert (await tasks_of(bench).task(job))["status"] == "completed"


async def test_a_result_that_cannot_be_read_now_ends_no_task_and_one_that_is_gone_does(home: Path) -> None:
    site = JobsSite()
    bench = Bench(home, site, pause=_no_pause)
    job = await started(bench)
    site.results, site.polls = JSONResponse({"title": "Busy"}, 503), 0
    with pytest.raises(MCPError, match="Busy") as caught:
        await tasks_of(bench).task(job)
    assert caught.value.error.code == INTERNAL_ERROR
    site.results = JSONResponse({"title": "Expired"}, 410)
    told = await tasks_of(bench).task(job)
    assert (told["status"], told["result"]["isError"]) == ("completed", True)
    assert "Expired" in told["result"]["content"][0]["text"]


async def test_a_task_whose_job_its_server_no_longer_knows_is_unknown(home: Path) -> None:
    site = JobsSite()
    bench = Bench(home, site)
    job = await started(bench)
    site.jobs.clear()
    with pytest.raises(MCPError, match="there is no task ogc://remote/jobs/j1, or no longer") as caught:
        await tasks_of(bench).task(job)
    assert caught.value.error.code == INVALID_PARAMS
    assert not await tasks_of(bench).known(job)


async def test_a_cancelled_task_is_dismissed_on_its_server(home: Path) -> None:
    site = JobsSite()
    bench = Bench(home, site)
    job = await started(bench)
    await cancel(bench, job)
    assert site.dismissed == ["j1"]


async def test_the_message_of_a_task_speaks_of_jobs_by_their_uris(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "dismissed", "message": f"replaced by {site.url}/jobs/j2"}
    bench = Bench(home, site)
    job = await started(bench)
    site.polls = 0
    told = await tasks_of(bench).task(job)
    assert (told["status"], told["statusMessage"]) == ("cancelled", "replaced by ogc://remote/jobs/j2")


async def test_where_a_server_makes_no_jobs_a_task_is_one_of_the_bridge(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Bench(home, site)
    job = await started(bench)
    handle = await tasks_of(bench).created(job)
    assert handle["taskId"].startswith("ogc://bridge/jobs/")
    assert handle["status"] == "working"
    released.set()
    with anyio.fail_after(60):
        while (told := await tasks_of(bench).task(job))["status"] == "working":
            await anyio.sleep(0.01)
    assert told["result"]["structuredContent"]["outputs"]["out"]["value"] == POINT
    assert told["createdAt"] == handle["createdAt"]


async def test_a_cancelled_task_of_the_bridge_is_given_up(home: Path) -> None:
    site, _ = site_without_jobs()
    bench = Bench(home, site)
    job = await started(bench)
    await cancel(bench, job)
    told = await tasks_of(bench).task(job)
    assert told["status"] == "cancelled"
    assert "may go on" in told["statusMessage"]
    with anyio.fail_after(40):
        await until(lambda: site.cut)


async def test_a_task_whose_bridge_crashed_is_completed_with_an_unknown_outcome(home: Path) -> None:
    bench = Bench(home, JobsSite())
    record = new_record("remote", "p", seconds=-1, owner=Owner.current())
    await bench.records.write(record)
    told = await tasks_of(bench).task(record.reference)
    assert (told["status"], told["result"]["isError"]) == ("completed", True)
    assert "outcome unknown" in told["result"]["content"][0]["text"]


async def test_a_task_of_the_bridge_whose_server_named_a_job_in_the_end_is_that_job(home: Path) -> None:
    site = JobsSite()
    bench = Bench(home, site)
    job = await started(bench)
    record = replace(new_record("remote", "p", seconds=60, owner=Owner.current()), job=str(job))
    await bench.records.write(record)
    told = await tasks_of(bench).task(record.reference)
    assert told["taskId"] == str(record.reference)
    assert told["statusMessage"].endswith(": on")
    await cancel(bench, record.reference)
    assert site.dismissed == [job.job_id]


@pytest.mark.parametrize("task_id", ["", "j1", "ogc://", "ogc://bridge/results/1/out", "ogc://remote/jobs/1/results/x"])
def test_what_is_no_uri_of_a_job_is_no_task(task_id: str) -> None:
    with pytest.raises(MCPError) as caught:
        job_of(task_id)
    assert caught.value.error.code == INVALID_PARAMS


async def _no_pause(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


async def test_all_tasks_of_a_subscription_are_asked_for_at_once() -> None:
    class Waiting:
        """Knows every second task, as soon as it was asked for all."""

        def __init__(self) -> None:
            self.asked: list[JobReference] = []
            self.all = anyio.Event()

        async def known(self, job: JobReference) -> bool:
            self.asked.append(job)
            if len(self.asked) == 6:
                self.all.set()
            await self.all.wait()
            return int(job.job_id) % 2 == 0

    jobs = [JobReference("slow", str(number)) for number in range(6)]
    nothing = cast("Any", None)
    with anyio.fail_after(40):
        found = await TaskListening(cast("Any", Waiting()), nothing, nothing)._known(jobs)
    assert found == jobs[::2]


async def test_a_task_that_cannot_be_told_now_is_asked_for_again_after_a_pause() -> None:
    class Unreachable:
        """A server that answers nobody, and the state of its job as it was last known."""

        asked = 0

        async def follow(self, *_: Any) -> None:
            self.asked += 1
            await anyio.lowlevel.checkpoint()
            raise ServerUnreachableError("server 'far' cannot be reached")

        async def task(self, _: JobReference) -> dict[str, Any]:
            raise MCPError(INTERNAL_ERROR, "cannot be told now")

    far = cast("Any", Unreachable())

    async def executor() -> Executor:
        return far

    acknowledged = anyio.Event()
    acknowledged.set()
    listening = TaskListening(far, executor, cast("Any", None))
    with anyio.move_on_after(0.3) as scope:
        await listening._follow(JobReference("far", "1"), cast("Any", Announcing()), acknowledged)
    assert scope.cancelled_caught, "it is not given up"
    assert far.asked == 1, "without a pause it would be asked for thousands of times"
