"""Paths with a trailing slash."""

from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlashes:
    """`/jobs/` is `/jobs`. A redirect would name this server by a URL that may not be its public one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)
