"""`geometry-buffer`: all points within a distance, anywhere on Earth."""

from typing import Annotated, Any

from pydantic import Field
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from backend.geo.buffers.buffer import boundary, buffer
from backend.geo.buffers.feature_buffers import buffer_features, error_percent, on_the_ground
from backend.geo.geodesy.measure import polygon_area
from backend.geo.geodesy.units import METRES
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, Progress, process
from backend.processes.inputs import Geometry, Units

METHOD = "geodesic offsets on the WGS 84 ellipsoid; round ends and corners"
CRS_DECISION = "no projection: distances are geodesics, edges are straight in longitude and latitude (RFC 7946)"
FROM_PLANE = "no projection: distances are geodesics, edges are straight in the "


@process(
    id="geometry-buffer",
    title="Buffer a geometry",
    keywords=["buffer", "distance", "radius", "zone", "corridor", "proximity", "geodesic", "vector"],
    output=Output(
        id="buffer",
        title="Buffer",
        description="Feature, or FeatureCollection of each: area_m2, method, max_boundary_error_percent, warnings.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"geometry": "POINT (13.4 52.5)", "distance": 500},
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.1007/s00190-012-0578-z",
            "type": "text/html",
            "title": "Karney, Algorithms for geodesics (2013)",
        }
    ],
    toolsets=("core", "geometry"),
)
def geometry_buffer(  # noqa: PLR0917  # inputs of a process are passed by name
    geometry: Geometry,
    distance: Annotated[float, Field(description="May be negative.")],
    progress: Progress,
    units: Units = "metre",
    dissolve: Annotated[bool, Field(description="All as one.")] = True,
    field: Annotated[str | None, Field(description="Factor field.")] = None,
    resolution: Annotated[int, Field(ge=4, le=256, description="Edges per quarter.")] = 32,
) -> dict[str, Any]:
    """Buffer: area within a true distance."""
    metres = distance * METRES[units]
    native = geometry.native
    decision = FROM_PLANE + native.plane if native is not None and native.crs.is_projected else CRS_DECISION
    if dissolve and field is None:
        source = boundary(on_the_ground(geometry, metres))
        area = buffer(source, metres, resolution, lambda share: progress(90 * share, "buffering"))
        progress(90, "measuring the result")
        warnings = list(geometry.warnings)
        if geometry.features is not None and geometry.features > 1:
            warnings.append(f"The {geometry.features} features were buffered together, as their union.")
        error = error_percent(area, source, metres, resolution)
        return _feature(area, decision, error, warnings, distance_m=metres)
    made = buffer_features(geometry, metres, field, resolution, lambda share: progress(90 * share, "buffering"))
    if dissolve:
        warnings = list(made.features.warnings)
        return _feature(made.union(), decision, made.max_error_percent, warnings, left_out=made.left_out)
    return feature_collection(
        made.features,
        method=METHOD,
        crs_decision=decision,
        max_boundary_error_percent=made.max_error_percent,
        left_out=made.left_out,
    )


def _feature(area: BaseGeometry, decision: str, error: float, warnings: list[str], **told: float) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": mapping(area),
        "properties": {
            "area_m2": float(f"{polygon_area(area):.10g}"),
            **told,
            "method": METHOD,
            "crs": "OGC:CRS84",
            "crs_decision": decision,
            "max_boundary_error_percent": error,
            "warnings": warnings,
        },
    }
