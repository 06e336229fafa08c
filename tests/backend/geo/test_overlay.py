"""Overlays against closed forms and against counting random points."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
import shapely.affinity

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.measure import measure_each
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations.overlay import Operation, overlay_layers
from backend.geo.relations.overlay_pieces import covered_area, narrower, with_measures
from backend.geo.vector.features import Features

UTM = parse_crs("EPSG:32633")
FEET = parse_crs("EPSG:6539")
"""New York Long Island, in US survey feet."""
E2, POLAR = 0.00669437999014, 6_356_752.314245179
EVERY: tuple[Operation, ...] = (
    "intersection", "union", "difference", "symmetric-difference", "identity", "clip"
)  # fmt: skip


def squares(*corners: tuple[float, float, float, float], crs: Any = UTM, **fields: list[Any]) -> Features:
    origin = (500_000, 4_500_000) if crs == UTM else (0, 0)
    shapes = [shapely.box(*np.add(corner, origin * 2)) for corner in corners]
    return Features(shapes_of(shapes), fields, crs)


def wkt(*texts: str, crs: Any = CRS84, **fields: list[Any]) -> Features:
    return Features(shapely.from_wkt(list(texts)), fields, crs)


def zone(latitude: float) -> float:
    """Area in m² from the equator to a parallel per radian of longitude (closed form)."""
    e, sine = math.sqrt(E2), math.sin(math.radians(latitude))
    return POLAR * POLAR / 2 * (sine / (1 - E2 * sine * sine) + math.atanh(e * sine) / e)


def planar(first: Features, second: Features, operation: Operation) -> list[float]:
    pieces, _ = with_measures(overlay_layers(first, second, operation, 0.001).features)
    return sorted(pieces.fields.get("planar_area_m2", []))


@pytest.mark.parametrize("operation", EVERY)
@pytest.mark.parametrize("crs", [UTM, CRS84])
def test_to_cut_by_a_layer_without_features_takes_nothing_away_and_shares_nothing(
    operation: Operation, crs: Any
) -> None:
    """As a filter answers that found nothing: with what is left of the other layer in its own plane, and told."""
    full, empty = squares((0, 0, 100, 100), a=[1]), Features(shapes_of([]), {}, crs)
    rest = [10_000.0]
    assert planar(full, empty, operation) == ([] if operation in ("intersection", "clip") else rest)
    assert "other is empty: it has no features." in overlay_layers(full, empty, operation, 0.001).features.warnings
    nowhere = Features(np.array([None], dtype=object), {}, crs)
    for first, second in ((full, nowhere), (empty, full)):
        with pytest.raises(ProcessRefusedError, match="no feature with a geometry"):
            overlay_layers(first, second, operation, 0.001)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("intersection", [4000]),
        ("union", [4000, 6000, 6000]),
        ("difference", [6000]),
        ("symmetric-difference", [6000, 6000]),
        ("identity", [4000, 6000]),
        ("clip", [4000]),
    ],
)
def test_two_squares_that_overlap_have_the_areas_of_their_rectangles(operation: Operation, expected: list[int]) -> None:
    first, second = squares((0, 0, 100, 100)), squares((60, 0, 160, 100))
    assert planar(first, second, operation) == pytest.approx(expected, abs=1e-6)


def test_areas_in_feet_are_given_in_square_metres() -> None:
    first, second = squares((1e6, 2e5, 1e6 + 100, 2e5 + 100), crs=FEET), squares((1e6, 2e5, 2e6, 2e5 + 50), crs=FEET)
    assert planar(first, second, "intersection") == pytest.approx([5000 * (1200 / 3937) ** 2], rel=1e-9)


def test_areas_in_longitude_and_latitude_are_those_between_parallels() -> None:
    first, second = (
        wkt("POLYGON ((10 40, 30 40, 30 60, 10 60, 10 40))"),
        wkt("POLYGON ((20 50, 40 50, 40 70, 20 70, 20 50))"),
    )
    pieces, totals = with_measures(overlay_layers(first, second, "intersection", 0.001).features)
    expected = math.radians(10) * (zone(60) - zone(50))
    assert pieces.fields["area_m2"] == pytest.approx([expected], rel=1e-9)
    assert totals == {"area_m2": pytest.approx(expected, rel=1e-9)}


def test_each_piece_has_the_attributes_of_both_and_names_that_clash_get_a_number() -> None:
    first = squares((0, 0, 100, 100), name=["a"], area_m2=[1.0], size=[5])
    second = squares((60, 0, 160, 100), name=["b"], use=["wood"])
    pieces, _ = with_measures(overlay_layers(first, second, "union", 0.001).features)
    rows = sorted(
        (row["name_1"] or "", row["name_2"] or "", row["use"], row["size"], row["area_m2_1"]) for row in pieces.rows()
    )
    assert rows == [("", "b", "wood", None, None), ("a", "", None, 5, 1.0), ("a", "b", "wood", 5, 1.0)]
    assert all(row["area_m2"] > 3999 for row in pieces.rows())
    assert "Fields area_m2 that the layers came with end in _1 or _2 here" in pieces.warnings[0]


def test_a_difference_is_taken_from_the_first_and_says_so_where_nothing_is_left() -> None:
    concession, reserve = squares((0, 0, 600, 400)), squares((100, 100, 500, 300))
    assert planar(concession, reserve, "difference") == pytest.approx([160_000])
    empty = overlay_layers(reserve, concession, "difference", 0.001)
    assert len(empty.features) == 0
    assert "lies within other" in empty.features.warnings[0]
    assert "1 pieces would be left" in empty.features.warnings[0]
    same = overlay_layers(reserve, reserve, "difference", 0.001)
    assert "same ground" in same.features.warnings[0]
    assert with_measures(same.features)[1]["planar_area_m2"] == 0


def test_boundaries_that_coincide_but_for_rounding_leave_no_slivers() -> None:
    # The second has vertices on the first's slanted edge, which no float holds exactly.
    steps = np.linspace(0, 1, 50)[:, np.newaxis]
    edge = np.array([500_000.1, 4_500_000.2]) * (1 - steps) + np.array([500_333.3, 4_500_777.7]) * steps
    first = Features(shapes_of([shapely.Polygon([*edge[[0, -1]], (501_000, 4_500_000)])]), {}, UTM)
    second = Features(shapes_of([shapely.Polygon([*edge, (499_000, 4_500_900)])]), {}, UTM)
    made = overlay_layers(first, second, "union", 0.001)
    assert len(made.features) == 2
    assert overlay_layers(first, second, "intersection", 0.001).features.shapes.size == 0
    assert made.slivers == 0 or "slivers narrower than 0.001 m" in made.features.warnings[0]


def test_what_has_its_vertices_at_the_poles_is_no_sliver() -> None:
    made = overlay_layers(
        wkt("POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))"),
        wkt("POLYGON ((-10 -10, 10 -10, 10 10, -10 10, -10 -10))"),
        "difference", 0.001,
    )  # fmt: skip
    earth = 2 * 2 * math.pi * zone(90)
    assert made.slivers == 0
    assert with_measures(made.features)[1]["area_m2"] == pytest.approx(
        earth - 2 * math.radians(20) * zone(10), rel=1e-9
    )


@pytest.mark.parametrize("width", [1e-3, 0.5, 2000.0])
def test_the_polygons_that_are_narrow_are_those_that_measuring_all_of_them_finds(width: float) -> None:
    random = np.random.default_rng(3)
    centres = np.concatenate([random.uniform((-170, -89), (170, 89), (400, 2)), [(0, 89.9999), (20, -89.9999)]])
    long, thin = (
        10.0 ** random.uniform(-4, 1, len(centres)),
        width / 55_000 * 10.0 ** random.uniform(-1, 1, len(centres)),
    )
    turned = [
        shapely.affinity.rotate(shapely.box(x, y, x + a, y + b), angle)
        for (x, y), a, b, angle in zip(centres, long, thin, random.uniform(0, 360, len(centres)), strict=True)
    ]
    polygons = shapely.intersection(shapes_of(turned), shapely.box(-180, -90, 180, 90))
    polygons = polygons[shapely.get_type_id(polygons) == 3]
    measured = measure_each(polygons)
    narrow, area = narrower(polygons, CRS84, width)
    along = np.vectorize(lambda x, y: x * math.cos(math.radians(y)))
    plane = shapely.transform(polygons, lambda at: 111_700 * np.column_stack([along(*at.T), at[:, 1]]))
    likely = 2 * shapely.area(plane) < width * shapely.length(plane)
    assert narrow.tolist() == (likely & (2 * measured.area < width * measured.perimeter)).tolist()
    assert area[narrow].tolist() == measured.area[narrow].tolist()
    assert 50 < narrow.sum() < 350


def test_slivers_are_counted_with_their_area_and_broad_parts_stay() -> None:
    first = squares((0, 0, 100, 100), (100, 0, 200, 100))
    second = squares((0, 0, 99.99, 100), (100, 0, 150, 100))
    made = overlay_layers(first, second, "difference", 0.05)
    assert (len(made.features), made.slivers) == (1, 1)
    assert made.sliver_area_m2 == pytest.approx(1, rel=1e-6)
    assert overlay_layers(first, second, "difference", 0).slivers == 0


def test_neighbours_share_a_boundary_and_no_area() -> None:
    made = overlay_layers(squares((0, 0, 100, 100)), squares((100, 0, 200, 100), (50, 0, 60, 9)), "intersection", 0.001)
    assert (len(made.features), made.pairs, made.touching, made.unmatched) == (1, 1, 1, 0)


def test_what_overlaps_within_one_layer_is_told_with_the_ground_it_covers() -> None:
    made = overlay_layers(
        squares((0, 0, 100, 100), (60, 0, 160, 100)), squares((0, 0, 500, 500)), "intersection", 0.001
    )
    pieces, totals = with_measures(made.features)
    covered, warnings = covered_area(pieces, totals)
    assert totals["planar_area_m2"] == pytest.approx(20_000)
    assert covered["covered_planar_area_m2"] == pytest.approx(16_000)
    assert "overlap each other" in warnings[0]


def test_neighbours_without_common_vertices_do_not_overlap_in_longitude_and_latitude() -> None:
    large, *small = squares((0, 0, 600, 600), (600, 0, 800, 200), (600, 200, 800, 400), (600, 400, 800, 600)).shapes
    turned: Any = [shapely.affinity.rotate(one, 30, origin=(500_000, 4_500_000)) for one in (large, *small)]
    parcels = Features(shapes_of(turned), crs=UTM)
    west, south, east, north = shapely.total_bounds(parcels.lonlat().shapes).tolist()
    around = Features(shapes_of([shapely.box(west, south, east, north)]))
    pieces, totals = with_measures(overlay_layers(parcels, around, "clip", 0.001).features)
    assert pieces.crs == CRS84
    assert totals["area_m2"] == pytest.approx((600 * 600 + 200 * 600) / 0.9996**2, rel=1e-5)
    assert covered_area(pieces, totals) == ({}, ())


def test_lines_and_points_are_cut_by_polygons() -> None:
    zone_ = squares((0, 0, 100, 100))
    lines = wkt(
        "LINESTRING (499900 4500050, 500250 4500050)", "POINT (500050 4500050)", "POINT (400000 4500000)", crs=UTM
    )
    pieces, totals = with_measures(overlay_layers(lines, zone_, "clip", 0.001).features)
    assert totals["planar_length_m"] == pytest.approx(100)
    assert pieces.fields["planar_length_m"] == [pytest.approx(100), None]
    assert overlay_layers(lines, zone_, "difference", 0.001).features.shapes[0].length == pytest.approx(250)


def test_lines_that_cross_share_points() -> None:
    made = overlay_layers(wkt("LINESTRING (0 0, 2 2)"), wkt("LINESTRING (0 2, 2 0)"), "intersection", 0.001)
    assert shapely.equals(made.features.shapes[0], shapely.Point(1, 1))


def test_a_collection_is_taken_apart_and_told() -> None:
    mixed = wkt("GEOMETRYCOLLECTION (POINT (1 1), POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0)))", name=["m"])
    made = overlay_layers(mixed, wkt("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))"), "intersection", 0.001)
    assert [shape.geom_type for shape in made.features.shapes] == ["Point", "Polygon"]
    assert "taken apart" in made.features.warnings[0]


@pytest.mark.parametrize(
    ("operation", "expected", "turned"),
    [
        ("intersection", [30_000], [30_000]),
        ("union", [30_000, 130_000], [30_000, 130_000]),
        ("difference", [130_000], []),
        ("symmetric-difference", [130_000], [130_000]),
        ("identity", [30_000, 130_000], [30_000]),
        ("clip", [30_000], [30_000]),
    ],
)
def test_polygons_of_a_collection_that_overlap_count_as_their_union(
    operation: Operation, expected: list[float], turned: list[float]
) -> None:
    whole = squares((0, 0, 400, 400))
    # 100 by 100 and 150 by 150, of which 50 by 50 are in both.
    parts = squares((100, 100, 200, 200), (150, 150, 300, 300)).shapes
    collection = Features(shapes_of([shapely.GeometryCollection(parts.tolist())]), {}, UTM)
    assert planar(whole, collection, operation) == pytest.approx(expected, abs=1e-6)
    assert planar(collection, whole, operation) == pytest.approx(turned, abs=1e-6)


def test_neighbours_in_a_nested_collection_beside_one_that_does_not_overlap_are_cut_alike() -> None:
    neighbours = squares((0, 0, 100, 100), (100, 0, 200, 100)).shapes.tolist()
    nested = shapely.GeometryCollection([shapely.GeometryCollection(neighbours[:1]), neighbours[1]])
    apart = shapely.GeometryCollection(squares((0, 500, 100, 600), (200, 500, 300, 600)).shapes.tolist())
    layer = Features(shapes_of([nested, None, apart]), {"name": ["nested", "none", "apart"]}, UTM)
    made = overlay_layers(layer, squares((50, 0, 250, 550)), "intersection", 0.001).features
    areas = dict(zip(made.fields["name"], shapely.area(made.shapes).tolist(), strict=True))
    assert areas == {"nested": pytest.approx(15_000), "apart": pytest.approx(50 * 50 + 50 * 50)}


def test_layers_in_different_crss_are_brought_to_longitude_and_latitude() -> None:
    made = overlay_layers(
        squares((0, 0, 100, 100)), wkt("POLYGON ((14 40, 16 40, 16 41, 14 41, 14 40))"), "clip", 0.001
    )
    assert made.features.crs == CRS84
    assert "came in EPSG:32633 and OGC:CRS84" in made.crs_decision
    assert with_measures(made.features)[1]["area_m2"] == pytest.approx(10_000 / 0.9996**2, rel=1e-4)


def test_a_layer_beyond_the_antimeridian_is_cut_on_both_sides_of_it() -> None:
    sides = [shapely.box(170, 0, 180, 9), shapely.box(-180, 0, -170, 9)]
    island = Features(shapes_of([shapely.MultiPolygon(sides)]))
    made = overlay_layers(island, Features(shapes_of(sides)), "intersection", 0.001)
    halves = with_measures(made.features)[0].fields["area_m2"]
    assert halves[0] == pytest.approx(halves[1], rel=1e-12)
    assert halves[0] == pytest.approx(math.radians(10) * zone(9), rel=1e-9)


def test_layers_that_do_not_meet_are_told_with_their_extents() -> None:
    made = overlay_layers(squares((0, 0, 1, 1)), squares((5, 5, 6, 6)), "intersection", 0.001)
    assert "do not meet at all" in made.features.warnings[0]
    assert made.unmatched == 1


@pytest.mark.parametrize("least", [1, 0.1], ids=["overlapping", "many in others"])
@pytest.mark.parametrize("operation", EVERY)
def test_random_polygons_are_cut_where_points_say(operation: Operation, least: float) -> None:
    source = np.random.default_rng(5)
    first, second = (
        Features(
            shapes_of(
                shapely.buffer(shapely.points(source.uniform(0, 10, (6, 2))), source.uniform(least, 3, 6), quad_segs=3)
            ),
            crs=UTM,
        )
        for _ in range(2)
    )
    trial = shapely.points(source.uniform(-3, 13, (800, 2)))
    held = [shapely.covers(side.shapes[:, np.newaxis], trial).sum(axis=0) for side in (first, second)]
    a, b = held
    expected = {
        "intersection": a * b,
        "difference": a * (b == 0),
        "clip": a * (b > 0),
        "identity": a * np.maximum(b, 1),
        "union": a * np.maximum(b, 1) + b * (a == 0),
        "symmetric-difference": a * (b == 0) + b * (a == 0),
    }[operation]
    made = overlay_layers(first, second, operation, 0).features.shapes
    assert shapely.covers(made[:, np.newaxis], trial).sum(axis=0).tolist() == expected.tolist()


COVERING = {
    "inside": (0, 0, 100, 100),
    "on the boundary": (10, 10, 90, 60),
    "equal": (10, 10, 50, 50),
    "around": (20, 20, 40, 40),
    "at a corner": (50, 50, 80, 80),
}


@pytest.mark.parametrize("name", COVERING)
@pytest.mark.parametrize("operation", EVERY)
def test_what_one_polygon_covers_is_cut_as_two_that_cross_are(operation: Operation, name: str) -> None:
    one, other = (10, 10, 50, 50), COVERING[name]
    shared = shapely.box(*one).intersection(shapely.box(*other)).area
    left, right = shapely.box(*one).area - shared, shapely.box(*other).area - shared
    expected = {
        "intersection": [shared],
        "union": [shared, left, right],
        "difference": [left],
        "symmetric-difference": [left, right],
        "identity": [shared, left],
        "clip": [shared],
    }[operation]
    assert planar(squares(one), squares(other), operation) == pytest.approx(sorted(filter(None, expected)))


@pytest.mark.parametrize("operation", ["difference", "identity", "clip", "intersection"])
@pytest.mark.parametrize("across", [False, True])
def test_a_way_that_a_line_goes_there_and_back_counts_once_wherever_it_lies(operation: Operation, across: bool) -> None:
    start = -2 if across else 3
    lines = wkt(f"LINESTRING ({start} 5, 9 5, {start} 5)", crs=UTM)
    west = 50 if operation == "difference" else 0
    made = overlay_layers(lines, Features(shapes_of([shapely.box(west, 0, west + 10, 10)]), {}, UTM), operation, 0)
    whole = 9 - start if operation in ("identity", "difference") else 9 - max(start, 0)
    assert shapely.length(made.features.shapes).sum() == pytest.approx(whole)
    assert "1 lines go along the same way twice, which counts once here." in made.features.warnings


def test_a_line_within_a_polygon_is_cut_where_it_crosses_itself_as_one_that_leaves_it_is() -> None:
    within, leaving = ("LINESTRING (1 1, 4 1, 4 3, 2 3, 2 0.5)", "LINESTRING (1 1, 4 1, 4 3, 2 3, 2 -1)")
    for operation in ("intersection", "clip"):
        made = overlay_layers(wkt(within, leaving), wkt("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))"), operation, 0.001)
        assert shapely.get_num_geometries(made.features.shapes).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("first", "second", "operation", "path"),
    [
        ("POINT (1 1)", "POLYGON ((0 0, 1 0, 1 1, 0 0))", "union", "$.inputs.features"),
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "LINESTRING (0 0, 1 1)", "clip", "$.inputs.other"),
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "LINESTRING (0 0, 1 1)", "difference", "$.inputs.other"),
        ("POLYGON EMPTY", "POLYGON ((0 0, 1 0, 1 1, 0 0))", "clip", "$.inputs.features"),
    ],
)
def test_what_an_operation_cannot_cut_is_refused(first: str, second: str, operation: Operation, path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        overlay_layers(wkt(first), wkt(second), operation, 0.001)
    assert refused.value.path == path


def test_a_line_that_only_touches_a_polygon_shares_nothing_with_it() -> None:
    zone = wkt("POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))", crs=UTM)
    made = overlay_layers(wkt("LINESTRING (-5 5, 0 5)", "LINESTRING (5 5, 20 5)", crs=UTM), zone, "intersection", 0)
    assert [shape.geom_type for shape in made.features.shapes] == ["LineString"]
    assert (made.pairs, made.touching) == (1, 1)
