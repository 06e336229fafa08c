"""Reads files of vector data. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
import math
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, NoReturn, cast

import numpy as np
import pyogrio
import pyogrio.errors
import pyogrio.raw
import shapely
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.crs import CRS84, code_of, parse_crs
from backend.geo.csv_features import read_csv
from backend.geo.datasets import DatasetFile
from backend.geo.features import Features
from backend.geo.shapes import Shapes

_SIGNATURES = {
    ".gpkg": b"SQLite format 3\x00",
    ".fgb": b"fgb\x03",
    ".shp": b"\x00\x00\x27\x0a",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
}
"""First bytes of a file of that kind: GDAL goes by content, and some of its formats name further files to be read."""
_MOST_TOLD = 20


def layers_of(dataset: DatasetFile) -> tuple[str, ...]:
    """The layers with features or rows; one of the dataset's own name where its format has no layers.

    Raises:
        ProcessRefusedError: the file is not what its name says.
    """
    if dataset.suffix not in _SIGNATURES:
        return (dataset.id,)
    _check_signature(dataset)
    try:
        return tuple(str(name) for name, _ in pyogrio.list_layers(dataset.path))
    except pyogrio.errors.DataSourceError as error:
        _refuse(f"{dataset.id} cannot be read: {_plain(error, dataset)}")


def read_file(dataset: DatasetFile, crs: CRS | None = None) -> Features:
    """The features of a file's layer, in the file's CRS, as they stand in it.

    crs: of a file that does not tell its own; such a file is refused where None is given.

    Raises:
        ProcessRefusedError: it is no file of vector data, has several layers and none is chosen, or no known CRS.
    """
    if dataset.kind != "vector":
        _refuse(f"{dataset.id} is a raster; features are needed here")
    if dataset.suffix == ".csv":
        return read_csv(_text(dataset), crs)
    if dataset.suffix in (".json", ".geojson"):
        return _read_geojson(dataset, crs)
    return _read_layer(dataset, crs)


def _read_geojson(dataset: DatasetFile, crs: CRS | None) -> Features:
    from backend.geo.feature_reading import read_features  # noqa: PLC0415  # which reads files by this module

    try:
        document = json.loads(_text(dataset))
    except ValueError as error:
        _refuse(f"{dataset.id} is no GeoJSON: {error}")
    return read_features(document, crs)


def _read_layer(dataset: DatasetFile, crs: CRS | None) -> Features:
    layer = _layer(dataset)
    try:
        meta, _, geometries, columns = pyogrio.raw.read(dataset.path, layer=layer, datetime_as_string=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
        _refuse(f"{dataset.id} cannot be read: {_plain(error, dataset)}")
    names = [str(name) for name in meta["fields"]]
    fields = {name: _values(column) for name, column in zip(names, columns, strict=True)}
    if geometries is None:
        return Features(np.full(len(next(iter(columns), ())), None, dtype=object), fields)
    shapes = shapely.from_wkb(geometries, on_invalid="fix")
    warnings: list[str] = []
    if dataset.suffix == ".shp":
        shapes = _with_holes(shapes, warnings)
    return Features(shapes, fields, _crs(dataset, meta["crs"], crs), tuple(warnings))


def _layer(dataset: DatasetFile) -> str:
    layers = layers_of(dataset)
    told = ", ".join(layers[:_MOST_TOLD])
    if dataset.layer is not None:
        if dataset.layer not in layers:
            _refuse(f"{dataset.id} has no layer {dataset.layer[:80]!r}; its layers are {told}")
        return dataset.layer
    if len(layers) > 1:
        _refuse(
            f"{dataset.id} has {len(layers)} layers: {told}. Say which one by its name after a #, "
            f"such as {dataset.id}#{layers[0]}"
        )
    if not layers:
        _refuse(f"{dataset.id} has no layers")
    return layers[0]


def _crs(dataset: DatasetFile, declared: str | None, given: CRS | None) -> CRS:
    if declared is None:
        if given is None:
            _refuse(
                f"{dataset.id} does not tell its CRS, which may not be guessed: assign-crs takes it with the right one"
            )
        return given
    crs = CRS.from_user_input(declared)
    authority = cast("tuple[str, str] | None", crs.to_authority(min_confidence=70))
    if authority is None:
        return crs
    known = parse_crs(":".join(authority))
    return CRS84 if code_of(known) in ("EPSG:4326", "OGC:CRS84") else known


def _with_holes(shapes: Shapes, warnings: list[str]) -> Shapes:
    """Polygons of a shapefile whose holes are wound as if they were polygons of their own, and so lie within others.

    A shapefile tells holes from polygons by their direction alone.
    """
    doubtful = np.flatnonzero((shapely.get_type_id(shapes) == 6) & ~shapely.is_valid(shapes))
    if not doubtful.size:
        return shapes
    mended = shapes.copy()
    # By the rule of even and odd, what lies within one ring is inside, within two outside.
    mended[doubtful] = shapely.make_valid(shapes[doubtful], method="linework")
    changed = np.flatnonzero(~shapely.equals_exact(mended[doubtful], shapes[doubtful]))
    if changed.size:
        warnings.append(
            f"{changed.size} polygons had parts within others, as if holes were wound in the direction of outer rings: "
            "they were taken for holes."
        )
    return mended


def _values(column: Any) -> list[Any]:
    return [_value(value) for value in cast("Sequence[Any]", column.tolist())]


def _value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return None
    return value


def _text(dataset: DatasetFile) -> str:
    try:
        return dataset.path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        return dataset.path.read_text("cp1252", errors="replace")
    except OSError as error:
        _refuse(f"{dataset.id} cannot be read: {error.strerror}")


def _check_signature(dataset: DatasetFile) -> None:
    signature = _SIGNATURES[dataset.suffix]
    try:
        with dataset.path.open("rb") as file:
            start = file.read(len(signature))
    except OSError as error:
        _refuse(f"{dataset.id} cannot be read: {error.strerror}")
    if start != signature:
        _refuse(f"{dataset.id} is no {dataset.suffix[1:]} file, as its name says")


def _plain(error: Exception, dataset: DatasetFile) -> str:
    return str(error).replace(str(dataset.path), dataset.id)[:200]


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason)
