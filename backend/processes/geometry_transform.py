"""`geometry-transform`: centres, hulls, boundaries, and other geometries made of one or of each."""

from typing import Annotated, Any

import shapely
from pydantic import Field
from shapely.geometry import mapping

from backend.geo.geodesy.crs import code_of
from backend.geo.geometry.plane_transformations import transform_all, transform_each
from backend.geo.geometry.transformations import Operation
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.feature_reading import SOURCE_CRS
from backend.processes.base import Output, process
from backend.processes.inputs import Geometry


@process(
    id="geometry-transform",
    title="Transform a geometry",
    keywords=["centroid", "hull", "envelope", "bounding box", "boundary", "multipart", "points to path", "vector"],
    output=Output(
        id="result",
        title="Result",
        description="Feature (explode, each: FeatureCollection) with operation, method, CRS decision, warnings.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"geometry": "LINESTRING (13 52, 14 52)", "operation": "centroid"},
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.3133/pp1395",
            "type": "text/html",
            "title": "Snyder, Map Projections: A Working Manual",
        }
    ],
    toolsets=("core", "geometry"),
)
def geometry_transform(
    geometry: Geometry,
    operation: Annotated[Operation, Field(description="What to make.")],
    max_segment: Annotated[float | None, Field(description="Metres, for densify.")] = None,
    each: Annotated[bool, Field(description="Of each feature.")] = False,
) -> dict[str, Any]:
    """Centroid, hull, box, boundary or parts; points to line or polygon."""
    if each and operation != "explode":
        features, method, plane = transform_each(geometry.each(), operation, max_segment)
        told = {"operation": operation, "method": method, "crs_decision": plane}
        return feature_collection(features, warnings=geometry.heights_ignored, **told)
    made = transform_all(geometry, operation, max_segment)
    properties = {
        "operation": operation,
        "method": made.method,
        "crs": "OGC:CRS84",
        "crs_decision": made.crs_decision,
        "warnings": [*geometry.warnings, *made.warnings],
    }
    native = {SOURCE_CRS: code_of(geometry.native.crs)} if geometry.native and geometry.native.crs.is_projected else {}
    if operation != "explode":
        return {"type": "Feature", "geometry": mapping(made.shape), "properties": properties, **native}
    parts = enumerate(shapely.get_parts(made.shape))
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": mapping(part), "properties": {"part": index, **properties}}
            for index, part in parts
        ],
        **native,
    }
