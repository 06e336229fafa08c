"""Reads features as they stand, faults and all: for whoever wants to know the faults."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import shapely
from shapely.errors import ShapelyError

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.crs import CRS84
from backend.geo.geodesy.shapes import Shapes, shapes_of
from backend.geo.vector.datasets import GEOJSON, DatasetFile
from backend.geo.vector.esri_json import is_esri_json, read_esri_json
from backend.geo.vector.feature_documents import is_document, read_document
from backend.geo.vector.feature_reading import declared_crs, members_of
from backend.geo.vector.features import Features
from backend.geo.vector.fields import columns_of
from backend.geo.vector.geojson import GeoJSONReader
from backend.geo.vector.geojson_parsing import json_start, parse_json
from backend.geo.vector.half_characters import with_whole_characters
from backend.geo.vector.text_encodings import read_text
from backend.geo.vector.topojson import geojson_of, is_topology
from backend.geo.vector.wkt import read_wkt, told_crs


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Features whose geometries may be invalid, infinite or on no globe."""

    features: Features
    unreadable: Mapping[int, str]
    """Index of a feature whose geometry cannot be built, and why; it has none in `features`."""
    unclosed: tuple[int, ...] = ()
    """Indices of features with rings that did not end where they began."""


def read_unchecked(value: Any) -> Unchecked:
    """Read what `read_features` reads, without judging or mending the geometries.

    Raises:
        ProcessRefusedError: it is no GeoJSON, WKT, CSV or file of features.
    """
    try:
        read = _read(value)
    except RecursionError:
        refuse("the geometry is nested too deeply")
    return replace(read, features=read.features.unmeasured())


def _read(value: Any) -> Unchecked:
    if isinstance(value, DatasetFile | bytes):
        return _of_file(value)
    if isinstance(value, str):
        return _of_text(value)
    if not isinstance(value, Mapping):
        refuse("expected GeoJSON, WKT, CSV, KML, GPX or a reference to features")
    members = cast("Mapping[str, Any]", value)
    if is_esri_json(members):
        return Unchecked(read_esri_json(members), {})
    return _of_geojson(geojson_of(members) if is_topology(members) else members)


def _of_text(text: str) -> Unchecked:
    start = json_start(text)
    if start is not None:
        try:
            return _read(parse_json(start))
        except ValueError as error:
            refuse(f"the text is no JSON: {error}")
    if is_document(text):
        return Unchecked(read_document(text), {})
    return Unchecked(Features(shapes_of([read_wkt(text)]), crs=told_crs(text) or CRS84), {})


def _of_file(file: DatasetFile | bytes) -> Unchecked:
    if isinstance(file, DatasetFile) and file.suffix in GEOJSON:
        try:
            text, told = read_text(file.path, file.id)
        except OSError as error:
            refuse(f"{file.id} cannot be read: {error.strerror}")
        unchecked = _of_text(text)
        return replace(unchecked, features=unchecked.features.warned(*told))
    # GDAL is for workers: the server reads no file.
    from backend.geo.vector.vector_files import read_file  # noqa: PLC0415

    return Unchecked(read_file(file), {})


def _of_geojson(document: Mapping[str, Any]) -> Unchecked:
    members = members_of(document)
    geometries = [member.get("geometry") for member in members]
    shapes = _quickly(geometries)
    unreadable: dict[int, str] = {}
    unclosed: list[int] = []
    for index in np.flatnonzero(shapely.is_missing(shapes)).tolist():
        if geometries[index] is None:
            continue
        reader = GeoJSONReader()
        try:
            shapes[index] = reader.read(geometries[index])
        except ProcessRefusedError as error:
            unreadable[index] = str(error)
        if any("closed" in warning for warning in reader.warnings()):
            unclosed.append(index)
    rows = [cast("Mapping[str, Any]", member.get("properties") or {}) for member in members]
    features = with_whole_characters(Features(shapes, columns_of(rows), declared_crs(document) or CRS84))
    return Unchecked(features, unreadable, tuple(unclosed))


def _quickly(geometries: list[Any]) -> Shapes:
    """What GEOS can read; None for the rest."""
    texts = [None if one is None else json.dumps(one) for one in geometries]
    try:
        return shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
    except (ShapelyError, UnicodeError):
        return np.full(len(geometries), None, dtype=object)
