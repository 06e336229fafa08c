"""Items of a dataset: the features that a process would get, page by page. Imports GDAL: for workers only."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely

from backend.errors import NoItemsError, ProcessRefusedError
from backend.geo.geodesy.antimeridian import lonlat_box
from backend.geo.geodesy.crs import code_of
from backend.geo.geodesy.ellipsoid import Integers
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features
from backend.geo.vector.item_query import MOST_PAGE_BYTES, Box, ItemsPage, ItemsQuery
from backend.geo.vector.vector_files import layers_of


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer as it was read, for the pages that are asked for next."""

    key: tuple[object, ...]
    layers: tuple[str, ...]
    features: Features
    """In OGC:CRS84."""
    source_crs: str


class Items:
    """Reads pages of datasets. The layer that was read last is kept, as long as its file stays the same."""

    def __init__(self) -> None:
        self._last: _Layer | None = None

    def page(self, dataset: DatasetFile, query: ItemsQuery) -> ItemsPage:
        """The features that a query asks for.

        Raises:
            NoItemsError: the file has no such layer or feature, or cannot be read.
        """
        layer = self._read(dataset, query.layer)
        chosen = _chosen(dataset, layer.features, query)
        first = 0 if query.item is not None else query.offset
        wanted = chosen[first : first + query.limit]
        features, returned = _encoded(layer.features, wanted)
        return ItemsPage(features, len(chosen), returned, layer.layers, layer.source_crs, layer.features.warnings)

    def _read(self, dataset: DatasetFile, layer: str | None) -> _Layer:
        key = (dataset.path, layer, *_state(dataset.path))
        if self._last is not None and self._last.key == key:
            return self._last
        self._last = None  # two of them need not fit into the memory
        try:
            layers = layers_of(dataset)
            features = read_features(_with_layer(dataset, layer, layers))
            self._last = _Layer(key, layers, features.lonlat(), code_of(features.crs))
        except ProcessRefusedError as error:
            raise NoItemsError(str(error)) from error
        return self._last


def _state(path: Path) -> tuple[int, ...]:
    """Of a file and those beside it that belong to it: the table of a shapefile, the log of a GeoPackage."""
    try:
        beside = sorted(one for one in path.parent.iterdir() if one.name.startswith(path.stem))
        return tuple(number for one in beside for number in (one.stat().st_mtime_ns, one.stat().st_size))
    except OSError:
        raise NoItemsError("the file is there no more") from None


def _with_layer(dataset: DatasetFile, layer: str | None, layers: tuple[str, ...]) -> DatasetFile:
    if layer is None and len(layers) > 1:
        told = ", ".join(layers)
        raise NoItemsError(f"{dataset.id} has {len(layers)} layers: {told}. Say which one with the parameter `layer`")
    return replace(dataset, layer=layer)


def _chosen(dataset: DatasetFile, features: Features, query: ItemsQuery) -> Integers:
    """Places of the features that a query is about."""
    if query.item is not None:
        if query.item >= len(features):
            raise NoItemsError(f"{dataset.id} has {len(features)} features: there is none with the id {query.item}")
        return np.array([query.item])
    if query.bbox is None:
        return np.arange(len(features))
    return np.flatnonzero(shapely.intersects(features.shapes, _area(query.bbox)))


def _area(box: Box) -> shapely.Geometry:
    area = lonlat_box(*box)
    shapely.prepare(area)
    return area


def _encoded(features: Features, places: Integers) -> tuple[bytes, int]:
    """A JSON array of features, and how many fit into an answer: the first one does, whatever its size."""
    members = feature_collection(features.take(places), method="", crs_decision="")["features"]
    texts: list[bytes] = []
    size = 0
    for place, member in zip(places.tolist(), members, strict=True):
        text = json.dumps({**member, "id": place}, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        size += len(text) + 1
        if texts and size > MOST_PAGE_BYTES:
            break
        texts.append(text)
    return b"[" + b",".join(texts) + b"]", len(texts)
