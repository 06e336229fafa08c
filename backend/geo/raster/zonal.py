"""Statistics of a raster's cells within zones. Imports GDAL: for workers only."""

# rasterio and exactextract have no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import numpy as np
from rasterio.io import DatasetReader

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Transformation, code_of
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.raster.bands import chosen_band, is_labelled
from backend.geo.raster.cells import alike, area_note, cell_areas, lonlat_bounds, planar_cell_area
from backend.geo.raster.fields import joined
from backend.geo.raster.grid_summary import too_large
from backend.geo.raster.nodata import nodata_of, undeclared, with_room
from backend.geo.raster.rasters import Grid, concerning, grid_of, places, read_band
from backend.geo.raster.zonal_extraction import PLACES, Cells, Found, extract
from backend.geo.raster.zonal_names import Chosen, chosen
from backend.geo.raster.zonal_zones import TOLERANCE, Zones, outline, whole, zones_on
from backend.geo.vector.features import Features

type Weighting = Literal["area", "cells"]

_AVERAGES = frozenset(("mean", "stdev", "variance", "median", "range", "sum"))
_NOTICED = 1e-6
"""Shares below it are rounding: shares of cells are in single precision."""


@dataclass(frozen=True, slots=True)
class Zonal:
    """The zones with their statistics, and how they were found."""

    features: Features
    method: str
    crs_decision: str
    more: dict[str, Any]
    """How many zones there are, have data, and lie outside; and which band of what grid it was."""


def zonal_statistics(
    reader: DatasetReader,
    zones: Features | None,
    names: Sequence[str],
    weighting: Weighting = "area",
    band: int | None = None,
) -> Zonal:
    """Statistics of the cells of one band within each zone, or of the whole raster; shares of cells count as shares.

    names: of `zonal_names`. weighting: where the cells differ in size on the ground, on grids of longitude and latitude
    and in planes such as Mercator's, whether they count by their areas or all alike.

    Raises:
        ProcessRefusedError: there is no such band or statistic, a zone has no place in the raster's CRS, or all lie
            outside.
    """
    wanted, grid = chosen(names), grid_of(reader)
    number, told = chosen_band(reader, band)
    with concerning("features"):
        placed = whole(grid) if zones is None else zones_on(zones, grid)
    if zones is None:
        zones = outline(grid)
    same = alike(grid)
    by_area = weighting == "area" and not same
    window, planar = placed.window(grid), planar_cell_area(grid)
    if window is None:
        _refuse_outside(zones, grid)
    measured = by_area or not grid.crs.is_projected or {"area", "categories"}.intersection(wanted.names)
    areas = cell_areas(grid, window) if measured else np.ones((1, 1))
    values, nodata, rounded = _countable(read_band(reader, number, window))
    cells = Cells(values, nodata, areas, window, grid.height, planar)
    found = extract(cells, placed.shapes, wanted, by_area=by_area)
    gaps = _gaps(found, placed)
    columns, lacking = _columns(found, wanted, grid, planar, gaps)
    beyond = too_large(f"Some of {', '.join(lacking)} are", (values.min(), values.max())) if lacking else None
    warnings = (
        *told, *rounded, *placed.warnings, *_partial(placed), *_gap_note(gaps),
        *_doubtful(reader, number, wanted), *filter(None, [beyond, undeclared(values)]),
    )  # fmt: skip
    counts = {
        "zones": len(zones),
        "zones_with_data": sum(one is not None and one.count > 0 for one in found),
        "zones_outside": int((placed.inside == 0).sum()),
    }
    return Zonal(
        joined(zones, columns).warned(*warnings),
        _method(grid, wanted, same=same, by_area=by_area),
        _crs_decision(zones, grid),
        {**counts, "raster": _told(reader, number, grid)},
    )


def _columns(
    found: list[Found | None], wanted: Chosen, grid: Grid, planar: float | None, gaps: Array
) -> tuple[dict[str, list[Any]], list[str]]:
    """The fields of the zones, and those of them that hold what JSON has no number for, which is None."""
    columns = {name: _column(name, found, grid) for name in wanted.names}
    lacking = _without_infinite(columns)
    if planar is not None and "area" in columns:
        columns["planar_area"] = [one.count * planar if one is not None and one.count > 0 else None for one in found]
    if np.nanmax(gaps, initial=0) > 0:
        columns["nodata_share"] = [None if np.isnan(gap) else float(gap) for gap in gaps]
    return columns, lacking


def _countable(
    values: np.ma.MaskedArray[Any, Any],
) -> tuple[np.ma.MaskedArray[Any, Any], float | None, tuple[str, ...]]:
    """Values of a type that exactextract has, which lacks unsigned integers of 64 bits; what cells without data hold.

    These are made to hold it: that is the values' own memory, just read.
    """
    made: Any
    made, free, _ = with_room(values)
    rounded: tuple[str, ...] = ()
    if made.dtype == np.uint64:
        fit = not made.count() or made.max() <= np.iinfo(np.int64).max
        made = made.astype(np.int64 if fit else np.float64)
        rounded = () if fit else ("The raster has integers from 2^63 on: its values were rounded to 53 bits.",)
    nodata = nodata_of(made) if free is None or made.dtype.kind == "f" else free
    if nodata is not None:
        np.ma.getdata(made)[np.ma.getmaskarray(made)] = nodata
    return made, nodata, rounded


