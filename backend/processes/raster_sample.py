"""`raster-sample`: the values of a raster at points."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from backend.geo.vector.collections import feature_collection
from backend.processes.base import Output, process
from backend.processes.example_rasters import HILL
from backend.processes.inputs import Features, Raster


@process(
    id="raster-sample",
    title="Raster values at points",
    keywords=["raster", "vector", "point", "extract", "query", "elevation", "pixel value"],
    output=Output(
        id="features",
        title="Points",
        description="With value (band_1… of several bands).",
        media_type="application/geo+json",
    ),
    links=[
        {
            "rel": "about",
            "href": "https://gdal.org/en/stable/programs/gdallocationinfo.html",
            "type": "text/html",
            "title": "GDAL: values of a raster at a location",
        }
    ],
    toolsets=("core", "raster"),
    idempotent=True,
    example={"raster": HILL, "features": "POINT (9.0003 50.5518)"},
)
def raster_sample(
    raster: Raster,
    features: Annotated[Features, Field(description="Points.")],
    interpolation: Annotated[
        Literal["nearest", "bilinear"], Field(description="The cell, or between centres.")
    ] = "nearest",
    band: Annotated[int, Field(ge=1, description="From 1; default all.")] | None = None,
) -> Mapping[str, Any]:
    """Look up raster values, such as elevation, at points."""
    # GDAL is for workers: the server reads no file.
    from backend.geo.raster.rasters import concerning, opened
    from backend.geo.raster.sampling import sample

    with concerning("raster"), opened(raster, windowed=True) as reader:
        found = sample(reader, features, interpolation, band)
    return feature_collection(found.features, method=found.method, crs_decision=found.crs_decision, **found.more)
