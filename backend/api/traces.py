"""Spans of OpenTelemetry: of each request, and of each job with its time in the queue and its run.

Those of a job are made when it has ended, of the times that the store has: the workers are not burdened with them.
"""

from datetime import datetime

from opentelemetry.context import Context, get_current
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, get_current_span, set_span_in_context
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.trace_scope import set_trace
from backend.jobs.records import Job
from backend.jobs.states import JobStatus
from telemetry.trace_context import HEADER, headers_of_trace


class JobTraces:
    """Observes the engine of a process: the spans of a job belong to the request that it was accepted with.

    Whichever server that was: the store tells.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def accepted(self, job: Job) -> None:
        """Note the job in the span at work: the request's."""
        get_current_span().add_event("job accepted", {"ogc.job.id": job.id})

    def ended(self, job: Job) -> None:
        """Make the spans of a job: `queue` and `run` in one of the job's own."""
        if job.finished is None:
            return
        request = Context() if job.trace is None else extract({HEADER: job.trace}, Context())
        attributes = {"ogc.job.id": job.id, "ogc.process.id": job.process_id, "ogc.job.status": job.status.value}
        whole = self._tracer.start_span(
            f"job {job.process_id}", request, attributes=attributes, start_time=_nanoseconds(job.created)
        )
        if job.status is JobStatus.FAILED:
            whole.set_status(Status(StatusCode.ERROR, job.message))
        within = set_span_in_context(whole, Context())
        begun = job.started or job.finished
        for name, start, end in (("queue", job.created, begun), ("run", begun, job.finished)):
            part = self._tracer.start_span(name, within, attributes=attributes, start_time=_nanoseconds(start))
            part.end(_nanoseconds(end))
        whole.end(_nanoseconds(job.finished))

    def layer(self) -> Middleware:
        """The layer that makes a span of each request, for right around the routes."""
        return Middleware(_TracedRequests, self._tracer)


class _TracedRequests:
    """Takes up the trace that the client names (`traceparent`) or, embedded, the one that is under way."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method: str = scope["method"]
        attributes = {"http.request.method": method, "url.path": scope["path"]}
        kind = SpanKind.SERVER
        with self._tracer.start_as_current_span(
            method, extract(Headers(scope=scope), get_current()), kind=kind, attributes=attributes
        ) as span:
            set_trace(scope, headers_of_trace().get(HEADER))

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status: int = message["status"]
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self._app(scope, receive, noted)
            finally:
                route: str | None = getattr(scope.get("route"), "path", None)
                if route is not None:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1000
