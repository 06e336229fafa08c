"""Parses GeoJSON without keeping an object for each coordinate, which takes several times the memory of its text."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

SEPARATOR = "\x1e"
"""Before each text of a sequence (RFC 7464); JSON itself has none."""
BLANK = "\ufeff \t\r\n"
"""What may stand before a text of any kind."""
_BEFORE = BLANK + SEPARATOR
_SEVERAL = "Extra data"
"""What Python's reader says of a second document after the first."""


@dataclass(frozen=True, slots=True)
class GeometryText:
    """A geometry of a Feature, as GeoJSON."""

    text: str

    def parsed(self) -> Any:
        """The geometry as objects."""
        return json.loads(self.text)


def json_start(text: str) -> str | None:
    """The text from where its JSON begins; None where it does not begin as an object or an array does."""
    start = text.lstrip(_BEFORE)
    return start if start.startswith(("{", "[")) else None


def parse_json(text: str) -> Any:
    """A JSON document. Of a sequence of them (RFC 8142, or one in each line) the Features are a FeatureCollection,
    other objects an array.

    Raises:
        ValueError: the text is no JSON.
        RecursionError: it is nested too deeply.
    """
    return _one_or_several(text, json.loads, lambda member: member)


def parse_features(text: str) -> Any:
    """As `parse_json`, but in a FeatureCollection the geometries are `GeometryText`; raises what it raises."""
    return _one_or_several(text, _with_geometry_texts, _with_geometry_text)


def _one_or_several(text: str, load: Callable[[str], Any], member: Callable[[Any], Any]) -> Any:
    text = text.lstrip(_BEFORE)
    try:
        return load(text)
    except json.JSONDecodeError as error:
        if error.msg != _SEVERAL:
            raise
    documents = [member(_document(part, number)) for number, part in enumerate(_parts(text), 1)]
    if not all(isinstance(one, Mapping) and cast("Any", one).get("type") == "Feature" for one in documents):
        return documents
    return {"type": "FeatureCollection", "features": documents}


def _document(text: str, number: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"document {number} of a sequence: {error}") from None


def _parts(text: str) -> Sequence[str]:
    # Not by `splitlines`, which parts texts at characters that may stand within a value.
    parts = text.split(SEPARATOR if SEPARATOR in text else "\n")
    return [part for part in parts if part.strip(_BEFORE)]


def _with_geometry_text(member: Any) -> Any:
    geometry = cast("dict[str, Any]", member).get("geometry") if isinstance(member, dict) else None
    if isinstance(geometry, dict):
        member["geometry"] = GeometryText(json.dumps(geometry))
    return cast("Any", member)


def _with_geometry_texts(text: str) -> Any:
    made = 0

    def without_coordinates(members: dict[str, Any]) -> dict[str, Any]:
        nonlocal made
        if members.get("type") == "Feature" and isinstance(members.get("geometry"), dict):
            members["geometry"] = GeometryText(json.dumps(members["geometry"]))
            made += 1
        return members

    try:
        document = json.loads(text, object_hook=without_coordinates)
    except TypeError:  # a geometry that has a Feature within: whoever reads it tells what is wrong
        return json.loads(text)
    # A Feature may also be the value of a property, which must stay what it is.
    return document if made == _geometry_texts(document) else json.loads(text)


def _geometry_texts(document: Any) -> int:
    """How many of the features of a FeatureCollection have a geometry that is a text."""
    if not isinstance(document, Mapping):
        return 0
    members = cast("Mapping[str, Any]", document)
    features: Any = members.get("features") if members.get("type") == "FeatureCollection" else None
    if not isinstance(features, list):
        return 0
    return sum(
        isinstance(cast("Mapping[str, Any]", one).get("geometry"), GeometryText)
        for one in cast("list[Any]", features)
        if isinstance(one, Mapping)
    )
