"""The exchanges of a run: bounded in size and time, each with its evidence."""

import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import httpx

from mcp_server.errors import BridgeError, OutcomeUnknownError
from mcp_server.ogc.connecting import open_http
from mcp_server.ogc.documents import plain
from mcp_server.ogc.exchange import Exchange
from mcp_server.ogc.origins import same_origin
from mcp_server.ogc.reply import Reply
from mcp_server.schema.coercion import parsed_json
from mcp_server.schema.plain import as_object
from mcp_server.servers import is_loopback
from mcp_server.validate.records import Evidence, InapplicableError, NotAServerError, UnansweredError, ViolationError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

MAX_REPLY_BYTES: Final = 20_000_000
_EXCERPT_LENGTH: Final = 300
_CLOCK_SECONDS: Final = 0.02
"""Clocks of the event loop and of the machine may differ so much."""
_SHOWN_HEADERS: Final = ("content-type", "location", "link", "preference-applied", "allow")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered, with the evidence of it."""

    reply: Reply
    evidence: Evidence

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.reply.status

    @property
    def successful(self) -> bool:
        """Whether the status is one of success (2xx)."""
        return 200 <= self.reply.status < 300

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case."""
        return self.reply.media_type

    def header(self, name: str) -> str:
        """A header's value; several of one name are joined by commas; empty where there is none."""
        return self.reply.headers.get(name, "")

    def json(self) -> Any:
        """The body as JSON.

        Raises: ViolationError where it is none (NaN and infinities are none either, RFC 8259).
        """
        try:
            return parsed_json(self.reply.body.decode("utf-8-sig"))
        except ValueError:
            raise self.violation(f"a JSON document was to come, not {self._described()}") from None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises: ViolationError where it is none.
        """
        document: Any = self.json()
        if not isinstance(document, dict):
            raise self.violation(f"a JSON object was to come, not {self._described()}")
        return document  # pyright: ignore[reportUnknownVariableType]

    def expect(self, *statuses: int, asks: str) -> None:
        """Raises: ViolationError, with what the standard `asks`, where the status is another."""
        if self.status not in statuses:
            raise self.violation(f"answered {self.told}; {asks}")

    def expect_success(self, asks: str) -> None:
        """Raises: ViolationError, with what the standard `asks`, where the status is none of 2xx."""
        if not self.successful:
            raise self.violation(f"answered {self.told}; {asks}")

    @property
    def told(self) -> str:
        """Status and, of a refusal, the server's own words."""
        words = "" if self.successful else _words(self.reply.body)
        return f"{self.status} ({words})" if words else str(self.status)

    def violation(self, message: str) -> ViolationError:
        """A violation with this exchange as its evidence."""
        return ViolationError(f"{self.evidence.method} {path_of(self.evidence.url)} {message}", self.evidence)

    def _described(self) -> str:
        if not self.reply.body:
            return f"an empty body (status {self.status})"
        return f"{self.media_type or 'an untyped body'} beginning {self.evidence.excerpt[:40]!r} (status {self.status})"


