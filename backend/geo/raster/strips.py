"""Rasters some rows at a time, so that neither all cells nor GDAL's copies of them need be held. Imports GDAL: for
workers only.
"""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

import numpy as np
from rasterio.io import DatasetReader
from rasterio.windows import Window

from backend.geo.raster.rasters import keeping, read_band

_AT_ONCE = 1 << 18
"""Cells of a strip: so many that intermediate results stay small."""
_SPREAD = 1 << 24
"""Cells of a band that stand for all of it."""
_LEAST_KEPT = 1 << 25
"""Bytes of cells that GDAL may keep in any case."""


def strips(part: Window) -> Iterator[tuple[slice, Window]]:
    """The rows of a part of a raster, counted from its first one, and where each strip of them lies in the raster."""
    width, height = int(part.width), int(part.height)
    step = max(1, _AT_ONCE // width)
    for start in range(0, height, step):
        rows = slice(start, min(start + step, height))
        strip = (part.col_off, part.row_off + start, width, rows.stop - start)
        yield rows, Window(*strip)  # pyright: ignore[reportCallIssue]  # attrs without types


def spread(reader: DatasetReader, band: int) -> np.ma.MaskedArray[Any, Any]:
    """Values of a part of the cells of a band that is too large to be read: of blocks evenly spread over it."""
    height, width = (int(side) for side in reader.block_shapes[band - 1])
    width = min(width, reader.width)
    height = min(height, reader.height, max(1, _SPREAD // width))
    down, across = ceil(reader.height / height), ceil(reader.width / width)
    most = max(1, _SPREAD // (height * width))
    columns = min(across, max(1, int((most * across / down) ** 0.5)))
    rows = min(down, max(1, most // columns))
    parts = [
        read_band(reader, band, Window(left, top, min(width, reader.width - left), min(height, reader.height - top)))  # pyright: ignore[reportCallIssue]  # attrs without types
        for top in _evenly(rows, down, height)
        for left in _evenly(columns, across, width)
    ]
    return np.ma.concatenate([part.ravel() for part in parts])


def _evenly(count: int, of: int, step: int) -> list[int]:
    """Where so many of some blocks begin, in cells."""
    return [(2 * at + 1) * of // (2 * count) * step for at in range(count)]


@contextmanager
def keeping_rows(readers: Iterable[DatasetReader]) -> Generator[None]:
    """Within, GDAL keeps no more of open rasters than it has to so that no block is read twice strip by strip."""
    with keeping(max(_LEAST_KEPT, 2 * sum(map(_row_of_blocks, readers)))):
        yield


def _row_of_blocks(reader: DatasetReader) -> int:
    """Bytes of a row of blocks, of all bands: they may stand in the file cell by cell."""
    tallest = max(int(height) for height, _ in reader.block_shapes)
    return tallest * reader.width * sum(np.dtype(kind).itemsize for kind in reader.dtypes)
