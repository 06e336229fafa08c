"""`raster-warp` as a caller sees it; the results are read by rasterio."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import Geod, Transformer

from backend.errors import ProcessRefusedError
from backend.processes.raster_warp import raster_warp
from backend.processes.running import run_processor
from tests.backend.geotiffs import UTM32, contents, tiff

RANDOM = np.random.default_rng(4)
CLASSES = np.array([[1, 1, 3], [1, 1, 3], [3, 3, 3]], np.uint8)
"""Of these classes none lies between the others; cells of 20 m."""
TWENTY = Affine(20, 0, 500_000, 0, -20, 5_000_060)


def quiet(percent: float, message: str | None = None) -> None:
    pass


def coded(raster: bytes) -> str:
    return base64.b64encode(raster).decode()


def warped(raster: bytes, **inputs: Any) -> tuple[Any, Any, dict[str, Any]]:
    """The values, the file's profile, and the statistics."""
    outputs = run_processor(raster_warp({"name": "here"}), {"raster": coded(raster), **inputs}, None, quiet)
    made, statistics = (output.encode() for output in outputs)
    return (*contents(made), json.loads(statistics))


def square(west: float, south: float, east: float, north: float, crs: str = "EPSG:32632") -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": crs}},
        "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}],
    }


def test_classes_are_never_averaged_unasked() -> None:
    values, profile, told = warped(tiff(CLASSES, TWENTY), resolution=15)
    assert sorted(np.unique(values.compressed()).tolist()) == [1, 3]
    assert (profile["dtype"], profile["transform"][:6]) == ("uint8", (15, 0, 500_000, 0, -15, 5_000_060))
    assert values.shape == (1, 4, 4)
    assert values.count() == 16
    assert "may be classes" in told["warnings"][0]
    assert told["method"].startswith("resampling: nearest; grid: from the raster's north-west corner")


def test_averages_of_integers_are_fractions_and_told_to_be_doubtful() -> None:
    values, profile, told = warped(tiff(CLASSES, TWENTY), resolution=60, resampling="average")
    assert profile["dtype"] == "float32"
    assert values.compressed().tolist() == pytest.approx([CLASSES.mean()])
    assert "mean nothing" in told["warnings"][0]


def test_labels_are_not_averaged_at_all() -> None:
    with pytest.raises(ProcessRefusedError, match="take nearest or mode"):
        warped(tiff(CLASSES, TWENTY, palette=True), resolution=60, resampling="bilinear")
    values, *_ = warped(tiff(CLASSES, TWENTY, palette=True), resolution=60, resampling="mode")
    assert values.compressed().tolist() == [3]


def test_measured_values_are_interpolated() -> None:
    plane = np.tile(np.arange(40, dtype=np.float32), (40, 1))
    values, _, told = warped(tiff(plane), resolution=5)
    column = (np.arange(80) + 0.5) / 2 - 0.5
    assert values[0, 40, 2:-2].tolist() == pytest.approx(column[2:-2].tolist(), abs=1e-4)
    assert told["warnings"] == []


def test_cutting_leaves_the_cells_as_they_are() -> None:
    numbers = np.arange(1600, dtype=np.int32).reshape(40, 40)
    values, profile, told = warped(tiff(numbers), mask=square(500_096, 5_000_296, 500_134, 5_000_314))
    # Cells whose centres lie within: columns 10 to 12 (105 to 125) and row 9 (305).
    assert profile["transform"][:6] == (10, 0, 500_090, 0, -10, 5_000_320)
    inside = ~np.ma.getmaskarray(values)[0]
    assert values.compressed().tolist() == numbers[9:10, 10:13].ravel().tolist()
    assert inside.shape == (3, 5)
    assert told["crs_decision"] == "stays in EPSG:32632"
    assert told["method"].startswith("resampling: none")


