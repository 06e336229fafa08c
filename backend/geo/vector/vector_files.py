"""Reads files of vector data. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import os
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import NoneType
from typing import Any

import numpy as np
import pyogrio
import pyogrio.errors
import pyogrio.raw
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.crs import stored_crs
from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.csv_features import read_csv
from backend.geo.vector.curves import arcs_told, read_arcs_finely
from backend.geo.vector.datasets import GEOJSON, DatasetFile
from backend.geo.vector.features import Features
from backend.geo.vector.file_contents import SIGNATURES, as_dataset
from backend.geo.vector.file_values import is_rounded, plain_values, values_of
from backend.geo.vector.geojson_parsing import parse_features
from backend.geo.vector.gml_files import OPEN_OPTIONS, told_of, without_bounds
from backend.geo.vector.number_columns import NumberColumn
from backend.geo.vector.ring_nesting import with_holes
from backend.geo.vector.shapefile_tables import beside, rounded_told, table_encoding, unmatched_told
from backend.geo.vector.stored_codes import keep_codes
from backend.geo.vector.text_columns import typed_column
from backend.geo.vector.text_encodings import read_text
from backend.geo.vector.topojson import geojson_of, is_topology, layers_of_topology
from backend.geo.vector.xml_features import read_xml

_BATCH = 10_000
"""Geometries that are made at once."""
_PARQUET = (".parquet", ".geoparquet")
_TOPOJSON = ".topojson"
_GML = ".gml"
_LIST = "list("
"""How the types of fields with several values begin."""
_LAYERED = (".gpkg", ".fgb", ".shp", _GML, _TOPOJSON)
_XML = (".kml", ".gpx", ".xml")
_SHAPEFILE_LENGTH = slice(24, 28)
"""Of its header: the bytes that tell how many 16-bit words it has."""
_MOST_TOLD = 20
_UNDEFINED = frozenset(("Undefined Cartesian SRS", "Undefined geographic SRS"))
"""Names of the CRSs by which a GeoPackage says that it does not know its own (OGC 12-128r18, 1.1.2.1)."""
_FAULTS = (pyogrio.errors.DataLayerError, pyogrio.errors.DataSourceError)


def layers_of(dataset: DatasetFile) -> tuple[str, ...]:
    """The layers with features or rows; one of the dataset's own name where its format has no layers.

    Raises:
        ProcessRefusedError: the file is not what its name says.
    """
    if dataset.suffix == _TOPOJSON:
        document, _ = _json(dataset)
        return layers_of_topology(document) if is_topology(document) else (dataset.id,)
    if not _has_layers(dataset):
        return (dataset.id,)
    with as_dataset(dataset) as file:
        # A GML may be the report of a service that failed: reading it tells so.
        return _layers_in(file) if _has_layers(file) else (dataset.id,)


def _layers_in(dataset: DatasetFile) -> tuple[str, ...]:
    _check_signature(dataset)
    with _reading(dataset):
        return tuple(str(name) for name, _ in pyogrio.list_layers(dataset.path))


def read_file(source: DatasetFile | bytes, crs: CRS | None = None) -> Features:
    """The features of a file's layer, in the file's CRS, as they stand in it.

    crs: of a file that does not tell its own; such a file is refused where None is given.

    Raises:
        ProcessRefusedError: it is no file of vector data, has several layers and none is chosen, or no known CRS.
    """
    with as_dataset(source) as dataset:
        return _read(dataset, crs)


def _read(dataset: DatasetFile, crs: CRS | None) -> Features:
    if dataset.kind != "vector":
        refuse(f"{dataset.id} is a raster; features are needed here")
    if not _has_layers(dataset) and dataset.layer not in (None, dataset.id):
        refuse(f"{dataset.id} has no layer {dataset.layer[:80]!r}: files of its format have one alone")
    if dataset.suffix == ".csv":
        text, told = _text(dataset)
        return read_csv(text, crs).warned(*told)
    if dataset.suffix in _XML:
        return _read_xml(dataset)
    if dataset.suffix in GEOJSON or dataset.suffix == _TOPOJSON:
        return _read_geojson(dataset, crs)
    if dataset.suffix in _PARQUET:
        return _read_parquet(dataset, crs)
    return _read_layer(dataset, crs)


def _has_layers(dataset: DatasetFile) -> bool:
    return dataset.suffix in _LAYERED


def _read_geojson(dataset: DatasetFile, crs: CRS | None) -> Features:
    from backend.geo.vector.feature_reading import read_features  # noqa: PLC0415  # which reads files by this module

    document, told = _json(dataset)
    if is_topology(document) and dataset.suffix == _TOPOJSON:
        document = geojson_of(document, dataset.layer)
    return read_features(document, crs).warned(*told)


def _json(dataset: DatasetFile) -> tuple[Any, Sequence[str]]:
    text, told = _text(dataset)
    try:
        return parse_features(text), told
    except ValueError as error:
        refuse(f"{dataset.id} is no GeoJSON: {error}")
    except RecursionError:
        refuse(f"{dataset.id} is nested too deeply")


def _read_xml(dataset: DatasetFile) -> Features:
    try:
        return read_xml(dataset.path.read_bytes())
    except OSError as error:
        refuse(f"{dataset.id} cannot be read: {error.strerror}")


def _read_parquet(dataset: DatasetFile, crs: CRS | None) -> Features:
    try:
        from backend.geo.vector.parquet_files import read_parquet  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError:
        refuse(f"{dataset.id} is a Parquet file; reading it needs `pip install 'ogc-processes-mcp[sql]'`")
    _check_signature(dataset)
    try:
        table = read_parquet(dataset.path)
    except ProcessRefusedError as error:
        refuse(f"{dataset.id} cannot be read: {error}")
    told: list[str] = []
    fields = {name: plain_values(column, name, told) for name, column in table.columns.items()}
    if table.geometries is None:
        taken = f"{dataset.id} says of none of its columns that it holds geometries: it is taken for a table."
        shapes = np.full(len(next(iter(fields.values()), ())), None, dtype=object)
        return Features(shapes, fields, warnings=(taken, *told))
    if table.spherical:
        told.append(f"The edges of {dataset.id} are meant as shortest paths on the Earth, and taken for straight ones.")
    shapes = _shapes(np.array(table.geometries, dtype=object), told)
    return _features(dataset, shapes, fields, _crs(dataset, table.crs, crs), told)


def _read_layer(dataset: DatasetFile, crs: CRS | None) -> Features:
    layer = _layer(dataset)
    read_arcs_finely()
    with _reading(dataset) as told:
        if dataset.suffix == ".gpkg":
            told.extend(arcs_told(dataset.path, layer))
        encoding, doubts = table_encoding(dataset.path, dataset.id) if dataset.suffix == ".shp" else (None, ())
        told.extend(doubts)
        meta, _, geometries, columns = pyogrio.raw.read(
            dataset.path,
            layer=layer,
            datetime_as_string=True,
            encoding=encoding,
            **(OPEN_OPTIONS if dataset.suffix == _GML else {}),
        )
    # Before the values: while geometries are made, Python looks through all lists that there are for garbage.
    shapes = None if geometries is None else _shapes(geometries, told)
    fields = {
        str(name): _lists(column)
        if str(kind).startswith(_LIST)
        else (is_rounded(column, np.dtype(kind)) and _exact(dataset, layer, str(name)))
        or values_of(column, np.dtype(kind), str(name), told)
        for name, column, kind in zip(meta["fields"], columns, meta["dtypes"], strict=True)
    }
    if dataset.suffix == _GML:
        read = 0 if shapes is None else len(shapes)
        told += told_of(dataset.path, layer, read=read, has_crs=meta["crs"] is not None)
        fields = {name: _typed(name, values, told) for name, values in without_bounds(fields).items()}
    if shapes is None:
        return Features(np.full(len(next(iter(columns), ())), None, dtype=object), fields, warnings=tuple(told))
    if dataset.suffix == ".shp":
        told += [*unmatched_told(dataset.path, dataset.id), *rounded_told(fields)]
        shapes = with_holes(shapes, told)
        if beside(dataset.path, ".dbf") is None:
            told.append(f"The table of {dataset.id}, its .dbf file, is not beside it: the features have no fields.")
    return _features(dataset, shapes, fields, _crs(dataset, meta["crs"], crs), told)


def _lists(column: NDArray[Any]) -> Sequence[Any]:
    """Values of which a feature may have several."""
    return [None if one is None else np.asarray(one).tolist() for one in column]


def _typed(name: str, values: Sequence[Any], told: list[str]) -> Sequence[Any]:
    """Texts as what they are written for; others, such as elements that stand several times, as they are."""
    texts = set[type](map(type, values)) <= {str, NoneType}
    return typed_column(name, [value or "" for value in values], told) if texts else values


def _shapes(geometries: NDArray[Any], told: list[str]) -> Shapes:
    """The geometries of an array of WKB, which is gone afterwards: their objects take the place of its bytes."""
    unread = 0
    for start in range(0, len(geometries), _BATCH):
        some = slice(start, start + _BATCH)
        made = shapely.from_wkb(geometries[some], on_invalid="fix")
        unread += sum(one is not None for one in geometries[some][shapely.is_missing(made)].tolist())
        geometries[some] = made
    if unread:
        told.append(f"{unread} geometries are of kinds that are not read, such as surfaces in space (TIN, multipatch).")
    return geometries


def _features(
    dataset: DatasetFile, shapes: Shapes, fields: Mapping[str, Sequence[Any]], crs: CRS, told: list[str]
) -> Features:
    missing = int(shapely.is_missing(shapes).sum())
    if missing:
        told.append(f"{missing} of {len(shapes)} features of {dataset.id} have no geometry.")
    return Features(shapes, fields, crs, tuple(told))


@contextmanager
def _reading(dataset: DatasetFile) -> Generator[list[str]]:
    """Read a file by GDAL; what it warns of is in the list afterwards.

    Raises:
        ProcessRefusedError: it cannot be read.
    """
    told: list[str] = []
    keep_codes()
    with warnings.catch_warnings(record=True, action="always", category=RuntimeWarning) as caught:
        try:
            yield told
        except _FAULTS as error:
            refuse(f"{dataset.id} cannot be read: {_plain(error, dataset)}")
    told += dict.fromkeys(f"{dataset.id}: {_plain(one.message, dataset)}" for one in caught[:_MOST_TOLD])


def _layer(dataset: DatasetFile) -> str:
    layers = _layers_in(dataset)
    told = ", ".join(layers[:_MOST_TOLD])
    if dataset.layer is not None:
        if dataset.layer not in layers:
            refuse(f"{dataset.id} has no layer {dataset.layer[:80]!r}; its layers are {told}")
        return dataset.layer
    if len(layers) > 1:
        refuse(
            f"{dataset.id} has {len(layers)} layers: {told}. Of a file in a data folder say which one by its name "
            f"after a #, such as {dataset.id}#{layers[0]}"
        )
    if not layers:
        refuse(f"{dataset.id} has no layers")
    return layers[0]


def _crs(dataset: DatasetFile, declared: str | None, given: CRS | None) -> CRS:
    found = None if declared is None else CRS.from_user_input(declared)
    if found is None or found.name in _UNDEFINED:
        if given is None:
            refuse(
                f"{dataset.id} does not tell its CRS, which may not be guessed: assign-crs takes it with the right one"
            )
        return given
    return stored_crs(found, dataset.id)


def _exact(dataset: DatasetFile, layer: str, name: str) -> NumberColumn | None:
    """The whole numbers of a field, read once more as texts; None where that cannot be done."""
    field, table = (text.replace("\\", r"\\").replace('"', r"\"") for text in (name, layer))
    query = f'SELECT CAST("{field}" AS character(20)) AS whole FROM "{table}"'  # noqa: S608  # of names as they are quoted
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        try:
            *_, (texts,) = pyogrio.raw.read(dataset.path, sql=query, sql_dialect="OGRSQL", read_geometry=False)
            missing = np.array([text is None for text in texts.tolist()], dtype=np.bool_)
            return NumberColumn.of(np.array([int(text or 0) for text in texts.tolist()], dtype=np.int64), missing)
        except (*_FAULTS, ValueError, OverflowError):
            return None


def _text(dataset: DatasetFile) -> tuple[str, Sequence[str]]:
    try:
        return read_text(dataset.path, dataset.id)
    except OSError as error:
        refuse(f"{dataset.id} cannot be read: {error.strerror}")


def _check_signature(dataset: DatasetFile) -> None:
    if dataset.suffix not in SIGNATURES:
        return
    signature = SIGNATURES[dataset.suffix]
    try:
        with dataset.path.open("rb") as file:
            start = file.read(_SHAPEFILE_LENGTH.stop)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        refuse(f"{dataset.id} cannot be read: {error.strerror}")
    if not start.startswith(signature):
        refuse(f"{dataset.id} is no {dataset.suffix[1:]} file, as its name says")
    # GDAL takes the shapes that a shapefile was cut off before for missing ones.
    if dataset.suffix == ".shp" and size < 2 * int.from_bytes(start[_SHAPEFILE_LENGTH]):
        refuse(f"{dataset.id} is cut off: it is shorter than its own header says")
    if dataset.suffix == ".shp" and beside(dataset.path, ".shx") is None:
        refuse(f"{dataset.id} cannot be read: its index, the .shx file that belongs to it, is not beside it")


def _plain(error: Warning | Exception | str, dataset: DatasetFile) -> str:
    return str(error).replace(str(dataset.path), dataset.id)[:200]
