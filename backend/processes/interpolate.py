"""`interpolate`: a surface through points, or how dense they are."""

from typing import Annotated, Any, Literal, TypedDict

import numpy as np
from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.processes.base import Output, Progress, process
from backend.processes.inputs import Features
from backend.processes.outputs import RASTER, FileBytes

HELD = 0.05
"""Share by which the sum of a density over the cells may differ from the points."""


class Interpolated(TypedDict):
    """The surface and how far it can be trusted."""

    raster: FileBytes
    statistics: dict[str, Any]


@process(
    id="interpolate",
    title="Interpolate points",
    keywords=["IDW", "inverse distance weighting", "kernel density", "heatmap", "surface", "vector", "raster"],
    output=[
        RASTER,
        Output(id="statistics", description="Grid, cross-validated error, extrapolated share, warnings."),
    ],
    toolsets=("raster",),
    idempotent=True,
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.1145/800186.810616",
            "type": "text/html",
            "title": "Shepard: A two-dimensional interpolation function",
        }
    ],
    example={
        "features": "lon,lat,rain\n9.00,48.00,700\n9.10,48.00,720\n9.20,48.02,760\n9.05,48.08,810\n9.15,48.10,830\n"
        "9.02,48.14,880\n9.11,48.16,900\n9.19,48.17,930\n9.00,48.18,940\n9.20,48.10,850\n9.10,48.20,980",
        "field": "rain",
        "cell_size": 1000,
    },
)
def interpolate(
    features: Features,
    progress: Progress,
    *,
    cell_size: Annotated[float, Field(ge=0.01, allow_inf_nan=False, description="Metres.")],
    field: Annotated[str | None, Field(description="Field of values, for idw.")] = None,
    method: Annotated[
        Literal["idw", "density"], Field(description="Values between points, or points per km².")
    ] = "idw",
    radius: Annotated[
        float | None, Field(ge=0.01, allow_inf_nan=False, description="Metres; needed for density.")
    ] = None,
    power: Annotated[float, Field(ge=0, description="Of distance, for idw.")] = 2,
) -> Interpolated:
    """IDW surface or density heatmap of points."""
    from backend.geo.raster import interpolation
    from backend.geo.raster.grid_summary import grid_summary
    from backend.geo.raster.rasterizing_grid import lay_out
    from backend.geo.raster.rasters import geotiff

    if method == "idw" and field is None:
        raise ProcessRefusedError("name the field whose values are interpolated", path="$.inputs.field")
    if method == "density" and radius is None:
        raise ProcessRefusedError("a density needs a radius: how far a point counts", path="$.inputs.radius")
    laid = lay_out(features, cell_size, None, radius or 0 if method == "density" else 0)
    samples = interpolation.samples_of(laid, field)

    def told(share: float) -> None:
        progress(90 * share, "interpolating")

    about: dict[str, Any] = {"points": len(samples.values), "crs_decision": laid.crs_decision}
    if method == "density":
        values = interpolation.density(samples, laid.grid, radius or 0, told)
        about |= {"units": f"{'points' if field is None else field} per square kilometre"}
        about["method"] = f"quartic kernel of {radius:g} m; {samples.distances}"
        warnings = _held(interpolation.share_held(values, samples, laid.grid), radius or 0, cell_size)
        cells = np.ma.masked_invalid(values.astype(np.float32))
    else:
        samples = interpolation.merged(samples)
        values = interpolation.idw(samples, laid.grid, power, radius, told)
        outside = float(1 - interpolation.inside_hull(samples, laid.grid).mean())
        about |= {"extrapolated_share": outside, "cross_validation": _checked(samples, power, radius)}
        about["method"] = _weighting(power, radius, samples.distances)
        warnings = _extrapolated(outside)
        cells = np.ma.masked_invalid(interpolation.stored(values, samples))
    about["warnings"] = [*laid.features.warnings, *laid.warnings, *warnings, *samples.warnings]
    return {"raster": geotiff(cells, laid.grid), "statistics": grid_summary(cells, laid.grid) | about}


def _weighting(power: float, radius: float | None, distances: str) -> str:
    """How values were weighed, for people."""
    from backend.geo.raster.interpolation import NEIGHBOURS

    within = "" if radius is None else f" within {radius:g} m"
    return f"inverse distance weighting, power {power:g}, {NEIGHBOURS} nearest{within}; {distances}"


def _extrapolated(share: float) -> list[str]:
    """A warning where much of the grid lies outside the points."""
    told = f"{share:.0%} of the cells lie outside the hull of the points: they are extrapolated."
    return [told] if share > 0.01 else []


def _held(share: float, radius: float, cell_size: float) -> list[str]:
    """A warning where the cells are too large to hold the density.

    Raises:
        ProcessRefusedError: they hold nothing of it.
    """
    if not share:
        raise ProcessRefusedError(
            f"no cell's centre is within {radius:g} m of a point: take smaller cells or a larger radius",
            path="$.inputs.radius",
        )
    if radius >= cell_size and abs(share - 1) <= HELD:
        return []
    small = f"Kernels of {radius:g} m are small for cells of {cell_size:g} m: the density adds up to {share:.0%} of"
    return [f"{small} the points. Take smaller cells or a larger radius."]


def _checked(samples: Any, power: float, radius: float | None) -> dict[str, Any] | None:
    """Errors of points predicted from the others, in the unit of the field."""
    from backend.geo.raster.interpolation import cross_validated

    found = cross_validated(samples, power, radius)
    return found and {
        "points": found.checked,
        "root_mean_square_error": found.root_mean_square,
        "mean_absolute_error": found.mean_absolute,
        "mean_error": found.mean,
    }
