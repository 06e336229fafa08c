"""Which band of a raster is meant, and what its values are. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from backend.errors import ProcessRefusedError


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


def is_labelled(reader: DatasetReader, band: int) -> bool:
    """The file itself says that the band's values are classes: it has a colour table."""
    return reader.colorinterp[band - 1] == ColorInterp.palette


def is_whole(reader: DatasetReader, band: int) -> bool:
    """The band's physical values are integers, so that they may be classes."""
    plain = (reader.scales[band - 1], reader.offsets[band - 1]) == (1.0, 0.0)
    return plain and bool(np.issubdtype(np.dtype(reader.dtypes[band - 1]), np.integer))
