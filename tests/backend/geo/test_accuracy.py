"""The measured error is the real one."""

import pytest
import shapely

from backend.geo.buffers.accuracy import boundary_error_percent
from backend.geo.buffers.boundary import boundary
from backend.geo.buffers.buffer import buffer
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.reading import read_geometry


@pytest.mark.parametrize(
    ("text", "distance"),
    [
        ("POINT (13.4 52.5)", 500),
        ("POINT (0 90)", 1),
        ("LINESTRING (0 60, 30 60)", 1),
        ("LINESTRING (0 -80, 0 80)", 4_000_000),
        ("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 7 2, 7 7, 2 7, 2 2))", 100_000),
    ],
)
@pytest.mark.parametrize("share", [0.9, 1.1])
def test_a_buffer_of_another_distance_is_found_out(text: str, distance: float, share: float) -> None:
    source = boundary(shapely.from_wkt(text))
    wrong = buffer(source, distance * share, 32)
    assert boundary_error_percent(shapes_of([wrong]), source.lines, distance) == pytest.approx(10, abs=0.05)


def test_one_displaced_vertex_in_a_small_circle_is_found_out(geodesic_distance) -> None:
    source = boundary(shapely.Point(13.4, 52.5))
    corners = shapely.get_coordinates(buffer(source, 1000, 8))
    northernmost = corners[:, 1].argmax()
    corners[northernmost] += (0.0, 0.001)
    error = float(geodesic_distance(13.4, 52.5, *corners[northernmost])) / 1000 - 1
    assert error > 0.1
    assert boundary_error_percent(shapes_of([shapely.Polygon(corners)]), source.lines, 1000) == pytest.approx(
        100 * error, rel=1e-3
    )


def test_the_error_at_default_resolution_is_that_of_a_chord() -> None:
    source = boundary(shapely.Point(13.4, 52.5))
    assert boundary_error_percent(shapes_of([buffer(source, 500, 32)]), source.lines, 500) == pytest.approx(
        0.0301, abs=2e-4
    )


def test_a_buffer_without_an_edge_has_no_error() -> None:
    world = shapely.box(-180, -90, 180, 90)
    assert boundary_error_percent(shapes_of([world]), [shapely.Point(0, 0)], 9_000_000) == 0


def test_a_hole_and_a_part_at_another_distance_are_found_out() -> None:
    source = boundary(shapely.Point(13.4, 52.5))
    right, small, smaller = (buffer(source, distance, 4) for distance in (1000, 900, 800))
    holed = shapely.Polygon(shapely.get_coordinates(right), [shapely.get_coordinates(small)[::-1]])
    assert boundary_error_percent(shapes_of([holed]), source.lines, 1000) == pytest.approx(10.9, abs=1)
    parts = shapely.MultiPolygon([holed, smaller])
    assert boundary_error_percent(shapes_of([parts]), source.lines, 1000) == pytest.approx(20.4, abs=1.3)


@pytest.mark.parametrize(
    ("text", "distance"),
    [
        ("LINESTRING (69.1449 -27.8062, 69.1448 -27.8075, 69.1450 -27.8076, 69.1465 -27.8072, 69.1445 -27.8063)", 24.7),
        ("LINESTRING (139.84 -57.88, 138.85 -63.23, 137.06 -63.36)", 1_869_517),
        ("POLYGON ((-39.36 -75.72, -40.27 -76.50, -40.03 -76.29, -40.13 -76.32, -39.47 -76.63, -39.36 -75.72))", 53),
    ],
)
def test_where_several_edges_are_about_as_near_the_nearest_counts(text: str, distance: float) -> None:
    source = boundary(read_geometry(text).shape)
    assert boundary_error_percent(shapes_of([buffer(source, distance, 32)]), source.lines, distance) < 0.05
