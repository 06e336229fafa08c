"""`geometry-buffer` as a caller sees it: of all features together or of each, by one distance or each its own."""

import json
import math
from typing import Any

import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from backend.errors import ProcessRefusedError
from backend.geo.vector.feature_reading import read_features
from backend.processes.geometry_buffer import geometry_buffer
from backend.processes.running import run_processor

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [0.1, 0], [0.1, 0.1], [0, 0.1], [0, 0]]]}


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(geometry_buffer({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def point(longitude: float, latitude: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def features(*members: tuple[Any, dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": geometry, "properties": row} for geometry, row in members],
    }


NOTHING: dict[str, Any] = {}
WELLS = features((point(8, 50), {"name": "A", "reach": 100}), (point(9, 51), {"name": "B", "reach": 0.5}))


def test_each_feature_gets_its_own_buffer_and_keeps_its_attributes() -> None:
    told = answer(geometry=WELLS, distance=2, units="kilometre", dissolve=False)
    rows = [member["properties"] for member in told["features"]]
    assert [row["name"] for row in rows] == ["A", "B"]
    assert [row["buffer_distance_m"] for row in rows] == [2000, 2000]
    assert rows[0]["area_m2"] == pytest.approx(math.pi * 2000**2, rel=1e-3)
    assert shape(told["features"][1]["geometry"]).contains(shapely.Point(9, 51))
    assert 0.0301 <= told["max_boundary_error_percent"] <= 0.05
    assert "geodesic" in told["method"]


def test_fields_that_are_called_like_measures_of_the_buffer_stay_under_other_names() -> None:
    came = {"name": "A", "area_m2": 77, "buffer_distance_m": "near"}
    told = answer(geometry=features((point(8, 50), came)), distance=100, dissolve=False, field="area_m2")
    row = told["features"][0]["properties"]
    assert (row["name"], row["area_m2_1"], row["buffer_distance_m_1"]) == ("A", 77, "near")
    assert row["buffer_distance_m"] == 7700
    assert row["area_m2"] == pytest.approx(math.pi * 7700**2, rel=1e-3)
    for name in ("area_m2", "buffer_distance_m"):
        assert any(f"{name!r} of the features is called '{name}_1'" in one for one in told["warnings"])


def test_distances_may_stand_in_a_field() -> None:
    told = answer(geometry=WELLS, distance=1, units="kilometre", dissolve=False, field="reach")
    assert [member["properties"]["buffer_distance_m"] for member in told["features"]] == [100_000, 500]


def test_buffers_of_several_distances_may_be_one() -> None:
    told = answer(geometry=WELLS, distance=1000, field="reach")
    assert told["geometry"]["type"] == "MultiPolygon"
    assert told["properties"]["area_m2"] == pytest.approx(math.pi * (100_000**2 + 500**2), rel=1e-3)
    near = features((point(8, 50), {"reach": 2}), (point(8, 50), {"reach": 1}))
    assert answer(geometry=near, distance=1000, field="reach")["geometry"]["type"] == "Polygon"


def test_features_without_a_distance_are_left_out_with_a_warning() -> None:
    given = features(*((point(8, 50), {"reach": value}) for value in (5, None, "7", True, 0, 3)))
    told = answer(geometry=given, distance=1, field="reach", dissolve=False)
    assert [member["properties"]["buffer_distance_m"] for member in told["features"]] == [5, 3]
    assert told["left_out"] == 4
    assert "4 of 6 features have no number, or 0, in 'reach'" in told["warnings"][0]


def test_a_distance_below_zero_of_a_point_is_refused_with_the_field_and_the_value() -> None:
    given = features((point(8, 50), {"reach": 5}), (point(9, 50), {"reach": -7}))
    with pytest.raises(
        ProcessRefusedError, match=r"in .reach. 1 points or lines have a distance .*such as -7"
    ) as refused:
        answer(geometry=given, distance=2, field="reach", dissolve=False)
    assert refused.value.path == "$.inputs.field"


def test_each_warning_is_said_once() -> None:
    high = {"type": "Point", "coordinates": [8, 50, 300]}
    told = answer(geometry=features((high, {}), (None, {}), (point(1, 2), {})), distance=5, dissolve=False)
    assert told["warnings"] == ["1 of 3 features have no geometry.", "Heights were ignored."]
    assert "Z" not in shape(told["features"][0]["geometry"]).wkt


def test_polygons_of_which_nothing_is_left_are_counted() -> None:
    sliver = {"type": "Polygon", "coordinates": [[[1, 1], [1.0001, 1], [1.0001, 1.0001], [1, 1.0001], [1, 1]]]}
    told = answer(geometry=features((SQUARE, {"id": 1}), (sliver, {"id": 2})), distance=-1000, dissolve=False)
    assert [member["properties"]["id"] for member in told["features"]] == [1]
    assert told["left_out"] == 1
    assert "narrower than twice their distance" in told["warnings"][0]
    assert told["features"][0]["properties"]["area_m2"] == pytest.approx(
        (11_131.9 - 2000) * (11_057.4 - 2000), rel=1e-3
    )


def test_what_came_in_a_projected_crs_is_buffered_on_the_ground() -> None:
    crs = {"crs": {"type": "name", "properties": {"name": "EPSG:32632"}}}
    told = answer(geometry={"type": "Point", "coordinates": [500_000, 5_538_630], **crs}, distance=500)
    assert told["properties"]["area_m2"] == pytest.approx(math.pi * 500**2, rel=1e-3)
    assert shape(told["geometry"]).contains(shapely.Point(9, 50))
    each = answer(geometry={**WELLS, "source_crs": "EPSG:32632"}, distance=500, dissolve=False)
    assert len(each["features"]) == 2


def test_a_plane_is_told_for_the_next_process_where_it_is_made_for_the_buffer_too() -> None:
    crs = {"crs": {"type": "name", "properties": {"name": "EPSG:32632"}}}
    given = {"type": "Point", "coordinates": [500_000, 5_538_630], **crs}
    for dissolve in (True, False):
        near = answer(geometry=given, distance=500, dissolve=dissolve)
        assert near["source_crs"] == "EPSG:32632"
        # A circle in a plane whose scale there is 0.9996.
        [shape_there] = read_features(near).shapes
        assert shape_there.area == pytest.approx(math.pi * (500 * 0.9996) ** 2, rel=1e-3)
        far = answer(geometry=given, distance=1_000_000, dissolve=dissolve)
        assert "source_crs" not in far
    polar = {"type": "Point", "coordinates": [500_000, 9_300_000], **crs}
    assert "source_crs" in answer(geometry=polar, distance=10_000)
    assert "source_crs" not in answer(geometry=polar, distance=30_000)


def test_a_plane_on_both_sides_of_the_antimeridian_is_told_too() -> None:
    crs = {"crs": {"type": "name", "properties": {"name": "EPSG:3338"}}}
    told = answer(geometry={"type": "Point", "coordinates": [0, 1_500_000], **crs}, distance=500)
    assert told["source_crs"] == "EPSG:3338"


def test_a_long_edge_is_buffered_where_it_runs_in_its_plane() -> None:
    """Its middle is 10 m off the straight line in longitude and latitude; the buffer is 5 m wide on each side."""
    crs = {"crs": {"type": "name", "properties": {"name": "EPSG:32632"}}}
    line = {"type": "LineString", "coordinates": [[690_000, 5_600_000], [710_000, 5_600_000]], **crs}
    way: Any = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)
    middle = shapely.Point(way.transform(700_000, 5_600_000))
    for dissolve in (True, False):
        told = answer(geometry=line, distance=5, dissolve=dissolve)
        made = shape((told if dissolve else told["features"][0])["geometry"])
        assert made.contains(middle)
        assert middle.distance(made.boundary) * 111_000 > 2.5
    assert "straight in the plane of EPSG:32632" in told["crs_decision"]


def test_many_points_across_the_antimeridian_and_at_the_poles_are_buffered_like_any_other() -> None:
    places = [point(longitude, 89.5) for longitude in (-180, -60, 60, 179.99)]
    given = features(*((place, NOTHING) for place in (*places, point(180, 0))))
    told = answer(geometry=given, distance=80, units="kilometre", dissolve=False)
    areas = [member["properties"]["area_m2"] for member in told["features"]]
    assert areas == pytest.approx([math.pi * 80_000**2] * 5, rel=1e-3)
    assert told["features"][-1]["geometry"]["type"] == "MultiPolygon"


ROAD = {"type": "LineString", "coordinates": [[9, 50], [9.1, 50], [9.1, 50.1]]}


@pytest.mark.parametrize("dissolve", [True, False])
def test_ends_and_corners_may_be_other_than_round(dissolve: bool) -> None:
    def area(*style: str) -> tuple[float, str]:
        told = answer(geometry=ROAD, distance=100, dissolve=dissolve, style=list(style))
        row = told["properties"] if dissolve else told["features"][0]["properties"]
        method = row["method"] if dissolve else told["method"]
        return row["area_m2"], method

    (plain, _), (flat, told), (both, _), (square, _) = (
        area(), area("flat"), area("flat", "mitre"), area("square")
    )  # fmt: skip
    assert plain - flat == pytest.approx(math.pi * 100**2, rel=1e-2)
    assert square - flat == pytest.approx(4 * 100**2, rel=1e-2)
    assert both - flat == pytest.approx((1 - math.pi / 4) * 100**2, rel=1e-2)
    assert "flat ends, round corners; max_boundary_error_percent is that of the sides" in told


@pytest.mark.parametrize("dissolve", [True, False])
def test_a_distance_that_may_be_meant_in_degrees_is_doubted(dissolve: bool) -> None:
    def warnings(**more: Any) -> list[str]:
        told = answer(geometry=ROAD, dissolve=dissolve, **more)
        return told["properties"]["warnings"] if dissolve else told["warnings"]

    assert warnings(distance=0.005) == ["The distance is 5 mm: what is meant in degrees has to be given in metres."]
    assert warnings(distance=0.1) == warnings(distance=0.005, units="kilometre") == []


def test_points_among_lines_have_no_ends() -> None:
    mixed = features((ROAD, NOTHING), (point(8, 50), NOTHING))
    for dissolve in (True, False):
        told = answer(geometry=mixed, distance=100, style=["flat"], dissolve=dissolve)
        warnings = told["properties"]["warnings"] if dissolve else told["warnings"]
        assert "Points have neither ends nor corners: they became discs." in warnings


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"distance": 1, "field": "reech"}, "$.inputs.field", "did you mean 'reach'"),
        ({"distance": 1, "field": "xyz"}, "$.inputs.field", "the fields are name, reach"),
        ({"distance": 1, "field": "name"}, "$.inputs.field", "no feature has a number"),
        ({"distance": -1, "dissolve": False}, "$.inputs.distance", "nothing to shrink"),
        ({"distance": 1e6, "field": "reach"}, "$.inputs.distance", "at most 9000 km"),
        ({"distance": 0, "dissolve": False}, "$.inputs.distance", "must not be 0"),
        ({"distance": 1, "style": ["flat"]}, "$.inputs.style", "how lines end, and there are none"),
        ({"distance": 1, "style": ["mitre", "bevel"]}, "$.inputs.style", "mitre and bevel at once"),
    ],
)
def test_what_cannot_be_buffered_is_refused_with_the_reason(inputs: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(geometry=WELLS, **inputs)
    assert refused.value.path == path


def test_several_distances_are_rings_each_without_the_nearer_ones() -> None:
    told = answer(geometry=point(8, 50), distance=1000, rings=[250, 500])
    rows = [member["properties"] for member in told["features"]]
    assert [(row["from_m"], row["buffer_distance_m"]) for row in rows] == [(0, 250), (250, 500), (500, 1000)]
    for row in rows:
        area = math.pi * (row["buffer_distance_m"] ** 2 - row["from_m"] ** 2)
        assert row["area_m2"] == pytest.approx(area, rel=1e-3)
    shapes = [shape(member["geometry"]) for member in told["features"]]
    assert {one.geom_type for one in shapes} == {"Polygon"}
    assert shapely.intersection(shapes[0], shapes[2]).is_empty
    assert shapely.intersection(shapes[0], shapes[1]).area < 1e-12
    assert "each ring without the nearer ones" in told["method"]


def test_rings_are_of_all_features_together_or_of_each_with_its_attributes() -> None:
    near = features((point(8, 50), {"name": "A"}), (point(8.005, 50), {"name": "B"}))
    together = answer(geometry=near, distance=0.3, rings=[0.5], units="kilometre")
    assert [member["properties"]["buffer_distance_m"] for member in together["features"]] == [300, 500]
    assert any("2 features were buffered together" in warning for warning in together["warnings"])
    one = answer(geometry=near, distance=0.5, units="kilometre")["properties"]["area_m2"]
    assert sum(member["properties"]["area_m2"] for member in together["features"]) == pytest.approx(one, rel=1e-6)
    each = answer(geometry=near, distance=0.3, rings=[0.5], units="kilometre", dissolve=False)
    assert [(member["properties"]["name"], member["properties"]["from_m"]) for member in each["features"]] == [
        ("A", 0), ("A", 300), ("B", 0), ("B", 300),
    ]  # fmt: skip


def test_the_first_ring_around_a_polygon_holds_the_polygon() -> None:
    told = answer(geometry=SQUARE, distance=100, rings=[200])
    first, second = (shape(member["geometry"]) for member in told["features"])
    assert first.covers(shape(SQUARE))
    assert shapely.intersection(second, shape(SQUARE)).is_empty


def test_rings_may_go_by_a_field_of_each_feature() -> None:
    told = answer(geometry=WELLS, distance=1, rings=[2], field="reach", dissolve=False)
    reached = [member["properties"]["buffer_distance_m"] for member in told["features"]]
    assert reached == [100, 200, 0.5, 1.0]


@pytest.mark.parametrize(
    ("inputs", "path", "told"),
    [
        ({"distance": 0, "rings": [5]}, "$.inputs.rings", "above zero"),
        ({"distance": 5, "rings": [5]}, "$.inputs.rings", "each another"),
        ({"distance": -5, "rings": [5]}, "$.inputs.rings", "above zero"),
        ({"distance": 5, "rings": [6], "field": "reach"}, "$.inputs.field", "dissolve = false"),
        ({"distance": 1, "rings": list(range(2, 22))}, "$.inputs.rings", "21 distances: up to 20"),
    ],
)
def test_rings_that_cannot_be_are_refused(inputs: dict[str, Any], path: str, told: str) -> None:
    with pytest.raises(ProcessRefusedError, match=told) as refused:
        answer(geometry=WELLS, **inputs)
    assert (refused.value.path or "").startswith(path)


def test_a_road_has_a_buffer_on_one_side_of_it() -> None:
    road = {"type": "LineString", "coordinates": [[0, 0], [0.1, 0]]}
    told = answer(geometry=road, distance=100, style=["left"])
    assert told["properties"]["area_m2"] == pytest.approx(100 * 11131.949, rel=1e-4)
    assert "flat ends, round corners; on the left of lines, as they run" in told["properties"]["method"]
    with pytest.raises(ProcessRefusedError, match="left is a side of lines"):
        answer(geometry=SQUARE, distance=100, style=["left"])