def _without_infinite(columns: dict[str, list[Any]]) -> list[str]:
    """Put None for what JSON has no number for; the names of the columns where there was such."""
    lacking: list[str] = []
    for name, column in columns.items():
        kept = [None if isinstance(value, float) and not np.isfinite(value) else value for value in column]
        if kept.count(None) > column.count(None):
            lacking.append(name)
            columns[name] = kept
    return lacking


def _refuse_outside(zones: Features, grid: Grid) -> NoReturn:
    bounds = lonlat_bounds(grid)
    where = "" if bounds is None else " of [" + ", ".join(f"{edge:.6g}" for edge in bounds) + "] in degrees"
    raise ProcessRefusedError(
        f"all zones ({len(zones)}) lie outside the raster, whose CRS is {code_of(grid.crs)} and whose extent is"
        f"{where}: does either tell a wrong CRS?",
        path="$.inputs.features",
    )


def _told(reader: DatasetReader, band: int, grid: Grid) -> dict[str, Any]:
    transform = grid.transform
    sides = [float(np.hypot(transform.a, transform.d)), float(np.hypot(transform.b, transform.e))]
    return {
        "band": band,
        "unit": reader.units[band - 1],
        "crs": code_of(grid.crs),
        "size": [grid.width, grid.height],
        "cell_size": sides,
        "cell_units": grid.crs.axis_info[0].unit_name,
    }


def _column(name: str, found: list[Found | None], grid: Grid) -> list[Any]:
    """A statistic of each zone as JSON; None where there is none."""
    having = [index for index, one in enumerate(found) if one is not None and one.count > 0]
    column: list[Any] = [0 if name == "count" and one is not None else None for one in found]
    zones = [one for one in found if one is not None and one.count > 0]
    values = (
        _places([one.places[name] for one in zones], grid)
        if name in PLACES and zones
        else [one.values[name] for one in zones]
    )
    for index, value in zip(having, values, strict=True):
        column[index] = value
    return column


def _places(at: list[tuple[float, float]], grid: Grid) -> list[dict[str, Any]]:
    """Centres of cells, in the raster's CRS and, where that has a place on the Earth, on WGS 84."""
    centres = places(grid.transform, np.array(at) * np.array([1, -1]) + np.array([0, grid.height]))
    x, y = Transformation.between(grid.crs, CRS84, lonlat_bounds(grid)).transformer.transform(*centres.T)
    found = np.isfinite(x) & np.isfinite(y)
    degrees = np.where(found[:, np.newaxis], np.column_stack([x, y]), 0)
    beyond = np.abs(degrees[:, 0]) > 180
    degrees[beyond, 0] = (degrees[beyond, 0] + 180) % 360 - 180
    code = code_of(grid.crs)
    return [
        {"x": x, "y": y, "crs": code, "lonlat": lonlat if there else None}
        for (x, y), lonlat, there in zip(centres.tolist(), degrees.tolist(), found.tolist(), strict=True)
    ]


def _gaps(found: list[Found | None], zones: Zones) -> Array:
    """Share of the cells of each zone, within the raster, that have no data; NaN where it has no cells."""
    counts = np.array([np.nan if one is None else one.count for one in found])
    cells = np.where(zones.cells > 0, zones.cells, np.nan)
    gaps = np.clip(1 - counts / cells, 0, 1)
    return np.where(gaps < _NOTICED, 0, gaps)


def _gap_note(gaps: Array) -> tuple[str, ...]:
    touched = int((gaps > 0).sum())
    if not touched:
        return ()
    if len(gaps) == 1:
        return (f"{gaps[0]:.3%} of the cells have no data and do not count.",)
    return (f"{touched} of {len(gaps)} zones have cells without data, up to {np.nanmax(gaps):.3%}: see nodata_share.",)


def _partial(zones: Zones) -> tuple[str, ...]:
    outside, total = int((zones.inside == 0).sum()), len(zones.inside)
    partly = np.flatnonzero((zones.inside > 0) & (zones.inside < 1 - _NOTICED))
    told: list[str] = []
    if outside:
        told.append(f"{outside} of {total} zones lie outside the raster and have no statistics.")
    if partly.size:
        least = zones.inside[partly].min()
        told.append(
            f"{partly.size} of {total} zones lie partly outside the raster (the least with {least:.3%} inside): their "
            "statistics are those of the part inside."
        )
    return tuple(told)


def _doubtful(reader: DatasetReader, band: int, wanted: Chosen) -> tuple[str, ...]:
    averages = [name for name in wanted.names if name in _AVERAGES]
    if not (averages and is_labelled(reader, band)):
        return ()
    return (f"The band has a colour table, so its values are classes: {', '.join(averages)} of them mean little.",)


def _method(grid: Grid, wanted: Chosen, *, same: bool, by_area: bool) -> str:
    if same:
        weights = "cells weigh alike"
    elif by_area:
        weights = (
            "averages, percentiles and majorities weigh cells by their true areas, which shrink toward the poles; "
            "sum and count do not (weighting: cells counts them alike)"
        )
    else:
        weights = "cells weigh alike although their areas differ (weighting: area weighs them by their true areas)"
    places_note = "; places are centres of cells, one of several that are equal" if wanted.places else ""
    return (
        f"exact share of each cell within the zone; {weights}; stdev and variance of the population; areas "
        f"{area_note(grid)}{places_note}"
    )


def _crs_decision(zones: Features, grid: Grid) -> str:
    plane = f"worked in the raster's CRS {code_of(grid.crs)}"
    if zones.crs == grid.crs:
        return f"{plane}, which is that of the zones"
    return (
        f"{plane}; zones brought there from {code_of(zones.crs)}, their edges with vertices added so that they "
        f"are true to {TOLERANCE} cells"
    )
