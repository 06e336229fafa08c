"""Layers in different CRSs: rounding on the way to one CRS decides of no relation."""

from typing import Any

import pytest
import shapely
import shapely.affinity
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.relations.relations_join import spatial_join
from backend.geo.relations.relations_selection import related
from backend.geo.vector.features import Features

UTM, LAEA = CRS(25832), CRS(3035)
SIZE = 10.0
"""Metres. Edges that are much longer bend on the way to another CRS by more than what is rounding."""


def grid(size: float = SIZE, number: int = 4) -> list[Any]:
    return [
        shapely.box(
            500_000 + size * column, 5_500_000 + size * row, 500_000 + size * (column + 1), 5_500_000 + size * (row + 1)
        )
        for row in range(number)
        for column in range(number)
    ]


def layer(shapes: list[Any], crs: CRS = UTM) -> Features:
    made = Features(shapes_of(shapes), {}, UTM)
    return made if crs == UTM else made.in_crs(crs)


def count(features: Features, other: Features, predicate: Any) -> int:
    return len(related(features, other, predicate, invert=False).features)


SQUARES, UNION = layer(grid()), layer(grid(4 * SIZE, 1))
NEXT = layer([shapely.box(500_040, 5_500_005, 500_050, 5_500_035)])


@pytest.mark.parametrize("crs", [LAEA, CRS(4326), CRS(3857)])
@pytest.mark.parametrize("predicate", ["within", "covered_by", "touches", "overlaps", "intersects"])
def test_relations_are_those_of_one_plane(crs: CRS, predicate: Any) -> None:
    for one, other in ((SQUARES, UNION), (SQUARES, NEXT), (UNION, NEXT)):
        alike = count(one, other, predicate)
        assert count(one, Features(other.shapes, {}, UTM).in_crs(crs), predicate) == alike


def test_what_contains_others_does_so_from_another_crs() -> None:
    moved = UNION.in_crs(LAEA)
    for predicate in ("contains", "covers"):
        found = spatial_join(moved, SQUARES, predicate, "count", {})
        assert found.pairs == 16


def test_what_rounding_would_have_decided_is_told() -> None:
    found = related(SQUARES, UNION.in_crs(LAEA), "within", invert=False).features
    assert len(found) == 16
    (warning,) = [text for text in found.warnings if "rounding" in text]
    assert "pairs rounding between the two CRSs would decide" in warning
    alike = related(SQUARES, UNION, "within", invert=False).features
    assert not any("rounding" in text for text in alike.warnings)


@pytest.mark.parametrize("far", [0.01, 1.0])
def test_what_lies_outside_by_more_than_rounding_is_outside(far: float) -> None:
    beyond = layer([shapely.box(500_035, 5_500_000, 500_040 + far, 5_500_010)])
    assert count(beyond, UNION.in_crs(LAEA), "within") == 0
    assert count(beyond, UNION.in_crs(LAEA), "overlaps") == 1
    apart = layer([shapely.box(500_040 + far, 5_500_000, 500_050, 5_500_010)])
    assert count(apart, UNION.in_crs(LAEA), "touches") == 0


def test_in_one_crs_nothing_is_taken_for_anything_else() -> None:
    shift = 1e-6
    beyond = layer([shapely.box(500_035, 5_500_000, 500_040 + shift, 5_500_010)])
    assert count(beyond, UNION, "within") == 0


def test_points_and_lines_on_an_edge_are_on_it_from_another_crs() -> None:
    edge = shapely.LineString([(500_040, 5_500_000), (500_040, 5_500_040)])
    points = layer([shapely.line_interpolate_point(edge, share, normalized=True) for share in (0.1, 0.35, 0.77)])
    moved = UNION.in_crs(CRS(25833))
    for predicate in ("intersects", "covered_by", "touches"):
        assert count(points, moved, predicate) == 3, predicate
        assert count(layer([edge]), moved, predicate) == 1, predicate
    inside = layer([shapely.Point(500_020, 5_500_020)])
    assert count(inside, moved, "touches") == 0


EDGES = [
    shapely.LineString([(500_000, 5_500_000 + 7 * number), (500_010, 5_500_003), (500_020, 5_500_000)])
    for number in (1, 2)
]


@pytest.mark.parametrize("crs", [LAEA, CRS(4326), CRS(3857)])
@pytest.mark.parametrize(
    "shapes",
    [
        grid(),
        [shapely.Point(500_000 + step, 5_500_000) for step in range(3)],
        EDGES,
        [shapely.MultiPolygon(grid()[::5])],
    ],
    ids=["polygons", "points", "lines", "parts"],
)
def test_what_equals_another_does_so_from_another_crs(crs: CRS, shapes: list[Any]) -> None:
    turned = layer([shapely.segmentize(shape.reverse(), 3) for shape in shapes], crs)  # with vertices of its own
    assert count(layer(shapes), turned, "equals") == len(shapes)
    assert count(turned, layer(shapes), "equals") == len(shapes)


@pytest.mark.parametrize("by", [0.01, 1.0])
def test_what_differs_by_more_than_rounding_or_in_kind_is_not_equal(by: float) -> None:
    moved = layer([shapely.affinity.translate(shape, by) for shape in grid()], LAEA)
    assert count(SQUARES, moved, "equals") == 0
    rings = layer([shapely.LineString(shape.exterior) for shape in grid()], LAEA)
    assert count(SQUARES, rings, "equals") == 0
    # Where no polygon asks for more, edges follow their plane within a centimetre.
    longer = layer([shapely.LineString([(500_000, 5_500_000), (500_010.05 + by, 5_500_000)])], LAEA)
    assert count(layer([shapely.LineString([(500_000, 5_500_000), (500_010, 5_500_000)])]), longer, "equals") == 0


def test_pairs_beyond_what_fits_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.geo.relations.relations.MOST_PAIRS", 10)
    with pytest.raises(ProcessRefusedError, match="more than 10 pairs"):
        count(SQUARES, layer([*grid(), *grid()], LAEA), "touches")


@pytest.mark.parametrize("crs", [LAEA, CRS(4326)])
def test_each_goes_with_the_one_that_it_equals_in_another_crs(crs: CRS) -> None:
    shapes = grid(number=2)
    moved = layer([shapes[2], shapes[0], shapes[3]], crs)
    joined = spatial_join(
        layer(shapes).with_fields({"a": [0, 1, 2, 3]}),
        moved.with_fields({"b": [2, 0, 3]}),
        "equals",
        "rows",
        {},
        inner=True,
    ).features
    assert joined.fields["a"] == joined.fields["b"] == [0, 2, 3]
