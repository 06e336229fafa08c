"""Layers and rasters of a size that is asked for, always the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyogrio.raw
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

from backend.geo.vector.datasets import DatasetFile, Kind

WEST, SOUTH, WIDTH, HEIGHT = 6.0, 47.0, 9.0, 8.0
"""Degrees of the area in which the features lie."""
CELL = 100.0
"""Metres, of the raster in EPSG:25832 whose first corner is FIRST."""
FIRST = (300_000.0, 5_900_000.0)
KINDS = 20
SEED = 7

type Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Data:
    """Files in a folder; `features` of each layer but the zones and countries, `side` cells along each raster."""

    folder: Path
    features: int
    side: int

    @classmethod
    def made(cls, folder: Path, features: int, side: int) -> Self:
        """Write the files."""
        folder.mkdir(parents=True, exist_ok=True)
        data = cls(folder, features, side)
        data._write_layers()
        data._write_rasters()
        return data

    def layer(self, name: str) -> DatasetFile:
        """`points`, `cells` (a coverage of small rectangles), `lines`, `zones` (a coverage of large ones), `spots`
        (as many points as zones), `countries` (at most 250 polygons, of many vertices), or `table`."""
        return self._file(name, ".csv" if name == "table" else ".fgb", "vector")

    def raster(self, name: str) -> DatasetFile:
        """`heights` (float32), `classes` (uint8), or `globe` (float32, cells of 0.1°)."""
        return self._file(name, ".tif", "raster")

    @property
    def zone_columns(self) -> int:
        """Zones along one side of their coverage."""
        return max(2, round(np.sqrt(self.features / 100)))

    def _file(self, name: str, suffix: str, kind: Kind) -> DatasetFile:
        return DatasetFile(name, self.folder / (name + suffix), kind)

    def _write_layers(self) -> None:
        random = np.random.default_rng(SEED)
        count = self.features
        columns = round(np.sqrt(count))
        write = partial(_write_layer, self.folder)
        write("points", shapely.points(_places(random, count)), _fields(random, count))
        cells = _coverage(columns, -(-count // columns))[:count]
        write("cells", cells, _fields(random, count))
        write("lines", _lines(random, count), _fields(random, count))
        zones = _coverage(self.zone_columns, self.zone_columns)
        write("zones", zones, {"zone": np.arange(len(zones))})
        write("spots", shapely.points(_places(random, len(zones))), {"spot": np.arange(len(zones))})
        countries = _countries(random, min(250, max(2, count // 10)))
        write("countries", countries, {"country": np.arange(len(countries))})
        rows = "\n".join(f"{number},{number * 0.5}" for number in range(KINDS))
        (self.folder / "table.csv").write_text(f"kind,rate\n{rows}\n")

    def _write_rasters(self) -> None:
        random = np.random.default_rng(SEED)
        side = self.side
        heights = _waves(side, side, 5) * 1000 + random.normal(0, 1, (side, side))
        grid = Affine(CELL, 0, FIRST[0], 0, -CELL, FIRST[1])
        _write_raster(self.folder / "heights.tif", heights.astype(np.float32), grid, "EPSG:25832")
        classes = np.digitize(_waves(side, side, 12), np.linspace(-1, 1, 9))
        classes[random.random(classes.shape) < 0.002] = 9
        _write_raster(self.folder / "classes.tif", classes.astype(np.uint8), grid, "EPSG:25832")
        rows = min(1800, side)
        globe = _waves(rows, 2 * rows, 9).astype(np.float32)
        step = 180 / rows
        _write_raster(self.folder / "globe.tif", globe, Affine(step, 0, -180, 0, -step, 90), "EPSG:4326")


def _places(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Positions within the area, to a centimetre."""
    return np.round(np.array([WEST, SOUTH]) + random.random((count, 2)) * np.array([WIDTH, HEIGHT]), 7)


def _fields(random: np.random.Generator, count: int) -> Mapping[str, NDArray[Any]]:
    kinds = random.integers(0, KINDS, count)
    return {
        "name": np.array([f"feature {number}" for number in range(count)], dtype=object),
        "kind": kinds,
        "value": np.round(random.random(count) * 100, 3),
        "people": random.integers(0, 10_000, count),
    }


def _coverage(columns: int, rows: int) -> Shapes:
    x = WEST + WIDTH * np.arange(columns + 1) / columns
    y = SOUTH + HEIGHT * np.arange(rows + 1) / rows
    west, south = (axis.ravel() for axis in np.meshgrid(x[:-1], y[:-1]))
    east, north = (axis.ravel() for axis in np.meshgrid(x[1:], y[1:]))
    return np.asarray(shapely.box(west, south, east, north))


def _lines(random: np.random.Generator, count: int) -> Shapes:
    """Of five vertices and about 3 km."""
    steps = random.normal(0, 0.01, (count, 5, 2)).cumsum(axis=1)
    return np.asarray(shapely.linestrings(np.round(_places(random, count)[:, np.newaxis] + steps, 7)))


def _countries(random: np.random.Generator, count: int) -> Shapes:
    """Blobs of 2,000 vertices all over the globe."""
    turn = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    centres = np.column_stack([random.uniform(-160, 160, count), random.uniform(-70, 70, count)])
    sizes = random.uniform(1, 12, (count, 1))
    reach = sizes * (1 + 0.2 * np.sin(np.outer(random.integers(3, 9, count), turn)))
    x = centres[:, :1] + reach * np.cos(turn)
    y = centres[:, 1:] + reach * np.sin(turn)
    return np.asarray(shapely.polygons(np.stack([x, y], axis=-1)))


def _waves(rows: int, columns: int, number: int) -> NDArray[np.float64]:
    """Hills and valleys between -1 and 1."""
    y, x = (np.linspace(0, number * np.pi, count) for count in (rows, columns))
    return np.sin(y)[:, np.newaxis] * np.cos(x)


def _write_layer(folder: Path, name: str, shapes: Shapes, fields: Mapping[str, NDArray[Any]]) -> None:
    kind = {0: "Point", 1: "LineString", 3: "Polygon"}[int(shapely.get_type_id(shapes[0]))]
    pyogrio.raw.write(
        folder / f"{name}.fgb",
        geometry=shapely.to_wkb(shapes),
        field_data=list(fields.values()),
        fields=list(fields),
        geometry_type=kind,
        crs="OGC:CRS84",
        driver="FlatGeobuf",
    )


def _write_raster(path: Path, values: NDArray[Any], transform: Affine, crs: str) -> None:
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": values.shape[1], "height": values.shape[0], "count": 1, "dtype": values.dtype,
        "crs": crs, "transform": transform, "compress": "deflate", "tiled": True,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as writer:
        writer.write(values, 1)
