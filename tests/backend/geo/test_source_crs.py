"""Features of a projected CRS that were written as GeoJSON and read again: they are where they were before."""

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations.overlay import overlay_layers
from backend.geo.relations.relations_join import spatial_join
from backend.geo.relations.relations_selection import related
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.features import Features

ORIGINS = {
    "EPSG:25832": (500_000.0, 5_500_000.0),
    "EPSG:27700": (400_000 + math.pi, 300_000 + math.e),
    "EPSG:28992": (155_000.37, 463_000.91),
    "EPSG:2056": (2_600_000.5, 1_200_000.25),
    "EPSG:2263": (1_000_000 / 3, 200_000 / 7),
    "EPSG:3857": (-1e6 / 3, 7e6 / 9),
}
SIDE = 1000 * math.sqrt(2)


def parcels(code: str, number: int = 5) -> Features:
    """Squares side by side, their corners at places that no decimal numbers tell."""
    (x, y), steps = ORIGINS[code], (SIDE * np.arange(number + 1)).tolist()
    boxes = [
        shapely.box(x + west, y + south, x + east, y + north)
        for south, north in pairwise(steps)
        for west, east in pairwise(steps)
    ]
    return Features(shapes_of(boxes), {}, CRS(code))


def written(features: Features) -> Features:
    """As the next process reads what one has answered."""
    document: Any = feature_collection(features, method="", crs_decision="")
    return read_features(json.loads(b"".join(document.json_parts())))


@pytest.mark.parametrize("code", ORIGINS)
def test_vertices_are_where_they_were_whatever_the_way_between_the_datums(code: str) -> None:
    before = parcels(code)
    after = written(before)
    assert after.crs == before.crs
    unit = before.crs.axis_info[0].unit_conversion_factor
    moved = shapely.get_coordinates(after.shapes) - shapely.get_coordinates(before.shapes)
    assert float(np.abs(moved).max()) * unit < 1e-7


def test_heights_stay_where_vertices_are_taken_back() -> None:
    before = Features(shapes_of([shapely.Point(400_000, 300_000, 7.25)]), {}, CRS(27700))
    assert shapely.get_z(written(before).shapes).tolist() == [7.25]


@pytest.mark.parametrize("code", ORIGINS)
@pytest.mark.parametrize("predicate", ["equals", "touches", "overlaps", "within", "covers", "intersects"])
def test_a_layer_stands_in_the_same_relations_to_what_was_made_of_it(code: str, predicate: Any) -> None:
    before = parcels(code)
    after = written(before)
    alike = spatial_join(after, after, predicate, "rows", {}).pairs
    for one, other in ((before, after), (after, before)):
        assert spatial_join(one, other, predicate, "rows", {}).pairs == alike


@pytest.mark.parametrize("code", ORIGINS)
def test_parcels_are_within_their_union_and_nobody_is_told_of_rounding(code: str) -> None:
    before = parcels(code)
    union = written(Features(shapes_of([shapely.union_all(before.shapes)]), {}, before.crs))
    found = related(before, union, "covered_by", invert=False).features
    assert len(found) == len(before)
    assert not any("rounding" in told for told in found.warnings)


def test_points_on_the_lines_of_a_grid_count_once_each() -> None:
    x, y = ORIGINS["EPSG:25832"]
    lattice = [shapely.Point(x + SIDE * column, y + SIDE * row) for row in range(6) for column in range(6)]
    points = Features(shapes_of(lattice), {}, CRS(25832))
    counted = spatial_join(written(parcels("EPSG:25832")), points, "intersects", "count", {})
    assert sum(counted.features.fields["match_count"]) == len(points)


