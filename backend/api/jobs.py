"""Jobs: their list, their status (held while nothing changes, if the client wishes), and their dismissal."""

import re
from datetime import UTC, datetime
from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from backend.api.documents import job_list, page_links, status_info
from backend.api.job_filters import FILTERS, JobFilter, read_filter
from backend.api.preferences import parse_preferences
from backend.api.responses import integer_parameter, json_response, require_json_format
from backend.api.service import Service, service_of
from backend.api.waiting import wait_with_client
from backend.jobs.records import Job

_DEFAULT_JOBS = 100
_MOST_JOBS = 10_000
_ALL_JOBS = 2**31 - 1
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


async def list_jobs(request: Request) -> Response:
    """`GET /jobs`: newest first, in pages."""
    require_json_format(request)
    service = service_of(request)
    limit = integer_parameter(request, "limit", default=_DEFAULT_JOBS, least=1, most=_MOST_JOBS)
    offset = integer_parameter(request, "offset", default=0, least=0, most=2**31)
    wanted = read_filter(request.query_params)
    if wanted is None:
        jobs, total = service.store.list(limit=limit, offset=offset)
    else:
        found = await anyio.to_thread.run_sync(_filtered, service, wanted)
        jobs, total = found[offset : offset + limit], len(found)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name in FILTERS]
    links = page_links(f"{service.base_url}/jobs", offset=offset, limit=limit, total=total, query=kept)
    return json_response(job_list(jobs, total, links, service.base_url))


def _filtered(service: Service, wanted: JobFilter) -> list[Job]:
    now = datetime.now(UTC)
    jobs, _ = service.store.list(limit=_ALL_JOBS, offset=0)
    return [job for job in jobs if wanted.accepts(job, now)]


async def get_job(request: Request) -> Response:
    """`GET /jobs/{id}`. With `If-None-Match` and `Prefer: wait=N` the answer is held until the job has changed."""
    require_json_format(request)
    service = service_of(request)
    job = service.store.get(request.path_params["job"])
    patience = parse_preferences(request.headers.getlist("prefer")).wait or 0
    seconds = min(patience, service.settings.max_wait_seconds)
    headers: dict[str, str] = {}
    if seconds > 0 and "if-none-match" in request.headers:
        headers["Preference-Applied"] = f"wait={seconds:g}"
        if not job.final and _known(request, job):
            wait = partial(service.engine.wait, job.id, timeout=seconds, version=job.version)
            job = await wait_with_client(request, wait) or job
    headers["ETag"] = _etag(job)
    if _known(request, job):
        return Response(status_code=304, headers=headers)
    return json_response(status_info(job, service.base_url), headers=headers)


async def dismiss_job(request: Request) -> Response:
    """`DELETE /jobs/{id}`: ends the job, or removes the results of one that has ended; the same again is no error."""
    require_json_format(request)
    service = service_of(request)
    job = await service.engine.dismiss(request.path_params["job"])
    return json_response(status_info(job, service.base_url))


def _etag(job: Job) -> str:
    return f'"{job.version}"'


def _known(request: Request, job: Job) -> bool:
    """Whether the client has the job as it is (RFC 9110, 13.1.2)."""
    condition = ",".join(request.headers.getlist("if-none-match")).strip()
    return condition == "*" or _etag(job) in _ENTITY_TAG.findall(condition)
