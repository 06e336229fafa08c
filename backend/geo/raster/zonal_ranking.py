"""The values of cells within zones in their order, of large zones some rows at a time. For workers only."""

# exactextract has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from exactextract.operation import Operation
from numpy.typing import NDArray

from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.geodesy.shapes import Shapes, shapes_of
from backend.geo.raster.zonal_cells import Cells, extracted
from backend.geo.raster.zonal_names import Chosen
from backend.geo.raster.zonal_ranks import ranks

_AT_ONCE = 1 << 21
"""Cells: what exactextract tells of each takes ten times the memory of its value."""


@dataclass(frozen=True, slots=True)
class Part:
    """Cells with data of a zone."""

    values: NDArray[Any]
    weights: NDArray[np.float32 | np.float64] | None
    """Their shares, or areas; None where all weigh alike."""


def large(zones: Shapes) -> Booleans:
    """Zones that are looked at some rows at a time."""
    west, south, east, north = shapely.bounds(zones).T
    return (east - west) * (north - south) > _AT_ONCE


def ranks_within(cells: Cells, zones: Shapes, wanted: Chosen, *, by_area: bool) -> list[Array]:
    """`ranks` of each zone: of the percentiles, and where they are asked for the most and the least common value.

    zones: polygons in columns and rows, counted upwards. by_area: cells count by their areas.
    """
    modes = not {"majority", "minority"}.isdisjoint(wanted.names)
    made: list[Array] = [np.zeros(0)] * len(zones)

    def put(index: int, part: Part) -> None:
        made[index] = ranks(part.values, part.weights, wanted.percentiles, modes=modes)

    for index in np.flatnonzero(large(zones)).tolist():
        put(index, _joined(list(within(cells, zones[index], by_area=by_area))))
    small = np.flatnonzero(~large(zones))
    places = iter(small.tolist())
    _tell_parts(cells, zones[small], lambda part: put(next(places), part), by_area=by_area)
    return made


def within(cells: Cells, zone: Any, *, by_area: bool = False) -> Iterator[Part]:
    """The cells of a zone, some rows at a time."""
    if shapely.area(zone) == cells.values.size:
        yield _all_of(cells, by_area=by_area)
        return
    parts: list[Part] = []
    step = max(1, _AT_ONCE // int(cells.window.width))
    for first in range(0, int(cells.window.height), step):
        rows = cells.part(first, min(first + step, int(cells.window.height)))
        _tell_parts(rows, shapes_of([zone]), parts.append, by_area=by_area)
        yield parts.pop()


def _all_of(cells: Cells, *, by_area: bool) -> Part:
    valid = ~np.ma.getmaskarray(cells.values)
    return Part(cells.values.compressed(), cells.areas_at(valid) if by_area else None)


def _tell_parts(cells: Cells, zones: Shapes, told: Callable[[Part], None], *, by_area: bool) -> None:
    def part(row: dict[str, Any]) -> None:
        at = np.unravel_index(row["cell_id"], cells.values.shape)
        shares = row["coverage"]
        weights = shares * cells.areas_at(at) if by_area else shares.astype(np.float32)
        told(Part(cells.values.data[at], weights))

    asked = [Operation(name, name, cells.source) for name in ("cell_id", "coverage")]
    extracted(zones, asked, part)


def _joined(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    weights = [part.weights for part in parts if part.weights is not None]
    return Part(np.concatenate([part.values for part in parts]), np.concatenate(weights))
