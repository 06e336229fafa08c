"""In what known servers differ from the standard or add to it, as data. No I/O.

A dialect says what must be sent, and what an answer cannot tell by itself. Whatever a document's shape tells is read so
from every server: statuses in `documents`, results in `outputs`, lists in `listing`. docs/dialects.md has the sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MINIMAL_RESULTS = "urn:ogc-processes-mcp:conf:minimal-results"
"""Conformance class by which our own backend is known, wherever it runs."""

OWN = "ogc-processes-mcp"
PYGEOAPI = "pygeoapi"
ZOO = "zoo"
WEAVER = "weaver"
GEOSERVER = "geoserver"
EOZILLA = "eozilla"
UNKNOWN = "unknown"

AS_JSON: Mapping[str, str] = MappingProxyType({"f": "json"})
"""How pygeoapi and others are told to send no HTML."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What to send to a server and how to read its answers; the defaults are the standard's (OGC 18-062r2)."""

    title: str
    """The server's name, for people."""
    prefer_async: str = "respond-async"
    """`Prefer` of an execution that may become a job."""
    prefer_sync: str | None = None
    """`Prefer` of one whose process knows no other mode; None sends none."""
    submit_wait_seconds: float = 0
    """How long `prefer_async` lets the server hold its answer."""
    response: str | None = "document"
    """`response` member of an execute request; None leaves it out."""
    sends_mode: bool = False
    """`mode` stands in the execute request, for versions that do not read `Prefer`."""
    names_outputs: bool = False
    """An execute request must name its `outputs`, or none come."""
    qualified_objects: bool = True
    """Wants JSON objects as `{"value": …}` (`qualifiedInputValue`)."""
    splits_arrays: bool = False
    """Takes every array for as many values as it has items: an array that is one value must be qualified."""
    typed_text: bool = False
    """Takes bare text for a literal: encoded content must name its media type, and a URL be a link."""
    takes_links: bool = True
    """Fetches an input that is given as a link."""
    query: Mapping[str, str] = _NOTHING
    """Parameters sent with every GET."""
    jobs_query: Mapping[str, str] = _NOTHING
    """Parameters sent with a GET of the job list."""
    list_limit: int = 1000
    """`limit` asked for when a list is read."""
    list_capped: bool = False
    """The process list ends at a fixed length without a `next` link; the OpenAPI document names all processes."""
    newest_first: bool = False
    """The job list begins with the newest."""
    minimal_results: bool = False
    """Knows `return=minimal`, summaries, and single outputs with pages."""
    held_status: bool = False
    """Holds a status request until the job changes."""
    accepts_href: bool = False
    """Resolves references to its own results."""
    datasets: bool = False
    """Has datasets, and resolves references to them."""
    results_document: bool = True
    """Results are keyed by output id where their shape leaves it open, else the bare value of the process."""
    keeps_results: bool = False
    """The results of a synchronous execution can be read again from its job."""
    dismisses_abandoned: bool = False
    """Dismisses a job whose client went away before it was told of it."""
    reason_in_message: bool = False
    """The reason of a failure is the job's message; `/results` says nothing of worth."""
    delete_500_means_gone: bool = False
    """A dismissal is answered with 500 although it was done: the job must be read again."""


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        OWN: Dialect(
            "ogc-processes-mcp",
            prefer_async="respond-async, wait=1, return=minimal",
            prefer_sync="return=minimal",
            submit_wait_seconds=1,
            qualified_objects=False,
            takes_links=False,
            newest_first=True,
            minimal_results=True,
            held_status=True,
            accepts_href=True,
            datasets=True,
            keeps_results=True,
            dismisses_abandoned=True,
        ),
        PYGEOAPI: Dialect(
            "pygeoapi",
            response=None,
            qualified_objects=False,
            takes_links=False,
            query=AS_JSON,
            list_capped=True,
            results_document=False,
            reason_in_message=True,
            delete_500_means_gone=True,
        ),
        ZOO: Dialect(
            "ZOO-Project",
            prefer_async="respond-async;return=representation",
            prefer_sync="return=representation",
            names_outputs=True,
            splits_arrays=True,
        ),
        WEAVER: Dialect("Weaver", sends_mode=True, jobs_query=MappingProxyType({"detail": "true"})),
        GEOSERVER: Dialect("GeoServer", splits_arrays=True, typed_text=True, results_document=False),
        EOZILLA: Dialect("Eozilla", qualified_objects=False, takes_links=False, reason_in_message=True),
        UNKNOWN: Dialect("unknown"),
    }
)
