"""Who answers at a URL: its scheme, host and port. Pure."""

from functools import lru_cache
from typing import Final

import httpx

from mcp_server.ogc import documents

parsed: Final = lru_cache(maxsize=256)(httpx.URL)
"""A URL of its text: the same few are asked for again and again, and to take one apart is a tenth of an exchange."""


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs share scheme, host and port."""
    try:
        first, second = parsed(one), parsed(other)
    except (httpx.InvalidURL, ValueError):
        return False
    return (first.scheme, first.host, _port(first)) == (second.scheme, second.host, _port(second))


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as they may be told."""
    parts = httpx.URL(url)
    return documents.plain(str(parts.copy_with(userinfo=b"", raw_path=b"", fragment=None)), length=200)


def place_of(url: str) -> str:
    """Origin and path of a URL, as they may be told: a query or a user in it may be secret."""
    try:
        told = str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
    except (httpx.InvalidURL, ValueError):
        told = "what is no URL"
    return documents.plain(told, length=200)


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)
