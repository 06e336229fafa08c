"""The formats in which features are written. Imports GDAL: for workers only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.errors import ProcessRefusedError
from backend.geo.vector.csv_writing import comma_separated
from backend.geo.vector.features import Features
from backend.geo.vector.file_description import FeatureFile, FeatureText, Written
from backend.geo.vector.gpx_writing import gpx
from backend.geo.vector.sequence_writing import newline_delimited, text_sequence
from backend.geo.vector.shapefile_writing import shapefile
from backend.geo.vector.writable import writable
from backend.geo.vector.writing import flatgeobuf, geopackage, kml, kmz


@dataclass(frozen=True, slots=True)
class _Format:
    name: str
    """For people."""
    write: Callable[[Features, str], Written[Any]]
    """Of features and the name of their layer."""
    is_layered: bool = False
    """Whether the file tells the layer's name."""
    holds_json: bool = False
    """Whether it holds every value, and every geometry, as it is."""


def _without_layer(write: Callable[[Features], Written[Any]]) -> Callable[[Features, str], Written[Any]]:
    return lambda features, _layer: write(features)


def _geoparquet(features: Features, layer: str) -> Written[bytes]:
    try:
        from backend.geo.vector.parquet_writing import geoparquet  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError as error:
        raise ProcessRefusedError(
            "writing GeoParquet needs `pip install 'ogc-processes-mcp[sql]'`; ask for flatgeobuf or geopackage",
            path="$.inputs.format",
        ) from error
    return geoparquet(features, layer)


_FORMATS: Mapping[str, _Format] = {
    "geopackage": _Format("GeoPackage", geopackage, is_layered=True),
    "flatgeobuf": _Format("FlatGeobuf", flatgeobuf, is_layered=True),
    "shapefile": _Format("zipped shapefile", shapefile, is_layered=True),
    "kml": _Format("KML", kml, is_layered=True),
    "kmz": _Format("KMZ", kmz, is_layered=True),
    "gpx": _Format("GPX", gpx, is_layered=True),
    "geoparquet": _Format("GeoParquet", _geoparquet),
    "csv": _Format("CSV", _without_layer(comma_separated)),
    "geojsonl": _Format("GeoJSON, newline-delimited", _without_layer(newline_delimited), holds_json=True),
    "geojsonseq": _Format("GeoJSON text sequence (RFC 8142)", _without_layer(text_sequence), holds_json=True),
}


def feature_file(features: Features, form: str, layer: str) -> FeatureFile | FeatureText:
    """Features as a file of this format, which tells what is in it.

    Raises:
        ProcessRefusedError: the format cannot hold them.
    """
    chosen = _FORMATS[form]
    made = chosen.write(features if chosen.holds_json else writable(features), layer)
    if isinstance(made.content, str):
        return FeatureText.of(made.content, made.features, chosen.name)
    return FeatureFile(made.content, made.features, chosen.name, layer if chosen.is_layered else None)