@pytest.mark.parametrize("resampling", ["nearest", "mode", "bilinear", "cubic", "average"])
@pytest.mark.parametrize("resolution", [3, 10, 70])
def test_a_part_has_the_values_that_the_whole_has_there(resampling: str, resolution: float) -> None:
    column, row = np.meshgrid(np.arange(160) / 30, np.arange(160) / 30)
    raster = tiff((np.sin(column) + np.cos(1.3 * row)).astype(np.float32))
    choices = {"crs": "EPSG:25833", "resolution": resolution, "resampling": resampling}
    whole, profile, _ = warped(raster, **choices)
    part, piece, _ = warped(raster, **choices, mask=square(501_200, 4_999_100, 501_500, 4_999_400))
    left = round((piece["transform"].c - profile["transform"].c) / resolution)
    top = round((profile["transform"].f - piece["transform"].f) / resolution)
    difference = part - whole[:, top : top + part.shape[1], left : left + part.shape[2]]
    assert part.count() > 10
    # A cell amounts to about 0.04: only where two are equally near may another be taken.
    assert np.abs(difference).max() < (0.06 if resampling in {"nearest", "mode"} else 2e-3)
    assert np.abs(difference).mean() < 1e-3


def test_a_grid_of_rows_from_south_to_north_is_cut_at_the_right_place() -> None:
    numbers = np.arange(16, dtype=np.int32).reshape(4, 4)
    raster = tiff(numbers, Affine(10, 0, 500_000, 0, 10, 5_000_000))
    values, profile, _ = warped(raster, mask=square(500_010, 5_000_020, 500_020, 5_000_030))
    assert values.compressed().tolist() == [9]
    assert profile["transform"][:6] == (10, 0, 500_010, 0, 10, 5_000_020)


def test_a_reprojected_raster_has_the_values_of_the_places() -> None:
    """A plane of eastings, brought to another zone's grid: each cell holds the easting of its own centre."""
    column = 500_000 + 10 * (np.arange(200) + 0.5)
    values, profile, told = warped(tiff(np.tile(column, (200, 1))), crs="EPSG:32633", resolution=10)
    back = Transformer.from_crs("EPSG:32633", "EPSG:32632", always_xy=True)
    rows, columns = np.nonzero(~np.ma.getmaskarray(values)[0])
    west, north = profile["transform"].c, profile["transform"].f
    easting, northing = back.transform(west + 10 * (columns + 0.5), north - 10 * (rows + 0.5))
    inner = (np.abs(easting - 501_000) < 980) & (np.abs(northing - 4_999_400) < 980)
    assert inner.sum() > 35_000
    assert np.abs(values[0].data[rows, columns] - easting)[inner].max() < 0.2
    assert west % 10 == north % 10 == 0
    assert profile["crs"].to_epsg() == 32633
    assert "from EPSG:32632 to EPSG:32633" in told["crs_decision"]
    assert "multiples of the cell size" in told["method"]


def test_between_two_names_of_one_plane_the_cells_stay_as_they_are() -> None:
    values = RANDOM.normal(0, 1, (50, 60)).astype(np.float32)
    for resampling in ("nearest", "bilinear"):
        made, profile, _ = warped(
            tiff(values, Affine(10, 0, 500_000, 0, -10, 5_000_000)), crs="EPSG:25832", resampling=resampling
        )
        assert profile["transform"][:6] == (10, 0, 500_000, 0, -10, 5_000_000)
        assert made.count() == made.size
        assert np.abs(made[0].data - values).max() < 1e-3


@pytest.mark.parametrize(("west", "box", "begins"), [(-180, (170, 190), 170), (0, (-20, 15), -20)])
@pytest.mark.parametrize("resolution", [None, 0.5])
def test_a_part_across_the_edges_of_a_globe_is_one_piece(
    west: int, box: tuple[int, int], begins: int, resolution: float | None
) -> None:
    values = np.tile(np.arange(360, dtype=np.float32), (20, 1))
    globe = tiff(values, Affine(1, 0, west, 0, -1, 10), "EPSG:4326")
    ring = [[box[0], -5], [box[1], -5], [box[1], 5], [box[0], 5], [box[0], -5]]
    size = {} if resolution is None else {"resolution": resolution, "resampling": "nearest"}
    made, profile, told = warped(globe, mask={"type": "Polygon", "coordinates": [ring]}, **size)
    side = resolution or 1
    assert made.shape == (1, 10 / side, (box[1] - box[0]) / side)
    assert made.count() == made.size
    assert profile["transform"][2] == begins
    longitudes = begins + side * (np.arange(made.shape[2]) + 0.5)
    assert made[0, 0].tolist() == np.floor((longitudes - west) % 360).tolist()
    assert any("beyond 180" in warning for warning in told["warnings"]) is (west == -180)


