"""Zonal statistics against brute force: every zone is sampled at many points of every cell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.raster.rasters import opened
from backend.geo.raster.zonal import Zonal, zonal_statistics
from backend.geo.vector.features import Features
from tests.backend.geotiffs import UTM32, tiff

type Array = NDArray[np.float64]

PROJECTED = parse_crs("EPSG:32632")
RANDOM = np.random.default_rng(5)
VALUES = RANDOM.normal(100, 20, (40, 40)).astype(np.float32)
GAPS = np.where(RANDOM.random((40, 40)) < 0.1, np.float32(np.nan), VALUES)
NORTH = Affine(1, 0, 0, 0, -1, 80)
"""Cells of one degree from 80° N to 40° N: the northern ones are a quarter as large."""
FINE = 30
"""Samples along each side of a cell."""


def statistics(raster: bytes, zones: Features | None, *names: str, **choices: Any) -> Zonal:
    with opened(raster, windowed=True) as reader:
        return zonal_statistics(reader, zones, names, **choices)


def only(found: Zonal, name: str) -> Any:
    (value,) = found.features.fields[name]
    return value


def zone(shape: BaseGeometry, crs: CRS = PROJECTED) -> Features:
    return Features(shapes_of([shape]), crs=crs)


def samples(shape: tuple[int, int], transform: Affine, inside: Callable[[Array, Array], Any]) -> Array:
    """Share of each cell within a zone, by points on a fine lattice."""
    rows, columns = shape
    column, row = np.meshgrid((np.arange(columns * FINE) + 0.5) / FINE, (np.arange(rows * FINE) + 0.5) / FINE)
    x = transform.a * column + transform.b * row + transform.c
    y = transform.d * column + transform.e * row + transform.f
    return inside(x, y).reshape(rows, FINE, columns, FINE).mean(axis=(1, 3))


def within(shape: BaseGeometry) -> Callable[[Array, Array], Any]:
    return lambda x, y: shapely.contains_xy(shape, x, y)


def geodesic_areas(transform: Affine, rows: int) -> Array:
    """Areas of a cell of each row by geodesics along its edges, densified: nothing is shared with the code."""
    geod: Any = Geod(ellps="WGS84")
    areas: list[float] = []
    for row in range(rows):
        south, north = sorted((transform.f + transform.e * row, transform.f + transform.e * (row + 1)))
        cell = shapely.segmentize(shapely.box(0, south, abs(transform.a), north), abs(transform.a) / 200)
        areas.append(abs(geod.geometry_area_perimeter(cell)[0]))
    return np.array(areas)[:, np.newaxis]


STAR = shapely.Point(500_203, 5_000_197).buffer(141).difference(shapely.Point(500_180, 5_000_220).buffer(37))


@pytest.mark.parametrize("name", ["north up", "south up", "rotated"])
def test_a_zone_on_a_projected_grid_has_the_statistics_of_a_fine_sampling(name: str) -> None:
    transform = {
        "north up": UTM32,
        "south up": Affine(10, 0, 500_000, 0, 10, 5_000_000),
        "rotated": Affine.translation(500_200, 4_999_920) @ Affine.rotation(45) @ Affine.scale(10, 10),
    }[name]
    found = statistics(tiff(GAPS, transform), zone(STAR), "count", "sum", "mean", "stdev", "min", "max", "variety")
    share = samples(GAPS.shape, transform, within(STAR)) * ~np.isnan(GAPS)
    values = np.where(share > 0, GAPS, 0)
    mean = (share * values).sum() / share.sum()
    assert only(found, "count") == pytest.approx(share.sum(), rel=2e-3)
    assert only(found, "sum") == pytest.approx((share * values).sum(), rel=2e-3)
    assert only(found, "mean") == pytest.approx(mean, rel=2e-3)
    assert only(found, "stdev") == pytest.approx(np.sqrt((share * (values - mean) ** 2).sum() / share.sum()), rel=5e-3)
    assert only(found, "min") == values[share > 0].min()
    assert only(found, "max") == values[share > 0].max()
    assert "cells weigh alike" in found.method


def test_cells_in_degrees_count_by_their_true_areas_unless_asked_otherwise() -> None:
    shape = shapely.Point(20, 60).buffer(15.3)
    share = samples(GAPS.shape, NORTH, within(shape)) * ~np.isnan(GAPS)
    values = np.where(share > 0, GAPS + 5 * np.arange(40)[:, np.newaxis], 0)
    areas = geodesic_areas(NORTH, 40)
    raster = tiff(GAPS + 5 * np.arange(40, dtype=np.float32)[:, np.newaxis], NORTH, "EPSG:4326")
    weighed = statistics(raster, zone(shape, CRS84), "mean", "median", "area", "sum", "stdev")
    alike = statistics(raster, zone(shape, CRS84), "mean", "sum", weighting="cells")
    mean = (share * areas * values).sum() / (share * areas).sum()
    assert only(weighed, "mean") == pytest.approx(mean, rel=2e-3)
    assert only(weighed, "stdev") == pytest.approx(
        np.sqrt((share * areas * (values - mean) ** 2).sum() / (share * areas).sum()), rel=5e-3
    )
    assert only(weighed, "area") == pytest.approx((share * areas).sum(), rel=2e-3)
    assert only(alike, "mean") == pytest.approx((share * values).sum() / share.sum(), rel=2e-3)
    assert abs(only(alike, "mean") - mean) > 5
    assert only(weighed, "sum") == only(alike, "sum") == pytest.approx((share * values).sum(), rel=2e-3)
    assert "true areas" in weighed.method
    below = (share * areas)[values <= only(weighed, "median")].sum() / (share * areas).sum()
    assert below == pytest.approx(0.5, abs=5e-3)


def test_the_whole_raster_is_one_zone_when_there_are_none() -> None:
    found = statistics(tiff(GAPS), None, "count", "mean", "sum", "median", "p90", "range", "area")
    values = GAPS[~np.isnan(GAPS)].astype(np.float64)
    assert only(found, "count") == values.size
    assert only(found, "mean") == pytest.approx(values.mean(), rel=1e-9)
    assert only(found, "median") == pytest.approx(np.median(values), rel=1e-9)
    assert only(found, "p90") == pytest.approx(np.quantile(values, 0.9), rel=1e-9)
    assert only(found, "range") == pytest.approx(np.ptp(values), rel=1e-9)
    assert only(found, "planar_area") == values.size * 100
    # The scale on the central meridian of UTM is 0.9996.
    assert only(found, "area") == pytest.approx(values.size * 100 / 0.9996**2, rel=1e-6)
    assert only(found, "nodata_share") == pytest.approx(1 - values.size / 1600)
    assert "no data" in found.features.warnings[0]


def test_ranks_of_a_part_and_of_all_of_the_raster_are_those_of_their_own_cells() -> None:
    labels = np.ma.masked_invalid(np.round(GAPS / 20))
    raster = tiff(labels.filled(-1).astype(np.int16), nodata=-1)
    all_of_it, part = shapely.box(500_000, 5_000_000, 500_400, 5_000_400), shapely.box(0, 5_000_200, 500_100, 5_000_400)
    elsewhere = shapely.box(0, 0, 1, 1)
    found = statistics(raster, Features(shapes_of([part, elsewhere, all_of_it]), crs=PROJECTED), "median", "majority")
    inside = [labels[:20, :10].compressed(), labels.compressed()]
    medians, most = [np.median(some) for some in inside], [np.bincount(some.astype(int)).argmax() for some in inside]
    assert found.features.fields["median"] == [medians[0], None, medians[1]]
    assert found.features.fields["majority"] == [most[0], None, most[1]]


def test_a_zone_of_millions_of_cells_has_the_ranks_of_all_of_them() -> None:
    """A rectangle off the cells' edges: the share of each cell is that of its row times that of its column."""
    values = RANDOM.integers(0, 200, (1300, 2000)).astype(np.uint8)
    inside = shapely.box(500_003, 4_990_002, 519_996, 5_002_998)
    share = np.outer(np.r_[0.2, np.ones(1298), 0.8], np.r_[0.7, np.ones(1998), 0.6])
    found = statistics(
        tiff(values, Affine(10, 0, 500_000, 0, -10, 5_003_000), nodata=7), zone(inside), "p25", "majority", "minority"
    )
    weights = np.where(np.arange(200) == 7, 0, np.bincount(values.ravel(), share.ravel(), 200))
    up_to = np.cumsum(weights) / weights.sum()
    assert only(found, "p25") == np.searchsorted(up_to, 0.25)
    assert only(found, "majority") == weights.argmax()
    assert only(found, "minority") == np.where(weights > 0, weights, np.inf).argmin()


