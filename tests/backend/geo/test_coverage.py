"""Coverages as GEOS judges them, of polygons moved, cut and left out at random."""

import numpy as np
import pytest
import shapely
from shapely import affinity

from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector import coverage
from backend.geo.vector.coverage import is_coverage


def grid(side: int = 12) -> list[shapely.Geometry]:
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    return shapely.box(x / 3, y / 7, (x + 1) / 3, (y + 1) / 7).tolist()


def changed(cells: list[shapely.Geometry], seed: int) -> list[shapely.Geometry]:
    random = np.random.default_rng(seed)
    at, other = random.choice(len(cells), 2, replace=False).tolist()
    way = seed % 9
    if way == 0:
        return cells
    if way == 1:
        return [*cells[:at], *cells[at + 1 :]]
    if way == 2:
        cells[at] = affinity.translate(cells[at], 0.01 * random.random())
    elif way == 3:
        cells[at] = shapely.segmentize(cells[at], 0.1)
    elif way == 4:
        cells.append(cells[other])
    elif way == 5:
        cells.append(shapely.box(*random.uniform(0, 1, 2), *random.uniform(1, 2, 2)))
    elif way == 6:
        cells.append(affinity.translate(cells[at], 40, 0))
    elif way == 7:
        # On top of all of them, with no edge of theirs.
        cells.append(shapely.box(-1, -1, 9, 9))
    else:
        ring = shapely.union_all(cells).difference(cells[len(cells) // 2])
        return [*[one for one in cells if not one.within(ring)], ring]
    return cells


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("seed", range(27))
def test_what_geos_takes_for_a_coverage_is_one_and_nothing_else(seed: int, turned: bool) -> None:
    cells = shapes_of(changed(grid(), seed))
    if turned:
        cells = shapely.reverse(cells)
    assert is_coverage(cells) == bool(shapely.coverage_is_valid(cells))


@pytest.mark.parametrize("side", [12, 13, 20, 31])
def test_neighbours_are_seen_to_be_a_coverage_without_asking_geos(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MOST_OUTER", 0.5)
    cells = shapes_of(grid(side))
    holed = np.delete(cells, [side + 2, 3 * side + 5])
    monkeypatch.setattr(shapely, "coverage_is_valid", lambda _: pytest.fail("asked"))
    assert is_coverage(cells)
    assert is_coverage(holed)
    assert is_coverage(np.append(holed, affinity.translate(shapely.union_all(cells), 50, 0)))


def test_nested_islands_in_the_hole_of_another_polygon_are_a_coverage() -> None:
    outer = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))
    pair = shapes_of([outer, shapely.box(3, 3, 6, 6), shapely.box(9, 0, 10, 9)])
    assert is_coverage(pair) == bool(shapely.coverage_is_valid(pair))


@pytest.mark.parametrize("seed", range(4))
def test_rings_may_run_either_way(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = np.delete(shapes_of(grid(20)), [41, 150])
    turned = np.random.default_rng(seed).random(len(cells)) < 0.5
    cells[turned] = shapely.reverse(cells[turned])
    again = np.append(cells, shapely.reverse(cells[7]))
    assert not is_coverage(again)
    monkeypatch.setattr(shapely, "coverage_is_valid", lambda _: pytest.fail("asked"))
    assert is_coverage(cells)


def test_geos_is_asked_where_rounding_might_tell_a_direction_wrong() -> None:
    width = 2e-10
    slivers = shapes_of(shapely.box(5e5 + at * width, 5e6, 5e5 + (at + 1) * width, 5e6 + 1) for at in range(9))
    there = slivers[shapely.area(slivers) > 0]
    pair = np.append(there, there[:1])
    assert is_coverage(pair) == bool(shapely.coverage_is_valid(pair))
