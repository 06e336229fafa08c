"""`rasterize`: features as a raster."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from pydantic import Field

from backend.processes.base import Output, process
from backend.processes.inputs import Features, Raster
from backend.processes.outputs import RASTER, FileBytes

if TYPE_CHECKING:
    from backend.geo.raster.rasterizing import Burnt
    from backend.geo.raster.rasters import Grid


class Rasterized(TypedDict):
    """The raster and what it holds."""

    raster: FileBytes
    statistics: dict[str, Any]


@process(
    id="rasterize",
    title="Rasterize",
    keywords=["vector to raster", "burn", "polygon to raster", "vector", "raster"],
    output=[
        RASTER,
        Output(id="statistics", description="Grid, categories, overlaps, warnings."),
    ],
    toolsets=("raster",),
    idempotent=True,
    links=[
        {
            "rel": "about",
            "href": "https://gdal.org/en/stable/programs/gdal_rasterize.html",
            "type": "text/html",
            "title": "GDAL: rasterize",
        }
    ],
    example={
        "features": 'use,wkt\n1,"POLYGON ((13.0 52.0, 13.01 52.0, 13.01 52.01, 13.0 52.01, 13.0 52.0))"\n'
        '2,"POLYGON ((13.01 52.0, 13.02 52.0, 13.02 52.01, 13.01 52.01, 13.01 52.0))"',
        "field": "use",
        "cell_size": 50,
    },
)
def rasterize(
    features: Features,
    *,
    field: Annotated[str | None, Field(description="Field of values, else 1.")] = None,
    cell_size: Annotated[float | None, Field(ge=0.01, allow_inf_nan=False, description="Metres.")] = None,
    template: Annotated[Raster | None, Field(description="Or a raster whose grid to take.")] = None,
    all_touched: Annotated[bool, Field(description="Every cell touched, not only by its centre.")] = False,
    overlap: Annotated[Literal["last", "sum", "count"], Field(description="Where features overlap.")] = "last",
) -> Rasterized:
    """Burn features into a raster."""
    from backend.geo.raster.rasterizing import burn
    from backend.geo.raster.rasterizing_grid import lay_out
    from backend.geo.raster.rasters import concerning, geotiff, grid_of, opened

    grid = None
    if template is not None:
        with concerning("template"), opened(template, windowed=True) as reader:
            grid = grid_of(reader)
    laid = lay_out(features, cell_size, grid)
    burnt = burn(laid, field, all_touched=all_touched, overlap=overlap)
    statistics = _statistics(burnt, laid.grid, overlap) | {
        "method": "cells that features touch" if all_touched else "cells whose centre lies in a feature",
        "crs_decision": laid.crs_decision,
    }
    statistics["warnings"] = [*laid.features.warnings, *statistics["warnings"]]
    return {"raster": geotiff(burnt.values, laid.grid), "statistics": statistics}


def _statistics(burnt: "Burnt", grid: "Grid", overlap: str) -> dict[str, Any]:
    from backend.geo.raster.grid_summary import grid_summary

    warnings = list(burnt.warnings)
    if burnt.overlapping and overlap == "last":
        warnings.append(f"{burnt.overlapping} cells are covered by several features: the last one counts.")
    if burnt.without_cell:
        why = "too small for the cells, or covered by others" if overlap == "last" else "too small for the cells"
        warnings.append(f"{burnt.without_cell} features are in no cell: {why}, or outside the grid.")
    return grid_summary(burnt.values, grid) | {
        "overlapping_cells": burnt.overlapping,
        "features_without_cell": burnt.without_cell,
        **({"categories": burnt.categories} if burnt.categories else {}),
        "warnings": warnings,
    }
