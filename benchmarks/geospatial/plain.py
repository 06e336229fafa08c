"""The reading and writing that any program needs, by the libraries alone: no checks, no warnings, no CRS decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio.raw
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.io import MemoryFile

type Shapes = NDArray[Any]

PLANE = "EPSG:25832"


@dataclass(frozen=True, slots=True)
class Layer:
    """Geometries and columns."""

    shapes: Shapes
    fields: Mapping[str, NDArray[Any]]


def read(path: Path) -> Layer:
    """All of a file."""
    meta, _, geometry, columns = pyogrio.raw.read(path)
    return Layer(shapely.from_wkb(geometry), dict(zip(meta["fields"], columns, strict=True)))


def geojson(shapes: Shapes, fields: Mapping[str, Sequence[Any] | NDArray[Any]]) -> bytes:
    """The text of a FeatureCollection, by the fastest way that libraries have.

    GDAL takes about twice as long, and json.dumps with objects of Python three times.
    """
    rows = ["{}"] * len(shapes)
    if fields:
        rows = pd.DataFrame(dict(fields)).to_json(orient="records", lines=True, double_precision=15).splitlines()
    members = [
        f'{{"type":"Feature","geometry":{geometry},"properties":{row}}}'
        for geometry, row in zip(shapely.to_geojson(shapes), rows, strict=True)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(members)}]}}'.encode()


def projected(shapes: Shapes, *, back: bool = False) -> Shapes:
    """Longitude and latitude in the plane of the data's UTM zone, or back."""
    way = Transformer.from_crs("OGC:CRS84", PLANE, always_xy=True)
    direction = "INVERSE" if back else "FORWARD"
    return shapely.transform(shapes, lambda at: np.column_stack(way.transform(at[:, 0], at[:, 1], direction=direction)))


def band(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """The first band, and the profile with which it was written."""
    with rasterio.open(path) as reader:
        return reader.read(1), dict(reader.profile)


def geotiff(values: NDArray[Any], profile: Mapping[str, Any]) -> bytes:
    """A compressed, tiled GeoTIFF of one band."""
    own = {**profile, "dtype": values.dtype, "height": values.shape[0], "width": values.shape[1], "count": 1}
    own |= {"compress": "deflate", "tiled": True, "blockxsize": 256, "blockysize": 256}
    with MemoryFile() as file:
        with file.open(**own) as writer:
            writer.write(values, 1)
        return bytes(file.getbuffer())
