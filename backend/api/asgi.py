"""What stands between the server and the handlers: paths with a trailing slash, and errors that become problems."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.problems import http_problem, internal_problem, problem_of
from backend.api.representation import represented_problem
from backend.errors import BackendError

type Endpoint = Callable[[Request], Awaitable[Response]]

CLIENT_GONE = 499
"""Status of an answer that nobody reads; the number is for the access log."""


class TrailingSlashes:
    """`/jobs/` is `/jobs`. A redirect would name this server by a URL that may not be its public one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)


def by_method(endpoints: Mapping[str, Endpoint]) -> Endpoint:
    """One endpoint of several, so that a method none of them knows is answered with all they know.

    OPTIONS is answered with the same.
    """
    methods = ", ".join(sorted({*endpoints, "OPTIONS"} | ({"HEAD"} if "GET" in endpoints else set[str]())))

    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": methods})
        if request.method == "HEAD":
            return _headed(await endpoints["GET"](request))
        return await endpoints[request.method](request)

    return endpoint


def _headed(response: Response) -> Response:
    """The answer without its content; the headers tell of it as if it were there (RFC 9110, 9.3.2)."""
    bare = Response(status_code=response.status_code)
    bare.raw_headers = response.raw_headers
    return bare


def answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with a problem document for every error it raises.

    Starlette's own handler of unforeseen errors answers and raises them again, which would end an embedding client's
    request with our exception.
    """

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BackendError as error:
            return represented_problem(request, problem_of(error))
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except Exception as error:
            # Perhaps of the pages themselves: no page for this one.
            return internal_problem(error).response()

    return answer


async def refuse(request: Request, error: Exception) -> Response:
    """The answer to what the routing refuses; an application's handler of `HTTPException`."""
    if not isinstance(error, HTTPException):
        raise error
    return represented_problem(request, http_problem(error))
