"""Pages of a result that is a feature collection or an array. Pure."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from backend.api.encoding import encode
from backend.jobs.contents import stored_bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a result, itself of the result's kind."""

    body: bytes
    """JSON."""
    array_length: int | None
    """Items of the whole array; None for a feature collection, which says so itself."""


def read_page(stored: bytes | Path, offset: int, limit: int | None) -> Page | None:
    """Features or items `offset` to `offset + limit`; None for a result that is no sequence of either."""
    data = stored_bytes(stored)
    try:
        value: Any = json.loads(data)
    except ValueError:
        # A process that returns bytes may call them JSON when they are not.
        return None
    end = None if limit is None else offset + limit
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return Page(encode(items[offset:end]), len(items))
    if isinstance(value, dict) and value.get("type") == "FeatureCollection" and isinstance(value.get("features"), list):  # pyright: ignore[reportUnknownMemberType]
        collection = cast("dict[str, Any]", value)
        features: list[Any] = collection["features"]
        page = features[offset:end]
        numbers = {"numberMatched": len(features), "numberReturned": len(page)}
        return Page(encode({**collection, **numbers, "features": page}), None)
    return None
