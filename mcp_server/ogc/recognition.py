"""Which dialect a server speaks, from what it says of itself. Pure.

Nothing is concluded from a URL alone: proxies rename, and anybody may call a path what he likes. A server that is taken
for another is still sent what the standard allows.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from mcp_server.ogc.dialects import EOZILLA, GEOSERVER, MINIMAL_RESULTS, OWN, PYGEOAPI, UNKNOWN, WEAVER, ZOO

_KVP_EXECUTE = "/conf/kvp-execute"
_WEAVER_MODES = frozenset({"default", "ades", "ems", "hybrid"})


def recognise(landing: object, headers: Mapping[str, str], conforms_to: Collection[str]) -> str:
    """Key of the dialect a server speaks, into `mcp_server.ogc.dialects.DIALECTS`.

    landing: its landing page; anything but an object tells nothing.
    headers: of the landing page, or of the conformance declaration where the former has none; names in lower case.
    conforms_to: conformance class URIs.
    """
    page: Mapping[str, Any] = cast("dict[str, Any]", landing) if isinstance(landing, dict) else {}
    powered_by = headers.get("x-powered-by", "").strip().lower()
    if MINIMAL_RESULTS in conforms_to:
        return OWN
    if powered_by.startswith("pygeoapi"):
        return PYGEOAPI
    if "zoo-project" in powered_by or "zoo-project" in _words(page):
        return ZOO
    if _is_weaver(page):
        return WEAVER
    if _is_geoserver(page, conforms_to):
        return GEOSERVER
    return EOZILLA if _is_eozilla(page) else UNKNOWN


def _words(page: Mapping[str, Any]) -> str:
    return " ".join(str(page.get(name, "")) for name in ("title", "description")).lower()


def _is_weaver(page: Mapping[str, Any]) -> bool:
    """Its landing page has a greeting, the mode it runs in, and the parts of it that are switched on."""
    greets = str(page.get("message", "")).lower().startswith("weaver")
    return greets or (str(page.get("configuration")).lower() in _WEAVER_MODES and "parameters" in page)


def _is_geoserver(page: Mapping[str, Any], conforms_to: Collection[str]) -> bool:
    """One of few servers with executions by GET; all of its services stand below one path, which its links tell."""
    return any(uri.endswith(_KVP_EXECUTE) for uri in conforms_to) and any(
        "/ogc/processes/" in str(link.get("href")) for link in _links(page)
    )


def _is_eozilla(page: Mapping[str, Any]) -> bool:
    """Its links are titled by the names of the functions that serve them."""
    titles = {str(link.get("title")) for link in _links(page)}
    return {"get_capabilities", "execute_process"} <= titles


def _links(page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    links: Any = page.get("links")
    for entry in cast("list[object]", links) if isinstance(links, list) else []:
        if isinstance(entry, dict):
            yield cast("Mapping[str, Any]", entry)
