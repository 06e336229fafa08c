"""Statistics of cells within zones by exactextract, which knows exactly what share of a cell a polygon covers. For
workers only.
"""

# exactextract has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import shapely
from exactextract.operation import Operation

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes
from backend.geo.raster.zonal_cells import Cells, extracted
from backend.geo.raster.zonal_names import Chosen, share
from backend.geo.raster.zonal_ranking import large, ranks_within, within

MOST_CATEGORIES = 1000
"""Of a zone: what has more values counts nothing."""
_LOOKED_AT = 1 << 20
"""Values of a large zone that show whether they are categories."""
_WEIGHABLE = ("mean", "stdev", "variance")
PLACES = {"min_place": ("min_center_x", "min_center_y"), "max_place": ("max_center_x", "max_center_y")}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one zone."""

    count: float
    """Cells with data, shares of cells as shares."""
    values: dict[str, Any]
    """Statistics by name."""
    places: dict[str, tuple[float, float]]
    """Column and row, counted upwards, of the centres of cells, by name."""


def extract(cells: Cells, zones: Shapes, wanted: Chosen, *, by_area: bool) -> list[Found | None]:
    """Statistics of each zone; None for one that is None.

    zones: polygons in columns and rows, counted upwards. by_area: averages and ranks count cells by their areas.

    Raises:
        ProcessRefusedError: categories are wanted of values that are none.
    """
    present = np.flatnonzero(~shapely.is_missing(zones))
    if "categories" in wanted.names:
        _check_categories(cells, zones[present])
    rows: list[dict[str, Any]] = []
    extracted(zones[present], _operations(cells, wanted, by_area=by_area), rows.append)
    if "area" in wanted.names or "categories" in wanted.names:
        # By themselves: with others that count values exactextract would count areas too, most of which are different.
        areas: list[dict[str, Any]] = []
        extracted(zones[present], [Operation("sum", "area", cells.covered)], areas.append)
        rows = [row | area for row, area in zip(rows, areas, strict=True)]
    ranked = (
        ranks_within(cells, zones[present], wanted, by_area=by_area) if wanted.ranked else [np.zeros(0)] * len(rows)
    )
    found: list[Found | None] = [None] * len(zones)
    for index, row, ranks in zip(present.tolist(), rows, ranked, strict=True):
        found[index] = _found(row, ranks, wanted, cells.planar)
    return found


def _operations(cells: Cells, wanted: Chosen, *, by_area: bool) -> list[Any]:
    weights = cells.weights if by_area else None
    made = [Operation("count", "count", cells.source)]
    for name in wanted.names:
        if name in _WEIGHABLE:
            made.append(Operation(f"weighted_{name}" if by_area else name, name, cells.source, weights))
        elif name in ("sum", "min", "max", "variety"):
            made.append(Operation(name, name, cells.source))
        elif name in PLACES:
            made += [Operation(stat, stat, cells.source) for stat in PLACES[name]]
    if "range" in wanted.names:
        made += [Operation(name, name, cells.source) for name in ("min", "max") if name not in wanted.names]
    if "categories" in wanted.names:
        made += [Operation(name, name, cells.source) for name in ("unique", "frac")]
        made.append(Operation("weighted_frac", "weighted_frac", cells.source, cells.weights))
    return made


def _found(row: dict[str, Any], ranks: Array, wanted: Chosen, planar: float | None) -> Found:
    if row["count"] <= 0:
        return Found(0, {}, {})
    values: dict[str, Any] = {}
    percentiles = iter(ranks.tolist())
    for name in wanted.names:
        if name == "range":
            values[name] = float(row["max"]) - float(row["min"])
        elif name == "categories":
            values[name] = _categories(row, planar)
        elif share(name) is not None:
            values[name] = next(percentiles)
        elif name in ("majority", "minority"):
            values[name] = float(ranks[-2 if name == "majority" else -1])
        elif name not in PLACES:
            values[name] = row[name]
    places = {name: (row[x], row[y]) for name, (x, y) in PLACES.items() if name in wanted.names}
    return Found(float(row["count"]), values, places)


def _categories(row: dict[str, Any], planar: float | None) -> dict[str, dict[str, float]]:
    """Value → cells, area in m² (in a projected CRS also that of its plane) and share of that area."""
    if len(row["unique"]) > MOST_CATEGORIES:
        _refuse_categories(str(len(row["unique"])))
    members = zip(row["unique"].tolist(), row["frac"].tolist(), row["weighted_frac"].tolist(), strict=True)
    return {
        f"{value:.10g}": {"cells": cells * row["count"], "area_m2": part * row["area"]}
        | ({} if planar is None else {"planar_area_m2": cells * row["count"] * planar})
        | {"share": part}
        for value, cells, part in sorted(members)
    }


def _check_categories(cells: Cells, zones: Shapes) -> None:
    """Refuse large zones for what a part of them shows: to count millions of values would take minutes."""
    for zone in zones[large(zones)]:
        values = next(within(cells, zone)).values[:_LOOKED_AT]
        if (different := len(np.unique(values))) > MOST_CATEGORIES:
            _refuse_categories(f"{different} or more")


def _refuse_categories(number: str) -> NoReturn:
    raise ProcessRefusedError(
        f"a zone has {number} different values, so they are no categories: raster-reclassify makes classes of them",
        path="$.inputs.statistics",
    )
