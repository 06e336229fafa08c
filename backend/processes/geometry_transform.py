"""`geometry-transform`: centres, hulls, boundaries, and other geometries made of one or of each."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from shapely.geometry import mapping

from backend.geo.geodesy.crs import authority_code
from backend.geo.geometry.plane_transformations import exploded, transform_all, transform_each
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
    each: Annotated[bool, Field(description="Of each feature, not all as one.")] = False,
) -> Mapping[str, Any]:
    """Centroid, hull, box, boundary or parts; points to line or polygon."""
    if operation == "explode":
        parts = exploded(geometry.each())
        told = {"operation": operation, "method": "parts as single geometries", "crs_decision": parts.plane}
        return feature_collection(parts, warnings=geometry.heights_ignored, **told)
    if each:
        features, method, plane = transform_each(geometry.each(), operation, max_segment)
        told = {"operation": operation, "method": method, "crs_decision": plane}
        return feature_collection(features, warnings=geometry.heights_ignored, **told)
    made = transform_all(geometry, operation, max_segment)
    several = geometry.features is not None and geometry.features > 1
    together = [f"The {geometry.features} features were taken as one; each = true takes each by itself."]
    properties = {
        "operation": operation,
        "method": made.method,
        "crs": "OGC:CRS84",
        "crs_decision": made.crs_decision,
        "warnings": [*geometry.warnings, *made.warnings, *(together if several else [])],
    }
    native = geometry.native
    code = authority_code(native.crs) if native and native.crs.is_projected else None
    answer = {"type": "Feature", "geometry": mapping(made.shape), "properties": properties}
    return answer | ({SOURCE_CRS: code} if code else {})
