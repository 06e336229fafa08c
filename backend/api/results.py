"""Results of a job: `/jobs/{id}/results` and `/jobs/{id}/results/{output}`."""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from backend.api.expiry import sunset
from backend.api.media_types import choose, parse_accept
from backend.api.multipart import related_parts
from backend.api.paging import read_page
from backend.api.preferences import Preferences, parse_preferences
from backend.api.query import integer_parameter, refuse_misspelt_parameters
from backend.api.ranges import range_headers, requested_range
from backend.api.representation import asks_for_json, form_of, represented, require_known_form
from backend.api.responses import PiecesResponse, json_response
from backend.api.result_documents import (
    Document,
    media_type_of,
    minimal_document,
    pieces_of,
    result_link,
    value_document,
)
from backend.api.service import Service, service_of
from backend.jobs.asking import asked
from backend.jobs.records import Job, ResultRecord, StoredResult
from summaries.values import is_json

_LONGEST_PAGE = 10**9
# A process names the media type of what it gives: no browser may take it for something else, or run what is in it
# with the rights of this server's own pages.
_AS_DECLARED = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


async def get_results(request: Request) -> Response:
    """`GET /jobs/{id}/results`: in the form the execute request asked for; as a page, links and summaries."""
    service = service_of(request)
    store, job_id = service.store, request.path_params["job"]
    job, stored = await asked(store, lambda: (store.get(job_id), store.results(job_id)))
    if form_of(request, _own_types(job, stored)) == "html":
        return represented(request, "results", await _minimal(service, job.id, stored), headers=sunset(job))
    preferences = parse_preferences(request.headers.getlist("prefer"))
    return await _sent(request, service, job, stored, preferences=preferences, headers={"Vary": "Accept, Prefer"})


def _own_types(job: Job, stored: Sequence[StoredResult]) -> Sequence[str]:
    """What the results come in besides JSON: raw values as they are, several of them in parts."""
    if job.response != "raw":
        return ()
    if len(stored) == 1:
        return (media_type_of(stored[0][0]),)
    return ("multipart/related",)


async def get_output(request: Request) -> Response:
    """`GET /jobs/{id}/results/{output}`: the value itself; of a sequence a page, with `offset` and `limit`."""
    require_known_form(request)
    refuse_misspelt_parameters(request, ("limit", "offset", "f"))
    service = service_of(request)
    store, job_id, output = service.store, request.path_params["job"], request.path_params["output"]
    stored, job = await asked(store, lambda: (store.find(job_id, output), store.get(job_id)))
    await _verify(service, [stored])
    told = sunset(job)
    paged = "offset" in request.query_params or "limit" in request.query_params
    offset = integer_parameter(request, "offset", default=0, least=0, most=_LONGEST_PAGE)
    limit = integer_parameter(request, "limit", default=_LONGEST_PAGE, least=0, most=_LONGEST_PAGE)
    if paged and is_json(stored[0].media_type):
        page = await anyio.to_thread.run_sync(read_page, stored[1], offset, limit)
        if page is not None:
            headers = {**told, **_AS_DECLARED, "Content-Type": media_type_of(stored[0])}
            if page.array_length is not None:
                headers["OGC-NumberMatched"] = str(page.array_length)
            return Response(page.body, headers=headers)
    part = None if request.method == "HEAD" else requested_range(request.headers, stored[0].size)
    return _whole(stored, {**told, "Accept-Ranges": "bytes"}) if part is None else _part(stored, part, told)


async def _verify(service: Service, stored: Sequence[StoredResult]) -> None:
    """Serve no byte of a result that is damaged."""
    for one in stored:
        await _checked(service.store.verify, one)


async def _checked[T](check: Callable[[StoredResult], T], one: StoredResult) -> T:
    """What a check of a result's bytes finds; a file is read in a thread."""
    return await anyio.to_thread.run_sync(check, one) if isinstance(one[1], Path) else check(one)


async def results_response(
    request: Request,
    service: Service,
    job: Job,
    preferences: Preferences,
    headers: Mapping[str, str],
) -> Response:
    """The results of a job in the form that was asked for when it was executed; minimal if that is preferred now.

    Raises:
        ResultNotReadyError, ResultGoneError, ResultDamagedError: There are none that can be sent.
        ProcessRefusedError, ProcessFailedError, JobLostError: Why the job failed.
    """
    stored = await asked(service.store, partial(service.store.results, job.id))
    return await _sent(request, service, job, stored, preferences=preferences, headers=headers)


