"""`destination-point`: where a way leads that starts in a direction."""

from typing import Annotated, Any

import shapely
from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.geodesics import destination
from backend.geo.geodesy.units import METRES
from backend.processes.base import Output, process
from backend.processes.inputs import Geometry, Units

METHOD = "geodesic on the WGS 84 ellipsoid"
MAX_METRES = 4.1e7
"""A little more than once around the Earth."""


@process(
    id="destination-point",
    title="Point at bearing and distance",
    keywords=["destination", "bearing", "distance", "geodesic", "vector"],
    toolsets=("measure",),
    output=Output(
        id="destination",
        title="Destination",
        description="Point feature with final_bearing, method, warnings.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"geometry": "POINT (13.405 52.52)", "bearing": 270, "distance": 10, "units": "kilometre"},
)
def destination_point(
    geometry: Geometry,
    bearing: Annotated[
        float, Field(ge=-360, le=360, allow_inf_nan=False, description="Degrees clockwise from true north.")
    ],
    distance: Annotated[float, Field(ge=0, allow_inf_nan=False, description="Along the geodesic.")],
    units: Units = "metre",
) -> dict[str, Any]:
    """The point at a true distance and bearing from a point."""
    positions = shapely.get_coordinates(geometry.shape)
    if len(positions) != 1:
        raise ProcessRefusedError(
            f"the way must start at one point; this is a {geometry.shape.geom_type}", path="$.inputs.geometry"
        )
    metres = distance * METRES[units]
    if metres > MAX_METRES:
        raise ProcessRefusedError(
            f"distance must be at most once around the Earth ({MAX_METRES / 1000:.10g} km)", path="$.inputs.distance"
        )
    longitude, latitude = positions[0].tolist()
    way = destination((longitude, latitude), bearing, metres)
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": list(way.end)},
        "properties": {
            "distance_m": metres,
            "initial_bearing": way.initial_bearing,
            "final_bearing": way.final_bearing,
            "crs": "OGC:CRS84",
            "method": METHOD,
            "warnings": [*geometry.warnings, *way.warnings],
        },
    }
