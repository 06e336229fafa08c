"""`POST /processes/{id}/execution`: synchronous, asynchronous, or what is ready first within the client's patience."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from backend.api.asgi import CLIENT_GONE
from backend.api.bodies import read_json_object
from backend.api.documents import job_url, monitor_header, status_info
from backend.api.execute_request import ExecuteRequest, naming_files, read_execute_request, require_acceptable
from backend.api.modes import Agreement, agree
from backend.api.offerings import Offering
from backend.api.preferences import Preferences, parse_preferences
from backend.api.problems import problem_response
from backend.api.referenced_values import judge_references
from backend.api.representation import require_known_form
from backend.api.responses import json_response
from backend.api.results import results_response
from backend.api.service import Service, service_of
from backend.api.trace_scope import trace_of
from backend.api.waiting import wait_with_client
from backend.errors import BackendError, ServerBusyError
from backend.jobs.records import Job, JobRequest


async def execute(request: Request) -> Response:
    """Validate, accept, run, and wait as long as was agreed; then answer with results or with the job."""
    require_known_form(request)
    service = service_of(request)
    offering = service.offerings.find(request.path_params["process"])
    preferences = parse_preferences(request.headers.getlist("prefer"))
    body = await read_json_object(request, service.body_limits)
    judge = partial(read_execute_request, body.members, offering, service.base_url, service.callback_origins)
    asked = await anyio.to_thread.run_sync(judge) if body.large else judge()
    request_of_job = await _acceptable(service, asked, offering)
    trace = trace_of(request.scope)
    if trace is not None:
        request_of_job = replace(request_of_job, trace=trace)
    agreement = agree(asked.mode, preferences, offering.control, service.settings.max_wait_seconds)
    # A client that waits is told of a job only if that takes long; to sync each write to the disk would double the
    # time of every short one.
    patience = agreement.patience
    subscribed = request_of_job.subscriber is not None
    durable = patience == 0 or subscribed
    job = await service.engine.accept(request_of_job, durable=durable, large=body.large, patience=patience)
    if patience > 0:
        try:
            waited = await _wait(service, request, job, patience, abandon=not subscribed)
        except ServerBusyError:
            # The job goes on: a client that was told to try again would run it twice.
            return _under_way(service, job, agreement)
        if waited is None:
            return Response(status_code=CLIENT_GONE)
        job = waited
    if job.final:
        return await _finished(request, service, job, preferences, agreement)
    return _under_way(service, job, agreement)


async def _acceptable(service: Service, asked: ExecuteRequest, offering: Offering) -> JobRequest:
    """What is to be run; refuse what has anything wrong with it, references to own results and datasets included.

    Raises:
        InvalidRequestError: Something is.
    """
    if not asked.checked.references:
        require_acceptable(asked)
        return asked.job
    judge = partial(
        judge_references,
        asked.checked,
        offering.rules,
        service.store.read,
        most_bytes=service.settings.max_body_bytes,
        checks_itself=offering.checks_inputs,
        datasets=service.datasets,
    )
    judged = await anyio.to_thread.run_sync(judge)
    require_acceptable(asked, judged)
    return naming_files(asked, judged, service.base_url)


async def _wait(service: Service, request: Request, job: Job, patience: float, *, abandon: bool) -> Job | None:
    """The job after the wait; None when the client has gone.

    A client that goes away before it was told of its job can never ask for it: the job is dismissed, where we may
    `abandon` it because it has no subscriber either.
    """
    try:
        waited = await wait_with_client(request, partial(service.engine.wait, job.id), patience)
    except anyio.get_cancelled_exc_class():
        if abandon:
            with anyio.CancelScope(shield=True):
                await service.engine.dismiss(job.id)
        raise
    if waited is None and abandon:
        await service.engine.dismiss(job.id)
    return waited


async def _finished(
    request: Request, service: Service, job: Job, preferences: Preferences, agreement: Agreement
) -> Response:
    """Results or the reason why there are none, and where the job's status stands (OGC 18-062r2, 7.11.4)."""
    headers = _headers(service, job, agreement.applied(ended=True))
    try:
        response = await results_response(request, service, job, preferences, headers)
    except BackendError as error:
        response = problem_response(error, headers)
    response.headers.append("Link", monitor_header(service.base_url, job.id))
    return response


def _under_way(service: Service, job: Job, agreement: Agreement) -> Response:
    headers = _headers(service, job, agreement.applied(ended=False))
    return json_response(status_info(job, service.base_url), headers, status=201)


def _headers(service: Service, job: Job, applied: Sequence[str]) -> dict[str, str]:
    location = {"Location": job_url(service.base_url, job.id)}
    return {**location, "Preference-Applied": ", ".join(applied)} if applied else location
