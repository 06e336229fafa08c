"""What a client prefers: the `Prefer` header (RFC 7240). Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PREFERENCE = re.compile(
    r"""
    [\s,]*
    (?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)
    (?: \s*=\s* (?: "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<token>[^\s,;"]*) ) )?
    (?P<parameters> (?: \s*;\s* (?: [^\s,;="]+ (?: \s*=\s* (?: "(?:[^"\\]|\\.)*" | [^\s,;"]* ) )? )? )* )
    \s* (?= , | $ )
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences this server knows; all others are ignored, as the RFC asks."""

    respond_async: bool = False
    """`respond-async`: answer with a job."""
    wait: float | None = None
    """`wait`: seconds the client is willing to wait."""
    minimal: bool = False
    """`return=minimal`: links and summaries in place of values."""


def parse_preferences(headers: Iterable[str]) -> Preferences:
    """The preferences of all `Prefer` headers of a request; of a repeated one the first counts (RFC 7240, 2)."""
    found: dict[str, str] = {}
    for header in headers:
        for name, value in _split(header):
            found.setdefault(name.lower(), value)
    wait = found.get("wait", "")
    return Preferences(
        respond_async="respond-async" in found,
        wait=float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 10 else None,
        minimal=found.get("return", "").lower() == "minimal",
    )


def _split(header: str) -> Iterable[tuple[str, str]]:
    position = 0
    while position < len(header):
        match = _PREFERENCE.match(header, position)
        if match is None:
            # Nothing readable up to the next comma: what follows may still be.
            comma = header.find(",", position)
            if comma < 0:
                return
            position = comma + 1
            continue
        quoted = match["quoted"]
        yield match["name"], _ESCAPE.sub(r"\1", quoted) if quoted is not None else match["token"] or ""
        position = match.end()
