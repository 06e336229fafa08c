"""`POST /processes/{id}/execution`: synchronous, asynchronous, or what is ready first within the client's patience."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from backend.api.asgi import CLIENT_GONE
from backend.api.bodies import read_json_object
from backend.api.documents import job_url, status_info
from backend.api.execute_request import ExecuteRequest, read_execute_request, require_acceptable, runs_async
from backend.api.explanations import json_path
from backend.api.offerings import Offering
from backend.api.preferences import Preferences, parse_preferences
from backend.api.problems import problem_response
from backend.api.representation import require_known_form
from backend.api.responses import json_response
from backend.api.results import results_response
from backend.api.service import Service, service_of
from backend.api.waiting import wait_with_client
from backend.errors import BackendError, InputProblem
from backend.jobs.records import Job


async def execute(request: Request) -> Response:
    """Validate, accept, run, and wait as long as was agreed; then answer with results or with the job."""
    require_known_form(request)
    service = service_of(request)
    offering = service.offerings.find(request.path_params["process"])
    preferences = parse_preferences(request.headers.getlist("prefer"))
    body = await read_json_object(request, service.body_limits)
    judge = partial(_judge, service, body.members, offering)
    accepted = await anyio.to_thread.run_sync(judge) if body.large else judge()
    respond_async = runs_async(accepted.mode, preferences, offering.control)
    patience = _patience(service, preferences, respond_async=respond_async)
    # A client that waits is told of a job only if that takes long; to sync each write to the disk would double the
    # time of every short one.
    job = await service.engine.accept(accepted.job, durable=patience == 0, large=body.large)
    if patience > 0:
        waited = await _wait(service, request, job, patience)
        if waited is None:
            return Response(status_code=CLIENT_GONE)
        job = waited
    if job.final:
        return _finished(request, service, job, preferences)
    return _under_way(service, job, preferences)


def _judge(service: Service, body: Mapping[str, Any], offering: Offering) -> ExecuteRequest:
    """The request, of which nothing is wrong.

    Raises:
        InvalidRequestError: Something is.
    """
    request = read_execute_request(body, offering, service.base_url)
    require_acceptable(request, _unreadable(service, request))
    return request


def _unreadable(service: Service, request: ExecuteRequest) -> Iterator[InputProblem]:
    """References to own results that do not exist, or not yet, or no more."""
    for reference in request.checked.references:
        try:
            service.store.read(reference.result.job_id, reference.result.output_id)
        except BackendError as error:
            path = json_path("$.inputs", reference.path)
            yield InputProblem(path, f"refers to a result that cannot be read: {error}")


def _patience(service: Service, preferences: Preferences, *, respond_async: bool) -> float:
    """Seconds to wait for the end of the job before answering with the job itself."""
    longest = service.settings.max_wait_seconds
    if preferences.wait is not None:
        return min(preferences.wait, longest)
    return 0 if respond_async else longest


async def _wait(service: Service, request: Request, job: Job, patience: float) -> Job | None:
    """The job after the wait; None when the client has gone.

    A client that goes away before it was told of its job can never ask for it: the job is dismissed.
    """
    try:
        waited = await wait_with_client(request, partial(service.engine.wait, job.id), patience)
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await service.engine.dismiss(job.id)
        raise
    if waited is None:
        await service.engine.dismiss(job.id)
    return waited


def _finished(request: Request, service: Service, job: Job, preferences: Preferences) -> Response:
    """Results or the reason why there are none, and where the job's status stands (OGC 18-062r2, 7.11.4)."""
    url = job_url(service.base_url, job.id)
    headers = {"Location": url}
    if preferences.wait is not None:
        headers["Preference-Applied"] = f"wait={preferences.wait:g}"
    try:
        response = results_response(request, service, job, preferences, headers)
    except BackendError as error:
        response = problem_response(error, headers)
    response.headers.append("Link", f'<{url}>; rel="monitor"; type="application/json"')
    return response


def _under_way(service: Service, job: Job, preferences: Preferences) -> Response:
    applied = ["respond-async"] if preferences.respond_async else []
    if preferences.wait is not None:
        applied.append(f"wait={min(preferences.wait, service.settings.max_wait_seconds):g}")
    headers = {"Location": job_url(service.base_url, job.id)}
    if applied:
        headers["Preference-Applied"] = ", ".join(applied)
    return json_response(status_info(job, service.base_url), 201, headers)
