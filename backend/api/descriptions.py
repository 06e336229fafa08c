"""Process descriptions (OGC 18-062r2, 7.9 and 7.10) from the metadata of processors. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from backend.api.documents import REL, link, page_link
from backend.api.languages import text_of

type Document = dict[str, Any]

_TRANSLATED = ("title", "description", "keywords")
IDEMPOTENT: Mapping[str, str] = {
    "title": "May be run again with the same outcome, and changes nothing else",
    "role": "urn:ogc-processes-mcp:role:idempotent",
}
DEMONSTRATION: Mapping[str, str] = {"title": "A demonstration", "role": "urn:ogc-processes-mcp:role:demonstration"}


def describe(
    process_id: str, metadata: Mapping[str, Any], base_url: str, roles: Sequence[Mapping[str, str]] = ()
) -> Document:
    """The description of a process: its metadata as they are, in one language, with this server's id and links.

    What stands within an input or output is shared with the metadata, not copied: it is to be read alone. `roles` are
    entries of the OGC member `metadata`, for what the standard has no member of its own.
    """
    description = _in_one_language(metadata)
    for group in ("inputs", "outputs"):
        if isinstance(parts := description.get(group), dict):
            named = cast("dict[str, Any]", parts)
            description[group] = {
                name: _in_one_language(cast("Document", part)) if isinstance(part, dict) else part
                for name, part in named.items()
            }
    description["id"] = process_id
    description["version"] = str(description.get("version", "0.0.0"))
    description.setdefault("jobControlOptions", ["sync-execute", "async-execute", "dismiss"])
    description.setdefault("outputTransmission", ["value", "reference"])
    if roles:
        told = description.get("metadata")
        description["metadata"] = [*(told if isinstance(told, list) else ()), *roles]  # pyright: ignore[reportUnknownArgumentType]
    own = description.get("links")
    description["links"] = [*(own if isinstance(own, list) else ()), *_links(process_id, base_url)]  # pyright: ignore[reportUnknownArgumentType]
    return description


def summarise_description(description: Mapping[str, Any]) -> Document:
    """What the list of processes tells of one."""
    return {name: value for name, value in description.items() if name not in ("inputs", "outputs", "example")}


def _in_one_language(part: Mapping[str, Any]) -> Document:
    return {**part, **{name: text_of(part[name]) for name in _TRANSLATED if name in part}}


def _links(process_id: str, base_url: str) -> list[Document]:
    url = f"{base_url}/processes/{quote(process_id, safe='')}"
    return [
        link("self", url, "This process"),
        page_link(url),
        link(REL + "execute", f"{url}/execution", "Execute it"),
        link(REL + "job-list", f"{base_url}/jobs", "Jobs"),
        link("up", f"{base_url}/processes", "All processes"),
    ]
