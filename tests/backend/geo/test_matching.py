"""Which features match, whichever of the two sources has more vertices."""

import numpy as np
import pytest
import shapely

from backend.geo.geodesy.shapes import Shapes
from backend.geo.relations.relations import Predicate, matching

PREDICATES: tuple[Predicate, ...] = (
    *("intersects", "within", "contains", "covers", "covered_by"),
    *("touches", "crosses", "overlaps", "equals"),
)


def _squares(corners: list[tuple[float, float, float]]) -> Shapes:
    return np.array([shapely.box(x, y, x + size, y + size) for x, y, size in corners])


@pytest.mark.parametrize("predicate", PREDICATES)
@pytest.mark.parametrize("turned", [False, True])
def test_pairs_are_those_of_every_feature_with_every_other_one(predicate: Predicate, turned: bool) -> None:
    fine = shapely.segmentize(_squares([(0, 0, 4), (4, 0, 4), (2, 2, 1), (20, 20, 3)]), 0.01)
    coarse = np.concatenate(
        [
            _squares([(0, 0, 4), (1, 1, 1), (4, 4, 2), (3, 3, 2), (-1, -1, 30), (2, 2, 1)]),
            shapely.linestrings([[(-1, 1), (9, 1)], [(0, 0), (0, 4)], [(1, 1), (2, 3)]]),
            shapely.points([(2, 2), (4, 2), (50, 50), (0, 0)]),
            np.array([None, shapely.Polygon()]),
        ]
    )
    first, second = (coarse, fine) if turned else (fine, coarse)

    found = matching(first, second, predicate, lonlat=False)

    relation = {"equals": shapely.equals}.get(predicate) or getattr(shapely, predicate)
    expected = np.argwhere(relation(first[:, np.newaxis], second[np.newaxis, :]))
    np.testing.assert_array_equal(np.column_stack([found.first, found.second]), expected)
