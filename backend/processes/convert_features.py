"""`convert-features`: features in another format."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypedDict, cast

import numpy as np
import shapely
from pydantic import Field, WithJsonSchema
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, area_told, code_of
from backend.geo.geodesy.ground import errors_beyond_area
from backend.geo.places.coordinates import EXCHANGED, lie_exchanged, transform
from backend.geo.tables.merging import Layer, merge, read_layer
from backend.geo.vector import features as vector
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.projected_geojson import projected_collection
from backend.processes.base import Output, process
from backend.processes.inputs import VECTOR_SCHEMA, Crs, reading_features
from backend.processes.outputs import BINARY, FileBytes

LAYER = "features"
_NAME = re.compile(r"[^\W\d_](?:[\w.]{0,58}\w)?")
"""Of a layer: files on the disk and tables are called by it, and GDAL writes other characters into no KML."""
_RESERVED = ("gpkg_", "sqlite_")
MISPLACED = 0.2
"""Share by which lengths may be off beyond the area of a CRS: who opens a file later sees no warning."""
_MOST_TOLD = 10.0
"""Share beyond which it is only told that it is larger."""
type _Format = Literal[
    "geopackage", "flatgeobuf", "shapefile", "kml", "kmz", "gpx", "geoparquet", "csv", "geojson", "geojsonl",
    "geojsonseq",
]  # fmt: skip
_Layer = Annotated[
    Layer,
    reading_features(read_layer),
    WithJsonSchema(VECTOR_SCHEMA),
    Field(description="GeoJSON, WKT, KML, CSV."),
]
_KML = "application/vnd.google-earth.kml+xml"
_KMZ = "application/vnd.google-earth.kmz"
_PARQUET = "application/vnd.apache.parquet"
_LONLAT = frozenset(("kml", "kmz", "gpx", "geojsonl", "geojsonseq"))
"""Formats that have no other CRS."""


class Converted(TypedDict, total=False):
    """The one that was asked for."""

    geopackage: FileBytes
    flatgeobuf: FileBytes
    shapefile: FileBytes
    kml: FileBytes
    kmz: FileBytes
    gpx: str
    geoparquet: FileBytes
    csv: str
    geojson: Mapping[str, Any]
    geojsonl: str
    geojsonseq: str


@process(
    id="convert-features",
    title="Convert features",
    keywords=[
        "export",
        "merge",
        "append",
        "format",
        "GeoPackage",
        "FlatGeobuf",
        "shapefile",
        "KML",
        "KMZ",
        "GPX",
        "GeoParquet",
        "CSV",
        "GeoJSON",
        "newline-delimited",
        "reproject",
        "file",
        "vector",
    ],
    output=[
        Output(id="csv", media_type="text/csv"),
        Output(id="geojson", media_type="application/geo+json"),
        Output(id="gpx", media_type="application/gpx+xml"),
        Output(id="geopackage", media_type="application/geopackage+sqlite3", schema=BINARY),
        Output(id="flatgeobuf", media_type="application/flatgeobuf", schema=BINARY),
        Output(id="shapefile", description="Zipped.", media_type="application/zip", schema=BINARY),
        Output(id="kml", media_type=_KML, schema=BINARY),
        Output(id="kmz", media_type=_KMZ, schema=BINARY),
        Output(id="geoparquet", media_type=_PARQUET, schema=BINARY),
        Output(id="geojsonl", description="In each line a Feature.", media_type="application/x-ndjson"),
        Output(id="geojsonseq", description="RFC 8142.", media_type="application/geo+json-seq"),
    ],
    links=[
        {"rel": "about", "href": "https://www.geopackage.org/spec/", "type": "text/html", "title": "OGC GeoPackage"}
    ],
    idempotent=True,
    toolsets=("look",),
    example={"features": "POINT (9 48)", "format": "kml"},
)
def convert_features(
    features: _Layer,
    format: Annotated[  # noqa: A002  # what people call it
        _Format,
        Field(description="Of the file."),
    ],
    others: Annotated[list[_Layer], Field(max_length=99, description="To append.")] | None = None,
    crs: Annotated[Crs | None, Field(description="To reproject.")] = None,
    layer: Annotated[str | None, Field(description="Its name there.")] = None,
) -> Converted:
    """Export a layer to another format or CRS; merge several."""
    layer = LAYER if layer is None else layer
    _check_name(layer)
    # EPSG:4326 is another name of it here: GeoJSON has longitude first.
    target = CRS84 if crs is None or code_of(crs) == "EPSG:4326" else crs
    own = target != CRS84
    if own and format in _LONLAT:
        raise ProcessRefusedError(
            f"{format} is in longitude and latitude on WGS 84: ask for geopackage for another CRS", path="$.inputs.crs"
        )
    layers = [_placed(one, crs) for one in (features, *(others or ()))]
    merged = merge(layers) if others else None
    made = merged.features if merged else layers[0].features
    if format != "geojson":
        # GDAL is for workers.
        from backend.geo.vector.file_formats import feature_file

        return cast("Converted", {format: feature_file(made, format, layer)})
    about: dict[str, Any] = {"layers": list(merged.layers)} if merged else {}
    method = _method(features.features.crs, target, merged=merged is not None)
    if own:
        return {"geojson": projected_collection(made, method, **about)}
    return {"geojson": feature_collection(made, method=method, crs_decision="OGC:CRS84 (RFC 7946)", **about)}


def _placed(layer: Layer, crs: CRS | None) -> Layer:
    """The layer in the CRS that was asked for."""
    if crs is None or crs == layer.features.crs:
        return layer
    return replace(layer, features=_transformed(layer.features, crs))


def _method(given: CRS, crs: CRS, *, merged: bool) -> str:
    if merged:
        return "layers one after the other; fields united by name, null where a layer has none"
    return f"reprojected from {code_of(given)}" if given != crs else "as they are"


def _check_name(layer: str) -> None:
    if not _NAME.fullmatch(layer):
        told = "a layer is named by a letter and at most 59 more letters, digits, _ and ."
        raise ProcessRefusedError(told, path="$.inputs.layer")
    if layer.lower().startswith(_RESERVED):
        told = f"a GeoPackage keeps names that begin with {' or '.join(_RESERVED)} for itself"
        raise ProcessRefusedError(told, path="$.inputs.layer")


def _transformed(features: vector.Features, crs: CRS) -> vector.Features:
    """Features in another CRS, if that is meant for where they are."""
    if code_of(crs) == "EPSG:4326":
        # By another name: split at the antimeridian, as GeoJSON is.
        return features.lonlat()
    if not features.present.any():
        return features.in_crs(crs)
    _check_area(features, crs)
    try:
        made = transform(features, crs)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path="$.inputs.crs") from error
    return replace(features, shapes=made.shapes, crs=crs).warned(*made.warnings)


def _check_area(features: vector.Features, crs: CRS) -> None:
    """See that lengths where the features are will be about right.

    Raises:
        ProcessRefusedError: some lie too far beyond the area for which the CRS is meant.
    """
    lonlat, owners = shapely.get_coordinates(features.lonlat().shapes, return_index=True)
    errors = errors_beyond_area(crs, lonlat[:, 0], lonlat[:, 1])
    far = ~(errors <= MISPLACED)
    if not far.any():
        return
    count, error = len(np.unique(owners[far])), float(np.max(errors[far]))
    some = count < int(features.present.sum())
    who = f"{count} of {len(features)} features reach" if some else "the features lie"
    off = f"{error:.0%}" if error < _MOST_TOLD else f"more than {_MOST_TOLD:.0%}"
    remedy = "overlay with clip cuts them to that area, filter-features leaves them out; else " if some else ""
    (west, south), (east, north) = lonlat.min(axis=0).tolist(), lonlat.max(axis=0).tolist()
    is_doubtful = features.crs == CRS84 and lie_exchanged((west, south, east, north), crs)
    order = f". {EXCHANGED}" if is_doubtful else ""
    raise ProcessRefusedError(
        f"{who} far outside the area for which {code_of(crs)} is meant ({area_told(crs)}), where its lengths are off "
        f"by {off}: {remedy}choose a CRS for where they are{order}",
        path="$.inputs.crs",
    )
