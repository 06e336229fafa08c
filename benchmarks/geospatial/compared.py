"""Each process beside the bare call, in turn, and the memory of both."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray

from backend.geo.buffers.boundary import boundary
from backend.geo.buffers.buffer import buffer, buffer_each
from benchmarks.geospatial.cases import Case
from benchmarks.geospatial.data import Data
from benchmarks.geospatial.memory import Side, peak_growth
from benchmarks.geospatial.pair_cases import pair_cases
from benchmarks.geospatial.plain import geojson, read
from benchmarks.geospatial.raster_cases import raster_cases
from benchmarks.geospatial.vector_cases import vector_cases
from benchmarks.table import Figure

SHARE, SECONDS = 1.15, 0.02
"""A process may take so many times the bare call, or so many seconds more."""
BUFFER_SECONDS = 3.0
MEMORY = 3.0
"""Bytes at most for each of the input."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is measured with."""

    features: int
    side: int
    """Cells along a raster."""
    rounds: int
    memory: bool = True
    """Two processes more for each case."""


FULL = Size(100_000, 4000, 5)
QUICK = Size(100, 60, 1, memory=False)


@dataclass(frozen=True, slots=True)
class Compared:
    """Medians of one case, in seconds of the processor and bytes."""

    case: Case
    own: float
    bare: float
    own_memory: int
    bare_memory: int
    input_size: int
    output_size: int

    @property
    def ratio(self) -> float:
        """Process / bare."""
        return self.own / self.bare

    @property
    def met(self) -> bool:
        """Whether the bar of its time is met."""
        if self.case.ratio is not None:
            return self.ratio <= self.case.ratio
        return self.ratio <= SHARE or self.own - self.bare <= SECONDS

    @property
    def memory_ratio(self) -> float:
        """Peak memory of the process / size of its input."""
        return self.own_memory / self.input_size

    @property
    def memory_share(self) -> float:
        """Peak memory of the process / size of its input or of its result, whichever is larger."""
        return self.own_memory / max(self.input_size, self.output_size)

    def row(self) -> str:
        """Of the table."""
        verdict = "yes" if self.met else "**no**"
        lean = "yes" if self.memory_ratio <= MEMORY else "**no**"
        bare = self.bare_memory / self.input_size
        memory = f"{self.memory_ratio:.1f} | {bare:.1f} | {lean} | {self.memory_share:.1f}"
        if not self.own_memory:
            memory = "not measured | | |"
        times = f"{1000 * self.own:,.0f} | {1000 * self.bare:,.0f} | {self.ratio:.2f}"
        return f"| {self.case.name} | {times} | {1000 * (self.own - self.bare):+,.0f} | {verdict} | {memory} |"


def every_case(data: Data) -> list[Case]:
    """All cases."""
    return [*vector_cases(data), *pair_cases(data), *raster_cases(data)]


async def processes(folder: Path, *, size: Size = FULL, only: str = "") -> tuple[list[Figure], str]:
    """Compare every case whose name has `only` in it: how many miss a bar, and the table of all."""
    data = Data.made(folder / "data", size.features, size.side)
    found = [_compared(data, case, size) for case in every_case(data) if only in case.name]
    slow = sum(not one.met for one in found)
    large = sum(one.memory_ratio > MEMORY for one in found)
    told = f"of {len(found)}, with {size.features:,} features or {size.side:,} × {size.side:,} cells"
    figures = [Figure("processes over 1.15 × the bare call and over 20 ms more", slow, "", 0, told)]
    if size.memory:
        figures.append(Figure("processes that take over 3 bytes for each of the input", large, "", 0, told))
    return [*figures, *buffers(data, size.rounds)], table(found)


def buffers(data: Data, rounds: int) -> list[Figure]:
    """Buffers of points at the default resolution, before they are written as GeoJSON."""
    points = read(data.layer("points").path).shapes
    distances = np.full(len(points), 500.0)
    each = [_seconds(partial(buffer_each, points, distances, 32)) for _ in range(rounds)]
    together = [_seconds(partial(_united, points)) for _ in range(rounds)]
    what = f"buffer of {len(points):,} points"
    return [
        Figure(f"{what}, each", median(each), "s", BUFFER_SECONDS, "500 m, 128 vertices each, computed"),
        Figure(f"{what}, dissolved", median(together), "s", BUFFER_SECONDS, "500 m, 128 vertices each, computed"),
    ]


def _united(points: NDArray[Any]) -> None:
    buffer(boundary(shapely.GeometryCollection(points.tolist())), 500.0, 32)


def table(found: list[Compared]) -> str:
    """All cases in Markdown."""
    columns = "process|ms|bare, ms|×|ms more|met|memory / input|bare|met|memory / the larger of input and result"
    header = "| " + columns.replace("|", " | ") + " |\n" + "|---" * 10 + "|"
    return "\n".join([header, *(one.row() for one in found)])


def _compared(data: Data, case: Case, size: Size) -> Compared:
    # Imports, and the file system's cache.
    output_size = case.own()
    case.bare()
    gc.collect()
    gc.freeze()  # as a worker does: what was imported is not looked through for garbage again and again
    times = [(_seconds(case.own), _seconds(case.bare)) for _ in range(size.rounds)]
    own, bare = (median(column) for column in zip(*times, strict=True))
    sides: tuple[Side, ...] = ("own", "bare")
    memory = [peak_growth(data, case.name, side) if size.memory else 0 for side in sides]
    return Compared(case, own, bare, memory[0], memory[1], _input_size(case), output_size)


def _seconds(run: Callable[[], object]) -> float:
    """Of the processor: on a shared machine the clock tells what others do."""
    gc.collect()  # what the other side left behind
    begin = time.process_time()
    run()
    return time.process_time() - begin


def _input_size(case: Case) -> int:
    """Bytes of the features as GeoJSON and of the rasters' cells."""
    return sum(_size(file.path) for file in case.files)


def _size(path: Path) -> int:
    if path.suffix == ".csv":
        return path.stat().st_size
    if path.suffix == ".tif":
        with rasterio.open(path) as reader:
            return reader.width * reader.height * reader.count * np.dtype(reader.dtypes[0]).itemsize
    layer = read(path)
    return len(geojson(layer.shapes, layer.fields))
