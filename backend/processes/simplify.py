"""`simplify`: fewer vertices, with shared edges kept shared."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.geo.geodesy.units import METRES
from backend.geo.geometry.generalisation import generalise
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features, Units


@process(
    id="simplify",
    title="Simplify geometries",
    keywords=["simplify", "generalise", "reduce vertices", "smooth", "coverage", "topology", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="FeatureCollection with vertices before and after, area change, method, warnings.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"features": "LINESTRING (0 0, 1 0.001, 2 0)", "tolerance": 1000},
    links=[
        {
            "rel": "about",
            "href": "https://shapely.readthedocs.io/en/stable/reference/shapely.coverage_simplify.html",
            "type": "text/html",
            "title": "Coverage simplification (Shapely, GEOS)",
        }
    ],
    toolsets=("core", "geometry"),
)
def simplify(
    features: Features,
    tolerance: Annotated[float, Field(ge=0.001, description="How far lines may move.")],
    units: Units = "metre",
    shared_edges: Annotated[bool, Field(description="Keep the edges that neighbours share.")] = True,
) -> Mapping[str, Any]:
    """Simplify or generalise lines and polygons: fewer vertices, without gaps between neighbours."""
    metres = tolerance * METRES[units]
    made = generalise(features, metres, coverage=shared_edges)
    return feature_collection(
        made.features,
        method=made.method,
        crs_decision=made.plane,
        tolerance_m=metres,
        vertices_before=made.vertices_before,
        vertices_after=made.vertices_after,
        area_change_percent=made.area_change_percent,
        largest_area_change_percent=made.largest_area_change_percent,
    )
