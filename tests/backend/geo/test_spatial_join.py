"""Spatial joins against counting by coordinates."""

import statistics
from typing import Any, get_args

import geopandas
import numpy as np
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations import relations
from backend.geo.relations.relations import Predicate, matching
from backend.geo.relations.relations_fields import parse_statistics
from backend.geo.relations.relations_join import spatial_join
from backend.geo.vector.features import Features
from backend.geo.vector.number_columns import NumberColumn

UTM = parse_crs("EPSG:32633")
DISTRICTS = ["POLYGON ((0 0, 50 0, 50 100, 0 100, 0 0))", "POLYGON ((50 0, 100 0, 100 100, 50 100, 50 0))"]

WEST = "POLYGON ((170 0, 180 0, 180 9, 170 9, 170 0))"
EAST = "POLYGON ((-180 0, -170 0, -170 9, -180 9, -180 0))"


def made(*texts: str | None, crs: Any = UTM, **fields: list[Any]) -> Features:
    return Features(shapely.from_wkt(list(texts)), fields, crs)


def wells() -> Features:
    """Twelve: four in each district and four on the border between them."""
    places = [(x, y) for x in (25, 50, 75) for y in (10, 30, 50, 70)]
    return Features(shapes_of(shapely.points(places)), {"yield": list(range(12))}, UTM)


def test_points_on_a_border_are_counted_once_and_told() -> None:
    joined = spatial_join(made(*DISTRICTS), wells(), "intersects", "count", {})
    assert joined.features.fields["match_count"] == [8, 4]
    assert (joined.pairs, joined.other_matched) == (12, 12)
    assert "4 points lie on the boundary of several polygons" in joined.features.warnings[0]


def test_multipoints_of_one_point_are_counted_as_that_point() -> None:
    single = wells()
    multiple = single.with_shapes(shapes_of(shapely.multipoints([point]) for point in single.shapes))
    joined = spatial_join(made(*DISTRICTS), multiple, "intersects", "count", {})
    assert joined.features.fields["match_count"] == [8, 4]


@pytest.mark.parametrize("predicate", [one for one in get_args(Predicate.__value__) if one != "equals"])
def test_rows_are_the_pairs_of_which_the_predicate_holds(predicate: Predicate) -> None:
    districts = made(*DISTRICTS, name=["west", "east"])
    for first, second, field in ((wells(), districts, "name"), (districts, wells(), "yield")):
        joined = spatial_join(first, second, predicate, "rows", {}, inner=True)
        frames = (
            geopandas.GeoDataFrame(dict(side.fields), geometry=list(side.shapes), crs="EPSG:32633")
            for side in (first, second)
        )
        expected = geopandas.sjoin(*frames, predicate=predicate)
        assert sorted(map(str, joined.features.fields[field])) == sorted(map(str, expected[field]))


def test_points_on_a_border_are_joined_to_each_of_its_polygons_and_told() -> None:
    joined = spatial_join(wells(), made(*DISTRICTS, name=["west", "east"]), "intersects", "rows", {})
    assert joined.features.fields["name"] == ["west"] * 4 + ["west", "east"] * 4 + ["east"] * 4
    assert (joined.pairs, joined.matched) == (16, 12)
    assert joined.features.warnings[0].startswith("4 points lie on the boundary of several polygons")
    assert "each goes with all of these" in joined.features.warnings[0]
    turned = spatial_join(made(*DISTRICTS), wells(), "intersects", "rows", {})
    assert (turned.pairs, turned.features.warnings[0]) == (16, joined.features.warnings[0])
    by_point = spatial_join(wells(), made(*DISTRICTS), "intersects", "count", {})
    assert by_point.features.fields["match_count"] == [1] * 4 + [2] * 4 + [1] * 4


def test_a_point_within_a_polygon_and_on_the_border_of_others_counts_for_all_of_them() -> None:
    zones = made(*DISTRICTS, "POLYGON ((40 0, 60 0, 60 100, 40 100, 40 0))")
    joined = spatial_join(zones, made("POINT (50 9)"), "intersects", "count", {})
    assert joined.features.fields["match_count"] == [1, 1, 1]


