"""Where a way of `shortest-path` begins and ends: at nodes, and where lines lie on each other."""

import pytest

from backend.errors import ProcessRefusedError
from tests.backend.processes.test_shortest_path import Way, answer, at, network

NEXT_TO: list[Way] = [[(0, 0), (100, 0)], [(0, 0), (0, 100)], [(0, 0), (-50, 0)]]
BESIDE_A_NODE = pytest.mark.parametrize("beside", [(0.005, 0), (0, 0.005), (-0.003, 0.004)], ids=str)
"""Where a point may be that is meant for a node and told with seven decimals of a degree."""


@BESIDE_A_NODE
def test_who_is_at_a_node_is_not_bound_to_the_one_way_line_that_is_nearest(beside: tuple[float, float]) -> None:
    lines = network(NEXT_TO, oneway=["yes", "yes", "no"])
    away = answer(features=lines, start=at(*beside), end=at(-50, 0), oneway_field="oneway")
    assert away["cost"] == pytest.approx(50, abs=0.01)
    lines = network(NEXT_TO, oneway=["-1", "-1", "no"])
    there = answer(features=lines, start=at(-50, 0), end=at(*beside), oneway_field="oneway")
    assert there["cost"] == pytest.approx(50, abs=0.01)


@BESIDE_A_NODE
def test_who_is_at_a_node_is_not_on_a_closed_line_there(beside: tuple[float, float]) -> None:
    lines = network(NEXT_TO, speed=[0, None, 60])
    told = answer(features=lines, start=at(*beside), end=at(-50, 0), speed_field="speed")
    assert told["cost"] == pytest.approx(0.05, abs=1e-5)


def test_from_a_node_no_line_is_reached_that_leads_towards_it_only() -> None:
    lines = network(NEXT_TO, oneway=["-1", "-1", "no"])
    told = answer(features=lines, start=at(0.005, 0), max_cost=20, oneway_field="oneway")
    assert [feature["properties"]["line"] for feature in told["features"]] == [2]
    assert told["length_m"] == pytest.approx(20, abs=0.02)


def test_of_lines_on_each_other_each_may_be_gone_along() -> None:
    lines = network([[(0, 0), (100, 0)], [(100, 0), (0, 0)]], oneway=["yes", "yes"])
    east, west = (answer(features=lines, start=at(40, 0), end=at(x, 0), oneway_field="oneway") for x in (90, 10))
    assert [east["cost"], west["cost"]] == pytest.approx([50, 30], abs=1e-6)


def test_at_no_cost_nothing_is_reached() -> None:
    told = answer(features=network(NEXT_TO), start=at(40, 0), max_cost=0)
    assert (told["features"], told["lines"], told["length_m"]) == ([], 0, 0)


def test_without_a_tolerance_an_end_on_a_line_is_not_joined_to_it() -> None:
    lines = network([[(0, 0), (100, 0)], [(50, 0), (50, 80)]])
    with pytest.raises(ProcessRefusedError, match="do not meet"):
        answer(features=lines, start=at(0, 0), end=at(50, 80))
    assert answer(features=lines, start=at(0, 0), end=at(50, 80), tolerance=0.1)["cost"] == pytest.approx(130, abs=1e-6)
