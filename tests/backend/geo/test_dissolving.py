"""Dissolving against the areas of squares."""

import numpy as np
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations.dissolving import dissolve
from backend.geo.relations.overlay_pieces import with_measures
from backend.geo.relations.relations_fields import parse_statistics
from backend.geo.vector.features import Features

UTM = parse_crs("EPSG:32633")


def squares(*corners: tuple[float, float, float, float]) -> list[shapely.Polygon]:
    return [shapely.box(*np.add(corner, (500_000, 4_500_000) * 2)) for corner in corners]


def test_groups_come_in_their_order_with_counts_statistics_and_no_inner_boundaries() -> None:
    shapes = shapes_of(squares((0, 0, 100, 100), (500, 0, 600, 100), (100, 0, 200, 100)))
    features = Features(shapes, {"use": ["wood", "field", "wood"], "trees": [3, 1, 4], "note": ["a", "b", "c"]}, UTM)
    made = dissolve(features, ["use"], parse_statistics(["sum:trees", "max:trees", "first:note"]))
    assert dict(made.features.fields) == {
        "use": ["wood", "field"],
        "feature_count": [2, 1],
        "trees_sum": [7, 1],
        "trees_max": [4, 1],
        "note": ["a", "b"],
    }
    assert [shape.geom_type for shape in made.features.shapes] == ["Polygon", "Polygon"]
    assert with_measures(made.features)[0].fields["planar_area_m2"] == pytest.approx([20_000, 10_000])
    assert made.overlap_m2 == 0
    assert "'note' has more than one value" in made.features.warnings[0]


def test_statistics_of_large_integers_are_numbers_that_occur() -> None:
    shapes = shapes_of(squares((0, 0, 100, 100), (100, 0, 200, 100)))
    ids = [2**53 + 1, 2**53 + 3]
    wanted = parse_statistics(["min:id", "max:id", "sum:id", "stdev:id"])
    fields = dissolve(Features(shapes, {"id": ids}, UTM), [], wanted).features.fields
    assert (fields["id_min"], fields["id_max"], fields["id_sum"]) == ([ids[0]], [ids[1]], [sum(ids)])
    assert fields["id_stdev"] == [pytest.approx(2**0.5)]


def test_dates_have_a_first_and_a_last_of_each_group() -> None:
    shapes = shapes_of(squares(*[(at, 0, at + 100, 100) for at in range(0, 500, 100)]))
    fields = {"d": ["a", "a", "b", "a", "c"], "t": ["2020-01-31", "2019-12-05", "2021-12-17", None, None]}
    wanted = parse_statistics(["min:t", "max:t", "count:t"])
    made = dissolve(Features(shapes, fields, UTM), ["d"], wanted).features.fields
    assert made["t_min"] == ["2019-12-05", "2021-12-17", None]
    assert made["t_max"] == ["2020-01-31", "2021-12-17", None]
    assert made["t_count"] == [2, 1, 0]
    for field, statistic in (("t", "mean"), ("d", "max")):
        with pytest.raises(ProcessRefusedError, match="is no number"):
            dissolve(Features(shapes, fields, UTM), [], parse_statistics([f"{statistic}:{field}"]))


def test_overlaps_are_counted_once_and_told() -> None:
    features = Features(shapes_of(squares((0, 0, 100, 100), (60, 0, 160, 100))), {}, UTM)
    made = dissolve(features, [], {})
    assert with_measures(made.features)[1]["planar_area_m2"] == pytest.approx(16_000, abs=1e-6)
    assert made.overlap_m2 == pytest.approx(4000 / 0.9996**2, rel=1e-6)
    assert "Features overlap within 1 groups" in made.features.warnings[0]


def test_a_grid_of_a_thousand_squares_becomes_its_outline() -> None:
    corners = [(x, y, x + 10, y + 10) for x in range(0, 400, 10) for y in range(0, 250, 10)]
    (outline,) = dissolve(Features(shapes_of(squares(*corners)), {}, UTM), [], {}).features.shapes
    assert shapely.equals(outline, squares((0, 0, 400, 250))[0])


def test_cracks_that_rounding_left_are_closed_and_real_holes_stay() -> None:
    left = shapely.Polygon([(0, 0), (100, 0), (100, 50), (99.9999, 60), (100, 70), (100, 100), (0, 100)])
    right = shapely.difference(shapely.box(100, 0, 200, 100), shapely.box(120, 20, 180, 80))
    made = dissolve(Features(shapes_of([left, right]), {}, UTM), [], {})
    (united,) = made.features.shapes
    assert shapely.area(united) == pytest.approx(20_000 - 3600, rel=1e-9)
    assert len(united.interiors) == 1
    assert made.features.warnings == ("1 cracks between neighbours, narrower than 1 mm, were closed.",)


