"""Parts of a large result that fit into one reply, and where the next part begins. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Literal, cast

from mcp_server.ogc.documents import compact, utf8_size
from mcp_server.ogc.models import OutputResult
from summaries import summarise

type Unit = Literal["features", "items", "characters"]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a value."""

    value: Any
    """A FeatureCollection, an array, a text; the whole value where it is small; a summary where `note` says so.

    The text of its JSON where it is a large value without parts."""
    unit: Unit | None
    """What `offset` counts; None for a value that has no parts."""
    offset: int
    """Of the first part in `value`."""
    returned: int
    total: int
    note: str | None = None

    @property
    def next_offset(self) -> int | None:
        """Where to read on; None at the end, and where there was nothing although there should be more."""
        following = self.offset + self.returned
        return following if self.returned and following < self.total else None


def page(output: OutputResult, text: str | None, *, offset: int, limit: int | None, max_bytes: int) -> Page:
    """What fits into `max_bytes` of compact JSON, from `offset` on and at most `limit` features, items or characters.

    `output.value` is the whole value, or already a page of it that begins at `offset` if `output.matched` is set;
    `text` is the value of an output that is text and not JSON. A value without parts has none that
    `limit` could count, and a note says so: it is whole where it fits, and else the text of its JSON in pieces.
    """
    value: Any = text if text is not None else output.value
    window = _Window(offset, limit, max_bytes, output.matched)
    if isinstance(value, str):
        return _characters(value, window)
    if isinstance(value, list):
        return _parts(cast("list[Any]", value), "items", window)
    features = _features(value)
    if features is not None:
        part = _parts(features, "features", window)
        # Without it coordinates in a plane would be taken for longitude and latitude.
        crs = {"crs": value["crs"]} if "crs" in value else {}
        return part if part.note else replace(part, value={"type": "FeatureCollection", **crs, "features": part.value})
    note = _NO_PARTS if limit is not None else None
    whole = compact(value)
    if not offset and utf8_size(whole) <= max_bytes:
        return Page(value, None, 0, 1, 1, note)
    return replace(_characters(whole, replace(window, limit=None)), note=note)


_NO_PARTS = "the value has neither features nor items: `limit` does not apply"


@dataclass(frozen=True, slots=True)
class _Window:
    offset: int
    limit: int | None
    max_bytes: int
    matched: int | None


def _features(value: object) -> list[Any] | None:
    if not isinstance(value, Mapping):
        return None
    members = cast("Mapping[str, Any]", value)
    features = members.get("features")
    return (
        cast("list[Any]", features)
        if members.get("type") == "FeatureCollection" and isinstance(features, list)
        else None
    )


def _parts(parts: Sequence[Any], unit: Unit, window: _Window) -> Page:
    total = len(parts) if window.matched is None else window.matched
    wanted = (parts if window.matched is not None else parts[window.offset :])[: window.limit]
    fitting = wanted[: _how_many_fit(wanted, window.max_bytes)]
    if fitting or not wanted:
        return Page(list(fitting), unit, window.offset, len(fitting), total)
    summary = summarise(wanted[0], "application/json")
    note = f"what is at offset {window.offset} is larger than a reply: this is its summary"
    return Page(summary, unit, window.offset, 1, total, note)


def _how_many_fit(parts: Sequence[Any], max_bytes: int) -> int:
    kept = 0
    for total in accumulate(utf8_size(compact(part)) + 1 for part in parts):
        if total > max_bytes:
            break
        kept += 1
    return kept


def _characters(text: str, window: _Window) -> Page:
    longest = min(window.limit or window.max_bytes, window.max_bytes)
    piece = text[window.offset : window.offset + longest]
    # Escapes and letters beyond ASCII take more than a byte: shorten until the JSON of the piece fits.
    while len(piece) > 1 and utf8_size(compact(piece)) > window.max_bytes:
        piece = piece[: len(piece) * 3 // 4]
    return Page(piece, "characters", window.offset, len(piece), len(text))
