"""Coverages that are simplified a piece at a time."""

from functools import partial

import numpy as np
import pytest
import shapely

from backend.geo.geodesy.shapes import Shapes
from backend.geo.geometry.coverage_pieces import simplify_coverage

SIDE, STEPS = 50, 6
"""Cells along one side, and edges along each side of a cell: several pieces' vertices."""


def jagged_cells() -> Shapes:
    """A coverage of SIDE × SIDE cells of size 1, whose borders leave their way at random."""
    random = np.random.default_rng(4)
    across = borders(random)
    along = borders(random)[..., ::-1]
    cells = [
        shapely.Polygon(
            np.concatenate(
                [
                    across[row, column][:-1],
                    along[column + 1, row][:-1],
                    across[row + 1, column][:0:-1],
                    along[column, row][:0:-1],
                ]
            )
        )
        for row in range(SIDE)
        for column in range(SIDE)
    ]
    return np.array(cells, dtype=object)


def borders(random: np.random.Generator) -> np.ndarray:
    """Lines from (column, row) to (column + 1, row), by row and column."""
    off = random.uniform(-0.1, 0.1, (SIDE + 1, SIDE, STEPS + 1))
    off[..., [0, -1]] = 0
    row, column, step = np.indices(off.shape)
    return np.stack([column + step / STEPS, row + off], axis=-1)


def with_a_hole_and_a_country_across(cells: Shapes) -> Shapes:
    """No cells in one place, and one polygon of all cells of a row, which lies beside many pieces."""
    row = np.arange(SIDE) + SIDE * (SIDE // 2)
    gone = [SIDE * 10 + 10, SIDE * 10 + 11]
    return np.append(np.delete(cells, [*row, *gone]), shapely.coverage_union_all(cells[row]))


@pytest.mark.parametrize("tolerance", [0.05, 0.2, 0.6])
@pytest.mark.parametrize("changed", [False, True], ids=["cells", "with a hole and a long polygon"])
def test_a_coverage_of_many_pieces_is_simplified_as_it_is_as_a_whole(tolerance: float, changed: bool) -> None:
    cells = with_a_hole_and_a_country_across(jagged_cells()) if changed else jagged_cells()
    cells = np.random.default_rng(5).permutation(cells)
    assert shapely.coverage_is_valid(cells)
    parts: list[int] = []

    def simplify(polygons: Shapes) -> Shapes:
        parts.append(len(polygons))
        return np.asarray(shapely.coverage_simplify(polygons, tolerance))

    made = simplify_coverage(cells, simplify)
    assert len(parts) > 1
    assert max(parts) < len(cells)
    assert shapely.get_num_coordinates(made).sum() < shapely.get_num_coordinates(cells).sum()
    assert shapely.equals_exact(made, shapely.coverage_simplify(cells, tolerance), 0).all()


def test_a_coverage_whose_pieces_do_not_meet_is_simplified_as_a_whole() -> None:
    cells = jagged_cells()
    whole = partial(shapely.coverage_simplify, tolerance=0.3)
    parts: list[int] = []

    def otherwise_in_the_first_part(polygons: Shapes) -> Shapes:
        parts.append(len(polygons))
        return polygons if len(parts) == 1 else np.asarray(whole(polygons))

    made = simplify_coverage(cells, otherwise_in_the_first_part)
    assert len(parts) > 2
    assert parts[-1] == len(cells)
    assert shapely.equals_exact(made, whole(cells), 0).all()


def test_a_coverage_of_few_polygons_is_simplified_as_a_whole() -> None:
    cells = jagged_cells()[:200]
    parts: list[int] = []

    def simplify(polygons: Shapes) -> Shapes:
        parts.append(len(polygons))
        return np.asarray(shapely.coverage_simplify(polygons, 0.3))

    simplify_coverage(cells, simplify)
    assert parts == [200]
