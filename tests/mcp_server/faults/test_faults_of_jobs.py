"""Jobs that are named, told, listed and dismissed in ways nobody expects."""

import asyncio
from pathlib import Path

import anyio
import pytest

from mcp_server.session import call
from tests.mcp_server.faults.misbehaving import Asked, Fault, Misbehaving, answer
from tests.mcp_server.faults.session_of import BOUND_SECONDS, bridge_to, unhelpful
from tests.mcp_server.faults.test_faults_of_executions import answers_of
from tests.mcp_server.faults.wire_faults import HTML, LASTING, PASSING

pytestmark = pytest.mark.anyio

WORK = {"number": 1}


@pytest.mark.parametrize(
    "job_id",
    ["a/b", "..", "../../admin", "ä ö/ü", "日本 😀", "a?b#c", "%2F", "j;1", "x" * 1500],
    ids=["slash", "dots", "up", "umlauts", "beyond", "query", "escaped", "semicolon", "long"],
)
async def test_a_job_may_have_any_id_and_stays_below_its_server(home: Path, job_id: str) -> None:
    sites = Misbehaving()
    site = sites.site("odd", execute=answer({"jobID": job_id, "status": "accepted"}, "201 Created"))
    async with sites.running(), bridge_to(sites, home) as (client, _):
        with anyio.fail_after(BOUND_SECONDS):
            first = await call(client, "work", WORK)
            assert first.structured is not None, first.text
            again = await call(client, "get_job", {"job": first.structured["job"]})
    assert again.structured is not None, again.text
    assert first.structured["outputs"]["out"]["value"] == again.structured["outputs"]["out"]["value"] == 42
    assert site.asked["nothing"] == 0, site.paths


@pytest.mark.parametrize("body", [{}, HTML, b"", {"jobID": "j1", "status": "accepted"}], ids=str)
async def test_a_location_on_another_host_names_a_job_of_this_server(home: Path, body: bytes | object) -> None:
    sites = Misbehaving()
    site = sites.site("odd", execute=answer(body, "201 Created", location="http://elsewhere.invalid/x/jobs/j1?a=b"))
    async with sites.running(), bridge_to(sites, home) as (client, _):
        with anyio.fail_after(BOUND_SECONDS):
            result = await call(client, "work", WORK)
    assert result.structured is not None, result.text
    assert result.structured["job"] == "ogc://odd/jobs/j1"
    assert site.asked["execute"] == 1


async def test_an_accepted_job_whose_status_is_not_there_yet_is_not_lost(home: Path) -> None:
    sites = Misbehaving()
    missing = answer({"title": "No such job"}, "404 Not Found")
    sites.site("late", execute=answer(b"", "201 Created", location="/late/jobs/j1"), status=(missing, None))
    async with sites.running(), bridge_to(sites, home) as (client, _):
        result = await call(client, "work", WORK)
    assert result.structured is not None, result.text
    assert result.structured["status"] == "successful"


async def test_progress_that_falls_and_states_that_go_back_are_followed_to_the_end(home: Path) -> None:
    sites = Misbehaving()
    states = [("running", 80), ("accepted", 10), ("running", -5), ("running", 1e300), ("successful", 0)]
    told = tuple(answer({"jobID": "another", "status": state, "progress": percent}) for state, percent in states)
    site = sites.site("back", status=told)
    heard: list[float | None] = []

    async def progress(percent: float | None, _: str | None) -> None:
        heard.append(percent)

    async with (
        sites.running(),
        bridge_to(sites, home, servers={"back": {"url": sites.url("back"), "wait_seconds": 60}}) as (client, _),
    ):
        with anyio.fail_after(BOUND_SECONDS):
            result = await call(client, "work", WORK, progress)
    assert result.structured is not None, result.text
    assert (result.structured["status"], result.structured["job"]) == ("successful", "ogc://back/jobs/j1")
    assert [percent or 0 for percent in heard] == sorted(percent or 0 for percent in heard)
    assert {path for path in site.paths if "another" in path} == set()


async def test_a_job_that_never_ends_is_answered_with_its_handle_in_time(home: Path) -> None:
    sites = Misbehaving()
    patience = {"retry_after": "9" * 300}
    site = sites.site("never", status=answer({"jobID": "j1", "status": "running"}, **patience))
    async with (
        sites.running(),
        bridge_to(sites, home, servers={"never": {"url": sites.url("never"), "wait_seconds": 0.5}}) as (client, _),
    ):
        with anyio.fail_after(BOUND_SECONDS):
            result = await call(client, "work", WORK)
            if not site.asked["status"]:  # on a busy machine its time may be over before the job has a name
                result = await call(client, "get_job", {"job": "ogc://never/jobs/j1", "wait": 1})
    assert result.structured is not None
    assert (result.structured["status"], result.structured["job"]) == ("running", "ogc://never/jobs/j1")
    assert 1 <= site.asked["status"] <= 6


