"""Where a callback may go: the URI that a subscriber names, and the origins that the operator permits. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Self
from urllib.parse import urlsplit

from backend.jobs.callbacks.addresses import is_public, literal

MOST_CHARACTERS = 2048
"""Of a URI."""

_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
# RFC 3986 knows no other characters. What is none of them, a line break say, could become a header of its own.
_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
# A resolver takes these for numbers of an IPv4 address, in any base and with any number of parts.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ANY, _ANY_PORT = "*", ":*"


@dataclass(frozen=True, slots=True)
class Destination:
    """An HTTP URL, taken apart."""

    scheme: str
    """`http` or `https`."""
    host: str
    """In lower case; an IPv6 address without its brackets."""
    port: int
    target: str
    """Path and query: what a request line holds."""

    @classmethod
    def parse(cls, uri: str) -> Self:
        """The destination that `uri` names.

        Raises:
            ValueError: it names none that a callback could go to; the message says why.
        """
        if len(uri) > MOST_CHARACTERS or not _CHARACTERS.fullmatch(uri):
            raise ValueError(f"must be a URL of at most {MOST_CHARACTERS} of the characters that RFC 3986 allows")
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            raise ValueError("is no URL") from None
        if parts.scheme not in _PORTS:
            raise ValueError("must be an `http` or `https` URL")
        if "@" in parts.netloc:
            raise ValueError("must not hold a user name or a password")
        if port == 0:
            raise ValueError("names no port")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, _host(parts.hostname or ""), port or _PORTS[parts.scheme], target)

    @property
    def authority(self) -> str:
        """Host and port as the header `Host` has them."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def origin(self) -> str:
        """`https://hooks.example.org:8443`; without the port that the scheme has anyway."""
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins that callbacks may go to. False where there are none."""

    listed: frozenset[str] = frozenset()
    """As `Destination.origin`."""
    any_port: frozenset[tuple[str, str]] = frozenset()
    """Scheme and host."""
    everywhere: bool = False
    """All others too, at public addresses."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """What an operator lists: origins, `*` in place of a port for any port, and `*` for every public host.

        Raises:
            ValueError: one of the texts is no origin.
        """
        listed: set[str] = set()
        any_port: set[tuple[str, str]] = set()
        everywhere = False
        for text in texts:
            if text == _ANY:
                everywhere = True
            elif text.endswith(_ANY_PORT):
                one = _listed(text, text.removesuffix(_ANY_PORT))
                any_port.add((one.scheme, one.host))
            else:
                listed.add(_listed(text, text).origin)
        return cls(frozenset(listed), frozenset(any_port), everywhere)

    def __bool__(self) -> bool:
        return bool(self.listed or self.any_port or self.everywhere)

    def name(self, destination: Destination) -> bool:
        """Whether the operator listed this very origin: then its address is the operator's own choice."""
        return destination.origin in self.listed or (destination.scheme, destination.host) in self.any_port

    def permit(self, destination: Destination) -> bool:
        """Whether callbacks may go there, as far as that can be told before the host's name is resolved."""
        if self.name(destination):
            return True
        address = literal(destination.host)
        return self.everywhere and (address is None or is_public(address))


def _listed(text: str, origin: str) -> Destination:
    try:
        destination = Destination.parse(origin)
    except ValueError as error:
        raise ValueError(f"`{text}` is no origin: it {error}") from None
    if destination.target != "/":
        raise ValueError(f"`{text}` is no origin: it has a path or a query")
    return destination


def _host(text: str) -> str:
    """A name, or an address in its usual form.

    Raises:
        ValueError: it is neither.
    """
    try:
        if ":" in text and "%" not in text:  # no zone: it says nothing outside of its own machine
            return IPv6Address(text).compressed
        if _NUMBER.fullmatch(text.rpartition(".")[2]):
            return str(IPv4Address(text))
    except AddressValueError:
        raise ValueError("must name its host by a name, or by an address in its usual form") from None
    if not _NAME.fullmatch(text):
        raise ValueError("must name its host by a name, or by an address in its usual form")
    return text
