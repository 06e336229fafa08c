"""Our own backend behind what an operator would set before it: a gate that asks for credentials.

The backend has no users of its own. The gate knows one person, one token, one key, and gives tokens for a login.
"""

import base64
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.app import create_app
from backend.settings import Settings
from tests.serving import served

USER = "ada"
PASSWORD = "lovelace"  # noqa: S105 - known to the gate only
TOKEN = "token"  # noqa: S105 - known to the gate only
KEY = "key"
CLIENT = "engine"

_BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Gate:
    """Lets a request pass that has one of the credentials, and answers any other with 401."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.tokens = [TOKEN]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = await self._answer(request)
        await (answer or self.app)(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        if request.url.path == "/login":
            return self._login(await _form(request))
        if request.url.path == "/token":
            return self._grant(await _form(request))
        return None if self._known(request) else _refusal("Who are you?")

    def _known(self, request: Request) -> bool:
        authorizations = {f"Basic {_BASIC}", *(f"Bearer {token}" for token in self.tokens)}
        return (
            request.headers.get("authorization") in authorizations
            or request.headers.get("x-token") in self.tokens
            or request.headers.get("x-api-key") == KEY
            or request.cookies.get("token") in self.tokens
        )

    def _login(self, form: dict[str, str]) -> Response:
        """A login of a maker's own."""
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return _refusal("This is not the password.")
        return JSONResponse({"user": {"accessToken": TOKEN}})

    def _grant(self, form: dict[str, str]) -> Response:
        """The token endpoint of OAuth 2.0. The token for a password expires at once, and is to be refreshed."""
        person = (form.get("username"), form.get("password")) == (USER, PASSWORD)
        refresh = {"refresh_token": "again", "expires_in": 1}
        match form.get("grant_type"):
            case "password" if person:
                return self._issue(**refresh)
            case "refresh_token" if form.get("refresh_token") == "again":
                return self._issue(expires_in=3600)
            case "client_credentials" if (form.get("client_id"), form.get("client_secret")) == (CLIENT, PASSWORD):
                return self._issue(expires_in=3600)
            case _:
                return JSONResponse({"error": "invalid_grant"}, 400)

    def _issue(self, **members: str | int) -> Response:
        self.tokens.append(f"{TOKEN}-{len(self.tokens)}")
        return JSONResponse({"access_token": self.tokens[-1], "token_type": "Bearer", **members})


@contextmanager
def guarded_backend(home: Path) -> Generator[str]:
    """Serve the packaged processes behind a gate, with all state in `home`; gives the URL."""

    def app(url: str) -> Gate:
        return Gate(create_app(Settings.model_validate({"home": home, "public_url": url, "workers": 1})))

    with served(app) as url:
        yield url


async def _form(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}


def _refusal(detail: str) -> Response:
    problem = {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": detail}
    return JSONResponse(problem, 401, {"WWW-Authenticate": "Bearer, Basic"}, "application/problem+json")
