"""`geometry-transform`: centres, hulls, boundaries, and other geometries made of one or of each."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field
from shapely.geometry import mapping

from backend.geo.geodesy.crs import authority_code
from backend.geo.geometry.plane_transformations import exploded, transform_all, transform_each
from backend.geo.geometry.transformations import Operation
from backend.geo.relations.gathering import gathered
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.reading import GeometryInput
from backend.geo.vector.source_crs import SOURCE_CRS
from backend.processes.base import Output, process
from backend.processes.inputs import Geometry

FEWEST = {"to-line": 2, "to-polygon": 3}
"""Different points that are needed."""


@process(
    id="geometry-transform",
    title="Transform a geometry",
    keywords=["centroid", "hull", "envelope", "bounding box", "boundary", "multipart", "points to path", "vector"],
    output=Output(
        id="result",
        title="Result",
        description="Feature (explode, each, by: FeatureCollection) with operation, method, CRS decision, warnings.",
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
def geometry_transform(  # noqa: PLR0917  # the inputs of a process come by name
    geometry: Geometry,
    operation: Annotated[Operation, Field(description="What to make.")],
    max_segment: Annotated[float | None, Field(description="Metres, for densify.")] = None,
    each: Annotated[bool, Field(description="Of each feature, not all as one.")] = False,
    by: Annotated[list[str] | None, Field(description="Fields: one of each group, such as a track.")] = None,
    order: Annotated[str | None, Field(description="Field by which points come, for to-line.")] = None,
) -> Mapping[str, Any]:
    """Centroid, hull, box, boundary or parts; points to line or polygon."""
    if operation == "explode":
        parts = exploded(geometry.each())
        told = {"operation": operation, "method": "parts as single geometries", "crs_decision": parts.plane}
        return feature_collection(parts, warnings=geometry.heights_ignored, **told)
    if by or order:
        return _of_groups(geometry, operation, max_segment, by or [], order)
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


def _of_groups(
    geometry: GeometryInput, operation: Operation, max_segment: float | None, by: Sequence[str], order: str | None
) -> Mapping[str, Any]:
    groups = gathered(geometry.each(), by, order, FEWEST.get(operation, 1))
    features, method, plane = transform_each(groups, operation, max_segment)
    sorted_by = f"; sorted by {order!r}" if order else ""
    told = {"operation": operation, "method": method + sorted_by, "crs_decision": plane}
    return feature_collection(features, warnings=geometry.heights_ignored, **told)
