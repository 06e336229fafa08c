"""GeoTIFFs for tests, written by rasterio itself: of any encoding, and without the code under test."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

from typing import Any

import numpy as np
from affine import Affine
from rasterio.io import MemoryFile

UTM32 = Affine(10, 0, 500_000, 0, -10, 5_000_400)
"""Cells of 10 m in the middle of UTM zone 32."""


def tiff(
    values: Any,
    transform: Affine = UTM32,
    crs: str | None = "EPSG:32632",
    *,
    scale: float = 1,
    offset: float = 0,
    point: bool = False,
    palette: bool = False,
    names: tuple[str, ...] = (),
    **profile: Any,
) -> bytes:
    """The bytes of a GeoTIFF of rows × columns, or bands × rows × columns."""
    bands = np.asarray(values)
    bands = bands[np.newaxis] if bands.ndim == 2 else bands
    shape = {"count": len(bands), "height": bands.shape[1], "width": bands.shape[2], "dtype": bands.dtype}
    with MemoryFile() as file:
        with file.open(driver="GTiff", crs=crs, transform=transform, **shape, **profile) as writer:
            writer.write(bands)
            if (scale, offset) != (1, 0):
                writer.scales, writer.offsets = (scale,) * len(bands), (offset,) * len(bands)
            if point:
                writer.update_tags(AREA_OR_POINT="Point")
            if names:
                writer.descriptions = names
            if palette:
                writer.write_colormap(1, {value: (value, 0, 0, 255) for value in range(256)})
        return bytes(file.getbuffer())


def contents(made: bytes) -> tuple[Any, dict[str, Any]]:
    """Bands × rows × columns with what has no data masked, and the profile."""
    with MemoryFile(made) as file, file.open() as reader:
        return reader.read(masked=True), dict(reader.profile)
