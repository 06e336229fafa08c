"""Figures for Prometheus: of the jobs, told by the store and by the engine of this process, and of the requests."""

from collections.abc import Callable, Iterator
from http import HTTPMethod

import anyio.to_thread
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.jobs.records import Job, JobQuery
from backend.jobs.service import JobService
from backend.jobs.states import JobStatus

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
"""Seconds: from a buffer of a point to an afternoon's work."""

_NO_ROUTE = "none"
"""Of requests that no route takes: their paths are anybody's, and would be as many series."""

_METHODS = frozenset(HTTPMethod)
_OTHER = "_OTHER"
"""In place of methods that HTTP does not know, for the same reason; OpenTelemetry's name for them."""

type FindJobs = Callable[[], JobService]


class Metrics:
    """The figures of one application, in a registry of its own. It observes the engine of its process."""

    def __init__(self, find_jobs: FindJobs) -> None:
        """find_jobs: gives the store and the workers while the application runs."""
        self._registry = CollectorRegistry()
        self._registry.register(_Standing(find_jobs))
        self._registry.register(_Workers(find_jobs))
        self._runs = Counter(
            "ogc_processes_jobs_ended", "Jobs run to their end.", ["process", "status"], registry=self._registry
        )
        self._waits = Histogram(
            "ogc_processes_job_wait_seconds",
            "From the acceptance of a job to its start.",
            ["process"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._durations = Histogram(
            "ogc_processes_job_run_seconds",
            "From the start of a job to its end.",
            ["process"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._requests = Counter(
            "ogc_processes_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )

    def accepted(self, job: Job) -> None:
        """What waits is told of the store."""

    def ended(self, job: Job) -> None:
        """Count a job whose run has ended."""
        self._runs.labels(job.process_id, job.status.value).inc()
        if job.started is not None and job.finished is not None:
            self._waits.labels(job.process_id).observe((job.started - job.created).total_seconds())
            self._durations.labels(job.process_id).observe((job.finished - job.started).total_seconds())

    def answered(self, method: str, route: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(method if method in _METHODS else _OTHER, route, str(status)).inc()

    def layer(self) -> Middleware:
        """The layer that counts requests, for right around the routes."""
        return Middleware(CountedRequests, self)

    async def get(self, _request: Request) -> Response:
        """`GET /metrics`, in Prometheus' text format."""
        text = await anyio.to_thread.run_sync(generate_latest, self._registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Standing(Collector):
    """How many jobs wait and run: of all servers on the store, whichever process is asked."""

    def __init__(self, find_jobs: FindJobs) -> None:
        self._find_jobs = find_jobs

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The names alone: there is no store yet when the collector is registered."""
        yield from self._families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        store = self._find_jobs().store
        for family, status in zip(self._families(), (JobStatus.ACCEPTED, JobStatus.RUNNING), strict=True):
            _, total = store.list(limit=1, offset=0, where=JobQuery(statuses=(status,)))
            family.add_metric([], total)
            yield family

    def _families(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("ogc_processes_jobs_queued", "Jobs that have not begun, of all servers on the store."),
            GaugeMetricFamily("ogc_processes_jobs_running", "Jobs that run, of all servers on the store."),
        )


class _Workers(Collector):
    """The worker processes of this server."""

    def __init__(self, find_jobs: FindJobs) -> None:
        self._find_jobs = find_jobs

    def describe(self) -> Iterator[Metric]:
        """The names alone."""
        yield from self._families()

    def collect(self) -> Iterator[Metric]:
        count = self._find_jobs().workers
        if count is None:
            return
        counts = count()
        for family, number in zip(self._families(), (counts.alive, counts.busy, counts.ended), strict=True):
            family.add_metric([], number)
            yield family

    def _families(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily, CounterMetricFamily]:
        return (
            GaugeMetricFamily("ogc_processes_workers", "Worker processes of this server."),
            GaugeMetricFamily("ogc_processes_workers_busy", "Worker processes of this server that run a job."),
            CounterMetricFamily("ogc_processes_workers_ended", "Worker processes that ended, whatever ended them."),
        )


class CountedRequests:
    """A layer right around the routes: each request is counted with its route, not with its path."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route: str = getattr(scope.get("route"), "path", _NO_ROUTE)
            self._metrics.answered(scope["method"], route, status)