def test_gaps_stay_gaps_and_are_told() -> None:
    numbers = np.full((40, 40), 7, np.int16)
    numbers[:20] = -1
    values, _, told = warped(tiff(numbers, nodata=-1), crs="EPSG:25832", resolution=10)
    assert np.unique(values.compressed()).tolist() == [7]
    assert told["nodata_share"] == pytest.approx(0.5, abs=0.03)


def test_a_grid_is_taken_over_from_another_raster() -> None:
    like = tiff(np.zeros((30, 50), np.uint8), Affine(7, 0, 500_003, 0, -7, 5_000_391))
    values, profile, told = warped(tiff(np.ones((40, 40), np.float32)), like=coded(like))
    assert profile["transform"][:6] == (7, 0, 500_003, 0, -7, 5_000_391)
    assert values.shape == (1, 30, 50)
    assert told["width"], told["height"] == (50, 30)
    assert "the grid of like" in told["method"]


def test_longitudes_beyond_180_are_found() -> None:
    strip = np.arange(36, dtype=np.float32)[np.newaxis].repeat(18, 0)
    raster = tiff(strip, Affine(10, 0, 0, 0, -10, 90), "EPSG:4326")
    values, *_ = warped(raster, like=coded(tiff(np.zeros((9, 9)), Affine(1, 0, -90, 0, -1, 5), "EPSG:4326")))
    assert values.count() == 81
    assert values.min() >= 26


def test_all_bands_are_warped() -> None:
    bands = RANDOM.integers(0, 9, (3, 6, 6)).astype(np.uint16)
    values, _, told = warped(tiff(bands, UTM32), resolution=20, resampling="mode")
    assert set(values[1].ravel().tolist()) <= set(bands[1].ravel().tolist())
    assert values.shape == (3, 3, 3)
    assert told["bands"] == len(told["per_band"]) == 3


def test_values_of_scaled_bands_are_the_physical_ones() -> None:
    values, profile, _ = warped(tiff(np.full((4, 4), 3000, np.uint16), scale=0.0001, offset=-0.1), resolution=5)
    assert values.compressed().tolist() == pytest.approx([0.2] * 64)
    assert profile["dtype"].startswith("float")


GLOBE = np.arange(36 * 72, dtype=np.float32).reshape(36, 72)


@pytest.mark.parametrize("west", [-180, 0])
def test_a_globe_ends_where_mercator_does_and_it_is_told(west: int) -> None:
    values, profile, told = warped(tiff(GLOBE, Affine(5, 0, west, 0, -5, 90), "EPSG:4326"), crs="EPSG:3857")
    side = profile["transform"].a
    # Cells of 5 degrees are 557 km wide on this plane, and as high or, near the edge, up to 11 times as high.
    assert 557_000 < side < 1_200_000
    half = 20_048_966
    assert -profile["transform"].c == pytest.approx(half, abs=side)
    assert profile["transform"].f == pytest.approx(half, abs=side)
    assert values.shape[1:] == pytest.approx((2 * half / side,) * 2, abs=2)
    assert "cut to its area of use, -180 to 180 degrees of longitude and -85.06 to 85.06" in told["warnings"][0]


def test_a_globe_is_cut_to_the_zone_of_a_narrow_crs() -> None:
    _, profile, told = warped(tiff(GLOBE, Affine(5, 0, -180, 0, -5, 90), "EPSG:4326"), crs="EPSG:25832", resolution=1e5)
    assert profile["transform"].c > -500_000
    assert profile["width"] < 30
    assert "EPSG:25832 has no places or wrong ones" in told["warnings"][0]


def test_a_globe_in_a_plane_for_one_continent_is_told_how_far_lengths_are_off() -> None:
    values = np.ones((18, 36), np.float32)
    _, _, told = warped(tiff(values, Affine(10, 0, -180, 0, -10, 90), "EPSG:4326"), crs="EPSG:3035", resolution=200_000)
    (warning,) = told["warnings"]
    assert "beyond the area for which EPSG:3035 is made" in warning
    assert "-35.58 to 44.83 degrees of longitude" in warning
    off = float(warning.split("off by up to ")[1].split(" ")[0])
    # A step across, at the place farthest from the centre whose distance from it is 100° and more, against its length.
    to_plane, geod = Transformer.from_crs("OGC:CRS84", "EPSG:3035", always_xy=True), Geod(ellps="WGS84")
    way = [geod.fwd(10, 52, azimuth, 150 * 111_000)[:2] for azimuth in np.arange(0, 360, 1)]
    plane = np.column_stack(to_plane.transform(*np.transpose(way)))
    steps = np.hypot(*np.diff(plane, axis=0).T) / geod.line_lengths(*np.transpose(way))
    assert off > steps.max() - 1 > 2


