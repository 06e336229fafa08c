"""Positions that are left as they are, and those that are moved to where they can be."""

import numpy as np
import pytest

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.lonlat import NOTHING, check_positions, is_settled, settled

TINY = NOTHING / 3
POSITIONS = {
    "in a quarter of the globe": [(7, 51), (8, 52)],
    "on both sides of 0": [(-7, 51), (8, -52)],
    "at 0": [(0, 0), (-0.0, 51)],
    "next to 0": [(TINY, 51), (8, 52)],
    "next to 0 in the south": [(8, -TINY), (8, -52)],
    "as far from 0 as is kept": [(NOTHING, -NOTHING)],
    "at a pole": [(7, 90), (7, -90)],
    "over a pole": [(7, 90 + 1e-10), (7, 51)],
    "beyond 180": [(360, 51), (-200, 51)],
}


@pytest.mark.parametrize("positions", POSITIONS.values(), ids=POSITIONS)
def test_positions_are_settled_where_settling_changes_none(positions: list[tuple[float, float]]) -> None:
    coordinates = np.array(positions, dtype=np.float64)
    check_positions(coordinates)
    assert is_settled(coordinates) == bool((settled(coordinates) == coordinates).all())


@pytest.mark.parametrize("position", [(np.nan, 51), (7, np.nan), (np.inf, 51), (7, -np.inf)])
def test_a_position_among_others_that_is_not_finite_is_refused(position: tuple[float, float]) -> None:
    with pytest.raises(ProcessRefusedError, match="finite"):
        check_positions(np.array([(7, 51), position, (8, 52)]))


@pytest.mark.parametrize("position", [(361, 51), (-361, 51), (7, 91), (7, -91)])
def test_a_position_among_others_on_no_globe_is_refused(position: tuple[float, float]) -> None:
    with pytest.raises(ProcessRefusedError, match=r"outside"):
        check_positions(np.array([(7, 51), position, (8, 52)], dtype=np.float64))


def test_no_positions_are_fine() -> None:
    check_positions(np.empty((0, 2)))
