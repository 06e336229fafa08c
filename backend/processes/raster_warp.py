"""`raster-warp`: a raster cut out, in another CRS, or with cells of another size."""

from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from backend.processes.base import Output, process
from backend.processes.example_rasters import HILL
from backend.processes.inputs import Crs, Features, Raster
from backend.processes.outputs import RASTER, FileBytes


class WarpedRaster(TypedDict):
    """The raster and what it is like."""

    raster: FileBytes
    statistics: dict[str, Any]


@process(
    id="raster-warp",
    title="Clip or reproject raster",
    keywords=["raster", "clip", "mask", "crop", "reproject", "resample", "align", "cell size"],
    output=[
        RASTER,
        Output(id="statistics"),
    ],
    links=[
        {
            "rel": "about",
            "href": "https://gdal.org/en/stable/programs/gdalwarp.html",
            "type": "text/html",
            "title": "GDAL: image reprojection and warping",
        }
    ],
    toolsets=("core", "raster"),
    idempotent=True,
    example={"raster": HILL, "crs": "EPSG:3035", "resolution": 10},
)
def raster_warp(  # noqa: PLR0917  # the inputs of a process come by name
    raster: Raster,
    crs: Annotated[Crs | None, Field(description="Target.")] = None,
    resolution: Annotated[float | None, Field(ge=1e-9, allow_inf_nan=False, description="Cell size.")] = None,
    mask: Annotated[Features | None, Field(description="Polygons.")] = None,
    like: Annotated[Raster | None, Field(description="Whose grid to take.")] = None,
    resampling: Annotated[
        Literal["nearest", "mode", "bilinear", "cubic", "average"] | None,
        Field(description="Of classes: nearest, mode."),
    ] = None,
) -> WarpedRaster:
    """Clip a raster to a mask, reproject or resample it."""
    # GDAL is for workers: the server reads no file.
    from backend.geo.raster.rasters import concerning, geotiff, grid_of, opened
    from backend.geo.raster.summary import doubts, summary
    from backend.geo.raster.warping import Wish, crs_decision, warp

    template = None
    if like is not None:
        with concerning("like"), opened(like, windowed=True) as reader:
            template = grid_of(reader)
    with concerning("raster"), opened(raster, windowed=True) as reader:
        made = warp(reader, Wish(crs, resolution, template, mask, resampling))
        decision = crs_decision(grid_of(reader), made.grid)
    about = summary(made.values, made.grid)
    warnings = [*(mask.warnings if mask else ()), *made.warnings, *doubts(about)]
    told = {"method": f"resampling: {made.resampling}; grid: {made.note}", "crs_decision": decision}
    return {
        "raster": geotiff(made.values, made.grid, made.nodata, made.labels),
        "statistics": about | told | {"warnings": warnings},
    }