def test_cracks_are_closed_beside_features_that_mix_polygons_and_lines() -> None:
    left = shapely.Polygon([(0, 0), (100, 0), (100, 50), (99.9999, 60), (100, 70), (100, 100), (0, 100)])
    line = shapely.LineString([(500, 0), (600, 0)])
    shapes = shapes_of([left, shapely.box(100, 0, 200, 100), shapely.box(300, 0, 400, 100), line])
    made = dissolve(Features(shapes, {"kind": ["a", "a", "b", "b"]}, UTM), ["kind"], {})
    assert made.features.warnings[0] == "1 cracks between neighbours, narrower than 1 mm, were closed."
    assert [shape.geom_type for shape in made.features.shapes] == ["Polygon", "GeometryCollection"]
    assert shapely.area(made.features.shapes).tolist() == pytest.approx([20_000, 10_000], rel=1e-9)


@pytest.mark.parametrize("count", [3, 60])
def test_a_line_is_cut_where_it_crosses_itself_however_many_it_is_united_with(count: int) -> None:
    crossing = shapely.LineString([(0, 0), (10, 10), (10, 0), (0, 10)])
    others = [shapely.LineString([(100 + at, 0), (100 + at, 5)]) for at in range(count - 1)]
    (united,) = dissolve(Features(shapes_of([crossing, *others]), {}, UTM), [], {}).features.shapes
    assert len(united.geoms) == count - 1 + 3


def test_many_scattered_and_overlapping_polygons_are_united_as_they_are_two_by_two() -> None:
    corners = [(x, y, x + 12, y + 7) for x in range(0, 200, 10) for y in range(0, 100, 10)]
    shapes = shapes_of(squares(*corners))
    (united,) = dissolve(Features(shapes, {}, UTM), [], {}).features.shapes
    expected = shapes[0]
    for shape in shapes[1:]:
        expected = shapely.union(expected, shape)
    assert shapely.equals(united, expected)


def test_equal_values_make_one_group_and_values_that_look_alike_are_told() -> None:
    points = shapely.points([(x, 0) for x in range(6)])
    keys = [1, 1.0, "1", "Nord", "nord ", None]
    made = dissolve(Features(points, {"key": keys}), ["key"], {})
    assert made.features.fields["feature_count"] == [2, 1, 1, 1, 1]
    assert "no value in 'key'" in made.features.warnings[0]
    assert made.features.warnings[1].endswith("and are groups of their own: '1', 'nord'.")


def test_a_key_that_is_called_like_a_measure_stays_beside_it_under_another_name() -> None:
    shapes = shapes_of(squares((0, 0, 100, 100), (500, 0, 700, 100), (100, 0, 200, 100)))
    features = Features(shapes, {"area_m2": [77, 3, 77], "feature_count": [5, 6, 7]}, UTM)
    made = dissolve(features, ["area_m2"], parse_statistics(["first:feature_count"]))
    fields, warnings = with_measures(made.features)[0].fields, with_measures(made.features)[0].warnings
    assert list(fields["area_m2_1"]) == [77, 3]
    assert fields["area_m2"] == pytest.approx([20_000 / 0.9996**2] * 2, rel=1e-3)
    assert (fields["feature_count"], fields["feature_count_2"]) == ([2, 1], [5, 6])
    assert any("'area_m2' of the features is called 'area_m2_1'" in one for one in warnings)
    # Of lines no area is measured: there the name is free.
    lines = Features(shapely.boundary(shapes), features.fields, UTM)
    assert with_measures(dissolve(lines, ["area_m2"], {}).features)[0].fields["area_m2"] == [77, 3]


def test_a_value_that_is_asked_for_under_the_name_of_a_measure_is_not_lost() -> None:
    features = Features(shapes_of(squares((0, 0, 100, 100))), {"area_m2": [9], "area_m2_1": ["x"]}, UTM)
    made = dissolve(features, ["area_m2_1"], parse_statistics(["first:area_m2", "first:area_m2"]))
    fields = with_measures(made.features)[0].fields
    assert (fields["area_m2_1"], fields["area_m2_1_1"]) == (["x"], [9])


def test_several_fields_group_together() -> None:
    points = shapely.points([(x, 0) for x in range(4)])
    made = dissolve(Features(points, {"a": [1, 1, 2, 2], "b": ["x", "y", "x", "x"]}), ["a", "b"], {})
    assert list(zip(made.features.fields["a"], made.features.fields["b"], strict=True)) == [
        (1, "x"),
        (1, "y"),
        (2, "x"),
    ]