def test_an_inner_join_leaves_out_what_has_no_partner_and_tells_how_many() -> None:
    points = made("POINT (99 500)", "POINT (10 10)", "POINT (60 10)", id=[1, 2, 3])
    for mode in ("rows", "largest", "count"):
        joined = spatial_join(points, made(*DISTRICTS, name=["west", "east"]), "within", mode, {}, inner=True)
        assert joined.features.fields["id"] == [2, 3]
        assert "1 features have no partner and were left out." in joined.features.warnings
    assert spatial_join(points, made(*DISTRICTS), "within", "rows", {}).features.fields["id"] == [1, 2, 3]
    none = spatial_join(points, made("POINT (0 0)"), "equals", "rows", {}, inner=True)
    assert len(none.features) == 0


def test_an_inner_count_keeps_a_feature_whose_only_point_counts_for_its_neighbour() -> None:
    zones, border = made(*DISTRICTS, name=["west", "east"]), made("POINT (50 10)")
    joined = spatial_join(zones, border, "intersects", "count", {}, inner=True)
    frames = [geopandas.GeoDataFrame(dict(side.fields), geometry=list(side.shapes)) for side in (zones, border)]
    assert list(joined.features.fields["name"]) == geopandas.sjoin(*frames)["name"].tolist()
    assert joined.features.fields["match_count"] == [1, 0]
    assert (joined.pairs, joined.matched, joined.other_matched) == (1, 2, 1)
    (told,) = joined.features.warnings
    assert "counted for the first only" in told
    assert told.endswith("So 1 features have a partner, but a match_count of 0.")


def test_a_share_of_nothing_is_told_as_such_and_not_as_no_relation() -> None:
    zones = made(*DISTRICTS, name=["west", "east"])
    joined = spatial_join(zones, made("POINT (25 10)", id=[1]), "intersects", "largest", {}, inner=True)
    assert (len(joined.features), joined.matched) == (0, 0)
    shares, left = joined.features.warnings
    assert shares.startswith("1 features share no area (of lines: no length) with those of which intersects holds")
    assert left == "2 features have no partner and were left out."


def test_where_other_has_no_fields_a_field_tells_which_rows_have_a_partner() -> None:
    points = made("POINT (99 500)", "POINT (10 10)", matched=["x", "y"])
    joined = spatial_join(points, made(*DISTRICTS), "within", "rows", {})
    assert joined.features.fields == {"matched": ["x", "y"], "matched_2": [False, True]}
    assert "matched_2" not in spatial_join(points, made(*DISTRICTS), "within", "rows", {}, inner=True).features.fields
    named = spatial_join(points, made(*DISTRICTS, name=["a", "b"]), "within", "rows", {})
    assert named.features.fields == {"matched": ["x", "y"], "name": [None, "a"]}


def test_statistics_never_replace_each_other() -> None:
    points = made("POINT (1 1)", a=[2], a_sum=["first"], match_count=[7])
    wanted = parse_statistics(["sum:a", "first:a_sum", "first:match_count", "sum:a"])
    fields = spatial_join(made(DISTRICTS[0], a_sum=[0]), points, "intersects", "count", wanted).features.fields
    assert fields == {
        "a_sum": [0], "match_count": [1], "a_sum_2": [2], "a_sum_2_2": ["first"], "match_count_2": [7]
    }  # fmt: skip


def test_predicates_with_the_boundary_or_without_take_their_word() -> None:
    counts = {
        predicate: spatial_join(made(*DISTRICTS), wells(), predicate, "count", {}).features.fields["match_count"]
        for predicate in ("covers", "contains", "touches")
    }
    assert counts == {"covers": [8, 8], "contains": [4, 4], "touches": [4, 4]}


def test_a_point_within_polygons_that_overlap_goes_to_both() -> None:
    zones = made("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))", "POLYGON ((5 0, 15 0, 15 9, 5 9, 5 0))", name=["a", "b"])
    joined = spatial_join(
        made("POINT (7 4)", "POINT (1 1)", "POINT (99 99)", id=[1, 2, 3]), zones, "intersects", "rows", {}
    )
    rows = [(row["id"], row["name"]) for row in joined.features.rows()]
    assert rows == [(1, "a"), (1, "b"), (2, "a"), (3, None)]
    assert "1 features have several partners" in " ".join(joined.features.warnings)
    counted = spatial_join(zones, made("POINT (7 4)"), "intersects", "count", {})
    assert "the counts add up to 1 more" in counted.features.warnings[0]


