"""Features whose file or document tells a CRS in which they are not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pyproj import CRS

from backend.errors import refuse
from backend.geo.vector.datasets import GEOJSON, DatasetFile
from backend.geo.vector.feature_reading import read_features, settle
from backend.geo.vector.features import Features
from backend.geo.vector.geojson_parsing import json_start, parse_json
from backend.geo.vector.source_crs import SOURCE_CRS
from backend.geo.vector.text_encodings import read_text
from backend.geo.vector.unchecked import read_unchecked


def with_crs_replaced(value: Any, crs: CRS) -> tuple[Features, CRS]:
    """The features with the very coordinates that stand there, in this CRS; and the one that they told.

    Raises:
        ProcessRefusedError: they cannot be read, or be in this CRS.
    """
    as_told = _as_told(value, crs)
    return settle(replace(as_told, crs=crs)), as_told.crs


def _as_told(value: Any, crs: CRS) -> Features:
    """As they stand in the CRS that they tell, or in this one where they tell none."""
    if isinstance(value, DatasetFile | bytes) and not (isinstance(value, DatasetFile) and value.suffix in GEOJSON):
        # GDAL is for workers: the server reads no file.
        from backend.geo.vector.vector_files import read_file  # noqa: PLC0415

        return read_file(value, crs)
    document = _document(value)
    if isinstance(document, Mapping) and isinstance(document.get(SOURCE_CRS), str):
        # An answer of ours, whose coordinates stand there in longitude and latitude, and mean those in that CRS.
        return read_features(value)
    unchecked = read_unchecked(value)
    for index, reason in unchecked.unreadable.items():
        refuse(f"the geometry of feature {index} cannot be read: {reason}")
    return unchecked.features


def _document(value: Any) -> Any:
    """What a text, or a file of GeoJSON, holds; other values as they are."""
    text = _text(value) if isinstance(value, DatasetFile) else value
    start = json_start(text) if isinstance(text, str) else None
    if start is None:
        return value
    try:
        return parse_json(start)
    except ValueError as error:
        refuse(f"the text is no JSON: {error}")
    except RecursionError:
        refuse("the text is nested too deeply")


def _text(file: DatasetFile) -> str:
    try:
        return read_text(file.path, file.id)[0]
    except OSError as error:
        refuse(f"{file.id} cannot be read: {error.strerror}")
