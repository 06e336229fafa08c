"""`transform-coordinates`: coordinates of one reference system in another."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.places.coordinates import axes, is_y_first, rounded, swapped, transform
from backend.geo.places.coordinates_answer import TransformedGeometries
from backend.geo.places.coordinates_reading import read_coordinates
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.features import Features
from backend.processes.base import Output, process
from backend.processes.inputs import Crs

_NUMBERS = {"type": "array", "items": {"type": "number"}}
_POSITIONS = {"type": "array", "items": {"oneOf": [{"type": "number"}, _NUMBERS]}}
_COORDINATES = WithJsonSchema({"oneOf": [_POSITIONS, {"type": "object", "format": "geojson"}, {"type": "string"}]})


@process(
    id="transform-coordinates",
    title="Transform coordinates",
    keywords=["reproject", "project", "convert", "CRS", "EPSG", "datum", "UTM", "national grid", "vector"],
    toolsets=("core", "coordinates"),
    output=[
        Output(id="coordinates", title="Coordinates", description="Numbers or WKT, axes, accuracy_m, ballpark."),
        Output(
            id="features",
            title="Features",
            description="Longitude, latitude still: for other processes, which take them in the target CRS.",
            media_type="application/geo+json",
        ),
    ],
    links=[
        {
            "rel": "about",
            "href": "https://proj.org/en/stable/operations/index.html",
            "type": "text/html",
            "title": "PROJ: coordinate operations",
        }
    ],
    idempotent=True,
    example={"coordinates": [[9, 48]], "target_crs": "EPSG:25832"},
)
def transform_coordinates(
    coordinates: Annotated[Any, _COORDINATES, Field(description="[x, y], list of them, WKT or GeoJSON.")],
    target_crs: Crs,
    crs: Annotated[Crs | None, Field(description="They are in, if not told; else OGC:CRS84.")] = None,
    authority_axes: Annotated[bool, Field(description="Authority's order, not x, y.")] = False,
) -> dict[str, Any]:
    """Reproject coordinates or features to another CRS by its code: numbers or WKT in it. GeoJSON or a file in that CRS
    is what convert-features writes."""
    try:
        given = read_coordinates(coordinates, crs)
        features = given.features
        # GeoJSON and files have x first whatever their CRS.
        if authority_axes and is_y_first(features.crs) and not isinstance(coordinates, Mapping | DatasetFile | bytes):
            features = features.with_shapes(swapped(features.shapes))
        made = transform(features, target_crs)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path=error.path or "$.inputs.coordinates") from error
    shapes = swapped(made.shapes) if authority_axes and is_y_first(target_crs) else made.shapes
    source = given.features.crs
    told = {
        "crs": code_of(target_crs),
        "crs_name": target_crs.name,
        "axes": axes(target_crs, authority_axes),
        "source_crs": code_of(source),
        "source_axes": axes(source, authority_axes),
        "accuracy_m": made.accuracy,
        "ballpark": made.way.ballpark,
        "missing_grids": list(made.way.missing_grids),
        "return_error_m": made.return_error,
        "method": made.way.description,
        "crs_decision": _decision(crs is None and source == CRS84, authority_axes),
        "warnings": list(made.warnings),
    }
    if given.form != "geometries":
        positions = rounded(shapes, target_crs)
        return {"coordinates": {"coordinates": positions[0] if given.form == "position" else positions} | told}
    transformed = Features(made.shapes, features.fields, target_crs)
    answer = TransformedGeometries(transformed.with_shapes(shapes), told)
    return {"coordinates": answer, "features": _features(transformed, told)}


def _features(transformed: Features, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """GeoJSON that tells in which plane whoever reads it again has the coordinates; degrees are on WGS 84 there."""
    told = ("accuracy_m", "ballpark", "method", "crs_decision", "warnings")
    named = transformed if transformed.crs.is_projected else transformed.lonlat()
    return feature_collection(named, **{name: answer[name] for name in told})


def _decision(assumed: bool, authority_axes: bool) -> str:
    order = "in the authority's order of axes" if authority_axes else "x before y (longitude, easting first)"
    source = "taken as longitude, latitude on WGS 84 (OGC:CRS84), " if assumed else ""
    return f"{source}{order}; the most accurate operation known for where the coordinates are"
