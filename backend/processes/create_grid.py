"""`create-grid`: squares, hexagons or H3 cells over an extent."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.units import METRES
from backend.geo.geometry import grids
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.features import Features as ReadFeatures
from backend.processes.base import Output, process
from backend.processes.inputs import Features, Units

METHODS = {
    "square": "squares of the given side",
    "hexagon": "hexagons of the given width between opposite sides",
    "h3": "H3 cells, an id each that is the same everywhere",
}


@process(
    id="create-grid",
    title="Create a grid",
    keywords=["grid", "fishnet", "hexagon", "hexbin", "tessellation", "h3", "cells", "vector"],
    output=Output(
        id="features",
        title="Features",
        description="Cells with id, column and row; cell_area_m2, method, CRS decision.",
        media_type="application/geo+json",
    ),
    idempotent=True,
    example={"features": "POLYGON ((13 52, 13.1 52, 13.1 52.1, 13 52))", "size": 5000},
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.3133/pp1395",
            "type": "text/html",
            "title": "Snyder, Map Projections: A Working Manual (Lambert azimuthal equal-area)",
        }
    ],
    toolsets=("geometry",),
)
def create_grid(
    features: Features,
    size: Annotated[float, Field(ge=0.001, description="Width of a cell.")],
    cell: Annotated[Literal["square", "hexagon", "h3"], Field(description="Form.")] = "square",
    units: Units = "metre",
    cut: Annotated[bool, Field(description="Only cells that touch features.")] = False,
) -> Mapping[str, Any]:
    """Grid (fishnet) of square, hexagonal or H3 cells over the extent of features."""
    made = _grid(features, cell, size * METRES[units], cut=cut)
    return feature_collection(
        made.features,
        method=METHODS[cell],
        crs_decision=made.crs_decision,
        warnings=made.warnings,
        cells=len(made.features),
        cell_area_m2=made.cell_area,
    )


def _grid(features: ReadFeatures, cell: Literal["square", "hexagon", "h3"], metres: float, *, cut: bool) -> grids.Grid:
    if cell != "h3":
        return grids.create_grid(features, cell, metres, cut=cut)
    try:
        # Of an extra, and for workers only.
        from backend.geo.geometry.h3_cells import h3_grid
    except ImportError:
        raise ProcessRefusedError(
            "H3 cells need the extra h3: pip install 'ogc-processes-mcp[h3]'; squares and hexagons do not",
            path="$.inputs.cell",
        ) from None
    return h3_grid(features, metres, cut=cut)
