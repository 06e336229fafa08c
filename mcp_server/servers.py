"""The settings of one remote server, and the forms in which servers are given. No I/O."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Self, cast
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS: Final = frozenset({
    "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "cookie", "expect",
    "host", "if-none-match", "prefer", "proxy-authorization", "range", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that the bridge or its HTTP client writes; another value would change what a request means."""
_TELLING: Final = 6
"""A shorter secret is not looked for in texts: it would be found where it is none."""


def _header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError("not the name of a header (RFC 9110, 5.1)")
    if name.lower() in _OWN_HEADERS:
        raise ValueError(f"the header {name} is written by the bridge itself")
    return name


def _header_value(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value().strip()
    if not value:
        raise ValueError("is empty")
    # What a header cannot hold would be told, with the secret, by whoever fails to send it.
    if not (value.isascii() and value.isprintable()):
        raise ValueError("holds characters other than printable ASCII")
    return SecretStr(value)


def _user_and_password(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value().strip()
    if ":" not in value or not value.isprintable():
        raise ValueError("write USER:PASSWORD, in printable characters")
    return SecretStr(value)


def _split_words(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[SecretStr, AfterValidator(_header_value)]
Words = Annotated[tuple[str, ...], BeforeValidator(_split_words)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def json_object(value: Any, form: str) -> Any:
    """What a variable holds as JSON; a value from elsewhere as it is.

    form: what it looks like, for whoever wrote something else.

    Raises: ValueError.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(f"write a JSON object, {form}") from None


class ServerSettings(BaseModel):
    """One remote OGC API – Processes server: where it is, how it is asked, and what is taken from it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    url: str
    """Root of its API: the landing page. A user and password in it are taken as `basic`."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Headers of each request, treated as secrets; in the environment a JSON object."""
    bearer: HeaderValue | None = None
    """Bearer token (RFC 6750)."""
    basic: Annotated[SecretStr, AfterValidator(_user_and_password)] | None = None
    """`USER:PASSWORD` (RFC 7617)."""
    api_key: HeaderValue | None = None
    """A key that is sent in a header of its own."""
    api_key_header: HeaderName = "X-API-Key"
    """The header of the key."""
    ca_file: Path | None = None
    """PEM file of the certificate authorities that this server is trusted by, in place of the public ones."""
    include: Words = ("*",)
    """Patterns (`*`, `?`, `[…]`) of ids of processes: those that match one are taken."""
    exclude: Words = ()
    """Patterns of ids of processes that are left out all the same."""
    dialect: str | None = None
    """How this server differs from the standard; recognised where it is not told."""
    wait_seconds: Seconds | None = None
    """How long a tool call waits for its job before it answers with a handle."""
    sync_seconds: Seconds | None = None
    """Longest time of an execution that this server does not make a job of."""
    read_seconds: Seconds | None = None
    """Longest time of any other request, its repetitions included."""
    max_reply_bytes: Annotated[int, Field(ge=1024)] | None = None
    """Largest reply read from it, in bytes, after decoding."""
    public: bool = False
    """Other servers can reach it: its results are passed to them by reference."""

    @model_validator(mode="before")
    @classmethod
    def _take_user_info(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        members = cast("dict[str, Any]", given)
        parts = _split(members.get("url"))
        if parts is None or "@" not in parts.netloc:
            return members
        if members.get("basic") is not None:
            raise ValueError("both basic and a user in the URL are given: keep one")
        user, _, host = parts.netloc.rpartition("@")
        name, _, password = user.partition(":")
        basic = SecretStr(f"{unquote(name)}:{unquote(password)}")
        return {**members, "url": parts._replace(netloc=host).geturl(), "basic": basic}

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an http or https URL")
        if parts.query or parts.fragment:
            raise ValueError("a URL with a query or fragment cannot be the root of an API; send keys as headers")
        return url.rstrip("/")

    @field_validator("headers", mode="before")
    @classmethod
    def _read_headers(cls, value: Any) -> Any:
        return json_object(value, '{"NAME": "VALUE"}')

    @model_validator(mode="after")
    def _check_one_of_each(self) -> Self:
        if self.bearer and self.basic:
            raise ValueError("both bearer and basic are given: a request carries one")
        names = [name.lower() for name in self.headers]
        names += ["authorization"] if self.bearer or self.basic else []
        names += [self.api_key_header.lower()] if self.api_key else []
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the header {twice[0]!r} is given twice (headers, bearer, basic and api_key set headers)")
        return self

    @property
    def credentials(self) -> tuple[str, ...]:
        """Which settings carry credentials; their names alone."""
        given = {"bearer": self.bearer, "basic": self.basic, "api_key": self.api_key, "headers": self.headers}
        return tuple(name for name, value in given.items() if value)

    @property
    def exposed(self) -> bool:
        """Whether credentials would travel unencrypted to another machine."""
        parts = urlsplit(self.url)
        return bool(self.credentials) and parts.scheme == "http" and not is_loopback(parts.hostname or "")

    def request_headers(self) -> dict[str, str]:
        """The credentials as headers, in the clear: for whoever builds a request to this server's origin, alone."""
        sent = {name: value.get_secret_value() for name, value in self.headers.items()}
        if self.api_key:
            sent[self.api_key_header] = self.api_key.get_secret_value()
        if self.bearer:
            sent["Authorization"] = f"Bearer {self.bearer.get_secret_value()}"
        if self.basic:
            sent["Authorization"] = f"Basic {b64encode(self.basic.get_secret_value().encode()).decode()}"
        return sent

    def without_secrets(self, text: bytes) -> bytes:
        """A text of the server, with our credentials, should it repeat them, made unreadable."""
        secrets = {part for value in self.request_headers().values() for part in (value, value.rpartition(" ")[2])}
        if self.basic:
            whole = self.basic.get_secret_value()
            secrets |= {whole, whole.partition(":")[2]}
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _TELLING:
                text = text.replace(secret.encode(), b"***")
        return text


def server_tables(given: object) -> dict[str, Any]:
    """Servers by name, from `NAME=URL` words, a list of them, or a mapping to URLs or to tables of settings.

    Raises: ValueError for a word that is no such pair, or a name that is given twice.
    """
    if isinstance(given, str):
        given = given.split()
    if isinstance(given, list | tuple):
        pairs = [_pair(str(word)) for word in cast("Iterable[object]", given)]
        names = [name for name, _ in pairs]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"server {twice[0]!r} is given twice")
        given = dict(pairs)
    if not isinstance(given, Mapping):
        raise ValueError("write NAME=URL, or a table for each server")
    servers = cast("Mapping[str, Any]", given)
    return {name: {"url": server} if isinstance(server, str) else server for name, server in servers.items()}


def laid_over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of one server from two sources; those for one URL, its credentials above all, serve no other.

    upper: goes before `lower`, whose settings fill in unless the two name different URLs.
    """
    urls = {str(table["url"]).rstrip("/") for table in (upper, lower) if "url" in table}
    return dict(upper) if len(urls) > 1 else {**lower, **upper}


def _pair(word: str) -> tuple[str, str]:
    name, found, url = word.partition("=")
    if not found:
        # A URL alone may hold a password.
        shown = f"{word!r}: " if _TOKEN.fullmatch(word) else ""
        raise ValueError(f"{shown}write NAME=URL")
    return name, url


def _split(url: object) -> SplitResult | None:
    """The parts of a URL that can be asked; None for anything else."""
    if not isinstance(url, str) or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, by its name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
