"""In what known servers differ from the standard or add to it, as data. No I/O."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MINIMAL_RESULTS = "urn:ogc-processes-mcp:conf:minimal-results"
"""Conformance class by which our own backend is known, wherever it runs."""

OWN = "ogc-processes-mcp"
PYGEOAPI = "pygeoapi"
UNKNOWN = "unknown"

AS_JSON: Mapping[str, str] = MappingProxyType({"f": "json"})
"""How pygeoapi and others are told to send no HTML."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What to send to a server and how to read its answers."""

    prefer_async: str
    """`Prefer` of an execution that may become a job."""
    submit_wait_seconds: float
    """How long that preference lets the server hold its answer."""
    response: str | None
    """`response` member of an execute request; None leaves it out."""
    query: Mapping[str, str]
    """Parameters sent with every GET."""
    list_limit: int
    """`limit` asked for when a list is read."""
    list_capped: bool
    """The process list ends at a fixed length without a `next` link; the OpenAPI document names all processes."""
    minimal_results: bool
    """Knows `return=minimal`, summaries, and single outputs with pages."""
    held_status: bool
    """Holds a status request until the job changes."""
    accepts_href: bool
    """Resolves references to its own results."""
    qualified_objects: bool
    """Wants JSON objects as `{"value": …}`, as the standard writes them (OGC 18-062r2, `qualifiedInputValue`)."""
    results_document: bool
    """Results are keyed by output id, not the bare value of the process."""
    keeps_results: bool
    """The results of a synchronous execution can be read again from its job."""
    dismisses_abandoned: bool
    """Dismisses a job whose client went away before it was told of it."""
    reason_in_message: bool
    """The reason of a failure is the job's message; `/results` says nothing of worth."""
    delete_500_means_gone: bool
    """A dismissal is answered with 500 although it was done: the job must be read again."""


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        OWN: Dialect(
            prefer_async="respond-async, wait=1, return=minimal",
            submit_wait_seconds=1,
            response="document",
            query={},
            list_limit=1000,
            list_capped=False,
            minimal_results=True,
            held_status=True,
            accepts_href=True,
            qualified_objects=False,
            results_document=True,
            keeps_results=True,
            dismisses_abandoned=True,
            reason_in_message=False,
            delete_500_means_gone=False,
        ),
        PYGEOAPI: Dialect(
            prefer_async="respond-async",
            submit_wait_seconds=0,
            response=None,
            query=AS_JSON,
            list_limit=1000,
            list_capped=True,
            minimal_results=False,
            held_status=False,
            accepts_href=False,
            qualified_objects=False,
            results_document=False,
            keeps_results=False,
            dismisses_abandoned=False,
            reason_in_message=True,
            delete_500_means_gone=True,
        ),
        UNKNOWN: Dialect(
            prefer_async="respond-async",
            submit_wait_seconds=0,
            response="document",
            query={},
            list_limit=1000,
            list_capped=False,
            minimal_results=False,
            held_status=False,
            accepts_href=False,
            qualified_objects=True,
            results_document=True,
            keeps_results=False,
            dismisses_abandoned=False,
            reason_in_message=False,
            delete_500_means_gone=False,
        ),
    }
)


def recognise(*, conforms_to: Collection[str], powered_by: str) -> str:
    """Key of the dialect a server speaks.

    conforms_to: conformance class URIs; powered_by: the landing page's `X-Powered-By`, empty if it has none.
    """
    if MINIMAL_RESULTS in conforms_to:
        return OWN
    if powered_by.strip().lower().startswith("pygeoapi"):
        return PYGEOAPI
    return UNKNOWN
