"""The trace of a call, passed on: from the MCP client to the job's process, and to other servers."""

import json
import logging
from pathlib import Path

import anyio
import pytest
from opentelemetry import baggage, context
from opentelemetry.trace import get_current_span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mcp_server.ogc.connecting import open_http
from mcp_server.ogc.exchange import Exchange
from mcp_server.servers import ServerSettings
from telemetry.logs import JsonLines
from telemetry.trace_context import headers_of_trace, known_trace, within_trace
from tests.contract.calls import finished
from tests.contract.conftest import Launch, connect
from tests.serving import served

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACE = f"00-{TRACE_ID}-b7ad6b7169203331-01"

PROCESSES = """
import logging

from backend.processes.base import Output, process
from telemetry.trace_context import headers_of_trace


@process(id="traced", title="Traced", version="1.0.0", keywords=["test"], output=Output(id="trace"))
def traced() -> str:
    \"\"\"Tell the trace under way.\"\"\"
    logging.getLogger(__name__).warning("at work")
    return headers_of_trace().get("traceparent", "none")
"""


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        TRACE.upper(),
        f"{TRACE}-more",
        f"ff{TRACE[2:]}",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f" {TRACE}",
    ],
)
def test_what_is_no_trace_is_none(header: str | None) -> None:
    assert known_trace(header) is None
    with within_trace(header):
        assert headers_of_trace() == {}


def test_a_trace_is_under_way_for_spans_headers_and_the_log_and_then_no_more() -> None:
    record = logging.LogRecord("x", logging.WARNING, __file__, 1, "x", (), None)
    with within_trace(known_trace(TRACE)):
        assert f"{get_current_span().get_span_context().trace_id:032x}" == TRACE_ID
        assert headers_of_trace() == {"traceparent": TRACE}
        assert json.loads(JsonLines().format(record))["trace_id"] == TRACE_ID
    assert headers_of_trace() == {}
    assert "trace_id" not in json.loads(JsonLines().format(record))


def test_baggage_is_not_handed_to_others() -> None:
    with within_trace(TRACE):
        token = context.attach(baggage.set_baggage("user", "ada"))
        assert headers_of_trace() == {"traceparent": TRACE}
        context.detach(token)


@pytest.mark.anyio
async def test_the_trace_of_an_mcp_call_reaches_the_process_that_it_runs(tmp_path: Path, home: Path) -> None:
    (tmp_path / "tracing.yml").write_text("resources: {traced: {type: process, processor: {name: tracing_.traced}}}")
    (tmp_path / "tracing_.py").write_text(PROCESSES)
    launch = Launch(home, {"wait_seconds": 50}, {"config": tmp_path / "tracing.yml", "processes": (tmp_path,)})
    with anyio.fail_after(60):
        async with connect("memory", "2026-07-28", launch) as connection:
            plain = await finished(connection.client, "traced", {})
            meta = {"traceparent": TRACE}
            traced = await connection.client.call_tool("traced", {}, meta=meta)  # pyright: ignore[reportArgumentType]
    assert plain["outputs"]["trace"]["value"] == "none"
    assert traced.structured_content is not None
    assert known_trace(traced.structured_content["outputs"]["trace"]["value"])
    assert TRACE_ID in traced.structured_content["outputs"]["trace"]["value"]


@pytest.mark.anyio
async def test_a_server_is_told_the_trace_and_no_other_origin_is() -> None:
    seen: list[str | None] = []

    async def answer(request: Request) -> JSONResponse:
        seen.append(request.headers.get("traceparent"))
        return JSONResponse({})

    with served(lambda _: Starlette(routes=[Route("/{path:path}", answer)])) as url:
        async with open_http() as http:
            own = Exchange("city", http, max_reply_bytes=2**20, access=ServerSettings(url=url))
            other = Exchange(
                "city", http, max_reply_bytes=2**20, access=ServerSettings(url="https://elsewhere.example")
            )
            with within_trace(TRACE):
                await own.repeatable("GET", f"{url}/x", headers={})
                await other.repeatable("GET", f"{url}/x", headers={})
            await own.repeatable("GET", f"{url}/x", headers={})
    assert seen == [TRACE, None, None]
