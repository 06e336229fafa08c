"""`zonal-statistics`: what a raster's cells are like within zones."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.example_rasters import HILL
from backend.processes.inputs import Features, Raster


@process(
    id="zonal-statistics",
    title="Zonal statistics",
    keywords=["raster", "vector", "polygon", "mean", "histogram", "land cover", "elevation"],
    output=Output(
        id="features",
        title="Zones",
        description="With statistics.",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://isciences.github.io/exactextract/",
            "type": "text/html",
            "title": "exactextract: coverage fractions of cells",
        }
    ],
    toolsets=("core", "raster"),
    idempotent=True,
    example={"raster": HILL, "statistics": ["mean", "median", "max", "max_place"]},
)
def zonal_statistics(
    raster: Raster,
    features: Annotated[Features, Field(description="Zones, else the whole raster.")] | None = None,
    statistics: Annotated[
        list[str],
        Field(
            description="count, mean, min, max, sum (by default); median, p90, range, stdev, variance, variety, "
            "majority, minority, area, categories (area per class), min_place, max_place.",
        ),
    ]
    | None = None,
    band: Annotated[int, Field(ge=1, description="From 1.")] | None = None,
    weighting: Annotated[Literal["area", "cells"], Field(description="Of degree cells.")] = "area",
) -> Mapping[str, Any]:
    """Mean, sum or class areas of raster values per polygon or in all."""
    # GDAL is for workers: the server reads no file.
    from backend.geo.raster import zonal
    from backend.geo.raster.rasters import concerning, opened
    from backend.geo.raster.zonal_names import DEFAULT

    with concerning("raster"), opened(raster, windowed=True) as reader:
        found = zonal.zonal_statistics(reader, features, statistics or DEFAULT, weighting, band)
    return feature_collection(found.features, method=found.method, crs_decision=found.crs_decision, **found.more)
