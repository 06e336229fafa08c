"""`geometry-buffer`: all points within a distance, anywhere on Earth."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from backend.geo.buffers.boundary import boundary_of
from backend.geo.buffers.buffer import buffer_parts
from backend.geo.buffers.feature_buffers import buffer_features, error_percent, on_the_ground
from backend.geo.buffers.rings import buffer_rings
from backend.geo.buffers.strips import MITRE_LIMIT, Style, check_style, style_of
from backend.geo.geodesy.measure import polygon_areas
from backend.geo.geodesy.shapes import Shapes
from backend.geo.geodesy.units import METRES
from backend.geo.vector.collections import SingleFeature, came_in, feature_collection
from backend.geo.vector.feature_measures import kinds_of
from backend.geo.vector.features import Features
from backend.geo.vector.reading import GeometryInput
from backend.processes.base import Output, Progress, process
from backend.processes.inputs import Geometry, Units

METHOD = "geodesic offsets on the WGS 84 ellipsoid; "
ENDS = {"round": "round ends", "flat": "flat ends", "square": "square ends, the distance beyond the line"}
CORNERS = {
    "round": "round corners",
    "mitre": f"mitred corners, bevelled where they would be over {MITRE_LIMIT:g} distances long",
    "bevel": "bevelled corners",
}
RINGS = "; each ring without the nearer ones, the first with what it is around"
SIDES = "; max_boundary_error_percent is that of the sides"
CRS_DECISION = "no projection: distances are geodesics, edges are straight in longitude and latitude (RFC 7946)"
TINY = 0.1
"""Metres, below which a distance may have been meant in degrees."""
FROM_PLANE = "no projection: distances are geodesics, edges are straight in the "


@process(
    id="geometry-buffer",
    title="Buffer a geometry",
    keywords=[
        "buffer",
        "distance",
        "one-sided",
        "radius",
        "zone",
        "corridor",
        "rings",
        "proximity",
        "geodesic",
        "vector",
    ],
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
    geometry: Annotated[Geometry, Field(description="GeoJSON, WKT or CSV (lon, lat).")],
    distance: Annotated[float, Field(description="Negative shrinks polygons.")],
    progress: Progress,
    units: Units = "metre",
    dissolve: Annotated[bool, Field(description="One area; false: one per feature.")] = True,
    field: Annotated[str | None, Field(description="Field multiplying distance.")] = None,
    style: Annotated[
        list[Literal["flat", "square", "mitre", "bevel", "left", "right"]] | None,
        Field(description="Line ends, corners; a side of lines."),
    ] = None,
    resolution: Annotated[int, Field(ge=4, le=256, description="Edges per quarter circle.")] = 32,
    rings: Annotated[list[float] | None, Field(description="Ring distances.")] = None,
) -> Mapping[str, Any]:
    """The area within a true distance of points, lines or polygons: zone, corridor, radius."""
    metres = distance * METRES[units]
    beyond = [one * METRES[units] for one in rings or ()]
    wanted = style_of(style or ())
    asked = (*check_style(wanted, kinds_of(geometry.shapes)), *_doubtful(metres, units, field))
    native = geometry.native
    about = {"method": _method(wanted) + (RINGS if beyond else ""), "crs_decision": _crs_decision(native)}

    def tell(share: float) -> None:
        progress(90 * share, "buffering")

    if beyond:
        made = buffer_rings(geometry, [metres, *beyond], field, resolution, tell, wanted, dissolve=dissolve)
    elif dissolve and field is None:
        source = boundary_of(on_the_ground(geometry, metres))
        area = buffer_parts(source, metres, resolution, tell, wanted)
        progress(90, "measuring the result")
        error = error_percent(area, source, metres, resolution, wanted)
        warnings = [*geometry.warnings, *asked, *_together(geometry)]
        return _feature(area, error, warnings, came_in(native, area), **about, distance_m=metres)
    else:
        made = buffer_features(geometry, metres, field, resolution, tell, wanted)
    warnings = [*asked, *made.features.warnings]
    if dissolve and not beyond:
        area = made.union()
        members = came_in(native, area)
        return _feature(area, made.max_error_percent, warnings, members, **about, left_out=made.left_out)
    return feature_collection(
        made.features,
        **about,
        warnings=[*warnings, *(_together(geometry) if dissolve else ())],
        max_boundary_error_percent=made.max_error_percent,
        left_out=made.left_out,
        **came_in(native, made.features.shapes),
    )


def _crs_decision(native: Features | None) -> str:
    return FROM_PLANE + native.plane if native is not None and native.crs.is_projected else CRS_DECISION


def _together(geometry: GeometryInput) -> tuple[str, ...]:
    count = geometry.features
    return (f"The {count} features were buffered together, as their union.",) if count is not None and count > 1 else ()


def _doubtful(metres: float, units: str, field: str | None) -> tuple[str, ...]:
    """A warning where degrees may be meant, which no unit is."""
    if field is not None or units != "metre" or abs(metres) >= TINY:
        return ()
    return (f"The distance is {1000 * metres:.10g} mm: what is meant in degrees has to be given in metres.",)


def _method(style: Style) -> str:
    side = f"; on the {style.side} of lines, as they run" if style.side else ""
    return f"{METHOD}{ENDS[style.cap]}, {CORNERS[style.join]}{side}{'' if style.round else SIDES}"


def _feature(area: Shapes, error: float, warnings: list[str], members: Mapping[str, Any], **told: Any) -> SingleFeature:
    properties = {
        "area_m2": float(f"{polygon_areas(area).sum():.10g}"),
        **told,
        "crs": "OGC:CRS84",
        "max_boundary_error_percent": error,
        "warnings": warnings,
    }
    return SingleFeature(area, properties, members)
