"""The trace that something belongs to (W3C Trace Context), as it is passed on: from client to server, job and worker.

OpenTelemetry's API is imported where there is a trace. Without its SDK, or where no spans are asked for, a trace is
passed on all the same.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager

from telemetry.logs import about

HEADER = "traceparent"

_FORM = re.compile(r"00-(?P<trace>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def known_trace(header: str | None) -> str | None:
    """A `traceparent` of version 00 as it is, None for anything else."""
    return header if header is not None and _FORM.fullmatch(header) else None


def headers_of_trace() -> dict[str, str]:
    """What tells another server of the trace under way: `traceparent`, perhaps `tracestate`; empty where there is none.

    Baggage stays here: it is for servers of the same operator, and nobody says whose the other one is.
    """
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier


@contextmanager
def within_trace(trace: str | None) -> Generator[None]:
    """Whatever makes spans meanwhile makes them within this trace (a `known_trace`), and the log names it."""
    found = None if trace is None else _FORM.fullmatch(trace)
    if trace is None or found is None:
        yield
        return
    with about(trace_id=found["trace"]), _current(trace):
        yield


@contextmanager
def _current(trace: str) -> Generator[None]:
    from opentelemetry import context  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    token = context.attach(TraceContextTextMapPropagator().extract({HEADER: trace}))
    try:
        yield
    finally:
        context.detach(token)
