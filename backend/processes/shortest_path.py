"""`shortest-path`: the cheapest way along lines, and what can be reached."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import shapely
from pydantic import Field, WithJsonSchema
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Transformation
from backend.processes.base import Output, process
from backend.processes.inputs import Features, Geometry

if TYPE_CHECKING:
    from backend.geo.analysis.network import Network

Position = Annotated[Geometry, WithJsonSchema({"type": "string"}), Field(description="POINT (lon lat)")]
"""A point, as text: the tool's description has no room for the forms of GeoJSON twice."""
FAR = 100.0
"""Metres from the network beyond which a point is worth a warning."""
LEAST_REACH = 1000.0
"""Metres from a network, however small, within which a point may be meant to be on it."""


@process(
    id="shortest-path",
    title="Shortest path",
    keywords=["route", "routing", "network", "reachable", "isochrone", "service area", "vector"],
    output=Output(
        id="features",
        description="FeatureCollection: cost, length_m, snapping distances, method, warnings.",
        media_type="application/geo+json",
    ),
    toolsets=("network",),
    idempotent=True,
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.1007/BF01386390",
            "type": "text/html",
            "title": "Dijkstra: A note on two problems in connexion with graphs",
        }
    ],
    example={
        "features": 'street,wkt\nHigh Street,"LINESTRING (13.40 52.50, 13.41 52.50, 13.42 52.50)"\n'
        'Mill Lane,"LINESTRING (13.41 52.50, 13.41 52.51)"\nRing Road,"LINESTRING (13.40 52.50, 13.41 52.51)"',
        "start": "POINT (13.42 52.50)",
        "end": "POINT (13.41 52.51)",
    },
)
def shortest_path(
    features: Annotated[Features, Field(description="Lines.")],
    start: Position,
    *,
    end: Annotated[Position | None, Field(description="Or give max_cost.")] = None,
    max_cost: Annotated[float | None, Field(ge=0, allow_inf_nan=False, description="Reach, instead of an end.")] = None,
    cost_field: Annotated[str | None, Field(description="Cost of a line; else metres.")] = None,
    speed_field: Annotated[str | None, Field(description="km/h; cost in minutes.")] = None,
    oneway_field: Annotated[str | None, Field(description="yes, no, -1.")] = None,
    tolerance: Annotated[
        float | None, Field(ge=0, allow_inf_nan=False, description="Metres within which ends join.")
    ] = None,
) -> Mapping[str, Any]:
    """Shortest route along lines, or the lines reached (service area)."""
    if find_spec("networkx") is None:
        raise ProcessRefusedError("networks need the extra network: pip install 'ogc-processes-mcp[network]'")
    if (end is None) == (max_cost is None):
        raise ProcessRefusedError("give an end, or max_cost for what can be reached", path="$.inputs.end")
    from backend.geo.analysis import network_paths
    from backend.geo.analysis.network import build, costs_of, extent_of, feature_lengths

    network = build(features, tolerance or 0.0)
    costs = costs_of(features, cost_field, speed_field, oneway_field, feature_lengths(network, len(features)))
    reach = max(extent_of(network), LEAST_REACH)
    origin = network_paths.stops_at(network, _position(network, start, "start"))
    warnings = [*network.warnings, *costs.warnings, *start.warnings, *_far("start", origin[0].metres, reach)]
    told: dict[str, Any] = {"cost_units": costs.units, "start_snap_m": origin[0].metres, "joined_ends": network.joined}
    if end is not None:
        goal = network_paths.stops_at(network, _position(network, end, "end"))
        warnings += [*end.warnings, *_far("end", goal[0].metres, reach)]
        legs = network_paths.shortest(network, costs, origin, goal)
        lines = [_line(network_paths.course_of(network, legs))]
        told |= {"cost": sum(leg.cost for leg in legs), "end_snap_m": goal[0].metres}
        fields: dict[str, list[Any]] = {"cost": [told["cost"]]}
    else:
        legs = network_paths.reachable(network, costs, origin, max_cost or 0)
        lines = [_line([network_paths.coordinates_of(network, leg)]) for leg in legs]
        told |= {"max_cost": max_cost, "lines": len(lines)}
        fields = {"line": [int(network.feature[leg.chain]) for leg in legs]}
    if network.ground.planar:
        told["planar_length_m"] = sum(abs(leg.last - leg.first) for leg in legs)
    parts = network_paths.parts_of(network)
    if parts > 1:
        warnings.append(f"The network has {parts} parts that do not meet: lines meet where they share a vertex.")
    return _answer(network, lines, fields, told, warnings)


def _line(runs: list[Any]) -> BaseGeometry:
    """One line, or several where it is split at the antimeridian."""
    return shapely.LineString(runs[0]) if len(runs) == 1 else shapely.MultiLineString(runs)


def _position(network: "Network", geometry: Any, name: str) -> tuple[float, float]:
    """The point in the coordinates of the network."""
    if geometry.shape.geom_type != "Point":
        raise ProcessRefusedError("a point is needed here", path=f"$.inputs.{name}")
    here = np.array([[geometry.shape.x, geometry.shape.y]])
    if network.ground.planar:
        here = Transformation.between(CRS84, network.ground.crs).positions(here)
    return float(here[0, 0]), float(here[0, 1])


def _far(name: str, metres: float, reach: float) -> list[str]:
    if metres > reach:
        raise ProcessRefusedError(
            f"the {name} is {metres / 1000:,.0f} km away from the nearest line, farther than the network is wide: it "
            "must be near the lines, longitude before latitude",
            path=f"$.inputs.{name}",
        )
    return [f"The {name} is {metres:.0f} m away from the nearest line."] if metres > FAR else []


def _answer(
    network: "Network", lines: list[Any], fields: dict[str, list[Any]], told: dict[str, Any], warnings: list[str]
) -> Mapping[str, Any]:
    from backend.geo.geodesy.measure import measure_each
    from backend.geo.geodesy.shapes import shapes_of
    from backend.geo.vector.collections import feature_collection
    from backend.geo.vector.features import Features as Record

    crs = network.ground.crs if network.ground.planar else CRS84
    made = Record(shapes_of(lines), fields, crs)
    lengths = measure_each(made.lonlat().shapes).length
    made = made.with_fields({"length_m": lengths.tolist()})
    return feature_collection(
        made,
        method="Dijkstra's algorithm; lines meet where they share a vertex, not where they cross without one",
        crs_decision=f"lengths {network.ground.decision}",
        warnings=warnings,
        length_m=float(lengths.sum()),
        **told,
    )
