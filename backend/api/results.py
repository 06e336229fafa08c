"""Results of a job: `/jobs/{id}/results` and `/jobs/{id}/results/{output}`."""

from collections.abc import Collection, Mapping
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from backend.api.paging import read_page
from backend.api.preferences import Preferences, parse_preferences
from backend.api.responses import integer_parameter, json_response, require_json_format
from backend.api.result_documents import (
    media_type_of,
    minimal_document,
    result_link,
    value_document,
)
from backend.api.service import Service, service_of
from backend.jobs.records import Job, StoredResult
from backend.processes.running import is_json

_LONGEST_PAGE = 10**9
# A process names the media type of what it gives: no browser may take it for something else.
_AS_DECLARED = {"X-Content-Type-Options": "nosniff"}


async def get_results(request: Request) -> Response:
    """`GET /jobs/{id}/results`: in the form the execute request asked for."""
    require_json_format(request)
    service = service_of(request)
    job = service.store.get(request.path_params["job"])
    return results_response(service, job, parse_preferences(request.headers.getlist("prefer")))


async def get_output(request: Request) -> Response:
    """`GET /jobs/{id}/results/{output}`: the value itself; of a sequence a page, with `offset` and `limit`."""
    require_json_format(request)
    stored = service_of(request).store.read(request.path_params["job"], request.path_params["output"])
    paged = "offset" in request.query_params or "limit" in request.query_params
    offset = integer_parameter(request, "offset", default=0, least=0, most=_LONGEST_PAGE)
    limit = integer_parameter(request, "limit", default=_LONGEST_PAGE, least=0, most=_LONGEST_PAGE)
    if paged and is_json(stored[0].media_type):
        page = await anyio.to_thread.run_sync(read_page, stored[1], offset, limit)
        if page is not None:
            headers = {**_AS_DECLARED, "Content-Type": media_type_of(stored[0])}
            if page.array_length is not None:
                headers["OGC-NumberMatched"] = str(page.array_length)
            return Response(page.body, headers=headers)
    return _whole(stored)


def results_response(
    service: Service,
    job: Job,
    preferences: Preferences,
    *,
    linked: Collection[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The results of a job in the form that was asked for; outputs among `linked` by reference.

    Raises:
        ResultNotReadyError, ResultGoneError: There are none.
        ProcessRefusedError, ProcessFailedError, JobLostError: Why the job failed.
    """
    stored = service.store.results(job.id)
    if preferences.minimal:
        document = minimal_document(
            stored, job.id, base_url=service.base_url, small_value_bytes=service.settings.small_value_bytes
        )
        applied = ", ".join(filter(None, ((headers or {}).get("Preference-Applied"), "return=minimal")))
        return json_response(document, headers={**(headers or {}), "Preference-Applied": applied})
    if job.response == "raw" and len(stored) == 1:
        return _single(service, job, stored[0], linked, headers)
    pieces = value_document(stored, job.id, base_url=service.base_url, linked=linked)
    return StreamingResponse(pieces, media_type="application/json", headers=headers)


def _single(
    service: Service,
    job: Job,
    stored: StoredResult,
    linked: Collection[str],
    headers: Mapping[str, str] | None,
) -> Response:
    record, _ = stored
    if record.output_id not in linked:
        return _whole(stored, headers)
    link = result_link(record, job.id, service.base_url)
    return Response(
        status_code=204, headers={**(headers or {}), "Link": f'<{link["href"]}>; rel="item"; type="{link["type"]}"'}
    )


def _whole(stored: StoredResult, headers: Mapping[str, str] | None = None) -> Response:
    """The value as it was written."""
    record, content = stored
    declared = {**(headers or {}), **_AS_DECLARED, "Content-Type": media_type_of(record)}
    if isinstance(content, Path):
        return FileResponse(content, headers=declared)
    return Response(content, headers=declared)
