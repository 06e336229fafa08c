"""`raster-reclassify`: values of a raster as classes, by a table."""

from typing import Annotated, Any, TypedDict

from pydantic import Field

from backend.processes.base import Output, process
from backend.processes.example_rasters import HILL
from backend.processes.inputs import Raster
from backend.processes.outputs import RASTER, FileBytes


class ClassifiedRaster(TypedDict):
    """The raster and what it is like."""

    raster: FileBytes
    statistics: dict[str, Any]


@process(
    id="raster-reclassify",
    title="Reclassify raster",
    keywords=["raster", "classes", "threshold", "lookup table", "ranges", "remap", "class area"],
    output=[
        RASTER,
        Output(id="statistics", description="Cells and area of each class, warnings."),
    ],
    links=[
        {
            "rel": "about",
            "href": "https://gdal.org/en/stable/programs/gdal_raster_reclassify.html",
            "type": "text/html",
            "title": "GDAL: reclassify a raster",
        }
    ],
    toolsets=("raster",),
    idempotent=True,
    example={"raster": HILL, "classes": [[None, 11, 1], [11, None, 2]]},
)
def raster_reclassify(
    raster: Raster,
    classes: Annotated[
        list[list[float | None]],
        Field(
            min_length=1,
            max_length=10_000,
            description="Rows [from, to, class] (from <= value < to; ±1e99 is no limit) or [value, class].",
        ),
    ],
    band: Annotated[int, Field(ge=1, description="From 1.")] | None = None,
) -> ClassifiedRaster:
    """Turn raster values into classes by ranges or values, with the area of each class."""
    # GDAL is for workers: the server reads no file.
    from backend.geo.raster.cells import area_note
    from backend.geo.raster.classes import classify
    from backend.geo.raster.rasters import concerning, geotiff, opened
    from backend.geo.raster.summary import doubts, summary

    with concerning("raster"), opened(raster) as reader:
        made = classify(reader, classes, band)
    about = summary(made.values[None], made.grid)
    told = {
        "classes": made.classes,
        "unmatched_cells": made.unmatched,
        "method": f"from <= value < to, on physical values; areas {area_note(made.grid)}",
        "crs_decision": "the grid and CRS of the raster",
        "warnings": [*made.warnings, *doubts(about)],
    }
    return {
        "raster": geotiff(made.values, made.grid),
        "statistics": about | told,
    }
