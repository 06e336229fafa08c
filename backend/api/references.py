"""References to this server's own results and datasets among the inputs of a request. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from backend.jobs.references import Reference, href_of, parse_reference

type Path = tuple[str | int, ...]
"""Where something stands within a JSON value: member names and indices."""


@dataclass(frozen=True, slots=True)
class PlacedReference:
    """An input, or a part of one, that stands in this server's result store or data folders."""

    path: Path
    """Below the request's `inputs`."""
    target: Reference


def find_own(value: Any, base_url: str, path: Path) -> Iterator[PlacedReference]:
    """Every reference to an own result or dataset within `value`, which stands at `path`."""
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


def with_parts(value: Any, path: Path, parts: Mapping[Path, Any]) -> Any:
    """`value`, which stands at `path`, with these parts in the place of what stands there."""
    above = frozenset(place[:length] for place in parts for length in range(len(place)))

    def fill(part: Any, at: Path) -> Any:
        if at in parts:
            return parts[at]
        if at not in above:
            return part
        if isinstance(part, list):
            return [fill(item, (*at, index)) for index, item in enumerate(cast("list[Any]", part))]
        return {name: fill(member, (*at, name)) for name, member in cast("dict[str, Any]", part).items()}

    return fill(value, path)


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
