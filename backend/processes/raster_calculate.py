"""`raster-calculate`: a formula over the bands of rasters, cell by cell."""

from contextlib import ExitStack
from typing import Annotated, Any, TypedDict

from pydantic import Field

from backend.processes.base import Output, process
from backend.processes.example_rasters import HILL
from backend.processes.inputs import Raster
from backend.processes.outputs import RASTER, FileBytes


class CalculatedRaster(TypedDict):
    """The raster and what it is like."""

    raster: FileBytes
    statistics: dict[str, Any]


@process(
    id="raster-calculate",
    title="Raster calculator",
    keywords=["raster", "band math", "map algebra", "NDVI", "index", "difference", "formula", "mosaic", "merge"],
    output=[
        RASTER,
        Output(id="statistics"),
    ],
    links=[
        {
            "rel": "about",
            "href": "https://gdal.org/en/stable/programs/gdal_calc.html",
            "type": "text/html",
            "title": "GDAL: raster calculator",
        }
    ],
    toolsets=("core", "raster"),
    idempotent=True,
    example={"raster": HILL, "expression": "a1 * 3.28084"},
)
def raster_calculate(
    raster: Raster,
    expression: Annotated[
        str,
        Field(
            max_length=2000,
            description="Bands a1, a2… (b1… of others) or by name: (a2 - a1) / (a2 + a1), where(a1 > 9, 1, None), "
            "coalesce(a1, 0); coalesce(a1, b1) joins tiles.",
        ),
    ],
    others: Annotated[list[Raster], Field(max_length=25, description="Rasters b, c and so on.")] | None = None,
) -> CalculatedRaster:
    """Band math (map algebra), such as NDVI, the difference of two rasters, or a mosaic of tiles."""
    # GDAL is for workers: the server reads no file.
    from backend.geo.raster.calculation import calculate, input_of
    from backend.geo.raster.rasters import concerning, geotiff, opened
    from backend.geo.raster.summary import doubts, summary

    with ExitStack() as stack:
        readers: list[Any] = []
        for index, one in enumerate((raster, *(others or ()))):
            with concerning(input_of(index)):
                readers.append(stack.enter_context(opened(one)))
        made = calculate(readers, expression)
    about = summary(made.values[None], made.grid)
    told = {
        "expression": expression,
        "bands_used": list(made.used),
        "method": "cell by cell, on physical values (scale and offset applied)",
        "crs_decision": "the grid and CRS of the raster",
        "warnings": [*made.warnings, *doubts(about)],
    }
    return {
        "raster": geotiff(made.values, made.grid),
        "statistics": about | told,
    }
