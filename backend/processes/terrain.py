"""`terrain`: what elevations tell of the shape of the ground."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field

from backend.errors import ProcessRefusedError
from backend.processes.base import Output, process
from backend.processes.example_rasters import HILL
from backend.processes.inputs import Raster
from backend.processes.outputs import RASTER, FileBytes

if TYPE_CHECKING:
    from backend.geo.geodesy.ground import Ground
    from backend.geo.raster.terrain import Relief

AZIMUTH, ALTITUDE = 315.0, 45.0
"""Degrees: from the north-west, as on most shaded maps, where the eye takes hills for hills."""


class Terrain(TypedDict):
    """What was asked for, as a raster or as features."""

    raster: NotRequired[FileBytes]
    statistics: NotRequired[dict[str, Any]]
    features: NotRequired[Mapping[str, Any]]


@process(
    id="terrain",
    title="Slope, aspect, hillshade, contours",
    keywords=["slope", "aspect", "hillshade", "contour lines", "isolines", "DEM", "elevation", "raster"],
    output=[
        RASTER,
        Output(id="statistics", description="Of the raster: mean, min, max, units, warnings."),
        Output(id="features", description="Contours.", media_type="application/geo+json"),
    ],
    toolsets=("core", "raster"),
    idempotent=True,
    links=[
        {
            "rel": "about",
            "href": "https://doi.org/10.1109/PROC.1981.11918",
            "type": "text/html",
            "title": "Horn: Hill shading and the reflectance map",
        }
    ],
    example={"raster": HILL, "product": "slope"},
)
def terrain(  # noqa: PLR0917  # the inputs of a process come by name
    raster: Raster,
    product: Annotated[
        Literal["slope", "slope-percent", "aspect", "hillshade", "contours"], Field(description="What to make.")
    ] = "slope",
    interval: Annotated[
        float | None, Field(ge=1e-6, allow_inf_nan=False, description="Between contours, in units of elevation.")
    ] = None,
    base: Annotated[float, Field(allow_inf_nan=False, description="A level from which contours count.")] = 0,
    azimuth: Annotated[float, Field(ge=0, le=360, description="Of the sun, for hillshade.")] = AZIMUTH,
    altitude: Annotated[float, Field(ge=0, le=90, description="Of the sun.")] = ALTITUDE,
    z_factor: Annotated[
        float, Field(ge=1e-6, allow_inf_nan=False, description="Times elevations; 0.3048 for feet.")
    ] = 1,
) -> Terrain:
    """Slope (degrees), aspect, hillshade or contour lines of an elevation raster (DEM)."""
    from backend.geo.raster.terrain import read_relief

    if product != "contours":
        return _surface(read_relief(raster, z_factor), product, z_factor, {"azimuth": azimuth, "altitude": altitude})
    if interval is None:
        raise ProcessRefusedError("contours need an interval", path="$.inputs.interval")
    return {"features": _contours(read_relief(raster, z_factor), interval, base, z_factor)}


def _surface(relief: "Relief", product: str, z_factor: float, sun: Mapping[str, float]) -> Terrain:
    import numpy as np

    from backend.geo.geodesy.ground import ground_of
    from backend.geo.raster.grid_summary import grid_summary
    from backend.geo.raster.rasters import geotiff
    from backend.geo.raster.terrain import aspect, hillshade, mean_direction, slope, surface

    grid, ground = relief.grid, ground_of(relief.grid.crs, relief.grid.bounds)
    made, units = {
        "slope": (slope("degree"), "degree"),
        "slope-percent": (slope("percent"), "percent"),
        "aspect": (aspect, "degree clockwise from " + ("grid north" if ground.planar else "true north")),
        "hillshade": (hillshade(**sun), "1 to 255"),
    }[product]
    surfaces, unplaced = surface(relief.elevations, grid, ground, made, z_factor * relief.metres)
    values: Any = np.ma.masked_invalid(surfaces, copy=False)
    about: dict[str, Any] = {"product": product, "units": units, "vertical_units": relief.told, "z_factor": z_factor}
    if product == "hillshade":
        about["sun"] = sun
        values = np.ma.MaskedArray(np.rint(values.filled(0)).astype(np.uint8), values.mask)
    if product == "aspect":
        about |= {"mean": mean_direction(surfaces), "mean_is": "direction of the mean of unit vectors"}
    lost = int(relief.elevations.count() - values.count())
    about |= {
        "method": "Horn's gradient of 3 x 3 cells; beyond the grid's edges the surface is continued linearly",
        "crs_decision": ground.decision,
        "warnings": [*relief.warnings, *_lost(lost - unplaced, unplaced, ground, product)],
    }
    del relief, surfaces  # elevations take as much memory as what was made of them
    raster = geotiff(values, grid, 0 if product == "hillshade" else None)
    return {"raster": raster, "statistics": grid_summary(values, grid) | about}


def _lost(beside: int, unplaced: int, ground: "Ground", product: str) -> Iterator[str]:
    """Why cells with an elevation have no value."""
    from backend.geo.geodesy.crs import code_of

    if beside:
        level = " or level" if product == "aspect" else ""
        yield f"{beside} cells beside a cell without data{level} have no value."
    if unplaced:
        nowhere = f"where {code_of(ground.crs)} has no places on the ground"
        yield f"{unplaced} cells {nowhere if ground.crs.is_projected else 'at or beyond a pole'} have no value."


def _contours(relief: "Relief", interval: float, base: float, z_factor: float) -> Mapping[str, Any]:
    from backend.geo.raster.contours import contours, levels_between
    from backend.geo.raster.vectorizing import features_on
    from backend.geo.vector.collections import feature_collection

    elevations = relief.elevations if z_factor == 1 else relief.elevations * z_factor
    levels = levels_between(float(elevations.min()), float(elevations.max()), interval, base)
    lines, heights = contours(elevations, relief.grid.transform, levels)
    masked = int(elevations.size - elevations.count())
    made = features_on(relief.grid, lines, {"elevation": heights.tolist()}).warned(
        *relief.warnings,
        *([f"{masked} cells have no data: contours end beside them."] if masked else []),
        *([] if lines else ["There is no contour: nowhere between the centres of four cells is a level crossed."]),
    )
    return feature_collection(
        made,
        method="marching squares between the centres of cells; saddles by the mean of their corners",
        crs_decision=f"lines straight in the {made.plane}",
        warnings=made.warnings,
        levels=levels.tolist(),
        contours=len(lines),
        elevation_units=relief.told if z_factor == 1 else f"{relief.told}, times {z_factor:g}",
    )
