"""Calls of `convert-features`, and what is found in the files that it makes."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import shapely

from backend.processes.convert_features import convert_features
from backend.processes.running import OutputValue, run_processor
from summaries.values import summarise

KML = {"k": "http://www.opengis.net/kml/2.2"}


def collection(*rows: tuple[str | None, dict[str, Any]]) -> dict[str, Any]:
    features = [
        {"type": "Feature", "geometry": text and shapely.geometry.mapping(shapely.from_wkt(text)), "properties": row}
        for text, row in rows
    ]
    return {"type": "FeatureCollection", "features": json.loads(json.dumps(features))}


def converted(features: Any, **inputs: Any) -> OutputValue:
    made = convert_features({"name": "here"})
    (output,) = run_processor(made, {"features": features, **inputs}, None, lambda _percent, _text=None: None)
    return output


def warnings_of(output: OutputValue) -> list[str]:
    return summarise(output.value, output.media_type).get("warnings", [])


def told(output: OutputValue, words: str) -> str:
    """The only warning with these words."""
    (warning,) = [warning for warning in warnings_of(output) if words in warning]
    return warning


def file_of(output: OutputValue, path: Path) -> Path:
    path.write_bytes(output.encode())
    return path


def kml_of(path: Path) -> "ET.ElementTree[ET.Element]":
    """The elements of a KML that we have written."""
    return ET.parse(path)  # noqa: S314  # nobody else has