def test_a_raster_in_the_area_of_its_plane_is_not_told_of_it() -> None:
    values = np.ones((8, 8), np.float32)
    _, _, told = warped(tiff(values, Affine(1, 0, 5, 0, -1, 55), "EPSG:4326"), crs="EPSG:3035", resolution=50_000)
    assert told["warnings"] == []


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:3035"])
def test_the_mean_is_that_on_the_ground_whatever_the_plane(crs: str) -> None:
    # 1 in the northern half of an area, 0 in the southern.
    values = np.repeat([[1.0], [0.0]], 20, axis=0).repeat(10, axis=1).astype(np.float32)
    north, middle, south = 70.0, 55.0, 40.0
    _, _, told = warped(tiff(values, Affine(1, 0, 5, 0, -0.75, north), "EPSG:4326"), crs=crs, resampling="nearest")
    zone = np.diff(np.sin(np.radians([south, middle, north])))
    assert told["mean"] == pytest.approx(zone[1] / zone.sum(), abs=0.02)
    assert ("mean_is" in told) == (crs != "EPSG:3035")


def test_of_a_globe_a_mask_takes_what_lies_beyond_the_zone_of_a_crs() -> None:
    raster = tiff(np.ones((180, 360), np.float32), Affine(1, 0, -180, 0, -1, 90), "EPSG:4326")
    poland = "POLYGON ((15 50, 23 50, 23 54, 15 54, 15 50))"
    values, profile, told = warped(raster, crs="EPSG:25832", resolution=10_000, mask=poland)
    # On the ellipsoid 2.445e11 m2; 10 degrees off the meridian of the zone its plane is 1 % larger.
    assert values.count() * profile["transform"].a ** 2 == pytest.approx(2.47e11, rel=0.01)
    assert told["warnings"] == []


def test_a_country_beyond_its_zone_is_not_cut() -> None:
    raster = tiff(GLOBE[:18, :20], Affine(0.5, 0, 5, 0, -0.5, 56), "EPSG:4326")
    _, profile, told = warped(raster, crs="EPSG:25832", resolution=10_000)
    east, _ = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True).transform(15, 47)
    assert profile["transform"].c + 10_000 * profile["width"] >= east
    assert told["warnings"] == []


def test_what_lies_inside_a_globe_is_kept_where_its_edges_do_not_enclose_it() -> None:
    raster = tiff(GLOBE, Affine(5, 0, 0, 0, -5, 90), "EPSG:4326")
    _, profile, _ = warped(raster, crs="EPSG:8857", resolution=100_000)
    # Half the equator of Equal Earth is 17,243,959 m long (Savric, Patterson and Jenny, 2018).
    assert profile["transform"].c == pytest.approx(-17_243_959, abs=100_000)
    assert profile["width"] in {345, 346}


def test_a_rotated_raster_keeps_its_detail() -> None:
    rotated = Affine.translation(500_000, 5_000_000) @ Affine.rotation(45) @ Affine.scale(10, -10)
    _, profile, _ = warped(tiff(np.ones((30, 30), np.float32), rotated), crs="EPSG:25832")
    assert profile["transform"].a == pytest.approx(10, rel=1e-6)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"mask": square(600_000, 5_000_000, 600_100, 5_000_100)}, "mask lies outside"),
        ({"mask": square(500_001, 5_000_001, 500_002, 5_000_002)}, "centre of no cell"),
        ({"mask": {"type": "FeatureCollection", "features": []}}, "layer of polygons is empty"),
        ({"crs": "EPSG:3031"}, "area of use is -180 to 180 degrees of longitude and -90 to -60"),
        ({"resolution": 1e-6}, "larger cells"),
        ({"crs": "EPSG:99999"}, "no CRS"),
        ({"crs": "+proj=longlat +nadgrids=/etc/passwd"}, "is no CRS"),
        ({"crs": "EPSG:4326", "resolution": 30}, "in degrees"),
        ({"resolution": 5, "like": coded(tiff(CLASSES))}, "either like or"),
    ],
)
def test_a_refusal_tells_why(inputs: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        warped(tiff(np.ones((40, 40), np.float32)), **inputs)
