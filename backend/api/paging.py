"""Pages of a result that is a feature collection or an array, cut out of its JSON: it may be larger than memory."""

import json
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path

from backend.api.encoding import encode
from backend.api.json_parts import Span, Text, beginning, end_of, through_array, through_object

_FEATURES, _MATCHED, _RETURNED = "features", "numberMatched", "numberReturned"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a result, itself of the result's kind."""

    body: bytes
    """JSON, of which each item is as the process wrote it."""
    array_length: int | None
    """Items of the whole array; None for a feature collection, which says so itself."""


def read_page(stored: bytes | Path, offset: int, limit: int | None) -> Page | None:
    """Features or items `offset` to `offset + limit`; None for a result that is no sequence of either."""
    try:
        if isinstance(stored, bytes):
            return _page(stored, offset, limit)
        with stored.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as text:
            return _page(text, offset, limit)
    except (ValueError, RecursionError):
        # A process that returns bytes may call them JSON when they are not.
        return None


def _page(text: Text, offset: int, limit: int | None) -> Page:
    """The page.

    Raises:
        ValueError: The text is no such sequence.
    """
    start = beginning(text)
    cut = _Cut(text, offset, limit)
    if text[start : start + 1] == b"[":
        end = cut.read(start)
        page = Page(cut.body(), cut.count)
    else:
        collection = _Collection(text, cut)
        end = through_object(text, start, collection.member)
        page = Page(collection.body(), None)
    if beginning(text, end) != len(text):
        raise ValueError(end)
    return page


@dataclass(slots=True)
class _Cut:
    """Some items of an array."""

    text: Text
    offset: int
    limit: int | None
    count: int = 0
    """Of all items."""
    items: list[Span] = field(default_factory=list[Span])

    def read(self, start: int) -> int:
        """Find them in the array that begins there; tells where it ends."""
        self.count = 0
        self.items.clear()
        return through_array(self.text, start, self._item)

    def _item(self, item: Span) -> None:
        if self.offset <= self.count and (self.limit is None or self.count < self.offset + self.limit):
            self.items.append(item)
        self.count += 1

    def body(self) -> bytes:
        return b"[" + b",".join(_read(self.text, item) for item in self.items) + b"]"


@dataclass(slots=True)
class _Collection:
    """A feature collection of which some features are wanted."""

    text: Text
    cut: _Cut
    members: dict[str, Span] = field(default_factory=dict[str, Span])

    def member(self, name: Span, start: int) -> int:
        """Note a member; tells where its value ends."""
        key = json.loads(_read(self.text, name))
        if not isinstance(key, str):
            raise ValueError(key)
        array = key == _FEATURES and self.text[start : start + 1] == b"["
        end = self.cut.read(start) if array else end_of(self.text, start)
        if key == "type" and json.loads(self.text[start:end]) != "FeatureCollection":
            raise ValueError(key)  # all that follows would be read in vain
        self.members[key] = start, end
        return end

    def body(self) -> bytes:
        features = self.members.get(_FEATURES)
        if features is None or "type" not in self.members or self.text[features[0] : features[0] + 1] != b"[":
            raise ValueError(_FEATURES)
        own = {_MATCHED: self.cut.count, _RETURNED: len(self.cut.items)}
        every = dict.fromkeys(self.members, b"") | {name: encode(number) for name, number in own.items()}
        every[_FEATURES] = self.cut.body()
        told = (encode(name) + b":" + (value or _read(self.text, self.members[name])) for name, value in every.items())
        return b"{" + b",".join(told) + b"}"


def _read(text: Text, part: Span) -> bytes:
    """The part, once it is known to be JSON.

    Raises:
        ValueError: It is none.
    """
    data = text[part[0] : part[1]]
    json.loads(data)
    return data