@pytest.mark.parametrize("word", ["pondering", "", None, 7, ["successful"], {"state": "done"}], ids=str)
async def test_a_state_that_nobody_knows_is_told_with_the_job(home: Path, word: object) -> None:
    sites = Misbehaving()
    sites.site("odd", status=answer({"jobID": "j1", "status": word}))
    async with sites.running(), bridge_to(sites, home) as (client, _):
        result = await call(client, "work", WORK)
    assert result.failed
    assert unhelpful(result.text) == []
    assert "job=ogc://odd/jobs/j1" in result.text


async def test_results_that_are_gone_are_said_to_be_gone(home: Path) -> None:
    sites = Misbehaving()
    sites.site("gone", results=answer({"title": "Gone", "detail": "the results have expired"}, "410 Gone"))
    async with sites.running(), bridge_to(sites, home) as (client, _):
        result = await call(client, "work", WORK)
        read = await call(client, "read_result", {"uri": "ogc://gone/jobs/j1/results/out"})
    for one in (result, read):
        assert one.failed
        assert "expired" in one.text


async def test_whatever_is_wrong_with_the_answer_to_a_dismissal_is_told(home: Path) -> None:
    sites = Misbehaving()
    for name, fault in (LASTING | PASSING).items():
        sites.site(name, dismiss=fault)
    silent_ends = {"silent", "slow"}
    for name in silent_ends:
        del sites.sites[name]
    async with sites.running(), bridge_to(sites, home) as (client, _):
        calls = {name: ("dismiss_job", {"job": f"ogc://{name}/jobs/j1"}) for name in sites.sites}
        answers = await answers_of(client, calls)
    done = {"nothing", "html", *PASSING}
    assert {name for name, one in answers.items() if not one.failed} == done
    assert (answers["html"].structured or {})["status"] == "successful", "a page dismisses nothing"
    assert {name: one.text for name, one in answers.items() if one.failed and unhelpful(one.text)} == {}


async def test_job_lists_of_servers_that_fail_are_told_missing_beside_the_others(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = Misbehaving()
    for name, fault in LASTING.items():
        sites.site(name, jobs=fault)
    sites.site("good").answers["jobs"] = {"jobs": [{"jobID": "j1", "status": "running", "processID": "work"}]}
    async with sites.running(), bridge_to(sites, home) as (client, bridge):
        # On a busy machine the good one may need longer than such a list is waited for.
        monkeypatch.setattr(await bridge.executor(), "_list_seconds", BOUND_SECONDS)
        with anyio.fail_after(2 * BOUND_SECONDS):
            result = await call(client, "list_jobs", {})
    assert result.structured is not None, result.text
    assert [job["job"] for job in result.structured["jobs"]] == ["ogc://good/jobs/j1"]
    assert len(result.structured["warnings"]) == len(LASTING)
    assert [warning for warning in result.structured["warnings"] if unhelpful(warning)] == []


async def test_a_list_of_jobs_that_turns_slowly_is_told_as_far_as_it_came(home: Path) -> None:
    sites = Misbehaving()

    async def page(_: Asked, writer: asyncio.StreamWriter) -> None:
        count = site.asked["jobs"]
        if count > 2:
            await asyncio.Event().wait()
        jobs = [{"jobID": f"j{count}", "status": "running", "processID": "work"}]
        writer.write(answer({"jobs": jobs, "links": [{"rel": "next", "href": f"jobs?page={count}"}]}))

    site = sites.site("turning", jobs=page)
    async with sites.running(), bridge_to(sites, home) as (client, _):
        with anyio.fail_after(BOUND_SECONDS):
            result = await call(client, "list_jobs", {})
    assert result.structured is not None, result.text
    assert {job["job"] for job in result.structured["jobs"]} == {"ogc://turning/jobs/j1", "ogc://turning/jobs/j2"}


MISLABELLED: dict[str, Fault] = {
    kind.partition("/")[0]: answer({"jobID": "j1", "processID": "work", "status": "successful"}, content_type=kind)
    for kind in ("text/plain", "image/png", "application/octet-stream")
}


async def test_a_wrong_media_type_of_a_status_is_forgiven(home: Path) -> None:
    sites = Misbehaving()
    for name, fault in MISLABELLED.items():
        sites.site(name, status=fault)
    async with sites.running(), bridge_to(sites, home) as (client, _):
        calls = {name: ("get_job", {"job": f"ogc://{name}/jobs/j1"}) for name in sites.sites}
        answers = await answers_of(client, calls)
    assert {name: one.text for name, one in answers.items() if one.failed} == {}
