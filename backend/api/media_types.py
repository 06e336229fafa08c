"""Media types that a client accepts (RFC 9110, 12.5.1). Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_QUALITY = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)\s*", re.IGNORECASE)
_NOTHING = 0.0


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One element of an `Accept` header; `*` for any type or subtype."""

    type: str
    subtype: str
    quality: float

    @property
    def specificity(self) -> int:
        """How closely the range names what it takes: 0 for anything, 2 for one media type."""
        return (self.type != "*") + (self.subtype != "*")

    def takes(self, media_type: str) -> bool:
        """Whether a media type without parameters is in the range."""
        kind, _, subtype = media_type.partition("/")
        return self.type in ("*", kind) and self.subtype in ("*", subtype)


def parse_accept(headers: Iterable[str]) -> tuple[MediaRange, ...]:
    """The ranges of all `Accept` headers. Parameters other than `q` are left aside, and so is what is no range."""
    return tuple(_ranges(headers))


def choose(ranges: Iterable[MediaRange], offered: Iterable[str]) -> str | None:
    """What the client likes best of `offered`, which is in our own order of preference; None where it takes none.

    Of equally liked ones the client gets the one that it named more closely, and of these our first.
    """
    known = tuple(ranges)
    best, liking = None, (_NOTHING, -1)
    for media_type in offered:
        matching = [one for one in known if one.takes(media_type)]
        if not matching:
            continue
        closest = max(matching, key=lambda one: one.specificity)
        if closest.quality > _NOTHING and (closest.quality, closest.specificity) > liking:
            best, liking = media_type, (closest.quality, closest.specificity)
    return best


def _ranges(headers: Iterable[str]) -> Iterator[MediaRange]:
    for element in ",".join(headers).split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        kind, _, subtype = name.lower().partition("/")
        if kind and subtype:
            yield MediaRange(kind, subtype, _quality(parameters))


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        match = _QUALITY.fullmatch(parameter)
        if match:
            return min(float(match[1]), 1)
    return 1
