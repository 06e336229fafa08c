"""The documents of the API that tell of the server and its jobs. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

from backend.api.configuration import Configuration
from backend.jobs.records import Job
from backend.jobs.states import JobStatus
from backend.openapi.paths import OPENAPI

HTML = "text/html"

type Document = dict[str, Any]

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
"""What the standard's own link relations begin with."""
_CLASS = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"

CONFORMANCE = (
    _CLASS + "core",
    _CLASS + "ogc-process-description",
    _CLASS + "json",
    _CLASS + "html",
    _CLASS + "oas30",
    _CLASS + "job-list",
    _CLASS + "dismiss",
    "urn:ogc-processes-mcp:conf:minimal-results",
    "urn:ogc-processes-mcp:conf:held-status",
    "urn:ogc-processes-mcp:conf:datasets",
)


def link(rel: str, href: str, title: str, media_type: str = "application/json") -> Document:
    """A link (OGC 18-062r2, `link`)."""
    return {"rel": rel, "type": media_type, "title": title, "href": href}


def page_link(url: str) -> Document:
    """The link to the same thing as a page for people; `url` has no query."""
    return link("alternate", f"{url}?f=html", "This document as HTML", HTML)


def landing_page(configuration: Configuration, base_url: str) -> Document:
    """`/`: what the server is and where everything else stands."""
    return {
        "title": configuration.title,
        "description": configuration.description,
        "links": [
            link("self", f"{base_url}/", "This document"),
            page_link(f"{base_url}/"),
            link("service-desc", f"{base_url}/openapi?f=json", "The API's definition", OPENAPI),
            link("service-doc", f"{base_url}/openapi?f=html", "The API's documentation", HTML),
            link("conformance", f"{base_url}/conformance", "What this server conforms to"),
            link(REL + "conformance", f"{base_url}/conformance", "What this server conforms to"),
            link(REL + "processes", f"{base_url}/processes", "Processes"),
            link(REL + "job-list", f"{base_url}/jobs", "Jobs"),
            link(REL + "data", f"{base_url}/collections", "Datasets"),
        ],
    }


def conformance(*, callbacks: bool = False) -> Document:
    """`/conformance`; of a server that makes callbacks, or does not."""
    return {"conformsTo": [*CONFORMANCE, *([_CLASS + "callback"] if callbacks else [])]}


@dataclass(frozen=True, slots=True)
class Following:
    """Where a page stands in a list that changes while somebody pages through it."""

    after: str | None
    """Id of the entry behind which the page begins; None where its offset says so."""
    last: str | None
    """Id of its own last entry, where others follow."""


def page_links(
    url: str,
    *,
    offset: int,
    limit: int,
    total: int,
    query: Iterable[tuple[str, str]],
    following: Following | None = None,
) -> list[Document]:
    """Links of a page of a list: itself, and the pages before and after it.

    `query` is what was asked for besides `offset` and `after`. All links keep it; but for the form, which is `f`'s, the
    one to the same page as HTML does too. With `following`, the next page begins behind the last entry of this one,
    however many came before it or left meanwhile.
    """
    asked = tuple(query)
    whole = limit >= total and not any(name == "limit" for name, _ in asked)
    kept = [(name, value) for name, value in asked if name != "limit"]

    def page(start: int, *, after: str | None = None, form: str | None = None) -> str:
        parameters: list[tuple[str, str | int]] = [*kept]
        if form is not None:
            parameters = [(name, value) for name, value in kept if name != "f"]
        if not whole or start:
            parameters.append(("limit", limit))
        parameters += [("offset", start)] if start else []
        parameters += [("after", after)] if after is not None else []
        parameters += [("f", form)] if form is not None else []
        return f"{url}?{urlencode(parameters)}" if parameters else url

    place = following or Following(None, None)
    more = offset + limit < total if following is None else following.last is not None
    links = [
        link("self", page(offset, after=place.after), "This document" if whole and not offset else "This page"),
        link("alternate", page(offset, after=place.after, form="html"), "This document as HTML", HTML),
    ]
    if more:
        links.append(link("next", page(offset + limit, after=place.last), "Next page"))
    if offset > 0:
        last = (total - 1) // limit * limit  # the list may have become shorter since its page was linked to
        links.append(link("prev", page(max(0, min(offset - limit, last))), "Previous page"))
    return links


def job_list(jobs: Iterable[Job], total: int, links: Sequence[Document], base_url: str) -> Document:
    """A page of `/jobs`."""
    statuses = [status_info(job, base_url) for job in jobs]
    return {"jobs": statuses, "links": list(links), "numberMatched": total, "numberReturned": len(statuses)}


def job_url(base_url: str, job_id: str) -> str:
    """Where the job's status stands."""
    return f"{base_url}/jobs/{quote(job_id, safe='')}"


def monitor_header(base_url: str, job_id: str) -> str:
    """The header `Link` of what is sent of a job: where its status stands (OGC 18-062r2, 7.11.4)."""
    return f'<{job_url(base_url, job_id)}>; rel="monitor"; type="application/json"'


def status_info(job: Job, base_url: str) -> Document:
    """A job's status (OGC 18-062r2, `statusInfo`)."""
    url = job_url(base_url, job.id)
    links = [link("self", url, "This job"), page_link(url)]
    if job.status is JobStatus.SUCCESSFUL:
        links.append(link(REL + "results", f"{url}/results", "Results of this job"))
    links.append(link("urn:ogc-processes-mcp:rel:log", f"{url}/log", "What the process wrote", "text/plain"))
    links.append(link("up", f"{base_url}/jobs", "All jobs"))
    times = {"created": job.created, "started": job.started, "finished": job.finished, "updated": job.updated}
    times["expires"] = job.expires
    return {
        "processID": job.process_id,
        "type": "process",
        "jobID": job.id,
        "status": job.status.value,
        "message": job.message,
        "progress": job.progress,
        **{name: timestamp(moment) for name, moment in times.items() if moment is not None},
        "links": links,
    }


def timestamp(moment: datetime, precision: Literal["seconds", "milliseconds"] = "milliseconds") -> str:
    """RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
