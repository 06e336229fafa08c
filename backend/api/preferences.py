"""What a client prefers: the `Prefer` header (RFC 7240). Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

# All of these are linear for any input: no two parts of a pattern take the same characters, or the first keeps them.
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_CLOSED = re.compile(rf'(?:[^"]++|{_STRING})*+', re.DOTALL)
_ELEMENT = re.compile(rf'(?:[^",]++|{_STRING})++', re.DOTALL)
_PREFERENCE = re.compile(
    rf"""
    (?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]++) \s*+
    (?: = \s*+ (?P<value> {_STRING} | [^\s,;"]*+ ) \s*+ )?
    (?: ; .*+ )?
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences this server knows; all others are ignored, as the RFC asks."""

    respond_async: bool = False
    """`respond-async`: answer with a job."""
    wait: int | None = None
    """`wait`: seconds the client is willing to wait."""
    minimal: bool = False
    """`return=minimal`: links and summaries in place of values."""

    def patience(self, longest: float) -> int | None:
        """Whole seconds that a server will wait which never waits longer than `longest`; None for no preference."""
        return None if self.wait is None else min(self.wait, int(longest))


def parse_preferences(headers: Iterable[str]) -> Preferences:
    """The preferences of all `Prefer` headers of a request; of a repeated one the first counts (RFC 7240, 2)."""
    return _parsed(tuple(headers))


@lru_cache(maxsize=64)  # a client prefers the same again and again
def _parsed(headers: tuple[str, ...]) -> Preferences:
    found: dict[str, str] = {}
    for element in chain.from_iterable(map(_elements, headers)):
        match = _PREFERENCE.fullmatch(element.strip())
        if match is not None:
            found.setdefault(match["name"].lower(), _text(match["value"] or ""))
    wait = found.get("wait", "")
    return Preferences(
        respond_async="respond-async" in found,
        wait=int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 10 else None,
        minimal=found.get("return", "").lower() == "minimal",
    )


def _elements(header: str) -> Iterator[str]:
    """What stands between commas outside strings. A string that never ends spoils its own element alone."""
    closed = _CLOSED.match(header)
    end = closed.end() if closed else 0
    elements = _ELEMENT.findall(header[:end])
    if end == len(header):
        yield from elements
        return
    spoilt_too = bool(elements) and not header[:end].rstrip().endswith(",")
    yield from elements[:-1] if spoilt_too else elements
    yield from header[end:].split(",")[1:]


def _text(value: str) -> str:
    return _ESCAPE.sub(r"\1", value[1:-1]) if value.startswith('"') else value