def test_millions_of_measured_values_are_no_categories() -> None:
    values = RANDOM.normal(0, 1, (1500, 1500)).astype(np.float32)
    with pytest.raises(ProcessRefusedError, match="different values, so they are no categories"):
        statistics(tiff(values), None, "categories")


def test_the_median_of_all_of_a_grid_in_degrees_weighs_cells_by_their_areas() -> None:
    raster = tiff(np.where(np.isnan(GAPS), np.nan, np.arange(40.0)[:, np.newaxis]), NORTH, "EPSG:4326")
    weights = np.where(np.isnan(GAPS), 0, geodesic_areas(NORTH, 40)).sum(axis=1)
    median = only(statistics(raster, None, "median"), "median")
    assert weights[: int(median)].sum() / weights.sum() < 0.5 < weights[: int(median) + 1].sum() / weights.sum()
    assert only(statistics(raster, None, "median", weighting="cells"), "median") < median - 2


def test_the_whole_globe_has_the_area_of_the_ellipsoid() -> None:
    found = statistics(tiff(np.ones((18, 36), np.uint8), Affine(10, 0, -180, 0, -10, 90), "EPSG:4326"), None, "area")
    # Source: the closed form of the ellipsoid's surface for WGS 84.
    assert only(found, "area") == pytest.approx(510_065_621_724_088, rel=1e-12)


