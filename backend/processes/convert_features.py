"""`convert-features`: features in another format."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypedDict

import shapely
from pydantic import Field
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, area_told, code_of
from backend.geo.geodesy.ground import error_beyond_area
from backend.geo.places.coordinates import transform
from backend.geo.vector import features as vector
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Crs, Features
from backend.processes.outputs import BINARY

LAYER = "features"
MISPLACED = 0.2
"""Share by which lengths may be off beyond the area of a CRS: what a file has no place to warn of is refused."""


class Converted(TypedDict, total=False):
    """The one that was asked for."""

    geopackage: bytes
    flatgeobuf: bytes
    csv: str
    geojson: Mapping[str, Any]


@process(
    id="convert-features",
    title="Convert features",
    keywords=["export", "format", "GeoPackage", "FlatGeobuf", "CSV", "GeoJSON", "reproject", "file", "vector"],
    output=[
        Output(id="geopackage", media_type="application/geopackage+sqlite3", schema=BINARY),
        Output(id="flatgeobuf", media_type="application/flatgeobuf", schema=BINARY),
        Output(id="csv", media_type="text/csv"),
        Output(id="geojson", media_type="application/geo+json"),
    ],
    links=[
        {"rel": "about", "href": "https://www.geopackage.org/spec/", "type": "text/html", "title": "OGC GeoPackage"}
    ],
    idempotent=True,
    toolsets=("look",),
    example={"features": "name,lon,lat\nBerlin,13.4,52.5", "format": "csv"},
)
def convert_features(
    features: Features,
    format: Annotated[  # noqa: A002  # what people call it
        Literal["geopackage", "flatgeobuf", "csv", "geojson", "shapefile"], Field(description="Of the file.")
    ],
    crs: Annotated[Crs | None, Field(description="To reproject to; else as they are.")] = None,
) -> Converted:
    """Export or convert a layer to GeoPackage, FlatGeobuf, CSV or GeoJSON, reprojected where asked."""
    if format == "shapefile":
        raise ProcessRefusedError(
            "shapefiles cut field names to 10 letters, texts to 254, and have no null or mixed geometries: ask for "
            "geopackage, which every GIS reads",
            path="$.inputs.format",
        )
    if format == "geojson" and crs is not None and crs != CRS84 and crs.to_epsg() != 4326:
        raise ProcessRefusedError(
            "GeoJSON is in longitude and latitude on WGS 84 (RFC 7946): ask for geopackage for another CRS",
            path="$.inputs.crs",
        )
    made = features if crs is None or crs == features.crs else _transformed(features, crs)
    if format == "geojson":
        return {"geojson": feature_collection(made, method="as they are", crs_decision="OGC:CRS84 (RFC 7946)")}
    from backend.geo.vector import writing

    match format:
        case "geopackage":
            return {"geopackage": writing.geopackage(made, LAYER)}
        case "flatgeobuf":
            return {"flatgeobuf": writing.flatgeobuf(made, LAYER)}
        case _:
            return {"csv": writing.comma_separated(made)}


def _transformed(features: vector.Features, crs: CRS) -> vector.Features:
    """Features in another CRS, if that is meant for where they are."""
    if code_of(crs) == "EPSG:4326":
        # By another name: split at the antimeridian, as GeoJSON is.
        return features.lonlat()
    if not features.present.any():
        return features.in_crs(crs)
    try:
        made = transform(features, crs)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path="$.inputs.crs") from error
    lonlat = shapely.get_coordinates(features.lonlat().shapes)
    error = error_beyond_area(crs, lonlat[:, 0], lonlat[:, 1])
    if not error <= MISPLACED:
        raise ProcessRefusedError(
            f"the features lie far outside the area for which {code_of(crs)} is meant ({area_told(crs)}), where its "
            f"lengths are off by {error:.0%}: choose a CRS for where they are",
            path="$.inputs.crs",
        )
    return replace(features, shapes=made.shapes, crs=crs).warned(*made.warnings)
