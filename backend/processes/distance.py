"""`distance`: how far two geometries are from each other, and in which direction."""

from typing import Any

from backend.geo.geodesy.crs import code_of, metres_per_unit
from backend.geo.geodesy.geodesics import geodesic
from backend.geo.geodesy.units import METRES, LengthUnit
from backend.geo.geometry.proximity import nearest_points
from backend.geo.vector.bending import bent_shapes
from backend.geo.vector.features import single
from backend.geo.vector.reading import GeometryInput
from backend.processes.base import Output, process
from backend.processes.inputs import Geometry, Units

METHOD = "geodesic on the WGS 84 ellipsoid between the nearest points"
NO_PROJECTION = "no projection: nearest points by chord through the ellipsoid"
STRAIGHT = "edges straight in lon/lat (RFC 7946)"
BEND = 0.01
"""Metres to which the edges of projected features, which are bent on the ground, are followed."""


@process(
    id="distance",
    title="Distance between geometries",
    keywords=["distance", "bearing", "nearest", "geodesic", "vector"],
    toolsets=("core", "measure"),
    output=Output(
        id="distance",
        title="Distance",
        description="distance as {value, units}, bearings in degrees from north, nearest_points, method, warnings; "
        "planar_distance where both come in one projected CRS.",
    ),
    idempotent=True,
    example={"geometry": "POINT (2.3522 48.8566)", "other": "POINT (13.405 52.52)", "units": "kilometre"},
)
def distance(geometry: Geometry, other: Geometry, units: Units = "metre") -> dict[str, Any]:
    """Shortest true distance between two geometries, with bearing."""
    nearest = nearest_points(bent_shapes(geometry, BEND), bent_shapes(other, BEND))
    way = geodesic(nearest.start, nearest.end)
    warnings = [*geometry.warnings, *other.warnings]
    if nearest.touching:
        warnings.append("The geometries touch or overlap: the distance is 0 and there is no bearing.")
    return {
        "distance": {"value": way.metres / METRES[units], "units": units},
        "initial_bearing": way.initial_bearing,
        "final_bearing": way.final_bearing,
        **_planar(geometry, other, units),
        "nearest_points": {
            "geometry": {"type": "Point", "coordinates": list(nearest.start)},
            "other": {"type": "Point", "coordinates": list(nearest.end)},
        },
        "crs": "OGC:CRS84",
        "crs_decision": f"{NO_PROJECTION}; {_edges(geometry, other)}",
        "method": METHOD,
        "warnings": [*warnings, *way.warnings],
    }


def _planar(geometry: GeometryInput, other: GeometryInput, units: LengthUnit) -> dict[str, Any]:
    """The distance in the plane of the projected CRS in which both came; nothing where they did not."""
    first, second = geometry.native, other.native
    if first is None or second is None or first.crs != second.crs or not first.crs.is_projected:
        return {}
    apart = single(first).distance(single(second)) * (metres_per_unit(first.crs) or 1.0)
    return {"planar_distance": {"value": apart / METRES[units], "units": units, "crs": code_of(first.crs)}}


def _edges(*geometries: GeometryInput) -> str:
    """In which plane the edges of each are straight, said once where it is the same."""
    planes = [
        f"edges straight in the {geometry.native.plane}"
        if geometry.native is not None and geometry.native.crs.is_projected
        else STRAIGHT
        for geometry in geometries
    ]
    return " and ".join(dict.fromkeys(planes))
