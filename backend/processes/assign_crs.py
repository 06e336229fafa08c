"""`assign-crs`: says in which CRS coordinates are that do not tell it themselves."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from pydantic import Field, WithJsonSchema
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.describing.features import extent
from backend.geo.geodesy.crs import CRS84, Transformation, code_of
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.crs_replacing import with_crs_replaced
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.field_points import with_points
from backend.processes.base import Output, process
from backend.processes.inputs import Crs, Raster
from backend.processes.outputs import RASTER, FileBytes


class Assigned(TypedDict, total=False):
    """The features, or the raster and what it is like."""

    features: Mapping[str, Any]
    raster: FileBytes
    statistics: dict[str, Any]


@process(
    id="assign-crs",
    title="Assign a CRS",
    keywords=[
        "set CRS",
        "define projection",
        "wrong CRS",
        "georeference",
        "EPSG",
        "vector",
        "raster",
        "table to points",
        "XY",
    ],
    toolsets=("coordinates",),
    output=[
        Output(
            id="features",
            title="Features",
            description="In longitude, latitude, with source_crs for further processes.",
            media_type="application/geo+json",
        ),
        RASTER,
        Output(id="statistics", description="Of the raster."),
    ],
    links=[
        {
            "rel": "about",
            "href": "https://www.rfc-editor.org/rfc/rfc7946#section-4",
            "type": "text/html",
            "title": "RFC 7946: the CRS of GeoJSON",
        }
    ],
    idempotent=True,
    example={"features": "POINT (691608 5334764)", "crs": "EPSG:32632"},
)
def assign_crs(  # noqa: PLR0917  # the inputs of a process come by name
    crs: Crs,
    features: Annotated[
        Any,
        WithJsonSchema({"oneOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]}),
        Field(description="GeoJSON, WKT or CSV whose numbers are in the CRS."),
    ] = None,
    raster: Raster | None = None,
    x_field: Annotated[str | None, Field(description="Field of x (longitude), if points stand in fields.")] = None,
    y_field: Annotated[str | None, Field(description="Of y (latitude).")] = None,
    replace: Annotated[bool, Field(description="Correct a wrong CRS that they tell.")] = False,
) -> Assigned:
    """Define the projection of features, or of a raster, whose coordinates do not tell theirs, or tell a wrong one;
    nothing is reprojected."""
    if (features is None) == (raster is None):
        raise ProcessRefusedError("give either features or a raster", path="$.inputs")
    if (x_field is None) != (y_field is None):
        missing = "x_field" if x_field is None else "y_field"
        raise ProcessRefusedError("points need both x_field and y_field", path=f"$.inputs.{missing}")
    decision = f"taken as {code_of(crs)} ({crs.name}), x before y, as asked for"
    if raster is None:
        pair = None if x_field is None or y_field is None else (x_field, y_field)
        return {"features": _features(features, crs, pair, decision, replace=replace)}
    if x_field is not None:
        raise ProcessRefusedError("a raster has no fields", path="$.inputs.x_field")
    # GDAL is for workers: the server reads no file.
    from backend.geo.raster.crs_assignment import doubts_of, with_crs
    from backend.geo.raster.rasters import concerning, opened, read_bands
    from backend.geo.raster.summary import doubts, summary

    with concerning("raster"):
        made, grid = with_crs(raster, crs, replace=replace)
        with opened(raster) as reader:
            about = summary(read_bands(reader), grid)
    told = {"method": "the cells stay as they are; only their CRS was named", "crs_decision": decision}
    return {"raster": made, "statistics": about | told | {"warnings": [*doubts_of(grid), *doubts(about)]}}


def _features(
    features: Any, crs: CRS, pair: tuple[str, str] | None, decision: str, *, replace: bool
) -> Mapping[str, Any]:
    try:
        if replace:
            read, told = with_crs_replaced(features, crs)
            decision += f", in place of {code_of(told)}, which they tell" if told != crs else ""
        else:
            read = read_features(features, crs)
        if pair is not None:
            read = with_points(read, *pair, crs)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path=error.path or "$.inputs.features") from error
    # Degrees of other datums are brought to WGS 84 when they are read.
    if read.crs != crs and not (read.crs == CRS84 and crs.is_geographic):
        raise ProcessRefusedError(
            f"the features tell that they are in {code_of(read.crs)}: to have them in {code_of(crs)}, use "
            "transform-coordinates; if that is wrong, give replace = true",
            path="$.inputs.features",
        )
    if len(read) and not read.present.any():
        none = f"No feature has a geometry, so that there are no coordinates in {code_of(crs)}"
        names = "fields called x and y, easting and northing, or wkt, or in those that x_field and y_field name"
        read = read.warned(f"{none}: a table has them in {names}.")
    way = Transformation.between(crs, CRS84)
    return feature_collection(
        read,
        method="the coordinates stay as they are; only their CRS was named",
        crs_decision=decision,
        assigned_crs=code_of(crs),
        extent_in_crs=extent(read) if read.crs == crs else None,
        accuracy_m=way.accuracy,
    )
