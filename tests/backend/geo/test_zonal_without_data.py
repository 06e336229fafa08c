"""Cells without data within zones of any shape, of one row or column of cells too: they never count."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

from typing import Any

import numpy as np
import pytest
import shapely
from rasterio.io import MemoryFile

from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.raster.zonal import Zonal, zonal_statistics
from backend.geo.vector.features import Features
from tests.backend.geotiffs import tiff

PLANE = parse_crs("EPSG:32632")
KNOWN = np.arange(48).reshape(6, 8) % 5 != 1
"""Which cells have data: no row and no column has it everywhere."""
VALUES = 10 + np.arange(48).reshape(6, 8) % 7
NAMES = ("count", "sum", "mean", "min", "max", "variety", "median", "majority", "area", "categories", "max_place")
SHAPES = {
    "in one cell": (1.2, 2.3, 1.8, 2.9),
    "in one cell without data": (0.2, 2.3, 0.8, 2.9),
    "in one row": (0.5, 3.1, 6.5, 3.9),
    "one row": (0, 3, 8, 4),
    "in one column": (4.2, 0.5, 4.7, 5.5),
    "one column": (4, 0, 5, 6),
    "along an edge": (2, 0, 6, 0.5),
    "large": (0.5, 0.5, 7.5, 5.5),
}
"""West, north, east, south in columns and rows, of zones that together make the window the whole raster."""


def statistics(raster: bytes) -> Zonal:
    boxes = [
        shapely.box(500_000 + 10 * west, 5_000_400 - 10 * north, 500_000 + 10 * east, 5_000_400 - 10 * south)
        for west, north, east, south in SHAPES.values()
    ]
    with MemoryFile(raster) as file, file.open() as reader:
        return zonal_statistics(reader, Features(shapes_of(boxes), crs=PLANE), NAMES)


def shares(box: tuple[float, float, float, float]) -> Any:
    """Of each cell, within the box."""
    west, north, east, south = box
    across = np.clip(np.minimum(np.arange(1, 9), east) - np.maximum(np.arange(8), west), 0, None)
    down = np.clip(np.minimum(np.arange(1, 7), south) - np.maximum(np.arange(6), north), 0, None)
    return np.outer(down, across)


def check(found: Zonal, values: Any) -> None:
    fields = found.features.fields
    for index, box in enumerate(SHAPES.values()):
        share = shares(box) * KNOWN
        held = values[share > 0]
        assert fields["count"][index] == pytest.approx(share.sum(), rel=1e-6)
        if not held.size:
            assert [fields[name][index] for name in NAMES[1:]] == [None] * (len(NAMES) - 1)
            continue
        assert fields["sum"][index] == pytest.approx((share * values).sum(), rel=1e-6)
        assert fields["mean"][index] == pytest.approx((share * values).sum() / share.sum(), rel=1e-6)
        assert [fields[name][index] for name in ("min", "max")] == [held.min(), held.max()]
        assert fields["variety"][index] == len(np.unique(held)) == len(fields["categories"][index])
        assert held.min() <= fields["median"][index] <= held.max()
        assert fields["majority"][index] in held
        assert fields["area"][index] == pytest.approx(100 * share.sum() / 0.9996**2, rel=1e-5)


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint32", "int64", "uint64", "float32", "float64"])
@pytest.mark.parametrize("nodata", [0, 99])
def test_zones_of_a_few_cells_do_not_count_those_without_data(kind: str, nodata: int) -> None:
    raster = tiff(np.where(KNOWN, VALUES, nodata).astype(kind), nodata=nodata)
    check(statistics(raster), VALUES)


def test_scaled_values_without_data_do_not_count() -> None:
    raster = tiff(np.where(KNOWN, VALUES, 0).astype(np.int16), nodata=0, scale=0.5, offset=100)
    check(statistics(raster), VALUES * 0.5 + 100)


def test_cells_without_data_do_not_count_where_every_value_of_the_type_is_in_use() -> None:
    values = np.arange(1024).reshape(16, 64).astype(np.uint8)
    known = np.arange(1024).reshape(16, 64) % 5 != 1
    with MemoryFile(tiff(values)) as plain, plain.open() as reader, MemoryFile() as file:
        profile: dict[str, Any] = dict(reader.profile) | {"blockxsize": 64}
        with file.open(**profile) as writer:
            writer.write(values, 1)
            writer.write_mask(known)
        boxes = [
            shapely.box(500_000, 5_000_240, 500_640, 5_000_400),
            shapely.box(500_012, 5_000_392, 500_018, 5_000_398),
        ]
        with file.open() as masked:
            found = zonal_statistics(masked, Features(shapes_of(boxes), crs=PLANE), ("count", "sum"))
    assert found.features.fields["count"] == [known.sum(), 0]
    assert found.features.fields["sum"] == [values[known].sum(), None]
