"""What exactextract is given, and what it gives: the cells of a band, and the zones. For workers only."""

# exactextract has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUntypedBaseClass=false, reportUnknownParameterType=false

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from exactextract.feature import Feature, FeatureSource
from exactextract.operation import Operation
from exactextract.processor import FeatureSequentialProcessor
from exactextract.raster import NumPyRasterSource
from exactextract.writer import Writer
from rasterio.windows import Window

from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes


@dataclass(frozen=True)
class Cells:
    """The part of a band in which the zones lie."""

    values: np.ma.MaskedArray[Any, Any]
    nodata: float | None
    """What those without data hold, and no other; None where all have some."""
    areas: Array
    """In m², of a shape that broadcasts to that of the values."""
    window: Window
    height: int
    """Rows of the whole raster."""
    planar: float | None = None
    """The area of each cell in its projected CRS, in m²."""

    @cached_property
    def source(self) -> NumPyRasterSource:
        """The values, on the plane of columns and rows.

        Without their mask, which exactextract forgets where a zone lies in one row or column
        (https://github.com/isciences/exactextract/issues/193).
        """
        return self._placed("values", self.values.data, self.nodata)

    @cached_property
    def weights(self) -> NumPyRasterSource:
        """The area of each cell."""
        return self._placed("areas", np.broadcast_to(self.areas, self.values.shape))

    @cached_property
    def covered(self) -> NumPyRasterSource:
        """The area of each cell that has data."""
        areas = np.broadcast_to(self.areas, self.values.shape)
        return self._placed("covered", np.where(np.ma.getmaskarray(self.values), np.nan, areas), np.nan)

    def part(self, first: int, end: int) -> "Cells":
        """The rows from this one to before that one, counted from the first of these cells."""
        window = Window(self.window.col_off, self.window.row_off + first, self.window.width, end - first)  # pyright: ignore[reportCallIssue]  # attrs without types
        areas = self.areas if len(self.areas) == 1 else self.areas[first:end]
        return replace(self, values=self.values[first:end], areas=areas, window=window)

    def areas_at(self, which: Any) -> Array:
        """The areas of some of the cells, which an index tells."""
        return np.broadcast_to(self.areas, self.values.shape)[which]

    def _placed(self, name: str, array: Any, nodata: float | None = None) -> NumPyRasterSource:
        # exactextract takes rasters of one name for one.
        left, top = self.window.col_off, self.height - self.window.row_off
        right, bottom = left + self.window.width, top - self.window.height
        return NumPyRasterSource(array, left, bottom, right, top, nodata=nodata, name=name)


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
    def __init__(self, told: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self.told = told

    def add_operation(self, operation: Any) -> None:
        """Results come by the names of their operations."""

    def write(self, zone: Any) -> None:
        copied = _Zone()
        zone.copy_to(copied)
        self.told(copied.found)

    def finish(self) -> None:
        """Nothing is left to write."""

    def features(self) -> None:
        """Each was told when it was there."""


def extracted(zones: Shapes, operations: Sequence[Operation], told: Callable[[dict[str, Any]], None]) -> None:
    """Tell the results of the operations in each zone, in their order, as soon as they are there."""
    # Names for each: what exactextract is given it does not keep alive itself.
    polygons, results = _Zones(shapely.to_wkb(zones).tolist()), _Results(told)
    FeatureSequentialProcessor(polygons, results, list(operations)).process()
