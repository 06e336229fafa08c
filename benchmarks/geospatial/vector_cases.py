"""Processes on features beside pyogrio, shapely, pyproj, numpy and pandas."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio.raw
import shapely
from pyproj import Geod

from backend.processes.calculate_field import calculate_field
from backend.processes.classify import classify
from backend.processes.convert_features import convert_features
from backend.processes.create_grid import create_grid
from backend.processes.filter_features import filter_features
from backend.processes.geometry_buffer import geometry_buffer
from backend.processes.geometry_measure import geometry_measure
from backend.processes.geometry_transform import geometry_transform
from backend.processes.join_table import join_table
from backend.processes.points_along_lines import points_along_lines
from backend.processes.simplify import simplify
from backend.processes.summarize import summarize
from backend.processes.tessellate import tessellate
from backend.processes.transform_coordinates import transform_coordinates
from backend.processes.validate_geometry import validate_geometry
from benchmarks.geospatial.cases import Case
from benchmarks.geospatial.data import HEIGHT, SOUTH, WEST, WIDTH, Data
from benchmarks.geospatial.plain import PLANE, Layer, geojson, projected, read

METRES = 500.0
EARTH, BOW = 6_371_000.0, 4e-6
"""Radius in metres, and how far a grid's sides may leave their way, as a share of a side."""
COARSE = 4
"""Edges of a quarter circle: with the usual 32 the GeoJSON of 100,000 discs takes 400 MB."""


def vector_cases(data: Data) -> list[Case]:
    """One layer each."""
    points, cells, lines, table = (data.layer(name) for name in ("points", "cells", "lines", "table"))
    size = data.features
    return [
        Case("filter-features", filter_features, {"features": points, "filter": "value > 50"},
             partial(_filtered, points.path)),
        Case("calculate-field", calculate_field,
             {"features": points, "field": "twice", "expression": "value * 2 + people"},
             partial(_calculated, points.path)),
        Case("summarize, 20 groups", summarize, {"features": points, "fields": ["value"], "group_by": ["kind"]},
             partial(_summarised, points.path)),
        Case("join-table, 20 rows", join_table, {"features": points, "table": table, "field": "kind",
             "table_field": "kind"}, partial(_joined, points.path, table.path)),
        Case("classify, quantiles", classify, {"features": points, "field": "value", "scheme": "quantiles"},
             partial(_classified, points.path)),
        Case("geometry-measure, each", geometry_measure, {"geometry": cells, "each": True},
             partial(_measured, cells.path)),
        Case("geometry-buffer of points, each", geometry_buffer,
             {"geometry": points, "distance": METRES, "dissolve": False, "resolution": COARSE},
             partial(_buffered, points.path, dissolve=False)),
        Case("geometry-buffer of points, dissolved", geometry_buffer,
             {"geometry": points, "distance": METRES, "resolution": COARSE},
             partial(_buffered, points.path, dissolve=True)),
        Case("geometry-transform, hulls", geometry_transform,
             {"geometry": lines, "operation": "convex-hull", "each": True}, partial(_hulls, lines.path)),
        Case("validate-geometry", validate_geometry, {"features": cells}, partial(_validated, cells.path)),
        Case("simplify, shared edges", simplify, {"features": cells, "tolerance": 100, "shared_edges": True},
             partial(_simplified, cells.path)),
        Case("tessellate, Voronoi", tessellate, {"features": points}, partial(_tessellated, points.path)),
        Case("create-grid", create_grid, {"features": data.layer("zones"), "size": 600_000 / np.sqrt(size)},
             partial(_grid, data.layer("zones").path, 600_000 / np.sqrt(size))),
        Case("points-along-lines", points_along_lines, {"features": lines, "count": 3}, partial(_along, lines.path)),
        Case("transform-coordinates", transform_coordinates, {"coordinates": points, "target_crs": PLANE},
             partial(_transformed, points.path)),
        Case("convert-features, GeoPackage", convert_features, {"features": points, "format": "geopackage"},
             partial(_geopackage, points.path, data.folder / "bare.gpkg")),
        Case("convert-features, GeoJSON", convert_features, {"features": points, "format": "geojson"},
             partial(_converted, points.path)),
    ]  # fmt: skip


def _filtered(path: Path) -> bytes:
    layer = read(path)
    kept = layer.fields["value"] > 50
    return geojson(layer.shapes[kept], {name: column[kept] for name, column in layer.fields.items()})


def _calculated(path: Path) -> bytes:
    layer = read(path)
    return geojson(layer.shapes, {**layer.fields, "twice": layer.fields["value"] * 2 + layer.fields["people"]})


def _summarised(path: Path) -> dict[Any, Any]:
    groups = pd.DataFrame(read(path).fields).groupby("kind")["value"]
    return groups.agg(["count", "sum", "mean", "min", "max", "median", "std", "nunique"]).to_dict()


def _joined(path: Path, table: Path) -> bytes:
    layer = read(path)
    joined = pd.DataFrame(layer.fields).merge(pd.read_csv(table), how="left", on="kind")
    return geojson(layer.shapes, _columns(joined))


