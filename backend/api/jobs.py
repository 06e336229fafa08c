"""Jobs: their list, their status (held while nothing changes, if the client wishes), and their dismissal."""

import re
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from backend.api.documents import Following, job_list, page_links, status_info
from backend.api.expiry import sunset
from backend.api.job_filters import FILTERS, read_filter
from backend.api.preferences import parse_preferences
from backend.api.query import integer_parameter, refuse_misspelt_parameters
from backend.api.representation import Form, form_of, represented, require_known_form
from backend.api.service import service_of
from backend.api.waiting import wait_with_client
from backend.jobs.asking import asked, asked_at_leisure
from backend.jobs.records import Job
from backend.openapi.parameters import MOST_IN_A_PAGE, MOST_LINES

_DEFAULT_JOBS = 100
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


async def list_jobs(request: Request) -> Response:
    """`GET /jobs`: newest first, in pages."""
    refuse_misspelt_parameters(request, (*FILTERS, "limit", "offset", "after", "f"))
    service = service_of(request)
    limit = integer_parameter(request, "limit", default=_DEFAULT_JOBS, least=1, most=MOST_IN_A_PAGE)
    offset = integer_parameter(request, "offset", default=0, least=0, most=2**31)
    after = request.query_params.get("after") or None
    wanted = read_filter(request.query_params)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name in (*FILTERS, "limit", "f")]

    def listed() -> Response:
        # One more tells whether any follow: the number of all does not, as it counts those that came meanwhile.
        some, total = list[Job](), 0
        if wanted is not None:
            some, total = service.store.list(where=wanted, limit=limit + 1, offset=offset, after=after)
        jobs = some[:limit]
        place = Following(after, jobs[-1].id if len(some) > limit else None)
        url = f"{service.base_url}/jobs"
        links = page_links(url, offset=offset, limit=limit, total=total, query=kept, following=place)
        return represented(request, "jobs", job_list(jobs, total, links, service.base_url))

    # To count many jobs takes its time, and so does to tell of them.
    return await asked_at_leisure(listed)


async def get_job(request: Request) -> Response:
    """`GET /jobs/{id}`. With `If-None-Match` and `Prefer: wait=N` the answer is held until the job has changed."""
    form = form_of(request)
    service = service_of(request)
    job = await asked(service.store, partial(service.store.get, request.path_params["job"]))
    preferences = parse_preferences(request.headers.getlist("prefer"))
    seconds = preferences.patience(service.settings.max_wait_seconds) or 0
    headers: dict[str, str] = {}
    if seconds > 0 and "if-none-match" in request.headers:
        headers["Preference-Applied"] = f"wait={seconds}"
        if not job.final and _known(request, job, form):
            wait = partial(service.engine.wait, job.id, version=job.version)
            job = await wait_with_client(request, wait, seconds) or job
    headers |= {"ETag": _etag(job, form), **sunset(job)}
    if _known(request, job, form):
        return Response(status_code=304, headers={**headers, "Vary": "Accept"})
    return represented(request, "job", status_info(job, service.base_url), headers=headers)


async def get_log(request: Request) -> Response:
    """`GET /jobs/{id}/log`: what the process wrote while it ran, as text; with `tail` its last lines."""
    refuse_misspelt_parameters(request, ("tail", "f"))
    require_known_form(request)
    service = service_of(request)
    tail = integer_parameter(request, "tail", default=MOST_LINES, least=1, most=MOST_LINES)
    read = partial(service.store.log, request.path_params["job"], tail=tail)
    lines = await asked_at_leisure(read)
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})


async def dismiss_job(request: Request) -> Response:
    """`DELETE /jobs/{id}`: ends the job, or removes the results of one that has ended; the same again is no error."""
    form_of(request)  # refuses before anything is done
    service = service_of(request)
    job = await service.engine.dismiss(request.path_params["job"])
    return represented(request, "job", status_info(job, service.base_url), headers=sunset(job))


def _etag(job: Job, form: Form) -> str:
    return f'"{job.version}"' if form == "json" else f'"{job.version}-{form}"'


def _known(request: Request, job: Job, form: Form) -> bool:
    """Whether the client has the job as it is (RFC 9110, 13.1.2)."""
    condition = ",".join(request.headers.getlist("if-none-match")).strip()
    return condition == "*" or _etag(job, form) in _ENTITY_TAG.findall(condition)
