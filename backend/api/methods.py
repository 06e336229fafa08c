"""One resource, several methods."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

type Endpoint = Callable[[Request], Awaitable[Response]]


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
