"""What a file of vector data holds, layer by layer. Imports GDAL: for workers only."""

# pyogrio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import replace
from typing import Any

import numpy as np
import pyogrio
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.describing.features import JsonObject, describe_features, validity_as_given
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.vector.datasets import GEOJSON, DatasetFile
from backend.geo.vector.features import Features
from backend.geo.vector.file_contents import as_dataset
from backend.geo.vector.stored_codes import keep_codes
from backend.geo.vector.text_encodings import read_text
from backend.geo.vector.vector_files import layers_of, read_file


def describe_file(source: DatasetFile | bytes) -> JsonObject:
    """The features of a file as they stand in it, not repaired; of a file with several layers what each of them is.

    Raises:
        ProcessRefusedError: it cannot be read.
    """
    with as_dataset(source) as dataset:
        return _described(dataset)


def _described(dataset: DatasetFile) -> JsonObject:
    layers = layers_of(dataset)
    if dataset.layer is None and len(layers) != 1:
        told = [_layer(dataset, layer) for layer in layers]
        example = f"{dataset.id}#{layers[0]}" if layers else dataset.id
        warning = f"The file has {len(layers)} layers: name one to have it described, such as {example}."
        return {"layers": told, "warnings": [warning]}
    features, knows_crs = _read(dataset)
    told = describe_features(features, knows_crs=knows_crs)
    # What is read as a document is repaired while it is read.
    if dataset.suffix in GEOJSON:
        text, _ = read_text(dataset.path, dataset.id)
        told["validity"] = validity_as_given(text, told["validity"])
    return {"layers": [{"name": layer} for layer in layers]} | told


def _read(dataset: DatasetFile) -> tuple[Features, bool]:
    """The features, and whether their CRS is known."""
    try:
        features = read_file(dataset)
    except ProcessRefusedError:
        # Whatever else is wrong with it is refused again.
        return read_file(dataset, CRS84), False
    if dataset.suffix != ".csv" or not features.present.any():
        return features, True
    # A table does not tell its CRS; what is on the globe is taken for longitude and latitude everywhere.
    on_globe = (np.abs(shapely.total_bounds(features.shapes)) <= (360, 90, 360, 90)).all()
    return features, bool(on_globe)


def _layer(dataset: DatasetFile, layer: str) -> JsonObject:
    if dataset.suffix == ".topojson":
        # Whatever it is, GDAL gets no JSON, in which it looks for names of further files.
        return _read_layer(replace(dataset, layer=layer), layer)
    info = _info(dataset, layer)
    return {
        "name": layer,
        "features": int(info["features"]),
        "geometry_type": info["geometry_type"],
        "crs": info["crs"],
        "fields": [str(name) for name in info["fields"]],
    }


def _read_layer(dataset: DatasetFile, layer: str) -> JsonObject:
    features, _ = _read(dataset)
    kinds = shapely.get_type_id(features.shapes[features.present])
    return {
        "name": layer,
        "features": len(features),
        "geometry_type": shapely.GeometryType(int(kinds[0])).name.title() if len({*kinds.tolist()}) == 1 else "Unknown",
        "crs": code_of(features.crs),
        "fields": list(features.fields),
    }


def _info(dataset: DatasetFile, layer: str) -> dict[str, Any]:
    keep_codes()
    return pyogrio.read_info(dataset.path, layer=layer)
