"""`raster-sample` as a caller sees it."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer

from backend.errors import ProcessRefusedError
from backend.processes.raster_sample import raster_sample
from backend.processes.running import run_processor
from tests.backend.geotiffs import UTM32, tiff

RANDOM = np.random.default_rng(3)
VALUES = RANDOM.normal(0, 100, (40, 40)).astype(np.float32)
TO_DEGREES = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(raster: bytes, features: Any, **inputs: Any) -> Any:
    made = {"raster": base64.b64encode(raster).decode(), "features": features, **inputs}
    (output,) = run_processor(raster_sample({"name": "here"}), made, None, quiet)
    return json.loads(output.encode())


def test_a_multipoint_of_one_point_is_that_point() -> None:
    one = {"type": "MultiPoint", "coordinates": [TO_DEGREES.transform(500_015, 5_000_385)]}
    (feature,) = answer(tiff(VALUES), one)["features"]
    assert feature["properties"]["value"] == pytest.approx(float(VALUES[1, 1]))
    with pytest.raises(ProcessRefusedError, match="no points"):
        answer(tiff(VALUES), {"type": "MultiPoint", "coordinates": one["coordinates"] * 2})


def test_where_the_raster_is_is_told_where_no_point_lies_on_it() -> None:
    longitude, latitude = TO_DEGREES.transform(500_105, 5_000_305)
    exchanged = answer(tiff(VALUES), points((latitude, longitude)))["warnings"]
    assert exchanged[1].startswith("The raster's extent is [9, 45.15")
    assert "exchanged they would lie there" in exchanged[1]
    assert "exchanged" not in answer(tiff(VALUES), points((20, 20)))["warnings"][1]
    assert len(answer(tiff(VALUES), points((20, 20), (longitude, latitude)))["warnings"]) == 1


def test_values_of_single_precision_are_the_decimals_that_were_meant() -> None:
    places = [TO_DEGREES.transform(x, 5_000_395) for x in (500_005, 500_015)]
    told = answer(tiff(np.array([[0.1, 0.7]], np.float32)), points(*places))
    assert [one["properties"]["value"] for one in told["features"]] == [0.1, 0.7]


def test_points_whose_values_look_like_no_data_are_told() -> None:
    gaps = np.where(VALUES > 0, VALUES, np.float32(-9999))
    warnings = answer(tiff(gaps), points(*(TO_DEGREES.transform(500_005 + 10 * at, 5_000_395) for at in range(20))))
    assert "of the points have the value -9999, which often stands for no data" in warnings["warnings"][0]


def points(*places: tuple[float, float]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"n": n}, "geometry": {"type": "Point", "coordinates": list(place)}}
            for n, place in enumerate(places)
        ],
    }


def values(told: Any, name: str = "value") -> list[Any]:
    return [feature["properties"][name] for feature in told["features"]]


def test_a_point_has_the_value_of_its_cell() -> None:
    x, y = RANDOM.uniform(0, 400, (2, 200))
    lonlat = np.column_stack(TO_DEGREES.transform(500_000 + x, 5_000_400 - y)).tolist()
    told = answer(tiff(VALUES), points(*lonlat))
    assert (np.array(values(told), np.float32) == VALUES[(y // 10).astype(int), (x // 10).astype(int)]).all()
    assert told["crs_decision"].endswith("EPSG:32632")
    assert (told["points"], told["points_outside"], told["points_without_data"], told["warnings"]) == (200, 0, 0, [])


def test_bilinear_values_of_a_plane_are_those_of_the_plane() -> None:
    column, row = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5)
    plane = 3 * column - 2 * row + 7
    at = RANDOM.uniform(0.5, 39.5, (100, 2))
    lonlat = np.column_stack(TO_DEGREES.transform(500_000 + 10 * at[:, 0], 5_000_400 - 10 * at[:, 1])).tolist()
    told = answer(tiff(plane), points(*lonlat), interpolation="bilinear")
    assert values(told) == pytest.approx(3 * at[:, 0] - 2 * at[:, 1] + 7, abs=1e-5)


def test_what_lies_outside_or_has_no_data_is_told() -> None:
    gap = np.array([[1, 9], [3, 4]], np.uint8)
    raster = tiff(gap, Affine(1, 0, 10, 0, -1, 52), "EPSG:4326", nodata=9)
    told = answer(raster, points((10.5, 51.5), (11.5, 51.5), (13, 51.5), (-170, 51.5)))
    assert values(told) == [1, None, None, None]
    assert (told["points_outside"], told["points_without_data"]) == (2, 1)
    assert told["warnings"] == [
        "2 of 4 points lie outside the raster and have no value.",
        "1 of 4 points lie where the raster has no data.",
    ]


def test_a_gap_beside_a_point_does_not_count_in_its_bilinear_value() -> None:
    raster = tiff(np.array([[1, 9], [3, 5]], np.float32), Affine(1, 0, 10, 0, -1, 52), "EPSG:4326", nodata=9)
    told = answer(raster, points((10.9, 51.1)), interpolation="bilinear")
    weights = np.array([0.6 * 0.6, 0.6 * 0.4, 0.4 * 0.4])
    assert values(told) == [pytest.approx((weights * (1, 3, 5)).sum() / weights.sum())]
    assert "fewer than four cells" in told["warnings"][0]


@pytest.mark.parametrize("west", [0, -180])
def test_longitudes_are_found_on_grids_of_both_ranges(west: int) -> None:
    row = np.arange(36, dtype=np.int16)[np.newaxis]
    raster = tiff(row, Affine(10, 0, west, 0, -10, 5), "EPSG:4326")
    told = answer(raster, points((-175, 0), (5, 0), (180, 0)))
    assert values(told) == ([18, 0, 18] if west == 0 else [0, 18, 35])


@pytest.mark.parametrize("west", [-180, 0, -90])
def test_between_the_last_and_the_first_column_of_a_globe_there_is_no_edge(west: int) -> None:
    longitudes = west + 10 * np.arange(36) + 5
    globe = np.broadcast_to(np.cos(np.radians(longitudes - 30)), (18, 36)).astype(np.float32)
    raster = tiff(globe, Affine(10, 0, west, 0, -10, 90), "EPSG:4326")
    asked = [(-178.0, 5.0), (179.0, 5.0), (-1.0, 5.0), (2.0, -40.0), (-90.5, 5.0)]
    found = [one["properties"]["value"] for one in answer(raster, points(*asked), interpolation="bilinear")["features"]]
    # Between two centres the cosine is taken for a straight line.
    known = np.cos(np.radians(np.arange(-185, 186, 10) - 30))
    assert found == pytest.approx(np.interp([at for at, _ in asked], np.arange(-185, 186, 10), known), abs=1e-6)


def test_points_on_the_other_side_of_the_earth_are_outside() -> None:
    told = answer(tiff(VALUES), points((9.002, 45.156), (-171, -45.156), (99, 0), (9.002, -45.156)))
    assert values(told)[0] is not None
    assert values(told)[1:] == [None, None, None]


def test_every_band_is_told_unless_one_is_named() -> None:
    raster = tiff(np.arange(8, dtype=np.uint8).reshape(2, 2, 2), Affine(1, 0, 10, 0, -1, 52), "EPSG:4326")
    told = answer(raster, points((10.5, 51.5)))
    assert told["features"][0]["properties"] == {"n": 0, "band_1": 0, "band_2": 4}
    assert values(answer(raster, points((10.5, 51.5)), band=2)) == [4]


def test_points_far_apart_on_a_large_grid_are_read_in_parts() -> None:
    large = np.zeros((5200, 5200), np.uint8)
    large[0, 0], large[-1, -1], large[17, 5000] = 1, 2, 3
    corners = ((0.0005, 5.1995), (5.1995, 0.0005), (5.0005, 5.1825))
    told = answer(tiff(large, Affine(0.001, 0, 0, 0, -0.001, 5.2), "EPSG:4326", compress="deflate"), points(*corners))
    assert values(told) == [1, 2, 3]


def test_features_without_a_geometry_have_no_value() -> None:
    collection = points((10.5, 51.5))
    collection["features"].append({"type": "Feature", "properties": {}, "geometry": None})
    raster = tiff(np.ones((1, 1), np.uint8), Affine(1, 0, 10, 0, -1, 52), "EPSG:4326")
    assert values(answer(raster, collection)) == [1, None]


@pytest.mark.parametrize(
    ("features", "inputs", "reason"),
    [
        ("POLYGON ((9 45, 9.1 45, 9 45.1, 9 45))", {}, "zonal-statistics takes polygons"),
        ("MULTIPOINT ((9 45), (9 46))", {}, "explodes multipoints"),
        ("POINT (9 45.156)", {"band": 3}, "there is no band 3"),
        ("POINT (9 45.156)", {"interpolation": "bilinear"}, "colour table"),
    ],
)
def test_a_refusal_tells_why(features: str, inputs: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        answer(tiff(np.ones((40, 40), np.uint8), UTM32, palette=True), features, **inputs)


def test_bilinear_values_of_integers_are_told_to_be_doubtful() -> None:
    raster = tiff(np.array([[1, 3], [1, 3]], np.uint8), Affine(1, 0, 10, 0, -1, 52), "EPSG:4326")
    told = answer(raster, points((11, 51)), interpolation="bilinear")
    assert values(told) == [2]
    assert "only nearest" in told["warnings"][0]


@pytest.mark.parametrize(("crs", "pole", "lower"), [("EPSG:3413", 90, 89.9), ("EPSG:3031", -90, -89.9)])
def test_a_pole_is_on_a_raster_around_it_whatever_its_longitude(crs: str, pole: float, lower: float) -> None:
    numbers = np.arange(10_000.0).reshape(100, 100)
    transform = Affine(1000, 0, -50_000, 0, -1000, 50_000)
    lonlat = [(longitude, latitude) for longitude in (-170, 0, 33, 180) for latitude in (pole, lower)]
    x, y = Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform(*np.transpose(lonlat))
    # The pole itself is a corner of four cells, of which that to the right and below counts.
    column, row = np.floor(np.round(np.array([(x + 50_000) / 1000, (50_000 - y) / 1000]), 6)).astype(int)
    told = answer(tiff(numbers, transform, crs), points(*lonlat, (0, -pole)))
    assert values(told) == [*numbers[row, column].tolist(), None]
    assert told["points_outside"] == 1


def test_points_are_found_where_a_raster_in_mercators_projection_goes_on_beyond_the_antimeridian() -> None:
    numbers = np.arange(200.0).reshape(2, 100)
    raster = tiff(numbers, Affine(20_000, 0, 19_500_000, 0, -100_000, 100_000), "EPSG:3857")
    longitudes = np.array([176, 179.9, -179.9, -175, -170, -160, 170])
    x = np.radians(longitudes % 360) * 6_378_137
    column = np.floor((x - 19_500_000) / 20_000)
    expected = [int(one) if 0 <= one < 100 else None for one in column.tolist()]
    told = answer(raster, points(*((longitude, 0.1) for longitude in longitudes.tolist())))
    assert values(told) == expected
    assert expected.count(None) == told["points_outside"] == 2


def test_a_raster_that_cannot_be_read_is_named_as_the_input_at_fault() -> None:
    for raster in (b"xx", tiff(VALUES)[:2000], tiff(VALUES, crs=None)):
        with pytest.raises(ProcessRefusedError) as refused:
            answer(raster, points((9.001, 45.155)))
        assert refused.value.path == "$.inputs.raster"
