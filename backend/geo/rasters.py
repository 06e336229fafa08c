"""Reads and writes rasters: GeoTIFF. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, MemoryFile

from backend.errors import ProcessRefusedError
from backend.geo.crs import CRS84, code_of, parse_crs
from backend.geo.datasets import DatasetFile

type Values = NDArray[Any]

GEOTIFF = "image/tiff; application=geotiff"
MAX_CELLS = 400_000_000
"""Cells of all bands: a small compressed file may claim to be of any size."""
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
    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest x, smallest y, largest x, largest y, whatever way the rows run."""
        corners = [self.transform * at for at in ((0, 0), (self.width, 0), (0, self.height), (self.width, self.height))]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return min(xs), min(ys), max(xs), max(ys)


@contextmanager
def opened(source: DatasetFile | bytes) -> Generator[DatasetReader]:
    """Open a GeoTIFF: a file of a data folder, or the bytes of a result.

    Raises:
        ProcessRefusedError: it is none, or too large.
    """
    name = source.id if isinstance(source, DatasetFile) else "the raster"
    if isinstance(source, DatasetFile) and source.kind != "raster":
        _refuse(f"{name} is vector data; a raster is needed here")
    _check_signature(source, name)
    try:
        with rasterio.Env(**_OPTIONS), _reader(source) as reader:
            if reader.width * reader.height * reader.count > MAX_CELLS:
                _refuse(f"{name} has {reader.width} x {reader.height} x {reader.count} cells, more than {MAX_CELLS}")
            yield cast("DatasetReader", reader)
    except RasterioError as error:
        path = str(source.path) if isinstance(source, DatasetFile) else ""
        _refuse(f"{name} cannot be read: {str(error).replace(path, name)[:200]}")


def grid_of(reader: DatasetReader) -> Grid:
    """The grid of an open raster.

    Raises:
        ProcessRefusedError: it does not tell its CRS, or has no place on the Earth.
    """
    if reader.crs is None:
        _refuse("the raster does not tell its CRS, and none may be guessed")
    crs = CRS.from_user_input(reader.crs)
    authority = cast("tuple[str, str] | None", crs.to_authority(min_confidence=70))
    known = parse_crs(":".join(authority)) if authority else crs
    if code_of(known) == "EPSG:4326":
        known = CRS84
    return Grid(reader.width, reader.height, reader.transform, known)


def read_band(reader: DatasetReader, band: int = 1) -> np.ma.MaskedArray[Any, Any]:
    """A band's physical values, n × m: scale and offset applied, cells without data masked.

    Values stay in the type of the file where neither is set. `band` counts from 1.

    Raises:
        ProcessRefusedError: there is no such band.
    """
    if not 1 <= band <= reader.count:
        _refuse(f"there is no band {band}: the raster has {reader.count}")
    values: Any = reader.read(band, masked=True)
    if np.issubdtype(values.dtype, np.floating):
        values = np.ma.masked_invalid(values, copy=False)
    scale, offset = float(reader.scales[band - 1]), float(reader.offsets[band - 1])
    return values if (scale, offset) == (1.0, 0.0) else values.astype(np.float64) * scale + offset


def geotiff(values: np.ma.MaskedArray[Any, Any] | Values, grid: Grid, nodata: float | None = None) -> bytes:
    """A compressed, tiled GeoTIFF of bands × rows × columns, or of rows × columns for one band.

    Masked cells get `nodata`, by default NaN, or the smallest value of the type of integers.
    """
    bands = values[np.newaxis] if values.ndim == 2 else values
    fill = nodata if nodata is not None else _nodata(bands.dtype)
    filled = np.ma.filled(bands, fill)
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": grid.width, "height": grid.height, "count": len(bands), "dtype": filled.dtype,
        "crs": rasterio.CRS.from_user_input(grid.crs.to_wkt()), "transform": grid.transform, "nodata": fill,
        "compress": "deflate", "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with rasterio.Env(**_OPTIONS), MemoryFile() as file:
        with file.open(**profile) as writer:
            writer.write(filled)
        return bytes(file.getbuffer())


def _reader(source: DatasetFile | bytes) -> Any:
    if isinstance(source, bytes):
        return MemoryFile(source).open(driver="GTiff")
    return rasterio.open(source.path, driver="GTiff")


def _check_signature(source: DatasetFile | bytes, name: str) -> None:
    try:
        start = source[:4] if isinstance(source, bytes) else _first_bytes(source)
    except OSError as error:
        _refuse(f"{name} cannot be read: {error.strerror}")
    if start not in _SIGNATURES:
        _refuse(f"{name} is no GeoTIFF")


def _first_bytes(dataset: DatasetFile) -> bytes:
    with dataset.path.open("rb") as file:
        return file.read(4)


def _nodata(dtype: Any) -> float:
    if np.issubdtype(dtype, np.floating):
        return float("nan")
    limits = np.iinfo(dtype)
    return int(limits.max if limits.min == 0 else limits.min)


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason)
