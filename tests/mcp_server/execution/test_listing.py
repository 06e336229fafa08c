"""The jobs of several servers and of the bridge in one list."""

from pathlib import Path

import anyio
import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from mcp_server.errors import BridgeError, InvalidReferenceError, RemoteProblemError, ServerUnreachableError
from mcp_server.execution import listing
from mcp_server.execution.executor import Executor
from mcp_server.execution.records import Execution, JobList
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.connecting import open_http
from mcp_server.references import JobReference
from tests.mcp_server.execution.bench import Bench, LooseTasks
from tests.mcp_server.execution.jobs_site import JobsSite, site_without_jobs

pytestmark = pytest.mark.anyio


def uris(found: JobList) -> list[str]:
    return [str(listed.job) for listed in found.jobs]


def site_with_a_job(name: str = "remote", job: str = "j1") -> JobsSite:
    site = JobsSite(name)
    site.jobs = {job: 0}
    return site


async def test_jobs_of_all_servers_come_newest_first(home: Path) -> None:
    first, second = JobsSite(), JobsSite("other")
    first.jobs, second.jobs = {"j1": 0, "j3": 0}, {"j2": 0}
    bench = Bench(home, first, second)
    assert uris(await bench.executor.jobs(2)) == ["ogc://remote/jobs/j3", "ogc://other/jobs/j2"]
    assert uris(await bench.executor.jobs(9)) == [
        f"ogc://{one}" for one in ("remote/jobs/j3", "other/jobs/j2", "remote/jobs/j1")
    ]
    assert uris(await bench.executor.jobs(9, "other")) == ["ogc://other/jobs/j2"]
    with pytest.raises(InvalidReferenceError, match="no server 'x'; there are: other, remote"):
        await bench.executor.jobs(9, "x")


async def test_jobs_of_the_bridge_stand_among_them(home: Path) -> None:
    site, _ = site_without_jobs()
    bench = Bench(home, site, site_with_a_job("other", "j1"), wait_seconds=0.05)
    job = (await bench.run()).job
    # The site's own clock is in 2030.
    assert uris(await bench.executor.jobs(9)) == ["ogc://other/jobs/j1", str(job)]
    assert uris(await bench.executor.jobs(1)) == ["ogc://other/jobs/j1"]
    assert uris(await bench.executor.jobs(9, "bridge")) == [str(job)]


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_a_list_of_jobs_is_passed_over_in_silence(home: Path, status: int) -> None:
    without = JobsSite("without")
    without.lists = PlainTextResponse("no", status)
    bench = Bench(home, site_with_a_job(), without)
    found = await bench.executor.jobs(9)
    assert (uris(found), found.warnings) == (["ogc://remote/jobs/j1"], ())
    assert (await Bench(home, without).executor.jobs(9)).jobs == ()
    with pytest.raises(RemoteProblemError, match="server 'without' has no list of jobs"):
        await bench.executor.jobs(9, "without")


@pytest.mark.parametrize("answer", [JSONResponse({"title": "Broken"}, 500), HTMLResponse("<html>log in</html>")])
async def test_a_server_that_fails_is_named_and_hides_no_other(home: Path, answer: Response) -> None:
    failing = JobsSite("failing")
    failing.lists = answer
    found = await Bench(home, failing, site_with_a_job()).executor.jobs(9)
    assert uris(found) == ["ogc://remote/jobs/j1"]
    (warning,) = found.warnings
    assert warning.startswith("jobs of server 'failing' are missing: ")


async def test_a_server_that_cannot_be_reached_is_named_or_told_where_it_is_the_only_one(
    home: Path, free_tcp_port: int
) -> None:
    bench = Bench(home, site_with_a_job())
    async with open_http() as http:
        down = OgcClient("down", f"http://127.0.0.1:{free_tcp_port}", http, embedded=False, max_reply_bytes=2**20)

        def executor(**clients: OgcClient) -> Executor:
            return Executor(clients, bench.kept, bench.records, LooseTasks(), wait_seconds=1)

        found = await executor(**bench.clients, down=down).jobs(9)
        assert uris(found) == ["ogc://remote/jobs/j1"]
        assert [warning.partition(":")[0] for warning in found.warnings] == ["jobs of server 'down' are missing"]
        with pytest.raises(ServerUnreachableError):
            await executor(down=down).jobs(9)


async def test_a_server_that_does_not_answer_in_time_is_named_and_hides_no_other() -> None:
    async def silent(_: int) -> list[Execution]:
        await anyio.sleep_forever()
        raise AssertionError

    async def quick(_: int) -> list[Execution]:
        return [listed("a", "2030-01-01T00:00:00Z")]

    async def nothing(_: int) -> list[Execution]:
        return []

    with anyio.fail_after(40):
        found = await listing.of_all({"slow": silent, "quick": quick}, nothing, 9, seconds=0.05)
        assert uris(found) == ["ogc://a/jobs/1"]
        assert found.warnings == ("jobs of server 'slow' are missing: no answer within 0.05 s",)
        with pytest.raises(BridgeError, match="no answer"):
            await listing.of_all({"slow": silent, "other": silent}, nothing, 9, seconds=0.05)


async def test_times_are_compared_whatever_their_offset_and_those_without_come_last() -> None:
    times = [
        "2030-01-01T12:00:00+05:00",
        "2030-01-01T08:00:00Z",
        "2030-01-01T07:30:00",
        "2030-01-01T07:15:00.5+00:00",
        "?",
        None,
    ]

    async def ask(_: int) -> list[Execution]:
        return [listed(f"s{number}", created) for number, created in enumerate(times)]

    async def nothing(_: int) -> list[Execution]:
        return []

    found = await listing.of_all({"one": ask}, nothing, 9, seconds=1)
    assert [job.server for job in found.jobs] == ["s1", "s2", "s3", "s0", "s4", "s5"]


def listed(server: str, created: str | None) -> Execution:
    return Execution(server=server, process_id="p", status="running", job=JobReference(server, "1"), created=created)