def test_zones_along_the_edges_of_cells_do_not_touch_their_neighbours() -> None:
    values = np.arange(1, 10_001, dtype=np.int32).reshape(100, 100)
    transform = Affine(0.1, 0, 7.3, 0, -0.1, 51.9)
    boxes = [
        shapely.box(7.3 + 0.1 * at, 51.9 - 0.1 * (at + 3), 7.3 + 0.1 * (at + 2), 51.9 - 0.1 * at) for at in range(97)
    ]
    zones = Features(shapes_of(boxes))
    found = statistics(tiff(values, transform, "EPSG:4326"), zones, "min", "max", "variety", "count")
    first = [101 * at + 1 for at in range(97)]
    assert found.features.fields["min"] == first
    assert found.features.fields["max"] == [value + 201 for value in first]
    assert found.features.fields["variety"] == [6] * 97
    assert found.features.fields["count"] == pytest.approx([6] * 97, rel=1e-6)


def test_zones_far_south_in_the_window_are_read_from_the_right_rows() -> None:
    values = np.arange(1600, dtype=np.int32).reshape(40, 40)
    low = shapely.box(500_000, 5_000_000, 500_010, 5_000_010)
    middle = shapely.box(500_100, 5_000_200, 500_110, 5_000_210)
    found = statistics(tiff(values), Features(shapes_of([low, middle]), crs=PROJECTED), "min", "max", "count")
    assert found.features.fields["min"] == found.features.fields["max"] == [1560, 19 * 40 + 10]


def test_zones_in_degrees_are_brought_to_the_plane_with_their_edges_true() -> None:
    """An edge along a parallel, straight in longitude and latitude, bends by about 200 m over 1.4° of UTM."""
    transform = Affine(500, 0, 500_000, 0, -500, 5_600_000)
    box = shapely.box(9.3, 50.0, 10.7, 50.3)
    values = np.tile(np.arange(100, dtype=np.float32)[:, np.newaxis], (1, 280))
    back = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)
    column, row = np.meshgrid(np.arange(0.1, 280, 0.2), np.arange(0.1, 100, 0.2))
    longitude, latitude = back.transform(500_000 + 500 * column, 5_600_000 - 500 * row)
    inside = within(box)(longitude, latitude)
    share = inside.reshape(100, 5, 280, 5).mean(axis=(1, 3))
    found = statistics(tiff(values, transform), zone(box, CRS84), "count", "mean")
    assert only(found, "count") == pytest.approx(share.sum(), rel=2e-3)
    assert only(found, "mean") == pytest.approx((share * values).sum() / share.sum(), rel=5e-4)
    assert "EPSG:32632" in found.crs_decision


def test_a_zone_over_the_antimeridian_is_found_on_grids_of_both_ranges_of_longitude() -> None:
    zones = Features(shapes_of([shapely.MultiPolygon([shapely.box(170, 0, 180, 10), shapely.box(-180, 0, -160, 10)])]))
    values = np.tile(np.arange(36, dtype=np.float32), (18, 1))
    atlantic = statistics(tiff(values, Affine(10, 0, -180, 0, -10, 90), "EPSG:4326"), zones, "sum", "count")
    pacific = statistics(tiff(np.roll(values, 18, 1), Affine(10, 0, 0, 0, -10, 90), "EPSG:4326"), zones, "sum", "count")
    assert only(atlantic, "sum") == pytest.approx(only(pacific, "sum")) == pytest.approx(35 + 0 + 1)
    assert only(pacific, "count") == 3


