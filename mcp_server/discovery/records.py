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
    BBOX = "bbox"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    TEXT = "text"
    IMAGE = "image"
    """A picture to look at."""
    DOCUMENT = "document"
    """Structured data of any other kind."""
    FILE = "file"
    """Bytes of a format of its own, or of one that the description does not tell."""
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


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. Of a process whose description has not been read no fact is known, and none excludes it."""

    words: str = ""
    takes: DataKind | None = None
    gives: DataKind | None = None
    geometry: str | None = None
    """GeoJSON name of a type that an input takes."""
    min_inputs: int | None = None
    max_inputs: int | None = None
    server: str | None = None
    limit: int = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """A process that was found."""

    card: Card
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives."""

    hits: tuple[Hit, ...]
    """The best ones first."""
    total: int
    """How many there are in all."""