def test_statistics_are_over_the_partners_and_null_where_there_are_none() -> None:
    points = made("POINT (10 10)", "POINT (20 20)", "POINT (30 30)", size=[4, None, 8], kind=["a", "b", "a"])
    zones = made(DISTRICTS[0], "POLYGON ((900 0, 901 0, 901 1, 900 0))", size=[1, 1])
    wanted = parse_statistics(["sum:size", "mean: size", "MIN:size", "max:size", "count:size", "first:kind"])
    fields = spatial_join(zones, points, "intersects", "rows", wanted).features.fields
    assert {name: column for name, column in fields.items() if name != "size"} == {
        "match_count": [3, 0],
        "size_sum": [12, 0],
        "size_mean": [6.0, None],
        "size_min": [4, None],
        "size_max": [8, None],
        "size_count": [2, 0],
        "kind": ["a", None],
    }


def test_median_and_standard_deviation_are_those_of_a_sample_and_null_where_there_are_too_few() -> None:
    sizes = [7, None, 1, 2, 50, 3]
    points = made(*(f"POINT ({x} 10)" for x in (1, 2, 3, 4, 5, 60)), size=sizes)
    zones = made(*DISTRICTS, "POLYGON ((900 0, 901 0, 901 1, 900 0))")
    wanted = parse_statistics(["median:size", "stdev:size"])
    fields = spatial_join(zones, points, "intersects", "count", wanted).features.fields
    held = [7, 1, 2, 50]
    assert fields["size_median"] == [statistics.median(held), 3, None]
    assert fields["size_stdev"] == [pytest.approx(statistics.stdev(held)), None, None]


