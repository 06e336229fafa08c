"""Sessions: a real client on a real bridge, and how progress is drawn."""

import asyncio
import io
import logging
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)
from rich.console import Console

from mcp_server.errors import ConfigurationError, ServerUnreachableError
from mcp_server.session import call, list_tools, open_session, progress_bar, to_the_end
from mcp_server.settings import Settings
from tests.contract.city import City
from tests.mcp_server.faults.misbehaving import DESCRIPTION, Asked, Misbehaving
from tests.serving import served

pytestmark = [pytest.mark.long(12), pytest.mark.anyio]


async def test_a_session_offers_the_embedded_processes(home: Path) -> None:
    with anyio.fail_after(40):
        async with open_session(Settings(home=home)) as client:
            names = [tool.name for tool in await list_tools(client)]
    assert {"geometry_buffer", "hello_world", "get_job"} <= set(names)
    assert "slow_steps" not in names, "a demonstration"


async def test_a_call_answers_structured_and_tells_progress_in_percent(home: Path) -> None:
    told: list[float | None] = []

    async def on_progress(percent: float | None, _: str | None) -> None:
        told.append(percent)

    with anyio.fail_after(40):
        async with open_session(Settings(home=home, demo_tools=True)) as client:
            answer = await call(client, "slow_steps", {"seconds": 1, "steps": 4}, on_progress)
    assert not answer.failed
    assert answer.structured is not None
    assert answer.structured["status"] == "successful"
    assert told
    assert all(percent is not None and 0 <= percent <= 100 for percent in told)
    assert told == sorted(told, key=float)


async def test_a_tool_error_and_a_protocol_error_are_both_answers(home: Path) -> None:
    with anyio.fail_after(40):
        async with open_session(Settings(home=home, demo_tools=True)) as client:
            refused = await call(client, "slow_steps", {"seconds": -1})
            unknown = await call(client, "no_such_tool", {})
    assert refused.failed
    assert "seconds" in refused.text
    assert unknown.failed
    assert "no_such_tool" in unknown.text


async def test_a_call_that_is_cancelled_dismisses_its_job(home: Path) -> None:
    async with open_session(Settings(home=home, demo_tools=True)) as client:
        started = anyio.Event()

        async def on_progress(_percent: float | None, _message: str | None) -> None:
            started.set()

        with anyio.fail_after(40):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call, client, "slow_steps", {"seconds": 60, "steps": 600}, on_progress)
                await started.wait()
                tasks.cancel_scope.cancel()
            jobs = await call(client, "list_jobs", {})
    assert '"dismissed"' in jobs.text
    assert '"running"' not in jobs.text


async def test_all_pages_of_tools_are_listed() -> None:
    async def pages(_: ServerRequestContext, params: PaginatedRequestParams | None) -> ListToolsResult:
        page = int(params.cursor) if params and params.cursor else 0
        tool = Tool(name=f"tool_{page}", input_schema={"type": "object"})
        return ListToolsResult(tools=[tool], next_cursor=str(page + 1) if page < 2 else None)

    async with Client(Server("pages", on_list_tools=pages)) as client:
        assert [tool.name for tool in await list_tools(client)] == ["tool_0", "tool_1", "tool_2"]


@pytest.mark.parametrize(
    ("progress", "total", "percent"), [(1, 4, 25), (5, 4, 100), (-1, 4, 0), (3, None, None), (1, 0, None)]
)
async def test_progress_of_any_server_becomes_percent_where_it_can(
    progress: float, total: float | None, percent: float | None
) -> None:
    told: list[tuple[float | None, str | None]] = []

    async def on_progress(share: float | None, message: str | None) -> None:
        told.append((share, message))

    async def run(context: ServerRequestContext, _: CallToolRequestParams) -> CallToolResult:
        await context.session.report_progress(progress, total, "on its way")
        return CallToolResult(content=[TextContent(type="text", text="done")])

    async def tools(_: ServerRequestContext, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name="run", input_schema={"type": "object"})])

    async with Client(Server("progress", on_list_tools=tools, on_call_tool=run)) as client:
        answer = await call(client, "run", {}, on_progress)
    assert answer.text == "done"
    assert told == [(percent, "on its way")]


