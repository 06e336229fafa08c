"""`zonal-statistics` as a caller sees it, on rasters of every encoding."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.processes.running import run_processor
from backend.processes.zonal_statistics import zonal_statistics
from tests.backend.geotiffs import UTM32, tiff

RAMP = 1000 + 4 * np.arange(32)[np.newaxis] + 2 * np.arange(32)[:, np.newaxis]
"""Mean 1000 + 4 · 15.5 + 2 · 15.5 = 1093."""
SQUARES = {
    "type": "FeatureCollection",
    "crs": {"type": "name", "properties": {"name": "EPSG:32632"}},
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name, "count": 7},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for name, ring in (
            ("west", [[500000, 5000380], [500020, 5000380], [500020, 5000400], [500000, 5000400], [500000, 5000380]]),
            ("east", [[500020, 5000380], [500030, 5000380], [500030, 5000400], [500020, 5000400], [500020, 5000380]]),
        )
    ],
}  # fmt: skip


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(zonal_statistics({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def whole(raster: bytes | DatasetFile, *names: str, **inputs: Any) -> dict[str, Any]:
    made = raster if isinstance(raster, DatasetFile) else base64.b64encode(raster).decode()
    (feature,) = answer(raster=made, statistics=list(names), **inputs)["features"]
    return feature["properties"]


@pytest.mark.parametrize(
    "profile",
    [
        {"compress": "deflate", "predictor": 2},
        {"compress": "lzw", "tiled": True, "blockxsize": 16, "blockysize": 16},
        {"BIGTIFF": "YES"},
        {"nodata": 0},
    ],
)
def test_the_mean_does_not_depend_on_the_encoding(profile: dict[str, Any]) -> None:
    assert whole(tiff(RAMP.astype(np.int16), **profile), "mean")["mean"] == pytest.approx(1093, abs=1e-9)


def test_cells_without_data_do_not_count_and_are_told() -> None:
    values = np.full((100, 100), 1000, np.float32)
    values[0, :50] = -9999
    told = answer(raster=base64.b64encode(tiff(values, nodata=-9999)).decode())
    properties = told["features"][0]["properties"]
    assert properties == {
        "count": 9950, "mean": 1000, "min": 1000, "max": 1000, "sum": 9_950_000,
        "nodata_share": pytest.approx(0.005),
    }  # fmt: skip
    assert told["warnings"] == ["0.500% of the cells have no data and do not count."]


def test_scale_and_offset_are_applied() -> None:
    raster = tiff(np.full((4, 4), 3000, np.uint16), scale=0.0001, offset=-0.1)
    assert whole(raster, "mean")["mean"] == pytest.approx(0.2, abs=1e-12)


@pytest.mark.parametrize("point", [False, True])
def test_the_lowest_cell_is_at_its_centre_however_the_values_are_registered(*, point: bool) -> None:
    column, row = np.meshgrid(np.arange(8), np.arange(8))
    hollow = (300 + 0.5 * ((column - 3) ** 2 + (row - 2) ** 2)).astype(np.float32)
    place = whole(tiff(hollow, Affine(30, 0, 412000, 0, -30, 5108000), point=point), "min_place")["min_place"]
    assert (place["x"], place["y"], place["crs"]) == (412105, 5107925, "EPSG:32632")
    assert place["lonlat"] == pytest.approx([7.86, 46.12], abs=0.01)


def test_the_highest_cell_of_a_grid_stored_from_south_to_north() -> None:
    values = np.arange(16, dtype=np.int16).reshape(4, 4)
    place = whole(tiff(values, Affine(10, 0, 500_000, 0, 10, 5_000_000)), "max_place")["max_place"]
    assert (place["x"], place["y"]) == (500_035, 5_000_035)


def test_categories_have_cells_areas_and_shares() -> None:
    values = np.array([[1, 1, 3], [1, 9, 3]], np.uint8)
    found = whole(tiff(values, nodata=9), "categories", "majority", "minority", "variety")
    assert found["categories"] == {
        value: {
            "cells": pytest.approx(cells),
            "area_m2": pytest.approx(100 * cells / 0.9996**2, rel=1e-6),
            "planar_area_m2": pytest.approx(100 * cells),
            "share": pytest.approx(cells / 5),
        }
        for value, cells in (("1", 3), ("3", 2))
    }
    assert (found["majority"], found["minority"], found["variety"]) == (1, 3, 2)


def test_areas_in_a_plane_that_is_not_true_to_the_ground_are_those_on_the_ground() -> None:
    # At 60 degrees north Mercator's scale is 2, but for the ellipsoid's 0.3 %.
    found = whole(
        tiff(np.ones((4, 5), np.uint8), Affine(10, 0, 0, 0, -10, 8_399_738), "EPSG:3857"), "area", "categories"
    )
    assert found["planar_area"] == found["categories"]["1"]["planar_area_m2"] == pytest.approx(2000)
    assert found["area"] == found["categories"]["1"]["area_m2"] == pytest.approx(500, rel=0.01)


def test_the_median_of_integers_lies_between_them() -> None:
    assert whole(tiff(np.array([[1, 2], [3, 4]], np.int16)), "median", "q25")["median"] == 2.5


def test_zones_keep_their_attributes_and_their_plane() -> None:
    values = np.tile(np.arange(10, dtype=np.float32), (10, 1))
    told = answer(raster=base64.b64encode(tiff(values)).decode(), features=SQUARES, statistics=["mean", "count"])
    west, east = (feature["properties"] for feature in told["features"])
    assert west == {"name": "west", "count": 7, "mean": pytest.approx(0.5), "raster_count": pytest.approx(4)}
    assert east == {"name": "east", "count": 7, "mean": pytest.approx(2), "raster_count": pytest.approx(2)}
    assert told["source_crs"] == "EPSG:32632"
    assert "which is that of the zones" in told["crs_decision"]
    assert (told["zones"], told["zones_with_data"], told["zones_outside"]) == (2, 2, 0)
    assert "raster_…" in told["warnings"][0]


def test_a_file_beside_the_raster_does_not_move_it(tmp_path: Path) -> None:
    path = tmp_path / "terrain.tif"
    path.write_bytes(tiff(np.ones((20, 20), np.float32)))
    Path(f"{path}.aux.xml").write_text(
        "<PAMDataset><GeoTransform>600000, 20, 0, 5040000, 0, -20</GeoTransform></PAMDataset>", "utf-8"
    )
    (tmp_path / "terrain.tfw").write_text("20\n0\n0\n-20\n600010\n5039990\n", "utf-8")
    assert whole(DatasetFile("terrain", path, "raster"), "area")["planar_area"] == 40_000


def test_several_bands_are_told_and_averages_of_labels_too() -> None:
    found = answer(raster=base64.b64encode(tiff(np.ones((3, 2, 2), np.uint8))).decode())
    assert "3 bands; band 1" in found["warnings"][0]
    labels = answer(raster=base64.b64encode(tiff(np.ones((2, 2), np.uint8), palette=True)).decode())
    assert "its values are classes: mean, sum" in labels["warnings"][0]


def test_all_cells_without_data_give_no_numbers() -> None:
    found = whole(
        tiff(np.full((3, 3), np.nan, np.float32)), "count", "mean", "min", "median", "categories", "max_place"
    )
    assert found == {
        "count": 0, "mean": None, "min": None, "median": None, "categories": None, "max_place": None, "nodata_share": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"statistics": ["medain"]}, "$.inputs.statistics", "did you mean median"),
        ({"statistics": ["average"]}, "$.inputs.statistics", "did you mean mean"),
        ({"statistics": ["mode"]}, "$.inputs.statistics", "did you mean majority"),
        ({"band": 2}, "$.inputs.band", "there is no band 2"),
        ({"raster": "bm8gdGlmZg=="}, "$.inputs.raster", "no GeoTIFF"),
        ({"raster": base64.b64encode(tiff(RAMP.astype(np.int16))[:-300]).decode()}, "$.inputs.raster",
            "^the raster cannot be read: the raster"),
        ({"raster": base64.b64encode(tiff(RAMP.astype(np.int16), crs=None)).decode()}, "$.inputs.raster",
            "does not tell its CRS"),
        ({"features": "POINT (9 45)"}, "$.inputs.features", "zones must be polygons"),
        ({"features": {"type": "FeatureCollection", "features": []}}, "$.inputs.features", "polygons is empty"),
        ({"features": "POLYGON ((1 1, 2 1, 2 2, 1 1))"}, "$.inputs.features", "all zones .* lie outside the raster"),
        ({"statistics": ["categories"], "raster": base64.b64encode(
            tiff(np.arange(1600, dtype=np.float32).reshape(40, 40))).decode()}, "$.inputs.statistics", "no categories"),
    ],
)  # fmt: skip
def test_a_refusal_tells_why(inputs: dict[str, Any], path: str | None, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(**{"raster": base64.b64encode(tiff(RAMP.astype(np.int16), UTM32)).decode(), **inputs})
    assert refused.value.path == path


@pytest.mark.parametrize(
    ("crs", "half"), [("EPSG:3031", 2.5e6), ("EPSG:3413", 2.5e6), ("ESRI:54009", 1.8e7), ("ESRI:54030", 1.7e7)]
)
def test_all_of_a_raster_has_statistics_with_its_outline_if_it_has_one_in_degrees(crs: str, half: float) -> None:
    numbers = np.arange(2500.0).reshape(50, 50)
    raster = tiff(numbers, Affine(half / 25, 0, -half, 0, -half / 25, half), crs)
    names = ["count", "sum", "mean", "min", "max_place"]
    told = answer(raster=base64.b64encode(raster).decode(), statistics=names, weighting="cells")
    (feature,) = told["features"]
    if crs.startswith("EPSG"):
        around = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert around.is_valid
        assert around.covers(shapely.Point(-100, -89 if crs == "EPSG:3031" else 89))
    else:
        assert feature["geometry"] is None
        assert "there is no geometry" in told["warnings"][0]
    found = feature["properties"]
    assert (found["count"], found["sum"], found["mean"]) == (2500, numbers.sum(), numbers.mean())
    assert (found["max_place"]["x"], found["max_place"]["y"]) == pytest.approx((half * 0.98, -half * 0.98))
    assert (found["max_place"]["lonlat"] is None) == crs.startswith("ESRI")


def test_zones_are_found_where_a_raster_in_mercators_projection_goes_on_beyond_the_antimeridian() -> None:
    transform = Affine(20_000, 0, 19_500_000, 0, -100_000, 100_000)
    raster = tiff(np.arange(200.0).reshape(2, 100), transform, "EPSG:3857")
    west, east = "-176 -0.5, -175 -0.5, -175 0.5, -176 0.5, -176 -0.5", "179 -0.5, 180 -0.5, 180 0.5, 179 0.5, 179 -0.5"
    metres = np.radians(1) * 6_378_137
    first = (184 * metres - 19_500_000) / 20_000
    for zone, start in ((west, first), (east, first - 5 * metres / 20_000)):
        (feature,) = answer(
            raster=base64.b64encode(raster).decode(),
            features=f"POLYGON (({zone}))",
            statistics=["min", "mean", "count"],
        )["features"]
        found = feature["properties"]
        assert found["min"] == int(start)
        # Both rows alike: 100 lies between them.
        assert found["mean"] == pytest.approx(start + metres / 20_000 / 2 - 0.5 + 50, abs=0.01)
        assert found["count"] == pytest.approx(metres / 20_000 * 1.1132, rel=0.001)


def test_figures_beyond_numbers_are_null_and_the_value_told_that_is_to_blame() -> None:
    raster = tiff(np.array([[np.finfo("f8").min, 1.0]]))
    names = ["mean", "variance", "max", "count"]
    told = answer(raster=base64.b64encode(raster).decode(), statistics=names)
    found = told["features"][0]["properties"]
    assert (found["variance"], found["max"], found["count"]) == (None, 1, 2)
    assert "variance" in told["warnings"][0]
    assert "cells have the value -1.79769e+308" in told["warnings"][0]


def test_unsigned_integers_of_64_bits_are_exact_up_to_where_signed_ones_end() -> None:
    assert whole(tiff(np.array([[2**62 + 1, 1]], np.uint64)), "max", "variety") == {"max": 2**62 + 1, "variety": 2}
    raster = base64.b64encode(tiff(np.array([[2**64 - 1, 1]], np.uint64))).decode()
    told = answer(raster=raster, statistics=["max", "min", "count"])
    assert told["features"][0]["properties"] == {"max": float(2**64), "min": 1, "count": 2}
    assert "rounded to 53 bits" in told["warnings"][0]


def test_a_place_on_a_grid_from_0_to_360_degrees_has_a_longitude_within_180() -> None:
    globe = np.zeros((18, 36), np.uint8)
    globe[4, 35] = 9
    place = whole(tiff(globe, Affine(10, 0, 0, 0, -10, 90), "EPSG:4326"), "max_place")["max_place"]
    assert (place["x"], place["y"]) == (355, 45)
    assert place["lonlat"] == [-5, 45]