class Recorder:
    """Sends requests to one server and keeps the evidence of each, in order."""

    def __init__(
        self, http: httpx.AsyncBaseTransport, root: str, *, headers: Mapping[str, str], seconds: float
    ) -> None:
        self.root = root.rstrip("/")
        self.exchanges: list[Evidence] = []
        self.versions: set[str] = set()
        """HTTP versions of the answers."""
        self._headers = dict(headers)
        self._seconds = seconds
        self._exchange = Exchange(self.root, http, max_reply_bytes=MAX_REPLY_BYTES)

    async def get(
        self, url: str, *, accept: str = "application/json", params: Mapping[str, Any] | None = None
    ) -> Answer:
        """GET of a path below the root, or of a URL at the server's origin.

        Raises: UnansweredError where no answer comes; InapplicableError for a URL of another origin.
        """
        return await self.request("GET", url, accept=accept, params=params)

    async def request(
        self, method: str, url: str, *, accept: str = "application/json", params: Mapping[str, Any] | None = None
    ) -> Answer:
        """A request without a body.

        Raises: as `get` does.
        """
        target = self._target(url)
        if params:
            target = str(httpx.URL(target).copy_merge_params(params))
        headers = {"Accept": accept, **self._headers}
        start = monotonic()
        try:
            reply = await self._exchange.repeatable(method, target, headers=headers, seconds=self._seconds)
        except BridgeError as error:
            raise self._silence(method, target, error, start) from error
        return self._answer(method, reply, target)

    async def post(self, url: str, body: Any, *, prefer: str | None = None, accept: str = "*/*") -> Answer:
        """POST of a JSON document.

        Raises: as `get` does.
        """
        target = self._target(url)
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Accept": accept, **self._headers}
        if prefer is not None:
            headers["Prefer"] = prefer
        sent = plain(content.decode(), length=_EXCERPT_LENGTH)
        start = monotonic()
        try:
            reply = await self._exchange.once(target, headers=headers, content=content, seconds=self._seconds)
        except BridgeError as error:
            raise self._silence("POST", target, error, start, sent) from error
        return self._answer("POST", reply, target, sent)

    def _target(self, url: str) -> str:
        if "://" not in url and (not url or url.startswith("/")):
            return self.root + url
        target = self._by_its_name(url) if "://" in url else self.root + url
        # The user's headers may be credentials, and what another host answers says nothing about this server.
        if not same_origin(target, self.root):
            raise InapplicableError(f"the server leads to another host, which is not asked: {plain(url, length=120)}")
        return target

    def _by_its_name(self, url: str) -> str:
        """A URL of this machine under the name that the server was given by: localhost and 127.0.0.1 are one."""
        try:
            target, root = httpx.URL(url), httpx.URL(self.root)
        except httpx.InvalidURL:
            return url
        same = (target.scheme, target.port) == (root.scheme, root.port)
        here = is_loopback(target.host) and is_loopback(root.host)
        return str(target.copy_with(host=root.host)) if same and here else url

    def _answer(self, method: str, reply: Reply, url: str, sent: str = "") -> Answer:
        self.versions.add(reply.version)
        headers = {name: plain(reply.headers[name]) for name in _SHOWN_HEADERS if name in reply.headers}
        excerpt = plain(reply.body[: 4 * _EXCERPT_LENGTH].decode("utf-8", "replace"), length=_EXCERPT_LENGTH)
        evidence = Evidence(method, url, reply.status, headers, excerpt, sent)
        self.exchanges.append(evidence)
        return Answer(reply, evidence)

    def _silence(self, method: str, url: str, error: BridgeError, start: float, sent: str = "") -> UnansweredError:
        # Both the deadline of the exchange and that of a read may be what ended it: the time tells them from the rest.
        late = monotonic() - start >= self._seconds - _CLOCK_SECONDS
        if late:
            reason = f"no answer within {self._seconds:g} s (--timeout)"
        elif isinstance(error, OutcomeUnknownError):
            # Its words are advice to the caller of a tool.
            reason = "the connection broke before the answer came"
        else:
            reason = plain(error, length=300)
        evidence = Evidence(method, url, None, excerpt=reason, sent=sent)
        self.exchanges.append(evidence)
        return UnansweredError(f"{method} {path_of(url)} was not answered: {reason}", evidence, late=late)


@asynccontextmanager
async def open_recorder(
    url: str,
    *,
    headers: Mapping[str, str],
    seconds: float,
    transport: httpx.AsyncBaseTransport | None = None,
) -> "AsyncGenerator[Recorder]":
    """A recorder for the server at `url`, which must be reachable.

    Raises: NotAServerError.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise NotAServerError(f"{plain(url, length=120)} is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.host:
        raise NotAServerError(f"{plain(url, length=120)} is no URL of a server: write http://… or https://…")
    root = str(parts.copy_with(query=None, fragment=None))
    async with transport or open_http() as http:
        yield Recorder(http, root, headers=headers, seconds=seconds)


def path_of(url: str) -> str:
    """Path and query of a URL, for messages."""
    parts = httpx.URL(url)
    return plain(parts.raw_path.decode("ascii", "replace"), length=120)


def _words(body: bytes) -> str:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    members = as_object(document)
    told = (members.get(name) for name in ("detail", "description", "title", "message", "code"))
    return next((plain(text, length=160) for text in told if isinstance(text, str) and text), "")
