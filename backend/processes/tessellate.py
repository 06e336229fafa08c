"""`tessellate`: Voronoi cells and Delaunay triangles of points."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from backend.geo.geometry import tessellation
from backend.geo.geometry.tessellation import Kind
from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.inputs import Features

METHODS = {
    "voronoi": "Voronoi diagram: a cell holds what is nearer to its point than to any other",
    "delaunay": "Delaunay triangulation: no point lies within the circle around a triangle",
}


@process(
    id="tessellate",
    title="Tessellate points",
    keywords=["voronoi", "thiessen", "dirichlet", "delaunay", "tin", "triangulation", "catchment", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="Cells with their point's attributes, or triangles; method, max_border_error_m, warnings.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"features": "name,lon,lat\nA,9,50\nB,9.1,50\nC,9,50.1\n"},
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.1145/116873.116880",
            "type": "text/html",
            "title": "Aurenhammer, Voronoi diagrams (1991)",
        }
    ],
    toolsets=("geometry",),
)
def tessellate(
    features: Features,
    kind: Annotated[Kind, Field(description="Which.")] = "voronoi",
    mask: Annotated[Features | None, Field(description="Polygons to cut to; else the extent and 10 %.")] = None,
) -> Mapping[str, Any]:
    """Voronoi (Thiessen) polygons of points, with the points' attributes, or Delaunay triangles."""
    made = tessellation.tessellate(features, kind, mask)
    return feature_collection(
        made.features,
        method=METHODS[kind],
        crs_decision=made.crs_decision,
        max_border_error_m=made.border_error,
        left_out=int((~features.present).sum()),
    )