def _columns(frame: pd.DataFrame) -> Mapping[str, list[Any]]:
    return {str(name): frame[name].tolist() for name in frame.columns}


def _classified(path: Path) -> bytes:
    layer = read(path)
    values = layer.fields["value"]
    classes = np.searchsorted(np.quantile(values, [0.2, 0.4, 0.6, 0.8]), values) + 1
    return geojson(layer.shapes, {**layer.fields, "class": classes})


def _measured(path: Path) -> bytes:
    layer = read(path)
    geod = Geod(ellps="WGS84")
    areas, perimeters = zip(*(geod.geometry_area_perimeter(shape) for shape in layer.shapes), strict=True)
    return geojson(layer.shapes, {**layer.fields, "area": list(areas), "perimeter": list(perimeters)})


def _buffered(path: Path, *, dissolve: bool) -> bytes:
    layer = read(path)
    made = shapely.buffer(projected(layer.shapes), METRES, quad_segs=COARSE)
    if dissolve:
        return geojson(projected(np.array([shapely.union_all(made)]), back=True), {})
    return geojson(projected(made, back=True), layer.fields)


def _hulls(path: Path) -> bytes:
    layer = read(path)
    return geojson(shapely.convex_hull(layer.shapes), layer.fields)


def _validated(path: Path) -> dict[str, int]:
    """What the process looks for too: faults, duplicates, vertices that repeat, rings of the wrong direction."""
    shapes = read(path).shapes
    repeated = shapely.get_num_coordinates(shapes) - shapely.get_num_coordinates(shapely.remove_repeated_points(shapes))
    return {
        "invalid": int((shapely.is_valid_reason(shapes) != "Valid Geometry").sum()),
        "duplicate": int(pd.Series(shapely.to_wkb(shapely.normalize(shapes))).duplicated().sum()),
        "repeated-vertices": int((repeated > 0).sum()),
        "clockwise": int((~shapely.is_ccw(shapely.get_exterior_ring(shapes))).sum()),
    }


def _simplified(path: Path) -> bytes:
    layer = read(path)
    made = shapely.coverage_simplify(projected(layer.shapes), 100)
    return geojson(projected(np.asarray(made), back=True), layer.fields)


def _tessellated(path: Path) -> bytes:
    layer = read(path)
    window = shapely.box(WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT)
    shapely.prepare(window)
    made = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(layer.shapes), ordered=True))
    return geojson(shapely.intersection(made, window), layer.fields)


def _grid(path: Path, size: float) -> bytes:
    west, south, east, north = shapely.total_bounds(projected(read(path).shapes))
    x, y = np.arange(west, east, size), np.arange(south, north, size)
    at = np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)])
    cells = shapely.box(at[:, 0], at[:, 1], at[:, 0] + size, at[:, 1] + size)
    # As many vertices as the process has them: sides are to stay where they are once they are straight in degrees.
    longest = np.sqrt(8 * EARTH * BOW * size / np.tan(np.radians(SOUTH + HEIGHT)))
    made = projected(np.asarray(shapely.segmentize(cells, longest)), back=True)
    column, row = np.arange(len(at)) % len(x), np.arange(len(at)) // len(x)
    named = [f"{one}-{other}" for one, other in zip(column.tolist(), row.tolist(), strict=True)]
    return geojson(made, {"id": named, "column": column, "row": row})


def _along(path: Path) -> bytes:
    layer = read(path)
    shares = np.tile([0, 0.5, 1], len(layer.shapes))
    lines = projected(layer.shapes)
    made = shapely.line_interpolate_point(np.repeat(lines, 3), shares, normalized=True)
    fields = {name: np.repeat(column, 3) for name, column in layer.fields.items()}
    fields |= {"line": np.repeat(np.arange(len(lines)), 3), "measure": shares * np.repeat(shapely.length(lines), 3)}
    return geojson(projected(np.asarray(made), back=True), fields)


def _transformed(path: Path) -> tuple[bytes, bytes]:
    """Both outputs: WKT in the plane, with attributes, and GeoJSON, which stays in longitude and latitude."""
    layer = read(path)
    wkt = shapely.to_wkt(projected(layer.shapes), rounding_precision=-1)
    listed = pd.DataFrame({"wkt": wkt, **layer.fields}).to_json(orient="records", double_precision=15)
    return listed.encode(), geojson(layer.shapes, layer.fields)


def _converted(path: Path) -> bytes:
    layer = read(path)
    return geojson(layer.shapes, layer.fields)


def _geopackage(path: Path, target: Path) -> bytes:
    layer: Layer = read(path)
    pyogrio.raw.write(
        target,
        geometry=shapely.to_wkb(layer.shapes),
        field_data=list(layer.fields.values()),
        fields=list(layer.fields),
        geometry_type="Point",
        crs="OGC:CRS84",
        driver="GPKG",
    )
    made = target.read_bytes()
    target.unlink()
    return made