async def _sent(
    request: Request,
    service: Service,
    job: Job,
    stored: Sequence[StoredResult],
    *,
    preferences: Preferences,
    headers: Mapping[str, str],
) -> Response:
    headers = {**headers, **sunset(job)}
    if preferences.minimal:
        document = await _minimal(service, job.id, stored)
        applied = ", ".join(filter(None, (headers.get("Preference-Applied"), "return=minimal")))
        return json_response(document, {**headers, "Preference-Applied": applied})
    await _verify(service, [one for one in stored if not _linked(job, one[0])])
    if job.response == "raw" and (_is_json(job, stored) or not asks_for_json(request)):
        links = [result_link(record, job.id, service.base_url) for record, _ in stored if _linked(job, record)]
        if len(links) == len(stored):
            return _links_only(links, headers)
        if len(stored) == 1:
            return _whole(stored[0], headers)
        if _takes_multipart(request):
            return _related(service, job, stored, headers)
    pieces = value_document(stored, job.id, base_url=service.base_url, linked=job.by_reference)
    return PiecesResponse(pieces, media_type="application/json", headers=headers)


def _linked(job: Job, record: ResultRecord) -> bool:
    return record.output_id in job.by_reference


def _is_json(job: Job, stored: Sequence[StoredResult]) -> bool:
    """Whether the raw answer is JSON by itself: one value that is."""
    return len(stored) == 1 and not _linked(job, stored[0][0]) and is_json(stored[0][0].media_type)


def _takes_multipart(request: Request) -> bool:
    """Whether several raw values may come in parts. Who accepts JSON rather than that gets a document of them."""
    accept = parse_accept(request.headers.getlist("accept"))
    return choose(accept, ("multipart/related", "application/json")) != "application/json"


def _links_only(links: Sequence[Document], headers: Mapping[str, str]) -> Response:
    """Raw values, all by reference (OGC 18-062r2, 7.11.4, table 11): no content, and a `Link` to each."""
    response = Response(status_code=204, headers=headers)
    for link in links:
        response.headers.append("Link", f'<{link["href"]}>; rel="{link["rel"]}"; type="{_quoted(link["type"])}"')
    return response


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _related(service: Service, job: Job, stored: Sequence[StoredResult], headers: Mapping[str, str]) -> Response:
    boundary = f"outputs-of-{job.id}"
    parts = related_parts(stored, job.id, base_url=service.base_url, linked=job.by_reference, boundary=boundary)
    # RFC 2387: `type` is that of the part that comes first.
    declared = f'multipart/related; boundary="{boundary}"; type="{_quoted(media_type_of(stored[0][0]))}"'
    return PiecesResponse(parts, headers={**headers, "Content-Type": declared})


async def _minimal(service: Service, job_id: str, stored: Sequence[StoredResult]) -> Document:
    """Links and summaries; values too, while all of them together are small. Behind its link, a damaged one says so."""
    small = stored if sum(record.size for record, _ in stored) <= service.settings.small_value_bytes else ()
    whole = [one[0].output_id for one in small if await _checked(service.store.is_whole, one)]
    return minimal_document(stored, job_id, base_url=service.base_url, valued=whole)


def _whole(stored: StoredResult, headers: Mapping[str, str]) -> Response:
    """The value as it was written."""
    record, content = stored
    declared = {**headers, **_told_of(record)}
    if isinstance(content, bytes):
        return Response(content, headers=declared)
    # Starlette's FileResponse would answer ranges to POST too, and refuse malformed ones in plain text.
    return PiecesResponse(pieces_of(content), headers={**declared, "Content-Length": str(record.size)})


def _part(stored: StoredResult, part: range, headers: Mapping[str, str]) -> Response:
    """Some bytes of the value."""
    record, content = stored
    declared = {**headers, **_told_of(record), **range_headers(part, record.size)}
    return PiecesResponse(pieces_of(content, part), status_code=206, headers=declared)


def _told_of(record: ResultRecord) -> Mapping[str, str]:
    """What any answer with the value's own bytes says of them; the digest is of all of them (RFC 9530)."""
    digest = base64.b64encode(bytes.fromhex(record.sha256)).decode("ascii")
    return {**_AS_DECLARED, "Content-Type": media_type_of(record), "Repr-Digest": f"sha-256=:{digest}:"}
