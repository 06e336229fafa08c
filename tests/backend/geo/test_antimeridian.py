"""Boxes and outlines at the edges of the plane."""

import pytest
import shapely

from backend.geo.geodesy.antimeridian import bounding_box, outline


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