@pytest.mark.parametrize(
    "held",
    [
        [2**53 + 1, 2**53 + 3],
        [2**60 + 1, 2**60 + 3, 2**60 + 8],
        [2**63 - 1, 2**63 - 3, 5],
        [-(2**63), 2**63 - 1, 9],
        [2**52 + 1, 2**52, 2**52],
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_statistics_of_large_integers_are_those_that_python_finds(held: list[int], *, stored: bool) -> None:
    ids: Any = [*held, None, 7]
    if stored:
        ids = NumberColumn.of(np.array([*held, 0, 7]), np.array([*[False] * len(held), True, False]))
    points = Features(shapes_of([*[shapely.Point(1, 1)] * (len(held) + 1), shapely.Point(60, 1)]), {"id": ids}, UTM)
    zones = made(*DISTRICTS, "POLYGON ((900 0, 901 0, 901 1, 900 0))")
    wanted = parse_statistics([f"{name}:id" for name in ("min", "max", "sum", "mean", "median", "stdev")])
    fields = spatial_join(zones, points, "intersects", "count", wanted).features.fields
    assert fields["id_min"] == [min(held), 7, None]
    assert fields["id_max"] == [max(held), 7, None]
    assert fields["id_sum"] == [sum(held), 7, 0]
    assert fields["id_mean"] == [pytest.approx(statistics.mean(held), rel=1e-15), 7, None]
    assert fields["id_median"] == [pytest.approx(statistics.median(held), rel=1e-15), 7, None]
    assert fields["id_stdev"] == [pytest.approx(statistics.stdev(held), rel=1e-12), None, None]


def test_nulls_and_differing_first_values_are_told() -> None:
    points = made("POINT (10 10)", "POINT (20 20)", size=[4, None], kind=["a", "b"])
    wanted = parse_statistics(["sum:size", "first:kind"])
    warnings = spatial_join(made(DISTRICTS[0]), points, "intersects", "count", wanted).features.warnings
    assert "'size' is null in 1" in warnings[0]
    assert "'kind' has more than one value in 1 groups" in warnings[1]


def test_the_largest_share_decides_between_partners() -> None:
    parcel = made("POLYGON ((40 0, 80 0, 80 10, 40 10, 40 0))", id=[7])
    joined = spatial_join(parcel, made(*DISTRICTS, name=["west", "east"]), "intersects", "largest", {})
    assert joined.features.fields["name"] == ["east"]
    assert joined.features.fields["overlap_share"] == [pytest.approx(0.75, rel=1e-6)]


def test_the_largest_share_of_a_collection_is_of_its_union() -> None:
    parts = shapely.box([10, 30], [10, 10], [50, 70], [20, 20]).tolist()
    collections = [shapely.GeometryCollection(parts), shapely.GeometryCollection(), None]
    parcels = Features(shapes_of(collections), {}, UTM)
    joined = spatial_join(parcels, made(*DISTRICTS, name=["west", "east"]), "intersects", "largest", {})
    assert joined.features.fields["name"] == ["west", None, None]
    assert joined.features.fields["overlap_share"] == [pytest.approx(40 / 60, rel=1e-6), None, None]


def test_the_largest_share_of_a_line_is_of_its_length_and_ties_are_told() -> None:
    lines = made("LINESTRING (10 5, 60 5)", "LINESTRING (40 5, 60 5)", "LINESTRING (500 5, 600 5)")
    joined = spatial_join(lines, made(*DISTRICTS, name=["west", "east"]), "intersects", "largest", {})
    assert joined.features.fields["name"] == ["west", "west", None]
    assert joined.features.fields["overlap_share"][:2] == pytest.approx([0.8, 0.5], rel=1e-4)


def test_neighbours_that_only_touch_are_told() -> None:
    joined = spatial_join(made(DISTRICTS[0]), made(*DISTRICTS), "intersects", "count", {})
    assert joined.features.fields["match_count"] == [2]
    assert "1 of the 2 pairs share a boundary and no more" in joined.features.warnings[0]


def test_names_that_both_have_are_told_apart() -> None:
    points, zones = made("POINT (1 1)", name=["p"], id=[1]), made(DISTRICTS[0], name=["z"])
    assert spatial_join(points, zones, "within", "rows", {}).features.fields == {
        "name_1": ["p"],
        "id": [1],
        "name_2": ["z"],
    }


def test_layers_in_different_crss_meet() -> None:
    zone = made("POLYGON ((12.3 41.8, 12.42 41.8, 12.42 41.95, 12.3 41.95, 12.3 41.8))", crs=CRS84)
    inside = [(12.33 + 0.03 * i, 41.83 + 0.03 * j) for i in range(3) for j in range(4)]
    lonlat = Features(shapes_of(shapely.points([*inside, (13.2, 41.9), (13.4, 41.8)])))
    joined = spatial_join(zone, lonlat.in_crs(UTM), "intersects", "count", {})
    assert joined.features.fields["match_count"] == [12]
    assert "OGC:CRS84 and EPSG:32633" in joined.crs_decision


def test_what_is_straight_in_one_plane_stays_where_it_is_beside_another() -> None:
    # 100 km along a line of the grid bend by 170 m between their ends in longitude and latitude.
    zone = made("POLYGON ((400000 4500000, 500000 4500000, 500000 4600000, 400000 4600000, 400000 4500000))")
    places = Features(shapes_of(shapely.points([(450_000, 4_599_999), (450_000, 4_600_001)])), {}, UTM).in_crs(CRS84)
    joined = spatial_join(zone, places, "intersects", "count", {})
    assert joined.features.fields["match_count"] == [1]
    # It met the places elsewhere, and is told as it came.
    assert joined.features.crs == UTM
    assert shapely.equals_identical(joined.features.shapes[0], zone.shapes[0])


def test_nothing_in_common_is_told_with_both_extents() -> None:
    joined = spatial_join(made("POINT (0 0)"), made("POINT (9 9)"), "equals", "rows", {})
    assert "their extents are [0, 0, 0, 0] and [9, 9, 9, 9] in EPSG:32633" in joined.features.warnings[0]


@pytest.mark.parametrize(
    ("first", "second", "predicate", "holds"),
    [
        ("POINT (180 5)", "POINT (-180 5)", "equals", True),
        ("POINT (180 5)", EAST, "intersects", True),
        ("POINT (180 5)", EAST, "within", False),
        (WEST, EAST, "touches", True),
        (WEST, EAST, "overlaps", False),
        (
            WEST,
            "MULTIPOLYGON (((175 0, 180 0, 180 9, 175 9, 175 0)), ((-180 0, -170 0, -170 9, -180 9, -180 0)))",
            "touches",
            False,
        ),
    ],
)
def test_the_antimeridian_is_one_line(first: str, second: str, predicate: Predicate, *, holds: bool) -> None:
    pairs = matching(shapely.from_wkt([first]), shapely.from_wkt([second]), predicate, lonlat=True)
    assert (len(pairs) == 1) is holds


@pytest.mark.parametrize(
    "predicate",
    ["intersects", "within", "contains", "covers", "covered_by", "touches", "crosses", "overlaps", "equals"],
)
def test_every_predicate_is_that_of_simple_features(predicate: Predicate) -> None:
    source = np.random.default_rng(3)
    corners = source.integers(0, 6, (60, 2))
    boxes = shapely.box(*corners.T, *(corners + source.integers(1, 4, (60, 2))).T)
    shapes = np.concatenate([boxes[:40], shapely.boundary(boxes[40:50]), shapely.points(corners[:10]), [None]])
    pairs = matching(shapes, shapes, predicate, lonlat=False)
    expected = np.argwhere(getattr(shapely, predicate)(shapes[:, np.newaxis], shapes))
    assert np.column_stack([pairs.first, pairs.second]).tolist() == expected.tolist()


@pytest.mark.parametrize("text", ["size", "sum:", "mode:size", "count", ""])
def test_what_is_no_statistic_is_refused(text: str) -> None:
    with pytest.raises(ProcessRefusedError, match="sum:FIELD") as refused:
        parse_statistics([text])
    assert refused.value.path == "$.inputs.statistics[0]"


def test_statistics_of_texts_or_of_no_field_are_refused() -> None:
    for wanted, reason in (("sum:kind", "no number"), ("sum:kond", "did you mean 'kind'")):
        with pytest.raises(ProcessRefusedError, match=reason):
            spatial_join(
                made(DISTRICTS[0]), made("POINT (1 1)", kind=["a"]), "intersects", "count", parse_statistics([wanted])
            )


def test_more_pairs_than_fit_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(relations, "MOST_PAIRS", 99)
    shapes = shapes_of([shapely.Point(0, 0)] * 10)
    with pytest.raises(ProcessRefusedError, match="select fewer"):
        matching(shapes, shapes, "intersects", lonlat=False)
    assert len(matching(shapes[:9], shapes, "intersects", lonlat=False)) == 90


def test_pairs_are_the_same_however_few_are_looked_for_at_a_time(monkeypatch) -> None:
    shapes = shapely.points(np.random.default_rng(1).integers(0, 4, (40, 2)))
    whole = matching(shapes, shapes, "intersects", lonlat=False)
    monkeypatch.setattr(relations, "AT_ONCE", 70)
    parts = matching(shapes, shapes, "intersects", lonlat=False)
    assert (parts.first.tolist(), parts.second.tolist()) == (whole.first.tolist(), whole.second.tolist())


@pytest.mark.parametrize("statistic", ["sum", "mean", "median", "stdev"])
def test_statistics_that_no_number_could_hold_are_refused_and_extremes_are_told(statistic: str) -> None:
    features = made(*DISTRICTS, v=[1e308, 1e308])
    whole = made("POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0))")
    with pytest.raises(ProcessRefusedError, match=r"beyond 1e\+150"):
        spatial_join(whole, features, "contains", "count", parse_statistics([f"{statistic}:v"]))
    joined = spatial_join(whole, features, "covers", "count", parse_statistics(["max:v", "count:v"]))
    assert (joined.features.fields["v_max"], joined.features.fields["v_count"]) == ([1e308], [2])


def test_who_is_counted_for_several_features_is_told_with_how_much_the_counts_exceed_them() -> None:
    wide = made("POLYGON ((10 0, 90 0, 90 100, 10 100, 10 0))", "POLYGON ((1 1, 2 1, 2 2, 1 1))")
    told = spatial_join(made(*DISTRICTS), wide, "intersects", "count", {}).features
    assert told.fields["match_count"] == [2, 1]
    assert told.warnings == ("1 features of other are partner of several features: the counts add up to 1 more.",)


def test_points_on_a_boundary_share_more_than_the_boundary_of_a_point() -> None:
    told = spatial_join(made(DISTRICTS[0]), made("POINT (0 50)", "POINT (25 50)"), "intersects", "rows", {})
    assert not any("share a boundary" in warning for warning in told.features.warnings)
    beside = spatial_join(made(DISTRICTS[0]), made(DISTRICTS[1]), "intersects", "rows", {})
    assert "1 of the 1 pairs share a boundary and no more, which counts as intersecting." in beside.features.warnings
