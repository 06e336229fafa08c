"""Parses GeoJSON without keeping an object for each coordinate, which takes several times the memory of its text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class GeometryText:
    """A geometry of a Feature, as GeoJSON."""

    text: str

    def parsed(self) -> Any:
        """The geometry as objects."""
        return json.loads(self.text)


def parse_features(text: str) -> Any:
    """A JSON document. In a FeatureCollection the geometries are `GeometryText`.

    Raises:
        ValueError: the text is no JSON.
        RecursionError: it is nested too deeply.
    """
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