def test_a_country_far_away_does_not_spoil_zones_on_a_projected_grid() -> None:
    zones = Features(shapes_of([shapely.box(9, 45, 9.001, 45.16), shapely.box(-180, -90, 180, -60)]))
    found = statistics(tiff(VALUES, Affine(10, 0, 500_000, 0, -10, 4_983_200)), zones, "count")
    assert found.features.fields["count"][0] > 0
    assert found.features.fields["count"][1] is None
    assert any("1 of 2 zones lie outside" in warning for warning in found.features.warnings)


def test_a_zone_partly_outside_tells_so() -> None:
    found = statistics(tiff(VALUES), zone(shapely.box(499_800, 5_000_000, 500_200, 5_000_400)), "count")
    assert only(found, "count") == pytest.approx(800)
    assert "50.000% inside" in found.features.warnings[0]


def test_zones_without_a_polygon_have_no_statistics_and_only_such_are_refused() -> None:
    square = shapely.box(500_100, 5_000_100, 500_200, 5_000_200)
    mixed = Features(shapes_of([None, shapely.Point(500_100, 5_000_100), square]), crs=PROJECTED)
    found = statistics(tiff(VALUES), mixed, "count")
    assert found.features.fields["count"] == [None, None, pytest.approx(100)]
    assert "2 of 3 features are no polygons" in found.features.warnings[0]
    with pytest.raises(ProcessRefusedError, match="raster-sample"):
        statistics(tiff(VALUES), zone(shapely.Point(500_100, 5_000_100)), "count")


def test_degrees_of_another_datum_are_told_and_found() -> None:
    shape = shapely.box(12, 50, 15, 53)
    found = statistics(tiff(VALUES, NORTH, "EPSG:4258"), zone(shape, CRS84), "count", "max_place")
    assert only(found, "count") == pytest.approx(9, rel=1e-4)
    assert only(found, "max_place")["crs"] == "EPSG:4258"
    assert "EPSG:4258" in found.crs_decision


def test_a_zone_around_the_pole_is_found_on_a_polar_grid() -> None:
    cap = shapely.box(-180, 80, 180, 90)
    grid = Affine(25_000, 0, -3_000_000, 0, -25_000, 3_000_000)
    found = statistics(tiff(np.ones((240, 240), np.uint8), grid, "EPSG:3413"), zone(cap, CRS84), "count")
    radius = Transformer.from_crs("OGC:CRS84", "EPSG:3413", always_xy=True).transform(-45, 80)[1]
    assert only(found, "count") == pytest.approx(np.pi * (radius / 25_000) ** 2, rel=1e-4)


def test_a_rotated_grid_of_degrees_counts_its_cells_by_their_areas() -> None:
    turned = Affine.translation(20, 70) @ Affine.rotation(45) @ Affine.scale(0.5, 0.5)
    found = statistics(tiff(np.ones((20, 20), np.uint8), turned, "EPSG:4326"), None, "area")
    geod: Any = Geod(ellps="WGS84")
    corners = [turned @ corner for corner in ((0, 0), (20, 0), (20, 20), (0, 20))]
    ring = shapely.segmentize(shapely.Polygon(corners), 0.01)
    assert only(found, "area") == pytest.approx(abs(geod.geometry_area_perimeter(ring)[0]), rel=1e-4)


def test_places_of_many_zones_are_told_in_degrees() -> None:
    boxes = [shapely.box(500_000 + 10 * at, 5_000_000, 500_010 + 10 * at, 5_000_010) for at in range(40)] * 20
    found = statistics(tiff(VALUES), Features(shapes_of(boxes), crs=PROJECTED), "min_place")
    places = found.features.fields["min_place"]
    assert [place["x"] for place in places[:40]] == [500_005 + 10 * at for at in range(40)]
    degrees = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True).transform(500_395, 5_000_005)
    assert places[39]["lonlat"] == pytest.approx(degrees)


def test_cells_of_a_plane_that_is_not_true_to_areas_weigh_by_their_areas() -> None:
    rows = np.repeat(np.arange(60.0)[:, None], 40, axis=1).astype(np.float32)
    mercator = Affine(100_000, 0, 0, 0, -100_000, 9_000_000)
    y = 9_000_000 - 100_000 * (np.arange(60) + 0.5)
    # Mercator's scale is the hyperbolic cosine of y over the radius, and areas go by its square.
    weights = 1 / np.cosh(y / 6_378_137) ** 2
    expected = float(np.average(np.arange(60), weights=weights))
    for weighting, mean in (("area", expected), ("cells", 29.5)):
        made = statistics(tiff(rows, mercator, "EPSG:3857"), None, "mean", weighting=weighting)
        assert only(made, "mean") == pytest.approx(mean, rel=5e-3)
