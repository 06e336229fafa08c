"""Buffers made many at a time are those that each geometry has by itself."""

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.buffers import buffer as buffers
from backend.geo.buffers.boundary import boundary
from backend.geo.buffers.buffer import buffer, buffer_each, buffer_parts
from backend.geo.buffers.strips import ROUND, Style
from backend.geo.geodesy.shapes import shapes_of

SHAPES = [
    shapely.from_wkt(text)
    for text in (
        "LINESTRING (10 50, 10.002 50.001, 10.001 50.003)",
        "LINESTRING (179.99 10, 180 10.01)",
        (
            "POLYGON ((10 50, 10.01 50, 10.01 50.01, 10 50.01, 10 50), "
            "(10.004 50.004, 10.006 50.004, 10.005 50.006, 10.004 50.004))"
        ),
        "MULTIPOINT (10 50, 10.001 50, 12 51)",
        "MULTIPOINT (10 89.9999, 10.001 50)",
        (
            "GEOMETRYCOLLECTION (POINT (9.9 50), LINESTRING (10 50, 10.01 50.02), "
            "POLYGON ((11 50, 11.1 50, 11 50.1, 11 50)))"
        ),
        "POLYGON ((-180 80, -60 80, 60 80, 180 80, 180 90, -180 90, -180 80))",
        "MULTILINESTRING ((0 0, 0.001 0.001), (0 0.001, 0.001 0))",
        "POINT (13.4 52.5)",
        "POLYGON ((0 0, 0.001 0, 0.001 0.001, 0 0.001, 0 0))",
        "POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))",
    )
]
DISTANCES = np.array([50.0, 700.0, -20.0, 100.0, 2000.0, 300.0, 40_000.0, 5.0, 90.0, -500.0, 10.0])
LINES = [0, 1, 5, 7]


def alone(shape: BaseGeometry, distance: float, style: Style) -> BaseGeometry | None:
    return buffer_each(shapes_of([shape]), np.array([distance]), 8, style=style)[0]


@pytest.mark.parametrize(
    ("chosen", "style"), [(range(len(SHAPES)), ROUND), (LINES, Style("flat", "mitre")), (LINES, Style("square"))]
)
@pytest.mark.parametrize("vertices", [1, 12, 10_000])
def test_each_is_the_same_whatever_others_come_with_it(
    chosen: list[int], style: Style, vertices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffers, "BATCH", vertices)
    index = [*chosen, *reversed(chosen)]
    made = buffer_each(shapes_of([SHAPES[at] for at in index]), DISTANCES[index], 8, style=style)
    for at, one in zip(index, made, strict=True):
        expected = alone(SHAPES[at], float(DISTANCES[at]), style)
        assert (one is None) == (expected is None) == (DISTANCES[at] == -500)
        assert one is None or shapely.equals_identical(one, expected)


def test_none_of_many_may_have_a_distance_that_is_not_possible() -> None:
    with pytest.raises(ProcessRefusedError, match="at most 9000 km"):
        buffer_each(shapes_of(SHAPES), np.where(DISTANCES == 5, 1e7, DISTANCES), 8)


def test_the_share_done_is_told_as_batches_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "BATCH", 1)
    told: list[float] = []
    buffer_each(shapes_of(SHAPES), DISTANCES, 8, told.append)
    assert told == sorted(set(told))
    assert len(told) == len(SHAPES) - 1, "a point by itself is a disc at once"
    assert told[-1] == 1


@pytest.mark.parametrize("index", range(len(SHAPES)))
def test_the_polygons_of_a_buffer_are_the_parts_of_its_geometry(index: int) -> None:
    source, distance = boundary(SHAPES[index]), abs(float(DISTANCES[index]))
    parts = buffer_parts(source, distance, 8)
    assert (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON).all()
    assert shapely.equals_identical(parts, shapely.get_parts(buffer(source, distance, 8))).all()


def test_a_buffer_of_which_nothing_is_left_has_no_polygons_to_tell_of() -> None:
    with pytest.raises(ProcessRefusedError, match="nothing is left"):
        buffer_parts(boundary(shapely.box(0, 0, 0.001, 0.001)), -500.0, 8)
