"""Who answers at a URL: its scheme, host and port. Pure."""

import httpx

from mcp_server.ogc import documents


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs share scheme, host and port."""
    try:
        first, second = httpx.URL(one), httpx.URL(other)
    except httpx.InvalidURL:
        return False
    return (first.scheme, first.host, _port(first)) == (second.scheme, second.host, _port(second))


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as they may be told."""
    parts = httpx.URL(url)
    return documents.plain(str(parts.copy_with(userinfo=b"", raw_path=b"", fragment=None)), length=200)


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)
