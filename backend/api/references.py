"""References to this server's own results among the inputs of a request. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from backend.jobs.references import OwnReference, href_of, parse_reference

type Path = tuple[str | int, ...]
"""Where something stands within a JSON value: member names and indices."""


@dataclass(frozen=True, slots=True)
class PlacedReference:
    """An input, or a part of one, that stands in this server's result store."""

    path: Path
    """Below the request's `inputs`."""
    result: OwnReference


def find_own(value: Any, base_url: str, path: Path) -> Iterator[PlacedReference]:
    """Every reference to an own result within `value`, which stands at `path`."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        href = href_of(members)
        own = parse_reference(href, base_url) if href is not None else None
        if own is not None:
            yield PlacedReference(path, own)
            return
        for name, part in members.items():
            if isinstance(part, dict | list):
                yield from find_own(part, base_url, (*path, name))
    elif isinstance(value, list):
        for index, part in enumerate(cast("list[Any]", value)):
            if isinstance(part, dict | list):
                yield from find_own(part, base_url, (*path, index))


def find_foreign(value: Any, base_url: str, path: Path) -> Iterator[tuple[Path, str]]:
    """Links to elsewhere that stand in place of a value: as the input itself or as an item of its array.

    A link deeper within an object, as GeoJSON and STAC carry them, is data: nobody follows it.
    """
    parts: list[tuple[Path, Any]] = [(path, value)]
    if isinstance(value, list):
        items = enumerate(cast("list[Any]", value))
        parts += [((*path, index), part) for index, part in items if isinstance(part, dict)]
    for position, part in parts:
        href = href_of(part)
        if href is not None and parse_reference(href, base_url) is None:
            yield position, href
