"""The commands for jobs, on the store of a home that others share, and on a server that runs."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from backend.app import create_app
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Failure, Job, JobRequest, NewResult
from backend.jobs.store import JobStore
from backend.settings import Settings
from mcp_server.cli.job_client import added
from mcp_server.cli.job_tables import print_jobs
from mcp_server.ogc.models import StatusInfo
from tests.backend.jobs.attempts import finish
from tests.mcp_server.cli.command_lines import Run
from tests.serving import served


@pytest.fixture
def store(home: Path) -> Iterator[JobStore]:
    opened = JobStore.open(home, lease_seconds=15)
    yield opened
    opened.close()


def waiting(store: JobStore, process: str = "geometry-buffer") -> Job:
    return store.insert(JobRequest(process, {}, None, "document", idempotent=True), owner=None, durable=False)


def ended(store: JobStore, process: str = "geometry-buffer", *, failure: str = "") -> Job:
    request = JobRequest(process, {}, None, "document", idempotent=True)
    job = store.insert(request, owner="an-engine", durable=False)
    started = store.start(job.id, "an-engine", ProcessIdentity.current())
    assert started is not None
    if failure:
        store.fail(started, Failure("failed", failure))
    else:
        finish(store, started, [NewResult("area", "application/json", b"5", {})])
    return store.get(job.id)


def listed(run: Run, *arguments: str) -> list[dict[str, Any]]:
    code, out, err = run("jobs", "list", "--json", *arguments)
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_list_has_the_newest_first_and_selects_by_process_and_state(run: Run, store: JobStore) -> None:
    first, second, third = ended(store), ended(store, "echo", failure="No."), waiting(store)
    assert [job["jobID"] for job in listed(run)] == [third.id, second.id, first.id]
    assert [job["jobID"] for job in listed(run, "--limit", "1")] == [third.id]
    assert [job["jobID"] for job in listed(run, "--process", "echo")] == [second.id]
    (failed,) = listed(run, "--status", "failed")
    assert failed["jobID"] == second.id
    assert failed["message"] == "No."


def test_jobs_that_many_others_followed_are_found_all_the_same(run: Run, store: JobStore) -> None:
    wanted = ended(store, "echo")
    for _ in range(30):
        waiting(store)
    (found,) = listed(run, "--process", "echo", "--status", "successful", "--limit", "1")
    assert found["jobID"] == wanted.id


def test_the_table_tells_what_a_server_says_of_each_job_and_leaves_open_what_it_does_not() -> None:
    written = io.StringIO()
    when = "2026-01-02T03:04:05Z"
    told = StatusInfo("j1", "echo", "running", 50, "step 1", when, None, None, None, None, None)
    untold = StatusInfo("j2", None, "accepted", None, None, None, when, None, None, None, None)
    print_jobs(Console(file=written, width=120), [told, untold])
    head, first, second = (line.split() for line in written.getvalue().splitlines())
    assert head == ["job", "process", "status", "progress", "created", "message"]
    assert first == ["j1", "echo", "running", "50", "%", "2026-01-02", "03:04:05", "step", "1"]
    assert second == ["j2", "accepted", "2026-01-02", "03:04:05"]


def test_the_table_has_whole_ids_however_narrow_the_terminal_is(
    run: Run, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    job = ended(store)
    for arguments in (["jobs"], ["jobs", "list"]):
        code, out, _ = run(*arguments)
        assert code == 0
        assert job.id in out
        assert "successful" in out


def test_one_job_is_shown_with_what_its_server_tells(run: Run, store: JobStore) -> None:
    job = ended(store, failure="The ring is open.")
    code, out, _ = run("jobs", "show", job.id)
    assert code == 0
    assert f"jobID      {job.id}" in out
    assert "message    The ring is open." in out
    assert json.loads(run("jobs", "show", job.id, "--json")[1])["status"] == "failed"


def test_the_log_is_printed_whole_or_its_last_lines(run: Run, store: JobStore) -> None:
    job = ended(store)
    store.append_log(job.id, ["one", "two", "three"])
    assert run("jobs", "logs", job.id) == (0, "one\ntwo\nthree\n", "")
    assert run("jobs", "logs", job.id, "--tail", "2") == (0, "two\nthree\n", "")
    assert run("jobs", "logs", job.id, "--tail", "1", "--follow") == (0, "three\n", "")


@pytest.mark.parametrize("command", ["show", "logs", "dismiss"])
def test_a_job_that_there_is_not_is_one_line_and_exit_code_1(run: Run, command: str) -> None:
    code, out, err = run("jobs", command, "none")
    assert (code, out) == (1, "")
    assert err == "ogc-processes-mcp: There is no job 'none'.\n"


def test_a_job_that_waits_is_dismissed_and_is_not_begun_by_the_command(run: Run, store: JobStore) -> None:
    job = waiting(store)
    assert listed(run)[0]["status"] == "accepted"
    assert run("jobs", "dismiss", job.id) == (0, f"{job.id}: dismissed\n", "")
    assert store.get(job.id).status == "dismissed"


def test_a_dismissal_whose_end_cannot_be_confirmed_in_time_says_so(
    run: Run, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGC_PROCESSES_DISMISS_WAIT_SECONDS", "0.1")
    request = JobRequest("geometry-buffer", {}, None, "document", idempotent=True)
    job = store.insert(request, owner="of-another-machine", durable=False)
    assert store.start(job.id, "of-another-machine", ProcessIdentity.current()) is not None
    code, out, err = run("jobs", "dismiss", job.id)
    assert (code, out) == (1, "")
    assert f"{job.id} is not dismissed yet, but running: The job is being dismissed" in err


def test_a_dry_run_counts_what_cleaning_then_removes_and_leaves_what_has_not_ended(run: Run, store: JobStore) -> None:
    ended(store)
    ended(store, failure="No.")
    job = waiting(store)
    assert run("jobs", "clean") == (0, "0 jobs removed\n", "")
    assert run("jobs", "clean", "--older-than", "1h", "--dry-run") == (0, "0 jobs would be removed\n", "")
    assert run("jobs", "clean", "--older-than", "0s", "--dry-run") == (0, "2 jobs would be removed\n", "")
    assert len(listed(run)) == 3
    assert run("jobs", "clean", "--older-than", "0s") == (0, "2 jobs removed\n", "")
    assert [one["jobID"] for one in listed(run)] == [job.id]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--status", "done"], "--status done: there are accepted, running"),
        (["clean", "--older-than", "week"], "--older-than week: write a number and its unit"),
        (["list", "--url", "somewhere"], "somewhere: write http://"),
        (["nothing"], "No such command 'nothing'"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    code, out, err = run("jobs", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("ogc-processes-mcp: ")
    assert message in err
    assert err.count("\n") == 1


def test_a_job_that_a_server_runs_is_seen_over_http_and_ended_through_the_store(run: Run, home: Path) -> None:
    def application(url: str) -> Any:
        return create_app(Settings(home=home, workers=1, public_url=url))

    with served(application) as url:
        body = {"inputs": {"seconds": 600, "steps": 2}}
        headers = {"Prefer": "respond-async"}
        answer = httpx.post(f"{url}/processes/slow-steps/execution", json=body, headers=headers, timeout=30)
        job_id = answer.json()["jobID"]
        version = '"1"'
        while httpx.get(f"{url}/jobs/{job_id}", timeout=30).json()["status"] == "accepted":
            held = {"If-None-Match": version, "Prefer": "wait=5"}
            version = httpx.get(f"{url}/jobs/{job_id}", headers=held, timeout=60).headers["etag"]
        (job,) = listed(run, "--url", url, "--status", "running")
        assert job["jobID"] == job_id
        assert run("jobs", "logs", job_id, "--url", url) == (0, "", "")
        assert run("jobs", "dismiss", job_id) == (0, f"{job_id}: dismissed\n", "")
        assert httpx.get(f"{url}/jobs/{job_id}", timeout=30).json()["status"] == "dismissed"


def test_a_log_is_followed_until_its_job_has_ended_and_its_last_line_was_read(run: Run) -> None:
    written = ["one"]
    states = iter(["running", "successful"])

    async def answer(request: Request) -> Response:
        match request.url.path:
            case "/jobs/j1/log":
                return PlainTextResponse("".join(f"{line}\n" for line in written))
            case "/jobs/j1":
                written.append(f"line {len(written) + 1}")
                return JSONResponse({"jobID": "j1", "status": next(states, "successful")})
            case _:
                return JSONResponse({})

    with served(lambda _: Starlette(routes=[Route("/{path:path}", answer)])) as url:
        code, out, err = run("jobs", "logs", "j1", "--follow", "--url", url)
    assert (code, out) == (0, "one\nline 2\nline 3\nline 4\n"), err


def test_jobs_of_a_server_that_selects_none_and_keeps_no_logs_are_selected_here_and_said_to_have_none(run: Run) -> None:
    jobs = [
        {"jobID": f"j{number}", "processID": process, "status": status}
        for number, (process, status) in enumerate([("a", "failed"), ("a", "running"), ("b", "running")])
    ]

    async def answer(request: Request) -> Response:
        documents = {"/jobs": {"jobs": jobs}, "/jobs/j1": jobs[1], "/": {}, "/conformance": {}}
        found = documents.get(request.url.path)
        return JSONResponse({"title": "Not Found"}, 404) if found is None else JSONResponse(found)

    with served(lambda _: Starlette(routes=[Route("/{path:path}", answer)])) as url:
        selected = listed(run, "--url", url, "--process", "a", "--status", "running")
        code, out, err = run("jobs", "logs", "j1", "--url", url)
    assert [job["jobID"] for job in selected] == ["j1"]
    assert (code, out) == (1, "")
    assert "keeps no logs of its jobs" in err


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        ([], ["a"], ["a"]),
        (["a"], ["a"], []),
        (["a", "b"], ["a", "b", "c"], ["c"]),
        (["a", "b", "c"], ["b", "c", "d"], ["d"]),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        (["a", "a"], ["a", "a", "a"], ["a"]),
    ],
)
def test_what_a_log_has_gained_is_found_though_its_beginning_was_cut(
    before: list[str], now: list[str], new: list[str]
) -> None:
    assert list(added(before, now)) == new
