"""`geometry-buffer`: all points within a distance, anywhere on Earth."""

import math
from typing import Annotated, Any

from pydantic import Field
from shapely.geometry import mapping

from backend.geo.accuracy import boundary_error_percent
from backend.geo.buffer import boundary, buffer
from backend.geo.measure import measure
from backend.geo.units import METRES
from backend.processes.base import Output, Progress, process
from backend.processes.inputs import Geometry, Units

METHOD = "geodesic offsets on the WGS 84 ellipsoid"
CRS_DECISION = "no projection: distances are geodesics, edges are straight in longitude and latitude (RFC 7946)"


@process(
    id="geometry-buffer",
    title="Buffer a geometry",
    keywords=["buffer", "distance", "geodesic", "vector"],
    output=Output(
        id="buffer",
        title="Buffer",
        description="Feature with area_m2, method, CRS decision, max_boundary_error_percent of the distance, warnings.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"geometry": {"type": "Point", "coordinates": [13.4, 52.5]}, "distance": 500},
)
def geometry_buffer(
    geometry: Geometry,
    distance: Annotated[float, Field(description="Positive grows, negative shrinks polygons; at most 9000 km.")],
    progress: Progress,
    units: Units = "metre",
    resolution: Annotated[int, Field(ge=4, le=256, description="Edges per quarter circle.")] = 32,
) -> dict[str, Any]:
    """Area within a true distance of points, lines or polygons, right to 0.05 % anywhere on Earth."""
    distance_m = distance * METRES[units]
    source = boundary(geometry.shape)
    area = buffer(source, distance_m, resolution, lambda share: progress(90 * share, "buffering"))
    progress(90, "measuring the result")
    warnings = list(geometry.warnings)
    if geometry.features is not None and geometry.features > 1:
        warnings.append(f"The {geometry.features} features were buffered together, as their union.")
    error = boundary_error_percent(area, source.lines, abs(distance_m))
    return {
        "type": "Feature",
        "geometry": mapping(area),
        "properties": {
            "area_m2": float(f"{measure(area).area:.10g}"),
            "distance_m": distance_m,
            "method": METHOD,
            "crs": "OGC:CRS84",
            "crs_decision": CRS_DECISION,
            "max_boundary_error_percent": math.ceil(error * 1e4) / 1e4,
            "warnings": warnings,
        },
    }
