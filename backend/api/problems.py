"""Problem documents (RFC 9457): one table from the errors of `backend.errors` to what a client sees."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from backend import errors

LOGGER = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

RETRY: Mapping[str, str] = {"Retry-After": "5"}
"""Whether soon or after the restart, it is worth another try."""

_OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
_OWN = "urn:ogc-processes-mcp:exception:"
"""Exceptions that the standard does not have."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What all problems of one kind have in common."""

    status: HTTPStatus
    title: str
    type: str = "about:blank"
    """URI of the exception (OGC 18-062r2, tables 12 to 16), where the standard defines one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as a client will see it."""

    status: HTTPStatus
    document: Mapping[str, Any]
    """The problem document."""
    headers: Mapping[str, str]

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """The document as JSON, with further headers."""
        # ASCII with escapes: a message may quote what is no valid Unicode.
        body = json.dumps(self.document).encode("ascii")
        return Response(
            body, status_code=self.status, headers={**self.headers, **(headers or {})}, media_type=MEDIA_TYPE
        )


_INTERNAL = Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "The server met an error of its own")

KINDS: Mapping[type[errors.BackendError], Kind] = {
    errors.BackendError: _INTERNAL,
    errors.InvalidRequestError: Kind(HTTPStatus.BAD_REQUEST, "The request is not valid"),
    errors.ReferenceRefusedError: Kind(HTTPStatus.BAD_REQUEST, "An input refers to what this server does not read"),
    errors.RequestTooLargeError: Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large"),
    errors.RequestTooSlowError: Kind(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive"),
    errors.UnsupportedMediaTypeError: Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The request body is not JSON"),
    errors.NotAcceptableError: Kind(HTTPStatus.NOT_ACCEPTABLE, "No acceptable form of the answer"),
    errors.RangeNotSatisfiableError: Kind(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "There are no such bytes"),
    errors.NoSuchProcessError: Kind(HTTPStatus.NOT_FOUND, "No such process", _OGC + "no-such-process"),
    errors.NoSuchJobError: Kind(HTTPStatus.NOT_FOUND, "No such job", _OGC + "no-such-job"),
    errors.NoSuchOutputError: Kind(HTTPStatus.NOT_FOUND, "No such output"),
    errors.ResultNotReadyError: Kind(HTTPStatus.NOT_FOUND, "The result is not ready", _OGC + "result-not-ready"),
    errors.ResultGoneError: Kind(HTTPStatus.GONE, "The result is gone"),
    errors.JobExpiredError: Kind(HTTPStatus.GONE, "The job has expired", _OWN + "job-expired"),
    errors.ResultDamagedError: Kind(
        HTTPStatus.INTERNAL_SERVER_ERROR, "The stored result is damaged", _OWN + "result-damaged"
    ),
    errors.NoSuchDatasetError: Kind(HTTPStatus.NOT_FOUND, "No such collection"),
    errors.NoItemsError: Kind(HTTPStatus.NOT_FOUND, "No such items"),
    errors.ProcessRefusedError: Kind(HTTPStatus.BAD_REQUEST, "The process refused its inputs"),
    errors.ProcessFailedError: Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "The process failed"),
    errors.LimitExceededError: Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "The job reached a limit"),
    errors.JobLostError: Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "The job was lost"),
    errors.ServerBusyError: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy"),
    errors.StoreFullError: Kind(HTTPStatus.INSUFFICIENT_STORAGE, "The server has no room"),
    errors.QueueFullError: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "The queue is full"),
    errors.StoreUnavailableError: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "The job store does not answer"),
    errors.StoreLockedError: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy"),
}


def kind_of(error: errors.BackendError) -> Kind:
    """The table's entry for `error`, or that of its nearest ancestor."""
    return next(KINDS[ancestor] for ancestor in type(error).__mro__ if ancestor in KINDS)


def problem_of(error: errors.BackendError) -> Problem:
    """The problem of an error raised on purpose."""
    return _problem(kind_of(error), str(error), _input_problems(error), _headers(error))


def _headers(error: errors.BackendError) -> Mapping[str, str]:
    if isinstance(error, errors.RangeNotSatisfiableError):
        return {"Content-Range": f"bytes */{error.size}"}
    return RETRY if isinstance(error, errors.ServerBusyError) else {}


def problem_response(error: errors.BackendError, headers: Mapping[str, str] | None = None) -> Response:
    """The problem document of an error raised on purpose, as JSON."""
    return problem_of(error).response(headers)


def internal_problem(error: Exception) -> Problem:
    """The problem of an error nobody foresaw: its traceback goes to the log, nothing of it to the client."""
    LOGGER.error("unforeseen error", exc_info=error)
    return _problem(_INTERNAL, "The request could not be answered. The server's log says why.")


def plain_problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    """A problem that its status says all about, but for `detail`."""
    return _problem(Kind(status, status.phrase), detail, headers=headers)


def http_problem(error: HTTPException) -> Problem:
    """The problem of what the routing refuses: unknown paths and methods."""
    status = HTTPStatus(error.status_code)
    detail = _ROUTING_DETAILS.get(status, error.detail)
    return plain_problem(status, detail, error.headers)


_ROUTING_DETAILS: Mapping[HTTPStatus, str] = {
    HTTPStatus.NOT_FOUND: "There is nothing at this path. The landing page at the API's root links to all there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This resource does not know the request's method; `Allow` names those it knows.",
}


def _input_problems(error: errors.BackendError) -> Sequence[errors.InputProblem]:
    if isinstance(error, errors.InvalidRequestError):
        return error.problems
    if isinstance(error, errors.ProcessRefusedError) and error.path:
        return (errors.InputProblem(error.path, str(error)),)
    return ()


def _problem(
    kind: Kind,
    detail: str,
    problems: Sequence[errors.InputProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Problem:
    document: dict[str, Any] = {
        "type": kind.type,
        "title": kind.title,
        "status": int(kind.status),
        "detail": detail,
    }
    if problems:
        document["errors"] = [{"path": problem.path, "message": problem.message} for problem in problems]
    return Problem(kind.status, document, headers or {})
