"""Reads and writes rasters: GeoTIFF. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false

import re
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.env import get_gdal_config, set_gdal_config
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader, DatasetWriter, MemoryFile
from rasterio.windows import Window

from backend.errors import ProcessRefusedError, refuse, refuse_input
from backend.geo.geodesy.crs import stored_crs
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.raster.bands import Label, is_scaled, kind_read
from backend.geo.raster.nodata import nodata_of
from backend.geo.vector.datasets import DatasetFile

type Values = NDArray[Any]

MAX_BYTES = 1 << 30
"""Of what is read or made at once: a small compressed file may claim to be of any size."""
_TILE = 256
"""Cells along the sides of a tile that is written."""
_UNWRITTEN_BYTES = 1 << 25
"""Of cells that GDAL may keep while it writes."""
_KEPT = "GDAL_CACHEMAX"
_TEMPORARY = re.compile(r"[\w./]*[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[\w./-]*")
"""The name by which GDAL knows bytes in memory."""
_COLOURED = ("uint8", "uint16")
"""Types whose values may have colours in a GeoTIFF."""
_SIGNATURES = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_OPTIONS: dict[str, Any] = {
    # The file itself, whatever lies beside it: a sidecar may contradict it, and may name further files.
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the cells of a raster lie."""

    width: int
    height: int
    transform: Affine
    """Column and row of a cell's corner to x and y; the first cell's corner is (0, 0)."""
    crs: CRS

    @property
    def upright(self) -> bool:
        """Columns run along x and rows along y, whichever way; the grid is not rotated or sheared."""
        return self.transform.b == 0 and self.transform.d == 0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest x, smallest y, largest x, largest y, whatever way the rows run."""
        frame = np.array([(0, 0), (self.width, 0), (0, self.height), (self.width, self.height)], dtype=np.float64)
        corners = places(self.transform, frame)
        (west, south), (east, north) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        return west, south, east, north


def places(transform: Affine, positions: Array) -> Array:
    """Columns and rows, n × 2, as x and y; with the inverse transform the other way round."""
    columns, rows = positions.T
    x = transform.a * columns + transform.b * rows + transform.c
    y = transform.d * columns + transform.e * rows + transform.f
    return np.column_stack([x, y])


@contextmanager
def concerning(name: str) -> Generator[None]:
    """Refusals within that tell no input are about the one of this name."""
    try:
        yield
    except ProcessRefusedError as error:
        if error.path is not None:
            raise
        refuse_input(str(error), name)


@contextmanager
def opened(source: DatasetFile | bytes, *, windowed: bool = False) -> Generator[DatasetReader]:
    """Open a GeoTIFF: a file of a data folder, or the bytes of a result.

    windowed: parts of it will be read, so that a band may be larger than what is read at once.

    Raises:
        ProcessRefusedError: it is none, or too large.
    """
    name = source.id if isinstance(source, DatasetFile) else "the raster"
    if isinstance(source, DatasetFile) and source.kind != "raster":
        refuse(f"{name} is vector data; a raster is needed here")
    _check_signature(source, name)
    try:
        with rasterio.Env(**_OPTIONS), _reader(source) as reader:
            if not windowed:
                check_size(reader.width, reader.height, reader.dtypes[0])
            yield cast("DatasetReader", reader)
    except RasterioError as error:
        path = str(source.path) if isinstance(source, DatasetFile) else name
        refuse(f"{name} cannot be read: {_reason(error).replace(path, name)[:200]}")


@contextmanager
def keeping(most: int) -> Generator[None]:
    """Within an open raster or `Env`, have GDAL keep no more than so many bytes of cells, where it would keep them all.

    That is a setting of the process; rasterio would leave it behind.
    """
    usual = get_gdal_config(_KEPT)
    set_gdal_config(_KEPT, most)
    try:
        yield
    finally:
        set_gdal_config(_KEPT, usual)


def check_size(width: int, height: int, dtype: Any, bands: int = 1) -> None:
    """See that cells of this type, in so many bands, are not more than what is read or made at once.

    Raises:
        ProcessRefusedError: they are.
    """
    needed = width * height * bands * np.dtype(dtype).itemsize
    if needed > MAX_BYTES:
        refuse(
            f"{width} x {height} cells take {needed / 2**30:.3g} GiB, more than the {MAX_BYTES / 2**30:.3g} GiB that "
            "are worked on at once: take a part of the area, or larger cells"
        )


def grid_of(reader: DatasetReader) -> Grid:
    """The grid of an open raster, in the horizontal part of its CRS.

    Raises:
        ProcessRefusedError: it does not tell its CRS, or has no place on the Earth.
    """
    if reader.crs is None:
        if reader.gcps[0]:
            refuse(
                "the raster has ground control points in place of a grid: rectify it by them first, as gdalwarp does"
            )
        refuse("the raster does not tell its CRS, and none may be guessed: assign-crs takes it with the right one")
    crs = CRS.from_user_input(reader.crs)
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if reader.transform.is_degenerate or reader.transform.is_identity:
        refuse("the raster does not tell where its cells lie")
    known = stored_crs(crs, "the raster")
    if not (known.is_geographic or known.is_projected):
        refuse(f"the raster's CRS ({known.name}) has no place on the Earth")
    return Grid(reader.width, reader.height, reader.transform, known)


def read_band(reader: DatasetReader, band: int = 1, window: Window | None = None) -> np.ma.MaskedArray[Any, Any]:
    """A band's physical values, n × m: scale and offset applied, cells without data masked.

    Values stay in the type of the file where neither is set. `band` counts from 1; `window` is the part to read.

    Raises:
        ProcessRefusedError: there is no such band, or it is too large.
    """
    if not 1 <= band <= reader.count:
        refuse(f"there is no band {band}: the raster has {reader.count}")
    part = window or Window(0, 0, reader.width, reader.height)  # pyright: ignore[reportCallIssue]  # attrs without types
    check_size(int(part.width), int(part.height), kind_read(reader, band))
    try:
        values: Any = reader.read(band, masked=True, window=part)
    except RasterioError as error:
        # Not left to `opened`: where several are open, it would take the last one for the cause.
        refuse(f"the raster cannot be read: {_reason(error).replace(reader.name, 'the raster')[:200]}")
    if np.issubdtype(values.dtype, np.complexfloating):
        refuse(f"band {band} has complex numbers")
    if np.issubdtype(values.dtype, np.floating):
        invalid = ~np.isfinite(values.data)
        if invalid.any():
            values = np.ma.masked_array(values.data, mask=np.ma.getmaskarray(values) | invalid)
    if not is_scaled(reader, band):
        return values
    return values.astype(np.float64) * float(reader.scales[band - 1]) + float(reader.offsets[band - 1])


def read_bands(reader: DatasetReader) -> Iterator[np.ma.MaskedArray[Any, Any]]:
    """The physical values of all bands, one after the other, each as `read_band` reads it."""
    return (read_band(reader, number) for number in range(1, reader.count + 1))


class GeoTiff:
    """The bytes of a GeoTIFF, for whatever takes a buffer. They are where GDAL wrote them: a copy is seldom needed."""

    def __init__(self, file: MemoryFile) -> None:
        self._file = file

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self._file.getbuffer()).toreadonly()

    def __del__(self) -> None:
        self._file.close()


def geotiff(
    values: np.ma.MaskedArray[Any, Any] | Values,
    grid: Grid,
    nodata: float | None = None,
    labels: Sequence[Label] = (),
) -> GeoTiff:
    """A compressed, tiled GeoTIFF of bands × rows × columns, or of rows × columns for one band.

    Masked cells get `nodata`; by default NaN, or of integers the outermost value that no other cell has. Integers
    without a masked cell have none. labels: of each band; colours are kept where the format has them, of one band.
    """
    bands = values[np.newaxis] if values.ndim == 2 else values
    fill = nodata if nodata is not None else nodata_of(bands)
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": grid.width, "height": grid.height, "count": len(bands), "dtype": bands.dtype,
        "crs": rasterio.CRS.from_user_input(grid.crs.to_wkt()), "transform": grid.transform, "nodata": fill,
        "compress": "deflate", "tiled": True, "blockxsize": _TILE, "blockysize": _TILE,
    }  # fmt: skip
    made = GeoTiff(file := MemoryFile())
    with rasterio.Env(**_OPTIONS), keeping(_UNWRITTEN_BYTES), file.open(**profile) as writer:
        _label(writer, labels)
        # To fill all masked cells at once would take as much memory again.
        for row in range(0, grid.height, _TILE):
            rows = bands[:, row : row + _TILE]
            part = Window(0, row, grid.width, rows.shape[1])  # pyright: ignore[reportCallIssue]  # attrs without types
            writer.write(np.ma.filled(rows, fill), window=part)
    return made


@contextmanager
def changed(source: DatasetFile | bytes) -> Generator[tuple[GeoTiff, DatasetWriter]]:
    """A copy of a GeoTIFF, and what writes to its metadata: the cells stay as they are stored.

    Raises:
        ProcessRefusedError: it is too large.
    """
    size = source.path.stat().st_size if isinstance(source, DatasetFile) else len(source)
    if size > MAX_BYTES:
        refuse(
            f"the raster's file has {size / 2**30:.3g} GiB, more than the {MAX_BYTES / 2**30:.3g} GiB copied at once"
        )
    made = GeoTiff(file := MemoryFile())
    file.write(source.path.read_bytes() if isinstance(source, DatasetFile) else source)
    # What `MemoryFile` opens of bytes that are there already can only be read.
    with rasterio.Env(**_OPTIONS), _quietly(), rasterio.open(file.name, "r+", driver="GTiff") as writer:
        yield made, writer


def _label(writer: Any, labels: Sequence[Label]) -> None:
    for band, label in enumerate(labels, start=1):
        if label.name:
            writer.set_band_description(band, label.name)
        if label.unit:
            writer.set_band_unit(band, label.unit)
        if label.colours and writer.count == 1 and writer.dtypes[0] in _COLOURED:
            writer.write_colormap(band, label.colours)


@contextmanager
def _quietly() -> Generator[None]:
    with warnings.catch_warnings():
        # `grid_of` refuses such a raster where its place matters.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def _reader(source: DatasetFile | bytes) -> Any:
    with _quietly():
        if isinstance(source, bytes):
            return MemoryFile(source).open(driver="GTiff")
        return rasterio.open(source.path, driver="GTiff")


def _check_signature(source: DatasetFile | bytes, name: str) -> None:
    try:
        start = source[:4] if isinstance(source, bytes) else _first_bytes(source)
    except OSError as error:
        refuse(f"{name} cannot be read: {error.strerror}")
    if start not in _SIGNATURES:
        refuse(f"{name} is no GeoTIFF")


def _first_bytes(dataset: DatasetFile) -> bytes:
    with dataset.path.open("rb") as file:
        return file.read(4)


def _reason(error: RasterioError) -> str:
    """What GDAL says of it, which rasterio keeps as the cause."""
    return _TEMPORARY.sub("the raster", str(error.__cause__ or error))
