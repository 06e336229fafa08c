"""Which band of a raster is meant, and what its values are. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array

_NEAR = 1e-6
"""Steps of a scale by which a number may miss a value for which it is meant."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a file says of a band beside its values."""

    name: str | None
    unit: str | None
    """Of the values; where the file tells none, that of its CRS for heights."""
    colours: Mapping[int, tuple[int, ...]] | None
    """Of classes: value → red, green, blue, alpha."""


def labels_of(reader: DatasetReader) -> tuple[Label, ...]:
    """What the file says of each of its bands."""
    return tuple(
        Label(
            reader.descriptions[band - 1],
            reader.units[band - 1],
            reader.colormap(band) if is_labelled(reader, band) else None,
        )
        for band in range(1, reader.count + 1)
    )


def chosen_band(reader: DatasetReader, band: int | None) -> tuple[int, tuple[str, ...]]:
    """The band's number, counted from 1, and a warning where it was chosen for the caller.

    Raises:
        ProcessRefusedError: there is no such band.
    """
    if band is not None and not 1 <= band <= reader.count:
        raise ProcessRefusedError(f"there is no band {band}: the raster has {reader.count}", path="$.inputs.band")
    if band is None and reader.count > 1:
        return 1, (f"The raster has {reader.count} bands; band 1 was used because none was named.",)
    return band or 1, ()


def meant(numbers: Array, reader: DatasetReader, band: int) -> Array:
    """Numbers as people write them, as the values of the band that are meant: limits and values to compare it with.

    Of integers with a scale 35 times 0.01 is not quite 0.35; and 0.35 in single precision is a little less than that.
    """
    scale, offset = float(reader.scales[band - 1]), float(reader.offsets[band - 1])
    kind = np.dtype(reader.dtypes[band - 1])
    # A limit of infinity stays one: the difference to it is not a number.
    with np.errstate(invalid="ignore", over="ignore"):
        if not is_scaled(reader, band):
            return numbers.astype(np.float32).astype(np.float64) if kind == np.float32 else numbers
        if not scale or kind.kind not in "iu":
            return numbers
        stored = (numbers - offset) / scale
        same = np.abs(stored - np.rint(stored)) < _NEAR
        return np.where(same, np.rint(stored) * scale + offset, numbers)


def is_labelled(reader: DatasetReader, band: int) -> bool:
    """The file itself says that the band's values are classes: it has a colour table."""
    return reader.colorinterp[band - 1] == ColorInterp.palette


def is_whole(reader: DatasetReader, band: int) -> bool:
    """The band's physical values are integers, so that they may be classes."""
    return bool(np.issubdtype(kind_read(reader, band), np.integer))


def is_scaled(reader: DatasetReader, band: int) -> bool:
    """The band's physical values are others than those that are stored."""
    return (reader.scales[band - 1], reader.offsets[band - 1]) != (1.0, 0.0)


def kind_read(reader: DatasetReader, band: int) -> np.dtype[Any]:
    """The type of the band's physical values: that of the file, unless they are scaled."""
    return np.dtype(np.float64 if is_scaled(reader, band) else reader.dtypes[band - 1])
