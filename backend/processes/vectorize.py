"""`vectorize`: the cells of a raster as polygons or points."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from backend.geo.vector.features import Features as Record
from backend.processes.base import Output, process
from backend.processes.example_rasters import HILL
from backend.processes.inputs import Raster


@process(
    id="vectorize",
    title="Raster to polygons",
    keywords=["polygonize", "raster to vector", "raster to points", "cells", "areas", "raster", "vector"],
    output=Output(
        id="features",
        description="FeatureCollection: value, cells, area_m2; method, nodata_share, warnings.",
        media_type="application/geo+json",
    ),
    toolsets=("core", "raster"),
    idempotent=True,
    links=[
        {
            "rel": "about",
            "href": "https://gdal.org/en/stable/programs/gdal_polygonize.html",
            "type": "text/html",
            "title": "GDAL: polygonize",
        }
    ],
    example={"raster": HILL, "dissolve": True},
)
def vectorize(
    raster: Raster,
    geometry_type: Annotated[Literal["polygons", "points"], Field(description="Of the result.")] = "polygons",
    dissolve: Annotated[bool, Field(description="One feature per value.")] = False,
    diagonal: Annotated[bool, Field(description="Cells meeting at corners are connected.")] = False,
    band: Annotated[int, Field(ge=1, description="From 1.")] | None = None,
) -> Mapping[str, Any]:
    """Polygonize: areas of equal value of a raster as polygons, or its cells as points."""
    from backend.geo.raster import vectorizing
    from backend.geo.raster.bands import chosen_band
    from backend.geo.raster.rasters import concerning, grid_of, opened, read_band
    from backend.geo.vector.collections import feature_collection

    with concerning("raster"), opened(raster) as reader:
        number, told = chosen_band(reader, band)
        grid, values = grid_of(reader), read_band(reader, number)
    warnings = list(told)
    cells = values.count()
    share = 1 - cells / values.size
    if geometry_type == "points":
        shapes, numbers = vectorizing.points_of(values, grid)
        features = vectorizing.features_on(grid, shapes, {"value": numbers})
        method = "the centre of each cell with data"
    else:
        shapes, numbers = vectorizing.polygons_of(values, grid, diagonal=diagonal)
        del values  # as large as the polygons, and done with
        if len(shapes) > cells / 2 and len(shapes) > 100:
            warnings.append("Most areas are one or two cells: raster-reclassify puts values into classes.")
        if dissolve:
            shapes, numbers = vectorizing.united(shapes, numbers)
        fields: dict[str, list[Any]] = {"value": numbers, "cells": vectorizing.cell_counts(shapes, grid)}
        features = vectorizing.features_on(grid, shapes, fields)
        features = features.with_fields(_areas(features))
        method = f"areas of cells of equal value, connected by {'corners or sides' if diagonal else 'sides'}"
    if not len(features):
        warnings.append("The band has no cell with data.")
    return feature_collection(
        features,
        method=method,
        crs_decision=f"sides of cells straight in the {features.plane}; area_m2 on the WGS 84 ellipsoid",
        warnings=(*features.warnings, *warnings),
        count=len(features),
        nodata_share=float(share),
    )


def _areas(features: Record) -> dict[str, list[float]]:
    from backend.geo.vector.feature_measures import areas, planar_areas

    found = {"area_m2": areas(features)} | (
        {"planar_area_m2": planar_areas(features)} if features.crs.is_projected else {}
    )
    return {name: [float(f"{area:.12g}") for area in column.tolist()] for name, column in found.items()}
