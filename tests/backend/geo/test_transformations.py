"""Transformations against what is known of simple shapes, at the antimeridian and the poles."""

import numpy as np
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.antimeridian import wrap
from backend.geo.geometry.transformations import OPERATIONS, transform
from backend.geo.vector.reading import read_geometry

CROSSING = "POLYGON ((170 0, 190 0, 190 10, 170 10, 170 0))"
CROSS_SHAPE = "POLYGON ((0 0, 3 0, 3 1, 1 1, 1 3, 0 3, 0 0))"


def made(geometry: str, operation, spacing: float | None = None) -> shapely.Geometry:
    return transform(read_geometry(geometry).shape, operation, spacing).shape


@pytest.mark.parametrize(
    "operation", [name for name in OPERATIONS if name not in ("explode", "boundary", "to-line", "to-polygon")]
)
@pytest.mark.parametrize("geometry", [CROSSING, CROSS_SHAPE, "POLYGON ((5 80, 95 80, 95 90, 5 90, 5 80))"])
def test_every_result_is_valid_and_on_the_globe(operation, geometry: str) -> None:
    found = made(geometry, operation)
    west, south, east, north = found.bounds
    assert found.is_valid
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90


@pytest.mark.parametrize("operation", ["convex-hull", "concave-hull", "oriented-box", "envelope"])
def test_hulls_and_boxes_hold_the_geometry_on_both_sides_of_the_antimeridian(operation) -> None:
    shape = read_geometry("MULTIPOINT (178 0, -178 1, 179 3, -179.5 -2)").shape
    found = transform(shape, operation).shape
    assert all(found.distance(point) < 1e-9 for point in shapely.get_parts(shape))
    assert found.geom_type == "MultiPolygon"
    assert found.area < 4.01 * 5.01 * 1.5


def test_a_point_on_surface_is_inside() -> None:
    assert shapely.from_wkt(CROSS_SHAPE).contains(made(CROSS_SHAPE, "point-on-surface"))
    assert read_geometry(CROSSING).shape.intersects(made(CROSSING, "point-on-surface"))


def test_the_convex_hull_fills_what_is_hollow() -> None:
    assert made(CROSS_SHAPE, "convex-hull").area == pytest.approx(7)
    assert made("POINT (1 2)", "convex-hull") == shapely.Point(1, 2)


def test_an_oriented_box_of_a_tilted_rectangle_is_that_rectangle() -> None:
    tilted = shapely.Polygon([(0, 0), (2, 1), (1.5, 2), (-0.5, 1)])
    found = transform(tilted, "oriented-box").shape
    assert found.symmetric_difference(tilted).area < 1e-3
    assert found.contains(tilted.centroid)


def test_a_local_scale_is_told_and_warned_of_where_it_cannot_fit() -> None:
    narrow = transform(shapely.box(0, 59, 1, 61), "oriented-box")
    assert "scaled by 0.5" in narrow.crs_decision
    assert narrow.warnings == ()
    assert "20° of latitude" in transform(shapely.box(0, 50, 1, 70), "oriented-box").warnings[0]


def test_an_envelope_crosses_the_antimeridian_where_that_is_narrower() -> None:
    assert made("MULTIPOINT (170 -5, -170 5)", "envelope").equals(
        shapely.MultiPolygon([shapely.box(170, -5, 180, 5), shapely.box(-180, -5, -170, 5)])
    )


@pytest.mark.parametrize(
    ("geometry", "box"),
    [
        ("MULTIPOINT ((179 0), (-179 0))", "MULTILINESTRING ((179 0, 180 0), (-180 0, -179 0))"),
        ("LINESTRING (1 0, 1 5)", "LINESTRING (1 0, 1 5)"),
        ("POINT (3 4)", "POINT (3 4)"),
    ],
)
def test_an_envelope_without_width_or_height_is_a_line_or_a_point_and_says_so(geometry: str, box: str) -> None:
    found = transform(read_geometry(geometry).shape, "envelope")
    assert found.shape.equals(shapely.from_wkt(box))
    assert found.shape.is_valid
    assert "no width or no height" in found.warnings[0]


def test_a_boundary_leaves_out_the_cut_along_the_antimeridian() -> None:
    found = made(CROSSING, "boundary")
    assert found.length == pytest.approx(60)
    assert made("LINESTRING (0 0, 1 1)", "boundary") == shapely.MultiPoint([(0, 0), (1, 1)])


@pytest.mark.parametrize("geometry", ["POINT (1 1)", "LINESTRING (0 0, 1 0, 1 1, 0 0)"])
def test_what_has_no_boundary_is_refused(geometry: str) -> None:
    with pytest.raises(ProcessRefusedError, match="no boundary"):
        made(geometry, "boundary")


def test_explode_takes_collections_apart() -> None:
    parts = shapely.get_parts(made("GEOMETRYCOLLECTION (MULTIPOINT (0 0, 1 1), LINESTRING (2 2, 3 3))", "explode"))
    assert [part.geom_type for part in parts] == ["Point", "Point", "LineString"]


