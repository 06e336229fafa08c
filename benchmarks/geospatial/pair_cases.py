"""Processes on two layers beside shapely's tree, overlays and pyproj."""

from functools import partial
from pathlib import Path

import numpy as np
import shapely
from pyproj import Geod

from backend.processes.apportion import apportion
from backend.processes.dissolve import dissolve
from backend.processes.distance import distance
from backend.processes.nearest_features import nearest_features
from backend.processes.overlay import overlay
from backend.processes.select_by_location import select_by_location
from backend.processes.spatial_join import spatial_join
from benchmarks.geospatial.cases import Case
from benchmarks.geospatial.data import Data
from benchmarks.geospatial.plain import geojson, projected, read


def pair_cases(data: Data) -> list[Case]:
    """Two layers each, or one that is compared with itself."""
    points, cells, zones, spots = (data.layer(name) for name in ("points", "cells", "zones", "spots"))
    return [
        Case("spatial-join, points in polygons", spatial_join, {"features": points, "other": zones},
             partial(_joined, points.path, zones.path)),
        Case("spatial-join, count per polygon", spatial_join, {"features": zones, "other": points, "mode": "count"},
             partial(_counted, zones.path, points.path)),
        Case("select-by-location", select_by_location, {"features": points, "other": zones, "predicate": "within"},
             partial(_selected, points.path, zones.path)),
        Case("nearest-features", nearest_features, {"features": points, "other": spots},
             partial(_nearest, points.path, spots.path)),
        Case("distance", distance, {"geometry": points, "other": "POINT (10 50)"}, partial(_distances, points.path)),
        Case("overlay, intersection", overlay, {"features": cells, "other": zones},
             partial(_overlaid, cells.path, zones.path)),
        Case("apportion", apportion, {"features": cells, "zones": zones, "fields": ["people"]},
             partial(_apportioned, cells.path, zones.path)),
        Case("dissolve, 20 groups", dissolve, {"features": cells, "by": ["kind"]}, partial(_dissolved, cells.path)),
    ]  # fmt: skip


def _joined(path: Path, other: Path) -> bytes:
    layer, zones = read(path), read(other)
    own, found = shapely.STRtree(zones.shapes).query(layer.shapes, predicate="intersects")
    order = np.argsort(own, kind="stable")
    own, found = own[order], found[order]
    fields = {name: column[own] for name, column in layer.fields.items()}
    fields |= {name: column[found] for name, column in zones.fields.items()}
    return geojson(layer.shapes[own], fields)


def _counted(path: Path, other: Path) -> bytes:
    zones, points = read(path), read(other)
    _, found = shapely.STRtree(zones.shapes).query(points.shapes, predicate="intersects")
    return geojson(zones.shapes, {**zones.fields, "match_count": np.bincount(found, minlength=len(zones.shapes))})


def _selected(path: Path, other: Path) -> bytes:
    layer, zones = read(path), read(other)
    own, _ = shapely.STRtree(zones.shapes).query(layer.shapes, predicate="within")
    kept = np.unique(own)
    return geojson(layer.shapes[kept], {name: column[kept] for name, column in layer.fields.items()})


def _nearest(path: Path, other: Path) -> bytes:
    layer, spots = read(path), read(other)
    own, found = shapely.STRtree(projected(spots.shapes)).query_nearest(projected(layer.shapes), all_matches=False)
    start, end = (shapely.get_coordinates(shapes) for shapes in (layer.shapes[own], spots.shapes[found]))
    metres = Geod(ellps="WGS84").inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    return geojson(layer.shapes[own], {**layer.fields, "spot": spots.fields["spot"][found], "distance_m": metres})


def _distances(path: Path) -> float:
    at = shapely.get_coordinates(read(path).shapes)
    metres = Geod(ellps="WGS84").inv(at[:, 0], at[:, 1], np.full(len(at), 10.0), np.full(len(at), 50.0))[2]
    return float(np.min(metres))


def _overlaid(path: Path, other: Path) -> bytes:
    layer, zones = read(path), read(other)
    own, found = shapely.STRtree(zones.shapes).query(layer.shapes, predicate="intersects")
    made = shapely.intersection(layer.shapes[own], zones.shapes[found])
    kept = shapely.area(made) > 0
    own, found, made = own[kept], found[kept], made[kept]
    fields = {name: column[own] for name, column in layer.fields.items()}
    fields |= {name: column[found] for name, column in zones.fields.items()}
    return geojson(made, {**fields, "area_m2": shapely.area(projected(made))})


def _apportioned(path: Path, other: Path) -> bytes:
    layer, zones = read(path), read(other)
    own, found = shapely.STRtree(zones.shapes).query(layer.shapes, predicate="intersects")
    whole = shapely.area(projected(layer.shapes))
    pieces = shapely.area(projected(shapely.intersection(layer.shapes[own], zones.shapes[found])))
    people = np.bincount(found, layer.fields["people"][own] * pieces / whole[own], minlength=len(zones.shapes))
    return geojson(zones.shapes, {**zones.fields, "people": people})


def _dissolved(path: Path) -> bytes:
    layer = read(path)
    kinds, groups = np.unique(layer.fields["kind"], return_inverse=True)
    made = np.array([shapely.union_all(layer.shapes[groups == group]) for group in range(len(kinds))])
    areas = shapely.area(projected(made))
    return geojson(made, {"kind": kinds, "feature_count": np.bincount(groups), "area_m2": areas})
