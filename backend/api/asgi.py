"""What stands between the server and the handlers: paths with a trailing slash, and errors that become problems."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.problems import internal_error_response, problem_response
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
    """One endpoint of several, so that a method none of them knows is answered with all they know."""

    async def endpoint(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return endpoint


def answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with a problem document for every error it raises.

    Starlette's own handler of unforeseen errors answers and raises them again, which would end an embedding client's
    request with our exception.
    """

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BackendError as error:
            return problem_response(error)
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except Exception as error:
            return internal_error_response(error)

    return answer
