"""The trace that a request belongs to."""

from starlette.datastructures import Headers
from starlette.types import Scope

from telemetry.trace_context import HEADER, known_trace

_MEMBER = "ogc_processes.trace"


def set_trace(scope: Scope, trace: str | None) -> None:
    """Note the span that was made of the request itself: what comes of the request is a part of that."""
    scope[_MEMBER] = trace


def trace_of(scope: Scope) -> str | None:
    """`traceparent` of the request's own span or, where none was made, of its client's."""
    own: str | None = scope.get(_MEMBER)
    return own or known_trace(Headers(scope=scope).get(HEADER))
