"""`geometry-measure`: area, perimeter and length on the ellipsoid, and in the plane of a projected CRS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import shapely
from pydantic import Field
from shapely import GeometryType

from backend.geo.geodesy.antimeridian import common_box
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.geodesy.shapes import counted_types, flat, of_type
from backend.geo.geodesy.units import METRES, SQUARE_METRES, AreaUnit, LengthUnit
from backend.geo.vector.features import Features
from backend.geo.vector.measured_rows import MeasuredRows, MeasuresOfEach, Quantity
from backend.geo.vector.measuring import Figures, Measured, Plane, measure_features
from backend.geo.vector.reading import HEIGHTS_IGNORED, GeometryInput
from backend.processes.base import Output, process
from backend.processes.inputs import Crs, Geometry, Units

EDGES = {
    "lonlat": "straight in longitude and latitude (RFC 7946)",
    "geodesic": "geodesics: the shortest way between vertices",
}
NO_PLANE = "none: integrated on the ellipsoid"
COLUMNS = ("area", "perimeter", "length")


@process(
    id="geometry-measure",
    title="Measure a geometry",
    keywords=["area", "length", "perimeter", "size", "acreage", "hectare", "geodesic", "planar", "vector"],
    output=Output(
        id="measures",
        title="Measures",
        description="area, perimeter, length, covered_area, length_3d, planar, counts, bbox, warnings.",
    ),
    idempotent=True,
    example={"geometry": "POLYGON ((13 52, 14 52, 14 53, 13 52))", "units": "mile"},
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.3133/pp1395",
            "type": "text/html",
            "title": "Snyder, Map Projections: A Working Manual (area between parallels, 3-12)",
        }
    ],
    toolsets=("core", "measure"),
)
def geometry_measure(  # noqa: PLR0917  # the inputs of a process come by name
    geometry: Geometry,
    units: Units = "metre",
    edges: Annotated[
        Literal["lonlat", "geodesic"], Field(description="Edges straight in lon/lat, or geodesics.")
    ] = "lonlat",
    crs: Annotated[Crs | None, Field(description="Projected CRS for planar measures.")] = None,
    each: Annotated[bool, Field(description="Per feature too.")] = False,
    area_units: Annotated[
        Literal["hectare", "acre"] | None, Field(description="Of areas; else the square of units.")
    ] = None,
) -> Mapping[str, Any]:
    """True area, perimeter and length on the ellipsoid, and planar ones in a projected CRS."""
    features = geometry.each() if each else geometry.native or Features(geometry.shapes)
    measured = measure_features(features, edges, crs)
    scale = _Scale.of(units, area_units)
    native = features.crs != CRS84 and edges == "lonlat"
    plane = measured.plane
    parts, _ = flat(geometry.shapes)
    parts = parts[~shapely.is_empty(parts)]
    together = {
        **_figures(measured.ground, scale),
        **({"planar": _planar(plane, scale)} if plane else {}),
        "parts": counted_types(parts),
        "vertices": int(shapely.count_coordinates(features.shapes)),
        "bbox": list(common_box(parts)),
        "crs": "OGC:CRS84",
        "crs_decision": f"{features.plane} for planar measures" if plane and crs is None else NO_PLANE,
        "method": "integrated on the WGS 84 ellipsoid" if edges == "lonlat" else "geodesics on the WGS 84 ellipsoid",
        "edges": f"straight in the {features.plane}" if native else EDGES[edges],
        "warnings": _warnings(geometry, measured, points=bool(of_type(parts, GeometryType.POINT).all())),
    }
    return MeasuresOfEach(together, _rows(features, measured, scale)) if each else together


@dataclass(frozen=True, slots=True)
class _Scale:
    """The units in which is told, and how many metres and square metres they are."""

    length: LengthUnit
    metres: float
    area: str
    square_metres: float

    @classmethod
    def of(cls, units: LengthUnit, area_units: AreaUnit | None) -> Self:
        if area_units is None:
            return cls(units, METRES[units], f"square {units}", METRES[units] ** 2)
        return cls(units, METRES[units], area_units, SQUARE_METRES[area_units])


def _figures(figures: Figures, scale: _Scale) -> dict[str, Any]:
    found = {
        "area": {"value": figures.total.area / scale.square_metres, "units": scale.area},
        "perimeter": {"value": figures.total.perimeter / scale.metres, "units": scale.length},
        "length": {"value": figures.total.length / scale.metres, "units": scale.length},
    }
    if figures.covered_area is not None:
        found["covered_area"] = {"value": figures.covered_area / scale.square_metres, "units": scale.area}
    if figures.length_3d is not None:
        found["length_3d"] = {"value": figures.length_3d / scale.metres, "units": scale.length}
    return found


def _planar(plane: Plane, scale: _Scale) -> dict[str, Any]:
    return {
        "crs": code_of(plane.crs),
        "crs_unit": plane.crs.axis_info[0].unit_name,
        **_figures(plane.figures, scale),
        "ratio_to_ground": {"area": plane.area_ratio, "length": plane.length_ratio},
        "method": f"planar in {code_of(plane.crs)} ({plane.crs.name})",
    }


def _rows(features: Features, measured: Measured, scale: _Scale) -> MeasuredRows:
    """Each feature's attributes, with its measures on the ground and in the plane."""
    of = {"area": (scale.area, scale.square_metres)}
    ways = {"": measured.ground, **({"planar_": measured.plane.figures} if measured.plane else {})}
    measures: dict[str, Quantity] = {}
    for prefix, figures in ways.items():
        for name in COLUMNS:
            unit, size = of.get(name, (scale.length, scale.metres))
            measures[prefix + name] = Quantity(getattr(figures.each, name) / size, unit)
    return MeasuredRows(features, measures)


def _warnings(geometry: GeometryInput, measured: Measured, *, points: bool) -> list[str]:
    warnings = [text for text in geometry.warnings if text != HEIGHTS_IGNORED]
    if points:
        warnings.append("Points have neither area nor length.")
    return list(dict.fromkeys((*warnings, *measured.warnings)))
