"""`geometry-transform`: centres, hulls, boundaries, and other geometries made of one."""

from typing import Annotated, Any

import shapely
from pydantic import Field
from shapely.geometry import mapping

from backend.geo.transformations import Operation, transform
from backend.geo.units import METRES
from backend.processes.base import Output, process
from backend.processes.inputs import Geometry, Units


@process(
    id="geometry-transform",
    title="Transform a geometry",
    keywords=["centroid", "hull", "envelope", "boundary", "densify", "vector"],
    output=Output(
        id="result",
        title="Result",
        description="Feature (explode: FeatureCollection) with operation, method, CRS decision, warnings.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"geometry": "POLYGON ((13 52, 14 52, 14 53, 13 52))", "operation": "centroid"},
)
def geometry_transform(
    geometry: Geometry,
    operation: Annotated[Operation, Field(description="What to make of it.")],
    max_segment: Annotated[float | None, Field(ge=0.001, allow_inf_nan=False, description="For densify.")] = None,
    units: Units = "metre",
) -> dict[str, Any]:
    """Centroid, hull, box, boundary, parts or denser edges of a geometry."""
    made = transform(geometry.shape, operation, None if max_segment is None else max_segment * METRES[units])
    properties = {
        "operation": operation,
        "method": made.method,
        "crs": "OGC:CRS84",
        "crs_decision": made.crs_decision,
        "warnings": [*geometry.warnings, *made.warnings],
    }
    if operation != "explode":
        return {"type": "Feature", "geometry": mapping(made.shape), "properties": properties}
    parts = enumerate(shapely.get_parts(made.shape))
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": mapping(part), "properties": {"part": index, **properties}}
            for index, part in parts
        ],
    }