def test_collect_gathers_parts_in_a_multi_type() -> None:
    assert made("GEOMETRYCOLLECTION (POINT (1 1), MULTIPOINT (2 2, 3 3))", "collect").geom_type == "MultiPoint"
    assert made("GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (2 2, 3 3))", "collect").geom_type == "GeometryCollection"


def test_points_in_order_become_a_line_and_a_polygon() -> None:
    corners = "MULTIPOINT (0 0, 2 0, 2 2, 0 2)"
    assert made(corners, "to-line") == shapely.from_wkt("LINESTRING (0 0, 2 0, 2 2, 0 2)")
    assert made(corners, "to-polygon").equals(shapely.box(0, 0, 2, 2))
    assert made("LINESTRING (0 0, 2 0, 2 2, 0 2, 0 0)", "to-polygon").equals(shapely.box(0, 0, 2, 2))


def test_a_path_over_the_antimeridian_takes_the_short_way_and_says_so() -> None:
    path = transform(read_geometry("MULTIPOINT (179 0, -179 0, -178 1)").shape, "to-line")
    assert path.shape.length < 4
    assert path.shape.geom_type == "MultiLineString"
    assert "the short way" in path.warnings[0]


def test_corners_out_of_order_make_a_repaired_polygon_with_a_warning() -> None:
    bow_tie = transform(read_geometry("MULTIPOINT (0 0, 2 2, 2 0, 0 2)").shape, "to-polygon")
    assert bow_tie.shape.is_valid
    assert "is the order of the points right?" in bow_tie.warnings[0]


@pytest.mark.parametrize(
    ("geometry", "operation", "reason"),
    [
        ("POINT (1 1)", "to-line", "at least 2"),
        ("MULTIPOINT (1 1, 1 1)", "to-line", "at least 2"),
        ("MULTIPOINT (1 1, 2 2)", "to-polygon", "at least 3"),
        ("MULTIPOINT (1 1, 2 2, 3 3)", "to-polygon", "no area"),
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "to-line", "points or lines are needed"),
    ],
)
def test_too_few_points_are_refused(geometry: str, operation, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        made(geometry, operation)


def test_densify_adds_vertices_and_moves_none(geodesic_distance) -> None:
    found = shapely.get_coordinates(made("LINESTRING (0 60, 1 60, 1 62)", "densify", 5000))
    assert float(geodesic_distance(*found[:-1].T, *found[1:].T).max()) <= 5000
    assert {(0, 60), (1, 60), (1, 62)} <= set(map(tuple, found.tolist()))
    assert np.all((found[:, 1] == 60) | (found[:, 0] == 1))


@pytest.mark.parametrize("spacing", [None, 1e-3, 0.0, -5.0, float("nan")])
def test_densify_is_refused_without_a_length_or_with_one_that_is_too_short(spacing: float | None) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        made("LINESTRING (0 0, 9 9)", "densify", spacing)
    assert refused.value.path == "$.inputs.max_segment"


def test_orient_turns_rings_as_geojson_asks() -> None:
    found = made("POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))", "orient")
    assert isinstance(found, shapely.Polygon)
    assert found.exterior.is_ccw
    assert not found.interiors[0].is_ccw


@pytest.mark.parametrize(
    ("geometry", "parts"),
    [
        ("LINESTRING (170 0, -170 10)", [(170, 0, 180, 5), (-180, 5, -170, 10)]),
        ("POLYGON ((170 0, -170 0, -170 9, 170 9, 170 0))", [(170, 0, 180, 9), (-180, 0, -170, 9)]),
        ("POLYGON ((1 0, 2 0, 2 1, 1 1, 1 0))", [(1, 0, 2, 1)]),
    ],
)
def test_edges_that_jump_are_split_at_the_antimeridian(geometry: str, parts: list[tuple[float, ...]]) -> None:
    found = made(geometry, "split-antimeridian")
    assert sorted(part.bounds for part in shapely.get_parts(found)) == sorted(parts)


def test_a_ring_around_a_pole_cannot_be_split() -> None:
    with pytest.raises(ProcessRefusedError, match="around a pole"):
        transform(shapely.Polygon([(-120, 80), (0, 70), (120, 80), (-120, 80)]), "split-antimeridian")


def test_a_line_over_the_antimeridian_ends_where_it_ends_and_not_where_it_is_cut() -> None:
    line = wrap(shapely.LineString([(178, 0), (181, 3), (183, 3)]))
    assert line.geom_type == "MultiLineString"
    assert shapely.equals(transform(line, "boundary").shape, shapely.MultiPoint([(178, 0), (-177, 3)]))
    ring = wrap(shapely.LineString([(178, 0), (181, 3), (183, 0), (178, 0)]))
    with pytest.raises(ProcessRefusedError, match="no boundary"):
        transform(ring, "boundary")
