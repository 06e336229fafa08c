"""HTML pages of the API's JSON documents, in the look of pygeoapi's own pages."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from backend.html.assets import Assets
from backend.html.fields import form_fields, output_rows
from backend.html.json_text import pretty
from backend.html.links import base_path, json_href, link_to, local_href, page_links
from backend.html.operations import operations_by_tag

POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'"
"""Content security policy of the pages: nothing of another origin, nothing inline."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Headers that every page is to be sent with."""

type Document = Mapping[str, Any]


class HtmlRenderer:
    """Renders documents of one server.

    `title` is the server's name, `base_url` the root of its links. Nothing is read before the first page is asked for:
    a server that only programs talk to does without.
    """

    def __init__(self, title: str, base_url: str) -> None:
        self._title = title
        self._base_url = base_url.rstrip("/")

    def render(
        self,
        template: str,
        document: Document,
        query: Iterable[tuple[str, str]] = (),
        *,
        json_type: str = "application/json",
    ) -> str:
        """The page of a document; `template` is one of `TEMPLATES`, `query` that of the page's own URL.

        json_type: media type of the same document as JSON.

        Raises:
            KeyError: There is no such template.
        """
        view = _VIEWS[template](document)
        return self._environment.get_template(f"{template}.html").render(
            document=document,
            links=page_links(document),
            json_href=json_href(document, self._base_url, query),
            json_type=json_type,
            **view,
        )

    @cached_property
    def assets(self) -> Assets:
        """What the pages load from `/static`."""
        return Assets.load()

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=PackageLoader("backend.html"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.filters |= {
            "local": partial(local_href, base_url=self._base_url),
            "moment": moment,
            "pretty": pretty,
            "plain": plain,
            "prose": prose,
            "size": size_text,
        }
        path = base_path(self._base_url)
        # Jinja types its globals as its own only.
        cast("dict[str, Any]", environment.globals).update(
            site=self._title,
            base=path,
            base_url=self._base_url,
            static=f"{path}/static/{self.assets.version}",
            policy=POLICY,
            pygeoapi_version=version("pygeoapi"),
            link_to=link_to,
        )
        return environment


def _nothing_more(_document: Document) -> Document:
    return {}


def _process_view(document: Document) -> Document:
    modes = document.get("jobControlOptions")
    modes = cast("list[Any]", modes) if isinstance(modes, list) else ["sync-execute", "async-execute"]
    return {"fields": form_fields(document), "outputs": output_rows(document), "modes": modes}


def _results_view(document: Document) -> Document:
    return {"entries": [_entry(str(name), value) for name, value in document.items()]}


def _entry(name: str, value: Any) -> Document:
    if isinstance(value, Mapping) and "href" in value:
        return {"id": name, "link": cast("Document", value)}
    return {"id": name, "value": value}


def _openapi_view(document: Document) -> Document:
    return {"groups": operations_by_tag(document)}


_VIEWS: Mapping[str, Callable[[Document], Document]] = {
    "landing_page": _nothing_more,
    "conformance": _nothing_more,
    "processes": _nothing_more,
    "process": _process_view,
    "collections": _nothing_more,
    "collection": _nothing_more,
    "items": _nothing_more,
    "jobs": _nothing_more,
    "job": _nothing_more,
    "results": _results_view,
    "openapi": _openapi_view,
    "problem": _nothing_more,
}

TEMPLATES = tuple(_VIEWS)
"""Names of all pages."""


def plain(value: Any) -> str:
    """A text as it is, nothing for None, and anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def prose(value: Any) -> Markup:
    """A text in which what stands between backticks is code, as in CommonMark; nothing else of it is markup."""
    parts = plain(value).split("`")
    unpaired = len(parts) % 2 == 0
    if unpaired:
        parts[-2:] = ["`".join(parts[-2:])]
    return Markup().join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts)
    )


def moment(value: Any) -> str:
    """A time of RFC 3339 in UTC, to the second, as a person reads it; anything else as it is."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (TypeError, ValueError):
        return plain(value)


def size_text(count: Any) -> str:
    """A number of bytes in a unit that suits it."""
    if not isinstance(count, int):
        return plain(count)
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