def test_pieces_that_cross_themselves_by_rounding_in_degrees_keep_their_area_and_nobody_is_told() -> None:
    chance = np.random.default_rng(2)
    x, y = ORIGINS["EPSG:25832"]
    around = zip(
        *(chance.uniform(low, high, 30) for low, high in ((x, x + 1e4), (y, y + 1e4), (300, 2000))), strict=True
    )
    circles = [shapely.Point(east, north).buffer(radius, quad_segs=3) for east, north, radius in around]
    corners = zip(
        *(chance.uniform(low, high, 20) for low, high in ((x, x + 1e4), (y, y + 1e4), (300, 3000))), strict=True
    )
    boxes = [shapely.box(east, north, east + side, north + side) for east, north, side in corners]
    first, second = (Features(shapes_of(shapes), {}, CRS(25832)) for shapes in (circles, boxes))
    shared = written(overlay_layers(first, second, "intersection", 0.001).features)
    pieces = overlay_layers(first, shared, "difference", 0.001).features
    assert not shapely.is_valid(pieces.lonlat().shapes).all()
    after = written(pieces)
    assert shapely.is_valid(after.shapes).all()
    assert shapely.area(after.shapes) == pytest.approx(shapely.area(pieces.shapes), abs=1e-4)
    assert after.warnings == ()
    union = overlay_layers(shared, after, "union", 0.001).features
    whole = shapely.area(shared.shapes).sum() + shapely.area(after.shapes).sum()
    assert shapely.area(union.shapes).sum() == pytest.approx(whole, abs=1e-3)


def test_a_geometry_that_is_broken_by_more_than_rounding_is_repaired_and_told() -> None:
    bow = {"type": "Polygon", "coordinates": [[[9, 50], [9.1, 50.1], [9.1, 50], [9, 50.1], [9, 50]]]}
    feature = {"type": "Feature", "properties": {}, "geometry": bow}
    found = read_features({"type": "FeatureCollection", "features": [feature], "source_crs": "EPSG:25832"})
    assert shapely.is_valid(found.shapes).all()
    assert "repaired" in found.warnings[0]


OVER_THE_EDGE = [
    ("EPSG:3031", shapely.box(-1e6, -1e6, 1e6, 1e6)),
    ("EPSG:3995", shapely.box(-1e6, -1e6, 1e6, 1e6) - shapely.box(2e5, -7e5, 6e5, 6e5)),
    ("EPSG:3413", shapely.Point(1e5, 2e5).buffer(1e6, quad_segs=4)),
    ("EPSG:3031", shapely.box(-5e5, -2e6, 5e5, -1e6)),
    ("EPSG:3995", shapely.box(-5e5, 5e5, 5e5, 2e6)),
    ("EPSG:32660", shapely.box(7e5, 5e6, 9e5, 5.2e6)),
    ("EPSG:32701", shapely.box(1e5, 8e6, 3e5, 8.2e6)),
]


@pytest.mark.parametrize(("code", "shape"), OVER_THE_EDGE)
def test_polygons_with_a_pole_in_them_or_over_the_antimeridian_come_back_as_they_were(code: str, shape: Any) -> None:
    before = Features(shapes_of([shape]), {}, CRS(code))
    after = written(before)
    assert shapely.area(after.shapes)[0] == pytest.approx(shape.area, rel=1e-12)
    assert spatial_join(before, after, "equals", "rows", {}).pairs == 1
    again = written(Features(shapely.union(after.shapes, before.shapes), {}, before.crs))
    assert shapely.area(again.shapes)[0] == pytest.approx(shape.area, rel=1e-9)


@pytest.mark.parametrize(("code", "shape"), OVER_THE_EDGE)
def test_they_are_valid_in_degrees_and_hold_there_what_they_hold_in_the_plane(code: str, shape: Any) -> None:
    # The edges between vertices are others in degrees, so that there have to be many.
    before = Features(shapes_of([shapely.segmentize(shape, 2e4)]), {}, CRS(code))
    (lonlat,) = before.lonlat().shapes.tolist()
    assert lonlat.is_valid
    assert shapely.box(-180, -90, 180, 90).covers(lonlat)
    chance = np.random.default_rng(3)
    west, south, east, north = shape.buffer(0.2 * np.sqrt(shape.area)).bounds
    x, y = chance.uniform(west, east, 500), chance.uniform(south, north, 500)
    far = shapely.distance(shapely.points(x, y), shape.boundary) > 0.01 * np.sqrt(shape.area)
    places = Features(np.array(shapely.points(x[far], y[far])), {}, before.crs).lonlat()
    assert (shapely.covers(lonlat, places.shapes) == shapely.contains_xy(shape, x[far], y[far])).all()


def test_a_polygon_around_a_pole_that_is_not_in_it_is_refused() -> None:
    ring = shapely.box(-1e6, -1e6, 1e6, 1e6) - shapely.box(-5e5, -5e5, 5e5, 5e5)
    with pytest.raises(ProcessRefusedError, match="goes around a pole"):
        Features(shapes_of([ring]), {}, CRS(3031)).lonlat()
