"""Records of what is known of a process for finding it. No I/O."""

from dataclasses import dataclass
from enum import StrEnum


class DataKind(StrEnum):
    """What an input or output holds, as a person would say it."""

    VECTOR = "vector"
    """Features with properties."""
    RASTER = "raster"
    TABLE = "table"
    GEOMETRY = "geometry"
    """A shape without properties."""
    NUMBER = "number"
    TEXT = "text"
    IMAGE = "image"
    """A picture to look at."""
    DOCUMENT = "document"
    """Structured data of any other kind."""
    ANY = "any"
    """The description does not tell."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a process, each text visible and brief."""

    title: str
    description: str
    keywords: tuple[str, ...]
    input_names: tuple[str, ...]
    """Empty where only the server's list has been read."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a description tells of a process's data."""

    inputs: int
    required: int
    takes: frozenset[DataKind]
    gives: frozenset[DataKind]
    geometries: frozenset[str]
    """GeoJSON names of the geometry types it takes; empty where any, or none, is taken."""


@dataclass(frozen=True, slots=True)
class Card:
    """A process on offer, as it is found."""

    name: str
    """By which it is called: unique among all servers."""
    server: str
    process_id: str
    words: Words
    facts: Facts | None
    """None while its description has not been read."""
