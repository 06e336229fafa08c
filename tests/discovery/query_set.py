"""The queries that finding a process is measured on, and the catalogue of processes that they search."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

type Json = dict[str, Any]

_HERE = Path(__file__).parent
_GEOMETRY_TYPES = ("Point", "LineString", "Polygon")
_BBOX: Json = {
    "type": "object",
    "format": "ogc-bbox",
    "required": ["bbox"],
    "properties": {
        "bbox": {
            "type": "array",
            "items": {"type": "number"},
            "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
        },
        "crs": {"type": "string", "format": "uri", "default": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
    },
}
_PLAIN_SCHEMAS: Mapping[str, Json] = {
    "raster": {
        "type": "string",
        "contentEncoding": "binary",
        "contentMediaType": "image/tiff; application=geotiff",
    },
    "image": {"type": "string", "contentEncoding": "binary", "contentMediaType": "image/png"},
    "file": {"type": "string", "contentEncoding": "binary", "contentMediaType": "application/octet-stream"},
    "table": {"type": "string", "contentMediaType": "text/csv"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "bbox": _BBOX,
    "any": {},
}
_KINDS = frozenset({"geometry", "vector", *_PLAIN_SCHEMAS})


@dataclass(frozen=True, slots=True)
class Kind:
    """What an input or output is; of which type its geometries are, where the author says so."""

    name: str
    geometry: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the catalogue in short form."""

    id: str
    title: str
    description: str
    keywords: tuple[str, ...]
    inputs: Mapping[str, Kind]
    outputs: Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a process besides words: kinds of an input and an output, geometries it takes, most inputs."""

    takes: str | None = None
    gives: str | None = None
    geometry: str | None = None
    max_inputs: int | None = None

    def hold(self, process: Process) -> bool:
        """Whether all of them are true of the process."""
        inputs = process.inputs.values()
        return (
            (self.takes is None or any(kind.name == self.takes for kind in inputs))
            and (self.gives is None or any(kind.name == self.gives for kind in process.outputs.values()))
            and (self.geometry is None or any(_accepts(kind, self.geometry) for kind in inputs))
            and (self.max_inputs is None or len(inputs) <= self.max_inputs)
        )


@dataclass(frozen=True, slots=True)
class Query:
    """A request in the words of who asks, and the ids of all processes that answer it."""

    text: str
    expected: tuple[str, ...]
    facts: Facts = field(default=Facts())
    held_out: bool = False
    """Not looked at while a ranker is tuned."""


@cache
def catalogue() -> tuple[Process, ...]:
    """All processes of `catalogue.yaml`.

    Raises:
        ValueError: a kind or a geometry type that does not exist.
    """
    return tuple(_process(entry) for entry in _read("catalogue.yaml"))


@cache
def queries() -> tuple[Query, ...]:
    """All queries of `queries.yaml`, in its order."""
    return tuple(_query(entry) for entry in _read("queries.yaml"))


def description(process: Process) -> Json:
    """The OGC API – Processes description of a process of the catalogue, with JSON schemas; a new one at each call."""
    keywords = {"keywords": list(process.keywords)} if process.keywords else {}
    return {
        "id": process.id,
        "version": "1.0.0",
        "title": process.title,
        "description": process.description,
        **keywords,
        "jobControlOptions": ["sync-execute", "async-execute"],
        "outputTransmission": ["value"],
        "inputs": {name: {"title": name, "schema": _schema(kind)} for name, kind in process.inputs.items()},
        "outputs": {name: {"title": name, "schema": _schema(kind)} for name, kind in process.outputs.items()},
        "links": [],
    }


def _read(name: str) -> list[Json]:
    return yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))


def _process(entry: Json) -> Process:
    return Process(
        id=entry["id"],
        title=entry["title"],
        description=entry["description"],
        keywords=tuple(entry.get("keywords", ())),
        inputs={name: _kind(text) for name, text in entry.get("inputs", {}).items()},
        outputs={name: _kind(text) for name, text in entry["outputs"].items()},
    )


def _kind(text: str) -> Kind:
    name, _, geometry = text.partition("/")
    if name not in _KINDS or (geometry and (name not in ("geometry", "vector") or geometry not in _GEOMETRY_TYPES)):
        raise ValueError(f"{text!r} is no kind of input or output")
    return Kind(name, geometry or None)


def _query(entry: Json) -> Query:
    facts: Json = entry.get("facts", {})
    return Query(
        text=entry["query"],
        expected=tuple(entry["expect"]),
        facts=Facts(
            takes=facts.get("takes"),
            gives=facts.get("gives"),
            geometry=facts.get("geometry"),
            max_inputs=facts.get("inputs", {}).get("max"),
        ),
        held_out=entry.get("held_out", False),
    )


def _accepts(kind: Kind, geometry: str) -> bool:
    return kind.name in ("geometry", "vector") and kind.geometry in (None, geometry)


def _schema(kind: Kind) -> Json:
    if kind.name == "geometry":
        return _geometry_schema(kind.geometry)
    if kind.name == "vector":
        return _features_schema(kind.geometry)
    return deepcopy(_PLAIN_SCHEMAS[kind.name])


def _geometry_schema(only: str | None) -> Json:
    names = [name for name in _GEOMETRY_TYPES if only in (None, name)]
    return {
        "type": "object",
        "format": "geojson-geometry",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string", "enum": [*names, *(f"Multi{name}" for name in names)]},
            "coordinates": {"type": "array", "items": {}},
        },
    }


def _features_schema(only: str | None) -> Json:
    feature = {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "geometry": _geometry_schema(only),
            "properties": {"type": "object"},
        },
    }
    return {
        "type": "object",
        "format": "geojson-feature-collection",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": feature},
        },
    }