async def test_progress_on_a_terminal_is_a_bar_that_leaves_nothing_behind() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, color_system=None)
    with progress_bar(console, "slow_steps") as on_progress:
        await on_progress(40, "step [2] of 5")
    drawn = stream.getvalue()
    assert "slow_steps" in drawn
    assert "step [2] of 5" in drawn
    assert drawn.endswith("\x1b[2K")


async def test_progress_elsewhere_is_a_line_per_step() -> None:
    stream = io.StringIO()
    with progress_bar(Console(file=stream, force_terminal=False, width=20), "slow_steps") as on_progress:
        await on_progress(40, "step [2] of 5, which is longer than a line")
        await on_progress(None, None)
    assert stream.getvalue() == "slow_steps  40 % step [2] of 5, which is longer than a line\nslow_steps\n"


async def test_a_session_does_not_open_without_the_backend_it_was_to_have(home: Path, tmp_path: Path) -> None:
    config = tmp_path / "own.yml"
    config.write_text("resources:\n  bad:\n    type: process\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="process `bad` needs `processor:`"):
        async with open_session(Settings(home=home), config=config):
            pass


async def test_one_faulty_process_takes_no_other_away(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = tmp_path / "own.yml"
    config.write_text(
        "resources:\n  bad:\n    type: process\n    processor: {name: no.such.process}\n", encoding="utf-8"
    )
    with anyio.fail_after(40):
        async with open_session(Settings(home=home), config=config) as client:
            names = {tool.name for tool in await list_tools(client)}
    assert {"geometry_buffer", "hello_world"} <= names
    assert "bad" not in names
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "own.yml: process `bad` cannot be offered: " in warning


async def test_a_session_does_not_open_where_no_server_answers(home: Path) -> None:
    settings = Settings(home=home, embedded=False, servers={"gone": "http://127.0.0.1:1"})
    with pytest.raises(ServerUnreachableError, match="gone"):
        async with open_session(settings):
            pass


async def test_a_session_opens_where_every_process_has_to_be_found(home: Path) -> None:
    settings = {"home": home, "embedded": False, "max_tools": 0}
    with anyio.fail_after(40), served(lambda _: City("echo").app) as url:
        async with open_session(Settings(**settings, servers={"city": url})) as client:
            answer = await call(client, "run_process", {"process": "echo", "inputs": {"text": "hello"}})
    assert answer.structured is not None
    assert answer.structured["outputs"]["text"]["value"] == "hello"


async def test_a_session_does_not_open_where_the_operator_lets_no_process_pass(home: Path) -> None:
    settings = {"home": home, "embedded": False}
    with anyio.fail_after(40), served(lambda _: City("echo").app) as url:
        servers = {"city": {"url": url, "include": ["ecco"]}}
        with pytest.raises(ConfigurationError, match="no process of city is on offer"):
            async with open_session(Settings(**settings, servers=servers)):
                pass


async def test_a_call_is_followed_to_its_end_where_its_job_would_end_with_the_session(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without jobs, slower than the wait budget: the job is the bridge's own, which lives in this session."""
    monkeypatch.setattr("mcp_server.execution.sharing._HANDLE_SECONDS", 0.2)
    released = asyncio.Event()

    async def late(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.write(asked.honest)

    sites = Misbehaving()
    sites.site("slow", execute=late).answers["process"] = DESCRIPTION | {"jobControlOptions": ["sync-execute"]}
    settings = {"home": home, "embedded": False, "wait_seconds": 0.2}
    with anyio.fail_after(40):
        async with sites.running():
            servers = {"slow": {"url": sites.url("slow")}}
            async with open_session(Settings(**settings, servers=servers)) as client:
                handed = await call(client, "work", {"number": 1})
                assert handed.structured is not None
                assert handed.structured["status"] == "running"
                assert handed.structured["job"].startswith("ogc://bridge/jobs/")
                released.set()
                answer = await to_the_end(client, handed)
    assert answer.structured is not None
    assert answer.structured["status"] == "successful"
    assert answer.structured["outputs"]["out"]["value"] == 42


async def test_a_job_that_outlives_the_session_is_not_waited_for(home: Path) -> None:
    with anyio.fail_after(40):
        async with open_session(Settings(home=home, demo_tools=True, wait_seconds=0.05)) as client:
            handed = await call(client, "slow_steps", {"seconds": 60})
            assert await to_the_end(client, handed) == handed
            assert handed.structured is not None
            await call(client, "dismiss_job", {"job": handed.structured["job"]})
