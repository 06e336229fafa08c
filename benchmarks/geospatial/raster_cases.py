"""Processes on rasters beside rasterio, numpy and exactextract."""

import json
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.features
import rasterio.warp
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import Geod

from backend.processes.raster_calculate import raster_calculate
from backend.processes.raster_reclassify import raster_reclassify
from backend.processes.raster_sample import raster_sample
from backend.processes.raster_warp import raster_warp
from backend.processes.rasterize import rasterize
from backend.processes.terrain import terrain
from backend.processes.vectorize import vectorize
from backend.processes.zonal_statistics import zonal_statistics
from benchmarks.geospatial.cases import Case
from benchmarks.geospatial.data import CELL, Data
from benchmarks.geospatial.plain import PLANE, band, geojson, geotiff, projected, read

ZONAL_RATIO = 1.2
STATISTICS = ("count", "mean", "min", "max", "sum")


def raster_cases(data: Data) -> list[Case]:
    """One raster each, with features or without."""
    heights, classes, globe = (data.raster(name) for name in ("heights", "classes", "globe"))
    points, cells, countries = (data.layer(name) for name in ("points", "cells", "countries"))
    breaks = [0, 250, 500, 750]
    rules = [
        [low, high, number] for number, (low, high) in enumerate(zip([None, *breaks], [*breaks, None], strict=True))
    ]
    globally = {"raster": globe, "features": countries, "statistics": list(STATISTICS)}
    return [
        Case("zonal-statistics, cells alike", zonal_statistics, globally | {"weighting": "cells"},
             partial(_zonal, globe.path, countries.path), ratio=ZONAL_RATIO),
        Case("zonal-statistics, weighed by area", zonal_statistics, globally,
             partial(_zonal, globe.path, countries.path, weighed=True), ratio=ZONAL_RATIO),
        Case("raster-sample", raster_sample, {"raster": heights, "features": points},
             partial(_sampled, heights.path, points.path)),
        Case("raster-calculate", raster_calculate, {"raster": heights, "expression": "a * 2 + 1"},
             partial(_calculated, heights.path)),
        Case("raster-reclassify", raster_reclassify, {"raster": heights, "classes": rules},
             partial(_reclassified, heights.path, breaks)),
        Case("raster-warp, bilinear", raster_warp, {"raster": heights, "crs": "EPSG:3035", "resampling": "bilinear"},
             partial(_warped, heights.path)),
        Case("terrain, slope", terrain, {"raster": heights}, partial(_slope, heights.path)),
        Case("vectorize", vectorize, {"raster": classes}, partial(_vectorised, classes.path)),
        Case("rasterize, 4,000 × 4,000 cells", rasterize,
             {"features": cells, "field": "kind", "template": heights},
             partial(_rasterised, cells.path, heights.path)),
    ]  # fmt: skip


def _zonal(raster: Path, zones: Path, *, weighed: bool = False) -> bytes:
    names = [f"weighted_{name}" if weighed and name in ("mean", "sum") else name for name in STATISTICS]
    layer = read(zones)
    frame = gpd.GeoDataFrame(geometry=layer.shapes, crs="OGC:CRS84")
    values, profile = band(raster)
    rows = profile["height"]
    latitudes = np.radians(90 - 180 * (np.arange(rows) + 0.5) / rows)
    areas = np.broadcast_to(np.cos(latitudes)[:, np.newaxis], values.shape)
    source, weights = (
        NumPyRasterSource(array, -180, -90, 180, 90, name=name)
        for array, name in ((values, "values"), (areas, "areas"))
    )
    found = exact_extract(source, frame, names, weights=weights if weighed else None)
    columns = {name: [one["properties"][name] for one in found] for name in names}
    return geojson(layer.shapes, {**layer.fields, **columns})


