"""The examination of a whole server, over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_server.catalog import Kept
from mcp_server.catalog.records import Offer, described, listed
from mcp_server.doctor import Examination, examine
from mcp_server.errors import ConfigurationError, InvalidServerReplyError, RemoteProblemError, ServerUnreachableError
from mcp_server.ogc.models import ProcessSummary, ServerIdentity
from mcp_server.schema.normalise import understood
from mcp_server.servers import ServerSettings
from mcp_server.settings import Settings
from tests.mcp_server.doctor.examined_site import CONF, DEMO, GOOD, REPAIRED, TAKEN, UNREADABLE, create
from tests.serving import served

pytestmark = pytest.mark.anyio

type Serve = Callable[..., str]


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    with ExitStack() as servers:
        yield lambda *described, **options: servers.enter_context(served(lambda _: create(*described, **options)))


@pytest.fixture(scope="module")
def mixed(serve: Serve) -> str:
    return serve(GOOD, REPAIRED, DEMO, TAKEN, unreadable=UNREADABLE)


async def examined(home: Path, url: str, options: dict[str, Any] | None = None, **asked: Any) -> Examination:
    server = ServerSettings(url=url, **(options or {}))
    with anyio.fail_after(40):
        return await examine("city", server, Settings(home=home), reserved=frozenset({"get_job"}), **asked)


async def test_a_server_is_known_by_what_it_declares(home: Path, mixed: str) -> None:
    server = (await examined(home, mixed)).server
    assert (server.name, server.url, server.title, server.dialect) == ("city", mixed, "City services", "unknown")
    assert f"{CONF}dismiss" in server.conformance
    assert server.features == {
        "synchronous": True,
        "asynchronous": True,
        "paging": True,
        "dismiss": True,
        "job_list": True,
        "callback": False,
        "html": True,
        "openapi": False,
        "deploy": False,
    }


async def test_what_a_server_does_not_declare_is_not_known(home: Path, serve: Serve) -> None:
    found = await examined(home, serve(GOOD, DEMO, classes=[], keeps_limit=False))
    features = found.server.features
    assert features["paging"] is False
    assert features["dismiss"] is False  # what it declares is of another standard
    assert (await examined(home, serve(GOOD))).server.features["paging"] is None


async def test_one_bad_process_hides_no_other(home: Path, mixed: str) -> None:
    found = await examined(home, mixed)
    assert [one.id for one in found.processes] == ["buffer", "Zonal Stats", "echo", "get_job"]
    assert [one.id for one in found.failures] == list(UNREADABLE)
    assert "HTML" in {one.id: one.reason for one in found.failures}["page"]
    assert {one.id: one.reason for one in found.failures}["fault"] == "no such table"
    assert not found.usable


async def test_tools_are_named_as_the_bridge_would(home: Path, mixed: str) -> None:
    tools = {one.id: one.tool for one in (await examined(home, mixed)).processes}
    assert tools["Zonal Stats"] == "zonal_stats"
    assert tools["get_job"].startswith("get_job_")


async def test_a_server_with_nothing_but_tools_is_usable(home: Path, serve: Serve) -> None:
    assert (await examined(home, serve(GOOD, REPAIRED))).usable
    assert not (await examined(home, serve())).usable


async def test_one_process_is_read_alone_under_the_name_it_has_among_all(home: Path, mixed: str) -> None:
    steps: list[tuple[int, int]] = []
    found = await examined(home, mixed, process="get_job", on_progress=lambda *step: steps.append(step))
    assert ([one.id for one in found.processes], found.failures, steps) == (["get_job"], (), [(1, 1)])


async def test_a_process_that_there_is_not_is_a_mistake_of_the_caller(home: Path, mixed: str) -> None:
    with pytest.raises(ConfigurationError, match="no such process; it has buffer"):
        await examined(home, mixed, process="bufer")


async def test_patterns_leave_processes_out_unread(home: Path, mixed: str) -> None:
    found = await examined(home, mixed, {"include": ["b*", "page"], "exclude": ["p*"]})
    assert ([one.id for one in found.processes], found.failures, found.excluded) == (["buffer"], (), 7)


async def test_a_process_that_patterns_leave_out_is_examined_where_it_is_named(home: Path, mixed: str) -> None:
    found = await examined(home, mixed, {"exclude": ["*"]}, process="buffer")
    assert ([one.id for one in found.processes], found.excluded) == (["buffer"], 7)


async def test_a_process_that_is_left_out_takes_no_name(home: Path, serve: Serve) -> None:
    url = serve({**GOOD, "id": "zonal-stats"}, {**GOOD, "id": "zonal.stats"})
    assert "zonal_stats" not in {one.tool for one in (await examined(home, url)).processes}
    for asked in ({}, {"process": "zonal-stats"}):
        found = await examined(home, url, {"exclude": ["*.*"]}, **asked)
        assert ([one.tool for one in found.processes], found.excluded) == (["zonal_stats"], 1)


async def test_credentials_of_a_configured_server_are_used(home: Path, serve: Serve) -> None:
    url = serve(GOOD, bearer="opensesame")
    assert (await examined(home, url, {"bearer": "opensesame"})).usable
    with pytest.raises(RemoteProblemError) as raised:
        await examined(home, url, {"bearer": "opensesamy"})
    assert "opensesamy" not in str(raised.value)


async def test_a_description_that_a_bridge_read_otherwise_is_told(home: Path, mixed: str) -> None:
    before: dict[str, Any] = {**GOOD, "inputs": {"distance": {}}}
    offered = described(listed(ProcessSummary("buffer", {}), None), before, understood("buffer", before))
    identity = ServerIdentity("city", mixed, embedded=False, dialect="unknown")
    Kept(home).save(Offer(identity, {"buffer": offered}), None)
    server = ServerSettings(url=mixed)
    settings = Settings(home=home, servers={"city": server})
    with anyio.fail_after(40):
        found = await examine("city", server, settings, reserved=frozenset(), process="buffer")
        other = await examine("remote", server, settings, reserved=frozenset(), process="buffer")
    assert "inputs.geometry" in str(found.processes[0].changed)
    assert other.processes[0].changed is None


async def test_many_processes_are_read_a_few_at_a_time(home: Path, serve: Serve) -> None:
    steps: list[tuple[int, int]] = []
    many = [{**DEMO, "id": f"p{number}"} for number in range(120)]
    found = await examined(home, serve(*many), on_progress=lambda *step: steps.append(step))
    assert len(found.processes) == 120
    assert steps == [(number + 1, 120) for number in range(120)]


async def test_what_was_not_read_in_time_is_told(home: Path, serve: Serve) -> None:
    url = serve(GOOD, DEMO, unreadable=("silent",))
    for seconds in (1, 5, 25):  # a busy machine does not read the others, or the list, within the first
        with suppress(ServerUnreachableError):
            found = await examined(home, url, seconds=seconds)
            if len(found.processes) == 2:
                break
    assert [one.id for one in found.processes] == ["buffer", "echo"]
    assert [(one.id, one.reason) for one in found.failures] == [("silent", f"was not read within {seconds} s")]


async def test_a_server_that_does_not_answer_is_an_error(home: Path) -> None:
    with pytest.raises(ServerUnreachableError):
        await examined(home, "http://127.0.0.1:1")


async def test_a_site_that_is_no_such_server_is_an_error(home: Path, serve: Serve) -> None:
    with pytest.raises((RemoteProblemError, InvalidServerReplyError)):
        await examined(home, f"{serve(GOOD)}/processes/buffer")
