"""Links of the server's documents. Pure."""

from collections.abc import Mapping
from typing import Any

from mcp_server.schema.plain import as_list, as_object

_RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0/"


def links_of(document: Any) -> list[dict[str, Any]]:
    """The links of a document that are objects with an `href`."""
    entries = map(as_object, as_list(as_object(document).get("links")))
    return [entry for entry in entries if isinstance(entry.get("href"), str)]


def related(document: Any, *relations: str) -> list[dict[str, Any]]:
    """The links of a document that have one of the relations."""
    return [link for link in links_of(document) if link.get("rel") in relations]


def ogc_relations(name: str) -> tuple[str, ...]:
    """Spellings of a relation that the OGC registered: its URI, over https too, and the CURIE of OGC API – Common."""
    uri = _RELATIONS + name
    return uri, uri.replace("http://", "https://"), f"[ogc-rel:{name}]"


def media_type(link: Mapping[str, Any]) -> str:
    """A link's media type without parameters, in lower case; empty where it names none."""
    return str(link.get("type") or "").partition(";")[0].strip().lower()