def _sampled(raster: Path, points: Path) -> bytes:
    layer = read(points)
    at = shapely.get_coordinates(projected(layer.shapes))
    with rasterio.open(raster) as reader:
        values = reader.read(1, masked=True)
        rows, columns = rasterio.transform.rowcol(reader.transform, at[:, 0], at[:, 1])
    rows, columns = np.asarray(rows), np.asarray(columns)
    inside = (rows >= 0) & (rows < values.shape[0]) & (columns >= 0) & (columns < values.shape[1])
    found = [None] * len(at)
    places = np.flatnonzero(inside).tolist()
    for place, value in zip(places, values[rows[inside], columns[inside]].tolist(), strict=True):
        found[place] = value
    return geojson(layer.shapes, {**layer.fields, "value": found})


def _calculated(raster: Path) -> bytes:
    values, profile = band(raster)
    return geotiff(values * 2 + 1, profile)


def _reclassified(raster: Path, breaks: list[float]) -> tuple[bytes, list[tuple[int, float]]]:
    """With the cells and the area of each class, here planar."""
    values, profile = band(raster)
    made = np.digitize(values, breaks).astype(np.uint8)
    classes = [(int(count), float(count) * CELL**2) for count in np.bincount(made.ravel())]
    return geotiff(made, profile), classes


def _warped(raster: Path) -> bytes:
    with rasterio.open(raster) as reader:
        values, profile, bounds = reader.read(1), dict(reader.profile), reader.bounds
        transform, width, height = rasterio.warp.calculate_default_transform(
            reader.crs, "EPSG:3035", reader.width, reader.height, *bounds
        )
        made = np.full((height, width), np.nan, dtype=values.dtype)
        rasterio.warp.reproject(
            values, made, src_transform=reader.transform, src_crs=reader.crs, dst_transform=transform,
            dst_crs="EPSG:3035", resampling=rasterio.warp.Resampling.bilinear, dst_nodata=np.nan,
        )  # fmt: skip
    return geotiff(made, profile | {"transform": transform, "crs": "EPSG:3035", "nodata": np.nan})


def _slope(raster: Path) -> bytes:
    """By Horn's differences over eight neighbours."""
    values, profile = band(raster)
    z = np.pad(values, 1, mode="edge")
    east = z[:-2, 2:] + 2 * z[1:-1, 2:] + z[2:, 2:] - z[:-2, :-2] - 2 * z[1:-1, :-2] - z[2:, :-2]
    south = z[2:, :-2] + 2 * z[2:, 1:-1] + z[2:, 2:] - z[:-2, :-2] - 2 * z[:-2, 1:-1] - z[:-2, 2:]
    return geotiff(np.degrees(np.arctan(np.hypot(east, south) / (8 * CELL))), profile)


def _vectorised(raster: Path) -> bytes:
    values, profile = band(raster)
    found = list(rasterio.features.shapes(values, transform=profile["transform"]))
    members = [{"type": "Feature", "geometry": shape, "properties": {"value": value}} for shape, value in found]
    shapes = shapely.from_geojson([json.dumps(one["geometry"]) for one in members])
    from_plane = projected(shapes, back=True)
    geod, planar = Geod(ellps="WGS84"), shapely.area(shapes)
    fields = {
        "value": [one["properties"]["value"] for one in members],
        "cells": np.rint(planar / CELL**2).astype(int),
        "area_m2": [abs(geod.geometry_area_perimeter(shape)[0]) for shape in from_plane],
        "planar_area_m2": planar,
    }
    return geojson(from_plane, fields)


def _rasterised(features: Path, template: Path) -> bytes:
    layer = read(features)
    with rasterio.open(template) as reader:
        profile, transform = dict(reader.profile), reader.transform
    pairs = zip(projected(layer.shapes), layer.fields["kind"].tolist(), strict=True)
    shape = (profile["height"], profile["width"])
    made = rasterio.features.rasterize(pairs, out_shape=shape, transform=Affine(*transform[:6]), dtype=np.int32)
    return geotiff(made, profile | {"crs": PLANE})
