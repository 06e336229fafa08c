"""Where a link of a page may lead. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

_SCHEMES = frozenset({"", "http", "https", "mailto"})

_SHOWN = ("href", "title", "type")
"""Members of a link that are on the page."""

type Document = Mapping[str, Any]


def safe_href(href: Any) -> str | None:
    """The reference where a browser may follow it: None for any scheme that is no plain web link or mail address."""
    if not isinstance(href, str) or any(character <= " " or character == "\x7f" for character in href):
        return None
    try:
        scheme = urlsplit(href).scheme.lower()
    except ValueError:
        return None
    return href if href and scheme in _SCHEMES else None


def local_href(href: Any, base_url: str) -> str | None:
    """The reference as it is written on a page: without scheme and host where it leads to this server.

    A browser may have reached the server by another name than its public one (`127.0.0.1`, `localhost`); links that
    name no host keep it where it is, and let scripts of the page read what they lead to.
    """
    safe = safe_href(href)
    if safe is None or not _within(safe, base_url):
        return safe
    return base_path(base_url) + (safe[len(base_url) :] or "/")


def base_path(base_url: str) -> str:
    """The path under which the server stands; empty at the root."""
    return urlsplit(base_url).path.rstrip("/")


def _within(href: str, base_url: str) -> bool:
    return href.startswith(base_url) and href[len(base_url) : len(base_url) + 1] in ("", "/", "?", "#")


def links_of(document: Document) -> Iterator[Document]:
    """The links of a document, without what is none."""
    links = document.get("links")
    for link in cast("list[Any]", links) if isinstance(links, list) else ():
        if isinstance(link, Mapping):
            yield cast("Document", link)


def page_links(document: Document) -> list[Document]:
    """The links that a browser can follow, each once whatever relations it has.

    Where a process is executed takes POST, and has the page's form.
    """
    shown: dict[tuple[str, ...], Document] = {}
    for link in links_of(document):
        if str(link.get("rel")).rsplit("/", 1)[-1] != "execute":
            shown.setdefault(tuple(repr(link.get(member)) for member in _SHOWN), link)
    return list(shown.values())


def link_to(document: Document, rel: str) -> Any:
    """The reference of the document's first link of this relation; also by the last part of its URI."""
    for link in links_of(document):
        if str(link.get("rel")).rsplit("/", 1)[-1] == rel:
            return link.get("href")
    return None


def json_href(document: Document, base_url: str, query: Iterable[tuple[str, str]] = ()) -> str:
    """Where the JSON form of a page stands whose own URL has this query."""
    own = f"?{urlencode([*((name, value) for name, value in query if name != 'f'), ('f', 'json')])}"
    for link in links_of(document):
        if link.get("rel") == "alternate" and link.get("type") == "application/json":
            return local_href(link.get("href"), base_url) or own
    return own
