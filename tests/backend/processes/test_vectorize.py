"""`vectorize` as a caller sees it: areas of equal value, their cells and true areas."""

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import Geod
from rasterio.io import MemoryFile

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.raster import rasters, vectorizing
from backend.geo.vector.feature_reading import read_features
from backend.processes.running import run_processor
from backend.processes.vectorize import vectorize
from tests.backend import geotiffs

PLANE = Affine(10, 0, 500_000, 0, -10, 5_600_000)
CLASSES = np.array([[1, 1, 2, 2], [1, 0, 0, 2], [1, 0, 3, 3], [1, 1, 1, 2]], dtype=np.uint8)
EARTH = 510_065_621_724_088.0
"""m² of the ellipsoid."""
type Grid = np.ndarray[Any, np.dtype[Any]]


def quiet(percent: float, message: str | None = None) -> None:
    pass


def tiff(values: Grid, transform: Affine = PLANE, crs: str = "EPSG:25832", **more: Any) -> bytes:
    profile = {"driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1} | more
    with MemoryFile() as file:
        with file.open(dtype=values.dtype, transform=transform, crs=crs, **profile) as writer:
            writer.write(values, 1)
        return bytes(file.getbuffer())


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(vectorize({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def rows(told: Any) -> list[dict[str, Any]]:
    return [one["properties"] for one in told["features"]]


def test_areas_of_equal_value_are_polygons_with_cells_and_areas() -> None:
    told = answer(raster=tiff(CLASSES, nodata=0))
    found = sorted((row["value"], row["cells"], row["planar_area_m2"]) for row in rows(told))
    assert found == [(1, 7, 700), (2, 1, 100), (2, 3, 300), (3, 2, 200)]
    assert told["nodata_share"] == pytest.approx(3 / 16)
    # On the central meridian the plane is 0.04 % too small.
    assert all(row["area_m2"] == pytest.approx(row["planar_area_m2"] / 0.9996**2, rel=1e-4) for row in rows(told))


def test_the_polygons_cover_their_cells_exactly_when_they_are_read_again() -> None:
    told = read_features(answer(raster=tiff(CLASSES)))
    inside = shapely.covers(told.shapes[:, None], shapely.points([[500_005, 5_599_995], [500_035, 5_599_965]])[None])
    values = np.array(told.fields["value"])
    assert [values[column].tolist() for column in inside.T] == [[1], [2]]
    assert shapely.area(told.shapes).sum() == pytest.approx(1600, abs=1e-4)


def test_dissolved_there_is_one_feature_for_each_value() -> None:
    told = answer(raster=tiff(CLASSES, nodata=0), dissolve=True)
    assert [(row["value"], row["cells"]) for row in rows(told)] == [(1, 7), (2, 4), (3, 2)]
    assert [one["geometry"]["type"] for one in told["features"]] == ["MultiPolygon"] * 3


def test_cells_that_meet_at_corners_are_connected_where_that_is_asked_for() -> None:
    checks = np.indices((4, 4)).sum(axis=0).astype(np.int16) % 2
    assert len(rows(answer(raster=tiff(checks)))) == 16
    told = answer(raster=tiff(checks), diagonal=True)
    assert [row["cells"] for row in rows(told)] == [8, 8]
    assert "corners" in told["method"]


@pytest.mark.parametrize("dissolve", [False, True])
@pytest.mark.parametrize(("transform", "crs"), [(PLANE, "EPSG:25832"), (Affine(0.5, 0, 5, 0, -0.5, 50), "EPSG:4326")])
def test_areas_that_meet_at_corners_are_valid_and_hold_their_cells(
    transform: Affine, crs: str, *, dissolve: bool
) -> None:
    random = np.random.default_rng(9)
    for _ in range(5):
        grid = random.integers(0, 3, (12, 12)).astype(np.uint8)
        told = answer(raster=tiff(grid, transform, crs, nodata=0), diagonal=True, dissolve=dissolve)
        assert told["warnings"] == []
        made = read_features(told)
        assert made.warnings == ()
        right, down = np.meshgrid(np.arange(12) + 0.5, np.arange(12) + 0.5)
        centres = transform.c + transform.a * right, transform.f + transform.e * down
        inside = np.array([shapely.contains_xy(shape, *centres) for shape in made.shapes])
        assert np.array_equal(inside.sum(axis=0), grid > 0)
        assert np.array_equal(np.tensordot(made.fields["value"], inside, 1), grid)
        assert [row["cells"] for row in rows(told)] == inside.sum(axis=(1, 2)).tolist()


def test_an_area_with_a_hole_has_it() -> None:
    ring = np.ones((3, 3), dtype=np.float32)
    ring[1, 1] = 5.5
    told = answer(raster=tiff(ring))
    assert {(row["value"], row["cells"]) for row in rows(told)} == {(1, 8), (5.5, 1)}
    assert sorted(len(one["geometry"]["coordinates"]) for one in told["features"]) == [1, 2]


def test_areas_in_degrees_are_those_on_the_ellipsoid() -> None:
    # The northern hemisphere and the southern one, each half of the Earth's surface.
    hemispheres = np.array([[1, 1, 1, 1], [2, 2, 2, 2]], dtype=np.uint8)
    told = answer(raster=tiff(hemispheres, Affine(90, 0, -180, 0, -90, 90), "EPSG:4326"))
    half = EARTH / 2
    assert [row["area_m2"] for row in rows(told)] == pytest.approx([half, half], rel=1e-10)
    assert "planar_area_m2" not in rows(told)[0]


def test_longitudes_from_0_to_360_come_back_within_180() -> None:
    told = answer(raster=tiff(np.array([[1, 2]], dtype=np.uint8), Affine(10, 0, 175, 0, -10, 5), "EPSG:4326"))
    assert shapely.from_geojson(json.dumps(told)).bounds == (-180, -5, 180, 5)
    assert any("brought back" in warning for warning in told["warnings"])


@pytest.mark.parametrize("west", [-180, -45, 0])
@pytest.mark.parametrize("up", [False, True], ids=["north-up", "south-up"])
def test_rows_centred_on_the_poles_are_clipped_there_and_told(west: float, *, up: bool) -> None:
    zones = np.repeat([[1], [2], [3]], 4, axis=1).astype(np.uint8)
    transform = Affine(90, 0, west, 0, 90, -135) if up else Affine(90, 0, west, 0, -90, 135)
    told = answer(raster=tiff(zones, transform, "EPSG:4326"))
    around = np.linspace(0, 90, 9001)
    quarter, _ = Geod(ellps="WGS84").polygon_area_perimeter([*around, 0], [*np.full(9001, 45), 90])
    cap = 4 * abs(quarter)
    assert [row["area_m2"] for row in rows(told)] == pytest.approx([cap, EARTH - 2 * cap, cap], rel=1e-7)
    assert sum(row["area_m2"] for row in rows(told)) == pytest.approx(EARTH, rel=1e-10)
    assert [row["cells"] for row in rows(told)] == [4, 4, 4]
    assert "Rows of cells are centred on a pole: areas end there." in told["warnings"]
    points = answer(raster=tiff(zones, transform, "EPSG:4326"), geometry_type="points")
    assert not any("pole" in warning for warning in points["warnings"])


def test_cells_that_lie_beyond_the_poles_are_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="outside -90 to 90") as refused:
        answer(raster=tiff(CLASSES, Affine(10, 0, 0, 0, -10, 110), "EPSG:4326"))
    assert refused.value.path == "$.inputs.raster"


def test_the_first_of_several_bands_is_taken_with_a_warning_unless_one_is_named() -> None:
    bands = geotiffs.tiff(np.stack([CLASSES, CLASSES + 10]))
    told = answer(raster=bands)
    assert {row["value"] for row in rows(told)} == {0, 1, 2, 3}
    assert told["warnings"] == ["The raster has 2 bands; band 1 was used because none was named."]
    named = answer(raster=bands, band=2)
    assert {row["value"] for row in rows(named)} == {10, 11, 12, 13}
    assert named["warnings"] == answer(raster=bands, band=1)["warnings"] == []


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint32", "int64", "float32", "float64"])
def test_values_of_every_type_stay_what_they_are(dtype: str) -> None:
    told = answer(raster=tiff(np.array([[1, 100]], dtype=dtype)))
    assert [row["value"] for row in rows(told)] == [1, 100]
    assert isinstance(rows(told)[0]["value"], float if "float" in dtype else int)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_whole_numbers_beyond_those_of_double_precision_stay_apart(dtype: str) -> None:
    large = 2**53
    values = np.array([[large, large + 1], [large + 1, 7]], dtype=dtype)
    told = rows(answer(raster=tiff(values)))
    assert sorted(row["value"] for row in told) == [7, large, large + 1, large + 1]
    together = rows(answer(raster=tiff(values), dissolve=True))
    assert [(row["value"], row["cells"]) for row in together] == [(7, 1), (large, 1), (large + 1, 2)]


@pytest.mark.parametrize("kind", ["float32", "float64", "int64"])
def test_neighbours_whose_values_differ_in_the_last_digit_are_areas_of_their_own(kind: str) -> None:
    one = np.array(2**51 if kind == "int64" else 1, dtype=kind)
    following = one + 1 if kind == "int64" else np.nextafter(one, 2, dtype=kind)
    raster = tiff(np.array([[one, following, following], [one, one, 7]], dtype=kind))
    found = {(np.array(row["value"], dtype=kind).item(), row["cells"]) for row in rows(answer(raster=raster))}
    assert found == {(one.item(), 3), (following.item(), 2), (7, 1)}


def test_an_even_slope_is_not_one_area() -> None:
    slope = np.linspace(100, 100.01, 2_000, dtype=np.float32).reshape(40, 50)
    distinct, cells = np.unique(slope, return_counts=True)
    told = rows(answer(raster=tiff(slope), dissolve=True))
    assert {np.float32(row["value"]).item(): row["cells"] for row in told} == dict(
        zip(distinct.tolist(), cells.tolist(), strict=True)
    )


def test_zero_with_either_sign_is_one_value() -> None:
    for kind in ("float32", "float64"):
        # Of a block of nothing but zeros GDAL would not store the signs.
        told = rows(answer(raster=tiff(np.array([[0.0, -0.0, 5]], dtype=kind))))
        assert sorted((row["value"], row["cells"]) for row in told) == [(0, 2), (5, 1)]


@pytest.mark.parametrize("transform", [PLANE, Affine(10, 0, 500_000, 0, 10, 5_600_000)], ids=["north-up", "south-up"])
def test_points_are_the_centres_of_cells_with_data(transform: Affine) -> None:
    told = answer(raster=tiff(CLASSES, transform, nodata=0), geometry_type="points")
    points = read_features(told)
    assert [row["value"] for row in rows(told)] == CLASSES[CLASSES > 0].tolist()
    assert shapely.get_coordinates(points.shapes)[0] == pytest.approx((500_005, 5_600_000 + transform.e / 2), abs=1e-6)
    assert told["count"] == 13


def test_a_raster_without_classes_is_told_so() -> None:
    told = answer(raster=tiff(np.random.default_rng(7).random((20, 20))))
    assert any("raster-reclassify" in warning for warning in told["warnings"])


@pytest.mark.parametrize("diagonal", [True, False])
def test_more_areas_than_anybody_reads_are_refused_before_they_are_made(*, diagonal: bool) -> None:
    noise = np.random.default_rng(7).permutation(320 * 320).astype(np.float32).reshape(320, 320)
    with pytest.raises(ProcessRefusedError, match=r"102400 cells are unlike all .*raster-reclassify"):
        answer(raster=tiff(noise), diagonal=diagonal)


def test_many_areas_of_several_cells_are_refused_too() -> None:
    pairs = np.arange(110_000, dtype=np.float32).reshape(100, 1100).repeat(2, axis=1)
    with pytest.raises(ProcessRefusedError, match=r"too many areas of equal value, more than 100000"):
        answer(raster=tiff(pairs))


def test_a_raster_without_data_has_no_areas_and_says_so() -> None:
    told = answer(raster=tiff(np.zeros((3, 3), dtype=np.uint8), nodata=0))
    assert told["features"] == []
    assert told["nodata_share"] == 1
    assert "The band has no cell with data." in told["warnings"]


def test_a_band_that_is_not_there_is_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="no band 2"):
        answer(raster=tiff(CLASSES), band=2)


def test_the_example_succeeds() -> None:
    told = answer(**vectorize.description["example"]["inputs"])
    assert sum(row["cells"] for row in rows(told)) == 16


def test_cells_that_all_have_data_are_not_masked_once_more() -> None:
    values = np.ma.masked_array(np.zeros((2000, 2000), dtype=np.uint8))
    values[::100, ::100] = 1
    grid = rasters.Grid(2000, 2000, PLANE, parse_crs("EPSG:25832"))
    tracemalloc.start()
    try:
        shapes, _ = vectorizing.polygons_of(values, grid)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(shapes) == 401
    assert taken < 1.5 * values.size
