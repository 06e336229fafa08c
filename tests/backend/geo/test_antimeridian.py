"""Boxes, outlines and lines at the edges of the plane."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.antimeridian import bounding_box, outline, the_short_way, wrap


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("POINT (5 6)", (5, 6, 5, 6)),
        ("LINESTRING (-170 1, 170 2)", (-170, 1, 170, 2)),
        ("MULTIPOINT (170 1, -170 2)", (170, 1, -170, 2)),
        ("MULTIPOINT (170 1, 10 0, -170 2)", (10, 0, -170, 2)),
        ("MULTIPOLYGON (((170 0, 180 0, 180 5, 170 0)), ((-180 0, -175 0, -180 5, -180 0)))", (170, 0, -175, 5)),
        ("POLYGON ((-180 -90, 180 -90, 180 -60, -180 -60, -180 -90))", (-180, -90, 180, -60)),
    ],
)
def test_a_bounding_box_is_the_narrowest(text: str, box: tuple[float, float, float, float]) -> None:
    assert bounding_box(shapely.from_wkt(text)) == box


def test_an_outline_leaves_out_what_the_plane_adds() -> None:
    cap = outline(shapely.box(-180, -90, 180, -60))
    assert cap.equals(shapely.LineString([(-180, -60), (180, -60)]))
    assert outline(shapely.box(-180, -90, 180, 90)).is_empty
    assert outline(shapely.Polygon()).is_empty


def test_only_the_shared_part_of_the_antimeridian_is_left_out() -> None:
    sides = shapely.MultiPolygon([shapely.box(170, 0, 180, 10), shapely.box(-180, 5, -170, 20)])
    found = outline(sides)
    assert found.length == pytest.approx(sides.length - 10)
    assert found.distance(shapely.Point(180, 2)) == 0
    assert found.distance(shapely.Point(180, 7)) > 0
    assert found.distance(shapely.Point(-180, 15)) == 0


def pieces(*coordinates: tuple[float, ...]) -> list[str]:
    made: BaseGeometry = wrap(shapely.LineString(coordinates))
    return [shapely.to_wkt(piece, rounding_precision=9) for piece in shapely.get_parts(made)]


def test_a_line_that_goes_back_across_the_antimeridian_keeps_both_ways() -> None:
    assert pieces((179, 0), (181, 2), (179, 0)) == [
        "LINESTRING (179 0, 180 1)",
        "LINESTRING (-180 1, -179 2, -180 1)",
        "LINESTRING (180 1, 179 0)",
    ]


def test_a_line_that_is_split_keeps_its_heights() -> None:
    assert pieces((179, 0, 10), (181, 0, 30)) == [
        "LINESTRING Z (179 0 10, 180 0 20)",
        "LINESTRING Z (-180 0 20, -179 0 30)",
    ]


@pytest.mark.parametrize(
    ("line", "split"),
    [
        ([(180, 0), (190, 0)], ["LINESTRING (-180 0, -170 0)"]),
        ([(-190, 0), (-180, 0)], ["LINESTRING (170 0, 180 0)"]),
        (
            [(179, 0), (180, 0), (180, 5), (179, 5), (181, 5)],
            ["LINESTRING (179 0, 180 0, 180 5, 179 5, 180 5)", "LINESTRING (-180 5, -179 5)"],
        ),
        ([(180, 0), (180, 5), (181, 5)], ["LINESTRING (-180 0, -180 5, -179 5)"]),
        ([(540, 0), (540, 5)], ["LINESTRING (180 0, 180 5)"]),
        (
            [(170, 0), (910, 0)],
            [
                "LINESTRING (170 0, 180 0)",
                "LINESTRING (-180 0, 180 0)",
                "LINESTRING (-180 0, 180 0)",
                "LINESTRING (-180 0, -170 0)",
            ],
        ),
    ],
)
def test_a_line_is_split_where_it_crosses_and_not_where_it_touches(
    line: list[tuple[float, float]], split: list[str]
) -> None:
    assert pieces(*line) == split


def test_the_pieces_of_any_line_are_as_long_as_the_line_and_follow_one_another() -> None:
    random = np.random.default_rng(3)
    for _ in range(100):
        line = np.column_stack([random.uniform(-400, 400, 12), random.uniform(-90, 90, 12)])
        line[random.random(12) < 0.2, 0] = 180
        parts = shapely.get_parts(wrap(shapely.LineString(line)))
        assert sum(part.length for part in parts) == pytest.approx(shapely.LineString(line).length)
        assert np.abs(shapely.get_coordinates(parts)[:, 0]).max() <= 180
        for before, after in pairwise(parts):
            (x, y), (following_x, following_y) = before.coords[-1], after.coords[0]
            assert (abs(x), abs(following_x), x - following_x) in {(180, 180, 360), (180, 180, -360)}
            assert y == following_y


def test_the_short_way_keeps_heights() -> None:
    line = the_short_way(shapely.LineString([(179, 0, 10), (-179, 0, 30)]))
    assert shapely.to_wkt(line) == "LINESTRING Z (179 0 10, 181 0 30)"
    ring = the_short_way(shapely.Polygon([(179, 0, 1), (-179, 0, 2), (-179, 1, 3), (179, 0, 1)]))
    assert shapely.get_coordinates(ring, include_z=True).tolist() == [
        [179, 0, 1],
        [181, 0, 2],
        [181, 1, 3],
        [179, 0, 1],
    ]
