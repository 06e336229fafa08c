"""Cells within zones by exactextract, which knows exactly what share of a cell a polygon covers. For workers only."""

# exactextract has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUntypedBaseClass=false, reportUnknownParameterType=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from exactextract.feature import Feature, FeatureSource
from exactextract.operation import Operation, PythonOperation
from exactextract.processor import FeatureSequentialProcessor
from exactextract.raster import NumPyRasterSource
from exactextract.writer import Writer
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes
from backend.geo.raster.zonal_names import Chosen, share
from backend.geo.raster.zonal_ranks import ranks

MOST_CATEGORIES = 1000
"""Of a zone: what has more values counts nothing."""
_WEIGHABLE = ("mean", "stdev", "variance")
PLACES = {"min_place": ("min_center_x", "min_center_y"), "max_place": ("max_center_x", "max_center_y")}


@dataclass(frozen=True)
class Cells:
    """The part of a band in which the zones lie."""

    values: np.ma.MaskedArray[Any, Any]
    areas: Array
    """In m², of a shape that broadcasts to that of the values."""
    window: Window
    height: int
    """Rows of the whole raster."""
    planar: float | None = None
    """The area of each cell in its projected CRS, in m²."""

    @cached_property
    def source(self) -> NumPyRasterSource:
        """The values, on the plane of columns and rows."""
        masked = np.ma.is_masked(self.values)
        return self._placed("values", self.values if masked else self.values.data)

    @cached_property
    def weights(self) -> NumPyRasterSource:
        """The area of each cell."""
        return self._placed("areas", np.broadcast_to(self.areas, self.values.shape))

    @cached_property
    def covered(self) -> NumPyRasterSource:
        """The area of each cell that has data."""
        areas = np.broadcast_to(self.areas, self.values.shape)
        return self._placed("covered", np.ma.array(areas, mask=np.ma.getmaskarray(self.values)))

    def _placed(self, name: str, array: Any) -> NumPyRasterSource:
        # exactextract takes rasters of one name for one.
        left, top = self.window.col_off, self.height - self.window.row_off
        return NumPyRasterSource(array, left, top - self.window.height, left + self.window.width, top, name=name)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one zone."""

    count: float
    """Cells with data, shares of cells as shares."""
    values: dict[str, Any]
    """Statistics by name."""
    places: dict[str, tuple[float, float]]
    """Column and row, counted upwards, of the centres of cells, by name."""


class _Zone(Feature):
    def __init__(self, polygon: bytes = b"") -> None:
        super().__init__()
        self.polygon = polygon
        self.found: dict[str, Any] = {}

    def geometry(self) -> bytes:
        return self.polygon

    def set_geometry(self, polygon: bytes | None) -> None:
        """Results have none."""

    def set_geometry_format(self) -> str:
        return "wkb"

    def fields(self) -> list[str]:
        return list(self.found)

    def get(self, name: str) -> Any:
        return self.found[name]

    def set(self, name: str, value: Any) -> None:
        self.found[name] = value


class _Zones(FeatureSource):
    def __init__(self, polygons: Sequence[bytes]) -> None:
        super().__init__()
        self.polygons = polygons

    def count(self) -> int:
        return len(self.polygons)

    def __iter__(self) -> Iterator[_Zone]:
        return (_Zone(polygon) for polygon in self.polygons)

    def srs_wkt(self) -> None:
        """The plane of columns and rows has none."""


class _Results(Writer):
    def __init__(self) -> None:
        super().__init__()
        self.all: list[dict[str, Any]] = []

    def add_operation(self, operation: Any) -> None:
        """Results come by the names of their operations."""

    def write(self, zone: Any) -> None:
        copied = _Zone()
        zone.copy_to(copied)
        self.all.append(copied.found)

    def finish(self) -> None:
        """Nothing is left to write."""

    def features(self) -> list[dict[str, Any]]:
        return self.all


def extract(cells: Cells, zones: Shapes, wanted: Chosen, *, by_area: bool) -> list[Found | None]:
    """Statistics of each zone; None for one that is None.

    zones: polygons in columns and rows, counted upwards. by_area: averages and ranks count cells by their areas.

    Raises:
        ProcessRefusedError: categories are wanted of values that are none.
    """
    present = np.flatnonzero(~shapely.is_missing(zones))
    operations = _operations(cells, wanted, by_area=by_area)
    polygons = _Zones(shapely.to_wkb(zones[present]).tolist())
    results = _Results()
    FeatureSequentialProcessor(polygons, results, operations).process()
    found: list[Found | None] = [None] * len(zones)
    for index, row in zip(present.tolist(), results.all, strict=True):
        found[index] = _found(row, wanted, cells.planar)
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
    if "area" in wanted.names or "categories" in wanted.names:
        made.append(Operation("sum", "area", cells.covered))
    if "categories" in wanted.names:
        made += [Operation(name, name, cells.source) for name in ("unique", "frac")]
        made.append(Operation("weighted_frac", "weighted_frac", cells.source, cells.weights))
    if wanted.ranked:
        made.append(PythonOperation(_ranking(wanted, by_area=by_area), "ranks", cells.source, cells.weights))
    return made


def _ranking(wanted: Chosen, *, by_area: bool) -> Any:
    def ranked(values: Any, coverage: Any, weights: Any) -> Array:
        valid = ~np.ma.getmaskarray(values)
        share = np.asarray(coverage)[valid]
        return ranks(
            np.asarray(values)[valid], share * np.asarray(weights)[valid] if by_area else share, wanted.percentiles
        )

    return ranked


def _found(row: dict[str, Any], wanted: Chosen, planar: float | None) -> Found:
    if row["count"] <= 0:
        return Found(0, {}, {})
    values: dict[str, Any] = {}
    percentiles = iter(row.get("ranks", ()))
    for name in wanted.names:
        if name == "range":
            values[name] = float(row["max"]) - float(row["min"])
        elif name == "categories":
            values[name] = _categories(row, planar)
        elif share(name) is not None:
            values[name] = float(next(percentiles))
        elif name in ("majority", "minority"):
            values[name] = float(row["ranks"][-2 if name == "majority" else -1])
        elif name not in PLACES:
            values[name] = row[name]
    places = {name: (row[x], row[y]) for name, (x, y) in PLACES.items() if name in wanted.names}
    return Found(float(row["count"]), values, places)


def _categories(row: dict[str, Any], planar: float | None) -> dict[str, dict[str, float]]:
    """Value → cells, area in m² (in a projected CRS also that of its plane) and share of that area."""
    if len(row["unique"]) > MOST_CATEGORIES:
        raise ProcessRefusedError(
            f"a zone has {len(row['unique'])} different values, so they are no categories: raster-reclassify makes "
            "classes of them",
            path="$.inputs.statistics",
        )
    members = zip(row["unique"].tolist(), row["frac"].tolist(), row["weighted_frac"].tolist(), strict=True)
    return {
        f"{value:.10g}": {"cells": cells * row["count"], "area_m2": part * row["area"]}
        | ({} if planar is None else {"planar_area_m2": cells * row["count"] * planar})
        | {"share": part}
        for value, cells, part in sorted(members)
    }
