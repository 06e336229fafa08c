"""Errors that become problem documents, wherever they are raised."""

from http import HTTPStatus

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.methods import Endpoint
from backend.api.problems import RETRY, http_problem, internal_problem, plain_problem, problem_of
from backend.api.representation import represented_problem
from backend.errors import BackendError

CLIENT_GONE = 499
"""Status of an answer that nobody reads; the number is for the access log."""


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
        except HTTPException:
            raise
        except Exception as error:
            # Perhaps of the pages themselves: no page for this one.
            return internal_problem(error).response()

    return answer


async def refuse(request: Request, error: Exception) -> Response:
    """The answer to what the routing refuses; an application's handler of `HTTPException`."""
    if not isinstance(error, HTTPException):
        raise error
    return represented_problem(request, http_problem(error))


class UnforeseenErrors:
    """Answers with a problem document what goes wrong before a request is routed, in a layer around the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = _Sent(send)
        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            if sent.begun or scope["type"] != "http":
                raise
            await internal_problem(error).response()(scope, receive, send)


class AnsweredAtStop:
    """A layer that answers the requests which a server that is being stopped does not wait for any longer.

    Such a server cancels them, and would send a plain 500 and log each with a traceback. Only for an application that
    is a server's own: of one that is embedded, a cancelled request is its caller's affair, who must see it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = _Sent(send)
        try:
            await self._app(scope, receive, sent)
        except anyio.get_cancelled_exc_class():
            if scope["type"] != "http":
                raise
            if not sent.begun:
                await plain_problem(HTTPStatus.SERVICE_UNAVAILABLE, _STOPPED, RETRY).response()(scope, receive, send)


class _Sent:
    """Passes messages on, and knows whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


_STOPPED = "The server is being stopped, and what this request waits for has not come to its end. Try again later."