def test_lines_are_merged_and_equal_points_united() -> None:
    lines = shapely.from_wkt(["LINESTRING (0 0, 1 0)", "LINESTRING (1 0, 2 0)"])
    assert dissolve(Features(lines), [], {}).features.shapes[0].geom_type == "LineString"
    points = shapely.points([(0, 0), (0, 0), (1, 1)])
    assert shapely.get_num_geometries(dissolve(Features(points), [], {}).features.shapes[0]) == 2


def test_points_stay_beside_the_lines_of_their_group() -> None:
    shapes = shapely.from_wkt(["LINESTRING (0 0, 1 0)", "POINT (9 9)", "LINESTRING (1 0, 2 0)", "POINT (2 0)"])
    made = dissolve(Features(shapes), [], {}).features
    assert shapely.equals(made.shapes[0], shapely.union_all(shapes))
    assert "mix points, lines and polygons" in made.warnings[0]


@pytest.mark.parametrize("others", [[], ["LINESTRING (50 0, 55 0)"]])
def test_a_way_that_a_line_goes_there_and_back_counts_once_alone_as_with_others(others: list[str]) -> None:
    shapes = shapely.from_wkt(["LINESTRING (0 0, 10 0, 4 0)", *others])
    made = dissolve(Features(shapes, crs=UTM), [], {}).features
    assert shapely.length(made.shapes).tolist() == [10 + 5 * len(others)]
    assert made.warnings[0] == "1 lines go along the same way twice, which counts once here."


def test_a_group_without_a_geometry_has_no_measures_and_adds_nothing_to_the_totals() -> None:
    shapes = shapes_of([*squares((0, 0, 100, 100)), None])
    made, totals = with_measures(dissolve(Features(shapes, {"k": ["a", "b"]}, UTM), ["k"], {}).features)
    assert made.fields["planar_area_m2"] == [10_000, None]
    assert totals["planar_area_m2"] == 10_000


def test_a_collection_counts_once() -> None:
    shapes = shapely.from_wkt(["GEOMETRYCOLLECTION Z (POINT Z (1 1 5), POINT Z (2 2 5))", "POINT (8 8)"])
    made = dissolve(Features(shapes, {"n": [1, 2]}), [], parse_statistics(["sum:n"])).features
    assert (made.fields["feature_count"], made.fields["n_sum"]) == ([2], [3])
    assert made.warnings[0] == "Heights were ignored."


def test_a_collection_of_polygons_that_overlap_is_united_even_alone() -> None:
    parts = squares((0, 0, 100, 100), (50, 50, 200, 200))
    made = dissolve(Features(shapes_of([shapely.GeometryCollection(parts)]), {}, UTM), [], {})
    assert with_measures(made.features)[1]["planar_area_m2"] == pytest.approx(30_000, abs=1e-6)
    assert "mix points" not in " ".join(made.features.warnings)


def test_a_group_of_mixed_geometries_is_told() -> None:
    shapes = shapely.from_wkt(["POINT (9 9)", "POLYGON ((0 0, 1 0, 1 1, 0 0))"])
    assert "mix points, lines and polygons" in dissolve(Features(shapes), [], {}).features.warnings[0]


def test_a_feature_without_a_geometry_counts_in_the_statistics() -> None:
    shapes = shapes_of([shapely.Point(0, 0), None, None])
    made = dissolve(Features(shapes, {"k": ["a", "a", "b"], "n": [1, 2, 4]}), ["k"], parse_statistics(["sum:n"]))
    assert made.features.fields["n_sum"] == [3, 4]
    assert made.features.shapes[1] is None


def test_a_field_that_is_not_there_is_refused_with_those_like_it() -> None:
    with pytest.raises(ProcessRefusedError, match="did you mean 'Region'") as refused:
        dissolve(Features(shapely.points([(0, 0)]), {"Region": ["a"]}), ["region"], {})
    assert refused.value.path == "$.inputs.by[0]"


def test_a_field_with_one_value_in_each_group_is_kept_without_a_word() -> None:
    shapes = shapes_of(squares((0, 0, 100, 100), (100, 0, 200, 100), (500, 0, 600, 100)))
    fields = {"use": ["wood", "wood", "field"], "owner": ["x", "x", "y"]}
    made = dissolve(Features(shapes, fields, UTM), ["use"], parse_statistics(["first:owner"])).features
    assert (made.fields["owner"], made.warnings) == (["x", "y"], ())
