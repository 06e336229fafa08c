"""`geometry-measure`: area, perimeter and length on the ellipsoid."""

from collections import Counter
from typing import Annotated, Any, Literal

import shapely
from pydantic import Field

from backend.geo.antimeridian import bounding_box, flat_parts
from backend.geo.measure import measure
from backend.geo.units import METRES
from backend.processes.base import Output, process
from backend.processes.inputs import Geometry, Units

EDGES = {
    "lonlat": "straight in longitude and latitude (RFC 7946)",
    "geodesic": "geodesics: the shortest way between vertices",
}


@process(
    id="geometry-measure",
    title="Measure a geometry",
    keywords=["area", "length", "perimeter", "geodesic", "vector"],
    output=Output(
        id="measures",
        title="Measures",
        description="area, perimeter and length as {value, units}; counts of parts and vertices, bbox, method.",
    ),
    idempotent=True,
    example={"geometry": "POLYGON ((13 52, 14 52, 14 53, 13 53, 13 52))", "units": "kilometre"},
)
def geometry_measure(
    geometry: Geometry,
    units: Units = "metre",
    edges: Annotated[
        Literal["lonlat", "geodesic"],
        Field(description="Straight in longitude and latitude (RFC 7946), or shortest on the ellipsoid."),
    ] = "lonlat",
) -> dict[str, Any]:
    """True area and perimeter of polygons and length of lines on the WGS 84 ellipsoid."""
    measures = measure(geometry.shape, edges)
    metres = METRES[units]
    parts = flat_parts(geometry.shape)
    warnings = list(geometry.warnings)
    if all(part.geom_type == "Point" for part in parts):
        warnings.append("Points have neither area nor length.")
    return {
        "area": {"value": measures.area / metres**2, "units": f"square {units}"},
        "perimeter": {"value": measures.perimeter / metres, "units": units},
        "length": {"value": measures.length / metres, "units": units},
        "parts": dict(Counter(part.geom_type for part in parts)),
        "vertices": len(shapely.get_coordinates(geometry.shape)),
        "bbox": list(bounding_box(geometry.shape)),
        "crs": "OGC:CRS84",
        "method": "integrated on the WGS 84 ellipsoid" if edges == "lonlat" else "geodesics on the WGS 84 ellipsoid",
        "edges": EDGES[edges],
        "warnings": warnings,
    }
