"""`geometry-transform` as a caller sees it: one geometry of all, or one of each feature."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer
from shapely.geometry import mapping, shape

from backend.errors import ProcessRefusedError
from backend.processes.geometry_transform import geometry_transform
from backend.processes.running import run_processor

L_SHAPE = shapely.Polygon([(0, 0), (100, 0), (100, 20), (20, 20), (20, 100), (0, 100)])


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(geometry_transform({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def written(geometry: Any) -> Any:
    return json.loads(json.dumps(mapping(geometry)))


def collection(crs: str | None, *shapes: Any) -> dict[str, Any]:
    members = [
        {"type": "Feature", "properties": {"name": f"N{index}"}, "geometry": written(one)}
        for index, one in enumerate(shapes)
    ]
    declared = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return {"type": "FeatureCollection", "features": members, **declared}


def moved(geometry: Any, x: float, y: float) -> Any:
    return shapely.transform(geometry, lambda at: np.add(at, (x, y)))


def in_plane(told: Any) -> list[tuple[float, float]]:
    """Centres in EPSG:32632, by pyproj alone."""
    way: Any = Transformer.from_crs("OGC:CRS84", "EPSG:32632", always_xy=True)
    return [way.transform(*shape(member["geometry"]).coords[0]) for member in told["features"]]


def test_the_result_is_a_feature_that_says_how_it_was_made() -> None:
    told = answer(geometry="POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", operation="centroid")
    assert told["type"] == "Feature"
    assert told["geometry"]["coordinates"] == pytest.approx([1, 1], abs=1e-3)
    assert told["properties"]["operation"] == "centroid"
    assert told["properties"]["method"] == "centre of area"
    assert "equal-area" in told["properties"]["crs_decision"]


def test_each_feature_gets_its_own_result_and_keeps_its_attributes() -> None:
    boxes = [shapely.box(0, 0, 2, 2), shapely.box(10, 10, 12, 12)]
    told = answer(geometry=collection(None, *boxes), operation="centroid", each=True)
    assert [member["properties"] for member in told["features"]] == [{"name": "N0"}, {"name": "N1"}]
    assert shape(told["features"][1]["geometry"]).distance(shapely.Point(11, 11)) < 1e-2
    assert told["method"] == "centre of area"
    one = answer(geometry=collection(None, *boxes), operation="centroid")
    assert one["type"] == "Feature"
    assert one["properties"]["warnings"] == ["The 2 features were taken as one; each = true takes each by itself."]


def test_projected_features_are_transformed_in_their_plane() -> None:
    shapes = [moved(L_SHAPE, 500_000, 5_000_000), moved(L_SHAPE, 500_500, 5_000_000)]
    told = answer(geometry=collection("EPSG:32632", *shapes), operation="centroid", each=True)
    # The composite formula: (2000 · 50 + 1600 · 10) / 3600.
    centre = 116_000 / 3600
    for found, east in zip(in_plane(told), (500_000, 500_500), strict=True):
        assert found == pytest.approx((east + centre, 5_000_000 + centre), abs=1e-6)
    assert told["source_crs"] == "EPSG:32632"
    assert "plane of EPSG:32632" in told["crs_decision"]


@pytest.mark.parametrize(
    ("operation", "area"),
    [("convex-hull", 10_000 - 80 * 80 / 2), ("envelope", 10_000), ("oriented-box", 10_000)],
)
def test_hulls_and_boxes_of_projected_features_are_exact(operation: str, area: float) -> None:
    told = answer(geometry=collection("EPSG:32632", moved(L_SHAPE, 5e5, 5e6)), operation=operation)
    way: Any = Transformer.from_crs("OGC:CRS84", "EPSG:32632", always_xy=True)
    corners = [way.transform(*corner) for corner in told["geometry"]["coordinates"][0]]
    assert shapely.Polygon(corners).area == pytest.approx(area, abs=1e-3)
    assert told["source_crs"] == "EPSG:32632"


@pytest.mark.parametrize("each", [True, False])
@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:3857"])
def test_densify_adds_vertices_on_the_edges_of_the_plane_as_far_apart_on_the_ground(crs: str, *, each: bool) -> None:
    x, y = (500_000, 5_400_000) if crs == "EPSG:32632" else (800_000, 6_500_000)
    edge = shapely.LineString([(x, y), (x + 90_000, y + 30_000)])
    told = answer(geometry=collection(crs, edge), operation="densify", max_segment=1000, each=each)
    (member,) = told["features"] if each else [told]
    found = np.array(member["geometry"]["coordinates"])
    way: Any = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    back = np.column_stack(way.transform(*found.T))
    on_the_edge: Any = shapely.points(back)
    assert shapely.dwithin(edge, on_the_edge, 1e-5).all()
    geod: Any = Geod(ellps="WGS84")
    steps = geod.inv(*found[:-1].T, *found[1:].T)[2]
    assert 950 < steps.max() <= 1000
    assert told["source_crs"] == crs


@pytest.mark.parametrize("operation", ["boundary", "orient"])
def test_what_takes_vertices_as_they_are_leaves_features_in_their_plane(operation: str) -> None:
    told = answer(geometry=collection("EPSG:32632", moved(L_SHAPE, 5e5, 5e6)), operation=operation, each=True)
    assert told["source_crs"] == "EPSG:32632"
    assert "plane of EPSG:32632" in told["crs_decision"]


def test_projected_points_in_line_have_a_line_for_their_box() -> None:
    points = shapely.MultiPoint([(5e5, 5e6), (5e5, 5_000_100)])
    for each in (True, False):
        told = answer(geometry=collection("EPSG:32632", points), operation="envelope", each=each)
        (member,) = told["features"] if each else [told]
        assert member["geometry"]["type"] == "LineString"
        warnings = told["warnings"] if each else told["properties"]["warnings"]
        assert any("no width or no height" in warning for warning in warnings)


def test_a_point_on_surface_is_within_where_the_centroid_is_not() -> None:
    shape_of = moved(shapely.transform(L_SHAPE, lambda at: at / 1000), 9, 45)
    centroid, inside = (
        shape(answer(geometry=written(shape_of), operation=operation)["geometry"])
        for operation in ("centroid", "point-on-surface")
    )
    assert not shape_of.contains(centroid)
    assert shape_of.contains(inside)


def test_explode_gives_a_feature_for_each_part() -> None:
    told = answer(geometry="GEOMETRYCOLLECTION (MULTIPOINT (0 0, 1 1), LINESTRING (2 2, 3 3))", operation="explode")
    assert [member["geometry"]["type"] for member in told["features"]] == ["Point", "Point", "LineString"]
    assert [member["properties"]["part"] for member in told["features"]] == [0, 1, 2]


def test_parts_keep_the_attributes_of_their_feature() -> None:
    told = answer(
        geometry='name,part,wkt\na,x,"MULTIPOINT (0 0, 1 1)"\nb,y,\nc,z,"MULTIPOINT (2 2, 3 3)"\n', operation="explode"
    )
    rows = [tuple(member["properties"].values()) for member in told["features"]]
    assert rows == [("a", "x", 0), ("a", "x", 1), ("c", "z", 0), ("c", "z", 1)]
    assert told["features"][0]["properties"].keys() == {"name", "part", "part_"}
    assert [member["geometry"]["coordinates"] for member in told["features"]] == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_a_table_of_corners_becomes_a_polygon_whatever_the_order_of_its_columns() -> None:
    rows = ["37.98,23.73", "37.98,23.7312", "37.9812,23.7312", "37.9812,23.73", "37.98,23.73"]
    table = "\n".join(["latitude,longitude", *rows])
    told = answer(geometry=table, operation="to-polygon")
    assert shape(told["geometry"]).equals(shapely.box(23.73, 37.98, 23.7312, 37.9812))
    line = answer(geometry=table, operation="to-line")
    assert line["geometry"]["coordinates"][1] == [23.7312, 37.98]


def test_collect_makes_one_multipart_geometry_of_features() -> None:
    told = answer(geometry=collection(None, shapely.Point(1, 1), shapely.Point(2, 2)), operation="collect")
    assert told["geometry"]["type"] == "MultiPoint"


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"geometry": "POINT (1 1)", "operation": "boundary"}, "$.inputs.geometry"),
        ({"geometry": "POINT (1 1)", "operation": "to-line"}, "$.inputs.geometry"),
        ({"geometry": "LINESTRING (0 0, 1 1)", "operation": "densify"}, "$.inputs.max_segment"),
        ({"geometry": "POINT (1 1)", "operation": "rotate"}, "$.inputs.operation"),
        ({"geometry": "POINT EMPTY", "operation": "centroid"}, "$.inputs.geometry"),
    ],
)
def test_what_has_no_answer_is_refused(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == path


@pytest.mark.parametrize("operation", ["convex-hull", "point-on-surface"])
def test_of_many_features_each_is_transformed_as_it_is_alone(operation: str) -> None:
    small = shapely.transform(L_SHAPE, lambda at: at / 100)
    shapes = [moved(small, longitude, 45) for longitude in (-170, 0, 9)]
    around = shapely.MultiPolygon([moved(small, -180, 0), moved(small, 179, 0)])
    for given in (shapes, [*shapes, around]):
        geometries = [json.loads(shapely.to_geojson(one)) for one in given]
        members = [{"type": "Feature", "geometry": one, "properties": {}} for one in geometries]
        many = answer(geometry={"type": "FeatureCollection", "features": members}, operation=operation, each=True)
        alone = [answer(geometry=one, operation=operation) for one in geometries]
        for member, single in zip(many["features"], alone, strict=True):
            assert shape(member["geometry"]).equals(shape(single["geometry"]))
        assert many["crs_decision"] == alone[0]["properties"]["crs_decision"]


TRACKS = """id,time,lat,lon
b,2024-05-01T10:10:00Z,52.52,13.42
a,2024-05-01T10:00:00Z,52.50,13.40
a,2024-05-01T12:05:00+02:00,52.51,13.40
b,2024-05-01T10:00:00Z,52.50,13.41
a,2024-05-01T10:10:00Z,52.50,13.40
c,2024-05-01T10:10:00Z,52.51,13.43
"""


def test_points_of_each_track_become_its_line_in_the_order_of_their_times() -> None:
    told = answer(geometry=TRACKS, operation="to-line", by=["id"], order="time")
    lines = {one["properties"]["id"]: one["geometry"]["coordinates"] for one in told["features"]}
    # There and back again, whatever the zones in which the times are written.
    assert lines == {"a": [[13.4, 52.5], [13.4, 52.51], [13.4, 52.5]], "b": [[13.41, 52.5], [13.42, 52.52]]}
    assert [one["properties"]["feature_count"] for one in told["features"]] == [3, 2]
    assert "1 groups have fewer than 2 different points" in told["warnings"][0]
    assert "sorted by 'time'" in told["method"]


@pytest.mark.parametrize(("values", "expected"), [([10, 9, 2], [2, 1, 0]), (["b", "a", "c"], [1, 0, 2])])
def test_points_come_in_the_order_of_numbers_or_texts(values: list[Any], expected: list[int]) -> None:
    table = [{"at": value, "lon": index, "lat": 0} for index, value in enumerate(values)]
    told = answer(geometry=json.dumps(table), operation="to-line", order="at")
    assert [x for x, _ in told["features"][0]["geometry"]["coordinates"]] == expected


def test_points_without_a_value_come_last_and_are_told() -> None:
    table = [{"at": value, "lon": index, "lat": 0} for index, value in enumerate([None, 2, 1])]
    told = answer(geometry=json.dumps(table), operation="to-line", order="at")
    assert [x for x, _ in told["features"][0]["geometry"]["coordinates"]] == [2, 1, 0]
    assert "1 features have no value in 'at'" in told["warnings"][0]


def test_a_hull_may_be_that_of_each_group() -> None:
    corners = [(0, 0), (10, 0), (0, 10), (100, 0), (120, 0), (100, 20)]
    points = collection("urn:ogc:def:crs:EPSG::25832", *(shapely.Point(500_000 + x, 5_600_000 + y) for x, y in corners))
    for index, one in enumerate(points["features"]):
        one["properties"] = {"side": "west" if index < 3 else "east"}
    told = answer(geometry=points, operation="convex-hull", by=["side"])
    assert told["source_crs"] == "EPSG:25832"
    assert [one["properties"]["side"] for one in told["features"]] == ["west", "east"]
    plane = Transformer.from_crs(4326, 25832, always_xy=True).transform
    hulls = [shapely.transform(shape(one["geometry"]), plane, interleaved=False) for one in told["features"]]
    assert [hull.area for hull in hulls] == [pytest.approx(50, abs=1e-4), pytest.approx(200, abs=1e-4)]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"by": ["none"]}, "$.inputs.by[0]"),
        ({"order": "none"}, "$.inputs.order"),
        ({"by": ["time"]}, "$.inputs.by"),
    ],
)
def test_groups_that_there_are_not_are_refused(inputs: dict[str, Any], path: str) -> None:
    table = "time,lon,lat\n1,9,50\n2,10,50"
    with pytest.raises(ProcessRefusedError) as refused:
        answer(geometry=table, operation="to-line", **inputs)
    assert refused.value.path == path


@pytest.mark.parametrize("each", [True, False])
def test_the_oriented_box_of_a_small_outline_far_from_the_origin_is_as_narrow_as_at_it(*, each: bool) -> None:
    random = np.random.default_rng(4)
    to_utm = Transformer.from_crs("OGC:CRS84", "EPSG:32632", always_xy=True)
    for _ in range(5):
        corners = random.uniform(0, 4, (5, 2))
        near = shapely.oriented_envelope(shapely.MultiPoint(corners))
        told = answer(
            geometry=collection("EPSG:32632", shapely.MultiPoint(np.add(corners, (500_000, 5_900_000)))),
            operation="oriented-box",
            each=each,
        )
        geometry = told["features"][0]["geometry"] if each else told["geometry"]
        box = shapely.Polygon(np.column_stack(to_utm.transform(*np.array(geometry["coordinates"][0]).T)))
        assert box.area == pytest.approx(near.area, abs=1e-5)
        assert shapely.distance(box, shapely.points(np.add(corners, (500_000, 5_900_000)))).max() < 1e-6
