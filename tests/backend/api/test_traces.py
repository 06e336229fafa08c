"""Spans of real requests and jobs, as OpenTelemetry's SDK would send them."""

from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from backend.app import create_app
from backend.jobs.records import JobRequest
from backend.jobs.store import JobStore
from backend.settings import Settings

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"
REMOTE = "b7ad6b7169203331"


async def spans_of(
    home: Path, process: str, status: int, *, prefer: str = "wait", **inputs: Any
) -> dict[str, ReadableSpan]:
    """By name, the spans of one execution that a client asked for within a trace of its own."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = create_app(Settings(home=home, workers=1, traces=True), tracer=provider.get_tracer("test"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://localhost:5001", timeout=30
        ) as client,
    ):
        answer = await client.post(
            f"/processes/{process}/execution",
            json={"inputs": inputs},
            headers={"traceparent": f"00-{TRACE}-{REMOTE}-01", "Prefer": prefer},
        )
        assert answer.status_code == status
        with anyio.fail_after(60):
            while not any(span.name.startswith("job ") for span in exporter.get_finished_spans()):
                await anyio.sleep(0.01)
    return {span.name: span for span in exporter.get_finished_spans()}


async def test_a_request_and_its_job_are_one_trace_with_the_clients(home: Path) -> None:
    found = await spans_of(home, "hello-world", 200, name="x")
    request, job, queue, run = (
        found[name] for name in ("POST /processes/{process}/execution", "job hello-world", "queue", "run")
    )
    assert {f"{span.context.trace_id:032x}" for span in found.values() if span.context} == {TRACE}
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == REMOTE
    assert job.parent is not None
    assert request.context is not None
    assert job.parent.span_id == request.context.span_id
    assert queue.parent == run.parent == job.context
    assert queue.start_time == job.start_time
    assert queue.end_time == run.start_time
    assert run.end_time == job.end_time
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["http.route"] == "/processes/{process}/execution"
    assert job.attributes is not None
    assert job.attributes["ogc.job.status"] == "successful"
    assert request.events[0].name == "job accepted"
    assert job.status.status_code is StatusCode.UNSET


async def test_the_span_of_a_request_names_the_job_that_it_is_answered_with(home: Path) -> None:
    found = await spans_of(home, "hello-world", 201, prefer="respond-async", name="x")
    (event,) = found["POST /processes/{process}/execution"].events
    job = found["job hello-world"].attributes
    assert job is not None
    assert (event.name, event.attributes) == ("job accepted", {"ogc.job.id": job["ogc.job.id"]})


async def test_a_job_belongs_to_its_request_whichever_server_runs_it(home: Path) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with closing(JobStore.open(home, lease_seconds=15)) as store:
        trace = f"00-{TRACE}-{REMOTE}-01"
        request = JobRequest("hello-world", {"name": "x"}, None, "raw", idempotent=True, trace=trace)
        job = store.insert(request, owner=None, durable=False)
        app = create_app(Settings(home=home, workers=1, traces=True), tracer=provider.get_tracer("test"))
        async with app.router.lifespan_context(app):
            with anyio.fail_after(60):
                while not any(span.name == "job hello-world" for span in exporter.get_finished_spans()):
                    await anyio.sleep(0.01)
        assert store.get(job.id).trace == trace
    (span,) = (span for span in exporter.get_finished_spans() if span.name == "job hello-world")
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, REMOTE)


async def test_the_span_of_a_job_that_failed_is_an_error_with_its_reason(home: Path) -> None:
    found = await spans_of(home, "geometry-buffer", 400, geometry="POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))", distance=-1e6)
    assert found["job geometry-buffer"].status.status_code is StatusCode.ERROR
    assert found["job geometry-buffer"].status.description


async def test_without_traces_nobody_observes_the_engine(home: Path) -> None:
    app = create_app(Settings(home=home, warm=False))
    async with app.router.lifespan_context(app):
        assert app.state.service.engine.observers == ()
