"""`distance`: how far two geometries are from each other, and in which direction."""

from typing import Any

from backend.geo.geodesy.geodesics import geodesic
from backend.geo.geodesy.units import METRES
from backend.geo.geometry.proximity import nearest_points
from backend.processes.base import Output, process
from backend.processes.inputs import Geometry, Units

METHOD = "geodesic on the WGS 84 ellipsoid between the nearest points"
CRS_DECISION = "no projection: nearest points by chord through the ellipsoid; edges straight in lon/lat (RFC 7946)"


@process(
    id="distance",
    title="Distance between geometries",
    keywords=["distance", "bearing", "nearest", "geodesic", "vector"],
    toolsets=("core", "measure"),
    output=Output(
        id="distance",
        title="Distance",
        description="distance as {value, units}, bearings in degrees from north, nearest_points, method, warnings.",
    ),
    idempotent=True,
    example={"geometry": "POINT (2.3522 48.8566)", "other": "POINT (13.405 52.52)", "units": "kilometre"},
)
def distance(geometry: Geometry, other: Geometry, units: Units = "metre") -> dict[str, Any]:
    """Shortest true distance between two geometries, with bearing."""
    nearest = nearest_points(geometry.shape, other.shape)
    way = geodesic(nearest.start, nearest.end)
    warnings = [*geometry.warnings, *other.warnings]
    if nearest.touching:
        warnings.append("The geometries touch or overlap: the distance is 0 and there is no bearing.")
    return {
        "distance": {"value": way.metres / METRES[units], "units": units},
        "initial_bearing": way.initial_bearing,
        "final_bearing": way.final_bearing,
        "nearest_points": {
            "geometry": {"type": "Point", "coordinates": list(nearest.start)},
            "other": {"type": "Point", "coordinates": list(nearest.end)},
        },
        "crs": "OGC:CRS84",
        "crs_decision": CRS_DECISION,
        "method": METHOD,
        "warnings": [*warnings, *way.warnings],
    }
